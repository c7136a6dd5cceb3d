"""Context: services and languages that the report names, tests that tell its story, how often things change."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np

from locator.query import TITLE_NAMES, Query
from locator.report.reader import MentionKind, RegionKind
from locator.scope import Scope, join
from summaries.index.postings import Floats, Ints
from summaries.index.shard import View
from summaries.paths import Role
from summaries.words import hashes

_SERVICE_KINDS = frozenset(
    (MentionKind.SERVICE, MentionKind.HOST, MentionKind.REPOSITORY, MentionKind.CONFIG, MentionKind.PATH,
     MentionKind.IDENTIFIER)
)  # fmt: skip
_KEBAB = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")
MOST_FILES = 400  # a folder name that more files share says little


def service_folders(query: Query) -> dict[str, float]:
    """Folders that services of the report may have, and how plainly it names each.

    "core-data" names `cmd/core-data/` and `internal/core/data/`.
    """
    folders: dict[str, float] = {}
    for mention in query.report.mentions:
        if mention.kind not in _SERVICE_KINDS:
            continue
        importance = TITLE_NAMES if mention.title else 1.0
        for name in _KEBAB.findall(mention.text.lower())[:6]:
            parts = name.split("-")
            for i in range(min(2, len(parts) - 1)):  # the first part may be the system's name
                value = importance * (1.0 if i == 0 else 0.7)
                for folder in ("-".join(parts[i:]), "/".join(parts[i:])):
                    folders[folder] = max(folders.get(folder, 0.0), value)
    return folders


def services(scope: Scope, query: Query) -> Floats:
    """Files below a folder that bears the name of a service in the report.

    A name that several repositories have counts less for each.
    """
    folders = service_folders(query)
    out = np.zeros(scope.size, np.float32)
    if not folders:
        return out
    names = sorted(folders)
    keys = hashes("d:" + n for n in names)
    found = scope.matches("names", keys)
    df = found.frequencies(len(names))
    owners = (scope.frequencies("path", found, len(names)) > 0).sum(axis=0)
    weight = np.array([folders[n] for n in names]) / np.maximum(owners, 1)
    weight[df > MOST_FILES] = 0
    np.maximum.at(out, scope.file_of_path[found.docs], weight[found.query])
    return out


_NOUN = r"(?:SDK|API|app|application|client|code|library|module|package|program|side|service|version)s?\b"
_LANGUAGE_WORDS = {
    "go": rf"\b(?:[Gg]olang|Go (?=(?:[a-z]+ )?{_NOUN})|in Go\b|go\.mod)",
    "c": rf"(?<![\w.'’\"/-])C (?=(?:[a-z]+ )?{_NOUN})|\b(?:in|from) C\b(?![+#:.])|\bC[- ]based",
    "cpp": r"\bC\+\+|\bcpp\b",
    "csharp": r"\bC#|\.NET\b|\bdotnet\b",
    "java": r"\bJava\b(?!Script)",
    "kotlin": r"\bKotlin\b",
    "python": r"\b[Pp]ython\b",
    "javascript": r"\bJavaScript\b|\bNode(?:\.js|JS)\b|\bnodejs\b",
    "typescript": r"\bTypeScript\b",
    "rust": r"\bRust\b",
    "ruby": r"\bRuby\b",
    "php": r"\bPHP\b",
    "scala": r"\bScala\b",
    "swift": r"\bSwift\b",
    "shell": r"\b(?:shell|bash) script|\.sh\b",
    "dockerfile": r"\bDockerfile\b",
    "makefile": r"\b[Mm]akefiles?\b|\bmake (?!(?:sure|sense|use|changes|calls|requests|things|certain|possible)\b"
    r"|(?:an?|the|it|its|this|that|these|them|any|some|my|our|your|no|all|one|two)\b)[a-z][\w-]*",
}


@lru_cache(maxsize=1)
def _languages() -> dict[str, re.Pattern[str]]:
    return {k: re.compile(p) for k, p in _LANGUAGE_WORDS.items()}


def languages(scope: Scope, query: Query) -> Floats:
    """Files in a language that the report names."""
    text = (
        query.report.title
        + "\n"
        + "\n".join(r.text for r in query.report.regions if r.kind == RegionKind.PROSE)
    )
    named = {k for k, p in _languages().items() if p.search(text[:50_000])}
    out = np.zeros(scope.size, np.float32)
    for v, start in zip(scope.views, scope.starts, strict=False):
        for i in (i for i, name in enumerate(v.languages) if name in named):
            out[start : start + len(v)] += v.language_ids == i
    return out


_STEM = re.compile(r"^(?:tests?[_-])?(.*?)(?:[_.-]?(?:tests?|spec|it|testcase))?$", re.IGNORECASE)


def tested(view: View) -> tuple[Ints, Ints]:
    """Tests of a view, and for each the file it tests, by name and nearness."""
    by_stem: dict[str, list[int]] = {}
    is_test = view.with_role(Role.TEST)
    paths = view.paths
    stems = [p.rsplit("/", 1)[-1].rsplit(".", 1)[0].lower() for p in paths]
    for i, stem in enumerate(stems):
        if not is_test[i]:
            by_stem.setdefault(stem.strip("_"), []).append(i)
    out = np.full(len(view), -1, np.int64)
    for i in np.flatnonzero(is_test).tolist():
        m = _STEM.match(stems[i])
        near = by_stem.get(m[1].strip("_") if m else "", [])
        if near:
            mine = set(paths[i].lower().split("/"))
            out[i] = max(near, key=lambda j: (len(mine & set(paths[j].lower().split("/"))), -j))
    at = np.flatnonzero(out >= 0)
    return at, out[at]


def tests(scope: Scope, units: Floats) -> Floats:
    """What a file's tests score: they tell in plain words what the file is to do."""
    out = np.zeros(scope.size, np.float32)
    for v, start in zip(scope.views, scope.starts, strict=False):
        at, of = v.memo(tested)
        np.maximum.at(out, start + of, units[start + at])
    return out


def activity(scope: Scope) -> Floats:
    """Share of a repository's recent commits that changed each file, halved every half year."""
    return join([v.memo(active) for v in scope.views])


def active(view: View) -> Floats:
    """How active each file of one repository is: see `activity`."""
    arrays = view.shard.arrays
    begins = arrays["commit_starts"]
    age = (view.info.time - arrays["commit_times"]) / (182 * 86400)
    weight = np.where(view.commit_mask, 0.5 ** np.maximum(age, 0), 0.0)
    files = view.file_of_path[arrays["commit_paths"].astype(np.int64)]
    per = np.repeat(weight, np.diff(begins))
    on = files >= 0
    return np.log1p(np.bincount(files[on], weights=per[on], minlength=len(view)).astype(np.float32))
