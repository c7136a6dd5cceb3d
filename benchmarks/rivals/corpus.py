"""The files of one report's snapshots, as every rival gets them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from summaries.index.index import Index
from summaries.index.shard import View
from summaries.paths import Role

LISTED = 10  # files of an answer

File = tuple[str, str]  # repository, path
Ask = Callable[[str], list[File]]  # a report -> files, best first


class Corpus(NamedTuple):
    """Files and their texts, the same in a folder: `folder/OWNER/NAME/PATH`."""

    files: tuple[File, ...]
    texts: tuple[str, ...]
    folder: Path


def corpus(index: Index, views: Sequence[View], folder: Path) -> Corpus:
    """Every file of the snapshots but tests, mocks and documents, which no fix is looked for in.

    To leave them out is a present to the rivals: plain BM25 over all files finds half as many.
    """
    files: list[File] = []
    texts: list[str] = []
    for view in views:
        store = index.store(view.repo)
        aside = view.with_role(Role.TEST | Role.MOCK | Role.DOC)
        for n, path in enumerate(view.paths):
            if not aside[n]:
                files.append((view.repo, path))
                texts.append(store.text(view.blob(n)))
    for (repo, path), text in zip(files, texts, strict=True):
        place = folder / repo / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return Corpus(tuple(files), tuple(texts), folder)
