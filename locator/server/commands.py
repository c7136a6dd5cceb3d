"""`bugatlas serve`: run the service, and make tokens for it."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from locator.access import RIGHTS
from locator.terminal import safe
from summaries.config import Settings, options
from summaries.errors import UsageError, with_extra
from summaries.index.index import default_dir

if TYPE_CHECKING:
    import uvicorn


RUNNING = "running on %s://"  # in what uvicorn says when it listens, with the address


class JsonFormatter(logging.Formatter):
    """One JSON object a line: what happened, and nothing of what was asked."""

    def format(self, record: logging.LogRecord) -> str:
        """A log record as one JSON object."""
        said: dict[str, object] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "log": record.name,
        }
        said |= getattr(record, "bugatlas", {}) or {"said": record.getMessage()}
        if record.exc_info:
            said["trace"] = self.formatException(record.exc_info)
        return json.dumps(said, default=str)


class TerminalFormatter(logging.Formatter):
    """The same for somebody at a terminal."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Without how servers talk of their own starting and stopping."""
        return (
            record.levelno > logging.INFO or record.name.startswith("bugatlas") or RUNNING in str(record.msg)
        )

    def format(self, record: logging.LogRecord) -> str:
        """A log record as a line for a terminal."""
        said = getattr(record, "bugatlas", None)
        if RUNNING in str(record.msg):
            url = next(w for w in record.getMessage().split() if "://" in w)
            return f"Bugatlas answers at {url} (Ctrl-C stops it)"
        if said and {"method", "path", "status", "ms"} <= said.keys():
            text = f"{said['method']} {said['path']}  {said['status']}, {said['ms']:.0f} ms"
        else:
            text = record.getMessage() if not said else ", ".join(f"{k} {v}" for k, v in said.items())
        level = f"{record.levelname.lower()}: " if record.levelno > logging.INFO else ""
        trace = "\n" + self.formatException(record.exc_info) if record.exc_info else ""
        return safe(f"{time.strftime('%H:%M:%S', time.localtime(record.created))}  {level}{text}") + trace


@click.group(invoke_without_command=True)
@click.option("--service", "file", type=click.Path(path_type=Path, dir_okay=False), envvar="BUGATLAS_SERVICE",
              metavar="FILE", help="Tokens, trackers, limits: see docs/service.md.")  # fmt: skip
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; 0 takes a free one.  [default: 8349]")
@click.option("--workers", type=click.IntRange(1, 64),
              help="Processes that answer questions.  [default: one a core, 4 at most; 1 for one person]")  # fmt: skip
@click.option("--quiet", is_flag=True, help="Log warnings only.")
@click.option("--until-eof", is_flag=True, help="End with standard input: for programs that start a service.")
@options
@click.pass_context
def serve(
    ctx: click.Context,
    settings: Settings,
    file: Path | None,
    host: str | None,
    port: int | None,
    workers: int | None,
    quiet: bool,
    until_eof: bool,
) -> None:
    """Answer a team over HTTP: a page, an API, webhooks of trackers, coding agents.

    Without a file it answers this machine only, at http://127.0.0.1:8349.
    """
    if ctx.invoked_subcommand:
        return
    try:
        import fastapi  # noqa: F401
        import uvicorn
    except ImportError as e:
        raise UsageError(f"the service needs {e.name}", with_extra("serve")) from e
    from locator.server.app import configured, service
    from locator.server.settings import load

    chosen = load(file, host=host, port=port, workers=workers)
    if not chosen.workers and (until_eof or not file):
        # One person's: another process costs memory, and nobody else asks.
        chosen = replace(chosen, workers=1)
    handler = logging.StreamHandler(sys.stderr)
    if sys.stderr.isatty():
        handler.setFormatter(spoken := TerminalFormatter())
        handler.addFilter(spoken.filter)
    else:
        handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.WARNING if quiet else logging.INFO, handlers=[handler], force=True)
    parts = service(ctx.obj or default_dir(), chosen, settings)
    server = uvicorn.Server(configured(parts))
    if until_eof:
        threading.Thread(target=_end_with_input, args=[server], daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn has ended in good order before it passes this on
        server.run()


def _end_with_input(server: uvicorn.Server) -> None:
    """Whoever started the service holds the other end: it closes even where they are killed."""
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    server.should_exit = True


@serve.command()
@click.argument("name")
@click.option("--repos", multiple=True, metavar="PATTERN", help="Repositories it may see.  [default: all]")
@click.option("--may", multiple=True, type=click.Choice(RIGHTS), default=("read",),
              show_default=True, help="What it may do. Repeatable.")  # fmt: skip
def token(name: str, repos: tuple[str, ...], may: tuple[str, ...]) -> None:
    """Make a token. It is shown once; the lines for the service's file hold only its hash."""
    from locator.access import digest

    made = "bga_" + secrets.token_urlsafe(32)
    click.echo(made)
    click.echo("\n# for the file of --service:\n[[token]]", err=True)
    for key, value in {
        "name": name,
        "sha256": digest(made),
        "repos": list(repos or ("*",)),
        "may": list(may),
    }.items():
        click.echo(f"{key} = {json.dumps(value)}", err=True)
