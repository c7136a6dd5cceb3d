"""What a user would take instead, on the same repositories and reports: full-text search, embedded chunks, ripgrep.

SQLite's full-text search is asked for any of the report's words. BM25 is bm25s over whole files, words split as ours
are, tests left out as ours leaves them out. Chunks of forty lines with their path, embedded by a sentence-transformers
model and searched exactly, are what code search servers for agents do; a file counts as its best chunk. The text search
is ripgrep for the report's longest words, files ordered by how many different ones they hold: what a person does by
hand, many times over.
"""

from __future__ import annotations

import re
import sqlite3
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from shutil import which
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from eval.cases import Case
from locator.locate import Options, locate
from locator.report.reader import read
from summaries import words
from summaries.index.index import Index
from summaries.paths import Role

CHUNK, OVERLAP = 40, 8  # lines
FTS_WORDS = 500  # of a report, asked of FTS5: the depth of its expressions is bounded
SOUGHT = 12  # words of a report that the text search looks for
File = tuple[str, str]  # repository, path


def rivals(root: Path, cases: Sequence[Case], model: str = "") -> dict[str, Any]:
    """Accuracy and seconds of each over the reports; chunks only where a `model` is named."""
    index = Index.open(root)
    cases = [c for c in cases if all(g.repo in index.repos for g in c.gold)]
    files, texts = _files(index)
    rows = [_row("bugatlas", lambda c: _ours(index, c), cases, "see the curve")]
    began = time.perf_counter()
    ask = _bm25(files, texts)
    rows.append(_row("bm25s", ask, cases, f"{time.perf_counter() - began:,.1f} s, every time"))
    began = time.perf_counter()
    ask = _fts5(files, texts)
    rows.append(_row("SQLite FTS5", ask, cases, f"{time.perf_counter() - began:,.1f} s"))
    if model:
        began = time.perf_counter()
        ask, count = _chunks(files, texts, model)
        rows.append(
            _row("embedded chunks", ask, cases, f"{time.perf_counter() - began:,.0f} s, {count:,} chunks")
        )
    if which("rg"):
        with TemporaryDirectory(prefix="bugatlas-bench-") as folder:
            for (repo, path), text in zip(files, texts, strict=True):
                place = Path(folder) / repo / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text)
            rows.append(_row("ripgrep", lambda c: _ripgrep(Path(folder), c), cases, "none"))
    return {"repositories": len(index.repos), "files": len(files), "reports": len(cases), "rows": rows}


def _row(
    name: str, ask: Callable[[Case], Sequence[File]], cases: Sequence[Case], build: str
) -> dict[str, Any]:
    ranks, seconds = [], []
    for case in cases:
        began = time.perf_counter()
        found = ask(case)
        seconds.append(time.perf_counter() - began)
        gold = {(g.repo, g.path) for g in case.gold}
        ranks.append(next((n for n, hit in enumerate(found) if hit in gold), 10**6))
    accuracy = {f"success@{k}": round(sum(r < k for r in ranks) / len(ranks), 4) for k in (1, 5, 10)}
    return {"name": name, "accuracy": accuracy, "median_ms": round(median(seconds) * 1e3, 2), "build": build}


def _files(index: Index) -> tuple[list[File], list[str]]:
    files, texts = [], []
    for name in index.repos:
        view, store = index.view(name), index.store(name)
        aside = view.with_role(Role.TEST | Role.MOCK | Role.DOC)
        for n, path in enumerate(view.paths):
            if not aside[n]:
                files.append((name, path))
                texts.append(store.text(view.blob(n)))
    return files, texts


def _ours(index: Index, case: Case) -> list[File]:
    found = locate(index, read(case.body, case.title), Options(limit=10, details=False))
    return [(f.repo, f.path) for f in found.files]


def _bm25(files: Sequence[File], texts: Sequence[str]) -> Callable[[Case], list[File]]:
    import bm25s

    engine = bm25s.BM25()
    engine.index(
        [list(words.terms(f"{p} {t}")) for (_, p), t in zip(files, texts, strict=True)], show_progress=False
    )

    def ask(case: Case) -> list[File]:
        query = [list(words.terms(f"{case.title}\n{case.body}"))]
        found, _ = engine.retrieve(query, k=10, show_progress=False)
        return [files[int(i)] for i in found[0]]

    return ask


def _fts5(files: Sequence[File], texts: Sequence[str]) -> Callable[[Case], list[File]]:
    """Full-text search as it comes: its own words, its BM25, any word of the report."""
    db = sqlite3.connect(":memory:")
    db.execute("create virtual table file using fts5(path, text, content='')")
    rows = ((n, path, text) for n, ((_, path), text) in enumerate(zip(files, texts, strict=True), 1))
    db.executemany("insert into file(rowid, path, text) values(?, ?, ?)", rows)

    def ask(case: Case) -> list[File]:
        told = dict.fromkeys(re.findall(r"\w+", f"{case.title}\n{case.body}".lower()))
        query = " OR ".join(f'"{w}"' for w in [*told][:FTS_WORDS] if w not in words.STOP)
        found = db.execute("select rowid from file where file match ? order by rank limit 10", (query,))
        return [files[n - 1] for (n,) in found]

    return ask


def _chunks(
    files: Sequence[File], texts: Sequence[str], model: str
) -> tuple[Callable[[Case], list[File]], int]:
    from sentence_transformers import SentenceTransformer

    encoder = SentenceTransformer(model, device="cpu")
    owners, pieces = [], []
    for n, ((_, path), text) in enumerate(zip(files, texts, strict=True)):
        lines = text.split("\n")
        for at in range(0, max(1, len(lines) - OVERLAP), CHUNK - OVERLAP):
            owners.append(n)
            pieces.append("\n".join([path, *lines[at : at + CHUNK]]))
    rows = encoder.encode(pieces, normalize_embeddings=True, batch_size=64)
    owner = np.array(owners)

    def ask(case: Case) -> list[File]:
        near = rows @ encoder.encode(f"{case.title}\n{case.body}", normalize_embeddings=True)
        best = np.full(len(files), -2.0)
        np.maximum.at(best, owner, near)
        return [files[int(i)] for i in np.argsort(-best, kind="stable")[:10]]

    return ask, len(pieces)


def _ripgrep(root: Path, case: Case) -> list[File]:
    told = {t.lower() for t in words.tokens(f"{case.title}\n{case.body}")} - words.STOP
    sought = sorted(told, key=lambda t: (-len(t), t))[:SOUGHT]
    hits: dict[File, int] = {}
    for word in sought:
        done = subprocess.run(
            ["rg", "-l", "-i", "-w", "-F", "--no-messages", "-e", word, "."],
            cwd=root,
            capture_output=True,
            text=True,
        )
        for line in done.stdout.splitlines():
            owner, name, path = line.removeprefix("./").split("/", 2)
            hits[f"{owner}/{name}", path] = hits.get((f"{owner}/{name}", path), 0) + 1
    return sorted(hits, key=lambda f: (-hits[f], f))[:10]
