"""The offline summariser: deterministic English for a file, a directory and a repository.

Every statement traces to a field of `Facts`, a path, a README or a manifest; nothing is inferred beyond what
a name says. Lists shrink until a text fits its bound, so long files lose detail, never the end of a sentence.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePosixPath

from summaries import static_manifest as manifest
from summaries import static_role as roles
from summaries.static_readme import first_paragraph
from summaries.static_text import (
    capital,
    clip,
    counted,
    first_sentence,
    listing,
    lowered,
    name,
    plain,
    spaced,
    unique,
    words,
)
from summaries.types import Endpoint, Facts, Symbol, Topic

FILE, DIRECTORY, REPOSITORY = 600, 800, 1500  # characters at most

_TYPES = frozenset("class interface struct enum trait type message service table record object".split())
_CALLABLE = frozenset(("function", "method"))
_LANGUAGES = {
    "csharp": "C#", "c_sharp": "C#", "cpp": "C++", "javascript": "JavaScript", "typescript": "TypeScript", "tsx": "TypeScript",
    "jsx": "JavaScript", "php": "PHP", "sql": "SQL", "yaml": "YAML", "json": "JSON", "toml": "TOML", "xml": "XML", "html": "HTML",
    "css": "CSS", "scss": "SCSS", "objc": "Objective-C", "proto": "Protocol Buffers", "protobuf": "Protocol Buffers", "graphql": "GraphQL",
    "rst": "reStructuredText", "make": "Make", "cmake": "CMake", "hcl": "HCL", "fsharp": "F#", "ini": "INI", "text": "plain text",
    "bash": "shell", "shell": "shell",
}  # fmt: skip
_PLUMBING = frozenset(
    "__init__ init constructor new main setUp tearDown toString hashCode equals clone String Error".split()
)
_NOISE = frozenset(
    "java javax jakarta kotlin kotlinx scala std core alloc System Microsoft node typing".split()
)
_BUILTIN = frozenset(sys.stdlib_module_names) | frozenset(
    "fs path http https url util events crypto os stream child_process".split()
)


def language(identifier: str) -> str:
    """The name of a language as people write it, '' for none."""
    known = _LANGUAGES.get(identifier.lower())
    return known if known is not None else capital(name(identifier, 30))


def _fitted(limit: int, compose: Callable[[int], list[str]], most: int) -> str:
    """The sentences of `compose(n)` with the largest list length n that fits, clipped if none does."""
    text = ""
    for size in range(most, 0, -1):
        text = " ".join(capital(plain(s)).rstrip(".") + "." for s in compose(size) if s)
        if len(text) <= limit:
            return text
    return clip(text, limit)


# --- what the facts offer --------------------------------------------------------------------------------


def _route(endpoint: Endpoint) -> str:
    return name(f"{endpoint.method} {endpoint.route}", 70)


def _talk(serves: Iterable[Endpoint], calls: Iterable[Endpoint], topics: Iterable[Topic], size: int) -> str:
    """'serves GET /a; calls POST /b; publishes t; subscribes to u'."""
    topics = list(topics)
    said = [
        (verb, unique(items))
        for verb, items in (
            ("serves", [_route(e) for e in serves]),
            ("calls", [_route(e) for e in calls]),
            ("publishes to", [name(t.name) for t in topics if t.role == "publish"]),
            ("subscribes to", [name(t.name) for t in topics if t.role == "subscribe"]),
            ("names the topic", [name(t.name) for t in topics if t.role not in ("publish", "subscribe")]),
        )
    ]
    return "; ".join(f"{verb} {listing(items, size)}" for verb, items in said if items)


def _public(symbol: Symbol, language: str) -> bool:
    bare = symbol.name.lstrip("#")
    if language == "go":
        return bare[:1].isupper()
    return bare == symbol.name and not bare.startswith("_") and "private " not in symbol.signature[:40]


def _chosen(symbols: Sequence[Symbol], size: int, facts: Facts) -> list[str]:
    """Up to `size` names in file order: public ones first, then the longest."""
    ranked = sorted(
        symbols, key=lambda s: (not _public(s, facts.language), -(s.end - s.start), s.start, s.name)
    )
    kept = {id(s) for s in ranked[:size]}
    return unique(name(s.name) for s in symbols if id(s) in kept)


def _types(facts: Facts) -> list[Symbol]:
    return [s for s in facts.symbols if s.kind in _TYPES and s.name]


def _members(facts: Facts, owner: Symbol) -> list[Symbol]:
    prefix = f"{owner.qualname}."
    return [
        s
        for s in facts.symbols
        if s.kind in _CALLABLE
        and s.qualname.startswith(prefix)
        and s.name not in _PLUMBING
        and s.name != owner.name
    ]


def _main_type(path: str, facts: Facts) -> Symbol | None:
    """The type that bears the file's name, or else the one with the most members, or else the longest."""
    title = "".join(words(roles.stem(path))).lower()
    owners = Counter(s.qualname.rpartition(".")[0] for s in facts.symbols if s.kind in _CALLABLE)
    ranked = sorted(
        _types(facts),
        key=lambda s: (
            "".join(words(s.name)).lower() != title,
            -owners[s.qualname],
            s.start - s.end,
            s.start,
            s.name,
        ),
    )
    return ranked[0] if ranked else None


