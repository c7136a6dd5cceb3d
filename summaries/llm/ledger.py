"""What models were asked, what they answered and what it cost: one SQLite file in the index.

Answers are kept by the content of the question, so an unfinished run continues and a repeated one is free.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from summaries.llm.types import Reply, Request
from summaries.sqlite import raising_ours

FILE = "models.sqlite"

_SCHEMA = """
create table if not exists call(
    time real, stage text, model text, source text, outcome text,
    read integer, cached integer, written integer, money real, seconds real, redacted integer);
create table if not exists answer(key text primary key, text text) without rowid;
"""


class Spent(Struct, frozen=True):
    """Calls of one stage and model, summed."""

    stage: str
    model: str
    calls: int  # sent, failed ones too
    failed: int
    kept: int  # answered from the cache or a recording
    read: int
    written: int
    money: float
    seconds: float  # mean of the calls that were answered by the model
    redacted: int


class Ledger:
    """The file; in memory where it cannot be written, as on a read-only share."""

    def __init__(self, path: Path | None) -> None:
        self._lock = threading.Lock()
        try:
            self._db = self._open(str(path) if path else ":memory:")
        except sqlite3.Error:
            self._db = self._open(":memory:")

    @staticmethod
    def _open(path: str) -> sqlite3.Connection:
        db = sqlite3.connect(path, timeout=60, check_same_thread=False)
        db.executescript(_SCHEMA)
        return db

    def close(self) -> None:
        """Close the database file."""
        self._db.close()

    def add(self, request: Request, reply: Reply, outcome: str = "ok") -> None:
        """Note one call. `outcome` is "ok" or the name of an error."""
        row = (time.time(), request.stage, request.model, reply.source, outcome, reply.read, reply.cached,
               reply.written, reply.money, reply.seconds, reply.redacted)  # fmt: skip
        with suppress(sqlite3.Error), self._lock, self._db:  # a full disk must not cost the answer
            self._db.execute(f"insert into call values({','.join('?' * len(row))})", row)

    def answer(self, key: str) -> str | None:
        """The kept answer to a request; None where it cannot be read, for one can ask again."""
        row = None
        with suppress(sqlite3.Error), self._lock:
            row = self._db.execute("select text from answer where key = ?", (key,)).fetchone()
        return row[0] if row and isinstance(row[0], str) else None

    def keep(self, key: str, text: str) -> None:
        """Keep an answer that could be read."""
        with suppress(sqlite3.Error), self._lock, self._db:
            self._db.execute("insert or replace into answer values(?,?)", (key, text))

    def spent(self, since: float = 0.0) -> list[Spent]:
        """Sums by stage and model of calls after `since` (seconds since the epoch), dearest first."""
        with self._lock:
            rows = self._db.execute(
                "select stage, model, sum(not kept), sum(outcome != 'ok'), sum(kept), sum(read),"
                " sum(written), sum(money), total(seconds * answered) / max(1, total(answered)),"
                " sum(redacted) from (select *, source in ('cache', 'replay') as kept,"
                " source not in ('cache', 'replay') and outcome = 'ok' as answered from call where time >= ?)"
                " group by stage, model order by 8 desc, 1",
                (since,),
            ).fetchall()
        return [Spent(*row) for row in rows]


def spent_in(root: Path, since: float = 0.0) -> list[Spent]:
    """What an index's models took, without writing to it; nothing where none was asked. Raises IndexError_."""
    if not (root / FILE).exists():
        return []
    ledger = Ledger(root / FILE)
    try:
        with raising_ours(root / FILE):
            return ledger.spent(since)
    finally:
        ledger.close()
