"""What `--json` prints: one document, the answer with the index it comes from and the request as understood.

    {"version": 1, "index": {...}, "query": {...}, ...the fields of the answer}

Fields are added under the same version; one that goes or changes its meaning raises it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from locator.answer import Answer
from locator.locate import Options
from locator.search.search import Results
from summaries.index.index import Index

VERSION = 1


def located(index: Index, answer: Answer, options: Options, mode: str) -> dict[str, Any]:
    """An `Answer` as `bugatlas locate --json` prints it."""
    query = {
        "mode": mode,
        "at": options.at,
        "repos": options.repos,
        "languages": options.languages,
        "paths": options.paths,
        "limit": options.limit,
        "include_tests": options.tests,
    }
    fields: dict[str, Any] = msgspec.to_builtins(answer)
    return {"version": VERSION, "index": about(index), "query": query, **fields}


def searched(index: Index, results: Results) -> dict[str, Any]:
    """`Results` as `bugatlas search --json` prints them."""
    fields: dict[str, Any] = msgspec.to_builtins(results)
    return {"version": VERSION, "index": about(index), **fields}


def about(index: Index) -> dict[str, Any]:
    """The index: where it is, its schema, and each repository's commit at the head."""
    heads = {n: s.commit for n, s in index.repos.items()}
    return {"root": str(index.root), "schema": index.manifest.schema, "repositories": heads}