def _offers(path: str, facts: Facts, size: int) -> str:
    """'class OrderService offers place and cancel; also defines enum Status; functions a and b'."""
    said: list[str] = []
    main = _main_type(path, facts)
    if main:
        members = _members(facts, main)
        shown = listing(_chosen(members, size, facts), size, len({s.name for s in members}))
        said.append(f"{main.kind} {name(main.name)}" + (f" offers {shown}" if shown else ""))
        others = unique(
            f"{s.kind} {name(s.name)}" for s in _types(facts) if s is not main and s.name != main.name
        )
        if others:
            said.append(
                f"{'also ' if shown else ''}defines {listing(others, size)}"
                if shown
                else listing(others, size)
            )
    loose = [
        s for s in facts.symbols if s.kind in _CALLABLE and s.name == s.qualname and s.name not in _PLUMBING
    ]
    if loose:
        count = len({s.name for s in loose})
        said.append(f"function{'s' if count > 1 else ''} {listing(_chosen(loose, size, facts), size, count)}")
    if not said:
        rest = [s for s in facts.symbols if s.name not in _PLUMBING]
        kinds = unique(s.kind for s in rest)
        said += [
            f"{k}s {listing(unique(name(s.name) for s in rest if s.kind == k), size)}" for k in kinds[:2]
        ]
    if main and " offers " in said[0]:
        return "; ".join(said)
    return f"defines {'; '.join(said)}" if said else ""


def _used(facts: Facts, path: str, repo: str) -> list[str]:
    """Names of what a file imports, its own repository's first, the language's standard library left out."""
    own, other = list[str](), list[str]()
    project = PurePosixPath(path).parts
    for item in facts.imports:
        text = name(item, 200).strip("'\"")
        parts = [
            p
            for p in text.replace("::", "/").replace("\\", "/").split("/")
            if p not in ("", ".", "..", "~", "@")
        ]
        if len(parts) == 1 and not text.startswith("."):
            parts = [p for p in parts[0].split(".") if p not in ("", "*")]
        head = parts[0] if parts else ""
        last = parts[-1] if parts else ""
        if not last or head in _NOISE or head.startswith("node:") or text.startswith(("java.", "javax.")):
            continue
        local = (
            text.startswith((".", "crate", "@/", "~/"))
            or repo.lower() in text.lower()
            or (head in project and len(parts) > 1)
        )
        if facts.language in ("go", "python", "javascript", "typescript", "tsx") and not local:
            if facts.language == "go" and "." not in head or head in _BUILTIN:
                continue
        shown = (
            roles.stem(last)
            if last.endswith((".js", ".ts", ".h", ".hpp", ".vue", ".py", ".rb", ".dart"))
            else last
        )
        shown = text if head.startswith("@") and len(parts) == 2 else shown
        (own if local else other).append(name(shown, 40))
    return unique((*own, *other))


# --- the three levels ------------------------------------------------------------------------------------


def _doc(path: str, facts: Facts, limit: int) -> str:
    """The file's own words for itself: its leading comment, or that of its main type or only function."""
    if said := first_sentence(facts.doc, limit):
        return said
    main = _main_type(path, facts)
    documented = [s for s in facts.symbols if s.doc] if len(facts.symbols) <= 2 else []
    return next((d for s in ([main] if main else documented) if (d := first_sentence(s.doc, limit))), "")


def _headline(path: str, facts: Facts, *, tongue: bool = True) -> str:
    """Role and subject: 'Order controller, an HTTP controller in Java', 'HTTP endpoints for orders in Go'."""
    played = roles.role(path, facts)
    about, says = roles.subject(path, played)
    about = clip(about, 80)
    if says:
        head = about if played.one.split()[-1] in about or played.one == about else f"{about} ({played.one})"
    else:
        head = played.title.format(played.one, about) if about else played.one
    spoken = language(facts.language)
    if not tongue or not spoken or played in (roles.DOCUMENT, roles.IMAGE, roles.WORKFLOW):
        return head
    return f"{head} ({spoken})" if ":" in head else f"{head} in {spoken}"


