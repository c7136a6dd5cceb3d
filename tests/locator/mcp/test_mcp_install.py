"""`bugatlas mcp install`: the settings of coding agents, shown, agreed to, and nothing else changed."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

import pytest
from kits.cli import run

from locator.mcp.command import CLIENTS
from locator.mcp.install import PLACES, plan
from summaries.errors import UsageError


def test_every_client_has_a_place() -> None:
    assert CLIENTS.keys() == PLACES.keys()


@pytest.mark.parametrize("client", sorted(PLACES))
def test_a_new_file_is_written_and_then_left_alone(
    client: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / ".config"))
    index = tmp_path / "index"
    refused = run("mcp", "install", client, index=index)
    assert refused.code == 2 and "--yes" in refused.err and "bugatlas" in refused.out
    assert not list(tmp_path.rglob("*.json")) and not list(tmp_path.rglob("*.toml"))
    done = run("mcp", "install", client, "--yes", index=index)
    assert done.code == 0, done.err
    [file] = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert str(file) in done.out and file.stat().st_mode & 0o077 == 0
    text = file.read_text()
    told = tomllib.loads(text) if file.suffix == ".toml" else json.loads(text)
    [servers] = told.values()
    assert servers["bugatlas"]["args"] == ["--index", str(index), "mcp"]
    assert Path(servers["bugatlas"]["command"]).name == "bugatlas"
    assert "has it already" in run("mcp", "install", client, "--yes", index=index).out
    assert file.read_text() == text


def test_json_keeps_what_it_holds(tmp_path: Path) -> None:
    file = tmp_path / ".mcp.json"
    had = {
        "mcpServers": {"other": {"command": "x"}, "bugatlas": {"env": {"A": "ß"}, "args": ["old"]}},
        "zed": [1, 2],
    }
    file.write_text(json.dumps(had, indent=4, ensure_ascii=False))
    file.chmod(0o640)
    found = plan("claude-code", None, tmp_path, tmp_path / "home")
    found.write()
    now = json.loads(file.read_text())
    assert now["zed"] == [1, 2] and now["mcpServers"]["other"] == {"command": "x"}
    assert now["mcpServers"]["bugatlas"] == {
        "env": {"A": "ß"}, "args": ["mcp"], "type": "stdio", "command": "bugatlas",
    }  # fmt: skip
    assert '\n    "zed"' in file.read_text() and file.stat().st_mode & 0o777 == 0o640
    assert [p.name for p in tmp_path.iterdir()] == [".mcp.json"]


def test_toml_keeps_comments_and_tables_below(tmp_path: Path) -> None:
    file = tmp_path / ".codex" / "config.toml"
    file.parent.mkdir()
    file.write_text(
        '# mine\nmodel = "x" # this one\n\n[mcp_servers.bugatlas]\ncommand = "old"\ntimeout = 5\n'
        '[mcp_servers.bugatlas.env]\nA = "1"\n\n[tools]\nweb = true\n'
    )
    found = plan("codex", tmp_path / "i", tmp_path / "p", tmp_path)
    told = tomllib.loads(found.after)
    assert "# mine" in found.after and "# this one" in found.after and told["tools"] == {"web": True}
    ours = told["mcp_servers"]["bugatlas"]
    assert (
        ours["args"] == ["--index", str(tmp_path / "i"), "mcp"]
        and ours["timeout"] == 5
        and ours["env"] == {"A": "1"}
    )
    assert found.after.count("[mcp_servers.bugatlas]") == 1


@pytest.mark.parametrize(
    ("client", "text"),
    [
        ("vscode", '{\n  // mine\n  "servers": {}\n}'),
        ("cursor", "[1]"),
        ("cursor", '{"mcpServers": 3}'),
        ("gemini", "{" * 100_000),
        ("codex", "mcp_servers = 3"),
        ("codex", 'mcp_servers = { bugatlas = { command = "old" } }'),
        ("codex", "= broken"),
    ],
)
def test_what_is_not_understood_is_left_alone(client: str, text: str, tmp_path: Path) -> None:
    path = PLACES[client].path(tmp_path, tmp_path)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    with pytest.raises(UsageError, match="left as it is") as error:
        plan(client, None, tmp_path, tmp_path)
    assert "by hand" in error.value.hint and path.read_text() == text


def test_a_link_to_settings_stays_one(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    real = tmp_path / "dotfiles" / "mcp.json"
    real.write_text("{}")
    (tmp_path / ".mcp.json").symlink_to(real)
    plan("claude-code", None, tmp_path, tmp_path).write()
    assert (tmp_path / ".mcp.json").is_symlink() and "bugatlas" in real.read_text()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_what_cannot_be_written_says_so(tmp_path: Path) -> None:
    found = plan("claude-code", None, tmp_path, tmp_path)
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="cannot write"):
        found.write()
