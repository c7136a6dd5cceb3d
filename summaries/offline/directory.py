"""A directory in one to five sentences: what it is responsible for, and what in it does which part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from summaries.offline import kind as kinds
from summaries.offline import vocabulary as v
from summaries.offline.behaviour import behaviours, fresh
from summaries.offline.file import doc, fitted, headline, language, listing_of, purpose, talk
from summaries.offline.purpose import Claim, best
from summaries.offline.text import (
    capital,
    clip,
    counted,
    listing,
    lowered,
    name,
    plain,
    unique,
    unnested,
    words,
)
from summaries.paths import Role, base_name, role
from summaries.types import Endpoint, Facts, Topic

LIMIT = 800  # characters at most
OWN_WORDS = 200  # of these what a directory says of itself
_BELOW = "Below it"
_PACKAGE_DOCS = frozenset(
    ("doc.go", "package-info.java", "__init__.py", "mod.rs", "lib.rs", "index.ts", "index.js")
)

Files = Sequence[tuple[str, Facts]]


def traffic(facts: Iterable[Facts]) -> tuple[list[Endpoint], list[Endpoint], list[Topic]]:
    """Routes served, routes called and topics of several files."""
    serves, calls, topics = list[Endpoint](), list[Endpoint](), list[Topic]()
    for f in facts:
        serves += f.serves
        calls += f.calls
        topics += f.topics
    return serves, calls, topics


def name_words(path: str, facts: Facts) -> set[str]:
    """Words in the names of a file and its types that a person would find telling."""
    named = [kinds.stem(path), *(s.name for s in facts.symbols if s.kind in v.TYPE_KINDS)]
    return {w.lower() for n in named for w in words(n) if len(w) > 2} - v.COMMON


def themes(files: Iterable[tuple[str, Facts]], most: int, known: str = "") -> list[str]:
    """What code deals with: words that recur in names of its files and types and aren't `known`, the commonest first."""
    seen: Counter[str] = Counter()
    for path, facts in files:
        seen.update(name_words(path, facts))
    out: dict[str, None] = {}
    already = set(known.lower().split())
    for word, n in sorted(seen.items(), key=lambda i: (-i[1], i[0])):
        if n > 1 and word not in already and word.rstrip("s") not in out and f"{word}s" not in out:
            out[word] = None
        if len(out) >= most:
            break
    return list(out)


def gist(summary: str, limit: int) -> str:
    """A directory's responsibility as a clause: the first sentence without its title."""
    first = plain(summary).rstrip(".").partition(". ")[0]
    title, colon, rest = first.partition(": ")
    return clip(rest if colon and " " not in title else lowered(first), limit)


def label(path: str, summary: str) -> str:
    """A directory's name, with those of the directories that it only leads to: 'java/com/shop'."""
    title = plain(summary).partition(": ")[0]
    base = name(base_name(path), 40)
    return name(title, 60) if title.startswith(f"{base}/") and " " not in title else base


def parts(directories: Sequence[tuple[str, str]], most: int, limit: int, total: int = 0) -> str:
    """'api (takes orders); domain (rounds amounts); and 2 more directories'."""
    said = [f"{label(p, s)} ({clip(unnested(gist(s, LIMIT)), limit)})" for p, s in directories[:most]]
    rest = max(total, len(directories)) - len(said)
    return "; ".join(
        [*said, f"and {counted(rest, 'more directory', 'more directories')}"] if rest > 0 else said
    )


def claims(path: str, files: Files) -> Iterator[Claim]:
    """What the files right in a directory say of it: documentation of the package, and of the file of its name."""
    title = "".join(words(base_name(path))).lower()
    for file, facts in files:
        base = base_name(file)
        if base in _PACKAGE_DOCS:
            yield Claim(facts.doc, 1.2)
        elif facts.language == "go" and facts.doc.lower().startswith(
            (f"package {title} ", f"command {title} ")
        ):
            yield Claim(facts.doc, 1.0)
        elif "".join(words(kinds.stem(file))).lower() == title:
            yield Claim(doc(file, facts, 300), 0.8)


