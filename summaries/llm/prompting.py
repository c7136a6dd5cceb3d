"""Prompts are files: `NAME.md` in `summaries/llm/prompts`, or the same name in a folder of the user's.

A line of dashes parts what the model is told to be from what it is asked. `{{name}}` is filled in. Data goes
between marks that no data can contain, so that a text which says "ignore the above" stays a text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from msgspec import Struct

from summaries.errors import UsageError
from summaries.llm.types import Message

SHIPPED = Path(__file__).parent / "prompts"
_HOLE = re.compile(r"\{\{(\w+)\}\}")
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)


class Prompt(Struct, frozen=True):
    """A prompt and its version: 8 hex digits of its text."""

    name: str
    system: str
    user: str
    version: str

    def filled(self, **values: str) -> tuple[Message, ...]:
        """Messages with every `{{name}}` replaced once: what is filled in is not looked at again."""
        return tuple(
            Message(role, _HOLE.sub(lambda m: values.get(m[1], m[0]), text))
            for role, text in (("system", self.system), ("user", self.user))
            if text
        )


@lru_cache(maxsize=64)
def prompt(name: str, folder: Path | None = None) -> Prompt:
    """A prompt by name; the user's where their folder has it. Raises UsageError where it cannot be used."""
    own = folder / f"{name}.md" if folder else None
    path = own if own and own.is_file() else SHIPPED / f"{name}.md"
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as e:
        raise UsageError(f"cannot read the prompt {path}: {e}") from e
    system, dashes, user = text.partition("\n---\n")
    if not dashes:
        raise UsageError(f"the prompt {path} has no line of three dashes", "put one between role and task")
    if own == path and (lost := set(_holes(name)) - set(_HOLE.findall(text))):
        raise UsageError(f"the prompt {path} lacks {', '.join(sorted(f'{{{{{h}}}}}' for h in lost))}")
    return Prompt(name, system.strip(), user.strip(), hashlib.sha256(text.encode()).hexdigest()[:8])


def _holes(name: str) -> list[str]:
    return _HOLE.findall((SHIPPED / f"{name}.md").read_text("utf-8"))


def data(name: str, text: str) -> str:
    """Text between marks with a number made from it: a text cannot know its own and so cannot end itself."""
    text = _CONTROL.sub(" ", text)
    number = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:10]
    return f"<<<{name} {number}\n{text}\n{number} {name}>>>"


def table(values: Mapping[str, str]) -> str:
    """Named texts as data, one after another."""
    return "\n\n".join(data(n, t) for n, t in values.items() if t)
