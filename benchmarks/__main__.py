"""`python -m benchmarks COMMAND`: each prints its figures and writes them to benchmarks/results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from benchmarks.measure import RESULTS, save
from eval.cases import read_cases, read_repos

PATH = click.Path(path_type=Path, exists=True)


@click.group(help=__doc__)
def main() -> None:
    """The suite."""


def _report(name: str, figures: dict[str, Any], out: Path) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(figures)))
    click.echo(f"written to {save(name, figures, out)}", err=True)


def _common(command: Any) -> Any:
    for option in (
        click.option("--repos", type=PATH, required=True, help="List of `owner/name [mirror]` lines."),
        click.option("--mirror", required=True, help="Where the clones lie: `clones/{owner}/{name}.git`."),
        click.option("--runs", default=3, show_default=True, help="Repetitions; the least counts."),
        click.option("--jobs", default=2, show_default=True, help="Processes that index."),
        click.option("--label", default="", help="Name of the result; default: the command's."),
        click.option("--out", type=click.Path(path_type=Path), default=RESULTS, help="Folder of results."),
    ):
        command = option(command)
    return command


@main.command()
@_common
def index(repos: Path, mirror: str, runs: int, jobs: int, label: str, out: Path) -> None:
    """Index repositories from nothing, unchanged and with one file changed, beside the floor."""
    from benchmarks.index import index_speed

    _report(label or "index", index_speed(read_repos(repos), mirror, runs, jobs), out)


@main.command()
@_common
@click.option("--cases", type=PATH, required=True, help="Reports to ask, one JSON object a line.")
@click.option(
    "--index", "root", type=click.Path(path_type=Path), help="An index of them; default: a new one."
)
def query(
    repos: Path, mirror: str, runs: int, jobs: int, label: str, out: Path, cases: Path, root: Path | None
) -> None:
    """Ask reports of the index of the repositories: warm, and as a command of its own."""
    from benchmarks.query import query_speed

    _report(
        label or "query", query_speed(read_repos(repos), mirror, read_cases(cases)[0], runs, jobs, root), out
    )


@main.command()
@_common
@click.option("--cases", type=PATH, required=True, help="Reports to ask, one JSON object a line.")
@click.option("--scope", default="all", show_default=True, help="As `bugatlas eval run --scope`.")
@click.option(
    "--work", type=click.Path(path_type=Path), help="An index of the snapshots; default: a new one."
)
@click.option("--most", default=0, help="Ask no more than so many reports.  [default: all]")
def evidence(
    repos: Path,
    mirror: str,
    runs: int,
    jobs: int,
    label: str,
    out: Path,
    cases: Path,
    scope: str,
    work: Path | None,
    most: int,
) -> None:
    """Check every sentence of evidence against the file and the report."""
    from benchmarks.evidence import evidence as checked
    from eval.snapshots import prepare

    asked = read_cases(cases)[0][: most or None]
    world = prepare(asked, read_repos(repos), mirror, scope, work, jobs)
    _report(label or "evidence", checked(world, asked), out)


@main.command()
@click.option("--index", "root", type=PATH, required=True, help="An index of the repositories.")
@click.option("--cases", type=PATH, required=True, help="Reports to ask, one JSON object a line.")
@click.option(
    "--repos", type=PATH, help="Take repositories as they were: the list, for an evaluation's index."
)
@click.option("--mirror", default="", help="And where their clones lie.")
@click.option("--counts", default="5,10,20", show_default=True, help="Numbers of repositories to choose.")
@click.option("--most", default=0, help="Ask no more than so many reports.  [default: all]")
@click.option("--label", default="routing", show_default=True, help="Name of the result.")
@click.option("--out", type=click.Path(path_type=Path), default=RESULTS, help="Folder of results.")
def routing(
    root: Path, cases: Path, repos: Path | None, mirror: str, counts: str, most: int, label: str, out: Path
) -> None:
    """Choose repositories by the routing map, beside CORI, ReDDE, Taily and searching everything."""
    from benchmarks.routing import routing_accuracy

    asked = read_cases(cases)[0]
    asked = asked[:: max(1, len(asked) // most)] if most else asked
    listed = read_repos(repos) if repos else None
    _report(label, routing_accuracy(root, asked, listed, mirror, [int(n) for n in counts.split(",")]), out)


@main.command()
@click.option("--index", "root", type=PATH, required=True, help="An index of a large system.")
@click.option("--cases", type=PATH, required=True, help="Reports to ask, one JSON object a line.")
@click.option("--sizes", default="40,100,250,500,1000", show_default=True, help="Numbers of repositories.")
@click.option("--runs", default=3, show_default=True, help="Repetitions; the least counts.")
@click.option("--label", default="curve", show_default=True, help="Name of the result.")
@click.option("--out", type=click.Path(path_type=Path), default=RESULTS, help="Folder of results.")
def curve(root: Path, cases: Path, sizes: str, runs: int, label: str, out: Path) -> None:
    """Ask ever larger parts of one system: how cost, memory and accuracy grow."""
    from benchmarks.curve import curve as measure

    _report(label, measure(root, read_cases(cases)[0], [int(n) for n in sizes.split(",")], runs), out)


@main.command()
@_common
@click.option("--cases", type=PATH, required=True, help="Reports to ask, one JSON object a line.")
@click.option(
    "--work", type=click.Path(path_type=Path), help="An index of the snapshots; default: a new one."
)
@click.option("--most", default=40, show_default=True, help="Ask no more than so many.")
@click.option(
    "--model", default="", help="A sentence-transformers model to embed chunks with: name or folder."
)
def rivals(
    repos: Path,
    mirror: str,
    runs: int,
    jobs: int,
    label: str,
    out: Path,
    cases: Path,
    work: Path | None,
    most: int,
    model: str,
) -> None:
    """Beside BM25 (bm25s), SQLite FTS5, tantivy, semble, probe, ripgrep and embedded chunks, on real reports."""
    from benchmarks.rivals.compare import rivals as measure
    from eval.snapshots import prepare

    asked = read_cases(cases)[0]
    asked = asked[:: max(1, len(asked) // most)][:most]
    world = prepare(asked, read_repos(repos), mirror, "all", work, jobs)
    _report(label or "rivals", measure(world, asked, model), out)


@main.command()
@click.option("--sizes", default="4000,16000,64000", show_default=True, help="Numbers of summaries.")
@click.option("--label", default="nodes", show_default=True, help="Name of the result.")
@click.option("--out", type=click.Path(path_type=Path), default=RESULTS, help="Folder of results.")
def nodes(sizes: str, label: str, out: Path) -> None:
    """Fill and ask one node of Chroma with ever more summaries."""
    from benchmarks.nodes import nodes as measure

    _report(label, measure([int(n) for n in sizes.split(",")]), out)


@main.command()
@_common
def engines(repos: Path, mirror: str, runs: int, jobs: int, label: str, out: Path) -> None:
    """Index by every engine: seconds, memory, and whether the bytes are the same."""
    from benchmarks.engines import engines as measure

    _report(label or "engines", measure(read_repos(repos), mirror, runs), out)


@main.command()
@click.option("--check", is_flag=True, help="Only tell whether docs/scale.md is what the results say.")
def tables(check: bool) -> None:
    """Write the tables of docs/scale.md from the newest results."""
    from benchmarks.tables import PAGE, page

    before = PAGE.read_text("utf-8")
    after = page(before)
    if check and after != before:
        raise click.ClickException("docs/scale.md is behind its results: python -m benchmarks tables")
    if not check:
        PAGE.write_text(after, "utf-8")


@main.command()
@click.option(
    "--from", "listed", type=PATH, required=True, help="Real repositories to learn from, as for index."
)
@click.option("--mirror", required=True, help="Where their clones lie: `clones/{owner}/{name}.git`.")
@click.option("--repos", default=1000, show_default=True, help="Repositories to make.")
@click.option("--files", default=0, help="Files of a repository in the mean.  [default: as learnt]")
@click.option("--commits", default=20, show_default=True, help="Commits of a repository at most.")
@click.option("--bugs", default=300, show_default=True, help="Bugs to plant.")
@click.option("--seed", default=1, show_default=True)
@click.argument("out", type=click.Path(path_type=Path))
def generate(
    listed: Path, mirror: str, repos: int, files: int, commits: int, bugs: int, seed: int, out: Path
) -> None:
    """Make a large system of repositories in OUT, with planted bugs in cases.jsonl."""
    from benchmarks.generate import Plan, about, learn
    from benchmarks.generate import generate as make

    plan = Plan(out, repos, files, commits, bugs, seed)
    made = make(learn([r.where(mirror) for r in read_repos(listed)]), plan)
    click.echo(msgspec.json.encode(about(plan, made)))


@main.command()
@click.option("--index", "root", type=PATH, required=True, help="An index of the repositories.")
@click.option("--cases", type=PATH, required=True, help="Reports to ask, one JSON object a line.")
@click.option("--queries", default=600, show_default=True, help="Queries for each number of clients.")
@click.option("--memory", default=10_000, show_default=True, help="Queries over which memory is watched.")
@click.option("--label", default="service", show_default=True, help="Name of the result.")
@click.option("--out", type=click.Path(path_type=Path), default=RESULTS, help="Folder of results.")
def service(root: Path, cases: Path, queries: int, memory: int, label: str, out: Path) -> None:
    """Ask the service with 1, 8 and 32 clients beside the bare call, and watch its memory."""
    from benchmarks.service import service_speed

    _report(label, service_speed(root, read_cases(cases)[0], queries, memory), out)


@main.command()
@click.option("--index", "root", type=PATH, required=True, help="An index of the demo shop.")
@click.option("--count", default=5000, show_default=True, help="Deliveries.")
@click.option("--doubled", default=0.1, show_default=True, help="Part of them that come twice.")
@click.option(
    "--failing", default=0.2, show_default=True, help="Part of its requests that the tracker fails."
)
@click.option("--kills", default=10, show_default=True, help="Times that the service is killed (-9).")
@click.option("--fills", default=0, show_default=True, help="Times that its disk is filled (needs root).")
@click.option(
    "--longest", type=float, default=3600.0, show_default=True, help="Seconds until it is given up."
)
@click.option("--label", default="deliveries", show_default=True, help="Name of the result.")
@click.option("--out", type=click.Path(path_type=Path), default=RESULTS, help="Folder of results.")
def deliveries(
    root: Path,
    count: int,
    doubled: float,
    failing: float,
    kills: int,
    fills: int,
    longest: float,
    label: str,
    out: Path,
) -> None:
    """Send webhooks to a service that is killed, with a tracker that fails and lies: one comment for each issue."""
    from benchmarks.deliveries import deliveries as run

    _report(label, run(root, count, doubled, failing, kills, fills, longest), out)


if __name__ == "__main__":
    main()
