"""Facts and texts of an answer's files, as they were in the snapshots searched."""

from __future__ import annotations

from locator.answer import Answer, FileHit
from summaries.index.index import Index
from summaries.types import Facts


class Files:
    """Reads files of one answer; a snapshot's paths are looked up once."""

    def __init__(self, index: Index, answer: Answer) -> None:
        self._index = index
        self._commits = {r.repo: r.commit for r in answer.routes}
        self._blobs: dict[str, dict[str, str]] = {}

    def _blob(self, f: FileHit) -> str:
        if f.repo not in self._blobs:
            view = self._index.view(f.repo, self._commits[f.repo])
            self._blobs[f.repo] = {p: view.blob(n) for n, p in enumerate(view.paths)}
        return self._blobs[f.repo][f.path]

    def facts(self, f: FileHit) -> Facts:
        """What the parser found in a file."""
        return self._index.store(f.repo).facts(self._blob(f))

    def text(self, f: FileHit) -> str:
        """A file's text."""
        return self._index.store(f.repo).text(self._blob(f))
