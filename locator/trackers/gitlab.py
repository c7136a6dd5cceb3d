"""GitLab issues (docs.gitlab.com: webhook events, notes API): deliveries and the API."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

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
    text,
)
from locator.trackers.settings import TrackerSettings
from locator.trackers.to_markdown import MOST
from locator.trackers.tracker import Access, Gone, Issue, Refused, Tracker, TrackerHttp

KEY = re.compile(r"([\w.-]{1,200}(?:/[\w.-]{1,200}){1,20})#([1-9]\d{0,9})")

_PAGE = re.compile(
    r"^/([\w.-]{1,200}(?:/[\w.-]{1,200}){1,20}?)/-/(?:issues|work_items)/([1-9]\d{0,9})(?:/|$)"
)


def connect(settings: TrackerSettings, token: str) -> Tracker:
    """A client of GitLab's API with the settings' token."""
    return GitLab(settings, token)


def key_of(text: str) -> str:
    """Key of an issue: `group/project#12`."""
    return text if KEY.fullmatch(text) else ""


def key_at(home: str, path: str) -> str:
    """Of `/group/project/-/issues/12`, below the address of GitLab."""
    found = _PAGE.search(path.removeprefix(home)) if path.startswith(home) else None
    return f"{found[1]}#{found[2]}" if found else ""


def verified(settings: Mapping[str, str], headers: signing.Headers, body: bytes) -> bool:
    """Whether a delivery holds the token (`X-Gitlab-Token`), or is signed as Standard Webhooks are."""
    secret = settings["secret"]
    if secret.startswith("whsec_"):
        return signing.standard(secret, headers, body, time.time())
    return signing.same(secret, headers.get("x-gitlab-token", ""))


def read(settings: TrackerSettings, headers: signing.Headers, payload: Any, own: str) -> Read:
    """What a delivery is about."""
    event = text(payload, "object_kind") or text(payload, "event_type")
    said, project = dig(payload, "object_attributes"), text(payload, "project", "path_with_namespace")
    issue = dig(payload, "issue") if event == "note" else said
    key = f"{project}#{text(issue, 'iid')}"
    if event not in ("issue", "note") or not KEY.fullmatch(key):
        return Ignored(f"{event[:60] or 'no event'} is not asked for")
    if own and text(payload, "user", "username") == own:
        return Ignored("our own event")
    if not listed(settings, project):
        return Ignored("project is not listed")
    name = (
        headers.get("idempotency-key")
        or headers.get("webhook-id")
        or digest(key, event, text(said, "action"), text(said, "updated_at"), text(said, "id"))
    )
    if event == "note":
        note = text(said, "note")
        asked = command(settings, note, name, key) if text(said, "noteable_type") == "Issue" else None
        return asked if asked and comment.MARK not in note else Ignored("a comment")
    action, changed = text(said, "action"), dig(payload, "changes")
    matters = isinstance(changed, Mapping) and bool({"title", "description", "labels"} & changed.keys())
    if not (action == "open" or (action == "update" and matters)):
        return Ignored(f"action {action[:40]} is not asked for")
    if not labelled(settings, names(payload, "labels", of="title")):
        return Ignored("no label that is listed")
    return Event(name, key)


class GitLab:
    """The REST API (v4) of one GitLab."""

    def __init__(self, settings: TrackerSettings, token: str) -> None:
        self.settings = settings
        self.http = TrackerHttp(settings, {"private-token": token})
        self._own = ""

    def check(self, project: str) -> Access:
        """Account, and whether notes can be written in a project."""
        missing: list[str] = []
        if project:
            told = self.http("GET", f"api/v4/projects/{_id(project)}")
            levels = (
                dig(told, "permissions", "project_access", "access_level"),
                dig(told, "permissions", "group_access", "access_level"),
            )
            if max((x for x in levels if isinstance(x, int)), default=0) < 10:
                missing.append("guest access or more is not shown")
        version = text(self.http("GET", "api/v4/version"), "version")
        return Access(f"GitLab {version} at {self.settings.url}", self.account(), tuple(missing))

    def account(self) -> str:
        """Name of the user that the token belongs to."""
        if not self._own:
            self._own = text(self.http("GET", "api/v4/user"), "username")
        return self._own

    def issue(self, key: str) -> Issue:
        """Fetch an issue."""
        project, number = _split(key)
        told = self.http("GET", f"api/v4/projects/{_id(project)}/issues/{number}")
        if not isinstance(told, Mapping):
            raise Gone("no issue came back")
        labels = told.get("labels")
        return Issue(
            key=key,
            title=text(told, "title"),
            body=text(told, "description")[:MOST],
            url=text(told, "web_url"),
            project=project,
            labels=tuple(x for x in labels if isinstance(x, str)) if isinstance(labels, list) else (),
            customers=bool(text(told, "service_desk_reply_to")),
            id=text(told, "id"),
        )

    def wants(self, issue: Issue) -> bool:
        """Listed project and label; a ticket of the service desk only where comments are internal."""
        if issue.customers and not self.settings.internal:
            return False
        return listed(self.settings, issue.project) and labelled(self.settings, issue.labels)

    def created(self, since: float) -> Iterator[str]:
        """Issues created since a time, fetched page by page."""
        after = datetime.fromtimestamp(since, UTC).isoformat()
        for project in named(self.settings):
            for issues in self.http.pages(f"api/v4/projects/{_id(project)}/issues", created_after=after):
                yield from (f"{project}#{text(i, 'iid')}" for i in issues)

    def render(self, note: comment.Note) -> Any:
        """The comment as Markdown."""
        return comment.markdown(note)

    def own_comments(self, key: str) -> list[str]:
        """By our user and our mark."""
        found: list[str] = []
        for notes in self.http.pages(self._notes(key), sort="asc"):
            own = [n for n in notes if text(n, "author", "username") == self.account()]
            found += [text(n, "id") for n in own if comment.marked(text(n, "body"))]
        return sorted(found, key=lambda i: (len(i), i))

    def _notes(self, key: str, id_: str = "") -> str:
        project, number = _split(key)
        if id_ and not (id_.isascii() and id_.isdigit()):
            raise Refused(f"{id_[:60]!r} is no comment")
        return f"api/v4/projects/{_id(project)}/issues/{number}/notes" + (f"/{id_}" if id_ else "")

    def post(self, issue: Issue, body: Any) -> str:
        """Post a comment; its id."""
        said = {"body": body, **({"internal": True} if self.settings.internal else {})}
        id_ = text(self.http("POST", self._notes(issue.key), said), "id")
        if not id_:
            raise Refused("a comment without an id came back")
        return id_

    def edit(self, key: str, comment: str, body: Any) -> None:
        """Replace the text of a comment."""
        self.http("PUT", self._notes(key, comment), {"body": body})

    def delete(self, key: str, comment: str) -> None:
        """Delete a comment."""
        self.http("DELETE", self._notes(key, comment))

    def close(self) -> None:
        """Close the HTTP connections."""
        self.http.close()

    def tag(self, issue: Issue, repo: str) -> None:
        """Add the label of a repository."""
        label = self.settings.label.replace("{repo}", repo).replace(",", " ")[:255]
        if label and label not in issue.labels:
            project, number = _split(issue.key)
            self.http("PUT", f"api/v4/projects/{_id(project)}/issues/{number}", {"add_labels": label})


def _split(key: str) -> tuple[str, str]:
    found = KEY.fullmatch(key)
    if not found:
        raise Refused(f"{key[:60]!r} is no issue")
    return found[1], found[2]


def _id(project: str) -> str:
    return quote(project, safe="")
