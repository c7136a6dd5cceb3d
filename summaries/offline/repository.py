"""A repository in a few sentences: what it is for, what it offers, deals with and talks to, how it divides the work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from summaries.offline import kind as kinds
from summaries.offline import manifest
from summaries.offline import vocabulary as v
from summaries.offline.behaviour import behaviours
from summaries.offline.directory import parts, themes, traffic
from summaries.offline.file import fitted, language, listing_of, main_type, talk
from summaries.offline.purpose import Claim, Purpose, best, features, readme_claims
from summaries.offline.readme.read import read
from summaries.offline.text import capital, clip, listing, lowered, name, spaced, unique, words
from summaries.paths import base_name
from summaries.types import Facts

LIMIT = 1500  # characters at most

_DOCS = {  # files whose first comment speaks for a package or a program, and how much that counts (guesses)
    "doc.go": 0.9, "package-info.java": 0.7, "__init__.py": 0.9, "lib.rs": 0.9, "main.go": 0.2, "main.rs": 0.5,
    "main.py": 0.4, "__main__.py": 0.4, "index.js": 0.3, "index.ts": 0.3, "cli.py": 0.3, "root.go": 0.3,
}  # fmt: skip


def purpose(
    name_: str,
    readme: tuple[str, str],
    manifests: Sequence[tuple[str, str]],
    facts: Iterable[tuple[str, Facts]],
) -> Purpose:
    """What a repository is for, in its own words. `readme` and `manifests`: path and text."""
    return best(_claims(name_, readme, manifests, facts), name_)


def _claims(
    name_: str,
    readme: tuple[str, str],
    manifests: Sequence[tuple[str, str]],
    facts: Iterable[tuple[str, Facts]],
) -> Iterator[Claim]:
    sections = read(*readme)
    yield from readme_claims(sections, name_)
    for path, text in manifests:
        depth = path.count("/")
        declared = manifest.read(path, text) if depth < 4 and not aside(path) else None
        if declared and declared.description:
            own = _flat(name_) in {_flat(n.rpartition("/")[2].rpartition(":")[2]) for n in declared.names}
            # What a part of it says of itself is not what the whole is for.
            yield Claim(
                declared.description, 1.3 if depth == 0 else 0.9 if own else -1.4 - 0.2 * depth, declared.kind
            )
    for path, f in facts:
        yield from _documented(name_, path, f)


def _documented(name_: str, path: str, f: Facts) -> Iterator[Claim]:
    """Comments that speak for the whole: of its main package, and of the type that bears its name."""
    base, depth = base_name(path), path.count("/")
    if depth > 6 or kinds.is_test(path, f.language) or aside(path):
        return
    whole = _flat(name_)
    if base in _DOCS and f.doc:
        folder = kinds.folders(path)[:1]
        named = depth == 0 or (bool(folder) and _flat(folder[0]) in (whole, "src", "lib", "app", "cmd"))
        if named or depth < 2 or (base == "package-info.java"):
            yield Claim(f.doc, _DOCS[base] - (0.1 if named else 0.5) * depth, "package documentation")
    elif depth < 2 and f.language == "go" and f.doc.startswith(("Package ", "Command ")):
        yield Claim(f.doc, 0.5 - 0.3 * depth, "package documentation")
    if len(whole) > 3 and _flat(kinds.stem(path)) == whole and (main := main_type(path, f)) and main.doc:
        yield Claim(main.doc, 0.2, "main type")


def _flat(name_: str) -> str:
    return "".join(words(name_.rpartition("/")[2])).lower()


def aside(path: str) -> bool:
    """Whether a path lies in examples, documents or others' code, which a repository isn't about."""
    return not v.ASIDE.isdisjoint(kinds.folders(path))


def repository_summary(
    name_: str,
    readme: tuple[str, str],
    manifests: Sequence[tuple[str, str]],
    directories: Sequence[tuple[str, str]],
    facts: Iterable[tuple[str, Facts]],
) -> str:
    """A repository's summary (<= 1,500 characters). `readme`: path and text, ("", "") for none."""
    every = sorted(facts, key=lambda item: item[0])
    kept = [(p, f) for p, f in every if not kinds.is_test(p, f.language) and not aside(p)]
    manifests = sorted(manifests, key=lambda m: (m[0].count("/"), m))
    declared = [d for p, t in manifests if not aside(p) and (d := manifest.read(p, t))]
    own = purpose(name_, readme, manifests, kept)
    offered = [f for f in features(read(*readme)) if f.lower() not in own.text.lower()]
    code = [(p, f) for p, f in kept if kinds.file_kind(p, f) not in (*v.FILES, v.GENERATED)]
    shares = _languages(every)
    head = (
        own.text
        if own.enough
        else _inferred(name_, own.text if own.score >= 1.5 else "", declared, kept, code, offered, shares)
    )
    below = _by_size(directories, code or kept)
    moved = traffic(f for _, f in kept)

    def compose(size: int) -> list[str]:
        names = [
            f"{kind} {listing(unique(n for d in declared if d.kind == kind for n in d.names), size)}"
            for kind in unique(d.kind for d in declared if d.names)
        ]
        deals = themes(code, size, head)
        return [
            f"{name(name_, 100)}: {head}" if head else name(name_, 100),
            f"it offers {lowered('; '.join(offered[:size]))}" if offered and own.enough else "",
            f"deals with {listing(deals, size)}" if deals else "",
            talk(*moved, size),
            f"its work is divided into {parts(below, size, 40 + 10 * size, len(directories))}"
            if below
            else "",
            f"declares {listing(names, size)}" if names else "",
            f"written in {listing([f'{t} ({n}%)' for t, n in shares if n >= 5], 4)}" if shares else "",
        ]

    return fitted(LIMIT, compose, 9)


