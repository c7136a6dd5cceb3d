"""The offline summariser: deterministic English for a file, a directory and a repository.

Every statement traces to a field of `Facts`, a path, a README or a manifest; nothing is inferred beyond
what a name says. Lists shrink until a text fits its bound: long inputs lose detail, no sentence its end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from summaries.offline import manifest
from summaries.offline import role as roles
from summaries.offline import vocabulary as v
from summaries.offline.file import doc, file_summary, fitted, language, main_type, talk
from summaries.offline.readme import first_paragraph
from summaries.offline.text import clip, counted, listing, lowered, name, plain, unique, words
from summaries.types import Endpoint, Facts, Topic

__all__ = ["directory_summary", "file_summary", "repository_summary"]

DIRECTORY, REPOSITORY = 800, 1500  # characters at most

_BELOW = "Directories in it"


def _traffic(facts: Iterable[Facts]) -> tuple[list[Endpoint], list[Endpoint], list[Topic]]:
    serves, calls, topics = list[Endpoint](), list[Endpoint](), list[Topic]()
    for f in facts:
        serves += f.serves
        calls += f.calls
        topics += f.topics
    return serves, calls, topics


def _aside(path: str) -> bool:
    """Whether a path lies in examples, documents or others' code, which a repository isn't about."""
    return not v.ASIDE.isdisjoint(roles.folders(path))


def _themes(files: Iterable[tuple[str, Facts]], size: int) -> list[str]:
    """Words that recur in the names of files and types, those of the most files first."""
    seen: Counter[str] = Counter()
    for path, facts in files:
        named = [roles.stem(path), *(s.name for s in facts.symbols if s.kind in v.TYPE_KINDS)]
        seen.update({w.lower() for n in named for w in words(n) if len(w) > 2} - v.COMMON)
    ranked = [w for w, n in sorted(seen.items(), key=lambda i: (-i[1], i[0])) if n > 1]
    return [w for w in ranked if not (w.endswith("s") and w[:-1] in seen)][:size]


def _gist(summary: str, limit: int) -> str:
    """The first sentences of a directory's summary as clauses, without its title and what lies below it."""
    first, *more = plain(summary).rstrip(".").split(". ")
    title, colon, rest = first.partition(": ")
    gist = rest if colon and " " not in title else lowered(first)
    for sentence in more:
        if len(gist) + len(sentence) + 2 > limit or sentence.startswith((_BELOW, "Recurring words")):
            break
        gist += f"; {sentence[:1].lower()}{sentence[1:]}"
    return clip(gist, limit)


def _label(path: str, summary: str) -> str:
    """A directory's name, with those of the directories that it only leads to: 'java/com/shop'."""
    title = plain(summary).partition(": ")[0]
    base = name(PurePosixPath(path).name, 40)
    return name(title, 60) if title.startswith(f"{base}/") and " " not in title else base


def _below(directories: Sequence[tuple[str, str]], most: int, limit: int) -> str:
    """'api (3 controllers); domain (4 data models); and 2 more directories'."""
    told = [f"{_label(p, s)} ({_gist(s, limit)})" for p, s in directories[:most]]
    rest = len(directories) - most
    return "; ".join(
        [*told, f"and {counted(rest, 'more directory', 'more directories')}"] if rest > 0 else told
    )


