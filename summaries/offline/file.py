"""A file in one to four sentences, from its parsed facts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from summaries.offline import kind as kinds
from summaries.offline import vocabulary as v
from summaries.offline.behaviour import behaviours, fresh
from summaries.offline.imports import used
from summaries.offline.remembered import remembered
from summaries.offline.text import capital, clip, first_sentence, listing, lowered, name, plain, unique, words
from summaries.types import Endpoint, Facts, Symbol, Topic

LIMIT = 700  # characters of a file's summary at most

_CALLABLE = ("function", "method")
_SENTENCE = re.compile(r"[A-Za-z][\w'’-]*(?: [\w'’(),-]+){2,12}")
_GAPS = re.compile(r"%[-+0-9.]{0,6}[a-z]|\{[^{}]{0,40}\}|\$\w{1,30}|['\"`]")  # holes of a message
_BARE_HOST = re.compile(r"[a-z][\w+.-]{0,20}://[^/?#\s]{1,200}/?")
_HOST_OF_HOLES = re.compile(r"[a-z][\w+.-]{0,20}://[^/?#\s]{0,200}[{}$<>%*][^/?#\s]{0,200}/?")
_SPOKEN = {
    "csharp": "C#",
    "c_sharp": "C#",
    "cpp": "C++",
    "fsharp": "F#",
    "objc": "Objective-C",
    "javascript": "JavaScript",
    "jsx": "JavaScript",
    "typescript": "TypeScript",
    "tsx": "TypeScript",
    "rst": "reStructuredText",
    "proto": "Protocol Buffers",
    "protobuf": "Protocol Buffers",
    "graphql": "GraphQL",
    "text": "plain text",
    "translation": "translations",
    "bash": "shell",
    "sh": "shell",
    "make": "Make",
    "cmake": "CMake",
} | {
    short: short.upper()
    for short in ("php", "sql", "yaml", "json", "toml", "xml", "html", "css", "scss", "hcl", "ini")
}


def language(identifier: str) -> str:
    """The name of a language as people write it, '' for none."""
    return _SPOKEN.get(identifier.lower()) or capital(name(identifier, 30))


def spoken_counts(counts: Mapping[str, int]) -> dict[str, int]:
    """Numbers by the names of languages, most first: .ts and .tsx are parsed apart, and are one language."""
    told: Counter[str] = Counter()
    for identifier, n in counts.items():
        told[language(identifier) or identifier] += n
    return dict(told.most_common())


def fitted(limit: int, compose: Callable[[int], list[str]], most: int) -> str:
    """The sentences of `compose(n)` for the largest list length n that fits, clipped where none does.

    The first sentence keeps its first letter: it may begin with a name.
    """
    text = ""
    for size in range(most, 0, -1):
        said = [f"{plain(s).rstrip('. ')}." for s in compose(size) if s]
        text = " ".join([*said[:1], *map(capital, said[1:])])
        if len(text) <= limit:
            return text
    return clip(text, limit)


def talk(serves: Iterable[Endpoint], calls: Iterable[Endpoint], topics: Iterable[Topic], size: int) -> str:
    """Whom code talks to: 'serves GET /a; calls POST /b; publishes to t; subscribes to u'."""
    named, called = list(topics), [e for e in calls if not _HOST_OF_HOLES.fullmatch(e.route)]
    said = (
        ("serves", [name(f"{e.method} {e.route}", 70) for e in serves]),
        ("calls", [name(f"{e.method} {e.route}", 70) for e in called if not _BARE_HOST.fullmatch(e.route)]),
        ("reaches", [name(e.route, 70) for e in called if _BARE_HOST.fullmatch(e.route)]),
        ("publishes to", [name(t.name) for t in named if t.role == "publish"]),
        ("subscribes to", [name(t.name) for t in named if t.role == "subscribe"]),
        ("names the topic", [name(t.name) for t in named if t.role not in ("publish", "subscribe")]),
    )
    return "; ".join(f"{verb} {listing(unique(items), size)}" for verb, items in said if any(items))


@lru_cache(maxsize=1 << 14)
def _flat(identifier: str) -> str:
    return "".join(words(identifier)).lower()


def main_type(path: str, facts: Facts) -> Symbol | None:
    """The type that bears the file's name, or else the one with the most members, or else the longest."""
    types = [s for s in facts.symbols if s.kind in v.TYPE_KINDS and s.name]
    if not types:
        return None
    title = _flat(kinds.stem(path))
    owners = Counter(s.qualname.rpartition(".")[0] for s in facts.symbols if s.kind in _CALLABLE)

    def rank(s: Symbol) -> tuple[bool, int, int, int, str]:
        return (
            _flat(s.name) != title,
            -owners[s.qualname],
            s.start - s.end,
            s.start,
            s.name,
        )

    return min(types, key=rank)


