"""The tree of one snapshot with its summaries: those kept at index time, else made on demand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property

from summaries.index.index import Index
from summaries.index.shard import View
from summaries.offline.file import file_summary
from summaries.offline.tree import summarise
from summaries.types import Facts
from summaries.written.store import Effective, effective


class Tree:
    """Directories and files of a view. Paths of directories have no slash at the end; the root is ""."""

    def __init__(self, index: Index, view: View) -> None:
        self.index, self.view = index, view
        self.store = index.store(view.repo)
        self.state = index.repos[view.repo]
        self._made: dict[str, str] = {}
        self._facts: dict[str, Facts] = {}

    @cached_property
    def files(self) -> dict[str, int]:
        """Number of each file in the view, by path, in order."""
        return dict(sorted(zip(self.view.paths, range(len(self.view)), strict=True)))

    @cached_property
    def _folders(self) -> dict[str, tuple[list[str], list[str]]]:
        """Sub-directories and files of every directory."""
        out: dict[str, tuple[list[str], list[str]]] = {"": ([], [])}
        for path in self.files:
            folder, child = path.rpartition("/")[0], ""
            while folder not in out:
                out[folder] = ([child], []) if child else ([], [])
                folder, child = folder.rpartition("/")[0], folder
            if child:
                out[folder][0].append(child)
            out[path.rpartition("/")[0]][1].append(path)
        return out

    def every_directory(self) -> list[str]:
        """All directories but the root."""
        return [d for d in self._folders if d]

    def languages(self, paths: Sequence[str]) -> tuple[tuple[str, int], ...]:
        """Languages of files, with their numbers, most first."""
        return tuple(Counter(self.view.language(self.files[p]) for p in paths).most_common())

    def is_directory(self, path: str) -> bool:
        """Whether the snapshot has files below."""
        return path in self._folders

    def directories(self, path: str) -> list[str]:
        """Sub-directories; one that holds nothing but another gives way to that one."""
        out = []
        for sub in self._folders[path][0]:
            inner, own = self._folders[sub]
            while len(inner) == 1 and not own:
                sub = inner[0]
                inner, own = self._folders[sub]
            out.append(sub)
        return out

    def own_files(self, path: str) -> list[str]:
        """Files right in a directory."""
        return self._folders[path][1]

    def below(self, path: str) -> list[str]:
        """All files in a directory and its sub-directories."""
        return [f for f in self.files if f.startswith(path + "/")] if path else list(self.files)

    def facts(self, path: str) -> Facts:
        """Parsed facts of a file."""
        if path not in self._facts:
            self._facts[path] = self.store.facts(self.view.blob(self.files[path]))
        return self._facts[path]

    def summary(self, path: str) -> str:
        """Summary of a file, of a directory, or for "" of the repository."""
        if told := self._own.texts.get(path) or self._notes.get(path):
            return told
        if path in self.files:
            return file_summary(path, self.facts(path), self.view.repo)
        if path not in self._made:
            facts = {p: self.facts(p) for p in self.below(path)}
            self._made |= summarise(self.view.repo, facts, self._text, top=path)
        return self._made[path]

    def origin(self, path: str) -> str:
        """Whose words a summary is in: "edited by hand", "written by a model", perhaps of an earlier version, or ""."""
        if path in self._own.edited:
            return "edited by hand"
        if path in self._own.older:
            return "written by a model, of an earlier version"
        return "written by a model" if path in self._own.texts else ""

    @cached_property
    def _own(self) -> Effective:
        """What a model or a person wrote by then: of files by their content, of directories by their path."""
        files = {p: self.view.blob(i) for p, i in self.files.items()}
        head = self.view.number == 0
        until = None if head else self.view.info.time
        return effective(self.index.folder(self.view.repo), files, self._folders, until)

    @cached_property
    def _notes(self) -> dict[str, str]:
        """Summaries written at index time; they are of the head and say nothing of other snapshots."""
        return self.store.notes("summary") if self.view.number == 0 else {}

    def _text(self, path: str) -> str:
        return self.store.text(self.view.blob(self.files[path]))
