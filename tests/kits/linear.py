"""Whether time grows with the size of a text and not faster, however busy the machine is."""

from __future__ import annotations

import time
from collections.abc import Callable

TIMES = 4  # the text that the time is taken of a second time
FASTER = 10  # times the time, above which it grows faster: a square takes 16 times
NOTHING = 0.02  # seconds of processor time that are no measurement
TRIES = 4  # a busy machine may spoil a measurement, not all of them


def grows_faster(read: Callable[[str], object], unit: str, size: int = 50_000) -> bool:
    """Whether reading four times as much of `unit` takes over ten times the processor time, in the best of four tries."""

    def seconds(length: int) -> float:
        text = unit * max(1, length // len(unit))
        began = time.process_time()
        read(text)
        return time.process_time() - began

    return all(seconds(TIMES * size) > FASTER * max(seconds(size), NOTHING) for _ in range(TRIES))
