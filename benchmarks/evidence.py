"""Is every sentence of evidence true? Each is checked against the file and the report, by code of its own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

from eval.cases import Case
from eval.snapshots import CaseSnapshots
from eval.working_index import asked
from locator.answer import Answer, Evidence, FileHit, RouteHit
from locator.locate import Options, locate_in
from locator.query import understand
from locator.report.reader import Report, read
from summaries import words
from summaries.index.index import Index
from summaries.index.shard import View
from summaries.types import Facts

Check = Callable[["Place", "re.Match[str]"], bool]
COMMENT = 40  # lines above a function that may be its comment
LITERAL = 40  # lines that a string may have


class Place:
    """A file of an answer with the report that it answers."""

    def __init__(self, index: Index, view: View, report: Report, path: str, evidence: Evidence) -> None:
        self.index, self.view, self.report, self.path, self.evidence = index, view, report, path, evidence

    def text_of(self, path: str) -> str:
        """Text of a file of the snapshot; "" where there is none."""
        if path not in self.view.paths:
            return ""
        return self.index.store(self.view.repo).text(self.view.blob(self.view.paths.index(path)))

    @cached_property
    def text(self) -> str:
        """Text of the file."""
        return self.text_of(self.path)

    @cached_property
    def facts(self) -> Facts:
        """Facts of the file."""
        return self.index.store(self.view.repo).facts(self.view.blob(self.view.paths.index(self.path)))

    @cached_property
    def report_text(self) -> str:
        """The report's text."""
        return f"{self.report.title}\n{self.report.body}"

    def lines(self, first: int, last: int) -> str:
        """Some lines of the file."""
        return "\n".join(self.text.split("\n")[max(0, first - 1) : last])


def _row(text: str) -> list[str]:
    return [w for piece in words.pieces(text, placeholders=False) for w in piece]


def _stems(text: str) -> Counter[int]:
    return words.count(text)


def _has(text: str, listed: str, report: str) -> bool:
    """Whether a text and a report both have all the words of a list, whatever their endings."""
    here, there = _stems(text), _stems(report)
    for word in listed.split(", "):
        own = words.keys_of(word)[:1]
        if not own or own[0] not in here or own[0] not in there:
            return False
    return True


def _in_row(run: Sequence[str], text: Sequence[str]) -> bool:
    return f" {' '.join(run)} " in f" {' '.join(text)} "


def _function(p: Place, m: re.Match[str]) -> bool:
    start = next(
        (s for s in p.facts.symbols if f"{s.kind} {s.qualname}" == m[1] and s.start == p.evidence.line), None
    )
    if start is None:
        return False
    code = f"{start.qualname} {start.signature} {start.doc}\n{p.lines(start.start - COMMENT, start.end)}"
    return _has(code, m[2], p.report_text)


def _run(p: Place, m: re.Match[str]) -> bool:
    run = _row(m[1])
    strings = [x for x in p.facts.strings if x.line == p.evidence.line]
    inside = any(_in_row(run, piece) for x in strings for piece in words.pieces(x.text))
    in_file = _in_row(run, _row(re.sub(r"\\[nrt]", " ", p.lines(p.evidence.line, p.evidence.line + LITERAL))))
    return len(run) > 1 and inside and in_file and _in_row(run, _row(p.report_text))


def _quote(p: Place, m: re.Match[str]) -> bool:
    strings = [x.text for x in p.facts.strings if x.line == p.evidence.line and x.text.startswith(m[1])]
    asked = _row(p.report_text)
    return any(all(_in_row(piece, asked) for piece in words.pieces(x)) for x in strings)


def _folder(p: Place, m: re.Match[str]) -> bool:
    parts = m[1].split("/")
    return f"/{m[1]}/" in f"/{p.path.lower()}" and "-".join(parts) in p.report_text.lower()


def _test(p: Place, m: re.Match[str]) -> bool:
    return _has(p.text_of(m[1]), m[2], p.report_text)


def _uses(p: Place, m: re.Match[str]) -> bool:
    users = [v for v in p.view.paths if v == m[2]]
    own = any(s.name == m[1] for s in p.facts.symbols)
    return own and (not users or re.search(rf"\b{re.escape(m[1])}\b", p.text_of(m[2])) is not None)


def _frame(p: Place, m: re.Match[str]) -> bool:
    depth = int(m[1]) - 1
    tail = p.path.rsplit("/", 1)[-1].lower()
    return any(
        f.depth == depth and (f.symbol or f.path) == m[2] and f.path.rsplit("/", 1)[-1].lower() == tail
        for f in p.report.frames
    )


def _innermost(p: Place, m: re.Match[str]) -> bool:
    tail = p.path.rsplit("/", 1)[-1].lower()
    stem = tail.rsplit(".", 1)[0]
    return any(
        tail == f.path.rsplit("/", 1)[-1].lower() or stem in f"{f.module} {f.symbol}".lower()
        for f in p.report.frames
    )


