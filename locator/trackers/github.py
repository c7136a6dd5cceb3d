"""GitHub issues (docs.github.com/webhooks, /rest/issues): deliveries and the API, on github.com and Enterprise."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from locator.trackers import comment, signing
from locator.trackers.events import (
    Event,
    Ignored,
    Read,
    command,
    dig,
    digest,
    labelled,
    listed,
    named,
    names,
    seconds,
    text,
)
from locator.trackers.settings import TrackerSettings
from locator.trackers.to_markdown import MOST
from locator.trackers.tracker import Access, Gone, Issue, Refused, Tracker, TrackerHttp

KEY = re.compile(r"([\w.-]{1,100}/[\w.-]{1,100})#([1-9]\d{0,9})")

_PAGE = re.compile(r"^/([\w.-]{1,100}/[\w.-]{1,100})/issues/([1-9]\d{0,9})(?:/|$)")


def connect(settings: TrackerSettings, token: str) -> Tracker:
    """A client of GitHub's API with the settings' token."""
    return GitHub(settings, token)


def key_of(text: str) -> str:
    """Key of an issue: `owner/name#12`."""
    return text if KEY.fullmatch(text) else ""


def key_at(home: str, path: str) -> str:
    """Of `/owner/name/issues/12`. The API has a path of its own, so that `home` says nothing of pages."""
    found = _PAGE.search(path)
    return f"{found[1]}#{found[2]}" if found else ""


def verified(settings: Mapping[str, str], headers: signing.Headers, body: bytes) -> bool:
    """Whether a delivery is signed."""
    return signing.hub(settings["secret"], body, headers.get("x-hub-signature-256", ""))


def read(settings: TrackerSettings, headers: signing.Headers, payload: Any, own: str) -> Read:
    """What a delivery is about."""
    event, action = headers.get("x-github-event", ""), text(payload, "action")
    issue, repo = dig(payload, "issue"), text(payload, "repository", "full_name")
    key = f"{repo}#{text(issue, 'number')}"
    if event not in ("issues", "issue_comment") or not KEY.fullmatch(key):
        return Ignored(f"{event[:60] or 'no event'} is not asked for")
    if dig(issue, "pull_request") is not None:
        return Ignored("a pull request")
    if own and text(payload, "sender", "login") == own:
        return Ignored("our own event")
    name = headers.get("x-github-delivery") or digest(key, event, action, text(issue, "updated_at"))
    if event == "issue_comment":
        said = text(payload, "comment", "body")
        asked = command(settings, said, name, key)
        if action != "created" or comment.MARK in said or asked is None:
            return Ignored("a comment")
        return asked if listed(settings, repo) else Ignored("repository is not listed")
    changed = dig(payload, "changes")
    edited = action == "edited" and isinstance(changed, Mapping) and bool({"title", "body"} & changed.keys())
    tagged = action == "labeled" and labelled(settings, [text(payload, "label", "name")])
    if not (action in ("opened", "transferred") or edited or tagged):
        return Ignored(f"action {action[:40]} is not asked for")
    if not listed(settings, repo):
        return Ignored("repository is not listed")
    if not labelled(settings, names(issue, "labels")):
        return Ignored("no label that is listed")
    return Event(name, key)


class GitHub:
    """The REST API of one GitHub."""

    def __init__(self, settings: TrackerSettings, token: str) -> None:
        headers = {
            "authorization": f"Bearer {token}",
            "accept": "application/vnd.github+json",
            "x-github-api-version": "2022-11-28",
        }
        self.settings = settings
        self.http = TrackerHttp(settings, headers)
        self._own: str | None = None

    def check(self, project: str) -> Access:
        """Account, and whether the repository's issues can be read and written."""
        missing: list[str] = []
        if project:
            told = self.http("GET", f"repos/{_repo(project)}")
            if dig(told, "has_issues") is False:
                missing.append("issues are off")
            if not any(dig(told, "permissions", p) is True for p in ("push", "triage", "admin", "maintain")):
                missing.append("triage or write access is not shown (labels cannot be set)")
        return Access(f"GitHub at {self.settings.url}", self.account(), tuple(missing))

    def account(self) -> str:
        """Our login; "" for an app, which has none."""
        if self._own is None:
            try:
                self._own = text(self.http("GET", "user"), "login")
            except (Gone, Refused):
                self._own = ""
        return self._own

    def issue(self, key: str) -> Issue:
        """Fetch an issue."""
        repo, number = _split(key)
        told = self.http("GET", f"repos/{repo}/issues/{number}")
        if dig(told, "pull_request") is not None or not isinstance(told, Mapping):
            raise Gone("a pull request")
        return Issue(
            key=key,
            title=text(told, "title"),
            body=text(told, "body")[:MOST],
            url=text(told, "html_url"),
            project=repo,
            labels=tuple(names(told, "labels")),
            id=text(told, "id"),
        )

    def wants(self, issue: Issue) -> bool:
        """Whether the repository is listed and the issue has a listed label."""
        return listed(self.settings, issue.project) and labelled(self.settings, issue.labels)

    def created(self, since: float) -> Iterator[str]:
        """The newest first, page by page."""
        for project in named(self.settings):
            query = {"state": "all", "sort": "created", "direction": "desc"}
            for issues in self.http.pages(f"repos/{_repo(project)}/issues", **query):
                fresh = [i for i in issues if seconds(text(i, "created_at")) >= since]
                yield from (f"{project}#{text(i, 'number')}" for i in fresh if dig(i, "pull_request") is None)
                if len(fresh) < len(issues):
                    break

    def render(self, note: comment.Note) -> Any:
        """The comment as Markdown."""
        return comment.markdown(note)

    def own_comments(self, key: str) -> list[str]:
        """By our login and our mark; by the mark alone for an app, which comments under its own name."""
        repo, number = _split(key)
        found: list[str] = []
        for comments in self.http.pages(f"repos/{repo}/issues/{number}/comments"):
            own = [c for c in comments if self._is_own(c)]
            found += [text(c, "id") for c in own if comment.marked(text(c, "body"))]
        return sorted(found, key=lambda i: (len(i), i))

    def _is_own(self, comment: Any) -> bool:
        if not self.account():
            return text(comment, "user", "type") == "Bot"
        return text(comment, "user", "login") == self.account()

    def post(self, issue: Issue, body: Any) -> str:
        """Post a comment; its id."""
        repo, number = _split(issue.key)
        id_ = text(self.http("POST", f"repos/{repo}/issues/{number}/comments", {"body": body}), "id")
        if not id_:
            raise Refused("a comment without an id came back")
        return id_

    def edit(self, key: str, comment: str, body: Any) -> None:
        """Replace the text of a comment."""
        self.http("PATCH", f"repos/{_split(key)[0]}/issues/comments/{_number(comment)}", {"body": body})

    def delete(self, key: str, comment: str) -> None:
        """Delete a comment."""
        self.http("DELETE", f"repos/{_split(key)[0]}/issues/comments/{_number(comment)}")

    def close(self) -> None:
        """Close the HTTP connections."""
        self.http.close()

    def tag(self, issue: Issue, repo: str) -> None:
        """Add the label of a repository."""
        label = self.settings.label.replace("{repo}", repo)[:50]
        if label and label not in issue.labels:
            where, number = _split(issue.key)
            self.http("POST", f"repos/{where}/issues/{number}/labels", {"labels": [label]})


def _split(key: str) -> tuple[str, str]:
    found = KEY.fullmatch(key)
    if not found:
        raise Refused(f"{key[:60]!r} is no issue")
    return _repo(found[1]), found[2]


def _repo(name: str) -> str:
    if not re.fullmatch(r"[\w.-]{1,100}/[\w.-]{1,100}", name) or {".", ".."} & set(name.split("/")):
        raise Refused(f"{name[:60]!r} is no repository")
    return name


def _number(id_: str) -> str:
    if not (id_.isascii() and id_.isdigit()):
        raise Refused(f"{id_[:60]!r} is no comment")
    return id_
