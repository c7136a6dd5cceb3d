"""Issues in the words of change logs and release notes: lines of theirs that name an issue, or the change that settled it.

They are written for users, much as reporters write, and lie beside the code: a bug set without a tracker. Every pattern
is anchored or bounded, so that a file takes time in proportion to its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from eval.mining.exports import ExportedIssue
from eval.mining.references import is_key, speaks_of_fix
from summaries.index.index import Index

MOST_LINES = 200_000  # of one file
LEAST_WORDS = 4  # of a line that stands for a report, as of a commit's message
_ITEM_LENGTH = 1_000  # characters
_FILE = re.compile(
    r"(?i)(?:^|/)(?:change-?logs?|changes|news|history|release-?notes?|whats-?new|releases?)(?:[-_.][\w.-]{0,60})?"
    r"\.(?:md|markdown|rst|txt|adoc)$"
    r"|(?:^|/)(?:change-?log|news|changes|history)$"
    r"|(?:^|/)(?:release-?notes?|change-?logs?|whats-?new|newsfragments|changes)/[^/]{1,200}\.(?:md|markdown|rst|txt|adoc)$"
)
_ITEM = re.compile(r"\s{0,12}(?:[-*+•]|\d{1,3}[.)])\s+(?=\S)")
_HEADING = re.compile(
    r"\s{0,3}#{1,6}\s+(.{1,200})|\s{0,3}\*\*([^*\n]{1,100})\*\*:?\s*$|([A-Z][\w ,&/-]{2,60}):?\s*$"
)
_UNDERLINE = re.compile(r"\s{0,3}[=\-~^\"'*+#]{3,}\s*$")
_REFERENCE = re.compile(
    r"https?://[\w.-]{1,100}/([\w./-]{1,200}?)/(?:-/)?(?:issues|pull|merge_requests)/(\d{1,9})\b"
    r"|(?<![\w/#&-])((?:[\w.-]{1,60}/[\w.-]{1,60})?)#(\d{1,9})\b|\b(?:GH|gh)-(\d{1,9})\b"
    r"|:(?:issue|ghissue|gh|pr|pull|ghpull|bug|ticket):`#?(\d{1,9})`"
    r"|(?<![\w-])([A-Z][A-Z0-9_]{1,15}-[1-9]\d{0,7})\b"
)
_LINK = re.compile(
    r"!?\[([^\[\]\n]{0,300})\]\([^()\s]{0,400}\)|`([^`<\n]{1,200})\s?<[^<>\n]{1,300}>`_{0,2}"
    r"|\[([^\[\]\n]{1,300})\]\[[^\[\]\n]{0,80}\]"
)
_LEFT = re.compile(
    r"https?://\S{1,400}|(?:\bby\s{1,4})?(?<![\w@])@[\w-]{1,40}|\b[0-9a-f]{7,40}\b|:[a-z]{2,12}:(?=`)"
    r"|\b(?:thanks|contributed by|reported by|patch by|pr by|authored by|author:|by:)(?=\W)[^.;)\n]{0,120}|\.{1,2}/\S{1,300}"
    r"|\b(?:closes|closed|fixes|resolves|see|refs?|issues?|prs?|pull requests?)\b\s{0,12}(?=[,;:.)\]#]|$)",
    re.IGNORECASE,
)
_EMPTY = re.compile(r"[(\[][\s,;:&.#-]{0,40}[)\]]|[*_`]{1,3}|[\s,;:-]{1,10}$")
_BUGS = re.compile(
    r"(?i)\b(?:bug|fix|fixes|fixed|bugfix|bugfixes|regression|stability|resolved|defect|hotfix)"
)
_NO_BUGS = re.compile(
    r"(?i)\b(?:feature|enhanc|improve|added|adding|addition|chang(?:ed?|es|ing)\b|deprecat|remov|dependenc|doc|refactor|chore|build|ci\b"
    r"|test|internal|translat|contributor|misc|style|code of|security advis|upgrade|breaking"
    r"|new\b|highlight|known issue|reverts?\b|perf)"
)


def is_notes(path: str) -> bool:
    """Whether a file is a change log or release notes, by its name or its folder."""
    return bool(_FILE.search(path))


def issues_of_notes(index: Index, names: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], ExportedIssue]]:
    """Every line of the repositories' notes that names issues: their keys, and the line as a report of the first.

    Where several lines name an issue, the first one counts. Files that the index left out are not read.
    """
    out: list[tuple[tuple[str, ...], ExportedIssue]] = []
    for name in names or tuple(index.repos):
        view, store = index.view(name), index.store(name)
        taken: set[tuple[str, str]] = set()
        for i in range(len(view)):
            if not is_notes(view.path(i)):
                continue
            for heading, text in items(store.text(view.blob(i))):
                found = _issue(name, heading, text)
                if found and not taken & {(found[1].repo, k) for k in found[0]}:
                    taken |= {(found[1].repo, k) for k in found[0]}
                    out.append(found)
    return out


def items(text: str) -> Iterator[tuple[str, str]]:
    """Items of a list with the heading above them, each with its further lines."""
    heading, item = "", ""
    before = ""
    for line in text.split("\n", MOST_LINES)[:MOST_LINES]:
        line = line[:_ITEM_LENGTH].rstrip()
        started = _ITEM.match(line)
        going_on = item and line.startswith((" ", "\t")) and not started
        if going_on:
            item = f"{item} {line.strip()}"[:_ITEM_LENGTH]
            continue
        if item:
            yield heading, item
            item = ""
        if started:
            item = line[started.end() :]
        elif _UNDERLINE.match(line) and before.strip():
            heading = before.strip()
        elif named := _HEADING.match(line):
            heading = next(g for g in named.groups() if g).strip()
        before = line
    if item:
        yield heading, item


def _issue(repo: str, heading: str, text: str) -> tuple[tuple[str, ...], ExportedIssue] | None:
    named = [_named(m) for m in _REFERENCE.finditer(text)]
    keys = [(r or ("" if not k.isdecimal() else repo), k) for r, k in named if k]
    title = said(text)
    if not keys or len(title.split()) < LEAST_WORDS:
        return None
    home = keys[0][0]
    bug = True if _BUGS.search(heading) else False if _NO_BUGS.search(heading) else None
    if bug is None:
        bug = True if speaks_of_fix(title) else None
    mine = tuple(dict.fromkeys(k for r, k in keys if r == home))
    return mine, ExportedIssue(home, mine[0], title, "", "", bug, "notes")


def _named(m: re.Match[str]) -> tuple[str, str]:
    if m[2]:
        return m[1].strip("/"), str(int(m[2]))
    if m[7]:
        return "", m[7] if is_key(m[7]) else ""
    return (m[3] or "").strip("/"), str(int(m[4] or m[5] or m[6]))


def said(text: str) -> str:
    """An item without links, references, hashes and names of people."""
    text = _LINK.sub(lambda m: m[1] or m[2] or m[3] or "", text)
    text = _LEFT.sub(" ", _REFERENCE.sub(" ", text))
    for _ in range(2):  # brackets within brackets
        text = _EMPTY.sub(" ", text)
    return re.sub(r"\s+([,;.:])(?=\s|$)", r"\1", " ".join(text.split())).strip(" -–:,.;*")
