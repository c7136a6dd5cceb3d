"""The `bugatlas` command: a group whose commands load only when they run, so that --help costs nothing."""

from __future__ import annotations

import importlib
import io
import os
import sys
from difflib import get_close_matches
from pathlib import Path

import click

from locator.terminal import safe
from summaries.errors import BugatlasError, UsageError

# name -> (module:command, one line of help). By dotted path: no layer imports upward for the command line.
COMMANDS = {
    "index": ("indexer.commands:index", "Add or update repositories."),
    "locate": ("locator.commands:locate", "Find where a reported bug lives."),
    "search": ("locator.commands:search", "Search the code of all repositories."),
    "show": ("locator.commands:show", "Read the summary of a repository, directory or file."),
    "status": ("locator.commands:status", "What is indexed, and how fresh it is."),
    "summarise": ("indexer.commands_summarise:summarise", "Have a language model write the summaries."),
    "remove": ("indexer.commands:remove", "Take repositories out of the index."),
    "doctor": ("indexer.commands:doctor", "Check an index and say what to run."),
    "publish": ("indexer.commands_publish:publish", "Publish the index on a shared folder or S3."),
    "attach": ("indexer.commands_publish:attach", "Read an index that is published elsewhere."),
    "demo": ("eval.demo:demo", "Build a small shop of six services, index it and locate three bugs."),
    "serve": ("locator.server.commands:serve", "Answer a team over HTTP: page, API, webhooks, agents."),
    "mcp": ("locator.mcp.command:mcp", "Serve a coding agent over standard input and output."),
    "tracker": ("locator.server.tracker_commands:tracker", "Check issue trackers, go through old issues."),
    "eval": ("eval.commands.group:evaluate", "Measure accuracy on bugs whose fixes are known."),
    "calibrate": (
        "eval.commands.calibrate:calibrate",
        "Fit the ranking to your own past fixes, if that gains.",
    ),
}


class Lazy(click.Group):
    """Loads a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table: what a newcomer needs first."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """An unknown command is answered with the nearest one."""
        if args[0] not in COMMANDS:
            near = get_close_matches(args[0], COMMANDS, 1)
            hint = f"did you mean {near[0]}?" if near else "see bugatlas --help"
            raise UsageError(f"there is no command {args[0]}", hint)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Help lines from the table, so that no command is imported."""
        with formatter.section("Commands"):
            formatter.write_dl([(n, text) for n, (_, text) in COMMANDS.items()])


def _version(ctx: click.Context, param: click.Parameter, asked: bool) -> None:
    if asked and not ctx.resilient_parsing:
        from importlib.metadata import PackageNotFoundError, version

        try:
            click.echo(f"bugatlas {version('bugatlas')}")
        except PackageNotFoundError:
            click.echo("bugatlas, run from its source")
        ctx.exit()


EPILOG = """\b
Exit codes
  0 done, 1 an error, 2 a wrong request, 3 no confident match or nothing found

\b
Completion of commands, options and repository names
  bash   eval "$(_BUGATLAS_COMPLETE=bash_source bugatlas)"
  zsh    eval "$(_BUGATLAS_COMPLETE=zsh_source bugatlas)"
  fish   _BUGATLAS_COMPLETE=fish_source bugatlas | source
"""


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]}, epilog=EPILOG)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version,
              help="Show the version and exit.")  # fmt: skip
@click.option("--index", "index", type=click.Path(path_type=Path), envvar="BUGATLAS_INDEX", metavar="DIR",
              help="The index to use.  [default: the user's data folder]")  # fmt: skip
@click.option("--debug", is_flag=True, help="Show the trace of an error.")
@click.pass_context
def cli(ctx: click.Context, index: Path | None, debug: bool) -> None:
    """From a bug report to the repository, directory, file and function that hold the bug, and why."""
    ctx.obj = index


def main() -> None:
    """Entry point: one line per error, and its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character still gets the rest
    try:
        code = cli(standalone_mode=False, prog_name="bugatlas")
        sys.stdout.flush()
        sys.exit(code if isinstance(code, int) else 0)
    except click.ClickException as e:
        e.show()
        sys.exit(e.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted; what was finished is kept", err=True)
        sys.exit(130)
    except BrokenPipeError:  # `| head` has read enough; click ends the same way
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except BugatlasError as e:
        _fail(str(e), e.exit_code)
    except Exception as e:
        _fail(f"{type(e).__name__}: {e} (this is a fault of bugatlas: run with --debug and report it)", 1)


def _fail(message: str, code: int) -> None:
    """Say what went wrong, as one line that is safe to print; or, debugging, with its trace."""
    if "--debug" in sys.argv:
        raise
    click.echo(f"error: {safe(message)}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
