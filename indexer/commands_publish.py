"""The commands of published indexes: publish and attach."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from summaries.errors import UsageError
from summaries.index.index import default_dir


@click.command()
@click.argument("url")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--force", is_flag=True, help="Also over a commit that this index has never seen.")
@click.option("--withdraw", is_flag=True, help="Take the repositories NAME... out instead.")
@click.option("--sweep", is_flag=True, help="Also remove what was overtaken more than a day ago.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@click.pass_obj
def publish(
    root: Path | None,
    url: str,
    names: tuple[str, ...],
    force: bool,
    withdraw: bool,
    sweep: bool,
    as_json: bool,
) -> None:
    """Publish the index at URL: a shared folder, or a store such as s3://bucket/index.

    Only what changed is sent. Readers see a repository when all of it is there. NAME... publishes only these.
    The exit code is 1 if one was not published.
    """
    from indexer.publish import publish as send
    from indexer.publish import sweep as clean
    from indexer.publish import withdraw as take_back

    if withdraw and not names:
        raise UsageError("--withdraw needs the repositories to withdraw")
    done = take_back(url, names) if withdraw else send(root or default_dir(), url, names or None, force=force)
    swept = clean(url) if sweep else []
    if as_json:
        click.echo(msgspec.json.encode({"repositories": msgspec.to_builtins(done), "swept": swept}))
    else:
        for one in done:
            click.echo(f"{one.repo}: {one.what}")
        if swept:
            click.echo(f"{len(swept):,} files swept")
    if any(one.failed for one in done):
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("url")
@click.option("--room", default=20_000, show_default=True, help="Megabytes of files kept here.")
@click.option("--every", default=30.0, show_default=True, help="Seconds between two looks for news.")
@click.pass_obj
def attach(root: Path | None, url: str, room: int, every: float) -> None:
    """Read the index published at URL through the folder given by --index.

    All commands then work on it. Files come when they are first needed; what is newly published is seen
    without a restart. `bugatlas index` there publishes what it indexes.
    """
    from summaries.index.attached import attach as join

    count = join(root or default_dir(), url, room=room * 1_000_000, every=every)
    click.echo(f"{count:,} repositories at {url}")