@remembered
def doc(path: str, facts: Facts, limit: int) -> str:
    """The file's own words for itself, ready to follow a colon; '' where it has none.

    Its leading comment, unless that is a symbol's; or the comment of the symbol that bears the file's name,
    or of its only type or function.
    """
    outer = [s for s in facts.symbols if s.name == s.qualname and s.kind not in ("constant", "field")]
    of_symbol = bool(facts.doc) and any(s.doc and s.doc[:60] == facts.doc[:60] for s in outer)
    title = _flat(kinds.stem(path))
    about = [s for s in outer if _flat(s.name) == title] or (outer if len(outer) == 1 else [])
    for text in ("" if of_symbol else facts.doc, *(s.doc for s in about)):
        if said := first_sentence(text, limit):
            named = facts.language in ("markdown", "rst") or said.split()[0] in {s.name for s in outer}
            return said if named else lowered(said)
    return ""


def _public(symbol: Symbol, facts: Facts) -> bool:
    if facts.language == "go":
        return symbol.name[:1].isupper()
    return not symbol.name.startswith(("_", "#")) and "private" not in symbol.signature[:40]


def _chosen(symbols: Sequence[Symbol], size: int, facts: Facts) -> str:
    """Up to `size` names in file order, public ones first and then the longest, and how many more."""
    ranked = sorted(symbols, key=lambda s: (not _public(s, facts), s.start - s.end, s.start, s.name))
    kept = {s.name for s in ranked[:size]}
    return listing(
        unique(name(s.name) for s in symbols if s.name in kept), size, len({s.name for s in symbols})
    )


def _offers(path: str, facts: Facts, size: int) -> str:
    """'class OrderService offers place and cancel; also defines enum Status', 'defines functions a and b'."""
    said: list[str] = []
    main = main_type(path, facts)
    symbols = [s for s in facts.symbols if s.name not in v.PLUMBING and not s.name.startswith("__")]
    offering = ""
    if main:
        inside = f"{main.qualname}."
        members = [
            s
            for s in symbols
            if s.kind in _CALLABLE and s.qualname.startswith(inside) and s.name != main.name
        ]
        offering = _chosen(members, size, facts)
        others = unique(
            f"{s.kind} {name(s.name)}" for s in symbols if s.kind in v.TYPE_KINDS and s.name != main.name
        )
        if offering:
            said.append(f"{main.kind} {name(main.name)} offers {offering}")
            said += [f"also defines {listing(others, size)}"] if others else []
        else:
            said.append(listing([f"{main.kind} {name(main.name)}", *others], size))
    loose = [s for s in symbols if s.kind in _CALLABLE and s.name == s.qualname]
    if loose:
        said.append(f"function{'s' * (len({s.name for s in loose}) > 1)} {_chosen(loose, size, facts)}")
    if not said:
        for kind in unique(s.kind for s in symbols)[:2]:
            names = unique(name(s.name) for s in symbols if s.kind == kind)
            said.append(f"{kind}{'s' * (len(names) > 1)} {listing(names, size)}")
    return "; ".join(said) if offering or not said else f"defines {'; '.join(said)}"


@remembered
def headline(path: str, facts: Facts) -> str:
    """Kind and subject: 'Order controller in Java', 'HTTP endpoints for orders in Go'."""
    kind = kinds.file_kind(path, facts)
    about, says = kinds.subject(path, kind)
    about = clip(about, 80)
    if says:
        head = about if kind.one.endswith(about.split()[-1]) else f"{about} ({kind.one})"
    else:
        head = kind.title.format(kind.one, about) if about else kind.one
    spoken = language(facts.language)
    return head if not spoken or kind in v.FILES else f"{head} in {spoken}"


def _cases(facts: Facts) -> list[str]:
    """What tests say they check: 'test_rejects_empty_basket' -> 'rejects empty basket'."""
    out = []
    for symbol in facts.symbols:
        said = words(symbol.name)
        if symbol.kind in _CALLABLE and len(said) > 1 and symbol.name not in v.PLUMBING:
            out.append(" ".join(said[1:] if said[0].lower() in ("test", "should") else said))
    return unique(clip(case, 70) for case in out)


