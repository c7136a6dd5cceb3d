"""What keeps a run within its budget, its pace and its patience. Shared by all threads of a run."""

from __future__ import annotations

import threading
import time

from msgspec import Struct

from summaries.errors import ModelError
from summaries.llm.types import BudgetSpent, ModelSettings, Reply, Request, Unavailable, prompt_tokens

FAILURES = 5  # in a row, after which the circuit opens
COOL = 30.0  # seconds that it stays open


class Reservation(Struct, frozen=True):
    """The most that a call on its way may cost."""

    money: float
    tokens: int


class Limits:
    """Budget, rate, the waits that an endpoint asks for, and a circuit breaker.

    With `renewed` the budget is whole again after so many seconds, for services, whose run doesn't end.
    """

    def __init__(self, settings: ModelSettings, renewed: float = 0.0) -> None:
        self.settings, self.renewed, self._since = settings, renewed, time.monotonic()
        self.money, self.tokens, self.redacted = 0.0, 0, 0  # of this run
        self._held_money, self._held_tokens = 0.0, 0
        self._failures, self._open_until, self._next = 0, 0.0, 0.0
        self._lock = threading.Lock()

    def reserve(self, request: Request) -> Reservation:
        """Set aside the most that a request may cost. Raises BudgetSpent where that is not left."""
        read, s = prompt_tokens(request), self.settings
        held = Reservation(s.price.of(read, request.most), read + request.most)
        with self._lock:
            if self.renewed and time.monotonic() - self._since >= self.renewed:
                self.money, self.tokens, self._since = 0.0, 0, time.monotonic()
            money = self.money + self._held_money + held.money
            tokens = self.tokens + self._held_tokens + held.tokens
            if s.budget and money > s.budget:
                raise BudgetSpent(
                    f"the budget of {s.budget:g} is spent", f"{self.money:.2f} went out; raise --budget"
                )
            if s.tokens and tokens > s.tokens:
                raise BudgetSpent(f"the budget of {s.tokens:,} tokens is spent", "raise model_tokens")
            self._held_money += held.money
            self._held_tokens += held.tokens
        return held

    def settle(self, reserved: Reservation, reply: Reply) -> None:
        """Replace what was set aside by what it came to."""
        with self._lock:
            self._held_money -= reserved.money
            self._held_tokens -= reserved.tokens
            self.money += reply.money
            self.tokens += reply.read + reply.written

    def hidden(self, secrets: int) -> None:
        """Count what was redacted in a call that went out."""
        with self._lock:
            self.redacted += secrets

    def turn(self, deadline: float | None) -> None:
        """Sleep until a call may go out. Raises ModelError where the circuit is open or time runs out."""
        gap = 60.0 / self.settings.rate if self.settings.rate else 0.0
        with self._lock:
            now = time.monotonic()
            if now < self._open_until:
                hint = f"it is asked again in {self._open_until - now:.0f} s"
                raise ModelError(f"the model failed {FAILURES} times in a row", hint)
            turn = max(now, self._next)
            if deadline is not None and turn >= deadline:
                raise ModelError("the endpoint's limits leave no time to ask")
            self._next = turn + gap
        time.sleep(turn - now)

    def hold(self, seconds: float) -> None:
        """Nobody calls for so many seconds: what the endpoint told one call holds for all."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)

    def worked(self) -> None:
        """Reset the circuit breaker: a call was answered."""
        with self._lock:
            self._failures = 0

    def failed(self, error: ModelError) -> None:
        """A call failed for good. Failures in a row that aren't the request's own fault open the circuit."""
        if isinstance(error, Unavailable) or type(error) is ModelError:
            with self._lock:
                self._failures += 1
                if self._failures >= FAILURES:
                    self._open_until, self._failures = time.monotonic() + COOL, 0
