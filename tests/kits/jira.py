"""A Jira server of ours: the routes that we use, v2 and v3, with switches for everything that goes wrong.

It refuses what the real one refuses: text where v3 wants a document, a document where v2 wants text, a search
endpoint that was removed, a comment that isn't there, a token that is wrong.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from kits.service import serving

LIES = ("unstored", "unlisted")
TOKEN, USER, BOT = "jira-token", "bot@shop.example", "5b10ac8d82e05b22cc7d4ef5"


@dataclass
class Faults:
    """What goes wrong, and how often. `lost`: of the failing requests, those that are carried out first."""

    rate: float = 0.0
    kinds: tuple[str, ...] = ("500", "503", "429", "drop")
    lost: float = 0.5
    slow: float = 0.0  # seconds before every answer
    retry_after: str = "1"
    always: dict[str, int] = field(default_factory=dict)  # "METHOD path-regexp" -> status
    seed: int = 1

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)


class Jira:
    """The server's state. All handlers run under one lock, as a database would have it."""

    def __init__(self, *, cloud: bool = True, faults: Faults | None = None) -> None:
        self.cloud, self.faults = cloud, faults or Faults()
        self.issues: dict[str, dict[str, Any]] = {}
        self.comments: dict[str, list[dict[str, Any]]] = {}
        self.seen: list[tuple[str, str]] = []
        self.permissions = {"BROWSE_PROJECTS": True, "ADD_COMMENTS": True, "EDIT_OWN_COMMENTS": True,
                            "DELETE_OWN_COMMENTS": True}  # fmt: skip
        self._lock = threading.Lock()
        self._ids = iter(range(10_001, 10_000_000))
        version = "{version:str}"
        issue = f"/rest/api/{version}/issue/{{key}}"
        routes = [
            ("GET", f"/rest/api/{version}/serverInfo", self.server_info),
            ("GET", f"/rest/api/{version}/myself", self.myself),
            ("GET", f"/rest/api/{version}/mypermissions", self.my_permissions),
            ("POST", "/rest/api/3/search/jql", self.search_cloud),
            ("POST", "/rest/api/{version}/search", self.search_server),
            ("GET", issue, self.get_issue),
            ("PUT", issue, self.put_issue),
            ("GET", f"{issue}/comment", self.get_comments),
            ("POST", f"{issue}/comment", self.post_comment),
            ("PUT", f"{issue}/comment/{{id}}", self.put_comment),
            ("DELETE", f"{issue}/comment/{{id}}", self.delete_comment),
        ]
        self.app = Starlette(routes=[Route(path, self._handled(do), methods=[m]) for m, path, do in routes])

    def add(
        self, key: str, summary: str, description: Any = None, *, kind: str = "Bug", **fields: Any
    ) -> dict[str, Any]:
        """Make an issue."""
        project = key.rpartition("-")[0]
        self.issues[key] = {
            "id": str(next(self._ids)),
            "key": key,
            "fields": {
                "summary": summary,
                "description": description,
                "issuetype": {"id": "10004", "name": kind},
                "project": {"key": project, "projectTypeKey": "software"},
                "labels": [],
                "components": [],
                "created": "2025-09-18T09:00:00.000+0200",
                **fields,
            },
        }
        self.comments[key] = []
        return self.issues[key]

    def ours(self, key: str) -> list[dict[str, Any]]:
        """Comments of the bot on an issue."""
        return [c for c in self.comments[key] if self.author(c) == BOT]

    @staticmethod
    def author(comment: dict[str, Any]) -> str:
        """Who wrote a comment."""
        who = comment["author"]
        return who.get("accountId") or who.get("key") or ""

    def writes(self) -> int:
        """Requests that change something."""
        return sum(method != "GET" for method, path in self.seen if "search" not in path)

    # Requests

    def _handled(self, do: Any) -> Any:
        async def handle(request: Request) -> Response:
            body = await request.body()
            with self._lock:
                self.seen.append((request.method, request.url.path))
                fault, lost = self._fault(request)
            if self.faults.slow:
                import asyncio

                await asyncio.sleep(self.faults.slow)
            with self._lock:
                if fault in LIES:
                    return self._lied(fault, request, do, body)
                if not fault or lost:
                    answer = self._authorized(request, do, body)
                if fault:
                    answer = self._broken(fault)
            return answer

        return handle

    def _fault(self, request: Request) -> tuple[str, bool]:
        for pattern, status in self.faults.always.items():
            method, _, path = pattern.partition(" ")
            if request.method == method and re.search(path, request.url.path):
                return str(status), False
        if self.faults.random.random() >= self.faults.rate:
            return "", False
        kind = self.faults.random.choice(self.faults.kinds)
        return kind, kind in ("500", "503", "drop") and self.faults.random.random() < self.faults.lost

    def _lied(self, kind: str, request: Request, do: Any, body: bytes) -> Response:
        """A comment is not stored though the answer says so; comments are not listed though there are some."""
        if kind == "unstored" and request.method == "POST" and request.url.path.endswith("/comment"):
            return JSONResponse({"id": str(next(self._ids))}, 201)
        if kind == "unlisted" and request.method == "GET" and request.url.path.endswith("/comment"):
            return JSONResponse({"startAt": 0, "total": 0, "comments": []})
        return self._authorized(request, do, body)

    def _broken(self, kind: str) -> Response:
        if kind == "drop":  # fewer bytes than promised: the client sees the connection break

            def part() -> Iterator[bytes]:
                yield b"{"

            return StreamingResponse(part(), headers={"content-length": "1000"})
        headers = {"retry-after": self.faults.retry_after} if kind == "429" else {}
        return JSONResponse({"errorMessages": [f"fault {kind}"]}, int(kind), headers)

    def _authorized(self, request: Request, do: Any, body: bytes) -> Response:
        given = request.headers.get("authorization", "")
        basic = "Basic " + base64.b64encode(f"{USER}:{TOKEN}".encode()).decode()
        if given != (basic if self.cloud else f"Bearer {TOKEN}"):
            return JSONResponse({"errorMessages": ["not logged in"]}, 401)
        if request.path_params.get("version", "3") not in ("2", "3", "latest"):
            return JSONResponse({}, 404)
        if request.path_params.get("version") == "3" and not self.cloud:
            return JSONResponse({}, 404)
        data = json.loads(body) if body else None
        key = request.path_params.get("key")
        if key is not None and self._issue(key) is None:
            return JSONResponse(
                {"errorMessages": ["Issue does not exist or you do not have permission."]}, 404
            )
        return do(request, data)

    def _issue(self, key: str) -> dict[str, Any] | None:
        by_id = {i["id"]: i for i in self.issues.values()}
        return self.issues.get(key) or by_id.get(key)

    def _bot(self) -> dict[str, str]:
        return {"accountId": BOT} if self.cloud else {"key": BOT, "name": "bugatlas"}

    def server_info(self, request: Request, data: Any) -> Response:
        kind = "Cloud" if self.cloud else "Server"
        return JSONResponse({"version": "1001.0.0", "deploymentType": kind, "serverTitle": "Shop"})

    def myself(self, request: Request, data: Any) -> Response:
        return JSONResponse({**self._bot(), "displayName": "Bugatlas"})

    def my_permissions(self, request: Request, data: Any) -> Response:
        asked = request.query_params["permissions"].split(",")
        return JSONResponse(
            {"permissions": {p: {"havePermission": self.permissions.get(p, False)} for p in asked}}
        )

    def get_issue(self, request: Request, data: Any) -> Response:
        issue = self._issue(request.path_params["key"])
        fields = request.query_params.get("fields", "").split(",")
        told = {k: v for k, v in issue["fields"].items() if k in fields or fields == [""]}
        for name in ("description", "environment"):
            if request.path_params["version"] == "3" and isinstance(told.get(name), str):
                told[name] = adf(told[name])
            elif request.path_params["version"] != "3" and isinstance(told.get(name), dict):
                told[name] = str(told[name])
        return JSONResponse({"id": issue["id"], "key": issue["key"], "fields": told})

    def put_issue(self, request: Request, data: Any) -> Response:
        fields = self._issue(request.path_params["key"])["fields"]
        for name in ("labels", "components"):
            for change in (data.get("update") or {}).get(name, ()):
                fields[name].append(change["add"])
        return Response(status_code=204)

    def get_comments(self, request: Request, data: Any) -> Response:
        found = self.comments[self._issue(request.path_params["key"])["key"]]
        at, most = (
            int(request.query_params.get("startAt", 0)),
            int(request.query_params.get("maxResults", 50)),
        )
        return JSONResponse({"startAt": at, "total": len(found), "comments": found[at : at + most]})

    def _wrong(self, request: Request, body: Any) -> bool:
        if request.path_params["version"] == "3":
            return not (isinstance(body, dict) and body.get("type") == "doc" and body.get("version") == 1)
        return not isinstance(body, str)

    def post_comment(self, request: Request, data: Any) -> Response:
        if self._wrong(request, data.get("body")):
            return JSONResponse({"errors": {"comment": "Comment body is not valid!"}}, 400)
        key = self._issue(request.path_params["key"])["key"]
        comment = {"id": str(next(self._ids)), "author": self._bot(), **data}
        self.comments[key].append(comment)
        return JSONResponse(comment, 201)

    def put_comment(self, request: Request, data: Any) -> Response:
        if self._wrong(request, data.get("body")):
            return JSONResponse({"errors": {"comment": "Comment body is not valid!"}}, 400)
        for comment in self.comments[self._issue(request.path_params["key"])["key"]]:
            if comment["id"] == request.path_params["id"]:
                comment.update(data, edits=comment.get("edits", 0) + 1)
                return JSONResponse(comment)
        return JSONResponse({"errorMessages": ["Can not find a comment for the id"]}, 404)

    def delete_comment(self, request: Request, data: Any) -> Response:
        comments = self.comments[self._issue(request.path_params["key"])["key"]]
        left = [c for c in comments if c["id"] != request.path_params["id"]]
        found = len(left) < len(comments)
        comments[:] = left
        return Response(status_code=204 if found else 404)

    def _found(self, jql: str) -> list[dict[str, Any]]:
        projects = re.search(r"project in \(([^)]*)\)", jql)
        wanted = re.findall(r'"([^"]+)"', projects[1]) if projects else []
        return [i for i in self.issues.values() if not wanted or i["fields"]["project"]["key"] in wanted]

    def search_cloud(self, request: Request, data: Any) -> Response:
        if not data.get("fields"):
            return JSONResponse(
                {"issues": [{"id": i["id"]} for i in self._found(data["jql"])], "isLast": True}
            )
        at, most = int(data.get("nextPageToken") or 0), min(data.get("maxResults", 50), 3)
        found = self._found(data["jql"])
        more = {"nextPageToken": str(at + most)} if at + most < len(found) else {}
        return JSONResponse({"issues": found[at : at + most], "isLast": not more, **more})

    def search_server(self, request: Request, data: Any) -> Response:
        if self.cloud:
            return JSONResponse({"errorMessages": ["The requested API has been removed."]}, 410)
        found, at = self._found(data["jql"]), data.get("startAt", 0)
        most = min(data.get("maxResults", 50), 3)
        return JSONResponse({"startAt": at, "total": len(found), "issues": found[at : at + most]})


