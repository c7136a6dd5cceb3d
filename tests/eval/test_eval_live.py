"""From a bug in the tracker to a comment, to the fix, to what the comment was worth."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest
from kits.cli import run
from kits.jira import TOKEN, USER, Jira, adf, created, listening, signed
from kits.service import running, shop, until

from eval.live import live, read_comments
from indexer.build import build
from indexer.demo import REPORTS
from indexer.sources.discover import discover
from locator.trackers.settings import TrackerSettings
from summaries.index.index import Index

pytestmark = pytest.mark.slow


def mend(repo: Path, path: str, message: str, at: int) -> None:
    """A commit of that time that changes a file."""
    (repo / path).write_text((repo / path).read_text("utf-8") + "\n", "utf-8")
    when = {"GIT_AUTHOR_DATE": f"@{at} +0000", "GIT_COMMITTER_DATE": f"@{at} +0000"}
    who = ["-c", "user.name=T", "-c", "user.email=t@shop.example"]
    subprocess.run(
        ["git", "-C", str(repo), *who, "commit", "-qam", message], check=True, env=os.environ | when
    )


def told(issue: str, at: float, files: list[tuple[str, str]], confidence: float = 0.5) -> str:
    line = {"tracker": "t", "issue": issue, "title": f"About {issue}", "at": at, "confidence": confidence,
            "verdict": "likely", "files": files, "commits": {}}  # fmt: skip
    return json.dumps(line) + "\n"


def again(folder: Path) -> Index:
    build(folder / "index", discover(folder / "repos", folder / "clones"), workers=1)
    return Index.open(folder / "index")


def test_a_comment_is_scored_by_the_fix_that_follows(tmp_path, monkeypatch):
    root = shop(tmp_path)
    monkeypatch.setenv("SHOP_JIRA_TOKEN", TOKEN)
    monkeypatch.setenv("SHOP_HOOK", "s")
    jira = Jira()
    issue = jira.add("SHOP-12", REPORTS[1].title, adf(REPORTS[1].body))
    with listening(jira) as url:
        tracker = TrackerSettings(
            name="jira", kind="jira", url=url, user=USER, token="env:SHOP_JIRA_TOKEN", secret="env:SHOP_HOOK",
            threshold=0.0, settle=0.0, pace=0.0, catch_up=0,
        )  # fmt: skip
        with running(root, trackers=(tracker,)) as (client, _):
            body, head = signed(created(issue), "s", "one")
            assert client.post("/webhooks/jira", content=body, headers=head).status_code == 202
            until(lambda: (root / "service" / "live.jsonl").exists())
    [[line]] = read_comments(root / "service" / "live.jsonl")[0].values()
    waiting = live(Index.open(root), {"SHOP-12": [line]})
    assert (waiting.commented, waiting.open, waiting.settled, waiting.measures) == (1, 1, (), {})
    mend(
        tmp_path / "repos" / "shop-orders",
        REPORTS[1].path,
        "SHOP-12: shares add up again",
        int(time.time()) + 60,
    )
    again(tmp_path)
    ran = run("eval", "live", "--json", index=root)
    found = json.loads(ran.out)
    [settled] = found["settled"]
    assert (settled["issue"], settled["gold"]) == ("SHOP-12", [["shop-orders", REPORTS[1].path]])
    assert settled["rank"] == 1 + [f[1] for f in line.files].index(REPORTS[1].path)
    assert found["measures"]["MRR"][0] == pytest.approx(1 / settled["rank"], abs=1e-4)
    shown = run("eval", "live", index=root).out
    assert "1 issue was commented on: 1 fixed since" in shown
    assert f"file {settled['rank']}" in shown


def test_what_counts_is_the_comment_before_the_fix(tmp_path):
    root, now = shop(tmp_path), int(time.time())
    orders = tmp_path / "repos" / "shop-orders"
    right, wrong = ("shop-orders", REPORTS[1].path), ("shop-payments", "README.md")
    for n in (1, 2, 3):
        mend(orders, REPORTS[1].path, f"SHOP-{n}: fix the share", now + 1000 * n)
    mend(orders, REPORTS[1].path, "Fix the share\n\nFixes #7", now + 5000)
    file = tmp_path / "live.jsonl"
    file.write_text(
        told("SHOP-1", now, [wrong, right])
        + told("SHOP-1", now + 999, [right], 0.9)
        + told("SHOP-1", now + 2000, [wrong])  # edited after the fix
        + told("SHOP-2", now + 5000, [right])  # too late altogether
        + told("SHOP-3", now, [wrong])
        + told("SHOP-4", now, [right])  # not fixed
        + told("shop-orders#7", now, [wrong, wrong, right])
        + '{"torn',
        "utf-8",
    )
    comments, problems = read_comments(file)
    assert len(problems) == 1
    found = live(again(tmp_path), comments)
    assert (found.commented, found.late, found.open) == (5, 1, 1)
    assert {s.issue: s.rank for s in found.settled} == {"SHOP-1": 1, "SHOP-3": None, "shop-orders#7": 2}
    assert found.measures["Success@1"][0] == pytest.approx(1 / 3, abs=1e-4)
    assert found.measures["MRR"][0] == pytest.approx(0.5)
    [likely] = found.verdicts
    assert (likely.issues, likely.first) == (3, pytest.approx(1 / 3, abs=1e-4))
    assert likely.promised == pytest.approx((0.9 + 0.5 + 0.5) / 3, abs=1e-3)
    assert not root.joinpath("service", "live.jsonl").exists()


def test_nothing_commented_yet_is_told(shop_index):
    ran = run("eval", "live", index=shop_index)
    assert ran.code == 2
    assert "live.jsonl" in ran.err


def said(report: str, path: str, helpful: bool, rank: int, at: float = 0.0, by: str = "ann") -> str:
    line = {
        "time": at,
        "by": by,
        "said": {
            "report": report,
            "repo": "shop-orders",
            "path": path,
            "helpful": helpful,
            "rank": rank,
            "commit": "",
        },
    }
    return json.dumps(line) + "\n"


def test_what_people_say_is_shown(tmp_path):
    root = shop(tmp_path)
    with running(root) as (client, _):
        for rank, (path, helpful) in enumerate([(REPORTS[1].path, True), ("README.md", False)], 1):
            body = {
                "report": REPORTS[1].title,
                "repo": "shop-orders",
                "path": path,
                "helpful": helpful,
                "rank": rank,
            }
            assert client.post("/v1/feedback", json=body).json() == {"kept": True}
    ran = run("eval", "live", index=root)  # there is no tracker: nothing was commented
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "1 report with feedback from 1 person: a helpful file in 1 of them, the first file helpful in 1",
        "  file 1       1 helpful, 0 not",
        "  file 2       0 helpful, 1 not",
        "  shop-orders  1 helpful, 1 not",
    ]


def test_the_last_word_counts_and_a_torn_line_is_told(tmp_path, shop_index):
    file = tmp_path / "feedback.jsonl"
    file.write_text(
        said("A", "a.java", False, 1, 5.0) + said("A", "a.java", True, 1, 1.0)  # changed their mind at 5
        + said("A", "a.java", True, 1, 2.0, "bob") + said("B", "b.java", True, 3) + said("C", "c.java", False, 1)
        + said("D" * 900_000 + "\x00" * 90_000, "d.java", True, 1) + '{"time": 1, "by',
        "utf-8",
    )  # fmt: skip
    ran = run("eval", "live", "--feedback", str(file), "--json", index=shop_index)
    assert ran.code == 0
    assert "feedback.jsonl:7: " in ran.err
    found = json.loads(ran.out)
    assert found["commented"] == 0
    feedback = found["feedback"]
    assert {k: feedback[k] for k in ("marks", "people", "helpful", "reports", "answered", "first")} == {
        "marks": 5, "people": 2, "helpful": 3, "reports": 4, "answered": 3, "first": 2,
    }  # fmt: skip
    assert feedback["ranks"] == {"1": {"helpful": 2, "not_helpful": 2}, "3": {"helpful": 1, "not_helpful": 0}}
    assert feedback["repos"] == {"shop-orders": {"helpful": 3, "not_helpful": 2}}


def test_without_comments_or_feedback_it_says_where_they_would_be(shop_index, tmp_path):
    ran = run("eval", "live", index=shop_index)
    assert ran.code == 2
    assert "live.jsonl" in ran.err
    ran = run("eval", "live", "--feedback", str(tmp_path / "none.jsonl"), index=shop_index)
    assert ran.code == 2
    assert "none.jsonl" in ran.err
