"""The extension's own checks: its client against the OpenAPI document, lint, unit tests, and the real workbench.

What needs Node.js, packages from npm and a browser runs only where BUGATLAS_VSCODE=1 asks for it: it takes minutes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from filelock import FileLock
from kits.paths import ROOT

pytestmark = pytest.mark.vscode
EXTENSION = ROOT / "vscode-extension"
ASKED = os.environ.get("BUGATLAS_VSCODE") == "1"
KEPT = ("HOME", "XDG_CACHE_HOME", "BUGATLAS_WORKBENCH", "BUGATLAS_SHOTS")  # before `clean` hides them
OUTSIDE = {name: os.environ[name] for name in KEPT if name in os.environ}


def npm(*args: str, seconds: int = 300, **environment: str) -> str:
    """Run npm in the extension's folder; what it said. Fails the test where npm does."""
    hidden = {"XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"}
    env = {**{k: v for k, v in os.environ.items() if k not in hidden}, **OUTSIDE, **environment}
    done = subprocess.run(
        ["npm", *args], cwd=EXTENSION, env=env, capture_output=True, text=True, timeout=seconds
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-8000:]
    return said


@pytest.fixture(scope="module")
def packages() -> None:
    """Node.js and the packages of package-lock.json."""
    if not ASKED:
        pytest.skip("BUGATLAS_VSCODE=1 runs it: three minutes, with Node.js 20, npm and a Chromium")
    assert shutil.which("node") and shutil.which("npm"), "Node.js 20 is needed"
    with FileLock(
        Path(tempfile.gettempdir()) / "bugatlas-vscode.lock"
    ):  # xdist: one installs, the others wait
        wanted, have = EXTENSION / "package-lock.json", EXTENSION / "node_modules" / ".package-lock.json"
        if not have.exists() or have.stat().st_mtime < wanted.stat().st_mtime:
            npm("ci", "--ignore-scripts", "--no-audit", "--no-fund")


def test_its_files_are_small_and_no_workspace_chooses_what_is_run() -> None:
    for path in (*EXTENSION.glob("src/**/*.ts"), *EXTENSION.glob("test/**/*.ts")):
        text = path.read_text("utf-8")
        assert text.count("\n") <= 500, path
    manifest = json.loads((EXTENSION / "package.json").read_text("utf-8"))
    settings = manifest["contributes"]["configuration"]["properties"]
    assert settings["bugatlas.serverUrl"]["default"] == ""
    assert {"bugatlas.serverUrl", "bugatlas.index"} <= {
        *manifest["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"]
    }
    assert settings["bugatlas.command"]["scope"] == "machine", "a workspace must not choose what is run"


def test_every_command_of_its_manifest_is_written_in_its_code() -> None:
    manifest = json.loads((EXTENSION / "package.json").read_text("utf-8"))
    named = {c["command"].removeprefix("bugatlas.") for c in manifest["contributes"]["commands"]}
    code = (EXTENSION / "src/ui/commands.ts").read_text("utf-8")
    table = code[code.index("return {") : code.index("\n  };\n}")]
    written = {a or b for a, b in re.findall(r'^    (?:(\w+)|"([\w.]+)"):', table, re.MULTILINE)}
    assert named == written


@pytest.mark.usefixtures("packages")
def test_lint_types_and_generated_client() -> None:
    npm("run", "lint")


@pytest.mark.usefixtures("packages")
def test_units() -> None:
    said = npm("test")
    print(said)
    assert re.search(r"pass [1-9]", said) and re.search(r"fail 0", said)


@pytest.mark.usefixtures("packages")
def test_in_a_real_workbench() -> None:
    """Packages the extension, installs it into a workbench from npm, and drives that in Chromium."""
    browsers = ("chromium", "chromium-browser", "google-chrome")
    browser = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, browsers)), None)
    assert browser, "Chromium is needed: apt-get install chromium"
    said = npm("run", "test:workbench", seconds=900, BUGATLAS_PYTHON=sys.executable, CHROMIUM=browser)
    print(said)
    assert re.search(r"pass [1-9]", said) and re.search(r"fail 0", said)
