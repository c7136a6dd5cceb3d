"""The system's summary by a model: asked last, of all repositories' purposes, links and words."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec.structs import replace

from indexer.system import update
from summaries.fs import replace as write
from summaries.index.index import Index
from summaries.llm.prompting import prompt
from summaries.llm.types import Request
from summaries.offline.system import compose
from summaries.system import FILE, read
from summaries.written.prompt import ROOM, request
from summaries.written.rules import MATTERS, changed
from summaries.written.store import key_of

LEAST = 2  # repositories that make a system
CHARACTERS = 4  # of a token, about


class Whole:
    """What a model is asked of the whole index, and where its answer is kept."""

    def __init__(self, index: Index, model: str, prompts: Path | None, options: dict[str, object]) -> None:
        """Raises UsageError for a prompt that cannot be used."""
        self.index, self.model, self.options = index, model, options
        self.prompt = prompt("summary-system", prompts)
        self.shown = compose(replace(read(index.root), written=""), limit=ROOM["system"] * CHARACTERS)

    @property
    def current(self) -> bool:
        """Whether there is nothing to ask: too few repositories, or a text of what is much the same."""
        old = read(self.index.root)
        if len(old.parts) < LEAST:
            return True
        same = old.key == key_of(self.prompt.version, self.model, "")
        return bool(old.written) and same and changed({"": old.inputs}, {"": self.shown}) < MATTERS

    def request(self) -> Request:
        """The question to the model about the whole system."""
        return request("system", self.prompt, self.model, self.shown, "", self.options)

    def keep(self, text: str) -> None:
        """Put an answer where the index is read."""
        with self.index.writing():
            update(self.index)
            key = key_of(self.prompt.version, self.model, "")
            new = replace(read(self.index.root), written=text, inputs=self.shown, key=key)
            write(self.index.root / FILE, msgspec.json.encode(new, order="deterministic"))
