"""What everything stands on: whole files, one writer, dates, waits, hints."""

from __future__ import annotations

import multiprocessing
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from summaries import dates, fs
from summaries.errors import IndexLocked, did_you_mean
from summaries.retry_after import retry_after


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    fs.replace(file, b"old")
    with pytest.raises(ZeroDivisionError), fs.replacing(file) as part:
        part.write_bytes(b"half of the n")
        assert file.read_bytes() == b"old"
        raise ZeroDivisionError
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("state.json", b"old")]
    fs.replace(file, b"new")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("state.json", b"new")]


def _holds(path: str, ready: object, done: object) -> None:
    with fs.locked(Path(path), IndexLocked("taken")):
        ready.set()  # type: ignore[attr-defined]
        done.wait(30)  # type: ignore[attr-defined]


def test_one_process_at_a_time(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    ready, done = spawn.Event(), spawn.Event()
    other = spawn.Process(target=_holds, args=(str(tmp_path / "lock"), ready, done))
    other.start()
    assert ready.wait(60)
    with pytest.raises(IndexLocked, match="taken"), fs.locked(tmp_path / "lock", IndexLocked("taken")):
        pass
    done.set()
    other.join(30)
    with fs.locked(tmp_path / "lock", IndexLocked("taken")):
        pass


@pytest.mark.parametrize("text", ["2024-05-01", "2024-05-01T10:00:00Z", "2024-05-01 10:00", "2024-13-01"])
def test_what_looks_like_a_date(text: str) -> None:
    assert dates.is_date(text)


@pytest.mark.parametrize("text", ["v2024-05-01", "2024-5-1", "HEAD", "", "2024-05-01T", "\u0662024-05-01"])
def test_what_does_not(text: str) -> None:
    assert not dates.is_date(text)


def test_a_moment_is_in_utc_unless_it_names_its_zone() -> None:
    assert dates.moment("2024-05-01").isoformat() == "2024-05-01T00:00:00+00:00"
    assert (
        dates.moment("2024-05-01T10:00:00+02:00").timestamp()
        == dates.moment("2024-05-01T08:00:00").timestamp()
    )
    with pytest.raises(ValueError, match="month"):
        dates.moment("2024-13-01")


@pytest.mark.parametrize(("value", "seconds"), [("3", 3.0), (" 120 ", 120.0), ("0.05", 0.05), ("0", 0.0)])
def test_retry_after_in_seconds(value: str, seconds: float) -> None:
    assert retry_after(value) == seconds


def test_retry_after_as_a_date() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert retry_after(soon) == pytest.approx(90, abs=5)
    assert retry_after(format_datetime(datetime.fromtimestamp(time.time() - 60, UTC), usegmt=True)) == 0.0


@pytest.mark.parametrize("value", [None, "", "soon", "nan", "inf", "-5", "1e9", "9" * 40, "Mon, 99 Foo 2024"])
def test_retry_after_says_nothing(value: str | None) -> None:
    assert retry_after(value) is None


def test_a_hint_lists_what_may_be_meant() -> None:
    assert did_you_mean([]) == ""
    assert did_you_mean(["a"]) == "did you mean a?"
    assert did_you_mean(["a", "b", "c"]) == "did you mean a, b or c?"
