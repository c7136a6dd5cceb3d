"""What a repository says of itself: its README's first paragraph, and what its manifests declare.

Manifests come from strangers: sizes are bounded, nothing is executed or resolved, no XML or YAML parser is
involved (entities and anchors are the attack), and a manifest that cannot be read declares nothing.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from functools import lru_cache
from html import unescape
from typing import Any

from msgspec import Struct

from summaries.offline.remembered import remembered
from summaries.offline.text import name as shown
from summaries.offline.text import plain, unique
from summaries.paths import base_name

_LIMIT = 200_000  # characters of a manifest that are read
_NAMES = 40  # names that one manifest may declare


class PackageManifest(Struct, frozen=True):
    """What one manifest declares. `names` are those by which others refer to the repository."""

    kind: str  # "Go module", "npm package", "Compose services" ...
    names: tuple[str, ...] = ()
    description: str = ""


def is_manifest(path: str) -> bool:
    """Whether `read` looks into such a file."""
    return _reader(base_name(path)) is not None


@remembered
def read(path: str, text: str) -> PackageManifest | None:
    """What a manifest declares, or None where the file is no manifest, is unreadable or declares nothing."""
    reader = _reader(base_name(path))
    try:
        found = reader(text[:_LIMIT]) if reader else None
    except (ValueError, RecursionError, AttributeError, TypeError):
        return None
    if found is None:
        return None
    names = tuple(unique(shown(n, 120) for n in found.names)[:_NAMES])
    return (
        PackageManifest(found.kind, names, plain(found.description)) if names or found.description else None
    )


@lru_cache(maxsize=1 << 13)  # files of a system share their names
def _reader(name: str) -> Callable[[str], PackageManifest | None] | None:
    base = name.lower()
    return next((reader for matches, reader in _READERS if matches(base)), None)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _go(text: str) -> PackageManifest:
    found = re.search(r"^module[ \t]+\"?([^\s\"]{1,200})", text, re.M)
    return PackageManifest("Go module", (found[1],) if found else ())


def _npm(text: str) -> PackageManifest:
    data = json.loads(text)
    return PackageManifest("npm package", (_text(data.get("name")),), _text(data.get("description")))


def _toml(text: str) -> dict[str, Any]:
    if (
        max(map(len, text.splitlines()), default=0) > 4_000
    ):  # tomllib takes quadratic time for long dotted keys
        raise ValueError("a line is too long for a manifest")
    return tomllib.loads(text)


def _pyproject(text: str) -> PackageManifest:
    data = _toml(text)
    project = data.get("project") or data.get("tool", {}).get("poetry", {})
    return PackageManifest("Python project", (_text(project.get("name")),), _text(project.get("description")))


def _setup(text: str) -> PackageManifest:
    said = [
        re.search(rf"\b{key}\s{{0,9}}=\s{{0,9}}['\"]([^'\"\n]{{1,200}})['\"]", text)
        for key in ("name", "description")
    ]
    return PackageManifest("Python project", (said[0][1],) if said[0] else (), said[1][1] if said[1] else "")


def _setup_cfg(text: str) -> PackageManifest:
    said = [
        re.search(rf"^{key}[ \t]*=[ \t]*(\S[^\n]{{0,199}})", text, re.M) for key in ("name", "description")
    ]
    return PackageManifest(
        "Python project", (said[0][1].strip(),) if said[0] else (), said[1][1] if said[1] else ""
    )


def _cargo(text: str) -> PackageManifest:
    package = _toml(text).get("package", {})
    return PackageManifest("Rust crate", (_text(package.get("name")),), _text(package.get("description")))


def _without(text: str, tag: str) -> str:
    """XML with all `<tag>...</tag>` blocks removed, in one pass; an unclosed block runs to the end."""
    out, at = [], 0
    while (start := text.find(f"<{tag}>", at)) >= 0:
        out.append(text[at:start])
        stop = text.find(f"</{tag}>", start)
        if stop < 0:
            return "".join(out)
        at = stop + len(tag) + 3
    return "".join(out) + text[at:]


def _element(text: str, tag: str) -> str:
    start = text.find(f"<{tag}>")
    stop = text.find(f"</{tag}>", start)
    return "" if start < 0 or stop < 0 else text[start + len(tag) + 2 : stop].strip()


_CDATA = re.compile(r"<!\[CDATA\[|\]\]>")
_XML_TAG = re.compile(r"</?[A-Za-z][^<>]{0,200}>")


def _prose(text: str, tag: str) -> str:
    """What an element says: CDATA opened, tags gone, entities of characters resolved."""
    return plain(unescape(_XML_TAG.sub(" ", _CDATA.sub("", _element(text, tag)))))


def _nextcloud(text: str) -> PackageManifest:
    description = _prose(text, "summary") or _prose(text, "description")
    return PackageManifest("Nextcloud app", (_element(text, "id"),), description)


def _maven(text: str) -> PackageManifest:
    parent = _element(text, "parent")
    for tag in (
        "parent",
        "dependencyManagement",
        "dependencies",
        "build",
        "profiles",
        "reporting",
        "properties",
    ):
        text = _without(text, tag)
    artifact, group = _element(text, "artifactId"), _element(text, "groupId") or _element(parent, "groupId")
    names = (f"{group}:{artifact}" if group and artifact else artifact,)
    return PackageManifest("Maven artifact", names, _prose(text, "description"))


def _gradle_settings(text: str) -> PackageManifest:
    found = re.search(r"rootProject\.name\s{0,9}=\s{0,9}['\"]([^'\"\n]{1,120})['\"]", text)
    return PackageManifest("Gradle project", (found[1],) if found else ())


def _gradle(text: str) -> PackageManifest:
    said = re.search(r"^\s{0,9}description\s{0,9}=\s{0,9}['\"]([^'\"\n]{1,300})['\"]", text, re.M)
    return PackageManifest("Gradle project", (), said[1] if said else "")


def _dotnet(text: str) -> PackageManifest:
    names = tuple(_element(text, tag) for tag in ("PackageId", "AssemblyName", "RootNamespace"))
    return PackageManifest(".NET project", names, _prose(text, "Description"))


def _gemspec(text: str) -> PackageManifest:
    said = [
        re.search(
            rf"\.{key}[ \t]{{0,60}}=[ \t]{{0,60}}['\"]([^'\"\n]{{1,200}})['\"]", text
        )  # often in columns
        for key in ("name", "summary")
    ]
    return PackageManifest("Ruby gem", (said[0][1],) if said[0] else (), said[1][1] if said[1] else "")


def _composer(text: str) -> PackageManifest:
    data = json.loads(text)
    return PackageManifest("PHP package", (_text(data.get("name")),), _text(data.get("description")))


def _chart(text: str) -> PackageManifest:
    return PackageManifest(
        "Helm chart", tuple(_scalars(text, "name")), next(_scalars(text, "description"), "")
    )


def _openapi(text: str) -> PackageManifest | None:
    """The title and description of an OpenAPI or Swagger document, YAML or JSON; parts of it where it is long."""
    if text.lstrip()[:1] == "{":
        info = text[max(0, text.find('"info"')) :][:4000]
        said = {
            k: m[1]
            for k in ("title", "description")
            if (m := re.search(rf'"{k}"\s{{0,9}}:\s{{0,9}}"([^"\n]{{1,300}})"', info))
        }
    else:
        said = dict(_pairs(text, "info"))
    if not (title := said.get("title", "").strip("\"'")):
        return None
    description = said.get("description", "").strip("\"'")
    return PackageManifest("API", (), description if len(description) > 20 else title)


def _elixir(text: str) -> PackageManifest:
    return _assigned("Elixir project", text, r"app:\s{0,9}:", r"description:\s{0,9}")


def _sbt(text: str) -> PackageManifest:
    return _assigned("sbt project", text, r"name\s{0,9}:=\s{0,9}", r"description\s{0,9}:=\s{0,9}")


def _assigned(kind: str, text: str, name: str, description: str) -> PackageManifest:
    said = [re.search(rf"\b{key}[\"']?([^\"'\n,]{{1,300}})", text) for key in (name, description)]
    return PackageManifest(kind, (said[0][1].strip(),) if said[0] else (), said[1][1] if said[1] else "")


def _lines(kind: str, name: str, description: str) -> Callable[[str], PackageManifest]:
    """A reader of 'key: value' lines: Cabal, pubspec, R."""

    def read(text: str) -> PackageManifest:
        named, said = next(_scalars(text, name), ""), next(_scalars(text, description), "")
        return PackageManifest(kind, (named,), "" if said in (">", "|", ">-", "|-") else said)

    return read


def _dockerfile(text: str) -> PackageManifest:
    label = re.compile(
        r"org\.opencontainers\.image\.(title|description)[\"']?=(?:\"([^\"\n]{1,300})\"|(\S{1,300}))"
    )
    said = {m[1]: m[2] or m[3] for m in label.finditer(text)}
    return PackageManifest("container image", (said.get("title", ""),), said.get("description", ""))


def _compose(text: str) -> PackageManifest:
    """Services that the repository builds itself: not those that it only runs."""
    names: list[str] = []
    for service, lines in _children(text, "services"):
        body = [(n.strip(), k.strip(), v.strip(" \"'")) for n in lines for k, _, v in [n.partition(":")]]
        context = next((v for _, k, v in body if k == "context"), None)
        built = next((v for _, k, v in body if k == "build"), None)
        where = context if context is not None else built
        if where is not None and not where.startswith("..") and "://" not in where:
            names += [service, *(v for _, k, v in body if k in ("container_name", "hostname"))]
    return PackageManifest("Compose services", tuple(names))


def _spring(text: str) -> PackageManifest:
    found = re.search(r"^spring\.application\.name[ \t]*[=:][ \t]*([\w.-]{1,120})", text, re.M)
    names = [found[1]] if found else []
    for child, lines in _children(text, "spring"):
        if child == "application":
            names += [v.strip(" \"'") for n in lines for k, _, v in [n.strip().partition(":")] if k == "name"]
    return PackageManifest("Spring application", tuple(n for n in names if "$" not in n))


def _kubernetes(text: str) -> PackageManifest | None:
    if "kind:" not in text:
        return None
    names: list[str] = []
    for document in re.split(r"^---[^\n]{0,200}$", text, flags=re.M):
        if re.search(r"^kind:[ \t]*(?:Service|Deployment|StatefulSet|DaemonSet)[ \t\r]*$", document, re.M):
            names += [v for child, v in _pairs(document, "metadata") if child == "name"]
    return PackageManifest("Kubernetes workload", tuple(n for n in names if "{" not in n)) if names else None


def _yaml(text: str) -> PackageManifest | None:
    spring = _spring(text)
    return spring if spring.names else _kubernetes(text)


def _scalars(text: str, key: str) -> Iterator[str]:
    """Top-level scalars of a YAML text with that key."""
    for found in re.finditer(rf"^{key}:[ \t]+(\S[^\n]{{0,299}})", text, re.M):
        yield found[1].split(" #")[0].strip(" \"'\r")


def _children(text: str, key: str) -> Iterator[tuple[str, list[str]]]:
    """The keys right under a top-level YAML key, each with the lines below it."""
    if f"{key}:" not in text:
        return
    inside, indent, child, lines = False, 0, "", list[str]()
    for line in text.splitlines():
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        depth = len(line) - len(line.lstrip(" "))
        if depth == 0:
            if child:
                yield child, lines
            inside, indent, child, lines = line.rstrip() == f"{key}:", 0, "", []
        elif inside:
            indent = indent or depth
            if depth == indent and bare.endswith(":"):
                if child:
                    yield child, lines
                child, lines = bare[:-1].strip("\"'"), []
            elif child:
                lines.append(bare)
    if child:
        yield child, lines


def _pairs(text: str, key: str) -> Iterator[tuple[str, str]]:
    """The scalar `key: value` pairs right under a top-level YAML key."""
    if f"{key}:" not in text:
        return
    inside = False
    for line in text.splitlines():
        if line[:1] not in ("", " ", "#", "\t"):
            inside = line.rstrip() == f"{key}:"
        elif inside and line.startswith("  ") and line[2:3] not in (" ", "#", ""):
            child, _, value = line.strip().partition(":")
            yield child, value.strip(" \"'")


def _named(*names: str) -> Callable[[str], bool]:
    return frozenset(names).__contains__


def _ends(*endings: str) -> Callable[[str], bool]:
    return lambda base: base.endswith(endings)


_READERS: tuple[tuple[Callable[[str], bool], Callable[[str], PackageManifest | None]], ...] = (
    (_named("go.mod"), _go),
    (_named("package.json"), _npm),
    (_named("pyproject.toml"), _pyproject),
    (_named("setup.py"), _setup),
    (_named("setup.cfg"), _setup_cfg),
    (_named("cargo.toml"), _cargo),
    (_named("pom.xml"), _maven),
    (_named("settings.gradle", "settings.gradle.kts"), _gradle_settings),
    (_named("build.gradle", "build.gradle.kts"), _gradle),
    (_named("composer.json"), _composer),
    (_named("chart.yaml"), _chart),
    (_named("mix.exs"), _elixir),
    (_named("build.sbt"), _sbt),
    (_named("pubspec.yaml"), _lines("Dart package", "name", "description")),
    (_named("galaxy.yml"), _lines("Ansible collection", "name", "description")),
    (_named("description"), _lines("R package", "Package", "Title")),
    (_ends(".cabal"), _lines("Haskell package", "name", "synopsis")),
    (_named("info.xml"), _nextcloud),
    (lambda base: base.startswith(("openapi", "swagger")) and base.endswith((".yml", ".yaml", ".json")), _openapi),
    (_ends(".csproj"), _dotnet),
    (_ends(".gemspec"), _gemspec),
    (lambda base: base.startswith("dockerfile") or base.endswith(".dockerfile"), _dockerfile),
    (lambda base: "compose" in base and base.endswith((".yml", ".yaml")), _compose),
    (lambda base: base.startswith("application") and base.endswith(".properties"), _spring),
    (_ends(".yml", ".yaml"), _yaml),
)  # fmt: skip
