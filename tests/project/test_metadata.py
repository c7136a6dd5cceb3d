"""What a project has beside its code: license, metadata, lock file, workflows."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib

from kits.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTENSION = json.loads((ROOT / "vscode-extension" / "package.json").read_text("utf-8"))


def test_one_license() -> None:
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert (ROOT / "vscode-extension" / "LICENSE").read_text("utf-8") == text
    assert PROJECT["license"] == EXTENSION["license"] == "Apache-2.0"


def test_one_address() -> None:
    home = PROJECT["urls"]["Repository"]
    assert EXTENSION["repository"]["url"] == f"{home}.git"
    assert EXTENSION["bugs"] == PROJECT["urls"]["Issues"] == f"{home}/issues"
    assert f"git clone {home} " in (ROOT / "README.md").read_text("utf-8")


def test_the_lock_file_has_every_dependency() -> None:
    wanted = [
        *PROJECT["dependencies"],
        *(d for extra in PROJECT["optional-dependencies"].values() for d in extra),
    ]
    names = {re.split(r"[^\w.-]", d)[0].lower().replace("_", "-") for d in wanted}
    lock = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))
    assert names - {p["name"] for p in lock["package"]} == set(), "run: uv lock"
    sources = {json.dumps(p["source"]) for p in lock["package"] if p["name"] != "bugatlas"}
    assert sources == {'{"registry": "https://pypi.org/simple"}'}


def test_nobody_is_sent_to_an_index_that_does_not_have_it() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.split()
    texts = [
        ROOT / f for f in listed if f.endswith((".py", ".md", ".ts", ".json", ".toml")) and "tests/" not in f
    ]
    install = re.compile(r"(?:pip|pipx|uv tool|uv pip) install (?:-\S+ )*['\"]?bugatlas\b")
    assert [str(p) for p in texts if install.search(p.read_text("utf-8"))] == []


def test_hosted_ci_runs_what_we_run() -> None:
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    assert "- run: .ci/run\n" in text
    assert "./check --fast" in text
