"""What a question is narrowed to: repositories by name, files by language, path and file name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

import numpy as np
from msgspec import Struct

from locator.scope import Scope
from summaries.errors import UsageError, did_you_mean
from summaries.index.index import Index
from summaries.index.postings import Mask

_SAME = {
    "golang": "go", "py": "python", "js": "javascript", "jsx": "javascript", "ts": "typescript",
    "c++": "cpp", "cxx": "cpp", "cs": "csharp", "c#": "csharp", "f#": "fsharp", "rb": "ruby", "rs": "rust",
    "kt": "kotlin", "yml": "yaml", "sh": "shell", "bash": "shell", "md": "markdown", "docker": "dockerfile",
    "make": "makefile", "protobuf": "proto", "terraform": "hcl", "tf": "hcl", "objective-c": "objc",
}  # fmt: skip
_WITH = {"typescript": ("tsx",)}  # dialects that people count in


class Filter(Struct, frozen=True):
    """Which files may be in an answer. Empty: all. Of each kind one must pass; what is `not_` must not.

    Paths pass that contain a pattern, or match it where it has *, ? or [. File names likewise.
    """

    languages: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    not_languages: tuple[str, ...] = ()
    not_paths: tuple[str, ...] = ()
    not_files: tuple[str, ...] = ()


def repositories(index: Index, names: Sequence[str], without: Sequence[str] = ()) -> list[str]:
    """Names of the indexed repositories asked for, by full name or by its end; all where none is asked.

    Raises UsageError where a name is unknown or nothing is left.
    """
    known = list(index.repos)
    if not known:
        raise UsageError(f"the index at {index.root} is empty", "run `bugatlas index PATH`")
    for name in (*names, *without):
        if not any(is_named(n, name) for n in known):
            raise UsageError(f"no indexed repository is called {name}", _near(name, known))
    left = [n for n in known if not names or any(is_named(n, a) for a in names)]
    left = [n for n in left if not any(is_named(n, w) for w in without)]
    if not left:
        raise UsageError("the filters leave no repository", "drop one of them")
    return left


def is_named(name: str, wanted: str) -> bool:
    """Whether a repository is meant: 'orders' and 'shop/orders' both mean shop/orders."""
    name, wanted = name.lower(), wanted.lower().strip("/")
    return name == wanted or name.endswith("/" + wanted)


def passing(scope: Scope, wanted: Filter) -> Mask | None:
    """Files of the scope that pass, None where all do. Raises UsageError for a language of no file."""
    if wanted == Filter():
        return None
    present = sorted({t for v in scope.views for t in v.languages})
    spoken = _languages(wanted.languages, present)
    unspoken = _languages(wanted.not_languages, present)
    parts = [np.zeros(0, np.bool_)]
    for v in scope.views:
        own, language_ids = v.languages, v.language_ids
        on = np.ones(len(v), np.bool_)
        if spoken:
            on &= np.isin(language_ids, [i for i, t in enumerate(own) if t in spoken])
        if unspoken:
            on &= ~np.isin(language_ids, [i for i, t in enumerate(own) if t in unspoken])
        if wanted.paths or wanted.not_paths:
            on &= _matching([p.lower() for p in v.paths], wanted.paths, wanted.not_paths)
        if wanted.files or wanted.not_files:
            on &= _matching([p.rpartition("/")[2].lower() for p in v.paths], wanted.files, wanted.not_files)
        parts.append(on)
    return np.concatenate(parts)


def _matching(names: Sequence[str], wanted: Sequence[str], unwanted: Sequence[str]) -> Mask:
    def any_of(patterns: Sequence[str]) -> Mask:
        out = np.zeros(len(names), np.bool_)
        for p in (p.lower() for p in patterns):
            if any(c in p for c in "*?["):
                out |= np.fromiter((fnmatchcase(n, p) for n in names), np.bool_, len(names))
            else:
                out |= np.fromiter((p in n for n in names), np.bool_, len(names))
        return out

    on = any_of(wanted) if wanted else np.ones(len(names), np.bool_)
    return on & ~any_of(unwanted)


def _languages(names: Iterable[str], present: Sequence[str]) -> frozenset[str]:
    out: set[str] = set()
    for name in names:
        low = _SAME.get(name.lower(), name.lower())
        out.update(t for t in (low, *_WITH.get(low, ())) if t in present)
        if low not in present and not out.intersection(_WITH.get(low, ())):
            raise UsageError(f"no indexed file is in the language {name}", _near(low, present, 12))
    return frozenset(out)


def _near(name: str, known: Sequence[str], most: int = 6) -> str:
    """A hint: names close to one that isn't known, else some that are."""
    ends = {n.rpartition("/")[2].lower(): n for n in known}
    close = [ends[m] for m in get_close_matches(name.lower().rpartition("/")[2], ends, 3, 0.6)]
    close += [n for n in known if name.lower() in n.lower() and n not in close][: 3 - len(close)]
    if close:
        return did_you_mean(close)
    rest = len(known) - most
    return f"indexed: {', '.join(known[:most])}" + (
        f" and {rest} more: `bugatlas status`" if rest > 0 else ""
    )