@contextmanager
def listening(jira: Jira) -> Iterator[str]:
    """The server on a free port; its address."""
    config = uvicorn.Config(jira.app, log_config=None, lifespan="off", access_log=False)
    with serving(config) as url:
        yield url


def adf(text: str) -> dict[str, Any]:
    """Text as Jira's v3 gives it."""
    paragraphs = [
        {"type": "paragraph", "content": [{"type": "text", "text": p}]}
        for p in text.split("\n\n")
        if p.strip()
    ]
    return {"type": "doc", "version": 1, "content": paragraphs}


def created(
    issue: dict[str, Any], *, stamp: int = 0, event: str = "jira:issue_created", **more: Any
) -> dict[str, Any]:
    """A delivery's payload in the shape of Cloud's and Data Center's: texts are wiki markup, or absent."""
    fields = {k: v for k, v in issue["fields"].items() if k != "description" or isinstance(v, str)}
    return {
        "timestamp": stamp or int(1000 * time.time()),
        "webhookEvent": event,
        "issue_event_type_name": event.removeprefix("jira:"),
        "user": {"accountId": "somebody", "displayName": "Somebody"},
        "issue": {
            "id": issue["id"],
            "key": issue["key"],
            "self": "https://x/rest/api/2/issue/1",
            "fields": fields,
        },
        **more,
    }


def signed(payload: Any, secret: str, delivery: str = "") -> tuple[bytes, dict[str, str]]:
    """Body and headers of a delivery."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    mac = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"content-type": "application/json", "x-hub-signature": f"sha256={mac}"}
    if delivery:
        headers |= {"x-atlassian-webhook-identifier": delivery, "x-atlassian-webhook-flow": "Primary"}
    return body, headers
