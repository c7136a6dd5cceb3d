"""Who calls whom: links between repositories, from routes, topics, imports and host names in their code."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from msgspec import Struct

from indexer.services.match import (
    Book,
    Routes,
    distinctive,
    family,
    generic,
    is_copy,
    literal_route,
    normal,
    supplied,
    topic_fits,
)
from summaries.offline import manifest as static_manifest
from summaries.offline.kind import is_test, without_tests
from summaries.paths import Role, role
from summaries.types import Endpoint, Facts, Topic

SITES = 8  # places that are kept of one link: the same target, kind and detail

_DOCUMENTS = frozenset(("markdown", "rst", "text", "asciidoc", "html"))
_ASIDE = frozenset(
    ("test", "tests", "testdata", "fixtures", "examples", "example", "vendor", "node_modules", "third_party")
)
_JVM = frozenset(("java", "kotlin", "scala", "groovy"))

_RUN = frozenset(("Helm chart", "Kubernetes workload"))  # what they name need not be built here
_IMAGE = re.compile(r"\bimage:[ \t]{1,8}[\"']?(?:[\w.:-]{1,120}/){0,6}([\w.-]{1,120})")
_RUN_TEXT = 200_000  # characters of a manifest that are looked at

Files = Sequence[tuple[str, Facts]]


class Link(Struct, frozen=True, order=True):
    """One repository uses another, and where it says so."""

    source: str
    target: str
    kind: str  # http topic import host
    detail: str  # the route, topic, module or host name
    path: str  # in the source; of a topic's link, where it is published
    line: int  # 0 where the whole file says it


class Declaration(Struct, frozen=True):
    """What a manifest says of names."""

    manifest: static_manifest.PackageManifest | None
    images: frozenset[str] = frozenset()  # that a chart or workload runs


def declaration(path: str, text: str) -> Declaration:
    """What a manifest declares. Never raises."""
    found = static_manifest.read(path, text)
    if not found or found.kind not in _RUN:
        return Declaration(found)
    return Declaration(found, frozenset(normal(m[1]) for m in _IMAGE.finditer(text[:_RUN_TEXT])))


def aliases(name: str, manifests: Sequence[tuple[str, str]]) -> frozenset[str]:
    """Names of a repository by the paths and texts of its manifests: see `names_of`."""
    return names_of(name, [(path, declaration(path, text)) for path, text in manifests])


def names_of(name: str, manifests: Sequence[tuple[str, Declaration]]) -> frozenset[str]:
    """Names by which a repository is known to others: its own and those that its manifests declare.

    A folder with a Dockerfile is a service of that name (`cmd/orders/Dockerfile`); a Go module is known
    without its major version too. Manifests in tests, examples and vendored folders don't count, nor names that
    every repository could have, nor the owner's. A chart or workload is a name only where this repository builds what
    it runs: it mostly runs what others build. Never raises.
    """
    own = {name, name.rsplit("/", 1)[-1]}
    modules = {
        p.rpartition("/")[0]: s.manifest.names[0] for p, s in manifests if p.endswith("go.mod") and s.manifest
    }
    built, run = set(own), list[Declaration]()
    for path, said in manifests:
        above = [part.lower() for part in PurePosixPath(path).parts[:-1]]
        if not _ASIDE.isdisjoint(above) or role(path) & (Role.TEST | Role.MOCK | Role.EXAMPLE | Role.DOC):
            continue
        if above and PurePosixPath(path).name.lower().startswith("dockerfile"):
            built.add(next((part for part in reversed(above) if not (generic(part) or part[0] == ".")), ""))
        if is_copy(path, modules):
            continue
        if said.manifest and said.manifest.kind in _RUN:
            run.append(said)
            continue
        for alias in said.manifest.names if said.manifest else ():
            built |= {alias, re.sub(r"/v\d+$", "", alias)}
            group, colon, artifact = alias.partition(":")
            if colon:
                built |= {artifact} | ({group} if group.count(".") >= 2 else set())
    known = {normal(k.rsplit("/", 1)[-1]) for k in built if k}
    for said in run:
        foreign = bool(said.images) and said.images.isdisjoint(known)
        names = said.manifest.names if said.manifest else ()
        built |= {n for n in names if normal(n) in known or (said.images and not foreign)}
    owner = normal(name.rpartition("/")[0].rpartition("/")[2])
    return frozenset(k for k in built if k and (k in own or not (generic(k) or normal(k) == owner)))


def links(repos: Mapping[str, Files], names: Mapping[str, Collection[str]]) -> tuple[Link, ...]:
    """Links between repositories, sorted. `names` gives the aliases of each (see `aliases`).

    A call links to whoever serves the most specific route that fits, a topic's publisher to its subscribers,
    an import to the repository with the longest matching module name, and a URL to the service of that name.
    Routes that every service has (/health) link nothing, and tests don't speak for their repository.
    """
    code = {
        repo: [
            (p, without_tests(f))
            for p, f in files
            if f.language not in _DOCUMENTS and not is_test(p, f.language)
        ]
        for repo, files in sorted(repos.items())
    }
    book = Book({repo: names.get(repo, ()) for repo in code})
    found = [*_http(code, book), *_topics(code), *_imports(code, book), *_hosts(code, book)]
    sites: Counter[tuple[str, str, str, str]] = Counter()
    kept: list[Link] = []
    for link in sorted(set(found)):
        site = (link.source, link.target, link.kind, link.detail)
        sites[site] += 1
        if sites[site] <= SITES and link.source != link.target:
            kept.append(link)
    return tuple(kept)


def _http(code: Mapping[str, Files], book: Book) -> Iterator[Link]:
    routes = Routes(len(code))
    for repo, files in code.items():
        for _, facts in files:
            for endpoint in facts.serves:
                routes.serve(repo, endpoint)
    for repo, files in code.items():
        for path, facts in files:
            own = {e.line for e in (*facts.serves, *facts.calls)}
            guessed = [
                Endpoint("", route, s.line)
                for s in facts.strings
                if s.line not in own and (route := literal_route(s.text))
            ]
            for called, sure in [*((c, True) for c in facts.calls), *((g, False) for g in guessed)]:
                fitting = routes.find(repo, called, prefixes=sure)
                meant = book.of_host(called.route)
                if meant is not None and meant in fitting:
                    fitting = {meant: fitting[meant]}
                if sure or len(fitting) == 1:
                    for target, served in fitting.items():
                        detail = f"{served.method or called.method} {served.route}".strip()
                        yield Link(repo, target, "http", detail, path, called.line)


def _topics(code: Mapping[str, Files]) -> Iterator[Link]:
    """Publisher to subscriber. Where a mention doesn't say its role, those of other repositories tell it."""
    uses = _mentions(code)
    sides: dict[tuple[str, str], set[str]] = defaultdict(set)  # topic and role: the repositories that say so
    for repo, _, topic in uses:
        sides[topic.name, topic.role].add(repo)
    published: list[tuple[str, str, Topic]] = []
    subscribed: dict[str, set[str]] = defaultdict(set)
    for repo, path, topic in uses:
        publishers, subscribers = sides[topic.name, "publish"], sides[topic.name, "subscribe"]
        unclear = topic.role == "" and repo not in publishers | subscribers
        if topic.role == "subscribe" or (unclear and publishers):
            subscribed[topic.name].add(repo)
        elif topic.role == "publish" or (unclear and subscribers):
            published.append((repo, path, topic))
    patterns = [name for name in subscribed if re.search(r"[*+#>]", name)]
    for repo, path, topic in published:
        fitting = [n for n in patterns if n != topic.name and topic_fits(n, topic.name)]
        for target in set().union(*(subscribed[n] for n in (topic.name, *fitting))):
            yield Link(repo, target, "topic", topic.name, path, topic.line)


