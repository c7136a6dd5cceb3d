"""The report as one HTML page that needs nothing else: styles, plots and a screen for every miss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files

from eval.rankers.models import COSTS, costs
from eval.report.markup import Markup, join, tag
from eval.report.plots import Series, diverging, forest, histogram, lines, matrix, reliability
from eval.report.report import Book, Miss, RunPart
from eval.runfile import RankedFile, Reason, Target
from eval.scoring.intervals import Difference, Interval
from eval.scoring.measures import HEADLINE
from eval.scoring.strata import DESCRIPTIONS, KINDS

CARDS = ("Success@1", "Success@5", "Success@10", "MRR", "Route@1", "Success@100")
MOST_MISSES = 500
MOST_TEXT = 6_000  # characters of a report
MOST_REPOS = 24  # of the routing matrix
NEAR = "What each voter gives the best gold file over the first file: mean over misses with gold in the first 20."


def page(b: Book) -> str:
    """The whole page."""
    sections = [
        ("Overview", _overview(b)),
        ("Groups", _groups(b)),
        ("Routing", _routing(b)),
        ("Confidence", _confidence(b.parts[0])),
        ("Time", _time(b.parts)),
        ("Models", _models(b.parts)),
        (f"Misses ({len(b.misses)})", _misses(b)),
    ]
    kept = [(n, body) for n, body in sections if body]
    nav = tag("nav", [tag("a", name, href=f"#{_anchor(name)}") for name, _ in kept])
    scope = b.parts[0].scope
    about = f"{b.cases} cases · {b.parts[0].name}" + (f" · scope {scope}" if scope else "")
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", b.title),
        tag("style", _asset("report.css")),
    )
    body = tag(
        "body",
        tag("header", tag("h1", b.title), tag("p", about)),
        nav,
        tag("main", [tag("section", tag("h2", n), body, id=_anchor(n)) for n, body in kept]),
        tag("script", _asset("report.js")),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _asset(name: str) -> Markup:
    return Markup((files("eval.report") / "assets" / name).read_text("utf-8"))


def _anchor(name: str) -> str:
    return name.split(" ")[0].lower()


def _overview(b: Book) -> Markup:
    first = b.parts[0]
    cards = [
        tag("div", tag("b", f"{i.mean:.3f}"), tag("span", m), tag("small", f"{i.low:.2f} – {i.high:.2f}"))
        for m in CARDS
        for i in (first.measures[m],)
    ]
    ks = list(range(1, len(first.curve.mean) + 1))
    drawn = [Series(first.name, ks, first.curve.mean, first.curve.low, first.curve.high)]
    drawn += [Series(p.name, ks, p.curve.mean) for p in b.parts[1:6]]
    if any(p.given[m] != p.measures[m] for p in b.parts[:1] for m in HEADLINE):
        drawn.append(
            Series(f"{first.name}, right repositories given", ks, first.given_curve.mean, dashed=True)
        )
    plot = lines(drawn, "k, first files looked at", "Success@k", (1, 2, 3, 5, 10, 20, 50, 100), log=True)
    return join(
        [
            tag("div", cards, class_="cards"),
            tag("div", _table(b.parts, [p.measures for p in b.parts], HEADLINE), class_="wide"),
            tag("h3", "How far down one must read"),
            tag("figure", plot),
            tag("h3", "With the right repositories given"),
            tag("p", "The same rankings with files of other repositories struck out: the difference to the table "
                "above is what routing costs.", class_="note"),
            tag("div", _table(b.parts, [p.given for p in b.parts], HEADLINE[:8], against=False), class_="wide"),
        ]
    )  # fmt: skip


def _table(
    parts: Sequence[RunPart],
    measures: Sequence[Mapping[str, Interval]],
    names: Sequence[str],
    *,
    against: bool = True,
) -> Markup:
    rows = []
    for p, values in zip(parts, measures, strict=True):
        cells = [_cell(values[m], p.against.get(m) if against else None) for m in names]
        rows.append(tag("tr", tag("th", p.name), cells))
    head = tag("tr", tag("th", "run"), [tag("th", m) for m in names])
    told = tag("p", "Below a run: what the first run has more than it (bold where the paired 95 % interval leaves "
               "out zero).", class_="note")  # fmt: skip
    table = tag("table", tag("thead", head), tag("tbody", rows))
    return join([table, told if against and any(p.against for p in parts) else None])


def _cell(i: Interval, d: Difference | None) -> Markup:
    said = None
    if d:
        better = "good" if d.mean > 0 else "bad"
        text = f"{d.mean:+.3f}"
        told = f"{d.low:+.3f} to {d.high:+.3f}, p {d.p:.3f}, better in {d.better}, worse in {d.worse}"
        said = tag("small", tag("b", text, class_=better) if d.sure else text, title=told)
    return tag("td", f"{i.mean:.3f}", tag("small", f"{i.low:.2f}–{i.high:.2f}"), said)


def _groups(b: Book) -> Markup | None:
    if not b.breakdowns:
        return None
    out = []
    for way in b.breakdowns:
        plots = [
            tag("figure", forest([(_bare(g.name, b), g.cases, g.measures[m]) for g in way.groups], m))
            for m in ("Success@1", "Success@10")
        ]
        out += [tag("h3", way.title), tag("div", plots, class_="two")]
    return join(out)


def _bare(repo: str, b: Book) -> str:
    """A repository's name without the owner that all of them share."""
    return repo.removeprefix(b.owner + "/") if b.owner else repo


