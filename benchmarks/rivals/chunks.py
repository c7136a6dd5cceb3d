"""Chunks of forty lines, embedded and searched exactly: what code search servers for agents do."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.rivals.corpus import LISTED, Ask, Corpus, File

LINES, OVERLAP = 40, 8
KEPT = 60_000  # files whose vectors are kept from one report's snapshots to the next


@cache
def _encoder(model: str) -> Any:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(model, device="cpu")


@lru_cache(KEPT)
def _vectors(model: str, path: str, text: str) -> NDArray[np.float32]:
    lines = text.split("\n")
    starts = range(0, max(1, len(lines) - OVERLAP), LINES - OVERLAP)
    pieces = ["\n".join([path, *lines[at : at + LINES]]) for at in starts]
    made: NDArray[np.float32] = _encoder(model).encode(pieces, normalize_embeddings=True)
    return made


def chunks(corpus: Corpus, model: str) -> Ask:
    """A file counts as its best chunk, by cosine to the report, with a sentence-transformers model."""
    each = [_vectors(model, path, text) for (_, path), text in zip(corpus.files, corpus.texts, strict=True)]
    rows = np.concatenate(each)
    owner = np.repeat(np.arange(len(each)), [len(e) for e in each])

    def ask(report: str) -> list[File]:
        near = rows @ _encoder(model).encode(report, normalize_embeddings=True)
        best = np.full(len(each), -2.0)
        np.maximum.at(best, owner, near)
        return [corpus.files[int(i)] for i in np.argsort(-best, kind="stable")[:LISTED]]

    return ask
