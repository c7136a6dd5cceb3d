"""The answers to the demo's three reports, with what every voter added to each file, as golden files.

A change of the ranking shows here as a difference to read. `UPDATE_GOLDEN=1 pytest tests/locator/test_golden_answers.py`
writes them anew.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from indexer.demo import REPORTS, DemoReport
from locator.answer import Answer
from locator.locate import Options, locate
from locator.report.reader import read
from locator.voters.registry import BY_NAME
from summaries.index.index import Index

GOLDEN = Path(__file__).parents[1] / "golden" / "answers"
FILES = 6
CLOSE = 0.002  # sums of float32 differ from machine to machine


def golden(report: DemoReport) -> Path:
    return GOLDEN / f"{'-'.join(re.findall('[a-z]+', report.title.lower())[:4])}.json"


def plain(answer: Answer) -> dict[str, Any]:
    """What is held fast of an answer: not its times, commits and texts that other tests hold."""
    return {
        "report": answer.title,
        "verdict": answer.verdict,
        "confidence": answer.confidence,
        "searched": answer.searched,
        "repositories": [
            {"name": r.repo, "score": r.score, "evidence": {e.text: e.weight for e in r.evidence}}
            for r in answer.routes
        ],
        "files": [
            {
                "file": f"{f.repo}/{f.path}",
                "score": f.score,
                "parts": dict(sorted(f.parts.items(), key=lambda p: -p[1])),
                "functions": {f"{s.qualname}:{s.start}": s.score for s in f.symbols},
                "evidence": {f"{e.voter}: {e.text}": round(e.weight, 4) for e in f.evidence},
            }
            for f in answer.files
        ],
    }


def same(a: Any, b: Any) -> bool:
    """Equal but for numbers that are close."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float | int) and isinstance(b, float | int):
        return bool(a == pytest.approx(b, abs=CLOSE))
    return bool(a == b)


@pytest.mark.parametrize("report", REPORTS, ids=lambda r: r.title[:20])
def test_answers_are_as_the_golden_file_says(shop_index: Path, report: DemoReport) -> None:
    answer = locate(
        Index.open(shop_index), read(f"{report.title}\n\n{report.body}"), Options(limit=FILES, explain=True)
    )
    got = msgspec.json.decode(msgspec.json.encode(plain(answer)))
    path = golden(report)
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(got), indent=1) + b"\n")
    expected = msgspec.json.decode(path.read_bytes())
    if not same(got, expected):
        assert got == expected  # for pytest to show where


def test_every_part_is_of_a_voter_and_the_files_are_in_order() -> None:
    paths = [golden(r) for r in REPORTS]
    assert sorted(GOLDEN.iterdir()) == sorted(set(paths))
    for report, path in zip(REPORTS, paths, strict=True):
        files = msgspec.json.decode(path.read_bytes())["files"]
        assert f"{report.repo}/{report.path}" in [f["file"] for f in files]
        assert [f["score"] for f in files] == sorted((f["score"] for f in files), reverse=True)
        assert {v for f in files for v in f["parts"]} <= BY_NAME.keys()
