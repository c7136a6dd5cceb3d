"""The service as it is run: killed in the middle of its work, and the commands around it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from kits.jira import TOKEN, USER, Faults, Jira, adf, created, listening, signed
from kits.service import until

from bugatlas import command_line
from indexer.demo import REPORTS
from locator.access import caller_of
from locator.server.settings import load
from summaries.errors import UsageError

pytestmark = pytest.mark.slow

SECRET = "hook-secret"


@pytest.fixture(autouse=True)
def secrets(monkeypatch):
    monkeypatch.setenv("SHOP_JIRA_TOKEN", TOKEN)
    monkeypatch.setenv("SHOP_HOOK", SECRET)


def settings(folder: Path, url: str, more: str = "") -> Path:
    file = folder / "service.toml"
    file.write_text(f"""
port = 0
state = "{folder / "state"}"
[[tracker]]
name = "jira"
kind = "jira"
url = "{url}"
user = "{USER}"
token = "env:SHOP_JIRA_TOKEN"
secret = "env:SHOP_HOOK"
projects = ["SHOP"]
threshold = 0.1
settle = 0
backoff = 0.1
pace = 0
timeout = 3
{more}
""")
    return file


@contextlib.contextmanager
def process(index: Path, file: Path):
    """`bugatlas serve` as a process of its own, and its address. Killed at the end, if it still runs."""
    command = [sys.executable, "-m", "bugatlas", "--index", str(index), "serve", "--service", str(file)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as service:
        assert service.stderr
        url = ""
        for line in service.stderr:
            if "running on http" in line:
                url = line.split("running on ")[1].split()[0]
                break
        try:
            yield url, service
        finally:
            service.kill()
            service.stderr.close()


def test_killed_at_any_moment_there_is_one_comment(shop_index, tmp_path):
    jira = Jira(faults=Faults(slow=0.15))
    with listening(jira) as url:
        file = settings(tmp_path, url)
        for n in range(1, 7):
            jira.add(f"SHOP-{n}", REPORTS[n % 3].title, adf(REPORTS[n % 3].body))
        for n, moment in enumerate((0.1, 0.3, 0.5), 1):
            with process(shop_index, file) as (address, service):
                for key in (f"SHOP-{2 * n - 1}", f"SHOP-{2 * n}"):
                    body, head = signed(created(jira.issues[key]), SECRET, key)
                    assert (
                        httpx.post(f"{address}/webhooks/jira", content=body, headers=head).status_code == 202
                    )
                time.sleep(moment)
                service.send_signal(signal.SIGKILL)
                service.wait()
        with process(shop_index, file) as (address, service):
            until(lambda: all(len(jira.ours(k)) == 1 for k in jira.issues), 60)
            time.sleep(1)
            assert {k: len(jira.ours(k)) for k in jira.issues} == dict.fromkeys(jira.issues, 1)
            service.send_signal(signal.SIGTERM)
            assert service.wait(30) in (0, -signal.SIGTERM)


def run(index, *args):
    return CliRunner().invoke(command_line(), ["--index", str(index), *args], catch_exceptions=True)


def test_tracker_check_writes_nothing(shop_index, tmp_path):
    jira = Jira()
    jira.add("SHOP-1", REPORTS[1].title, adf(REPORTS[1].body))
    with listening(jira) as url:
        file = str(settings(tmp_path, url))
        told = run(shop_index, "tracker", "check", "jira", "--issue", "SHOP-1", "--service", file)
        assert told.exit_code == 0, told.output
        assert "all there" in told.output and "shop-orders" in told.output and "Cloud" in told.output
        raw = run(shop_index, "tracker", "check", "jira", "--issue", "SHOP-1", "--raw", "--service", file)
        assert '"type": "doc"' in raw.output
        assert not jira.writes()
        jira.permissions["ADD_COMMENTS"] = False
        told = run(shop_index, "tracker", "check", "jira", "--service", file)
        assert told.exit_code == 1 and "missing: ADD_COMMENTS" in told.output
        assert isinstance(
            run(shop_index, "tracker", "check", "nope", "--service", file).exception, UsageError
        )


def test_a_tracker_that_does_not_answer_is_named(shop_index, tmp_path):
    with listening(Jira()) as url:
        pass
    said = str(
        run(shop_index, "tracker", "check", "jira", "--service", str(settings(tmp_path, url))).exception
    )
    assert "ConnectError" in said and f"asked of {url}" in said and "`token` of jira" in said


def test_tracker_backfill_status_and_retry(shop_index, tmp_path):
    jira = Jira()
    for n in range(1, 5):
        jira.add(f"SHOP-{n}", f"Bug {n}", adf("text"))
    with listening(jira) as url:
        file = str(settings(tmp_path, url))
        assert "4 issues queued" in run(shop_index, "tracker", "backfill", "jira", "--service", file).output
        told = run(shop_index, "tracker", "status", "--service", file).output
        assert "4 ready" in told and "SHOP-3: ready" in told
        out = tmp_path / "out.jsonl"
        told = run(shop_index, "tracker", "backfill", "jira", "--out", str(out), "--service", file)
        assert "4 issues written" in told.output and len(out.read_text().splitlines()) == 4
        assert "0 issues" in run(shop_index, "tracker", "retry", "--service", file).output


def test_serve_refuses_unsafe_settings(shop_index, tmp_path):
    for args in (["--host", "0.0.0.0"], ["--service", str(tmp_path / "none.toml")]):
        assert isinstance(run(shop_index, "serve", *args).exception, UsageError)


def test_a_token_made_by_the_command_opens_the_door(shop_index, tmp_path):
    made = run(shop_index, "serve", "token", "ci", "--repos", "shop-*", "--may", "read", "--may", "index")
    token, toml = made.stdout.strip(), made.stderr
    file = tmp_path / "service.toml"
    file.write_text(toml)
    found = caller_of(load(file).tokens, f"Bearer {token}")
    assert found and found.name == "ci" and found.may == ("read", "index") and found.sees("shop-orders")
    assert not found.sees("other") and token not in toml and os.environ
