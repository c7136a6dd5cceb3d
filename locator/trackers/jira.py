"""Jira, Cloud and Data Center: its deliveries and its REST API, v3 (documents) and v2 (wiki markup).

Only the issue's key is taken from a delivery; everything else is fetched when the issue's turn comes, so late,
doubled and disordered deliveries do no harm.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from locator.trackers import comment, signing
from locator.trackers.events import Event, Ignored, Read, command, dig, digest, listed, named, names, text
from locator.trackers.settings import TrackerSettings
from locator.trackers.to_markdown import plain
from locator.trackers.tracker import (
    PAGE,
    PAGES,
    SEARCH_PAGES,
    Access,
    Gone,
    Issue,
    Refused,
    Tracker,
    TrackerHttp,
)

MATTERS = frozenset(("summary", "description", "environment", "component", "components", "issuetype", "key"))
FIELDS = "summary,description,environment,issuetype,project,components,labels"
PERMISSIONS = ("BROWSE_PROJECTS", "ADD_COMMENTS", "EDIT_OWN_COMMENTS", "DELETE_OWN_COMMENTS")
KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,30}-[1-9]\d{0,9}|[1-9]\d{0,17}")
_PAGE = re.compile(r"/browse/([A-Za-z][A-Za-z0-9_]{0,30}-[1-9]\d{0,9})(?:/|$)")
_ISSUE = re.compile(r"/issue/(\d{1,18})/comment/")


def connect(settings: TrackerSettings, token: str) -> Tracker:
    """A client of Jira's API with the settings' token."""
    return Jira(settings, token)


def key_of(text: str) -> str:
    """`SHOP-12`; a bare number is an id, which people don't write."""
    return text.upper() if KEY.fullmatch(text) and not text.isdecimal() else ""


def key_at(home: str, path: str) -> str:
    """Of `/browse/SHOP-12`, below the address of Jira."""
    found = _PAGE.search(path.removeprefix(home)) if path.startswith(home) else None
    return found[1].upper() if found else ""


def verified(settings: Mapping[str, str], headers: signing.Headers, body: bytes) -> bool:
    """Whether a delivery is signed (`X-Hub-Signature`), or holds the shared secret (`X-Bugatlas-Secret`)."""
    return signing.hub(settings["secret"], body, headers.get("x-hub-signature", "")) or signing.same(
        settings["header_secret"], headers.get("x-bugatlas-secret", "")
    )


def read(settings: TrackerSettings, headers: signing.Headers, payload: Any, own: str) -> Read:
    """What a delivery is about. `own` is our account: what it does is not answered."""
    event = text(payload, "webhookEvent")
    issue = dig(payload, "issue")
    said = dig(payload, "comment")
    actor = (
        _person(dig(payload, "user")) or _person(dig(said, "updateAuthor")) or _person(dig(said, "author"))
    )
    key = text(issue, "key") or text(issue, "id") or next(iter(_ISSUE.findall(text(said, "self")[:2000])), "")
    if not KEY.fullmatch(key):
        return Ignored("no issue")
    if own and own in actor:
        return Ignored("our own event")
    name = headers.get("x-atlassian-webhook-identifier") or digest(
        key, text(payload, "timestamp"), event, text(payload, "changelog", "id"), text(said, "id")
    )
    if said is not None and comment.marked(dig(said, "body")):
        return Ignored("our own comment")
    project = text(issue, "fields", "project", "key") or key.rpartition("-")[0]
    if project and not listed(settings, project):
        return Ignored("project is not listed")
    asked = command(settings, plain(said.get("body")), name, key) if isinstance(said, Mapping) else None
    if asked:
        return asked
    if event == "jira:issue_updated":
        changed = {c.lower() for c in names(payload, "changelog", "items", of="field")}
        if not changed & MATTERS:
            return Ignored("nothing that matters changed")
    elif event != "jira:issue_created":
        return Ignored(f"{event[:60] or 'no event'} is not asked for")
    kind = dig(issue, "fields", "issuetype")
    if kind is not None and not _typed(settings, text(kind, "name"), text(kind, "id")):
        return Ignored("issue type is not listed")
    return Event(name, key)