def directory_summary(
    path: str, files: Sequence[tuple[str, Facts]], subdirs: Sequence[tuple[str, str]]
) -> str:
    """What a directory holds: files by role, their routes and topics, sub-directories (<= 800 characters)."""
    files, subdirs = sorted(files, key=lambda f: f[0]), sorted(subdirs)
    title = name(PurePosixPath(path).name, 60) or "top level"
    if not files and len(subdirs) == 1 and title != "top level":
        ((below, summary),) = subdirs  # a directory that only leads to another
        label, text = _label(below, summary), plain(summary)
        return clip(
            f"{title}/{label}{text.removeprefix(label)}"
            if text.startswith(f"{label}: ")
            else f"{title}/{text}",
            DIRECTORY,
        )
    playing = [(p, f, roles.role(p, f)) for p, f in files]
    played = sorted(Counter(r for _, _, r in playing).items(), key=lambda i: (-i[1], i[0].one))
    kinds = [f"{n:,} {r.many}" if n > 1 else r.one for r, n in played if len(played) > 1 or r is not v.PLAIN]
    tongues = Counter(language(f.language) for _, f in files if f.language)
    spoken = [t for t, _ in sorted(tongues.items(), key=lambda i: (-i[1], i[0]))]
    code = [(p, f) for p, f, r in playing if r is not v.TEST]
    types = sorted((s.start - s.end, name(s.name)) for p, f in code if (s := main_type(p, f)))
    told = [f"{name(PurePosixPath(p).name, 50)}: {d}" for p, f in code if (d := doc(p, f, 100))]
    tested = unique(clip(roles.subject(p, r)[0], 40) for p, _, r in playing if r is v.TEST)
    traffic = _traffic(f for _, f in files)

    def compose(size: int) -> list[str]:
        first = (
            f"{title}: {counted(len(files), 'file')}"
            if files
            else f"{title}: {counted(len(subdirs), 'directory', 'directories')}"
        )
        first += f" in {listing(spoken, 3)}" if spoken else ""
        first += f", holding {listing(kinds, size)}" if kinds else ""
        first += f", {listing([_label(p, s) for p, s in subdirs], size)}" if not files and subdirs else ""
        themes = _themes(files, size) if len(files) > 3 else []
        return [
            first,
            talk(*traffic, size),
            f"defines {listing(unique(n for _, n in types), size)}" if types else "",
            f"tests of {listing(tested, size)}" if tested else "",
            f"in particular, {'; '.join(told[: size // 2])}" if told[: size // 2] else "",
            f"recurring words: {', '.join(themes)}" if themes else "",
            f"{_BELOW}: {_below(subdirs, size * 2, 40 + 10 * size)}" if subdirs else "",
        ]

    return fitted(DIRECTORY, compose, 8)


def repository_summary(
    name_: str,
    readme: str,
    manifests: Sequence[tuple[str, str]],
    directories: Sequence[tuple[str, str]],
    facts: Iterable[tuple[str, Facts]],
) -> str:
    """What a repository says of itself, is written in, holds, serves and uses (<= 1,500 characters)."""
    lines: Counter[str] = Counter()
    kept: list[tuple[str, Facts]] = []
    for path, f in facts:
        if f.language and roles.role(path, f) not in (v.DOCUMENT, v.SETTINGS):
            lines[language(f.language)] += max(f.lines, 0)
        if not roles.is_test(path) and not _aside(path):
            kept.append((path, f))
    kept.sort(key=lambda item: item[0])
    total = sum(lines.values())
    shares = [(t, 100 * n // total) for t, n in sorted(lines.items(), key=lambda i: (-i[1], i[0])) if n]
    ordered = sorted(manifests, key=lambda m: (m[0].count("/"), m))
    declared = [d for p, t in ordered if not _aside(p) and (d := manifest.read(p, t))]
    about = clip(first_paragraph(readme), 420)
    said = unique(clip(d.description, 150) for d in declared if d.description not in about)
    # What a part of it says of itself is not what the whole is for.
    whole = next(
        (d.description for p, t in ordered if "/" not in p and (d := manifest.read(p, t)) and d.description),
        "",
    )
    head = about or clip(whole, 150)
    said = [s for s in said if s != head]
    traffic = _traffic(f for _, f in kept)

    def compose(size: int) -> list[str]:
        names = [
            f"{kind} {listing(unique(n for d in declared if d.kind == kind for n in d.names), size)}"
            for kind in unique(d.kind for d in declared if d.names)
        ]
        themes = _themes(kept, size)
        return [
            f"{name(name_, 100)}: {head}" if head else name(name_, 100),
            f"in its manifests: {'; '.join(said[:2])}" if said else "",
            f"declares {listing(names, size)}" if names else "",
            f"written in {listing([f'{t} ({n}%)' for t, n in shares if n >= 5], 4)}" if shares else "",
            talk(*traffic, size),
            f"recurring words: {', '.join(themes)}" if themes else "",
            f"main directories: {_below(sorted(directories), size * 2, 50 + 10 * size)}"
            if directories
            else "",
        ]

    return fitted(REPOSITORY, compose, 10)
