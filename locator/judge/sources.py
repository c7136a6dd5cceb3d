"""What a model may be shown: files of the snapshots that one answer was searched in, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property

from msgspec.structs import replace

from locator.answer import FileHit, SymbolHit
from locator.scope import Scope
from summaries.index.index import Index
from summaries.index.shard import View
from summaries.offline.file import file_summary
from summaries.types import Facts, Symbol

NAMED = 3  # functions of a file that an answer shows


class Sources:
    """Reads files of some snapshots; each one's paths are looked up once."""

    def __init__(self, index: Index, views: Sequence[View]) -> None:
        self.index = index
        self.views = {v.repo: v for v in views}
        self._numbers: dict[str, dict[str, int]] = {}

    @cached_property
    def scope(self) -> Scope:
        """All snapshots as one scope."""
        return Scope(list(self.views.values()))

    @property
    def heads(self) -> bool:
        """Whether all snapshots are those of the heads."""
        return all(v.number == 0 for v in self.views.values())

    def label(self, repo: str, path: str) -> str:
        """A file as models read of it, its repository without an owner where that is clear.

        "secrets: PATH" would be taken for a secret, and taken out.
        """
        return f"{path} (in {self.short[repo]})"

    @cached_property
    def short(self) -> dict[str, str]:
        """Names of the repositories without owners, where no two are then called the same."""
        ends = Counter(r.rpartition("/")[2] for r in self.views)
        return {r: end if ends[end := r.rpartition("/")[2]] == 1 else r for r in self.views}

    def paths(self, repo: str) -> dict[str, int]:
        """Numbers of a repository's files by path; nothing for one that is not here."""
        if repo not in self._numbers:
            view = self.views.get(repo)
            self._numbers[repo] = {p: n for n, p in enumerate(view.paths)} if view else {}
        return self._numbers[repo]

    def _blob(self, repo: str, path: str) -> str:
        return self.views[repo].blob(self.paths(repo)[path])

    def facts(self, repo: str, path: str) -> Facts:
        """What the parser found in a file. Raises KeyError for one that is not here."""
        return self.index.store(repo).facts(self._blob(repo, path))

    def text(self, repo: str, path: str) -> str:
        """A file's text. Raises KeyError for one that is not here."""
        return self.index.store(repo).text(self._blob(repo, path))

    def hit(self, repo: str, path: str) -> FileHit:
        """A file as an answer lists it, without a score. Raises KeyError for one that is not here."""
        facts = self.facts(repo, path)
        return FileHit(repo, path, facts.language, 0.0, (), summary=file_summary(path, facts, repo))

    def with_functions(self, hit: FileHit, names: Sequence[str]) -> FileHit:
        """The file with the functions that a model named in front; names that it does not have are left out."""
        symbols = self.facts(hit.repo, hit.path).symbols
        found = [s for name in names[:NAMED] if (s := function_called(symbols, name))]
        if not found:
            return hit
        first = [
            SymbolHit(s.qualname, s.kind, s.start, s.end, s.signature, 1.0) for s in dict.fromkeys(found)
        ]
        starts = {s.start for s in first}
        return replace(hit, symbols=(*first, *(s for s in hit.symbols if s.start not in starts))[:NAMED])


def function_called(symbols: Sequence[Symbol], name: str) -> Symbol | None:
    """The symbol that a model means: "Cart.total", "(*Cart).total()", "total"; qualified names go first."""
    wanted = name.strip().split("(")[0] if not name.strip().startswith("(") else name.strip().rstrip("()")
    wanted = wanted.replace("::", ".").replace("#", ".").replace("(*", "").replace(")", "").strip(" .*`")
    if not wanted:
        return None
    last = wanted.rpartition(".")[2]
    return (
        next((s for s in symbols if s.qualname == wanted), None)
        or next((s for s in symbols if s.qualname.endswith(f".{wanted}")), None)
        or next((s for s in symbols if s.name == last), None)
    )