def directory_summary(
    path: str, files: Files, subdirs: Sequence[tuple[str, str]], more: Sequence[Claim] = ()
) -> str:
    """What a directory is responsible for (<= 800 characters). `more`: what its README and manifests claim."""
    files, subdirs = sorted(files, key=lambda f: f[0]), sorted(subdirs)
    title = name(base_name(path), 60) or "top level"
    if not files and len(subdirs) == 1 and title != "top level":
        ((below, summary),) = subdirs  # a directory that only leads to another
        shown, text = label(below, summary), plain(summary)
        rest = text.removeprefix(shown) if text.startswith(f"{shown}: ") else f": {text}"
        return clip(f"{title}/{shown}{rest}".strip(" /:"), LIMIT)
    own = best([*claims(path, files), *more], path)
    about = clip(own.text, OWN_WORDS) if own.enough else ""
    told = [(p, f, kinds.file_kind(p, f)) for p, f in files]
    code = [(p, f) for p, f, k in told if k is not v.TEST and k is not v.GENERATED]
    does = fresh(behaviours((s for _, f in code for s in f.symbols), 5), about)
    tested = unique(clip(kinds.subject(p, k)[0], 40) for p, _, k in told if k is v.TEST)

    def compose(size: int) -> list[str]:
        rest = list(does)
        first = about or _inferred(told, subdirs, rest, tested, size)
        return [
            f"{title}: {lowered(first) if not about else first}",
            capital(f"it {listing_of(rest[:size])}") if rest and about else "",
            _inside(told, size),
            talk(*traffic(f for _, f in files), size),
            f"tests of {listing(tested, size)}" if tested and (about or code) else "",
            f"{_BELOW}: {parts(subdirs, size * 2, 30 + 10 * size)}" if subdirs and files else "",
        ]

    return fitted(LIMIT, compose, 8)


_Files = Sequence[tuple[str, Facts, v.FileKind]]


def _inferred(
    files: _Files, subdirs: Sequence[tuple[str, str]], does: list[str], tested: Sequence[str], size: int
) -> str:
    """A responsibility for a directory that says none: what its code does, its kinds of files, or what is below."""
    inner = [d for d in subdirs if not _of_tests(d[0])] or list(subdirs)
    code = [(p, f) for p, f, k in files if k not in v.FILES and k not in (v.TEST, v.GENERATED)]
    counts = sorted(Counter(k for _, _, k in files).items(), key=lambda i: (-i[1], i[0].one))
    main, number = counts[0] if counts else (v.PLAIN, 0)
    if inner and (not code or (len(code) < 3 and not does)) and main is not v.TEST:
        return gist(inner[0][1], 200) if len(inner) == 1 else parts(inner, size, 30 + 10 * size)
    if not files:
        return "empty"
    if code:
        deals = themes(code, 4) if len(code) > 2 else []
        said = [listing_of(does[: max(1, size // 2)])] if does else []
        del does[:]
        if main not in (v.PLAIN, v.ENTRY, *v.FILES, v.TEST) and number * 2 >= len(code):
            of = f" for {listing(deals, 4)}" if deals else ""
            said.insert(0, f"{main.many if number > 1 else main.one}{of}")
        elif deals:
            said.append(f"deals with {listing(deals, 4)}")
        if said:
            return "; ".join(said)
        return listing([_named(p, f) for p, f in code], size)
    if main is v.TEST:
        return f"tests of {listing(tested, size)}" if tested else "tests"
    kinds_ = [f"{n:,} {k.many}" if n > 1 else k.one for k, n in counts]
    return listing(kinds_, size)


def _of_tests(folder: str) -> bool:
    return bool(role(f"{folder}/x") & (Role.TEST | Role.MOCK | Role.DOC | Role.EXAMPLE))


def _named(path: str, facts: Facts) -> str:
    return lowered(headline(path, facts))


def _inside(files: _Files, size: int) -> str:
    """'Holds 3 files in Go: orders (takes orders), baskets (prices baskets) and 1 more'."""
    if not files:
        return ""
    tongues = Counter(language(f.language) for _, f, _ in files if f.language)
    spoken = [t for t, _ in sorted(tongues.items(), key=lambda i: (-i[1], i[0]))]
    code = [(p, f) for p, f, k in files if k not in v.FILES and k not in (v.TEST, v.GENERATED)]
    code.sort(key=lambda pf: (-pf[1].lines, pf[0]))
    shown = []
    for p, f in code[:size]:
        about = purpose(p, f)
        base = name(kinds.stem(p), 40)
        shown.append(f"{base} ({clip(about, 30 + 6 * size)})" if about else base)
    more = len(code) - len(shown)
    held = (
        f"holds {counted(len(files), 'file')} in {listing(spoken, 3)}"
        if spoken
        else f"holds {counted(len(files), 'file')}"
    )
    if not shown:
        return held
    return f"{held}: {', '.join(shown)}{f' and {more:,} more' if more > 0 else ''}"