def _mentions(code: Mapping[str, Files]) -> list[tuple[str, str, Topic]]:
    """Topics that the parser found, and string literals that equal one of them to the letter."""
    found = [(repo, path, t) for repo, files in code.items() for path, facts in files for t in facts.topics]
    known = {t.name for _, _, t in found if t.role and distinctive(t.name)}
    for repo, files in code.items():
        for path, facts in files:
            said = {t.name for t in facts.topics}
            for literal in facts.strings:
                if literal.text in known and literal.text not in said:
                    said.add(literal.text)
                    found.append((repo, path, Topic(literal.text, "", literal.line)))
    return found


def _imports(code: Mapping[str, Files], book: Book) -> Iterator[Link]:
    classes: dict[str, set[str]] = defaultdict(set)  # "com.shop.orders.Order" -> who has it
    tops: dict[str, set[str]] = defaultdict(set)
    for repo, files in code.items():
        for path, facts in files:
            parts = PurePosixPath(path.rpartition(".")[0] or path).parts
            tops[repo].update(p.lower() for p in parts)
            root = next((i for i, p in enumerate(parts) if p in _JVM and i > 0), None)
            if facts.language in _JVM and root is not None:
                classes[".".join(parts[root + 1 :])].add(repo)
    written = {repo: {k for _, f in files if (k := family(f.language))} for repo, files in code.items()}
    for repo, files in code.items():
        for path, facts in files:
            kind = family(facts.language)
            for item in facts.imports:
                if item.startswith(".") or supplied(item, facts.language):
                    continue
                if facts.language == "dockerfile":
                    item = item.rsplit("/", 1)[-1].split(":")[0].split("@")[0]
                holders = classes.get(item, set()) if facts.language in _JVM else set[str]()
                if len(holders) == 1:
                    yield Link(repo, next(iter(holders)), "import", item, path, 0)
                    continue
                match = book.of_import(item)
                if match and kind and written[match[0]] and kind not in written[match[0]]:
                    continue  # a name of another language: nothing of it can be imported
                if match and repo not in holders and not (match[1].isalnum() and match[1] in tops[repo]):
                    yield Link(repo, match[0], "import", item, path, 0)


def _hosts(code: Mapping[str, Files], book: Book) -> Iterator[Link]:
    """URLs and "host:port" texts; and a service's whole name, where that is of two words, in code."""
    for repo, files in code.items():
        for path, facts in files:
            composed = "compose" in PurePosixPath(path).name
            for line, text in [
                *((s.line, s.text) for s in facts.strings),
                *((c.line, c.route) for c in facts.calls),
            ]:
                if len(text) > 400:
                    continue
                target = book.of_host(text)
                if target is None and not composed and "/" not in text and ("-" in text or "_" in text):
                    target = book.owner(text)
                if target is not None:
                    yield Link(repo, target, "host", text.split("?")[0][:120], path, line)
