"""From a bug in the tracker to a comment, to the fix, to what the comment was worth."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest
from clikit import run
from jirakit import TOKEN, USER, Jira, adf, created, listening, signed
from servicekit import running, shop, until

from eval.live import live, read_told
from indexer.build import build
from indexer.demo import REPORTS
from indexer.repos import discover
from locator.trackers.settings import TrackerSettings
from summaries.index import Index


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
    [[line]] = read_told(root / "service" / "live.jsonl")[0].values()
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
    said = run("eval", "live", index=root).out
    assert "1 issues were commented on: 1 fixed since" in said
    assert f"file {settled['rank']}" in said


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
    comments, problems = read_told(file)
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
