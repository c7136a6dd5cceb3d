"""Text to terms: how code and reports become comparable words.

An identifier counts whole and in its camel- and snake-case parts, lower-cased and stemmed (Snowball
English); stop words of English and one-letter terms are dropped. Terms live in the index as
xxhash values cut to 48 bits, so no vocabulary is stored: that any two of a million distinct terms collide has a
chance of 0.2 %.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache

import numpy as np
import Stemmer
from numpy.typing import NDArray
from xxhash import xxh3_64_intdigest

Hashes = NDArray[np.uint64]

_TOKEN = re.compile(r"[^\W\d_][\w$]*|\d[\w.]*\w|[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]+", re.UNICODE)
_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_a-zA-Z]+")
_SENTENCE = re.compile(r"[.!?;:,()\[\]{}\"\n]+")
_ALPHA = re.compile(r"[^\W\d_]+")
_STEM = Stemmer.Stemmer("english", 0)

BITS = 48  # of a term's key
LONG = 200  # characters; longer tokens are not remembered: a stranger could fill the memory with them

STOP = frozenset(
    "a about above after again against all also am an and any are as at be because been before being below "
    "between both but by can cannot could did do does doing done down during each etc few for from further "
    "get gets getting got had has have having he her here hers him his how however i if in into is isn it its "
    "itself just let like ll may me might more most must my need no nor not now of off on once one only onto or "
    "other our ours out over own please re same shall she should so some such than that the their theirs them "
    "then there these they thing this those though through to too under until up upon us use used uses using "
    "ve very via want was we were what when where whether which while who whom why will with within without "
    "would yet you your yours".split()
)


def tokens(text: str) -> list[str]:
    """Raw tokens in order: identifiers, numbers with letters or dots, runs of CJK characters."""
    return _TOKEN.findall(text)


def token_rows(texts: Sequence[str]) -> Iterator[str]:
    """Raw tokens of some texts that have no line end in them, "\\n" after those of each, in one pass."""
    return iter(_token_or_end().findall("".join([f"{t}\n" for t in texts])))


# Patterns with large sets of characters take a millisecond or two to compile: those that few need wait for them.


@cache
def _token_or_end() -> re.Pattern[str]:
    return re.compile(rf"{_TOKEN.pattern}|\n", re.UNICODE)


@cache
def _cjk() -> re.Pattern[str]:
    return re.compile(r"[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]+")


def terms_of(token: str) -> tuple[str, ...]:
    """The terms of one token: the stemmed whole first, then its stemmed parts where it has several.

    Runs of CJK characters become overlapping bigrams (no dictionary needed; Lee & Ahn, SIGIR 1996).
    """
    return _term_cache(token) if len(token) <= LONG else _terms_of(token)


def is_cjk(token: str) -> bool:
    """Whether a token is a run of Chinese, Japanese or Korean characters."""
    return not token.isascii() and bool(_cjk().fullmatch(token))


def has_cjk(text: str) -> bool:
    """Whether a text has a Chinese, Japanese or Korean character."""
    return not text.isascii() and bool(_cjk().search(text))


def _terms_of(token: str) -> tuple[str, ...]:
    if is_cjk(token):
        return tuple(token[i : i + 2] for i in range(max(1, len(token) - 1)))
    whole = token.lower().strip("_$.")
    if len(whole) < 2 or whole in STOP or len(whole) > 80:
        return ()
    if token.isascii() and token.isalpha() and (token.islower() or token[1:].islower()):
        return (_STEM.stemWord(whole),)  # most words of a text: no parts to look for
    parts = _PARTS.findall(token)
    if len(parts) <= 1:
        return (_STEM.stemWord(whole),)
    return (_STEM.stemWord(whole.replace("_", "")), *[t for p in parts if (t := _part(p))])


_term_cache = lru_cache(maxsize=200_000)(_terms_of)


@lru_cache(maxsize=50_000)
def _part(part: str) -> str:
    """The term of a part, which identifiers share; "" for a letter and a stop word."""
    small = part.lower()
    return _STEM.stemWord(small) if len(small) > 1 and small not in STOP else ""


def terms(text: str) -> Iterator[str]:
    """All terms of a text, in order, with repetitions."""
    for token in _TOKEN.findall(text):
        yield from terms_of(token)


def key(term: str) -> int:
    """The key of a term: the upper 48 bits of its xxh3, because nothing makes them smaller on disk."""
    return xxh3_64_intdigest(term.encode("utf-8", "surrogatepass")) >> 64 - BITS


def keys_of(token: str) -> tuple[int, ...]:
    """Keys of `terms_of(token)`."""
    return _key_cache(token) if len(token) <= LONG else _keys_of(token)


def _keys_of(token: str) -> tuple[int, ...]:
    return tuple(key(t) for t in terms_of(token))


_key_cache = lru_cache(maxsize=200_000)(_keys_of)


def count(text: str) -> Counter[int]:
    """Term keys of a text and how often each occurs. Empty for an empty text."""
    seen: Counter[int] = Counter()
    for token, n in Counter(_TOKEN.findall(text)).items():
        for k in keys_of(token):
            seen[k] += n
    return seen


def compounds(text: str) -> Counter[int]:
    """Keys of neighbouring words written as one: "auto event" finds `AutoEvent` and `autoevent.go`.

    Two words, or three with a stop word between ("store and forward"), within a sentence.
    """
    seen: Counter[int] = Counter()
    for sentence in _SENTENCE.split(text):
        row = [w.lower() for w in _ALPHA.findall(sentence)]
        for i, word in enumerate(row):
            if word in STOP or len(word) < 2:
                continue
            for j in (i + 1, i + 2):
                if (
                    j < len(row)
                    and row[j] not in STOP
                    and len(row[j]) > 1
                    and (j == i + 1 or row[i + 1] in STOP)
                ):
                    seen[key(_STEM.stemWord("".join(row[i : j + 1])))] += 1
    return seen


def hashes(names: Iterable[str]) -> Hashes:
    """Keys of terms or marks as a uint64 vector, in the order given."""
    return np.fromiter((key(n) for n in names), np.uint64)


# --- marks: exact things that a report can name ---------------------------------------------------------
# A mark is a namespaced string, hashed like a term and kept in its own postings:
#   n:Name          a defined name, case kept             q:Type.member   a qualified name
#   s:a b c         three words in a row of one string literal
#   r:/orders/{}    a served or called route, parameters blanked     t:topic     k:config.key

_PLACEHOLDER = re.compile(r"%[-+ #0-9.]*[a-zA-Z]|\{[^{}]*\}|\$\{[^{}]*\}|\$\w+|<[^<>]*>|\\[nrt\"']")
_WORD = re.compile(r"[^\W_]+")


def pieces(text: str, placeholders: bool = True) -> list[list[str]]:
    """Lower-cased words of a message, cut at its placeholders."""
    out: list[list[str]] = []
    for piece in _PLACEHOLDER.split(text) if placeholders else (text,):
        if piece.isascii():  # elsewhere small letters may be other words: a dotted I becomes two characters
            found = _WORD.findall(piece.lower())
        else:
            found = [w.lower() for w in _WORD.findall(piece)]
        if found:
            out.append(found)
    return out


def stands(rows: Sequence[str], text: str) -> bool:
    """Whether the pieces of a message stand in this order on one line of a text.

    A piece is words in a row; every word of the text has a space on both sides.
    """
    at = text.find(f" {rows[0]} ")
    for _ in range(20):  # places where it may begin
        if at < 0:
            return False
        end = text.find("\n", at)
        here = at + len(rows[0]) + 1
        for row in rows[1:]:
            here = text.find(f" {row} ", here, end)
            if here < 0:
                break
            here += len(row) + 1
        else:
            return True
        at = text.find(f" {rows[0]} ", at + 1)
    return False


def phrases(text: str, size: int = 3) -> list[str]:
    """Runs of `size` lower-cased words of a message, none across a placeholder."""
    return [" ".join(p[i : i + size]) for p in pieces(text) for i in range(len(p) - size + 1)]


_PARAM = re.compile(r"^(?::.+|\{.*\}|<.*>|\*.*|%[a-z]|\d+|[0-9a-fA-F-]{16,})$")


def route_key(route: str) -> str:
    """A route with scheme, host, query and parameters blanked: 'http://h:1/a/7?x' and '/a/{id}' agree."""
    path = re.sub(r"^[a-zA-Z][\w+.-]*://[^/]*", "", route).split("?")[0].split("#")[0]
    return "/" + "/".join("{}" if _PARAM.match(p) else p.lower() for p in path.split("/") if p)