def _routing(b: Book) -> Markup | None:
    c = b.confusion
    if c is None:
        return None
    names = [_bare(r, b) for r in c.repos[:MOST_REPOS]]
    counts = [row[:MOST_REPOS] for row in c.counts[:MOST_REPOS]]
    note = "Rows: the repository that the fix changed. Columns: the one routed first. Green is right."
    if len(c.repos) > MOST_REPOS:
        note += f" The {MOST_REPOS} of {len(c.repos)} repositories with most cases."
    return join([tag("p", note, class_="note"), tag("figure", matrix(names, counts), class_="wide")])


def _confidence(p: RunPart) -> Markup | None:
    t = p.trust
    if t is None:
        return None
    said = f"Expected calibration error {t.error:.3f}, Brier score {t.brier:.3f}. "
    said += f"The surest half of the answers has Success@1 {t.surest_half:.3f}."
    risk = [Series(p.name, t.coverage, t.success)]
    plot = lines(risk, "share of answers given, surest first", "Success@1", (0, 0.25, 0.5, 0.75, 1))
    both = [tag("figure", reliability(t.bins)), tag("figure", plot)]
    return join([tag("p", said, class_="note"), tag("div", both, class_="two")])


def _time(parts: Sequence[RunPart]) -> Markup | None:
    p = parts[0]
    if not p.seconds:
        return None
    marks = [
        (f"median {p.median_seconds:.3f}", p.median_seconds),
        (f"p95 {p.p95_seconds:.3f}", p.p95_seconds),
    ]
    return tag("figure", histogram(p.seconds, "seconds a query, snapshots open", marks))


def _models(parts: Sequence[RunPart]) -> Markup | None:
    """What each run's models took, by stage."""
    told = [(p, s) for p in parts for s in p.stages]
    if not told:
        return None
    head = tag("tr", tag("th", "run"), [tag("th", c) for c in COSTS])
    rows = [tag("tr", tag("th", p.name), [tag("td", c) for c in costs(s)]) for p, s in told]
    note = (
        "Tokens as the endpoint counts them, or estimated. Of a case: the median over those with such a call."
    )
    return join([tag("p", note, class_="note"),
                 tag("div", tag("table", tag("thead", head), tag("tbody", rows)), class_="wide")])  # fmt: skip


def _misses(b: Book) -> Markup | None:
    if not b.misses:
        return tag("p", "None: every answer begins with a gold file.")
    out: list[Markup] = []
    if b.balance:
        rows = [(n, v) for n, v in b.balance.items() if abs(v) >= 0.002]
        out += [
            tag("h3", "Which voters mislead"),
            tag("p", NEAR, class_="note"),
            tag("figure", diverging(rows, "for the wrong file", "for the gold")),
        ]
    kinds = [k for k in KINDS if any(m.kind == k for m in b.misses)]
    bar = tag(
        "form",
        tag("input", type="search", placeholder="filter: words, paths, repositories", id="words"),
        tag("select", tag("option", "any evidence", value=""), [tag("option", DESCRIPTIONS[k], value=k) for k in kinds],
            id="kind"),
        tag("select", [tag("option", name, value=v) for v, name in
                       (("1", "gold not first"), ("5", "not in the first 5"), ("10", "not in the first 10"),
                        ("100", "not listed"))], id="past"),
        tag("output", id="count"),
        id="filter",
    )  # fmt: skip
    shown = b.misses[:MOST_MISSES]
    out += [tag("h3", "Each miss"), bar, tag("div", [_miss(m) for m in shown], id="misses")]
    if len(shown) < len(b.misses):
        out.append(tag("p", f"{len(b.misses) - len(shown)} more in the JSON report.", class_="note"))
    return join(out)