def _details(facts: Facts, most: int, summary: str) -> str:
    """The doc comments of up to `most` functions, those left out that `said` has already."""
    told = [(s, d) for s in facts.symbols if s.kind in _CALLABLE and (d := first_sentence(s.doc, 110))]
    told = [(s, d) for s, d in told if lowered(d) not in summary and d not in summary]
    told.sort(key=lambda pair: (not _public(pair[0], facts), pair[0].start - pair[0].end, pair[0].start))
    details = unique(d if d.startswith(s.name) else f"{name(s.name, 40)}: {lowered(d)}" for s, d in told)
    return f"in particular, {'; '.join(details[:most])}" if details else ""


def _leaves(keys: Sequence[str]) -> list[str]:
    """Keys without those that only hold others: of 'a', 'a.b' the second."""
    holders = {key.rpartition(".")[0] for key in keys}
    return [name(key) for key in keys if key not in holders]


def _middle(path: str, facts: Facts, kind: v.FileKind, size: int) -> str:
    """The sentence on what is in the file, by the kind of file that it is."""
    if kind is v.TEST:
        said = [s.text for s in facts.strings if len(s.text) < 80 and _SENTENCE.fullmatch(s.text)]
        cases = _cases(facts) or unique(name(t, 70) for t in said)
        return f"checks: {listing(cases, size)}" if cases else _offers(path, facts, size)
    if kind in v.SETTING:
        keys, bases = unique(_leaves(facts.keys)), unique(name(i) for i in facts.imports)
        built = f"builds on {listing(bases, size)}" if kind is v.IMAGE and bases else ""
        return "; ".join(t for t in (built, f"sets {listing(keys, size * 2)}" if keys else "") if t)
    if kind is v.DOCUMENT:
        sections = unique(name(s.name, 50) for s in facts.symbols)
        return f"sections: {listing(sections, size)}" if sections else ""
    return _offers(path, facts, size)


def messages(facts: Facts, most: int) -> list[str]:
    """What it says to people and in logs: literals that read as sentences, the longest first."""
    said = unique(
        plain(s.text).strip(" .:")
        for s in facts.strings
        if 16 <= len(s.text) <= 100 and _SENTENCE.fullmatch(_GAPS.sub("x", s.text).strip(" .:!"))
    )
    return [clip(m, 70) for m in sorted(said, key=len, reverse=True)[:most]]


@remembered
def purpose(path: str, facts: Facts) -> str:
    """What a file is responsible for, ready to follow a colon: its own words, else what its functions do."""
    kind = kinds.file_kind(path, facts)
    if kind in v.FILES or kind is v.TEST:
        return doc(path, facts, 200)
    return doc(path, facts, 200) or listing_of(behaviours(facts.symbols, 3))


def listing_of(clauses: Sequence[str]) -> str:
    """Clauses that hold commas and 'and' themselves."""
    return "; ".join(clauses)


def file_summary(path: str, facts: Facts, repo: str) -> str:
    """One to five sentences on a file: what it is responsible for, what it does, whom it talks to (<= 700)."""
    facts = kinds.without_tests(facts)
    kind = kinds.file_kind(path, facts)
    head, about = headline(path, facts), purpose(path, facts)
    first = capital(f"{head}: {about}" if about else head)
    code = kind not in v.SETTING and kind is not v.DOCUMENT
    if kind is v.GENERATED:
        return clip(f"{first.rstrip('. ')}.", LIMIT)
    runs = code and kind is not v.TEST
    needs = (
        ("uses", used(facts, path, repo) if code else []),
        ("raises", unique(name(e) for e in facts.errors) if runs else []),
        ("reads the configuration", unique(name(k) for k in facts.keys) if code else []),
        ("says", [f'"{m}"' for m in messages(facts, 3)] if runs else []),
    )
    does = fresh(behaviours(facts.symbols, 6), f"{head} {about}") if runs else []
    said: list[str] = []

    def compose(size: int) -> list[str]:
        said[:] = [
            first,
            f"it {listing_of(does[:size])}" if does else "",
            _middle(path, facts, kind, size),
            talk(facts.serves, facts.calls, facts.topics, size),
            "; ".join(f"{verb} {listing(items, size)}" for verb, items in needs if items),
        ]
        return said

    text = fitted(LIMIT, compose, 6)
    if runs and not all(said):  # whatever the size, the same ones say nothing
        for most in (3, 2, 1):
            extra = capital(_details(facts, most, text))
            if extra and len(text) + len(extra) + 2 <= LIMIT:
                return f"{text} {extra}."
    return text
