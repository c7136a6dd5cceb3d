"""The report as one HTML page that needs nothing else: styles, plots and a screen for every miss."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from msgspec import Struct

from eval.cases import Case
from eval.rankers.models import COSTS, costs
from eval.report import plain
from eval.report.plots import Series, diverging, forest, histogram, legend, lines, matrix, reliability
from eval.report.report import Book, Miss, RunPart, in_words
from eval.report.svg import printable
from eval.runfile import Target
from eval.scoring.measures import HEADLINE
from eval.scoring.strata import DESCRIPTIONS, KINDS

if TYPE_CHECKING:
    import jinja2

CARDS = ("Success@1", "Success@5", "Success@10", "MRR", "Route@1", "Success@100")
MOST_MISSES = 500
MOST_TEXT = 6_000  # characters of a report
MOST_REPOS = 24  # of the routing matrix
CUTS = ((1, "gold not first"), (5, "not in the first 5"), (10, "not in the first 10"), (100, "not listed"))


class Figure(Struct, frozen=True):
    """A plot with its legend."""

    svg: Markup
    legend: list[tuple[str, str]] = []


class MissView(Struct, frozen=True):
    """What the page shows of a miss."""

    miss: Miss
    facts: str
    body: str
    targets: list[Target]  # the gold files, the best rank first
    gold: frozenset[tuple[str, str]]
    balance: Markup | None


def page(b: Book) -> str:
    """The whole HTML page."""
    first = b.parts[0]
    return _environment().get_template("page.html.j2").render(
        b=b,
        first=first,
        cards=CARDS,
        headline=HEADLINE,
        curve=_curve(b),
        groups=[(way.title, [forest([(_bare(g.name, b), g.cases, g.measures[m]) for g in way.groups], m)
                             for m in ("Success@1", "Success@10")]) for way in b.breakdowns],
        routing=_routing(b),
        most_repos=MOST_REPOS,
        trust=first.trust,
        reliability=reliability(first.trust.bins) if first.trust else None,
        risk=_risk(first),
        seconds=_seconds(first),
        costs=[(p.name, costs(s)) for p in b.parts for s in p.stages],
        cost_names=COSTS,
        balance=_balance(b.balance, 0.002, "for the wrong file"),
        kinds=[(k, DESCRIPTIONS[k]) for k in KINDS if any(m.kind == k for m in b.misses)],
        cuts=CUTS,
        descriptions=DESCRIPTIONS,
        misses=[_miss(m) for m in b.misses[:MOST_MISSES]],
        hits=[_miss(m) for m in b.hits],
        sentences=in_words(b),
        definitions=plain.DEFINITIONS,
        terms=plain.TERMS,
    )  # fmt: skip


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    """Everything is escaped but our own styles, scripts and plots."""
    import jinja2

    def shown(value: Any) -> Any:
        return value if isinstance(value, Markup) else printable(str(value))

    loader = jinja2.PackageLoader("eval.report", "assets")
    out = jinja2.Environment(
        loader=loader, autoescape=True, finalize=shown, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    out.filters["shown"] = lambda value, measure: plain.shown(measure, value)
    out.globals["asset"] = lambda name: Markup(loader.get_source(out, name)[0])  # noqa: S704  (our own files)
    return out


def _curve(b: Book) -> Figure:
    first = b.parts[0]
    ks = list(range(1, len(first.curve.mean) + 1))
    drawn = [Series(first.name, ks, first.curve.mean, first.curve.low, first.curve.high)]
    drawn += [Series(p.name, ks, p.curve.mean) for p in b.parts[1:6]]
    if any(first.given[m] != first.measures[m] for m in HEADLINE):
        name = f"{first.name}, right repositories given"
        drawn.append(Series(name, ks, first.given_curve.mean, dashed=True))
    plot = lines(drawn, "k, first files looked at", "Success@k", (1, 2, 3, 5, 10, 20, 50, 100), log=True)
    return Figure(plot, legend(drawn))


def _bare(repo: str, b: Book) -> str:
    """A repository's name without the owner that all of them share."""
    return repo.removeprefix(b.owner + "/") if b.owner else repo


def _routing(b: Book) -> Markup | None:
    c = b.confusion
    if c is None:
        return None
    names = [_bare(r, b) for r in c.repos[:MOST_REPOS]]
    return matrix(names, [row[:MOST_REPOS] for row in c.counts[:MOST_REPOS]])


def _risk(p: RunPart) -> Markup | None:
    if p.trust is None:
        return None
    drawn = [Series(p.name, p.trust.coverage, p.trust.success)]
    return lines(drawn, "share of answers given, surest first", "Success@1", (0, 0.25, 0.5, 0.75, 1))


def _seconds(p: RunPart) -> Markup | None:
    if not p.seconds:
        return None
    marks = [
        (f"median {p.median_seconds:.3f}", p.median_seconds),
        (f"p95 {p.p95_seconds:.3f}", p.p95_seconds),
    ]
    return histogram(p.seconds, "seconds a query, snapshots open", marks)


def _balance(parts: Mapping[str, float], least: float, left: str) -> Markup | None:
    """What each voter gives the gold over the wrong file."""
    rows = sorted(((n, v) for n, v in parts.items() if abs(v) >= least), key=lambda x: x[1])
    return diverging(rows, left, "for the gold") if parts else None


def _miss(m: Miss) -> MissView:
    dates = (("reported in", m.case.reported_in), ("created", m.case.created), ("as of", m.case.as_of))
    return MissView(
        m,
        " · ".join(f"{name} {value}" for name, value in dates if value),
        _clipped(m.case),
        _targets(m),
        frozenset((g.repo, g.path) for g in m.case.gold),
        _balance(m.balance, 0.005, "for the first"),
    )


def _clipped(case: Case) -> str:
    return case.body if len(case.body) <= MOST_TEXT else case.body[:MOST_TEXT] + "\n[…]"


def _targets(m: Miss) -> list[Target]:
    seen = {(t.repo, t.path): t for t in m.line.gold} if m.line else {}
    gold = [seen.get((g.repo, g.path)) or Target(g.repo, g.path) for g in m.case.gold]
    return sorted(gold, key=lambda t: t.rank or 10**6)