def _miss(m: Miss) -> Markup:
    chips = [tag("span", m.kind, class_="chip", title=DESCRIPTIONS.get(m.kind)) if m.kind else None]
    if m.routed != 1:
        chips.append(
            tag("span", f"repository {f'at {m.routed}' if m.routed else 'not routed'}", class_="chip bad")
        )
    if m.line and m.line.confidence is not None:
        chips.append(tag("span", f"sure {m.line.confidence:.2f}", class_="chip"))
    rank = tag("b", m.rank or "–", class_="rank", title="rank of the first gold file")
    head = tag("summary", rank, tag("code", m.case.id), tag("span", m.case.title, class_="title"), chips)
    attributes: dict[str, str | int] = {"data_rank": m.rank or 1000, "data_kind": m.kind}
    return tag("details", head, _details(m), class_="miss", id=f"case-{m.case.id}", **attributes)


def _details(m: Miss) -> Markup:
    case, line = m.case, m.line
    facts = [f"{k} {v}" for k, v in (("reported in", case.reported_in), ("created", case.created),
                                     ("as of", case.as_of)) if v]  # fmt: skip
    body = case.body if len(case.body) <= MOST_TEXT else case.body[:MOST_TEXT] + "\n[…]"
    left: list[Markup] = [
        tag("h4", "Report"),
        tag("p", " · ".join(facts), class_="note"),
        *([tag("pre", body)] if body.strip() else []),
    ]
    gold = {(g.repo, g.path) for g in case.gold}
    seen = {(t.repo, t.path): t for t in line.gold} if line else {}
    targets = [seen.get((g.repo, g.path)) or Target(g.repo, g.path) for g in case.gold]
    targets.sort(key=lambda t: t.rank or 10**6)
    right = [tag("h4", "Gold"), tag("ol", [_gold(t) for t in targets], class_="files plain")]
    if m.balance:
        rows = sorted(((n, v) for n, v in m.balance.items() if abs(v) >= 0.005), key=lambda x: x[1])
        left += [
            tag("h4", "The best gold file against the first"),
            diverging(rows, "for the first", "for the gold"),
        ]
    if line is None or line.error:
        listed = tag(
            "p", f"No answer: {line.error if line else 'the run has no line for this case'}", class_="note"
        )
    else:
        hits = [_hit(n, h, (h.repo, h.path) in gold) for n, h in enumerate(line.ranked[:10], 1)]
        listed = tag("ol", hits, class_="files")
    return join(
        [
            tag("div", tag("div", left), tag("div", right), class_="two"),
            tag("h4", f"Ranking, of {line.searched} files" if line and line.searched else "Ranking"),
            listed,
        ]
    )


def _gold(t: Target) -> Markup:
    where = f"rank {t.rank}" if t.rank else "not indexed" if not t.kind else "not a candidate"
    said = tag("span", f"{where} · {t.score:.2f}" if t.rank else where, class_="score")
    return tag("li", _name(t.repo, t.path, gold=True), said, _reasons(t.evidence))


def _hit(n: int, h: RankedFile, gold: bool) -> Markup:
    bar = tag("span", tag("i", style=f"width:{max(0.0, min(1.0, h.score)) * 100:.0f}%"), class_="bar")
    return tag("li", _name(h.repo, h.path, gold=gold), tag("span", f"{h.score:.2f}", class_="score"), bar,
               _reasons(h.evidence), class_="gold" if gold else None, value=n)  # fmt: skip


def _name(repo: str, path: str, *, gold: bool) -> Markup:
    return tag("span", "★ " if gold else None, tag("span", repo, class_="repo"), " ", tag("code", path))


def _reasons(evidence: Sequence[Reason]) -> Markup | None:
    rows = []
    for e in evidence:
        at = f", line {e.line}" if e.line > 1 and f":{e.line}" not in e.text else None
        said = tag("span", e.text, at)
        rows.append(
            tag(
                "li",
                tag("span", f"{e.weight:.0%}", class_="share"),
                tag("span", e.voter, class_="voter"),
                said,
            )
        )
    return tag("ul", rows, class_="reasons") if rows else None
