"""Libraries as package managers install them: whose file a printed path is, and where it lies in that library.

A file below a folder of packages never belongs to the repository that uses it. It may belong to another one that is
indexed, under the name that its manifest declares.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from summaries.patterns import pattern


class PackageSystem(StrEnum):
    """The package manager that installed a library."""

    GO = "go"
    GEM = "gem"
    NPM = "npm"
    PYPI = "pypi"
    CARGO = "cargo"
    NUGET = "nuget"
    COMPOSER = "composer"
    HEX = "hex"
    PUB = "pub"


class Package(NamedTuple):
    """An installed library and a file in it."""

    system: PackageSystem
    name: (
        str  # "github.com/acme/shop-lib", "@acme/shop-lib", "shop-lib"; of Python the folder that is imported
    )
    inner: str  # path within the library


_MAX_PATH = 1_000  # characters of a printed path that are looked at
_VERSION = r"v?\d[^/]{0,80}"
_HASH = r"[0-9a-f]{6,40}"
# The last folder of packages in a path counts: packages lie within packages.
_GO_MODULE = pattern(rf"(?:^|/)(?:pkg/mod/)?((?:[\w!~-][\w!~.-]*/)*[\w!~-][\w!~.-]*)@({_VERSION})/([^\n]+)$")
_GO_VENDOR = pattern(r"(?:^|/)vendor/((?:[\w-]+\.)+[a-z]{2,}/[^/]+(?:/[^/]+)?)/([^\n]+)$")
_SHAPES: tuple[tuple[PackageSystem, re.Pattern[str]], ...] = (
    (PackageSystem.NPM, pattern(r"(?:^|/)node_modules/((?:@[^/]+/)?[^/@.][^/]*)/([^\n]+)$")),
    (
        PackageSystem.NPM,
        pattern(rf"/(?:npm/)?((?:@[^/@]+/)?[^/@.][^/@]*)@{_VERSION}/([^\n]+\.[cm]?[jt]sx?)$"),
    ),
    (PackageSystem.GEM, pattern(rf"(?:^|/)bundler/gems/([^/]+)-{_HASH}/([^\n]+)$")),
    (PackageSystem.GEM, pattern(r"(?:^|/)gems/([^/]+?)-\d+(?:\.\w+)*(?:-[a-z][^/]*)?/([^\n]+)$")),
    (PackageSystem.PYPI, pattern(r"(?:^|/)(?:site|dist)-packages/(([^/]+?)(?:\.py)?(?:/[^\n]*)?)$")),
    (PackageSystem.CARGO, pattern(r"(?:^|/)registry/src/[^/]+/([^/]+?)-\d+\.\d[^/]*/([^\n]+)$")),
    (PackageSystem.CARGO, pattern(rf"(?:^|/)git/checkouts/([^/]+?)-{_HASH}/{_HASH}/([^\n]+)$")),
    (PackageSystem.NUGET, pattern(r"(?:^|/)\.?nuget/packages/([^/]+)/\d[^/]*/([^\n]+)$", re.IGNORECASE)),
    (
        PackageSystem.COMPOSER,
        pattern(r"(?:^|/)vendor/([a-z0-9_.-]+/[a-z0-9_.-]+)/([^\n]+\.(?:php|phtml|inc))$"),
    ),
    (PackageSystem.HEX, pattern(r"(?:^|/)deps/([a-z][a-z0-9_]*)/([^\n]+\.[eh]rl|[^\n]+\.exs?)$")),
    (
        PackageSystem.PUB,
        pattern(rf"(?:^|/)\.?pub-cache/(?:hosted/[^/]+|git)/([^/]+?)-(?:\d[^/]*|{_HASH})/([^\n]+)$"),
    ),
)
_INSTALLED = pattern(r"@|_modules/|gems/|-packages/|/src/|checkouts/|nuget/|vendor/|deps/|pub-cache/", re.I)
_ROOTS = ("", "src/", "lib/", "python/")  # of a repository, above the folder of a Python package


@lru_cache(maxsize=4_096)
def installed(path: str) -> Package | None:
    """The library that a printed path lies in; None where no package manager put it there."""
    path = path[-_MAX_PATH:]
    if not _INSTALLED.search(path):
        return None
    if m := _GO_VENDOR.search(path):
        return Package(PackageSystem.GO, m[1], m[2])
    for system, shape in _SHAPES:
        at = path.rfind("node_modules/") if system == PackageSystem.NPM else 0
        if m := shape.search(path, max(0, at - 1)):
            if system == PackageSystem.PYPI:
                return Package(system, m[2], m[1])
            return Package(system, m[1], m[2])
    if m := _GO_MODULE.search(path):
        name = m[1].rpartition("pkg/mod/")[2]
        return Package(PackageSystem.GO, re.sub(r"!(\w)", lambda u: u[1].upper(), name), m[3])
    return None


def owns(package: Package, repo: str, aliases: Iterable[str]) -> bool:
    """Whether a library is built from a repository, by the names that its manifests declare and its own.

    Where a repository declares names of the same form, another owner's library of the same last name is not its own.
    """
    names = {_plain(n) for n in aliases}
    name = _plain(package.name)
    if package.system == PackageSystem.GO:
        return owns_module(package.name, repo, aliases)
    if name in names or name == _plain(repo):
        return True
    owner, _, short = name.rpartition("/")
    if owner:
        if any(_same_form(n, name) for n in names):
            return False
        own_owner, _, own = _plain(repo).rpartition("/")
        return own == short and (not own_owner or own_owner == owner.lstrip("@") or owner[0] == "@")
    return name == _plain(repo).rpartition("/")[2]


def owns_module(module: str, repo: str, aliases: Iterable[str]) -> bool:
    """Whether a Go package, `github.com/acme/shop/pkg/retry`, is of a repository."""
    module = _unversioned(_plain(module))
    known = {_unversioned(_plain(a)) for a in aliases if _is_module(a)}
    if any(module == k or module.startswith(k + "/") for k in known):
        return True
    parts = module.split("/")
    if "." not in parts[0] or len(parts) < 2:
        return False
    roots = {"/".join(k.split("/")[:3]) for k in known}
    if roots:  # another module of the same repository
        return "/".join(parts[:3]) in roots and len(parts) > 2
    own_owner, _, own = _plain(repo).rpartition("/")
    if len(parts) == 2:  # a host of one's own: go.acme.io/shop-lib
        return parts[1] == own
    return parts[2] == own and (not own_owner or own_owner.rpartition("/")[2] == parts[1])


def _is_module(name: str) -> bool:
    head, slash, _ = name.partition("/")
    return bool(slash) and "." in head and not name.startswith("@")


def _same_form(one: str, other: str) -> bool:
    return "/" in one and one.startswith("@") == other.startswith("@") and not _is_module(one)


def _plain(name: str) -> str:
    return name.lower().replace("_", "-").strip("/")


def _unversioned(module: str) -> str:
    return re.sub(r"/v\d+(?=/|$)", "", module)


def lies_at_root(path: str, inner: str) -> bool:
    """Whether a Python module that was installed as `inner` may be the repository's own file `path`."""
    return any(path.lower() == root + inner.lower() for root in _ROOTS)
