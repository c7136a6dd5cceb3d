"""How much a model may read for one question, and how long it may take."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct


class Judging(Struct, frozen=True):
    """How much a judge may read and how long it may take. Tokens are our estimate, a little high."""

    report: int = 1200  # tokens of the report
    total: int = 7900  # tokens of the first call, answer and all
    dig: bool = False  # look things up where the first answer is in doubt
    always: bool = False  # look things up whatever the first answer says
    dig_total: int = 25_000  # tokens of all calls of a question
    dig_turns: int = 4  # calls after the first at most
    dig_seconds: float | None = 120.0  # for all calls after the first
    model: str = ""  # that digs; "" is the first one's
    seconds: float | None = 30.0  # for the first call; None waits as long as calls take
    small: bool = False  # a short prompt with ten candidates, for models of 7B or so
    spare: float = 0.0  # offline confidence from which no model is asked; 0: one always is
    folder: str = ""  # of the user's own prompts

    @property
    def prompts(self) -> Path | None:
        """Folder of the user's own prompts."""
        return Path(self.folder) if self.folder else None
