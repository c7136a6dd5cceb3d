"""`bugatlas tracker`: check a tracker before it is let loose, go through old issues, see what waits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from summaries.config import Settings, options
from summaries.errors import TrackerError, UsageError
from summaries.index.index import default_dir

FILE = click.option("--service", "file", type=click.Path(path_type=Path, dir_okay=False), envvar="BUGATLAS_SERVICE",
                    required=True, metavar="FILE", help="Settings of the service (docs/service.md).")  # fmt: skip


@click.group()
def tracker() -> None:
    """Issue trackers: check the settings, go through old issues, see what waits."""


@tracker.command()
@click.argument("name")
@click.option("--issue", help="Also show the comment that this issue would get. Nothing is written.")
@click.option("--project", default="", help="Check permissions in this project.  [default: the first listed]")
@click.option("--raw", is_flag=True, help="Show the comment as it is sent.")
@FILE
@options
@click.pass_obj
def check(
    root: Path | None, settings: Settings, name: str, issue: str | None, project: str, raw: bool, file: Path
) -> None:
    """Check address, account and permissions of a tracker; nothing is written.

    The exit code is 1 where a permission is missing.
    """
    from locator.trackers.events import named

    with _handler(root, settings, file, name) as (handler, chosen):
        try:
            found = handler.tracker.check(project or next(iter(named(chosen)), ""))
        except TrackerError as e:
            raise TrackerError(
                str(e), f"asked of {chosen.url}: see `url`, `user` and `token` of {name}"
            ) from e
        click.echo(f"server      {found.server}\naccount     {found.account or 'an app'}")
        click.echo(
            "permissions " + (f"missing: {', '.join(found.missing)}" if found.missing else "all there")
        )
        if issue:
            _show(handler, issue, raw)
    if found.missing:
        raise click.exceptions.Exit(1)


def _show(handler: Any, key: str, raw: bool) -> None:
    import msgspec.json

    from locator.trackers.comment import markdown

    issue, note, answer = handler.preview(key)
    listed = handler.tracker.wants(issue)
    sure = answer.confidence >= handler.settings.threshold
    click.echo(
        f"issue       {issue.key}: {issue.title}\nlisted      {'yes' if listed else 'no: nothing is written'}"
    )
    at_least = f"{handler.settings.threshold:.0%} is asked for"
    what = "" if sure else ": nothing is written unless somebody asks"
    click.echo(f"confidence  {answer.confidence:.0%}, {at_least}{what}\n")
    if raw:
        body = handler.tracker.render(note)
        click.echo(
            body
            if isinstance(body, str)
            else msgspec.json.format(msgspec.json.encode(body), indent=2).decode()
        )
    else:
        click.echo(markdown(note).replace("\\", ""))


@tracker.command()
@click.argument("name")
@click.option("--jql", "query", help="Issues to go through.  [default: those listed, made within --days]")
@click.option("--days", type=click.IntRange(1, 10_000), default=30, show_default=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.jsonl",
              help="Write the issues as they were reported, for `bugatlas eval mine`; comment on none.")  # fmt: skip
@FILE
@click.pass_obj
def backfill(
    root: Path | None, name: str, query: str | None, days: int, out: Path | None, file: Path
) -> None:
    """Put old issues into the queue as if they had just been made, or write them to a file.

    A running service takes them from the queue; otherwise the next one does.
    """
    from locator.trackers.backfill import as_reported, keys
    from locator.trackers.jira import Jira
    from locator.trackers.queue import Queue
    from locator.trackers.run import client

    state, chosen, token = _chosen(root, file, name)
    api = client(chosen, token)
    if out:
        if not isinstance(api, Jira):
            raise UsageError(
                "issues are written to a file for Jira only", "GitHub and GitLab export them themselves"
            )
        count = as_reported(api, query, days, out)
        click.echo(f"{count:,} issues written to {out}")
        return
    queue = Queue(state / "queue.sqlite")
    now, added = time.time(), 0
    for key in keys(api, query, days):
        added += queue.accept(chosen.name, key, [f"backfill:{key}:{now}"], False, 0.0, now)
    queue.close()
    click.echo(f"{added:,} issues queued")


@tracker.command()
@click.option("--state", "wanted", type=click.Choice(["ready", "running", "dead"]), help="Only these.")
@FILE
@click.pass_obj
def status(root: Path | None, wanted: str | None, file: Path) -> None:
    """What waits, and what was set aside and why."""
    from locator.trackers.queue import Queue

    queue = Queue(_state(root, file) / "queue.sqlite")
    counts = queue.counts()
    click.echo(", ".join(f"{n:,} {s}" for s, n in sorted(counts.items())) or "nothing waits")
    for row in queue.waiting(wanted or ""):
        when = f", next try in {max(0, row.due - queue.now()):.0f} s" if row.state == "ready" else ""
        click.echo(
            f"{row.tracker} {row.issue}: {row.state}, {row.attempts} tries{when}{': ' + row.error if row.error else ''}"
        )
    queue.close()


@tracker.command()
@click.argument("name", default="")
@FILE
@click.pass_obj
def retry(root: Path | None, name: str, file: Path) -> None:
    """Try again what was set aside, of one tracker or of all."""
    from locator.trackers.queue import Queue

    queue = Queue(_state(root, file) / "queue.sqlite")
    click.echo(f"{queue.retry(name):,} issues are tried again")
    queue.close()


def _state(root: Path | None, file: Path) -> Path:
    from locator.server.settings import load

    settings = load(file)
    return Path(settings.state) if settings.state else (root or default_dir()) / "service"


def _chosen(root: Path | None, file: Path, name: str) -> tuple[Path, Any, str]:
    """State folder, settings and token of a tracker. Raises UsageError."""
    from locator.server.settings import load, secret

    known = {t.name: t for t in load(file).trackers}
    if name not in known:
        raise UsageError(f"no tracker is called {name}", f"there are {', '.join(known) or 'none'}")
    return _state(root, file), known[name], secret(known[name].token)


@contextmanager
def _handler(root: Path | None, settings: Settings, file: Path, name: str) -> Iterator[tuple[Any, Any]]:
    from locator.live_index import LiveIndex
    from locator.server.app import answering
    from locator.server.settings import load
    from locator.trackers.handle import Handler
    from locator.trackers.queue import Queue
    from locator.trackers.run import client
    from locator.weights import VOTERS, Weights

    state, chosen, token = _chosen(root, file, name)
    queue = Queue(state / "queue.sqlite")
    weights = Weights(voters={**VOTERS, **settings.voters})
    api = client(chosen, token)
    locate = answering(LiveIndex(root or default_dir()), settings, weights)(chosen)
    try:
        yield Handler(chosen, api, queue, locate, state / "live.jsonl", page=load(file).public_url), chosen
    finally:
        api.close()
        queue.close()
