"""Small pieces of English for the offline summaries: cleaned quotations, split identifiers, lists, bounds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

LONG = 200  # characters; longer names are not remembered: a stranger could fill the memory with them

_CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff\ud800-\udfff]+"
)
_SPACES = re.compile(r"\s+")
_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_MARGIN = re.compile(
    r"^[ \t]*(?:/\*+|\*+/|\*(?!\*)|//[/!]?|#+(?=\s)|--(?=\s)|;+(?=\s)|\"\"\"|''')[ \t]*|\*+/[ \t]*$", re.M
)
_JAVADOC = re.compile(r"\{@\w+ ([^{}]{0,200})\}")
_TAGS = re.compile(r"</?[A-Za-z][^<>\n]{0,300}>")
_ROLES = re.compile(r":[a-z]{1,12}:`[~!]?([^`\n]{1,120})`")
_MEMBERS = re.compile(r"(?:^|\s)[@\\](?:param|return|returns|throws|raises|see|since|author|type|template)\b")
_PACKAGE = re.compile(r"^(?:Package|Command) \w{1,60} (?:is )?(?=[a-z])")  # how Go's package comments begin
_STOPS = re.compile(r"[.!?](?=\s+[^\sa-z]|\s*$)|[。！？]")
_ABBREVIATED = ("e.g.", "i.e.", "etc.", "vs.", "cf.", "resp.", "approx.", "no.", "incl.")
_NOT_PROSE = re.compile(
    r"copyright|licen[sc]ed? |spdx-|all rights reserved|free software|code generated|do not edit"
    r"|eslint|tslint|prettier-|pylint|noqa|nolint|@ts-|jshint|istanbul|vim:|-\*-|clang-format|<\?xml|#!"
    r"|[a-z]+-lint-(?:ignore|disable)|swiftlint|ktlint|phpcs:|phpstan-|psalm-|biome-ignore|oxlint|rubocop|ignore_for_file"
    r"|coverage:ignore|resharper |nullable (?:disable|enable)|pragma warning|credo:|cspell:"
    r"|^#?!?\[(?:allow|warn|deny|expect|forbid|cfg|feature|doc|no_std|recursion_limit)\b|^\W*(?:todo|fixme|hack|xxx)\b"
)  # of small letters: see `prose`


def plain(text: str) -> str:
    """One line: control and direction characters gone, runs of white space made one space."""
    if text.isascii() and text.isprintable() and "  " not in text:  # nearly all that is asked
        return text.strip()
    return _SPACES.sub(" ", _CONTROL.sub(" ", text)).strip()


def clip(text: str, limit: int) -> str:
    """At most `limit` characters, cut between words where that loses little, with an ellipsis."""
    if len(text) <= limit:
        return text
    cut = text[: max(0, limit - 1)]
    space = cut.rfind(" ")
    if space > len(cut) * 2 // 3:
        cut = cut[:space]
    return cut.rstrip(" ,;:(.-") + "…" if limit else ""


@lru_cache(maxsize=1 << 13)
def name(text: str, limit: int = 60) -> str:
    """An identifier, a route or a key as it is shown: one line, bounded."""
    return clip(plain(text), limit)


def words(identifier: str) -> list[str]:
    """The words of an identifier, lower-cased but for acronyms: 'StoreAndForward' -> store, and, forward."""
    return list(_word_cache(identifier) if len(identifier) <= LONG else _words(identifier))


def _words(identifier: str) -> Sequence[str]:
    text = plain(identifier)
    if not text.isascii():
        return [w.lower() for w in re.split(r"[\W_]+", text) if w]
    parts = _PARTS.findall(text)
    if text.upper() == text:
        return [p.lower() for p in parts]
    return [p if len(p) > 1 and p.isupper() else p.lower() for p in parts]


_word_cache = lru_cache(maxsize=1 << 15)(_words)


def spaced(identifier: str, limit: int = 80) -> str:
    """An identifier as words: 'StoreAndForward' -> 'store and forward'."""
    return clip(" ".join(words(identifier)), limit)


def listing(items: Sequence[str], limit: int, total: int = 0) -> str:
    """'a, b and c', or 'a, b and 3 more' beyond `limit`. `total` counts unlisted items too."""
    total = max(total, len(items))
    shown = list(items[:limit])
    rest = total - len(shown)
    if rest > 0:
        return f"{', '.join(shown)} and {rest:,} more" if shown else f"{rest:,}"
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def unique(items: Iterable[str]) -> list[str]:
    """First occurrences, in order, empty ones dropped."""
    return list(dict.fromkeys(i for i in items if i))


def capital(text: str) -> str:
    """The first letter made a capital."""
    return text[:1].upper() + text[1:]


def lowered(text: str) -> str:
    """The first letter made small, unless the first word looks like a name, an acronym or part of a title."""
    first, _, rest = text.partition(" ")
    plain_word = first == "A" or first[1:].islower()
    return text[:1].lower() + text[1:] if plain_word and not rest[:1].isupper() else text


def unnested(text: str) -> str:
    """A text that will stand in parentheses: without those that it has, closed or cut off."""
    kept, depth = list[str](), 0
    for piece in re.split(r"( ?\(|\))", text):
        if piece in ("(", " ("):
            depth += 1
        elif piece == ")":
            depth = max(0, depth - 1)
        elif depth == 0:
            kept.append(piece)
    return plain("".join(kept))


def counted(number: int, one: str, many: str = "") -> str:
    """'1 file', '3 files'."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


_OTHERS = re.compile(r"[^A-Za-z]+")


def _letters(text: str) -> int:
    return len(_OTHERS.sub("", text)) if text.isascii() else sum(map(str.isalpha, text))


_LINKED = re.compile(r"!?\[([^\[\]\n]{0,200})\]\([^()\n]{0,400}\)")


@lru_cache(maxsize=1 << 12)
def first_sentence(text: str, limit: int = 180) -> str:
    """The first sentence of a doc comment, without comment signs, tags and trailing full stop.

    Empty for licence headers, tool directives and anything that has no three words of prose.
    """
    if not text:
        return ""
    head = text[:2000]
    head = _LINKED.sub(r"\1", _MARGIN.sub("", head))
    head = _ROLES.sub(r"\1", _JAVADOC.sub(r"\1", head))
    head = _PACKAGE.sub("", plain(_TAGS.sub(" ", head)).replace("``", "`"))
    if found := _MEMBERS.search(head):
        head = head[: found.start()]
    end = len(head)
    for stop in _STOPS.finditer(head):
        if not head[: stop.end()].lower().endswith(_ABBREVIATED):
            end = stop.start()
            break
    sentence = head[:end].strip(" -–—:.;*=#~_")
    if _NOT_PROSE.search(head[:200].lower()) or _letters(sentence) < 8 or " " not in sentence:
        return ""
    return clip(sentence, limit)
