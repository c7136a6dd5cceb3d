"""`bugatlas mcp install CLIENT`: the entry that a coding agent needs in its settings, shown and then written.

What the file holds already stays as it is. A file that cannot be understood is left alone, and the entry is shown to be put
there by hand.
"""

from __future__ import annotations

import difflib
import json
import os
import shutil
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from summaries.errors import UsageError
from summaries.fs import replace

NAME = "bugatlas"
MOST = 10_000_000  # bytes of a settings file
Command = Sequence[str]  # the program and its arguments


class Place(Struct, frozen=True):
    """Where a client keeps its servers."""

    path: Callable[[Path, Path], Path]  # of the project's folder and the user's home
    keys: tuple[str, ...]  # the way to the table of servers
    entry: Callable[[Command], Mapping[str, Any]] = lambda c: {"command": c[0], "args": list(c[1:])}


def _app_data(home: Path) -> Path:
    """Where desktop programs keep their settings."""
    if sys.platform == "darwin":
        return home / "Library" / "Application Support"
    return Path(os.environ.get("APPDATA") or os.environ.get("XDG_CONFIG_HOME") or home / ".config")


def _typed(c: Command) -> dict[str, Any]:
    return {"type": "stdio", "command": c[0], "args": list(c[1:])}


PLACES: Mapping[str, Place] = {
    "claude-code": Place(lambda here, home: here / ".mcp.json", ("mcpServers",), _typed),
    "claude-desktop": Place(
        lambda here, home: _app_data(home) / "Claude" / "claude_desktop_config.json", ("mcpServers",)
    ),
    "cursor": Place(lambda here, home: here / ".cursor" / "mcp.json", ("mcpServers",)),
    "vscode": Place(lambda here, home: here / ".vscode" / "mcp.json", ("servers",), _typed),
    "codex": Place(lambda here, home: home / ".codex" / "config.toml", ("mcp_servers",)),
    "gemini": Place(lambda here, home: here / ".gemini" / "settings.json", ("mcpServers",)),
    "windsurf": Place(
        lambda here, home: home / ".codeium" / "windsurf" / "mcp_config.json", ("mcpServers",)
    ),
    "zed": Place(
        lambda here, home: home / ".config" / "zed" / "settings.json", ("context_servers",),
        lambda c: {"source": "custom", "command": c[0], "args": list(c[1:])},
    ),
}  # fmt: skip


class Plan(Struct, frozen=True):
    """A settings file before and after."""

    path: Path
    before: str
    after: str

    @property
    def diff(self) -> str:
        """The change as a unified diff; "" where there is none."""
        lines = difflib.unified_diff(
            self.before.splitlines(),
            self.after.splitlines(),
            str(self.path),
            str(self.path),
            lineterm="",
            n=2,
        )
        return "\n".join(lines)

    def write(self) -> None:
        """Put it there in one piece, with the rights that the file had. Raises UsageError where it cannot be written."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            target = self.path.resolve()  # a link to a file of settings stays a link
            mode = target.stat().st_mode & 0o777 if target.exists() else 0o600
            replace(target, self.after.encode())
            target.chmod(mode)
        except OSError as e:
            raise UsageError(f"cannot write {self.path}: {e.strerror}") from e


def plan(client: str, index: Path | None, project: Path, home: Path) -> Plan:
    """What is to be written for a client. Raises UsageError where its file cannot be read or understood."""
    place = PLACES[client]
    path = place.path(project, home)
    entry = dict(place.entry(command(index, shared=path.is_relative_to(project))))
    try:
        with path.open("rb") as f:
            before = f.read(MOST).decode("utf-8-sig")
    except FileNotFoundError:
        before = ""
    except (OSError, ValueError) as e:
        raise UsageError(f"cannot read {path}: {e}") from e
    write = _with_toml if path.suffix == ".toml" else _with_json
    return Plan(path, before, write(path, before, place.keys, entry))


def command(index: Path | None, *, shared: bool) -> list[str]:
    """How an agent starts us: by name in a file that a team shares, else by its path, found without a shell."""
    program = "bugatlas" if shared else shutil.which("bugatlas") or "bugatlas"
    return [program, *(["--index", str(index)] if index else []), "mcp"]


def _with_json(path: Path, text: str, keys: Sequence[str], entry: Mapping[str, Any]) -> str:
    try:
        settings = json.loads(text) if text.strip() else {}
        servers = settings
        for key in keys:
            servers = servers.setdefault(key, {})
        servers[NAME] = {**servers.get(NAME, {}), **entry}
    except (ValueError, AttributeError, TypeError, RecursionError):
        shown = json.dumps({keys[0]: {NAME: entry}}, indent=2)
        raise UsageError(
            f"{path} is not plain JSON: it is left as it is", f"put this in by hand: {shown}"
        ) from None
    indent = next((len(x) - len(x.lstrip(" ")) for x in text.split("\n") if x.startswith(" ")), 2)
    return json.dumps(settings, indent=indent, ensure_ascii=False) + "\n"


def _with_toml(path: Path, text: str, keys: Sequence[str], entry: Mapping[str, Any]) -> str:
    """A table at the end, in place of one of ours that has no others below it: comments and order stay."""
    table = f"[{'.'.join(keys)}.{NAME}]"
    lines = _toml(table, entry)
    try:
        have = tomllib.loads(text)
        servers = have.get(keys[0], {})
        ours = {**servers.get(NAME, {}), **entry}
        if servers.get(NAME) == ours:
            return text
        after = f"{_without(text, table).rstrip()}\n\n{_toml(table, ours)}\n".lstrip()
        expected = {**have, keys[0]: {**servers, NAME: ours}}
        if tomllib.loads(after) != expected:
            raise ValueError("something else would change")
    except (ValueError, AttributeError, TypeError, RecursionError):
        raise UsageError(f"{path} is left as it is", f"put this in by hand: {lines}") from None
    return after


def _toml(table: str, entry: Mapping[str, Any]) -> str:
    """A table with its texts and lists; tables in it have lines of their own."""
    plain = {k: v for k, v in entry.items() if not isinstance(v, dict)}
    return "\n".join([table, *(f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in plain.items())])


def _without(text: str, table: str) -> str:
    """A TOML file without the lines of one table."""
    kept: list[str] = []
    inside = False
    for line in text.split("\n"):
        if line.lstrip().startswith("["):
            inside = line.strip() == table
        if not inside:
            kept.append(line)
    return "\n".join(kept)