def _person(user: Any) -> frozenset[str]:
    """Every name that a user goes by: Cloud says accountId, Data Center key and name."""
    said = (text(user, "accountId"), text(user, "key"), text(user, "name"))
    return frozenset(s for s in said if s)


def _typed(settings: TrackerSettings, name: str, id_: str) -> bool:
    return any(t.lower() == name.lower() or t == id_ for t in settings.types)


class Jira:
    """The REST API of one Jira."""

    def __init__(self, settings: TrackerSettings, token: str) -> None:
        cloud = bool(settings.user)
        headers = {"x-atlassian-token": "no-check"}
        if not cloud:
            headers["authorization"] = f"Bearer {token}"
        self.settings = settings
        self.http = TrackerHttp(settings, headers, (settings.user, token) if cloud else None)
        self._api, self._own = settings.api, ""

    @property
    def api(self) -> int:
        """2 or 3: as set, else as the server says what it is."""
        if not self._api:
            told = self.http("GET", "rest/api/2/serverInfo")
            self._api = 3 if text(told, "deploymentType").lower() == "cloud" else 2
        return self._api

    def _path(self, *parts: str) -> str:
        return "/".join(["rest", "api", str(self.api), *parts])

    def check(self, project: str) -> Access:
        """Server, account, and the permissions that are missing."""
        told = self.http("GET", "rest/api/2/serverInfo")
        server = f"{text(told, 'serverTitle')} {text(told, 'version')} ({text(told, 'deploymentType')})"
        query = {"permissions": ",".join(PERMISSIONS)} | ({"projectKey": project} if project else {})
        have = self.http("GET", self._path("mypermissions"), **query)
        missing = [p for p in PERMISSIONS if dig(have, "permissions", p, "havePermission") is not True]
        return Access(server.strip(), self.account(), tuple(missing))

    def account(self) -> str:
        """Our accountId, or key on Data Center."""
        if not self._own:
            me = self.http("GET", self._path("myself"))
            self._own = text(me, "accountId") or text(me, "key") or text(me, "name")
        return self._own

    def issue(self, key: str) -> Issue:
        """An issue with its description and environment."""
        return self._issue(self.http("GET", self._path("issue", _safe(key)), fields=FIELDS))

    def _issue(self, raw: Any) -> Issue:
        fields = dig(raw, "fields")
        key = text(raw, "key")
        if not KEY.fullmatch(key) or not isinstance(fields, Mapping):
            raise Gone("an issue without key or fields")
        body = [plain(fields.get("description")), plain(fields.get("environment"))]
        return Issue(
            key=key,
            title=text(fields, "summary"),
            body="\n\n".join(b for b in body if b),
            url=f"{self.settings.url.rstrip('/')}/browse/{key}",
            project=text(fields, "project", "key") or key.rpartition("-")[0],
            type=text(fields, "issuetype", "name"),
            type_id=text(fields, "issuetype", "id"),
            labels=tuple(x for x in fields.get("labels") or () if isinstance(x, str)),
            customers=text(fields, "project", "projectTypeKey") == "service_desk",
            id=text(raw, "id"),
        )

    def wants(self, issue: Issue) -> bool:
        """Listed project and type; a service desk only where comments are internal."""
        settings = self.settings
        if issue.customers and not (settings.internal or settings.visibility):
            return False
        return listed(settings, issue.project) and _typed(settings, issue.type, issue.type_id)

    def created(self, since: float) -> Iterator[str]:
        """By JQL; times in it are of the server's zone, so the age in minutes is given."""
        minutes = int((time.time() - since) / 60) + 2
        if projects := named(self.settings):
            query = f"{jql(projects, self.settings.types)} AND created >= -{minutes}m ORDER BY created ASC"
            found = self.search(query, ("summary",), pages=PAGES)
            yield from (text(told, "key") for told in found)

    def render(self, note: comment.Note) -> Any:
        """A document for v3, wiki markup for v2: each refuses the other's."""
        return comment.adf(note) if self.api == 3 else comment.wiki(note)

    def own_comments(self, key: str) -> list[str]:
        """By our account and our mark: a mark alone may be anybody's."""
        found: list[str] = []
        at = 0
        for _ in range(PAGES):
            query = {"startAt": at, "maxResults": PAGE}
            told = self.http("GET", self._path("issue", _safe(key), "comment"), **query)
            comments = dig(told, "comments")
            if not isinstance(comments, list) or not comments:
                break
            own = [c for c in comments if self.account() in _person(dig(c, "author"))]
            found += [text(c, "id") for c in own if comment.marked(dig(c, "body"))]
            at += len(comments)
            total = dig(told, "total")
            if len(comments) < PAGE or (isinstance(total, int) and at >= total):
                break
        return sorted(set(found), key=lambda i: (len(i), i))

    def _body(self, body: Any) -> dict[str, Any]:
        out: dict[str, Any] = {"body": body}
        if self.settings.visibility:
            out["visibility"] = {
                "type": self.settings.visibility.type,
                "value": self.settings.visibility.value,
            }
        if self.settings.internal:
            out["properties"] = [{"key": "sd.public.comment", "value": {"internal": True}}]
        return out

    def post(self, issue: Issue, body: Any) -> str:
        """Post a comment; its id."""
        told = self.http("POST", self._path("issue", _safe(issue.key), "comment"), self._body(body))
        id_ = text(told, "id")
        if not id_:
            raise Refused("a comment without an id came back")
        return id_

    def edit(self, key: str, comment: str, body: Any) -> None:
        """Replace the text of a comment."""
        self.http("PUT", self._path("issue", _safe(key), "comment", _safe(comment)), self._body(body))

    def delete(self, key: str, comment: str) -> None:
        """Delete a comment."""
        self.http("DELETE", self._path("issue", _safe(key), "comment", _safe(comment)))

    def close(self) -> None:
        """Close the HTTP connections."""
        self.http.close()

    def tag(self, issue: Issue, repo: str) -> None:
        """Add the component and the label of a repository."""
        update: dict[str, Any] = {}
        if repo in self.settings.components:
            update["components"] = [{"add": {"name": self.settings.components[repo]}}]
        if self.settings.label:
            label = re.sub(r"\s+", "-", self.settings.label.replace("{repo}", repo))[:255]
            if label not in issue.labels:
                update["labels"] = [{"add": label}]
        if update:
            self.http("PUT", self._path("issue", _safe(issue.key)), {"update": update})

    def search(
        self,
        jql: str,
        fields: Sequence[str] = FIELDS.split(","),
        expand: str = "",
        pages: int = SEARCH_PAGES,
    ) -> Iterator[Any]:
        """Issues of a query, oldest page first. Cloud has `search/jql` with tokens, Data Center `search`."""
        more = {"expand": expand} if expand else {}
        if self.api == 3:
            after = ""
            for _ in range(pages):
                body = {"jql": jql, "fields": list(fields), "maxResults": PAGE, **more}
                told = self.http(
                    "POST", "rest/api/3/search/jql", {**body, **({"nextPageToken": after} if after else {})}
                )
                yield from _issues(told)
                following = text(told, "nextPageToken")
                if dig(told, "isLast") is True or not following or following == after:
                    return
                after = following
            return
        at = 0
        for _ in range(pages):
            body = {"jql": jql, "fields": list(fields), "maxResults": PAGE, "startAt": at}
            told = self.http(
                "POST", "rest/api/2/search", {**body, **({"expand": [expand]} if expand else {})}
            )
            issues = _issues(told)
            yield from issues
            at += len(issues)
            total = dig(told, "total")
            if not issues or (isinstance(total, int) and at >= total):
                return


def jql(projects: Sequence[str], types: Sequence[str]) -> str:
    """Issues of these projects and types."""

    def quoted(values: Sequence[str]) -> str:
        escaped = (v.replace("\\", "\\\\").replace('"', '\\"') for v in values)
        return ", ".join(f'"{v}"' for v in escaped)

    kinds = f" AND issuetype in ({quoted(types)})" if types else ""
    return f"project in ({quoted(projects)}){kinds}"


def _issues(raw: Any) -> list[Any]:
    found = dig(raw, "issues")
    return found if isinstance(found, list) else []


def _safe(part: str) -> str:
    """A key or id as part of a path."""
    if not KEY.fullmatch(part):
        raise Refused(f"{part[:60]!r} is no key")
    return part