def _mention(p: Place, m: re.Match[str]) -> bool:
    text = p.report.title if m[1] == "title" else p.report_text
    stem = re.split(r"[/\\.:#]+", re.sub(r":\d+$", "", m[2]))
    path = set(re.split(r"[/.]+", p.path.lower()))
    return re.sub(r":\d+$", "", m[2]).split(":")[-1] in text.replace("\\", "/") and any(
        s.lower() in path for s in stem
    )


def _called(p: Place, m: re.Match[str]) -> bool:
    tails = {p.path.rsplit("/", 1)[-1].lower(), p.path.rsplit("/", 1)[-1].rsplit(".", 1)[0].lower()}
    return any(t in p.report_text.lower() for t in tails)


def _commit(p: Place, m: re.Match[str]) -> bool:
    arrays = p.view.shard.arrays
    subjects = p.view.shard.strings("subjects")
    want = m[1].rstrip("…")
    number = p.view.paths.index(p.path) if p.path else -1
    path_id = int(p.view.path_ids[number]) if p.path else -1
    for n in range(len(arrays["commit_times"])):
        if not " ".join(str(subjects[n]).split()).startswith(" ".join(want.split())):
            continue
        first, end = int(arrays["commit_starts"][n]), int(arrays["commit_starts"][n + 1])
        if not p.path or path_id in arrays["commit_paths"][first:end].tolist():
            return True
    return False


def _defines(p: Place, m: re.Match[str]) -> bool:
    own = [s for s in p.facts.symbols if s.qualname == m[1] and s.start == p.evidence.line]
    return (
        bool(own)
        and re.search(rf"(?<![A-Za-z0-9]){re.escape(own[0].name)}(?![A-Za-z0-9])", p.report_text) is not None
    )


def _route(p: Place, m: re.Match[str]) -> bool:
    table = p.facts.serves if m[1] == "serves" else p.facts.calls
    method, _, route = m[2].rpartition(" ")
    if not any(e.method == method and e.route == route and e.line == p.evidence.line for e in table):
        return False
    fixed = [x for x in words.route_key(route).strip("/").split("/")[-2:] if x != "{}"]
    return all(x in p.report_text.lower() for x in fixed)


def _known(table: str) -> Check:
    def check(p: Place, m: re.Match[str]) -> bool:
        names = [getattr(x, "name", x) for x in getattr(p.facts, table)]
        last = m[1].rsplit(".", 1)[-1].lower()
        return m[1] in names and last in p.report_text.lower()

    return check


FILES: tuple[tuple[str, Check], ...] = (
    (r"the report quotes this string: \"(.+)\"", _quote),
    (r"contains the words \"(.+)\" from the report", _run),
    (r"(?:also )?contains(?: rare words)?: (.+)", lambda p, m: _has(p.text, m[1], p.report_text)),
    (r"(?:also )?contains from the title: (.+)", lambda p, m: _has(p.text, m[1], p.report.title)),
    (r"its names and comments mention: (.+)", lambda p, m: _has(f"{p.text}\n{p.path}", m[1], p.report_text)),
    (r"its path contains: (.+)", lambda p, m: _has(p.path.replace("/", " "), m[1], p.report_text)),
    (r"in the folder (\S.*), named after a service in the report", _folder),
    (r"its test (.+) contains: (.+)", _test),
    (r"defines (.+), which the report names", _defines),
    (r"defines (\S+), which (.+) uses", _uses),
    (r"frame (\d+) of the stack trace: (.+?)(?: \([^()]*\))?", _frame),
    (r"the (title|report) names (.+)", _mention),
    (r"holds the innermost call of the stack trace in indexed code", _innermost),
    (r"the report names this file", _called),
    (r"similar commit message: \"(.*)\" \(\d{4}-\d\d\)", _commit),
    (r"(serves|calls) (.+)", _route),
    (r"raises (.+), which the report names", _known("errors")),
    (r"has the configuration key (.+)", _known("keys")),
    (r"uses the topic (.+)", _known("topics")),
    (r"(\w+ .+?) contains: (.+)", _function),
)


def check(index: Index, view: View, report: Report, hit: FileHit, e: Evidence) -> bool | None:
    """Whether a sentence about a file holds; None where nobody knows how to check it."""
    place = Place(index, view, report, hit.path, e)
    for pattern, holds in FILES:
        if m := re.fullmatch(pattern, e.text, re.DOTALL):
            return holds(place, m)
    return None