def _cases(facts: Facts) -> list[str]:
    """What tests say they test: 'test_rejects_empty_basket' -> 'rejects empty basket'."""
    out = []
    for s in facts.symbols:
        if s.kind in _CALLABLE:
            said = words(s.name)
            if said[:1] in (["test"], ["should"]):
                out.append(" ".join(said[1:]))
            elif len(said) > 2 or s.kind == "method":
                out.append(" ".join(said))
    return unique(clip(c, 70) for c in out)


def _details(facts: Facts, chosen: int) -> str:
    """The doc comments of up to `chosen` functions, the longest first: 'round: rounds half to even'."""
    told = [(s, d) for s in facts.symbols if s.kind in _CALLABLE and (d := first_sentence(s.doc, 110))]
    told.sort(
        key=lambda pair: (not _public(pair[0], facts.language), pair[0].start - pair[0].end, pair[0].start)
    )
    said = [f"{name(s.name, 40)}: {lowered(d)}" for s, d in told]
    return "in particular, " + "; ".join(unique(said)[:chosen]) if said else ""


def file_summary(path: str, facts: Facts, repo: str) -> str:
    """One to four sentences on a file: its role, what it offers, whom it talks to, what it needs (<= 600)."""
    played = roles.role(path, facts)
    head, doc = _headline(path, facts), _doc(path, facts, 200)
    first = f"{head}{' — ' if ':' in head else ': '}{lowered(doc)}" if doc else head
    settings = played in (roles.SETTINGS, roles.BUILD, roles.WORKFLOW, roles.IMAGE)
    keys, used = unique(name(k) for k in facts.keys), _used(facts, path, repo)
    raised, cases = unique(name(e) for e in facts.errors), _cases(facts) if played is roles.TEST else []

    def compose(size: int) -> list[str]:
        if played is roles.TEST and cases:
            offered = f"checks: {listing(cases, size)}"
        elif settings and keys:
            offered = f"sets {listing(keys, size * 2)}"
        elif played is roles.DOCUMENT:
            sections = unique(name(s.name, 50) for s in facts.symbols)
            offered = f"sections: {listing(sections, size)}" if sections else ""
        else:
            offered = _offers(path, facts, size)
        needs = [
            f"uses {listing(used, size)}" if used and not settings else "",
            f"raises {listing(raised, size)}" if raised and played is not roles.TEST else "",
            f"reads the configuration {'keys' if len(keys) > 1 else 'key'} {listing(keys, size)}"
            if keys and not settings
            else "",
        ]
        talk = _talk(facts.serves, facts.calls, facts.topics, size)
        rest = "; ".join(n for n in needs if n)
        return [first, offered, talk, rest] if talk else [first, offered, rest]

    text = _fitted(FILE, compose, 6)
    for more in (2, 1):
        extra = _details(facts, more) if played is not roles.TEST else ""
        if extra and text.count(". ") < 3 and len(text) + len(extra) + 2 <= FILE:
            return f"{text} {capital(extra)}."
    return text


def _themes(paths: Iterable[tuple[str, Facts]], size: int) -> list[str]:
    """Words that recur in the names of files and types, the most files first."""
    seen: Counter[str] = Counter()
    for path, facts in paths:
        found = {w.lower() for w in words(roles.stem(path))}
        for s in facts.symbols:
            if s.kind in _TYPES:
                found.update(w.lower() for w in words(s.name))
        seen.update(w for w in found if len(w) > 2 and w not in _COMMON)
    return [w for w, n in sorted(seen.items(), key=lambda i: (-i[1], i[0])) if n > 1][:size]


_COMMON = frozenset(
    "test tests spec index main init the and for with from impl base abstract default controller service repository "
    "client handler model models config utils util types type error errors exception factory readme package json yaml "
    "request response data manager helper common api app application docker dockerfile get set".split()
)


