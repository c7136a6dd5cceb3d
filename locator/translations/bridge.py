"""From the words of a report to the code that shows them: catalogue, key, use of the key.

Reports quote what a program shows, in the language that it shows it in. The code has only a key, or the English text.
Catalogues are no answers themselves (`locator/aside.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from math import log

import numpy as np
from msgspec.structs import replace

from locator.query import Query, Translation
from locator.scope import Scope, scope_of
from locator.translations import texts
from locator.translations.catalogues import catalogues
from locator.translations.entries import Entry, read
from locator.translations.texts import Found
from summaries import words
from summaries.index.index import Index
from summaries.index.postings import idf
from summaries.index.shard import View
from summaries.locales import ENGLISH
from summaries.paths import Role
from summaries.words import hashes

MOST_CATALOGUES = 6  # that are read for a report
MOST_USERS = 8  # files that use a key; one that more use is no key of its own
MOST_READ = 40  # files that are read for the uses of a key
MOST_HOLDERS = 400  # files that have a word of a key, of which it may be looked for
LEAST_WORDS = 2  # of the report that a catalogue has, one beside the other
_KEEPERS = 2  # English catalogues that tell what a key says
_MOST_TEXT = 400_000  # characters of a file of code


def translated(index: Index, views: Sequence[View], query: Query) -> Query:
    """The query with the places that show its texts, and, of a report in another language, their English words.

    Itself where no catalogue has them.
    """
    some = [v for v in views if v.memo(catalogues)]
    if not some:
        return query
    text = texts.read(query.report)
    scope = scope_of(index, tuple(some))
    uses: list[Translation] = []
    english: list[tuple[str, float]] = []
    for i, language in _likeliest(scope, query, foreign=text.foreign):
        view, n = scope.locate(i)
        entries = _entries(index, view, n)
        found = [f for e in entries if (f := texts.whole(e, text))]
        if language != ENGLISH and text.foreign:
            seen = {f.entry for f in found}
            found += [f for f in texts.near(entries, text, language) if f.entry not in seen]
        found = sorted(found, key=lambda f: (-f.weight, f.entry.line))[: texts.MOST]
        if language != ENGLISH:
            english += _english(index, view, n, found)
        uses += _uses(index, view, n, found)
    if not uses and not english:
        return query
    return replace(_with_words(query, english), translations=tuple(dict.fromkeys(uses)))


def _likeliest(scope: Scope, query: Query, *, foreign: bool) -> list[tuple[int, str]]:
    """Catalogues with most of the report's own words near each other, and their languages.

    A report in English is looked up in English only; its words in a catalogue of gettext are those of the code.
    """
    files: dict[int, str] = {}
    for view, first in zip(scope.views, scope.starts.tolist(), strict=False):
        for n, language in view.memo(catalogues):
            if foreign or (language == ENGLISH and not view.path(n).endswith((".po", ".pot"))):
                files[first + n] = language
    keys = np.array(sorted(query.prose & query.spelled.keys()), np.uint64)
    if not files or not len(keys):
        return []
    found = scope.matches("units", keys)
    rarity = idf(found.frequencies(len(keys)), scope.totals[1])
    units = int(scope.firsts("unit")[-1])
    score = np.bincount(found.docs, rarity[found.query], units)
    several = np.bincount(found.docs, minlength=units) >= LEAST_WORDS
    best = np.zeros(int(scope.firsts("blob")[-1]))
    np.maximum.at(best, scope.unit_blobs, np.where(several, score, 0))
    ranked = sorted(files, key=lambda i: (-best[scope.blob_ids[i]], i))[:MOST_CATALOGUES]
    return [(i, files[i]) for i in ranked if best[scope.blob_ids[i]] > 0]


def _entries(index: Index, view: View, n: int) -> list[Entry]:
    return _read(view.path(n), index.store(view.repo).text(view.blob(n)))


@lru_cache(maxsize=16)
def _read(path: str, text: str) -> list[Entry]:
    return read(path, text)


def _english(index: Index, view: View, n: int, found: Sequence[Found]) -> list[tuple[str, float]]:
    """What the texts say in English: the key itself where it is a sentence, else the same key's English text."""
    out = [(f.entry.key, f.weight) for f in found if " " in f.entry.key.strip()]
    keys = {_below(f.entry.key): f.weight for f in found if " " not in f.entry.key.strip()}
    if keys:
        ending = view.path(n).rpartition(".")[2]
        beside = [
            m
            for m, language in view.memo(catalogues)
            if language == ENGLISH and view.path(m).endswith(ending)
        ]
        beside.sort(key=lambda m: (-_common(view.path(m), view.path(n)), m))
        for m in beside[:_KEEPERS]:
            out += [(e.text, keys.pop(k)) for e in _entries(index, view, m) if (k := _below(e.key)) in keys]
    return out


