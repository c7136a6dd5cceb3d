"""What a file imports, as a person would name it: standard libraries left out, paths shortened."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from functools import lru_cache

from summaries.offline import kind as kinds
from summaries.offline.text import name, unique
from summaries.types import Facts

_NO_PATHS = (".js", ".ts", ".tsx", ".jsx", ".h", ".hpp", ".vue", ".py", ".rb", ".dart", ".php")
_SYSTEM = frozenset(
    ("java", "javax", "jakarta", "kotlin", "kotlinx", "scala", "std", "core", "alloc", "System", "typing")
)
_NODE = frozenset(
    ("fs", "path", "http", "https", "url", "util", "events", "crypto", "os", "stream", "child_process")
)


_FRAMEWORK = re.compile(r"\.(?:annotations?|stereotype)\.|\borg\.junit\b|/testing$|\bassert\b")


@lru_cache(maxsize=1 << 13)  # most files of a repository import the same
def _parts(item: str) -> tuple[str, Sequence[str]]:
    """An import on one line, and its parts: none of a framework that says nothing of who uses it."""
    text = name(item, 200).strip("'\" ;<>")
    if _FRAMEWORK.search(item):
        return text, ()
    parts = [
        p for p in text.replace("::", "/").replace("\\", "/").split("/") if p not in ("", ".", "..", "~", "@")
    ]
    if len(parts) == 1 and not parts[0].endswith(_NO_PATHS):
        parts = [p for p in parts[0].split(".") if p not in ("", "*")]
    return text, parts


def _imported(item: str, facts: Facts, path: str, repo: str) -> tuple[str, bool]:
    """An import as it is shown, and whether it is of the same repository; '' for a standard library."""
    text, parts = _parts(item)
    if not parts:
        return "", False
    head, last = parts[0], parts[-1]
    local = text.startswith((".", "crate", "@/", "~/")) or (bool(repo) and repo.lower() in text.lower())
    local = local or (len(parts) > 1 and head in path.split("/"))
    if head in _SYSTEM or head.startswith("node:"):
        return "", False
    if not local and (
        (facts.language == "go" and "." not in head)
        or (facts.language == "python" and head in sys.stdlib_module_names)
        or (facts.language in ("javascript", "typescript", "tsx") and head in _NODE)
    ):
        return "", False
    if head.startswith("@") and len(parts) == 2:
        return name(text, 40), local
    return name(kinds.stem(last) if last.endswith(_NO_PATHS) else last, 40), local


def used(facts: Facts, path: str, repo: str) -> list[str]:
    """What a file imports beyond the standard library, its own repository's first."""
    found = [_imported(item, facts, path, repo) for item in facts.imports]
    return unique((*(n for n, local in found if local), *(n for n, local in found if not local)))
