"""Scores of a code search: files by the words in them, in their best function, their names and their path.

A file that has all the words of a query goes before one that repeats some of them: every score is weighed
by the share of the query that was met (coordination; Robertson & Zaragoza leave it to the fields).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from locator.scope import Scope, join, total
from summaries import words
from summaries.index.parameters import PATHS, TEXT, UNITS
from summaries.index.postings import Floats, Mask, Matches, bm25, idf
from summaries.paths import Role
from summaries.words import Hashes

PART, JOINED = 0.4, 0.7  # weight of an identifier's parts, and of words run together, to a word's 1
BODY, UNIT, HEADS, PATH = 1.0, 1.0, 0.5, 0.4  # weights of the fields, each divided by its maximum
NAMED, WORD = 4.0, 0.5  # added where a definition bears exactly that name: an identifier, a plain word
LONGEST = 4  # words that may be one identifier: "get device by name" finds getDeviceByName
ROLES = ((Role.DOC, 0.5), (Role.TEST | Role.MOCK, 0.8), (Role.EXAMPLE | Role.TOOL, 0.9), (Role.CONFIG, 0.8))


class SearchScores(Struct, frozen=True):
    """What a search found of its words. Vectors run over the files of the scope."""

    files: Floats  # higher is better; 0: has none of the words
    units: list[Floats]  # by view: BM25 of the shard's units
    word_weights: dict[int, float]  # weight × idf of the words' keys; only those that occur
    absent: tuple[str, ...]  # words of the query that no file has
    summaries: dict[int, str] = {}  # written ones with words of the query, and those near in meaning, by file
    near: dict[int, float] = {}  # cosines of the nearest, by file


def score(scope: Scope, wanted: Sequence[str]) -> SearchScores:
    """Score every file of the scope for some words."""
    terms = _terms(wanted)
    keys = np.fromiter(terms.weights, np.uint64, len(terms.weights))
    units = [m.keep(v.unit_mask) for v, m in zip(scope.views, scope.gather("units", keys), strict=True)]
    files = [m.grouped(v.shard.unit_blobs) for v, m in zip(scope.views, units, strict=True)]
    heads = [m.keep(v.blob_mask) for v, m in zip(scope.views, scope.gather("heads", keys), strict=True)]
    paths = [m.keep(v.path_mask) for v, m in zip(scope.views, scope.gather("names", keys), strict=True)]
    df = np.maximum(total(files, len(keys)), total(paths, len(keys)))
    found = {k for k, n in zip(keys.tolist(), df.tolist(), strict=True) if n}
    weights = terms.met(found)
    worth = np.fromiter((weights.get(k, 0.0) for k in keys.tolist()), np.float32) * idf(df, scope.size)
    asked_for = np.isin(keys, list(terms.wholes | terms.parts)) * worth
    by_unit, best, body, head, path = [], [], [], [], []
    for v, u, f, h, p in zip(scope.views, units, files, heads, paths, strict=True):
        per_unit = _scored(u, worth, asked_for, v.shard.units.lengths, *UNITS)
        by_unit.append(per_unit)
        top = np.zeros(len(v.shard.blobs), np.float32)
        np.maximum.at(top, v.shard.unit_blobs, per_unit)
        best.append(top[v.blob_ids])
        body.append(_scored(f, worth, asked_for, v.lengths[0], *TEXT)[v.blob_ids])
        head.append(_scored(h, worth, asked_for, v.shard.heads.lengths, *TEXT)[v.blob_ids])
        path.append(_scored(p, worth, asked_for, v.shard.names.lengths, *PATHS)[v.path_ids])
    fields = ((BODY, body), (UNIT, best), (HEADS, head), (PATH, path))
    fused = np.sum([weight * _scaled(join(values)) for weight, values in fields], axis=0)
    for role, factor in ROLES:
        fused = np.where(scope.with_role(role), fused * factor, fused)
    seen = {k: w for k, w in zip(keys.tolist(), worth.tolist(), strict=True) if w > 0}
    absent = tuple(w for w in wanted if (own := _keys(w)) and not own & found)
    return SearchScores((fused + _named(scope, wanted)).astype(np.float32), by_unit, seen, absent)


class _Terms(Struct, frozen=True):
    """Keys of a query's words."""

    weights: dict[int, float]
    wholes: set[int]
    parts: set[int]
    groups: list[tuple[int, tuple[int, ...]]]  # an identifier and its parts

    def met(self, present: set[int]) -> dict[int, float]:
        """Weights of those that occur; parts count only of identifiers that don't occur whole."""
        split = {p for whole, parts in self.groups if whole not in present for p in parts}
        return {k: w for k, w in self.weights.items() if k in present and (k not in self.parts or k in split)}


