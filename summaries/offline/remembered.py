"""What is found out about a file is asked again by its directory, its repository and the system: remembered meanwhile.

Outside `remembering` nothing is kept, because a server would keep the facts of every file that it ever showed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from summaries.types import Facts

P = ParamSpec("P")
T = TypeVar("T")


class _Own(threading.local):
    """Remembered results, kept by each thread for itself."""

    known: dict[tuple[Any, ...], Any] | None = None


_own = _Own()


@contextmanager
def remembering() -> Iterator[None]:
    """Functions that are `remembered` run once for the same arguments. Facts are told apart by identity: hold them."""
    before, _own.known = _own.known, {}
    try:
        yield
    finally:
        _own.known = before


def remembered(find: Callable[P, T]) -> Callable[P, T]:
    """A function of texts, numbers and facts whose answer doesn't change, and isn't changed by who gets it."""

    @wraps(find)
    def asked(*args: P.args, **named: P.kwargs) -> T:
        known = _own.known
        if known is None or named:
            return find(*args, **named)
        key = (find, *[id(a) if isinstance(a, Facts) else a for a in args])
        if key not in known:
            known[key] = find(*args, **named)
        found: T = known[key]
        return found

    return asked
