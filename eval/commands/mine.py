"""`bugatlas eval mine`: a bug set out of one's own history."""

from __future__ import annotations

from pathlib import Path

import click

from eval.cases import Case, seconds_of, write_cases
from eval.commands.shared import PATH, opened, print_problems
from eval.mining.exports import ExportedIssue
from summaries.errors import UsageError


# fmt: off
@click.command("mine")
@click.option("--out", required=True, type=PATH, metavar="CASES.jsonl", help="The set; its rules go to *.about.json.")
@click.option("--issues", multiple=True, metavar="[OWNER/NAME=]FILE",
              help="A tracker's export: Jira search (JSON, CSV), GitHub or GitLab issues (JSON, CSV). Repeatable.")
@click.option("--notes", is_flag=True, help="Issues that change logs and release notes name, in their words.")
@click.option("--own-words", is_flag=True, help="Keep issues that no export has, told in their commits' words.")
@click.option("--repo", "repos", multiple=True, metavar="NAME", help="Only these repositories. Repeatable.")
@click.option("--since", metavar="DATE", help="Only bugs fixed from then on.")
@click.option("--until", metavar="DATE", help="Only bugs fixed before then.")
@click.option("--max-files", type=click.IntRange(1), default=15, show_default=True,
              help="Commits that change more source files are left out.")
@click.option("--max-gold", type=click.IntRange(1), default=10, show_default=True,
              help="Issues with more gold files are left out.")
@click.option("--split", "share", metavar="DATE|SHARE", help="Also write *-early.jsonl and *-late.jsonl.")
@click.pass_context
def mine_command(
    ctx: click.Context, out: Path, issues: tuple[str, ...], notes: bool, own_words: bool, repos: tuple[str, ...],
    since: str | None, until: str | None, max_files: int, max_gold: int, share: str | None,
) -> None:
    """Build a bug set from the fixes in the indexed repositories' history."""
    # fmt: on
    import msgspec

    from eval.mining.mine import MiningLimits, about, mine, split
    from eval.runfile import about_path

    index = opened(ctx)
    if unknown := set(repos) - set(index.repos):
        raise UsageError(f"not indexed: {', '.join(sorted(unknown))}")
    exported = [i for said in issues for i in _read(said)]
    limits = MiningLimits(max_files, max_gold, since=_date(since, 0), until=_date(until, 2**40))
    found = mine(index, exported, limits, only=repos, own=own_words, notes=notes)
    print_problems(found.problems)
    if not found.cases:
        click.echo("\n".join(_left(found.left_out)), err=True)
        raise UsageError("no case was found", "see above what was left out and why")
    told = about(found, limits, [Path(s.rpartition("=")[2]) for s in issues], index)
    said = [f"{len(found.cases)} cases from {found.commits} commits: {out}"]
    parts: list[tuple[Path, list[Case]]] = [(out, list(found.cases))]
    if share:
        early, late, between = split(found.cases, share)
        parts += [(out.with_name(f"{out.stem}-{n}.jsonl"), p) for n, p in (("early", early), ("late", late))]
        first = late[0].as_of if late else None
        told["split"] = {"early": len(early), "late": len(late), "fixed across it": between, "at": first}
        said.append(f"split at {first}: {len(early)} early, {len(late)} late, {between} fixed across it")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        for path, cases in parts:
            write_cases(path, cases)
        about_path(out).write_bytes(msgspec.json.format(msgspec.json.encode(told)) + b"\n")
    except OSError as e:
        raise UsageError(f"cannot write {out}: {e.strerror}") from e
    click.echo("\n".join([*said, *_left(found.left_out), *_where(found.by_repo)]))


def _read(value: str) -> list[ExportedIssue]:
    from eval.mining.exports import read_issues

    repo, equals, path = value.partition("=")
    found, problems = read_issues(Path(path), repo) if equals and "/" in repo else read_issues(Path(value))
    print_problems(problems)
    return found


def _date(value: str | None, otherwise: int) -> int:
    try:
        return seconds_of(value) if value else otherwise
    except ValueError as e:
        raise UsageError(f"{value!r} is not a date", "write it as 2024-05-01") from e


def _left(counts: object) -> list[str]:
    assert isinstance(counts, dict)
    return ["left out:", *(f"  {n:7} {why}" for why, n in counts.items())] if counts else []


def _where(counts: object) -> list[str]:
    assert isinstance(counts, dict)
    return ["cases by repository:", *(f"  {n:7} {name}" for name, n in counts.items())]