def _terms(wanted: Sequence[str]) -> _Terms:
    tokens = [t for word in wanted for t in words.tokens(word)]
    groups = [(k[0], k[1:]) for t in tokens if (k := words.keys_of(t))]
    wholes = {whole for whole, _ in groups}
    parts = {p for _, own in groups for p in own} - wholes
    joined = {
        k
        for n in range(len(tokens))
        for size in range(2, LONGEST + 1)
        for k in words.keys_of("".join(tokens[n : n + size]).lower())[:1]
        if n + size <= len(tokens)
    }
    weights = dict.fromkeys(joined, JOINED) | dict.fromkeys(parts, PART) | dict.fromkeys(wholes, 1.0)
    return _Terms(weights, wholes, parts, groups)


def _scored(m: Matches, weights: Floats, shares: Floats, lengths: Floats, k1: float, b: float) -> Floats:
    """BM25 of every document times the share of the query's worth that it has."""
    mean = float(lengths.mean()) if len(lengths) else 1.0
    met = np.bincount(m.docs, weights=shares[m.query], minlength=len(lengths)) / max(
        float(shares.sum()), 1e-9
    )
    return (bm25(m, weights, lengths, mean, k1, b) * met).astype(np.float32)


def _scaled(values: Floats) -> Floats:
    top = float(values.max()) if values.size else 0.0
    return values / top if top > 0 else values


def _named(scope: Scope, wanted: Sequence[str]) -> Floats:
    """What it adds to a file's score that it defines symbols of exactly the asked names."""
    marks: dict[str, float] = {}
    for word in wanted:
        parts = [p for p in word.replace("::", ".").replace("#", ".").strip("().,:;").split(".") if p]
        telling = len(parts) > 1 or word.strip("().,:;") != word.lower() or "_" in word
        for p in parts[-2:]:
            marks["n:" + p] = NAMED if telling and p == parts[-1] else WORD
        if len(parts) > 1:
            marks["q:" + ".".join(parts[-2:])] = NAMED
    keys = words.hashes(marks)
    gain = np.fromiter(marks.values(), np.float32, len(marks))
    out = []
    for v, m in zip(scope.views, scope.gather("marks", keys), strict=True):
        kept = m.keep(v.blob_mask)
        out.append(np.bincount(kept.docs, weights=gain[kept.query], minlength=len(v.shard.blobs))[v.blob_ids])
    return join(out)


def holding(scope: Scope, keys: Hashes) -> Mask:
    """Files with one unit that has all the keys: a line of text lies in one unit, so no file is missed."""
    parts = [np.zeros(0, np.bool_)]
    for v, m in zip(scope.views, scope.gather("units", keys), strict=True):
        met = np.bincount(m.docs, minlength=len(v.shard.unit_blobs)) == len(keys)
        blobs = np.zeros(len(v.shard.blobs), np.bool_)
        blobs[v.shard.unit_blobs[met]] = True
        parts.append(blobs[v.blob_ids])
    return np.concatenate(parts)


def naming(scope: Scope, key: int) -> Mask:
    """Files that say a word of themselves: where a symbol of that name can be defined."""
    parts = [np.zeros(0, np.bool_)]
    for v, m in zip(scope.views, scope.gather("heads", np.array([key], np.uint64)), strict=True):
        blobs = np.zeros(len(v.shard.blobs), np.bool_)
        blobs[m.docs] = True
        parts.append(blobs[v.blob_ids])
    return np.concatenate(parts)


def _keys(word: str) -> set[int]:
    return {k for t in words.tokens(word) for k in words.keys_of(t)}
