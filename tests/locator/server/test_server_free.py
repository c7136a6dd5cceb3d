"""Whoever has waited longest gets what comes free, and nobody who comes by later."""

from __future__ import annotations

import threading
from queue import Empty

import pytest
from kits.service import until

from locator.server.free import Free


def test_the_last_that_came_back_is_given_first() -> None:
    free: Free[int] = Free()
    free.put(1)
    free.put(2)
    assert (free.get(1), free.get_nowait()) == (2, 1)
    with pytest.raises(Empty):
        free.get_nowait()
    with pytest.raises(Empty):
        free.get(0.01)
    free.put(3)
    assert free.get(1) == 3, "nobody waits any more"


def test_whoever_waited_longest_goes_first_and_nobody_overtakes() -> None:
    free: Free[int] = Free()
    served: list[str] = []

    def wait(name: str) -> None:
        free.get(20)
        served.append(name)

    threads = []
    for number in range(6):
        threads.append(threading.Thread(target=wait, args=(f"{number}",), daemon=True))
        threads[-1].start()
        until(lambda: len(free._waiting) == len(threads))
    for number in range(6):
        free.put(number)
        with pytest.raises(Empty):  # who comes now doesn't get it, though whoever waits has not woken yet
            free.get_nowait()
        until(lambda n=number: len(served) == n + 1)  # type: ignore[misc]
    assert served == [str(n) for n in range(6)]


def test_one_that_is_looked_at_keeps_nobody_from_another() -> None:
    free: Free[int] = Free()
    for number in range(3):
        free.put(number)
    seen = []
    for number in free.each():
        seen.append(number)
        other = free.get(0.1)
        assert other != number
        free.put(other)
    assert seen == [0, 1, 2]
    looking = free.each()
    first, others = next(looking), [free.get_nowait(), free.get_nowait()]
    with pytest.raises(Empty):
        free.get_nowait()
    assert list(looking) == [], "those that are in use now are left alone"
    assert {first, *others} == {0, 1, 2} and free.get_nowait() == first


def test_looking_at_all_changes_no_order() -> None:
    free: Free[int] = Free()
    for number in range(3):
        free.put(number)
    assert list(free.each()) == [0, 1, 2]
    assert [free.get_nowait() for _ in range(3)] == [2, 1, 0]
