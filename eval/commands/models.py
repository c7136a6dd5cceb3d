"""`bugatlas eval tokens | prompts`: what tokens buy, and two versions of the prompts over the same cases."""

from __future__ import annotations

from pathlib import Path

import click

from eval.commands.shared import PATH, answer_all, load, places, prepared


@click.command("tokens")
@click.argument("offline", type=PATH, metavar="OFFLINE.jsonl")
@click.argument("judged", type=PATH, metavar="JUDGED.jsonl")
@click.option(
    "--cases", required=True, type=PATH, metavar="CASES.jsonl", help="The cases that both answered."
)
def tokens_command(offline: Path, judged: Path, cases: Path) -> None:
    """Show accuracy over tokens where a model is asked only for the harder reports (`judge_spare`)."""
    from eval.runfile import read_run
    from eval.scoring.token_curve import as_text, token_curve

    click.echo(as_text(token_curve(load(cases), read_run(offline)[0], read_run(judged)[0])))


# fmt: off
@click.command("prompts")
@click.argument("cases", type=PATH)
@click.argument("old", type=PATH, metavar="FOLDER|shipped")
@click.argument("new", type=PATH, metavar="FOLDER|shipped")
@click.option("--repos", type=PATH, metavar="FILE",
              help="owner/name [mirror-owner/mirror-name] a line.  [default: the index's repositories]")
@click.option("--mirror", metavar="PATTERN", help="Where those clones lie, such as clones/{owner}/{name}.git")
@click.option("--work", type=PATH, metavar="DIR", help="An index of the snapshots.  [default: in the user's cache]")
@click.option("--out", required=True, type=PATH, metavar="FOLDER", help="Where both runs go.")
@click.option("--mode", type=click.Choice(["judge", "dig", "paper"]), default="judge", show_default=True,
              help="What is asked with the prompts.")
@click.option("--model", metavar="NAME|file:DIR", help="Language model, or a folder in which somebody answers.")
@click.option("--models", type=PATH, metavar="FILE", help="Settings of the model, as `--config` of other commands.")
@click.option("--limit", type=click.IntRange(1), help="Only the first cases.")
@click.pass_context
def prompts_command(
    ctx: click.Context, cases: Path, old: Path, new: Path, repos: Path | None, mirror: str | None,
    work: Path | None, out: Path, mode: str, model: str | None, models: Path | None, limit: int | None,
) -> None:
    """Measure two versions of the prompts over the same cases, paired.

    A version is a folder with prompts named as those in `summaries/llm/prompts`; what it lacks is as shipped.
    """
    from eval.rankers.models import stages, with_model
    from eval.rankers.settings import RunSettings, with_prompts
    from eval.runfile import read_run
    from eval.scoring.compare import as_text, compare

    asked = load(cases)[:limit]
    world = prepared(asked, places(ctx, repos, mirror), mirror or "", "all", work, None)
    settings = with_model(RunSettings(), mode, model or "", models, None, None)
    runs = []
    for name, folder in (("old", old), ("new", new)):
        path = out / f"{name}.jsonl"
        chosen = with_prompts(settings, "" if str(folder) == "shipped" else str(folder), name)
        answer_all(asked, world, chosen, "all", path, None, fresh=True)
        runs.append(read_run(path)[0])
    click.echo(as_text(compare(asked, runs[1], runs[0]), "new", "old"))
    for name, run in zip(("old", "new"), runs, strict=True):
        for stage in stages(run):
            click.echo(f"{name}: {stage.stage} {stage.calls} calls, {stage.tokens:,.0f} tokens a case")
# fmt: on