def _languages(every: Sequence[tuple[str, Facts]]) -> list[tuple[str, int]]:
    """Languages with their shares of lines, in percent, most first."""
    lines: Counter[str] = Counter()
    for path, f in every:
        if f.language and kinds.file_kind(path, f) not in (v.DOCUMENT, v.SETTINGS, v.TRANSLATION):
            lines[language(f.language)] += max(f.lines, 0)
    total = sum(lines.values())
    return [(t, 100 * n // total) for t, n in sorted(lines.items(), key=lambda i: (-i[1], i[0])) if n]


def _by_size(
    directories: Sequence[tuple[str, str]], files: Sequence[tuple[str, Facts]]
) -> list[tuple[str, str]]:
    """Directories that hold code of the repository's own, those with the most lines first."""
    lines: Counter[str] = Counter()
    for path, f in files:
        lines[path.partition("/")[0]] += max(f.lines, 1)
    return sorted((d for d in directories if d[0] in lines), key=lambda d: (-lines[d[0]], d[0]))


def _inferred(
    name_: str,
    weak: str,
    declared: Sequence[manifest.PackageManifest],
    files: Sequence[tuple[str, Facts]],
    code: Sequence[tuple[str, Facts]],
    offered: Sequence[str],
    shares: Sequence[tuple[str, int]],
) -> str:
    """A purpose from names, routes, topics and types, for a repository whose own words don't tell one."""
    whole = name_.rpartition("/")[2]
    serves, _, topics = traffic(f for _, f in files)
    kind = _nature(declared, files, bool(serves or topics))
    spoken = f" in {shares[0][0]}" if shares and code else ""
    deals = themes(code or files, 8, f"{whole} {' '.join(words(whole))}")
    does = behaviours((s for _, f in code for s in f.symbols), 3, prefer=frozenset(deals))
    said = [weak.rstrip(" .")] if weak else []
    if offered:
        said.append(f"offers {lowered('; '.join(offered[:4]))}")
    elif does:
        said.append(listing_of(does))
    if deals and not offered:
        said.append(f"deals with {listing(deals[:4], 4)}")
    first = f"{kind}{spoken}" if kind.endswith("s") or kind == "configuration" else f"a {kind}{spoken}"
    return clip(capital(f"{first}: {'; '.join(said)}" if said else f"{first} for {spaced(whole)}"), 320)


def _nature(
    declared: Sequence[manifest.PackageManifest], files: Sequence[tuple[str, Facts]], talks: bool
) -> str:
    """What kind of thing it is, by what it holds."""
    kinds_ = Counter(kinds.file_kind(p, f) for p, f in files)
    tongues = Counter(f.language for _, f in files)
    declares = {d.kind for d in declared}
    code = sum(n for k, n in kinds_.items() if k not in v.FILES)
    if not code:
        if kinds_[v.SCHEMA]:
            return "interface definitions"
        if "Helm chart" in declares:
            return "Helm chart"
        if kinds_[v.SETTINGS] + kinds_[v.IMAGE] > kinds_[v.DOCUMENT] + kinds_[v.SCRIPT]:
            return (
                "deployment files"
                if declares & {"Compose services", "Kubernetes workload"}
                else "configuration"
            )
        return (
            "scripts"
            if kinds_[v.SCRIPT] > kinds_[v.DOCUMENT]
            else "documents"
            if kinds_[v.DOCUMENT]
            else "repository"
        )
    if sum(tongues[t] for t in ("tsx", "jsx", "vue", "svelte")) * 3 > code:
        return "web front end"
    if talks:
        return "service"
    if kinds_[v.ENTRY]:
        return "service" if kinds_[v.IMAGE] else "command-line program"
    return "library"