def directory_summary(
    path: str, files: Sequence[tuple[str, Facts]], subdirs: Sequence[tuple[str, str]]
) -> str:
    """What a directory holds: its files by role, their routes and topics, and its sub-directories (<= 800)."""
    files, subdirs = sorted(files, key=lambda f: f[0]), sorted(subdirs)
    played = Counter(roles.role(p, f) for p, f in files)
    tongues = Counter(language(f.language) for _, f in files if f.language)
    ordered = sorted(played.items(), key=lambda i: (-i[1], i[0].one))
    kinds = [
        counted(n, r.one if not r.one.endswith("s") else r.many.removeprefix("files of "), r.many)
        for r, n in ordered
    ]
    spoken = [t for t, _ in sorted(tongues.items(), key=lambda i: (-i[1], i[0]))]
    title = spaced(PurePosixPath(path).name) or "top level"
    types = [
        (s.start - s.end, name(s.name))
        for p, f in files
        if roles.role(p, f) is not roles.TEST and (s := _main_type(p, f))
    ]
    defined = unique(n for _, n in sorted(types))
    everything = [f for _, f in files]

    def compose(size: int) -> list[str]:
        holds = (
            f"{counted(len(files), 'file')} ({listing(spoken, 3)})" if spoken else counted(len(files), "file")
        )
        first = (
            f"{title}: {holds}" if files else f"{title}: {counted(len(subdirs), 'directory', 'directories')}"
        )
        if kinds:
            first += f", {'namely' if len(kinds) > 1 or len(files) > 1 else 'a'} {listing(kinds, size)}"
        told = [(p, f, d) for p, f in files if (d := _doc(p, f, 100)) and roles.role(p, f) is not roles.TEST]
        below = [f"{name(PurePosixPath(p).name, 40)} ({_gist(s, 40 + 12 * size)})" for p, s in subdirs]
        themes = _themes(files, size)
        return [
            first,
            _talk(*_traffic(everything), size),
            f"defines {listing(defined, size)}" if defined else "",
            "; ".join(f"{name(PurePosixPath(p).name, 50)}: {lowered(d)}" for p, _, d in told[: size // 2]),
            f"recurring words: {', '.join(themes)}" if len(files) > 3 and themes else "",
            f"{'below it' if files else 'holds'}: {'; '.join(below[: size * 2])}"
            + (
                f"; and {counted(len(below) - size * 2, 'more directory', 'more directories')}"
                if len(below) > size * 2
                else ""
            )
            if below
            else "",
        ]

    return _fitted(DIRECTORY, compose, 8)


def _traffic(facts: Iterable[Facts]) -> tuple[list[Endpoint], list[Endpoint], list[Topic]]:
    serves, calls, topics = list[Endpoint](), list[Endpoint](), list[Topic]()
    for f in facts:
        serves += f.serves
        calls += f.calls
        topics += f.topics
    return serves, calls, topics


def _gist(summary: str, limit: int) -> str:
    """The first sentence of a summary, its title left out."""
    sentence = plain(summary).split(". ")[0].rstrip(".")
    title, colon, rest = sentence.partition(": ")
    return clip(lowered(rest if colon and len(title) < 40 and rest[:1].isdigit() else sentence), limit)


def repository_summary(
    name_: str,
    readme: str,
    manifests: Sequence[tuple[str, str]],
    directories: Sequence[tuple[str, str]],
    facts: Iterable[tuple[str, Facts]],
) -> str:
    """A repository in a paragraph: what it says of itself, is written in, holds, serves and uses (<= 1,500)."""
    lines: Counter[str] = Counter()
    kept: list[tuple[str, Facts]] = []
    files = 0
    for path, f in facts:
        files += 1
        if roles.role(path, f) not in (roles.DOCUMENT, roles.SETTINGS) and f.language:
            lines[language(f.language)] += max(f.lines, 0)
        if not roles.is_test(path):
            kept.append((path, f))
    kept.sort(key=lambda item: item[0])
    total = sum(lines.values())
    shares = [
        f"{t} ({100 * n // total}%)"
        for t, n in sorted(lines.items(), key=lambda i: (-i[1], i[0]))
        if total and n * 20 >= total
    ]
    declared = [d for p, t in sorted(manifests) if (d := manifest.read(p, t))]
    about = clip(first_paragraph(readme), 420)
    said = unique(d.description for d in declared if d.description and d.description not in about)
    title = name(name_, 100)
    traffic = _traffic(f for _, f in kept)

    def compose(size: int) -> list[str]:
        names = unique(f"{d.kind} {listing(d.names, size)}" for d in declared if d.names)
        below = [f"{name(p, 50)} ({_gist(s, 60 + 8 * size)})" for p, s in sorted(directories)]
        themes = _themes(kept, size)
        return [
            f"{title}: {about}" if about else f"{title}: {said[0]}" if said else f"{title}, {counted(files, 'file')}",
            f"it describes itself as: {listing([clip(d, 150) for d in said[0 if about else 1 :][:2]], 2)}" if said[0 if about else 1 :] else "",
            f"declares the {listing(names, size)}" if names else "",
            f"written in {listing(shares, 4)}" if shares else "",
            _talk(*traffic, size),
            f"recurring words: {', '.join(themes)}" if themes else "",
            f"main directories: {'; '.join(below[: size * 2])}" if below else "",
        ]  # fmt: skip

    return _fitted(REPOSITORY, compose, 10)