def check_route(
    index: Index, view: View, report: Report, answer: Answer, route: RouteHit, e: Evidence
) -> bool | None:
    """Whether a sentence about a repository holds."""
    place = Place(index, view, report, "", e)
    if m := re.fullmatch(r"files listed: (\d+)", e.text):
        return sum(f.repo == route.repo for f in answer.files) == int(m[1]) > 0
    if m := re.fullmatch(r'the report says "(.+?)"(?:, as its manifests declare)?', e.text, re.DOTALL):
        return _in_row(m[1].split(), _row(place.report_text))
    if m := re.fullmatch(r"files contain: (.+)", e.text):
        known, asked = set(view.shard.units.terms.tolist()), _stems(place.report_text)
        own = [words.keys_of(w)[:1] for w in m[1].split(", ")]
        return all(k and k[0] in known and k[0] in asked for k in own)
    if m := re.fullmatch(r"similar commit message: \"(.*)\" \(\d{4}-\d\d\)", e.text):
        return _commit(place, m)
    if e.text == "commit vocabulary overlaps with the report":
        return bool(set(view.shard.messages.terms.tolist()) & set(_stems(place.report_text)))
    if e.text == "has a folder named after a service in the report":
        text = place.report_text.lower()
        folders = {part for p in view.paths for part in p.lower().split("/")[:-1]}
        pairs = {
            f"{a}-{b}"
            for p in view.paths
            for a, b in zip(p.lower().split("/")[:-2], p.lower().split("/")[1:-1], strict=False)
        }
        return any(f in text for f in folders | pairs)
    if " → " in e.text:
        return _way(index, place, route.repo, e.text)
    return None


def _way(index: Index, place: Place, end: str, text: str) -> bool:
    """The report names where the way begins, it ends here, and the code of both ends has what is said of a single step."""
    path, _, how = text.partition(": ")
    names = [n for step in path.split(" → ") for n in index.repos if n.rpartition("/")[2] == step]
    known = _row(" ".join([names[0].rpartition("/")[2], *index.repos[names[0]].aliases]))
    if names[-1] != end or not set(known) & set(_row(place.report_text)):
        return False
    m = re.fullmatch(r"(calls over HTTP|sends messages|builds on|connects to) \((.+)\)", how)
    if m is None or len(names) > 2:
        return len(names) > 2
    start, target = (list(_facts(index, n)) for n in names)
    detail = m[2]
    match m[1]:
        case "calls over HTTP":
            fixed = [x for x in detail.rpartition(" ")[2].strip("/").split("/") if "{" not in x][-1]
            texts = [x.text for f in start for x in f.strings] + [c.route for f in start for c in f.calls]
            served = any(f"{x.method} {x.route}".strip() == detail for f in target for x in f.serves)
            return served and any(fixed in t for t in texts)
        case "sends messages":
            return any(detail in {t.name for t in f.topics} | {x.text for x in f.strings} for f in start)
        case "builds on":
            return any(detail in f.imports for f in start)
    return any(detail in x.text for f in start for x in f.strings) or any(
        detail in c.route for f in start for c in f.calls
    )


def _facts(index: Index, repo: str) -> Iterator[Facts]:
    view, store = index.view(repo), index.store(repo)
    return (store.facts(view.blob(n)) for n in range(len(view)))


def judge_answer(
    index: Index, views: Sequence[View], report: Report, answer: Answer
) -> list[tuple[str, str, bool | None]]:
    """Every sentence of an answer: (voter, what it says of which file, whether it holds)."""
    view_of = {v.repo: v for v in views}
    out: list[tuple[str, str, bool | None]] = []
    for f in answer.files:
        out += [
            (e.voter, f"{f.repo}/{f.path}: {e.text}", check(index, view_of[f.repo], report, f, e))
            for e in f.evidence
        ]
    for r in (*answer.routes, *answer.also):
        for e in r.evidence:
            out.append(
                (
                    f"route {e.voter}",
                    f"{r.repo}: {e.text}",
                    check_route(index, view_of[r.repo], report, answer, r, e),
                )
            )
    return out


def evidence(world: CaseSnapshots, cases: Sequence[Case], limit: int = 10) -> dict[str, Any]:
    """Counts of sentences, false ones and unknown ones, over the answers to real reports."""
    index = Index.open(world.root)
    count: Counter[str] = Counter()
    false: Counter[str] = Counter()
    examples: list[str] = []
    for case in cases:
        then, views = asked(index, world.commits[case.id])
        report = read(case.body, case.title) if case.body.strip() else read(case.title)
        answer = locate_in(then, views, understand(report), Options(limit=limit, nearest=True))
        for voter, text, holds in judge_answer(then, views, report, answer):
            count[voter] += 1
            if holds is not True:
                false[voter] += 1
                examples.append(f"{case.id} [{voter}] {'false' if holds is False else 'unknown'}: {text}")
    return {"reports": len(cases), "sentences": dict(count), "false": dict(false), "examples": examples}
