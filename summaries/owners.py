"""Who owns a path: CODEOWNERS files as GitHub and GitLab read them.

A line is a pattern and its owners: `@name`, `@group/team`, an e-mail address, or a role of GitLab (`@@maintainers`). The
last line that matches wins, also where it names nobody. GitLab's sections (`[Docs] @writers`, `^[Optional]`) each have a
say: their owners stand side by side.

https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
https://docs.gitlab.com/user/project/codeowners/reference/
"""

from __future__ import annotations

import re
import time
from functools import lru_cache

from msgspec import Struct

from summaries.globs import compiled

PLACES = tuple(
    f + "CODEOWNERS" for f in (".github/", ".gitlab/", "", "docs/")
)  # the first that is there counts
OWNERS = "owners"  # prefix of the note that keeps a repository's file, under its path
MOST_TEXT = 3_000_000  # bytes; GitHub reads no larger file
MOST_RULES = 5_000  # of one file
MOST_OWNERS = 20  # of one line
SECONDS = 0.5  # for one path

_SECTION = re.compile(r"\^?\[([^\]]{1,200})\](?:\[\d{1,4}\])?(.*)", re.DOTALL)
_WORD = re.compile(r"(?:\\.|[^\s\\])+", re.DOTALL)
_ADDRESS = re.compile(r"<?(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}>?")


class Rule(Struct, frozen=True):
    """A line of a CODEOWNERS file."""

    section: str  # "" where the file has none
    pattern: str
    owners: tuple[str, ...]


def owners_of(text: str, path: str) -> tuple[str, ...]:
    """Owners of a file by the text of a CODEOWNERS file; none where no line matches, or the last one names none.

    None as well where a file is made to take long: it is a stranger's, and owners are no reason to wait.
    """
    found: dict[str, tuple[str, ...]] = {}
    until = time.monotonic() + SECONDS
    for rule in rules(text):
        if time.monotonic() > until:
            return ()
        if rule.pattern.startswith("!"):  # GitLab: nobody owns it in this section
            if matches(rule.pattern[1:], path):
                found[rule.section] = ()
        elif matches(rule.pattern, path):
            found[rule.section] = rule.owners
    return tuple(dict.fromkeys(o for owners in found.values() for o in owners))


@lru_cache(maxsize=64)
def rules(text: str) -> tuple[Rule, ...]:
    """The lines of a CODEOWNERS file, in order."""
    out: list[Rule] = []
    section = ""
    usual: tuple[str, ...] = ()
    for line in text[:MOST_TEXT].removeprefix("\ufeff").split("\n")[: 4 * MOST_RULES]:
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if found := _SECTION.fullmatch(line):
            section, usual = found[1].strip().lower(), _owners(_WORD.findall(found[2][:2_000]))
            continue
        pattern, *named = _WORD.findall(line[:2_000]) or ("",)
        out.append(Rule(section, pattern, _owners(named) or usual))
    return tuple(out[:MOST_RULES])


def _owners(words: list[str]) -> tuple[str, ...]:
    """The words that name somebody, up to a comment."""
    end = next((i for i, w in enumerate(words) if w.startswith("#")), len(words))
    return tuple(w[:200] for w in words[:end] if "@" in w)[:MOST_OWNERS]


def matches(pattern: str, path: str) -> bool:
    """Whether a pattern holds for a file: for itself, or for a folder that it lies in.

    Other than in ignore files, `docs/*` is about the files right in `docs` only.
    """
    body = pattern.removesuffix("/")
    found = _compiled(body)
    if found is None:
        return False
    if len(body) == len(pattern) and found.match(path):
        return True
    if body.endswith("/*"):
        return False
    return any(found.match(path[:i]) for i, c in enumerate(path) if c == "/")


_compiled = lru_cache(maxsize=2 * MOST_RULES)(compiled)


def without_addresses(text: str) -> str:
    """A text without the e-mail addresses in it."""
    return _ADDRESS.sub("…", text) if "@" in text else text
