"""The `bugatlas` command: a group whose commands load only when they run, so that --help costs nothing."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import click

from summaries.errors import BugatlasError

# name -> (module:command, one line of help). Named by dotted path: no layer imports upward for the command line.
COMMANDS = {
    "index": ("indexer.commands:index", "Add or update repositories."),
    "locate": ("locator.commands:locate", "Find where a reported bug lives."),
    "search": ("locator.commands:search", "Search the code of all repositories."),
    "show": ("locator.commands:show", "Read the summary of a repository, directory or file."),
    "status": ("locator.commands:status", "What is indexed, and how fresh it is."),
    "remove": ("indexer.commands:remove", "Take repositories out of the index."),
    "doctor": ("indexer.commands:doctor", "Check an index and say what to run."),
    "demo": ("eval.demo:demo", "Build a small shop of six services, index it and locate three bugs."),
    "serve": ("locator.server.commands:serve", "Answer a team over HTTP: page, API, webhooks, agents."),
    "eval": ("eval.commands:evaluate", "Measure accuracy on bugs whose fixes are known."),
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

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Help lines from the table, so that no command is imported."""
        with formatter.section("Commands"):
            formatter.write_dl([(n, text) for n, (_, text) in COMMANDS.items()])


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="bugatlas")
@click.option("--index", "index", type=click.Path(path_type=Path), envvar="BUGATLAS_INDEX", metavar="DIR",
              help="The index to use.  [default: the user's data folder]")  # fmt: skip
@click.option("--debug", is_flag=True, help="Show the trace of an error.")
@click.pass_context
def cli(ctx: click.Context, index: Path | None, debug: bool) -> None:
    """From a bug report to the repository, directory, file and function that hold the bug, and why."""
    ctx.obj = index


def main() -> None:
    """Entry point: one line per error, and its exit code."""
    try:
        cli(standalone_mode=False, prog_name="bugatlas")
    except click.exceptions.Exit as e:
        sys.exit(e.exit_code)
    except click.ClickException as e:
        e.show()
        sys.exit(e.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted; what was finished is kept", err=True)
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except BugatlasError as e:
        if "--debug" in sys.argv:
            raise
        click.echo(f"error: {e}", err=True)
        sys.exit(e.exit_code)


if __name__ == "__main__":
    main()
