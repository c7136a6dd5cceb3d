"""The words of a report in a row: which runs of another text stand in it word for word."""

from __future__ import annotations

from collections.abc import Sequence

from summaries import words

MOST_WORDS = 20_000  # of a report
MOST_PLACES = 50  # of one word that are tried


class WordRow:
    """Words of a text, lower case, in order; marks between them do not count."""

    def __init__(self, text: str) -> None:
        self.words = [w for piece in words.pieces(text, placeholders=False) for w in piece][:MOST_WORDS]
        self.places: dict[str, list[int]] = {}
        for n, word in enumerate(self.words):
            self.places.setdefault(word, []).append(n)

    def longest(self, run: Sequence[str]) -> tuple[str, ...]:
        """The longest part of `run` that stands here."""
        best: Sequence[str] = ()
        for i, word in enumerate(run):
            if len(run) - i <= len(best):
                break
            for at in self.places.get(word, ())[:MOST_PLACES]:
                size = self._agreeing(run[i:], at)
                if size > len(best):
                    best = run[i : i + size]
        return tuple(best)

    def _agreeing(self, run: Sequence[str], at: int) -> int:
        """How many first words of `run` stand at a place."""
        size = 0
        while size < len(run) and at + size < len(self.words) and self.words[at + size] == run[size]:
            size += 1
        return size
