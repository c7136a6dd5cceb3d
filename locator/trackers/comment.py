"""The comment: what it says, when it has changed, and how it is written in ADF, wiki markup and Markdown.

Everything in it but our own few words comes from reports, paths and commit messages, so all of it is escaped:
no markup, mention, command or bare link of a stranger takes effect on the tracker.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from locator.answer import Answer, FileHit, Verdict
from locator.place import place
from locator.terminal import link, one_line
from locator.trackers.reasons import line_of, packages, strongest, whom
from summaries.index.index import RepoState
from summaries.redact import redact

_HEADS = {
    Verdict.CONFIDENT: "Likely location",
    Verdict.LIKELY: "Likely location",
    Verdict.UNSURE: "A first guess",
}
FULL = "The full answer, with the code and all reasons"
ASK = "Answers to these questions would help:"
MARK = "bugatlas:"  # how our comment is told from others'


class CommentedFile(Struct, frozen=True):
    """A file of the comment."""

    repo: str
    path: str
    url: str  # of its lines at the code host, or ""
    function: str  # "OrderService.place, lines 42-49", or ""
    reasons: tuple[str, ...]
    code: str = ""  # the line to look at, as it stands in the file
    ask: str = ""  # whose it is, and who changed it last


class Note(Struct, frozen=True):
    """A comment before it is written in some markup."""

    issue: str
    verdict: Verdict
    confidence: float
    hits: tuple[CommentedFile, ...]
    questions: tuple[str, ...] = ()  # to the reporter
    page: str = ""  # where the whole answer is, or ""
    wrong: str = ""  # the comment by which people say that it is wrong, or ""

    @property
    def head(self) -> str:
        """The comment's first line."""
        return f"{_HEADS.get(self.verdict, 'Nearest files')} ({self.verdict}, {self.confidence:.0%}):"

    @property
    def foot(self) -> str:
        """Its last words; the mark is in them."""
        wrong = f"Not right? Comment: {self.wrong}. " if self.wrong else ""
        return (
            f"{wrong}Bugatlas read the text of the issue, and edits this comment when it finds something else. "
            f"[{MARK}{self.issue}]"
        )

    @property
    def digest(self) -> str:
        """The same for the same ranking, however the scores moved."""
        said = [f"{h.repo}\n{h.path}\n{h.function}" for h in self.hits] + list(self.questions)
        return hashlib.sha256("\n\n".join([self.verdict, *said]).encode()).hexdigest()[:24]


def note(
    issue: str,
    answer: Answer,
    states: Mapping[str, RepoState],
    limit: int,
    template: str = "",
    *,
    questions: bool = False,
    code: bool = False,
    page: str = "",
    wrong: str = "",
) -> Note:
    """What to say of an answer; with `questions` also what a model would ask the reporter, with `code` the lines found.

    `page` is the address of the service's page, "" for none; `wrong` the comment that says that the answer is wrong.
    """
    commits = {r.repo: r.commit for r in answer.routes}
    without = packages(answer)
    return Note(
        issue,
        answer.verdict,
        answer.confidence,
        tuple(
            _hit(f, states.get(f.repo), commits.get(f.repo, ""), template, without[f.repo], code=code)
            for f in answer.files[:limit]
        ),
        tuple(one_line(q, 300) for q in answer.questions) if questions else (),
        f"{page.rstrip('/')}/#/issue/{quote(issue, safe='')}" if page and issue else "",
        wrong,
    )


def _hit(
    file: FileHit,
    state: RepoState | None,
    commit: str,
    template: str,
    without: frozenset[str],
    *,
    code: bool,
) -> CommentedFile:
    start, end = place(file)
    named = next((s for s in file.symbols if s.start == start), None)
    lines = f"lines {start}-{end}" if end > start else f"line {start}" if start else ""
    function = ", ".join(x for x in (named.qualname if named else "", lines) if x)
    url = address(state, commit or (state.commit if state else ""), file.path, start, end, template)
    return CommentedFile(
        file.repo,
        one_line(file.path, 300),
        url,
        one_line(function, 200),
        tuple(_safe(r, 200) for r in strongest(file, without)),
        _safe(line_of(file), 160) if code else "",
        _safe(whom(file), 300),
    )


def _safe(text: str, limit: int) -> str:
    """A line without secrets: those who read an issue are not those who read the repository."""
    return one_line(redact(text, strict=False).text, limit)


def address(state: RepoState | None, commit: str, path: str, start: int, end: int, template: str = "") -> str:
    """Where lines of a file can be read: by the template of the settings, else by the code host."""
    if state is None:
        return ""
    if template:
        parts = {"repo": state.name, "url": state.url.removesuffix(".git"), "commit": commit, "path": path}
        out = template.replace("{line}", str(start or 1))
        for name, value in parts.items():
            out = out.replace("{" + name + "}", value if name == "url" else quote(value))
        return out if out.startswith(("https://", "http://")) else ""
    return link("", state.url, commit, path, start or 1, end)


