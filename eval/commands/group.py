"""`bugatlas eval`."""

from __future__ import annotations

import click

from eval.commands.functions import functions_command
from eval.commands.live import live_command
from eval.commands.mine import mine_command
from eval.commands.publish import ablate_command, publish_command, published_command
from eval.commands.run import baselines_command, compare_command, report_command, run_command


@click.group()
def evaluate() -> None:
    """Measure accuracy on bugs whose fixes are known."""


for command in (
    run_command, baselines_command, compare_command, functions_command, report_command, mine_command, ablate_command,
    publish_command, published_command, live_command,
):  # fmt: skip
    evaluate.add_command(command)
