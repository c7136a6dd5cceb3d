"""Published figures: what was run on which corpus, what came out, and whether it still does.

A file of `configs/published/` is one run: the command's parts, the corpus pinned by digests and commits, and each figure
with its interval. A figure is as published while it lies within `tolerance`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import xxhash
from msgspec import Struct

from eval.cases import Case, Gold, Repo
from eval.runfile import read_run
from eval.scoring.intervals import intervals
from eval.scoring.measures import HEADLINE, score
from eval.snapshots import CaseSnapshots, digest
from summaries.errors import UsageError

DEMO = "demo"  # as the name of the cases' file: the shop that `bugatlas demo` makes
TOLERANCE = 0.01
SHOWN = ("Success@1", "Success@5", "Success@10", "MRR", "Route@1", "Route@3", "Success@100")


class Corpus(Struct, frozen=True):
    """What was searched, pinned by digests."""

    cases: str  # digest of the file
    repos: str
    commits: str  # digest of every commit of every case
    newest: Mapping[str, str]  # the newest commit of every repository that any case searches


class Published(Struct, frozen=True):
    """One published run: its command, its corpus and its figures."""

    title: str
    cases: str  # file name within the folder of corpora, or "demo"
    repos: str
    scope: str
    config: str
    corpus: Corpus
    expected: Mapping[str, tuple[float, float, float]]  # mean, low, high
    tolerance: float = TOLERANCE


class Recheck(Struct, frozen=True):
    """Whether a published run still holds."""

    name: str
    drifted: tuple[str, ...]  # what differs, in words; empty: ok
    measured: Mapping[str, tuple[float, float, float]]


def read_published(path: Path) -> Published:
    """Raises UsageError with what is wrong with the file."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Published)
    except OSError as e:
        raise UsageError(f"cannot read {path}: {e.strerror}") from e
    except (ValueError, msgspec.ValidationError) as e:
        raise UsageError(f"{path}: {e}") from e


def write_published(path: Path, p: Published) -> None:
    """As TOML, by hand: figures in one line each, so that a change reads well in a diff."""
    text = [
        f"{k} = {_toml(getattr(p, k))}" for k in ("title", "cases", "repos", "scope", "config", "tolerance")
    ]
    text += ["", "[corpus]  # digests are 16 hex digits of XXH3"]
    text += [f"{k} = {_toml(getattr(p.corpus, k))}" for k in ("cases", "repos", "commits")]
    text += ["", "[expected]  # mean, and its 95 % interval"]
    text += [f"{_toml(m)} = [{', '.join(f'{x:.4f}' for x in v)}]" for m, v in p.expected.items()]
    text += ["", "[corpus.newest]"]
    text += [f"{_toml(r)} = {_toml(c)}" for r, c in sorted(p.corpus.newest.items())]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(text) + "\n", "utf-8")
    except OSError as e:
        raise UsageError(f"cannot write {path}: {e.strerror}") from e


def figures(cases: Sequence[Case], run: Path) -> dict[str, tuple[float, float, float]]:
    """Headline measures of a run with their intervals."""
    lines, _ = read_run(run)
    scores = score(cases, lines)
    found = intervals(scores.values[:, [scores.names.index(n) for n in HEADLINE]])
    rounded = (tuple(round(x, 4) for x in (i.mean, i.low, i.high)) for i in found)
    return {n: (a, b, c) for n, (a, b, c) in zip(HEADLINE, rounded, strict=True)}


def verdict(
    name: str, p: Published, corpus: Corpus, measured: Mapping[str, tuple[float, float, float]]
) -> Recheck:
    """Compare a run made now with what was published."""
    pinned = ("cases", "repos", "commits")
    other = [n for n in pinned if getattr(corpus, n) != getattr(p.corpus, n)]
    out = [f"the corpus's {n} are not those that were published" for n in other]
    for measure, (mean, _, _) in p.expected.items():
        if measure not in measured:
            out.append(f"{measure} is no measure")
        elif abs(measured[measure][0] - mean) > p.tolerance:
            out.append(f"{measure} is {measured[measure][0]:.3f}, published {mean:.3f}")
    return Recheck(name, tuple(out), measured)


def corpus_of(cases: Sequence[Case], world: CaseSnapshots, files: Sequence[Path | None]) -> Corpus:
    """Pin what a run searched. `files` are those of the cases and of the repositories."""
    newest: dict[str, str] = {}
    for case in sorted(cases, key=lambda c: (c.before or 0, c.id)):
        newest |= world.commits.get(case.id, {})
    asked = {c.id: world.commits.get(c.id, {}) for c in cases}
    return Corpus(digest_of(files[0]), digest_of(files[1]), digest(asked), newest)


def digest_of(path: Path | None) -> str:
    """16 hex digits of a file's content; "" for none."""
    if path is None:
        return ""
    try:
        return xxhash.xxh3_64_hexdigest(path.read_bytes())
    except OSError as e:
        raise UsageError(f"cannot read {path}: {e.strerror}") from e


def demo_corpus(folder: Path) -> tuple[list[Case], list[Repo]]:
    """The demo shop as a bug set: its repositories are written below `folder`."""
    from indexer.demo import REPORTS, build

    paths = build(folder)
    repos = [Repo(p.name, p.name, str(p / ".git")) for p in paths]
    now = "2100-01-01T00:00:00Z"  # the bugs are still in it
    cases = [
        Case(f"demo-{n}", r.title, r.body, (Gold(r.repo, r.path),), r.repo, as_of=now)
        for n, r in enumerate(REPORTS, 1)
    ]
    return cases, repos


def table(published: Mapping[str, Published]) -> str:
    """The results as Markdown: one row a run, grouped by corpus, the best first."""
    out = ["| run | cases | " + " | ".join(SHOWN) + " |", "|---" * (len(SHOWN) + 2) + "|"]
    seen = ""
    for p in sorted(published.values(), key=lambda p: (p.title, -p.expected.get("MRR", (0.0,))[0])):
        title = p.title.replace("|", "\\|") if p.title != seen else ""
        seen = p.title
        cells = []
        for m in SHOWN:
            mean, low, high = p.expected.get(m, (0.0, 0.0, 0.0))
            cells.append(f"{mean:.3f} <small>{low:.2f}–{high:.2f}</small>" if m in p.expected else "")
        out.append(f"| {p.config} | {title} | " + " | ".join(cells) + " |")
    return "\n".join(out)


def _toml(value: str | float) -> str:
    return msgspec.json.encode(value).decode()  # a JSON string is a TOML basic string
