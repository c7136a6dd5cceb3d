"""The command line's frame: a group whose commands load only when they run, so that --help costs nothing.

Which commands there are is for `bugatlas.py` to say, which stands above all layers.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

import click

from locator.terminal import safe
from summaries.errors import BugatlasError, UsageError, did_you_mean

Commands = Mapping[str, tuple[str, str]]  # name -> (module:command, one line of help)


class Lazy(click.Group):
    """Loads a command's module when the command is asked for."""

    def __init__(self, *args: Any, table: Commands, **others: Any) -> None:
        super().__init__(*args, **others)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table: what a newcomer needs first."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        if cmd_name not in self.table:
            return None
        module, _, name = self.table[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """An unknown command is answered with the nearest one."""
        if args[0] not in self.table:
            hint = did_you_mean(get_close_matches(args[0], self.table, 1)) or "see bugatlas --help"
            raise UsageError(f"there is no command {args[0]}", hint)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Help lines from the table, so that no command is imported."""
        with formatter.section("Commands"):
            formatter.write_dl([(n, text) for n, (_, text) in self.table.items()])


EPILOG = """\b
Exit codes
  0 done, 1 an error, 2 a wrong request, 3 no confident match or nothing found,
  4 a clone has moved on since it was indexed (with the setting stale=fail)

\b
Completion of commands, options, repositories, languages, refs and paths
  bugatlas completion bash|zsh|fish      says what to add to your shell's settings
"""


def group(table: Commands, version: str) -> click.Group:
    """The `bugatlas` command over a table of commands."""

    @click.group(
        "bugatlas",
        cls=Lazy,
        table=table,
        epilog=EPILOG,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    @click.version_option(version, "--version", "-V", message="bugatlas %(version)s")
    @click.option("--index", "index", type=click.Path(path_type=Path), envvar="BUGATLAS_INDEX", metavar="DIR",
                  help="The index to use.  [default: the user's data folder]")  # fmt: skip
    @click.option("--debug", is_flag=True, help="Show the trace of an error.")
    @click.pass_context
    def bugatlas(ctx: click.Context, index: Path | None, debug: bool) -> None:
        """From a bug report to the repository, directory, file and function that hold the bug, and why."""
        ctx.obj = index.absolute() if index else None

    return bugatlas


def run(command: click.Command) -> NoReturn:
    """Run it with the arguments of the process: one line per error, and its exit code."""
    # Our matrices are small: on two cores a second thread doubled the processor's time and saved none.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character still gets the rest
    try:
        code = command(standalone_mode=False, prog_name="bugatlas")
        sys.stdout.flush()
        sys.exit(code if isinstance(code, int) else 0)
    except click.ClickException as e:
        _fail(_explained(e), e.exit_code)
    except (click.Abort, KeyboardInterrupt):
        kept = "; what was finished is kept" if {"index", "summarise"} & set(sys.argv[1:]) else ""
        click.echo(f"interrupted{kept}", err=True)
        sys.exit(130)
    except BrokenPipeError:  # `| head` has read enough; click ends the same way
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except BugatlasError as e:
        _fail(str(e), e.exit_code)
    except Exception as e:
        _fail(f"{type(e).__name__}: {e} (this is a bug in Bugatlas: run it with --debug and report it)", 1)


def _explained(error: click.ClickException) -> str:
    """An error of the command line as one line: what is wrong, and what to do."""
    message = error.format_message().rstrip(".")
    if isinstance(error, click.NoSuchOption):
        near = did_you_mean((error.possibilities or [])[:1])
        message = f"there is no option {error.option_name}"
    else:
        near = ""
    path = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "bugatlas"
    return f"{message[:1].lower()}{message[1:]} ({near or f'see {path} --help'})"


def _fail(message: str, code: int) -> NoReturn:
    """Say what went wrong, as one line that is safe to print; or, debugging, with its trace."""
    if "--debug" in sys.argv:
        raise
    click.echo(f"error: {safe(message)}", err=True)
    sys.exit(code)
