"""Texts of catalogues that stand in a report, as a whole or in most of their words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from math import log
from typing import NamedTuple

import Stemmer

from locator.report.reader import MentionKind, RegionKind, Report
from locator.translations.entries import Entry
from summaries import words
from summaries.patterns import pattern

LEAST, LEAST_TOLD = (
    2,
    4,
)  # words of a text that is quoted as a whole; of one that a sentence of the report has
LEAST_COMMON = 2  # words that a text shares with a report of its language
COVERED = 0.55  # of a text's words, by rarity, that the report has. A guess
TOLD = 0.5  # of a text in prose against one in quotation marks or a log, as in voters/messages.py
NEAR = 0.4  # of a text that shares most of its words with the report. A guess
MOST = 12  # texts that are followed
_MOST_TEXT = 60_000  # characters of a report
_QUOTED = pattern(r"[\"“”„«»‘’‚‹›「」『』`']([^\"“”„«»‹›「」『』`\n]{2,200})[\"“”„«»‘’‹›「」『』`']")

# Words that English sentences are full of and that other languages with Latin letters do not have.
_ENGLISH = frozenset(
    "the and with that when this from which should have has not are after but there then".split()
)
_LATIN = pattern(r"[A-Za-z]+")
_LETTER = pattern(r"[^\W\d_]")
ENGLISH = 0.04  # of a report's words that are these, in English at least; it has some .15 of them. A guess
SMALL = 0.2  # of its words that are small words of English, some of which other languages share: they have up to .18
FOREIGN = 0.3  # of a report's letters that are not Latin, in another language at least. A guess

_STEMMERS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "eo": "esperanto",
    "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish", "fr": "french",
    "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian",
    "lt": "lithuanian", "nb": "norwegian", "ne": "nepali", "nl": "dutch", "nn": "norwegian", "no": "norwegian",
    "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish",
    "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip


class Found(NamedTuple):
    """A text of a catalogue that a report has."""

    entry: Entry
    weight: float  # 0-1
    whole: bool


class Text(NamedTuple):
    """A report's lines as words, " a b c \\n d e "; characters of Chinese, Japanese and Korean are words."""

    quoted: str
    told: str
    words: frozenset[str]
    foreign: bool  # not in English


def row(text: str) -> list[str]:
    """Words of a text in lower case, characters of a run of CJK one by one."""
    out: list[str] = []
    for piece in words.pieces(text, placeholders=False):
        for word in piece:
            out += word if words.has_cjk(word) else (word,)
    return out


@lru_cache(maxsize=4)
def read(report: Report) -> Text:
    """The words of a report as its texts are looked for."""
    quoted = [m.text for m in report.mentions if m.kind == MentionKind.QUOTED]
    prose = [report.title]
    for r in report.regions:
        if r.kind in (RegionKind.LOG, RegionKind.TRACE):
            quoted += r.text.split("\n")
        elif r.kind == RegionKind.PROSE:
            prose += r.text.split("\n")
    quoted += (m for line in prose for m in _QUOTED.findall(line[:4_000]))
    one, two = (_rows(lines) for lines in (quoted, prose))
    return Text(one, two, frozenset((one + two).split()), foreign("\n".join(prose)))


def _rows(lines: Sequence[str]) -> str:
    return "".join(f" {' '.join(row(line))} \n" for line in lines)[:_MOST_TEXT]


def foreign(text: str) -> bool:
    """Whether a text is not in English, as far as its letters and its small words say."""
    letters = _LETTER.findall(text[:20_000])
    latin = [w.lower() for w in _LATIN.findall(text[:20_000])]
    if sum(map(len, latin)) < (1 - FOREIGN) * len(letters):
        return True
    if sum(w in words.STOP for w in latin) >= SMALL * len(latin):
        return False
    return sum(w in _ENGLISH for w in latin) < ENGLISH * len(latin)


def whole(entry: Entry, text: Text) -> Found | None:
    """The entry, if all of it stands on a line of the report, with anything in the place of placeholders."""
    rows = _pieces(entry.text)
    size = sum(map(len, rows))
    if size < LEAST or not all(w in text.words for p in rows for w in p):
        return None
    if size == LEAST and any(map(words.has_cjk, rows[0])):
        return None  # two characters are one word
    share = 1 - 1 / size
    pieces = [" ".join(p) for p in rows]
    if words.stands(pieces, text.quoted):
        return Found(entry, share, True)
    told = size >= LEAST_TOLD and words.stands(pieces, text.told)
    return Found(entry, TOLD * share, True) if told else None


# Of Laravel and Drupal (`:name`, `@name`), of Python and Ruby (`%(name)s`, `%{name}`), of ICU, nested by one level.
_PLACEHOLDER = pattern(
    r"(?<![\w:@!%])[:@!]\w{1,40}|%\(\w{1,40}\)\w|%\{\w{1,40}\}|\{\w{1,40},(?:[^{}]|\{[^{}]*\})*\}|%\d{1,2}\$\w|%@"
)


@lru_cache(maxsize=100_000)
def _pieces(text: str) -> tuple[tuple[str, ...], ...]:
    text = _PLACEHOLDER.sub("{}", text)
    return tuple(tuple(r) for p in words.pieces(text) if (r := row(" ".join(p))))


def near(entries: Sequence[Entry], text: Text, language: str) -> list[Found]:
    """Entries of one language that share most of their words with the report, by rarity among the entries."""
    stemmer = _stemmer(language)
    mine = frozenset(_terms(text.told.split() + text.quoted.split(), stemmer))
    rows = [(e, frozenset(_terms(row(e.text[:400]), stemmer))) for e in entries]
    df = Counter(t for _, terms in rows for t in terms)
    out = []
    for entry, terms in rows:
        common = terms & mine
        if len(common) < LEAST_COMMON:
            continue
        rarity = {t: log(1 + len(rows) / df[t]) for t in sorted(terms)}
        shared = sum(rarity[t] for t in sorted(common))
        share = shared / sum(rarity.values())
        if share >= COVERED:
            found = Found(entry, NEAR * share * (1 - 1 / (1 + len(common))), False)
            out.append((-shared * found.weight, entry.line, found))
    return [f for *_, f in sorted(out, key=lambda x: x[:2])[:MOST]]


def _terms(tokens: Sequence[str], stemmer: Stemmer.Stemmer | None) -> list[str]:
    """Stems of words; of CJK, pairs of neighbouring characters."""
    out = []
    for a, b in pairwise([*tokens, ""]):
        if words.has_cjk(a):
            if b and words.has_cjk(b):
                out.append(a + b)
        elif len(a) > 1:
            out.append(stemmer.stemWord(a) if stemmer else a)
    return out


@lru_cache(maxsize=64)
def _stemmer(language: str) -> Stemmer.Stemmer | None:
    """Snowball's stemmer of a language, where this version has one."""
    name = _STEMMERS.get(language)
    return Stemmer.Stemmer(name, 0) if name in Stemmer.algorithms() else None
