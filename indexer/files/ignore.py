"""Patterns of `.gitignore` and `.gitattributes` files, matched in linear time.

How one pattern is matched: `summaries.globs`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from summaries.globs import compiled as _compiled

MAX_RULES = 2_000  # of one repository


class Rule(NamedTuple):
    """A pattern and what it says of the paths that it matches."""

    base: str  # folder of the file that holds it: "" or "a/b/"
    matches: Callable[[str], object]  # a path relative to base
    folders_only: bool
    value: bool


def ignore_rules(base: str, text: str) -> list[Rule]:
    """The rules of an ignore file in `base`. A pattern that git cannot read matches nothing."""
    rules = []
    for line in text.removeprefix("\ufeff").split("\n"):
        pattern = _trimmed(line.removesuffix("\r"))
        if not pattern or pattern.startswith("#"):
            continue
        ignored = not pattern.startswith("!")
        if found := rule(base, pattern.removeprefix("!"), ignored):
            rules.append(found)
    return rules


def attribute_rules(base: str, text: str, attribute: str) -> list[Rule]:
    """The rules of a `.gitattributes` file in `base` that set an attribute, or clear it ("-", "=false")."""
    rules = []
    for line in text.split("\n"):
        pattern, *states = line.split()[:20] if attribute in line else [""]
        if not pattern or pattern.startswith(("#", "!", "[attr]")) or pattern.endswith("/"):
            continue
        for state in states:
            name, _, value = state.removeprefix("-").partition("=")
            if name == attribute and (found := rule(base, pattern.strip('"'), True)):
                rules.append(found._replace(value=not (state.startswith("-") or value == "false")))
    return rules


def rule(base: str, pattern: str, value: bool) -> Rule | None:
    """A rule for one pattern, None where it can match nothing."""
    body = pattern.removesuffix("/")
    compiled = _compiled(body)
    return Rule(base, compiled.match, len(body) < len(pattern), value) if compiled else None


def says(rules: Sequence[Rule], path: str, folder: bool = False) -> bool | None:
    """What the last rule that matches says of a path. Rules of deeper folders come later in the list."""
    for base, matches, folders_only, value in reversed(rules):
        if (folder or not folders_only) and path.startswith(base) and matches(path[len(base) :]):
            return value
    return None


class Ignored:
    """Whether a path is ignored: by a rule of its own, or with one of its folders."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = rules
        self._folders = {"": False}

    def __call__(self, path: str) -> bool:
        """Whether the file at `path` is ignored."""
        inside, end = False, path.find("/")
        while end >= 0 and not inside:
            folder = path[:end]
            if folder not in self._folders:
                self._folders[folder] = bool(says(self.rules, folder, folder=True))
            inside, end = self._folders[folder], path.find("/", end + 1)
        return inside or bool(says(self.rules, path))


def _trimmed(line: str) -> str:
    """Without the spaces at its end, but for one that is escaped."""
    short = line.rstrip(" ")
    slashes = len(short) - len(short.rstrip("\\"))
    return short + " " if slashes % 2 and len(short) < len(line) else short
