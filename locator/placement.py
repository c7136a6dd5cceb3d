"""Whether a call of a stack trace lies in a file: by its path, its package and whose library that is."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from locator.report.packages import Package, PackageSystem, installed, lies_at_root, owns, owns_module
from locator.report.reader import Frame
from summaries.patterns import pattern

Names = Mapping[str, tuple[str, ...]]  # the repositories searched -> names that their manifests declare

_DART = pattern(r"(?:package:|packages/)(\w+)/(?!lib/)([^\n]+\.dart)$")
BARE = 0.5  # of a file that has the printed one's name and another folder: it may have moved. A guess
_BUILT = frozenset("src source lib dist build out esm cjs umd target generated compiled public js ts".split())
_DIRECTORIES_ARE_PACKAGES = (".java", ".groovy")
_NEAR_PACKAGES = (".kt", ".kts", ".scala", ".clj")  # may leave out what all packages of a module begin with
_SOURCE_ROOTS = frozenset("java kotlin scala groovy clojure src main test app".split())


class Placement:
    """Which repositories each frame can belong to, worked out once for a report and a set of repositories."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self._owners: dict[tuple[str, str, str], frozenset[str] | None] = {}

    def owners(self, f: Frame) -> frozenset[str] | None:
        """Repositories whose code a frame is by its package; None where the frame names no package."""
        key = (f.path, f.module, f.package)
        if key not in self._owners:
            self._owners[key] = self._find(f)
        return self._owners[key]

    def _find(self, f: Frame) -> frozenset[str] | None:
        if package := installed(f.path):
            own = frozenset(r for r, a in self.names.items() if owns(package, r, a))
            if package.system == PackageSystem.PYPI and not own:
                return None  # of a module that is imported by another name than its project's: see `fit`
            return own
        if f.library:
            return frozenset()
        if f.package:  # of a library that nobody declares it is not sure whose it is
            said = Package(PackageSystem.GEM, f.package, f.path)  # of Elixir too: its names are as plain
            return frozenset(r for r, a in self.names.items() if owns(said, r, a)) or None
        if f.path.endswith(".go") and "/" in f.module:
            return frozenset(r for r, a in self.names.items() if owns_module(f.module, r, a)) or None
        return None

    def fit(self, f: Frame, repo: str, path: str) -> float:
        """How well a frame fits a file of a repository, 0-1; 0: it is not this file."""
        if not f.path and not f.module:
            return 0.0
        own = self.owners(f)
        if own is not None and repo not in own:
            return 0.0
        package = installed(f.path)
        if package and package.system == PackageSystem.PYPI and own is None:
            return 1.0 if lies_at_root(path, package.inner) else 0.0
        if not f.path:
            return _module_fit(f.module, path)
        if not package and "/" not in f.path and "." in f.module and not _package_fits(f, path):
            return 0.0
        return _path_fit(package.inner if package else in_tree(f.path), path, known=own is not None)


def in_tree(printed: str) -> str:
    """A printed path as it may stand in a tree: Dart leaves `lib` out of `package:shop/src/cart.dart`."""
    m = _DART.match(printed)
    return f"{m[1]}/lib/{m[2]}" if m else printed


def same_kind(printed: str, path: str) -> bool:
    """Whether lines of a printed file are lines of another: not those of a compiled .js in a .ts."""
    one, other = printed.rpartition(".")[2].lower(), path.rpartition(".")[2].lower()
    return one == other or "." not in printed.rpartition("/")[2]


@lru_cache(maxsize=20_000)
def _path_fit(printed: str, path: str, known: bool) -> float:
    one, other = _parts(printed), _parts(path)
    if not one or not other or one[-1] != other[-1]:
        return 0.0
    shared = next((i for i, (a, b) in enumerate(zip(one[::-1], other[::-1], strict=False)) if a != b), -1)
    if shared < 0 or shared > 1 or known:
        return 1.0  # one is the end of the other, or a folder agrees as well
    return 1.0 if one[-2] in _BUILT and other[-2] in _BUILT else BARE


def _package_fits(f: Frame, path: str) -> bool:
    """A bare file name with a dotted module: the file must lie in the folders of its package, as the JVM has it."""
    package = f.module.lower().split(".")[:-1]
    folders = path.lower().split("/")[:-1]
    if not package or not f.path.endswith((*_DIRECTORIES_ARE_PACKAGES, *_NEAR_PACKAGES)):
        return True
    if f.path.endswith(_DIRECTORIES_ARE_PACKAGES):
        return folders[-len(package) :] == package
    return not folders or folders[-1] == package[-1] or folders[-1] in _SOURCE_ROOTS


def _module_fit(module: str, path: str) -> float:
    """A frame without a path: the file that its module is called after."""
    parts = [p for p in module.lower().replace("::", ".").split(".") if p]
    stem = path.lower().rpartition(".")[0].split("/")
    stem = stem[:-1] if stem[-1:] == ["__init__"] else stem
    stem = [*(part for folder in stem[:-1] for part in folder.split(".")), *stem[-1:]]  # .NET: Shop.Orders/
    ends = (parts[:n] for n in (len(parts), len(parts) - 1, len(parts) - 2))
    return 1.0 if any(len(e) > 1 and _ends(stem, e) for e in ends) else 0.0


def _ends(stem: list[str], parts: list[str]) -> bool:
    return any(stem[-n:] == parts[-n:] for n in range(2, len(parts) + 1))


@lru_cache(maxsize=20_000)
def _parts(path: str) -> tuple[str, ...]:
    """Components in lower case, the file's name without its extension."""
    parts = [p for p in path.lower().replace("\\", "/").split("/") if p not in ("", ".", "..")]
    if not parts:
        return ()
    dot = parts[-1].rfind(".")
    return (*parts[:-1], parts[-1][:dot] if dot > 0 else parts[-1])
