"""Code search over the index: words and meaning rank, exact texts and symbols are verified in the file itself."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from locator.answer import SymbolHit
from locator.filters import passing, repositories
from locator.meaning import Nearness, nearness
from locator.scope import Scope
from locator.search.query import By, SearchQuery, parse
from locator.search.rank import ROLES, SearchScores, holding, naming, score
from locator.search.text import MOST_LINES, MatchedLine, Pattern, exact_lines, pattern, word_lines
from locator.search.written import WEIGHT, match_summaries
from locator.snapshots import views_at
from summaries import words
from summaries.errors import UsageError
from summaries.index.index import Index
from summaries.index.postings import Mask
from summaries.index.shard import View
from summaries.paths import Role
from summaries.types import Facts, Symbol

MEANING = 0.2  # of the nearest file, beside words; docs/embedder.md has the measurement
PLAIN = 2  # plain words that make a question, of which meaning is asked too
MAX_READ = 4000  # files whose text is read to verify one query
COUNTED = 100  # files read, beyond those listed, to say how many there are


class SearchOptions(Struct, frozen=True):
    """How a search is to be answered."""

    at: str | None = None
    limit: int = 10
    tests: bool = False
    by: By = "both"  # what ranks: the words of a query, its meaning, or both; `by:` in a query goes before


class SearchHit(Struct, frozen=True):
    """A file that was found."""

    repo: str
    path: str
    language: str
    score: float  # 0-1 within the results
    lines: tuple[MatchedLine, ...]
    matches: int = 0  # lines with an exact text; 0 where only words were asked
    symbol: SymbolHit | None = None  # the function or type around the first line
    defines: str = ""  # the symbol asked for that it defines
    summary: str = ""  # the written one where it has words of the query, or any that is near in meaning
    nearness: float = 0.0  # cosine of its summary and the query, where it is among the nearest


class Results(Struct, frozen=True):
    """What a search found, best first."""

    query: SearchQuery
    asked: SearchOptions
    files: tuple[SearchHit, ...]
    total: int  # files that match
    more: bool  # whether `total` is only a lower bound
    searched: int  # files in scope
    repositories: int
    seconds: float
    notes: tuple[str, ...] = ()


class _Candidates(Struct):
    hits: list[SearchHit]
    total: int = 0
    more: bool = False
    unread: int = 0  # candidates that were too many to read


def search(index: Index, query: SearchQuery | str, options: SearchOptions | None = None) -> Results:
    """Search all files. Raises UsageError for what cannot be asked, SnapshotMissing for `asked.at`."""
    began = time.perf_counter()
    options = options or SearchOptions()
    query = parse(query) if isinstance(query, str) else query
    names = repositories(index, query.repos, query.not_repos)
    views, left_out = views_at(index, names, options.at)
    notes = list(left_out)
    scope = Scope(views)
    on = passing(scope, query.files)
    allowed = np.ones(scope.size, np.bool_) if on is None else on
    tests = scope.with_role(Role.TEST | Role.MOCK)
    kept = allowed if options.tests or not (allowed & ~tests).any() else allowed & ~tests
    scores = score(scope, [*query.words, *query.texts, *query.symbols])
    if about := match_summaries(index, scope, query.words):
        unmet = tuple(w for w in scores.absent if w not in about.met)
        files = scores.files + WEIGHT * about.scores
        scores = replace(scores, files=files, absent=unmet, summaries=about.texts)
    by = query.by or options.by
    near = _near(index, scope, query, by)
    if near and near.note:
        notes.append(near.note)
    if near and near.cosines:
        scores = _with_meaning(scores, near, scope, by, alone=bool(query.near))
    elif by == "meaning" or query.near:
        raise UsageError(near.note if near and near.note else "nothing is near in meaning", "search by words")
    elif not about and query.words and not (query.texts or query.symbols or scores.word_weights):
        _only_words(query, scores)
    found = _find(index, scope, query, scores, kept, options.limit, inside=False)
    if not found.hits and query.texts:
        found = _find(index, scope, query, scores, kept, options.limit, inside=True)
        if found.hits:
            notes.append("no whole words match: these have the text inside longer words")
    if found.unread:
        notes.append(
            f"{found.unread:,} more files could hold it and were not read: narrow with repo: or path:"
        )
    if not found.hits and not options.tests and (allowed & tests).any():
        inside = _find(index, scope, query, scores, allowed & tests, 1, inside=False)
        if inside.hits:
            notes.append("there are tests that match: --include-tests")
    absent = [w for w in scores.absent if w in query.words]
    if found.hits and absent:
        notes.append(f"no file has {', '.join(absent)}")
    return Results(
        query, options, tuple(found.hits), found.total, found.more, int(kept.sum()), len(views),
        round(time.perf_counter() - began, 4), tuple(notes),
    )  # fmt: skip


def _near(index: Index, scope: Scope, query: SearchQuery, by: By) -> Nearness | None:
    """What is near in meaning; None where nobody asks for it. What looks like code is a matter of words."""
    if query.near:
        return nearness(index, scope, near=query.near)
    if by == "meaning" or (by == "both" and not (query.texts or query.symbols)):
        text = " ".join([*query.words, *query.texts])
        plain = by == "meaning" or sum(w.isalpha() and w == w.lower() for w in query.words) >= PLAIN
        return nearness(index, scope, text) if text and plain else None
    return None


def _with_meaning(scores: SearchScores, near: Nearness, scope: Scope, by: By, *, alone: bool) -> SearchScores:
    """Scores of words and meaning together, or of meaning alone. What is a test or document stands behind."""
    meaning = near.files
    for role, factor in ROLES:
        meaning = np.where(scope.with_role(role), meaning * factor, meaning)
    if by == "meaning" or (alone and not scores.word_weights):
        files = meaning
    else:
        top = float(scores.files.max()) if scores.files.size else 0.0
        files = scores.files / (top if top > 0 else 1.0) + MEANING * meaning
    texts = near.texts | scores.summaries
    return replace(scores, files=files.astype(np.float32), summaries=texts, near=near.cosines)


def _only_words(query: SearchQuery, scores: SearchScores) -> None:
    """Raise UsageError where every word is one that the index leaves out."""
    if not any(words.keys_of(t) for w in query.words for t in words.tokens(w)):
        raise UsageError(
            f"the index leaves out words as common or short as {' '.join(query.words)[:60]}",
            "put them in quotes to find them exactly: '\"…\"'",
        )


def _find(
    index: Index,
    scope: Scope,
    query: SearchQuery,
    scores: SearchScores,
    allowed: Mask,
    limit: int,
    *,
    inside: bool,
) -> _Candidates:
    patterns = [pattern(t, inside=inside) for t in query.texts]
    ranked = scores.files
    if patterns or query.symbols:
        for p in patterns:
            allowed = allowed & holding(scope, p.keys) if len(p.keys) else allowed
        for s in query.symbols:
            allowed = allowed & naming(scope, _key(s))
        order = np.flatnonzero(allowed)
    elif query.words or query.near:
        order = np.flatnonzero(allowed & (ranked > 0))
    else:
        order = np.flatnonzero(allowed)
    order = order[np.argsort(-ranked[order], kind="stable")]
    verify = bool(patterns or query.symbols)
    found = _Candidates([], 0 if verify else len(order))
    for read, i in enumerate(order.tolist()):
        full = len(found.hits) >= limit
        if (full and (not verify or read >= COUNTED)) or read >= MAX_READ:
            found.more = verify
            found.unread = 0 if full else len(order) - read
            break
        seen = _verified(index, scope, i, query, patterns)
        if seen is None:
            continue
        found.total += verify
        if not full:
            found.hits.append(_hit(index, scope, i, query, scores, seen))
    top = max((h.score for h in found.hits), default=0.0) or 1.0
    found.hits = [_scaled(h, top) for h in found.hits]
    return found


def _scaled(hit: SearchHit, top: float) -> SearchHit:
    return replace(hit, score=round(hit.score / top, 4))


def _key(symbol: str) -> int:
    """Key under which a file says the name of a symbol that it defines."""
    name = symbol.replace("::", ".").replace("#", ".").rstrip("().").rpartition(".")[2]
    keys = [k for t in words.tokens(name)[-1:] for k in words.keys_of(t)[:1]]
    if not keys:
        raise UsageError(f"symbol:{symbol} is too short or too common to look up", f'search for "{symbol}"')
    return keys[0]


class _Seen(Struct):
    """What reading a file showed."""

    text: str
    lines: list[MatchedLine]
    count: int
    defined: list[Symbol]  # the first of each symbol asked for


def _verified(
    index: Index, scope: Scope, i: int, query: SearchQuery, patterns: Sequence[Pattern]
) -> _Seen | None:
    """The file if it holds all texts and defines all symbols."""
    view, n = scope.locate(i)
    store = index.store(view.repo)
    blob = view.blob(n)
    facts = store.facts(blob) if query.symbols else None
    defined = [next(_defined(facts, s), None) for s in query.symbols] if facts else []
    text = store.text(blob) if all(defined) else ""
    lines, count = exact_lines(text, patterns) if patterns else ([], 0)
    if not all(defined) or (patterns and not lines):
        return None
    return _Seen(text, lines, count, [s for s in defined if s])


def _hit(
    index: Index, scope: Scope, i: int, query: SearchQuery, scores: SearchScores, seen: _Seen
) -> SearchHit:
    view, n = scope.locate(i)
    facts = index.store(view.repo).facts(view.blob(n))
    lines = seen.lines
    rows = seen.text.split("\n")
    symbol = seen.defined[0] if seen.defined else _named(facts, query.words)
    if not lines and symbol:
        lines = word_lines(rows, symbol.start, min(symbol.start + 2, symbol.end), scores.word_weights)[:1]
    if not lines and scores.word_weights:
        symbol, lines = _best_unit(view, n, scores, facts, rows, scope.number(i))
    if symbol is None and lines:
        symbol = _around(facts, lines[0].number)
    return SearchHit(
        repo=view.repo,
        path=view.path(n),
        language=view.language(n),
        score=float(scores.files[i]),
        lines=tuple(lines),
        matches=seen.count,
        symbol=_symbol_hit(symbol) if symbol else None,
        defines=", ".join(s.qualname for s in seen.defined),
        summary=scores.summaries.get(i, ""),
        nearness=round(scores.near.get(i, 0.0), 4),
    )


def _symbol_hit(s: Symbol) -> SymbolHit:
    return SymbolHit(s.qualname, s.kind, s.start, s.end, s.signature, 1.0)


def _defined(facts: Facts, wanted: str) -> Iterator[Symbol]:
    """Symbols of that name, types first; capitals count where the name has some."""
    name = wanted.replace("::", ".").replace("#", ".").rstrip("().")
    fold = name == name.lower()
    for s in sorted(facts.symbols, key=lambda s: (s.kind in ("field", "constant", "key"), s.start)):
        own = "." + (s.qualname.lower() if fold else s.qualname)
        if own.endswith("." + name) or (s.name.lower() if fold else s.name) == name:
            yield s


def _named(facts: Facts, wanted: Sequence[str]) -> Symbol | None:
    """The first symbol that is named like an identifier of the query."""
    for word in wanted:
        if word != word.lower() or "_" in word or "." in word:
            for s in _defined(facts, word.lower()):
                return s
    return None


def _best_unit(
    view: View, n: int, scores: SearchScores, facts: Facts, rows: Sequence[str], r: int
) -> tuple[Symbol | None, list[MatchedLine]]:
    """The file's unit that matches best, as a symbol where it is one, and its best lines."""
    shard = view.shard
    blob = int(view.blob_ids[n])
    lo, hi = int(shard.blob_units[blob]), int(shard.blob_units[blob + 1])
    own = scores.units[r][lo:hi]
    if not len(own) or own.max() <= 0:
        return None, []
    unit = lo + int(np.argmax(own))
    first, last, at = (int(x) for x in shard.unit_spans[unit])
    symbol = facts.symbols[at] if 0 <= at < len(facts.symbols) else None
    lines = word_lines(rows, first, last, scores.word_weights)
    return symbol, lines[:MOST_LINES]


def _around(facts: Facts, line: int) -> Symbol | None:
    """The smallest symbol that has a line."""
    held = [s for s in facts.symbols if s.start <= line <= s.end]
    return min(held, key=lambda s: s.end - s.start, default=None)