def _common(a: str, b: str) -> int:
    """Folders that two paths begin with."""
    return next((i for i, (x, y) in enumerate(zip(a.split("/"), b.split("/"), strict=False)) if x != y), 0)


_LANGUAGE_KEY = re.compile(r"[a-z]{2}(?:[-_][A-Za-z]{2,4})?\.")


def _below(key: str) -> str:
    """A key without the language that some catalogues begin with: `de.orders.late`."""
    return _LANGUAGE_KEY.sub("", key, count=1) if _LANGUAGE_KEY.match(key) else key


def _with_words(query: Query, english: Sequence[tuple[str, float]]) -> Query:
    """The query with English words of what the report says in another language."""
    bag, spelled, prose = dict(query.bag), dict(query.spelled), set(query.prose)
    for text, weight in english:
        for token in words.tokens(text[:400]):
            for term in words.terms_of(token)[:1]:
                key = words.key(term)
                bag[key] = max(bag.get(key, 0.0), 2 * weight * log(2))
                spelled.setdefault(key, token)
                prose.add(key)
    return replace(query, bag=bag, spelled=spelled, prose=frozenset(prose)) if english else query


def _uses(index: Index, view: View, n: int, found: Sequence[Found]) -> list[Translation]:
    """Places that use the keys of these texts."""
    scope = Scope([view])
    out: list[Translation] = []
    for f in found:
        for name in _names(view.path(n), f.entry.key):
            places = _places(index, scope, name)
            if 0 < len(places) <= MOST_USERS:
                out += [
                    Translation(view.repo, view.path(m), line, name, f.entry.text, view.path(n), f.whole,
                                round(f.weight / len(places), 4))
                    for m, line in places
                ]  # fmt: skip
            if places:
                break
    return out


def _names(path: str, key: str) -> list[str]:
    """How code may name a key: as it stands, below the catalogue's name, without outer levels."""
    if " " in key.strip():
        inner = next((key[i + 1 :] for i, c in enumerate(key) if c == "." and key[:i].isidentifier()), "")
        return [key, inner] if " " in inner.strip() else [key]
    levels = key.split(".")
    stem = path.rpartition("/")[2].split(".")[0]
    names = [key, f"{stem}.{key}", *(".".join(levels[i:]) for i in range(1, len(levels) - 1))]
    last = levels[-1]
    if (
        len(levels) == 1 or len(words.terms_of(last)) > 2 or " " in last
    ):  # of several words: a name of its own
        names.append(last)
    return [n for n in dict.fromkeys(names) if len(n) > 3]


def _places(index: Index, scope: Scope, name: str) -> list[tuple[int, int]]:
    """Files of a view that use a key, with the line."""
    view = scope.views[0]
    terms = [t for token in words.tokens(name) for t in words.terms_of(token)[:1]]
    files = _holding(scope, list(dict.fromkeys(terms)))
    shown = {i for i, _ in view.memo(catalogues)}
    aside = view.with_role(Role.TEST | Role.DOC | Role.MOCK)
    use = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
    out = []
    store = index.store(view.repo)
    for i in [i for i in files if i not in shown and not aside[i]][:MOST_READ]:
        text = store.text(view.blob(i))[:_MOST_TEXT]
        if at := _use(use, text, name):
            out.append((i, text.count("\n", 0, at) + 1))
    return out


def _use(use: re.Pattern[str], text: str, name: str) -> int:
    """Where a text uses a name as a key: behind a quotation mark, a dot, a slash or a colon; 0 where it does not."""
    sentence = " " in name
    for found in use.finditer(text):
        before = text[max(0, found.start() - 1) : found.start()]
        if before and (before in "\"'`./:" or sentence):
            return found.start()
    return 0


def _holding(scope: Scope, terms: Sequence[str]) -> list[int]:
    """Files that have all of these words."""
    if not terms:
        return []
    found = scope.matches("units", hashes(terms))
    view = scope.views[0]
    blobs: set[int] | None = None
    for t in range(len(terms)):
        own = set(view.shard.unit_blobs[found.docs[found.query == t]].tolist())
        blobs = own if blobs is None else blobs & own
    if not blobs or len(blobs) > MOST_HOLDERS:
        return []
    return np.flatnonzero(np.isin(scope.blob_ids, sorted(blobs))).tolist()
