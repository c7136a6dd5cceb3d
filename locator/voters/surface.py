"""Surfaces: what sort of thing a report complains about (a page, a command, a container, a setting, a script),
and which files are of that sort. A file of a surface that the report does not speak of is a poor first guess.
"""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np

from locator.query import Query
from locator.scope import Scope
from summaries.postings import Floats
from summaries.shard import View

# surface -> (words of a report, what a path "repository-name/dir/file" of it looks like)
SURFACES: dict[str, tuple[str, str]] = {
    "ui": (
        r"\b(?:ui|gui|web ?page|page|button|click\w*|screen|dialog|browser|tab|menu|dropdown|form|icon|css|layout|"
        r"front-?end|dashboard|tooltip|widget|scroll\w*|display\w*)\b",
        r"\.(?:html?|css|scss|less|vue|svelte|[jt]sx)$|(?:^|[/_-])(?:ui|web|www|frontend|front-end|webapp|dashboard|console)"
        r"(?:[/_-])",
    ),
    "cli": (
        r"\b(?:cli|command[- ]line|sub-?command|flag|--[a-z][\w-]+)",
        r"(?:^|[/_-])cli(?:[/_-]|\.\w+$)",
    ),
    "deploy": (
        r"\b(?:docker\w*|compose|container\w*|helm|kubernetes|k8s|snap|image|make|makefile|deploy\w*|ci|pipeline|build)\b",
        r"(?:^|/)(?:[^/]*dockerfile[^/]*|[^/]*compose[^/]*|makefile|jenkinsfile|[^/]*\.mk|chart\.yaml|values\.yaml)$|"
        r"(?:^|/)(?:docker|helm|charts|k8s|kubernetes|deploy|deployment|snap|compose[^/]*|\.github|\.circleci)/",
    ),
    "config": (
        r"\b(?:config\w*|setting\w*|propert\w+|yaml|toml|\.ini|profile\w*|environment variables?|default value)\b",
        r"\.(?:ya?ml|toml|properties|ini|conf|cfg|json|xml|env)$",
    ),
    "script": (
        r"\b(?:script\w*|bash|shell|\.sh|batch)\b",
        r"\.(?:sh|bash|bat|cmd|ps1)$",
    ),
    "example": (
        r"\b(?:example\w*|sample\w*|tutorial\w*|demo\w*|template\w*)\b",
        r"(?:^|[/_-])(?:examples?|samples?|demos?|tutorials?|templates?|benchmarks?)(?:[/_-])",
    ),
    "spec": (
        r"\b(?:open-?api|swagger|specification|proto\w*|schema)\b",
        r"(?:openapi|swagger|api-spec|raml)[^/]*/|\.(?:proto|raml|graphql|xsd|wsdl)$|(?:openapi|swagger)[^/]*\.(?:ya?ml|json)$",
    ),
    "data": (
        r"\b(?:sql|database|migration\w*|table|query|postgres\w*|mysql|sqlite)\b",
        r"\.sql$|(?:^|/)migrations?/",
    ),
}


@lru_cache(maxsize=1)
def _compiled() -> dict[str, tuple[re.Pattern[str], re.Pattern[str]]]:
    return {k: (re.compile(w, re.I), re.compile(p, re.I)) for k, (w, p) in SURFACES.items()}


_SEEN: dict[tuple[str, str, int], np.ndarray] = {}


def classes(view: View) -> np.ndarray:
    """Whether each file is of each surface: bool (surfaces, files)."""
    name = view.repo.rsplit("/", 1)[-1] + "-/"
    rows = []
    for _, path in _compiled().values():
        rows.append([bool(path.search(name + p)) for p in view.paths])
    return np.array(rows, np.bool_).reshape(len(SURFACES), len(view))


def surfaces(scope: Scope, query: Query) -> dict[str, Floats]:
    """Per surface: "of:X" marks its files, "on:X" marks them where the report speaks of X."""
    title = query.report.title
    prose = "\n".join(r.text for r in query.report.regions if r.kind != "code")[:50_000]
    speaks = []
    for words, _ in _compiled().values():
        n = len(words.findall(prose)) + 3 * len(words.findall(title))
        speaks.append(min(1.0, n / 3))
    marks = np.concatenate([classes(v) for v in scope.views], axis=1) if scope.views else np.zeros((len(SURFACES), 0))
    out = {}
    for k, s, row in zip(SURFACES, speaks, marks, strict=True):
        out["of:" + k] = row.astype(np.float32)
        out["on:" + k] = (row * s).astype(np.float32)
    return out