# Atlassian's document format: texts are texts, whatever they hold.


def adf(note: Note) -> dict[str, Any]:
    """The comment as an Atlassian document, for Jira's API v3."""

    def text(value: str, *marks: dict[str, Any]) -> dict[str, Any]:
        return {"type": "text", "text": value, **({"marks": list(marks)} if marks else {})}

    def paragraph(*inside: dict[str, Any]) -> dict[str, Any]:
        return {"type": "paragraph", "content": list(inside)}

    def item(hit: CommentedFile) -> dict[str, Any]:
        marks = [{"type": "link", "attrs": {"href": hit.url}}] if hit.url else []
        told = [text(hit.path, *marks, {"type": "code"}), text(f" in {hit.repo}")]
        if hit.function:
            told.append(text(f": {hit.function}"))
        inside = [paragraph(*told)]
        if hit.code:
            inside.append(paragraph(text(hit.code, {"type": "code"})))
        if lines := [*hit.reasons, *([hit.ask] if hit.ask else [])]:
            reasons = [{"type": "listItem", "content": [paragraph(text(r))]} for r in lines]
            inside.append({"type": "bulletList", "content": reasons})
        return {"type": "listItem", "content": inside}

    content = [paragraph(text(note.head, {"type": "strong"}))]
    if note.hits:
        content.append({"type": "orderedList", "content": [item(h) for h in note.hits]})
    if note.questions:
        content.append(paragraph(text(ASK)))
        asked = [{"type": "listItem", "content": [paragraph(text(q))]} for q in note.questions]
        content.append({"type": "bulletList", "content": asked})
    if note.page:
        content.append(paragraph(text(FULL, {"type": "link", "attrs": {"href": note.page}})))
    content.append(paragraph(text(note.foot, {"type": "em"})))
    return {"version": 1, "type": "doc", "content": content}


_WIKI = re.compile(r"([\\{}\[\]()*_+^~?|!#&<>@-])")
_JOINER = "\u2060"  # invisible; keeps a bare address or a mention from taking effect
_BARE = re.compile(r"(?<=:)(?=//)|(?<=[@#!~%$&])(?=\w)|(?<=\bwww)(?=\.)|(?<=\bGH)(?=-\d)")


def inert(text: str) -> str:
    """Text in which no tracker sees an address, a mention or a reference."""
    return _BARE.sub(_JOINER, " ".join(text.split()))


def wiki(note: Note) -> str:
    """For Jira's API v2 (Atlassian's wiki renderer notation)."""

    def safe(text: str) -> str:
        return _WIKI.sub(r"\\\1", inert(text))

    lines = [f"*{safe(note.head)}*", ""]
    for hit in note.hits:
        path = f"[{safe(hit.path)}|{hit.url}]" if hit.url else safe(hit.path)
        function = f": {safe(hit.function)}" if hit.function else ""
        lines.append(f"# {path} in {safe(hit.repo)}{function}")
        lines += [f"#* {{{{{safe(hit.code)}}}}}"] if hit.code else []
        lines += [f"#* {safe(r)}" for r in (*hit.reasons, hit.ask) if r]
    if note.questions:
        lines += ["", ASK, *(f"* {safe(q)}" for q in note.questions)]
    lines += ["", f"[{FULL}|{note.page}]"] if note.page else []
    return "\n".join([*lines, "", f"_{safe(note.foot)}_"])


_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+.!|~&$:-])")


def markdown(note: Note) -> str:
    """For GitHub and GitLab. The mark is a comment in it, which nobody sees."""

    def safe(text: str) -> str:
        return _MARKDOWN.sub(r"\\\1", inert(text))

    def code(text: str) -> str:
        text = " ".join(text.split())
        fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
        return f"{fence} {text} {fence}" if "`" in text else f"{fence}{text}{fence}"

    lines = [f"**{safe(note.head)}**", ""]
    for n, hit in enumerate(note.hits, 1):
        path = f"[{code(hit.path)}]({hit.url})" if hit.url else code(hit.path)
        function = f": {code(hit.function)}" if hit.function else ""
        lines.append(f"{n}. {path} in {code(hit.repo)}{function}")
        lines += [f"   - {code(hit.code)}"] if hit.code else []
        lines += [f"   - {safe(r)}" for r in (*hit.reasons, hit.ask) if r]
    if note.questions:
        lines += ["", ASK, "", *(f"- {safe(q)}" for q in note.questions)]
    lines += ["", f"[{FULL}]({note.page})"] if note.page else []
    foot = note.foot.rpartition(" [")[0]
    return "\n".join([*lines, "", f"<sub>{safe(foot)}</sub>", f"<!-- {MARK}{note.issue} -->"])


def marked(body: Any) -> bool:
    """Whether a comment, as a tracker gives it back, is of our making (whose account it is must be checked too)."""
    said = body if isinstance(body, str) else str(body)
    return MARK in said.replace("\\", "")
