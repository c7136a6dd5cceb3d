"""`bugatlas eval ablate | publish | published`: tables of runs, and figures that are held to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from eval.cases import Case, Repo, read_cases, read_repos
from eval.commands.shared import PATH, answer_all, load, places, prepared
from summaries.errors import UsageError

if TYPE_CHECKING:
    from eval.report.published import Corpus, Published

CONFIGS = Path(__file__).resolve().parents[2] / "configs" / "published"


# fmt: off
@click.command("ablate")
@click.argument("cases", type=PATH)
@click.option("--repos", type=PATH, metavar="FILE", help="As for `eval run`.")
@click.option("--mirror", metavar="PATTERN", help="As for `eval run`.")
@click.option("--scope", type=click.Choice(["all", "reported", "oracle"]), default="all", show_default=True)
@click.option("--out", required=True, type=PATH, metavar="DIR", help="Where the runs go.")
@click.option("--work", type=PATH, metavar="DIR", help="As for `eval run`.")
@click.option("--jobs", type=click.IntRange(1), help="As for `eval run`.")
@click.option("--baselines/--no-baselines", default=True, show_default=True, help="Run the baselines too.")
@click.pass_context
def ablate_command(
    ctx: click.Context, cases: Path, repos: Path | None, mirror: str | None, scope: str, out: Path,
    work: Path | None, jobs: int | None, baselines: bool,
) -> None:
    """Run with each group of voters switched off, and the baselines: what each part brings."""
    # fmt: on
    from eval.rankers.baselines import BASELINES
    from eval.rankers.settings import GROUPS, settings_of
    from eval.report.report import as_markdown, book

    asked = load(cases)
    world = prepared(asked, places(ctx, repos, mirror), mirror or "", scope, work, jobs)
    every = {"shipped": settings_of(), **{f"without-{g}": settings_of(without=[g]) for g in GROUPS}}
    every |= {name: settings_of(name) for name in BASELINES} if baselines else {}
    runs = []
    for name, settings in every.items():
        runs.append(out / f"{name}.jsonl")
        answer_all(asked, world, settings, scope, runs[-1], jobs, fresh=True)
        click.echo(f"{name}: done", err=True)
    found, _ = book(asked, runs, f"Ablation on {cases.stem}")
    text = as_markdown(found).split("\n## With the right repositories given")[0]
    (out / "ablation.md").write_text(text + "\n", "utf-8")
    click.echo(text)


# fmt: off
@click.command("publish")
@click.argument("name")
@click.argument("cases")
@click.option("--repos", type=PATH, metavar="FILE", help="As for `eval run`; not for the demo.")
@click.option("--mirror", metavar="PATTERN", help="As for `eval run`; not for the demo.")
@click.option("--scope", type=click.Choice(["all", "reported", "oracle"]), default="all", show_default=True)
@click.option("--config", default="shipped", show_default=True, help="As for `eval run`.")
@click.option("--title", required=True, help="What the corpus is, for readers of the table.")
@click.option("--work", type=PATH, metavar="DIR", help="As for `eval run`.")
@click.option("--jobs", type=click.IntRange(1), help="As for `eval run`.")
@click.option("--configs", type=PATH, default=CONFIGS, help="Where published runs are kept.  [default: configs/published/]")
def publish_command(
    name: str, cases: str, repos: Path | None, mirror: str | None, scope: str, config: str, title: str,
    work: Path | None, jobs: int | None, configs: Path,
) -> None:
    """Run and write NAME.toml: the command, the corpus and the figures that came out. CASES may be `demo`."""
    # fmt: on
    from msgspec.structs import replace

    from eval.report.published import DEMO, Corpus, Published, write_published

    folder = Path(cases).parent
    empty = Corpus("", "", "", {})
    p = Published(title, Path(cases).name, repos.name if repos else "", scope, config, empty, {})
    if cases != DEMO and (not repos or repos.parent.resolve() != folder.resolve()):
        raise UsageError("--repos must lie beside the cases", "both are found again by --corpora")
    corpus, found = _run(p, folder, mirror, work, jobs)
    write_published(configs / f"{name}.toml", replace(p, corpus=corpus, expected=found))
    click.echo(f"{configs / name}.toml: " + ", ".join(f"{m} {v[0]:.3f}" for m, v in found.items()))


@click.command("published")
@click.argument("names", nargs=-1)
@click.option("--corpora", type=PATH, metavar="DIR", help="Where the files of cases and repositories lie.")
@click.option("--mirror", metavar="PATTERN", help="Where clones lie, as for `eval run`.")
@click.option("--work", type=PATH, metavar="DIR", help="As for `eval run`; one corpus at a time.")
@click.option("--jobs", type=click.IntRange(1), help="As for `eval run`.")
@click.option("--configs", type=PATH, default=CONFIGS, help="Where published runs are kept.  [default: configs/published/]")
@click.option("--table", "as_table", is_flag=True, help="Print the published figures as a table and run nothing.")
@click.pass_context
def published_command(
    ctx: click.Context,
    names: tuple[str, ...],
    corpora: Path | None,
    mirror: str | None,
    work: Path | None,
    jobs: int | None,
    configs: Path,
    as_table: bool,
) -> None:
    """Run what was published again and say of each: ok, or drifted. Without NAMES all of them."""
    from eval.report.published import DEMO, read_published, table, verdict

    paths = [configs / f"{n}.toml" for n in names] or sorted(configs.glob("*.toml"))
    if not paths:
        raise UsageError(f"nothing is published in {configs}")
    known = {p.stem: read_published(p) for p in paths}
    if as_table:
        click.echo(table(known))
        return
    bad = 0
    for name, p in known.items():
        if p.cases != DEMO and (corpora is None or mirror is None):
            raise UsageError(f"{name} needs --corpora and --mirror", f"it is a run over {p.cases} and {p.repos}")
        corpus, found = _run(p, corpora or Path(), mirror, work, jobs)
        v = verdict(name, p, corpus, found)
        bad += bool(v.drifted)
        click.echo(f"{name}: " + (f"DRIFTED: {'; '.join(v.drifted)}" if v.drifted else "ok"))
    if bad:
        ctx.exit(1)


def _run(
    p: Published, folder: Path, mirror: str | None, work: Path | None, jobs: int | None
) -> tuple[Corpus, dict[str, tuple[float, float, float]]]:
    from eval.rankers.settings import settings_of
    from eval.report.published import DEMO, corpus_of, figures

    with _corpus(p.cases == DEMO, folder / p.cases, folder / p.repos) as (cases, repos, scratch):
        where = scratch / "index" if p.cases == DEMO else work
        world = prepared(cases, repos, mirror or "", p.scope, where, jobs)
        out = scratch / "run.jsonl"
        answer_all(cases, world, settings_of(p.config), p.scope, out, jobs, fresh=True)
        files = (None, None) if p.cases == DEMO else (folder / p.cases, folder / p.repos)
        return corpus_of(cases, world, files), figures(cases, out)


@contextmanager
def _corpus(demo: bool, cases: Path, repos: Path) -> Iterator[tuple[list[Case], list[Repo], Path]]:
    """Cases, repositories and a folder for the run, which is removed afterwards."""
    from eval.report.published import demo_corpus

    with TemporaryDirectory(prefix="bugatlas-eval-", ignore_cleanup_errors=True) as name:
        scratch = Path(name)
        if demo:
            yield *demo_corpus(scratch / "shop"), scratch
        else:
            found, problems = read_cases(cases)
            if problems:
                raise UsageError(problems[0])
            yield found, read_repos(repos), scratch
