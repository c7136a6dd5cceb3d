"""Issues out of a tracker's export: Jira's search result or CSV, GitHub's and GitLab's JSON or CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from eval.mining.html import MOST, document, html, looks_like_html, wiki
from summaries.errors import UsageError

_BUG = re.compile(
    r"\b(?:bugs?|defects?|incidents?|faults?|regressions?|problem|crash|error)\b", re.IGNORECASE
)
_OTHER = re.compile(
    r"\b(?:feature|enhancement|improvement|story|epic|task|question|documentation|docs|new feature|proposal)\b",
    re.IGNORECASE,
)
_URL = re.compile(
    r"https?://[^/\s]{1,200}/([\w./-]{1,300}?)/(?:-/)?(issues|work_items|pull|merge_requests)/(\d{1,9})"
)
_REF = re.compile(r"([\w./-]{1,300})#(\d{1,9})")


class ExportedIssue(Struct, frozen=True):
    """A report as its tracker has it, in Markdown."""

    repo: str  # "owner/name"; "" for trackers beside the code
    key: str  # "ABC-12" or "12"
    title: str
    body: str
    created: str  # as exported, ISO 8601 where the tracker says so
    bug: bool | None  # None: the tracker doesn't tell
    words: str = ""  # where the text is from, if not from the tracker: "notes"


def read_issues(path: Path, repo: str = "") -> tuple[list[ExportedIssue], list[str]]:
    """Issues of a file and a message for every entry that is none. `repo` is theirs where they don't say.

    Raises UsageError where the file cannot be read or is of no known shape.
    """
    try:
        data = path.read_bytes()
    except OSError as e:
        raise UsageError(f"cannot read {path}: {e.strerror}") from e
    text = data.decode("utf-8-sig", "replace")
    rows = _json(path, text) if text.lstrip()[:1] in ("{", "[") else _csv(path, text)
    issues: dict[tuple[str, str], ExportedIssue] = {}
    problems: list[str] = []
    for place, row in rows:
        if not isinstance(row, Mapping):
            problems.append(f"{place}: not an issue")
            continue
        if _is_pull(row):
            continue
        issue = _jira(row) if "fields" in row else _flat(row, repo)
        if issue is None:
            problems.append(f"{place}: no key or no title")
        elif (issue.repo, issue.key) in issues:
            problems.append(f"{place}: {issue.repo}#{issue.key} stands twice; the first counts")
        else:
            issues[issue.repo, issue.key] = issue
    return list(issues.values()), problems


def _json(path: Path, text: str) -> Iterator[tuple[str, Any]]:
    """Entries with their place: an array, an object that holds one, or one object a line."""
    try:
        whole = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as e:
        lines = text.splitlines()
        if len(lines) < 2:
            raise UsageError(f"{path}: {e}") from e
        yield from _json_lines(path, lines)
        return
    if isinstance(whole, Mapping):
        held = next(
            (whole[k] for k in ("issues", "items", "data", "nodes") if isinstance(whole.get(k), list)), None
        )
        whole = [whole] if held is None else held
    for n, row in enumerate(whole, 1):
        yield f"{path.name}, entry {n}", row


def _json_lines(path: Path, lines: list[str]) -> Iterator[tuple[str, Any]]:
    for n, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield f"{path.name}:{n}", msgspec.json.decode(line)
            except (msgspec.DecodeError, RecursionError):
                yield f"{path.name}:{n}", None


def _csv(path: Path, text: str) -> Iterator[tuple[str, Any]]:
    csv.field_size_limit(10 * MOST)
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        names = [n.strip().lower() for n in next(rows, [])]
        if not {"title", "summary"} & set(names):
            raise UsageError(f"{path}: no column is called title or summary", "export issues as JSON or CSV")
        for row in rows:
            if row:
                # Jira repeats a column for every value: the first is kept, labels are joined.
                out: dict[str, str] = {}
                for name, value in zip(names, row, strict=False):
                    if value and (name not in out or name == "labels"):
                        out[name] = f"{out[name]}, {value}" if name in out else value
                yield f"{path.name}:{rows.line_num}", out
    except csv.Error as e:
        yield f"{path.name}:{rows.line_num}: {e}", None


def _is_pull(row: Mapping[str, Any]) -> bool:
    if row.get("pull_request") or row.get("isPullRequest"):
        return True
    found = _URL.match(_text(row.get("html_url") or row.get("url") or row.get("web_url")))
    return bool(found and found[2] in ("pull", "merge_requests"))


def _jira(row: Mapping[str, Any]) -> ExportedIssue | None:
    fields = row.get("fields")
    key = _text(row.get("key")).strip().upper()
    if not isinstance(fields, Mapping) or not key:
        return None
    said = fields.get("description")
    body = document(said) if isinstance(said, Mapping) else markdown(_text(said), jira=True)
    kind = fields.get("issuetype")
    named = _text(kind.get("name")) if isinstance(kind, Mapping) else ""
    title = _text(fields.get("summary")).strip()
    created = _text(fields.get("created"))
    return (
        ExportedIssue("", key, title, body, created, _is_bug(named, fields.get("labels"))) if title else None
    )


def _flat(row: Mapping[str, Any], repo: str) -> ExportedIssue | None:
    """GitHub's and GitLab's shapes, and the columns of all three trackers' CSV."""

    def first(*names: str) -> Any:
        return next((row[n] for n in names if row.get(n) not in (None, "")), None)

    link = _URL.match(_text(first("html_url", "web_url", "url")))
    full = first("references")
    told = _REF.fullmatch(_text(full.get("full"))) if isinstance(full, Mapping) else None
    key = _text(first("issue key", "key", "iid", "number", "issue id", "id") if not link else link[3]).strip()
    jira = re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{1,15}-\d{1,8}", key)
    if jira:
        where, key = "", key.upper()
    elif told:
        where, key = told[1], told[2]
    else:
        where = link[1] if link else _repository(row) or repo
        key = key.lstrip("#")
        if not key.isdecimal() or len(key) > 9:
            return None
        key = str(int(key))
    title = _text(first("title", "summary")).strip()
    if not title:
        return None
    body = markdown(_text(first("body", "description")), jira=bool(jira))
    created = _text(first("created_at", "createdAt", "created", "created at (utc)", "created at"))
    kind = _text(first("issue_type", "issue type", "type"))
    return ExportedIssue(where, key, title, body, created, _is_bug(kind, first("labels")))


def _repository(row: Mapping[str, Any]) -> str:
    said = row.get("repository")
    if isinstance(said, Mapping):
        return _text(said.get("full_name") or said.get("nameWithOwner"))
    return _text(said)


def markdown(text: str, *, jira: bool = False) -> str:
    """A body in whatever markup as Markdown."""
    if looks_like_html(text):
        return html(text)
    return wiki(text) if jira else text[:MOST].replace("\r\n", "\n").strip()


def _is_bug(kind: str, labels: Any) -> bool | None:
    """By the issue's type, else by its labels; None where neither says."""
    names = [kind] if kind and kind.lower() not in ("issue", "ticket") else []
    if not names:
        listed = labels if isinstance(labels, list) else _text(labels).split(",")
        names = [_text(x.get("name") if isinstance(x, Mapping) else x) for x in listed]
    spaced = [re.sub(r"[-_:/]", " ", n) for n in names]
    if any(_BUG.search(n) for n in spaced):
        return True
    return False if any(_OTHER.search(n) for n in spaced) else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""
