"""The top of the tree: what a system of repositories is, who serves whom, and which words mean which part.

Every repository hands up what it shows to others (`Outside`, made when it is indexed); the links between them
are worked out once for all. The text is composed of those that a reader may see.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from summaries.offline import kind as kinds
from summaries.offline import vocabulary as v
from summaries.offline.directory import name_words
from summaries.offline.prose import sentences
from summaries.offline.text import capital, clip, counted, listing, unique, words
from summaries.system import Member, Outside, System, Use
from summaries.types import Facts, Literal

LIMIT = 12_000  # characters of a system summary at most
SHOWN = 300  # names of each sort that a repository hands up (a guess: more never linked anything new)
WORDS = 40  # words of a repository that are weighed
OWN_WORDS = 5  # of these, words that stand for it in the text


def outside(summary: str, facts: Mapping[str, Facts]) -> Outside:
    """What a repository hands up; tests, documents and generated code don't speak for it."""
    spoken = [
        (p, kinds.without_tests(f))
        for p, f in sorted(facts.items())
        if not kinds.is_test(p, f.language) and kinds.file_kind(p, f) not in (v.DOCUMENT, v.GENERATED)
    ]
    by_language: dict[str, list[Facts]] = defaultdict(list)
    for _, f in spoken:
        by_language[f.language].append(f)
    seen: Counter[str] = Counter()
    for path, f in spoken:
        if kinds.file_kind(path, f) not in v.FILES:
            seen.update(w for w in name_words(path, f) if not w.isdigit())
    common = sorted(seen.items(), key=lambda i: (-i[1], i[0]))[:WORDS]
    return Outside(
        purpose_of(summary),
        tuple(common),
        tuple(_shown(lang, fs) for lang, fs in sorted(by_language.items())),
    )


def purpose_of(summary: str) -> str:
    """The first sentences of a repository's summary, without its name."""
    first, colon, rest = summary.partition(": ")
    told = sentences(rest if colon and " " not in first else summary)
    return clip(told[0], 260) if told else ""


def _shown(language: str, facts: Sequence[Facts]) -> Facts:
    """Of the files of one language all that can link them to other repositories, each once."""
    texts = unique(s.text for f in facts for s in f.strings if _may_link(s.text))
    return Facts(
        language,
        0,
        imports=tuple(sorted(unique(i for f in facts for i in f.imports))[:SHOWN]),
        strings=tuple(Literal(0, t) for t in sorted(texts)[:SHOWN]),
        serves=tuple({(e.method, e.route): e for f in facts for e in f.serves}.values())[:SHOWN],
        calls=tuple({(e.method, e.route): e for f in facts for e in f.calls}.values())[:SHOWN],
        topics=tuple({(t.role, t.name): t for f in facts for t in f.topics}.values())[:SHOWN],
    )


def _may_link(text: str) -> bool:
    return 4 <= len(text) <= 120 and " " not in text and any(c in text for c in "/-_:")


def compose(system: System, visible: Iterable[str] | None = None, limit: int = LIMIT) -> str:
    """The text: what the whole is, its layers, and a line for each repository. `visible`: all unless given."""
    there = sorted(system.parts if visible is None else set(visible) & system.parts.keys())
    if not there:
        return ""
    if system.written and len(there) == len(system.parts):
        return system.written
    uses = [u for u in system.uses if u.source in there and u.target in there]
    own = distinctive({n: system.parts[n] for n in there})
    short = _short(there)
    lines = [_head(there), *_layers(there, uses, short)]
    lines += [_line(name, system.parts[name], uses, own[name], short) for name in there]
    while sum(map(len, lines)) + len(lines) > limit and len(lines) > 2:
        lines = [clip(x, max(60, len(x) * 3 // 4)) for x in lines] if len(lines[-1]) > 80 else lines[:-1]
    return "\n".join(lines)


def _head(names: Sequence[str]) -> str:
    owners = Counter(n.rpartition("/")[0] for n in names)
    owners.pop("", None)
    of = f" of {listing([o for o, _ in owners.most_common(4)], 4, len(owners))}" if owners else ""
    return f"A system of {counted(len(names), 'repository', 'repositories')}{of}."


def _layers(names: Sequence[str], uses: Sequence[Use], short: Mapping[str, str]) -> list[str]:
    """Which repositories use others and are used by none, which are between, and which all others build on."""
    users, used = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for u in uses:
        users[u.target].add(u.source)
        used[u.source].add(u.target)
    top = [n for n in names if used[n] and not users[n]]
    between = [n for n in names if used[n] and users[n]]
    base = [n for n in names if users[n] and not used[n]]
    alone = [n for n in names if not users[n] and not used[n]]
    said = (
        ("On top, using others and used by none", top),
        ("Between, using and used", sorted(between, key=lambda n: (-len(users[n]), n))),
        ("At the bottom, used by others", sorted(base, key=lambda n: (-len(users[n]), n))),
        ("Linked to no other", alone if uses else []),
    )
    return [f"{title}: {', '.join(short[n] for n in some)}." for title, some in said if some]


def _short(names: Iterable[str]) -> dict[str, str]:
    """Names without their owners where that leaves them apart."""
    names = list(names)
    last = Counter(n.rpartition("/")[2] for n in names)
    return {n: (n.rpartition("/")[2] if last[n.rpartition("/")[2]] == 1 else n) for n in names}


_HOW = {"http": "calls", "topic": "sends messages to", "import": "builds on", "host": "reaches"}


def _line(name: str, part: Member, uses: Sequence[Use], own: Sequence[str], short: Mapping[str, str]) -> str:
    """'- orders: Takes orders. Calls payments; builds on commons. Used by page. Words: basket, order.'"""
    said = [part.purpose.rstrip(". ")] if part.purpose else []
    how: dict[str, list[Use]] = defaultdict(list)
    for u in uses:
        if u.source == name:
            how[u.kind].append(u)
    does = [
        f"{_HOW.get(kind, kind)} {listing([short[u.target] for u in sorted(some, key=lambda u: (-u.sites, u.target))], 8)}"
        for kind, some in sorted(how.items())
    ]
    if does:
        said.append(capital("; ".join(does)))
    if by := unique(
        short[u.source] for u in sorted(uses, key=lambda u: (-u.sites, u.source)) if u.target == name
    ):
        said.append(f"Used by {listing(by, 8)}")
    if own:
        said.append(f"Its words: {', '.join(own)}")
    return f"- {name}: {'. '.join(said)}." if said else f"- {name}."


def distinctive(parts: Mapping[str, Member], most: int = OWN_WORDS) -> dict[str, list[str]]:
    """Of each repository the words that its siblings use least, weighed by how many of its files have them."""
    holders: Counter[str] = Counter()
    for part in parts.values():
        holders.update(w for w, _ in part.words)
    out: dict[str, list[str]] = {}
    for name, part in parts.items():
        known = {w.lower() for w in words(name)}
        scored = [
            (n / (holders[w] ** 2), w)
            for w, n in part.words
            if w not in known and holders[w] * 3 <= max(3, len(parts))
        ]
        out[name] = [w for _, w in sorted(scored, key=lambda x: (-x[0], x[1]))[:most]]
    return out
