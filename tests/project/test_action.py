"""The GitHub Action: its script indexes, locates and comments once; text of strangers never reaches a command line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from kits.paths import ROOT

from indexer.demo import REPORTS

ACTION = ROOT / ".github/actions/locate"
GH = """#!/bin/sh
# Stands in for GitHub's command line: comments are files.
case "$*" in
    *--paginate*) ls "$STATE" ;;
    *POST*) for a; do case "$a" in body=@*) cp "${a#body=@}" "$STATE/17" ;; esac; done ;;
    *PATCH*comments/17*) for a; do case "$a" in body=@*) cp "${a#body=@}" "$STATE/17"; touch "$EDITED" ;; esac; done ;;
    *) echo "unexpected: $*" >&2; exit 1 ;;
esac
"""


@pytest.fixture
def box(tmp_path: Path, shop: list[Path]) -> dict[str, str]:
    """The environment that the action's script runs in."""
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "gh").write_text(GH)
    (bin_ / "bugatlas").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m bugatlas "$@"\n')
    for tool in bin_.iterdir():
        tool.chmod(0o755)
    (tmp_path / "state").mkdir()
    return {
        **os.environ,
        "PATH": f"{bin_}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "STATE": str(tmp_path / "state"),
        "EDITED": str(tmp_path / "edited"),
        "INDEX": str(tmp_path / "index"),
        "GITHUB_WORKSPACE": str(shop[0].parent),
        "REPOSITORY": "shop/all",
        "ISSUE": "5",
        "BUGATLAS_VECTORS": "none",
    }


def act(box: dict[str, str], **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(ACTION / "locate.sh")], env={**box, **more}, capture_output=True, text=True, cwd="/"
    )


@pytest.mark.slow
def test_one_comment_written_and_edited(box: dict[str, str]) -> None:
    report = next(r for r in REPORTS if r.repo == "shop-orders")
    asked = {"TITLE": report.title, "BODY": report.body, "MINIMUM": "unsure"}
    done = act(box, **asked)
    assert done.returncode == 0, done.stderr
    comment = Path(box["STATE"], "17")
    assert (
        report.path.rpartition("/")[2] in comment.read_text()
        and "<!-- bugatlas-action -->" in comment.read_text()
    )
    assert not Path(box["EDITED"]).exists()
    assert act(box, **asked).returncode == 0
    assert Path(box["EDITED"]).exists() and [p.name for p in Path(box["STATE"]).iterdir()] == ["17"]


@pytest.mark.slow
def test_nothing_is_said_where_nothing_is_known(box: dict[str, str]) -> None:
    done = act(box, TITLE="asdkjh qwelkjq", BODY="")
    assert done.returncode == 0 and "no comment" in done.stdout, done.stderr
    assert list(Path(box["STATE"]).iterdir()) == []


@pytest.mark.slow
def test_hostile_text_is_data(box: dict[str, str], tmp_path: Path) -> None:
    bait = tmp_path / "bait"
    done = act(box, TITLE=f"$(touch {bait}) `touch {bait}` \"; touch {bait}; '", BODY="--help\n-o /x")
    assert done.returncode == 0, done.stderr
    assert not bait.exists()


def test_the_action_puts_no_event_into_a_command() -> None:
    text = (ACTION / "action.yml").read_text()
    commands = [line for line in text.splitlines() if line.strip().startswith("run:")]
    assert commands and not any("${{" in line for line in commands)
