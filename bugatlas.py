"""Bugatlas: from a bug report to the repository, directory, file and function that hold the bug, and why.

    import bugatlas

    index = bugatlas.index(["~/src/services"], root="atlas")
    answer = bugatlas.locate(index, "customers abroad pay a tiny bit too little")

This module is the public face and the composition root: it stands above all layers and is imported by none. Everything
loads on first use (PEP 562), so that `import bugatlas` and `bugatlas --help` cost next to nothing.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from summaries import __version__

if TYPE_CHECKING:
    import click

    from locator.answer import Answer, Evidence, FileHit
    from locator.locate import Options, locate
    from locator.report.types import Report
    from locator.search.search import search
    from locator.tree.show import look as show
    from summaries.errors import BugatlasError
    from summaries.index.index import Index

__all__ = [
    "Answer", "BugatlasError", "Evidence", "FileHit", "Index", "Options", "Report", "__version__",
    "index", "locate", "search", "show",
]  # fmt: skip

_PUBLIC = {  # public name -> where it lives
    "Answer": "locator.answer:Answer",
    "BugatlasError": "summaries.errors:BugatlasError",
    "Evidence": "locator.answer:Evidence",
    "FileHit": "locator.answer:FileHit",
    "Index": "summaries.index.index:Index",
    "Options": "locator.locate:Options",
    "Report": "locator.report.types:Report",
    "locate": "locator.locate:locate",
    "search": "locator.search.search:search",
    "show": "locator.tree.show:look",
}

COMMANDS = {  # name -> (module:command, one line of help); a module is imported when its command runs
    "index": ("indexer.commands:index", "Add or update repositories."),
    "locate": ("locator.commands.locate:locate", "Find where a reported bug lives."),
    "search": ("locator.commands.search:search", "Search the code of all repositories."),
    "show": ("locator.commands.show:show", "Read the summary of a repository, directory or file."),
    "status": ("locator.commands.status:status", "What is indexed, and how fresh it is."),
    "summarise": ("indexer.commands_summarise:summarise", "Have a language model write the summaries."),
    "remove": ("indexer.commands:remove", "Take repositories out of the index."),
    "forget": ("indexer.commands:forget", "Let a held snapshot of a repository go."),
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
    "completion": ("locator.completion:completion", "Turn on completion in bash, zsh or fish."),
}


def __getattr__(name: str) -> Any:
    """A public name, from the module where it lives."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'bugatlas' has no attribute {name!r}")
    module, _, attribute = _PUBLIC[name].partition(":")
    return getattr(importlib.import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted(__all__)


def index(
    targets: Sequence[str | Path] = (),
    root: str | Path | None = None,
    *,
    at: Sequence[str] = (),
    jobs: int = 0,
) -> Index:
    """Index repositories (a folder that holds some, one repository, a URL) and open the result.

    Without targets, all that is indexed is brought up to date. `root` is the index (default: the user's data folder), `at`
    names tags, branches, commits or dates to hold beside the head, `jobs` is the number of processes (0: one for each
    core). Raises RepositoryError where a repository could not be indexed; the others are indexed by then.
    """
    from indexer.build import index_targets

    return index_targets(targets, root, at=at, jobs=jobs)


def command_line() -> click.Group:
    """The `bugatlas` command with all its commands."""
    from locator.cli import group

    return group(COMMANDS, __version__)


def main() -> None:
    """Run the command line: one line per error, and its exit code."""
    from locator.cli import run

    run(command_line())


if __name__ == "__main__":
    main()
