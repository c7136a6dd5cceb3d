"""Full-text search by libraries: BM25 over whole files, SQLite, tantivy, and what semble does without its model."""

from __future__ import annotations

import re
import sqlite3
from functools import lru_cache
from typing import Any

from benchmarks.rivals.corpus import LISTED, Ask, Corpus, File
from summaries import words

WORDS = 500  # of a report, where a query is an expression whose depth is bounded
KEPT = 60_000  # files whose words are kept from one report's snapshots to the next


@lru_cache(KEPT)
def _terms(path: str, text: str) -> list[str]:
    return list(words.terms(f"{path} {text}"))


def bm25s(corpus: Corpus) -> Ask:
    """BM25 (bm25s) over whole files, path and text split into words as ours are."""
    import bm25s

    engine = bm25s.BM25()
    rows = [_terms(path, text) for (_, path), text in zip(corpus.files, corpus.texts, strict=True)]
    engine.index(rows, show_progress=False)

    def ask(report: str) -> list[File]:
        found, _ = engine.retrieve([list(words.terms(report))], k=LISTED, show_progress=False)
        return [corpus.files[int(i)] for i in found[0]]

    return ask


def fts5(corpus: Corpus) -> Ask:
    """SQLite's full-text search, English stems, the path three times: any word of the report, by its BM25."""
    db = sqlite3.connect(":memory:")
    db.execute("create virtual table file using fts5(path, text, content='', tokenize='porter unicode61')")
    pairs = zip(corpus.files, corpus.texts, strict=True)
    rows = ((n, path, text) for n, ((_, path), text) in enumerate(pairs, 1))
    db.executemany("insert into file(rowid, path, text) values(?, ?, ?)", rows)

    def ask(report: str) -> list[File]:
        query = " OR ".join(f'"{w}"' for w in _sought(report))
        order = f"order by bm25(file, 3.0, 1.0) limit {LISTED}"
        found = db.execute(f"select rowid from file where file match ? {order}", (query,))  # noqa: S608
        return [corpus.files[n - 1] for (n,) in found]

    return ask


def tantivy(corpus: Corpus) -> Ask:
    """tantivy (Lucene's model in Rust), English stems, path and text: any word of the report."""
    import tantivy

    schema = tantivy.SchemaBuilder()
    for field in ("path", "text"):
        schema.add_text_field(field, tokenizer_name="en_stem")
    schema.add_unsigned_field("number", stored=True)
    index: Any = tantivy.Index(schema.build())
    writer = index.writer(num_threads=1)
    for n, ((_, path), text) in enumerate(zip(corpus.files, corpus.texts, strict=True)):
        writer.add_document(tantivy.Document(path=[path], text=[text], number=n))
    writer.commit()
    index.reload()
    searcher = index.searcher()

    def ask(report: str) -> list[File]:
        query = index.parse_query(" ".join(_sought(report)), ["path", "text"])
        found = searcher.search(query, LISTED).hits
        return [corpus.files[searcher.doc(place)["number"][0]] for _, place in found]

    return ask


@lru_cache(KEPT)
def _chunks(path: str, text: str) -> tuple[list[Any], list[list[str]]]:
    from pathlib import Path

    from semble.chunking import chunk_source
    from semble.index.files import detect_language
    from semble.index.sparse import enrich_for_bm25
    from semble.tokens import tokenize

    chunks = chunk_source(text, path, detect_language(Path(path)))
    return chunks, [tokenize(enrich_for_bm25(c)) for c in chunks]


class _NoModel:
    """In place of semble's model and its vectors: it has nothing to say."""

    def encode(self, texts: list[str]) -> list[list[float]]:
        return [[0.0]] * len(texts)

    def query(self, *_: object, **__: object) -> list[tuple[list[int], list[float]]]:
        return [([], [])]


def semble(corpus: Corpus) -> Ask:
    """semble's lexical part: its chunks, its BM25 and its reranking for code. Its model is on a hub and is not in it."""
    from semble.index.bm25 import BM25
    from semble.search import search

    chunks: list[Any] = []
    owner: dict[str, File] = {}
    bm25 = BM25.empty()
    names: list[str] = []
    for file, text in zip(corpus.files, corpus.texts, strict=True):
        shown = "/".join(file)
        owner[shown] = file
        for chunk, terms in zip(*_chunks(shown, text), strict=True):
            names.append(str(len(names)))
            bm25.add_document(names[-1], terms)
            chunks.append(chunk)
    bm25.set_doc_order(names)

    def ask(report: str) -> list[File]:
        none: Any = _NoModel()
        found = search(report, none, none, bm25, chunks, top_k=10 * LISTED, alpha=0.0)
        return list(dict.fromkeys(owner[r.chunk.file_path] for r in found))[:LISTED]

    return ask


def _sought(report: str) -> list[str]:
    """Different words of a report but stop words, in order."""
    said = dict.fromkeys(re.findall(r"\w+", report.lower()))
    return [w for w in said if w not in words.STOP][:WORDS]
