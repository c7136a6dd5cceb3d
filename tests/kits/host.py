"""A GitHub and a GitLab of ours: issues, comments, labels, and their senders of deliveries."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kits.service import serving

TOKEN, BOT = "host-token", "bugatlas-bot"


class Host:
    """Issues by "owner/name#number", in the shape of either host."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.issues: dict[str, dict[str, Any]] = {}
        self.comments: dict[str, list[dict[str, Any]]] = {}
        self.seen: list[tuple[str, str]] = []
        self.fail = ""  # "METHOD path-regexp status"
        self._ids = iter(range(501, 10**6))
        every = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        self.app = Starlette(routes=[Route("/{path:path}", self.handle, methods=every)])

    def add(self, key: str, title: str, body: str, labels: tuple[str, ...] = ("bug",)) -> dict[str, Any]:
        """Make an issue."""
        project, number = key.split("#")
        url = f"https://{self.kind}.example/{project}/issues/{number}"
        moment = "2025-09-18T09:00:00Z"
        if self.kind == "github":
            told = {"number": int(number), "title": title, "body": body, "html_url": url,
                    "labels": [{"name": x} for x in labels], "created_at": moment}  # fmt: skip
        else:
            told = {"iid": int(number), "title": title, "description": body, "web_url": url, "labels": list(labels),
                    "created_at": moment}  # fmt: skip
        self.issues[key], self.comments[key] = told, []
        return told

    async def handle(self, request: Request) -> Response:
        """Every request."""
        path, method = request.url.path, request.method
        raw = request.scope["raw_path"].decode().split("?")[0]
        self.seen.append((method, path))
        given = request.headers.get("private-token") or request.headers.get("authorization", "")[7:]
        if given != TOKEN:
            return JSONResponse({"message": "Bad credentials"}, 401)
        if self.fail:
            wanted, pattern, status = self.fail.split(" ")
            if wanted == method and re.search(pattern, path):
                return JSONResponse({"message": "no"}, int(status))
        data = json.loads(await request.body() or b"null")
        return (self.github if self.kind == "github" else self.gitlab)(
            method, raw, data, request.query_params
        )

    def github(self, method: str, path: str, data: Any, query: Any) -> Response:
        """github.com's routes."""
        if path == "/user":
            return JSONResponse({"login": BOT})
        if found := re.fullmatch(r"/repos/([^/]+/[^/]+)", path):
            return JSONResponse({"full_name": found[1], "has_issues": True, "permissions": {"push": True}})
        if found := re.fullmatch(r"/repos/([^/]+/[^/]+)/issues", path):
            issues = [i for k, i in self.issues.items() if k.startswith(found[1] + "#")]
            return JSONResponse(issues if query.get("page") == "1" else [])
        if found := re.fullmatch(r"/repos/([^/]+/[^/]+)/issues/(\d+)(/comments|/labels)?", path):
            key = f"{found[1]}#{found[2]}"
            if key not in self.issues:
                return JSONResponse({"message": "Not Found"}, 404)
            if not found[3]:
                return JSONResponse(self.issues[key])
            if found[3] == "/labels":
                self.issues[key]["labels"] += [{"name": x} for x in data["labels"]]
                return JSONResponse(self.issues[key]["labels"])
            if method == "GET":
                return JSONResponse(self.page(self.comments[key], query))
            made = {"id": next(self._ids), "user": {"login": BOT, "type": "User"}, "body": data["body"]}
            self.comments[key].append(made)
            return JSONResponse(made, 201)
        if found := re.fullmatch(r"/repos/[^/]+/[^/]+/issues/comments/(\d+)", path):
            return self.change(method, int(found[1]), data)
        return JSONResponse({"message": "Not Found"}, 404)

    def gitlab(self, method: str, path: str, data: Any, query: Any) -> Response:
        """GitLab's routes."""
        if path == "/api/v4/user":
            return JSONResponse({"username": BOT})
        if path == "/api/v4/version":
            return JSONResponse({"version": "18.1.0"})
        if found := re.fullmatch(r"/api/v4/projects/([^/]+)", path):
            return JSONResponse(
                {"permissions": {"project_access": {"access_level": 20}, "group_access": None}}
            )
        if found := re.fullmatch(r"/api/v4/projects/([^/]+)/issues", path):
            project = found[1].replace("%2F", "/")
            return JSONResponse([i for k, i in self.issues.items() if k.startswith(project + "#")])
        found = re.fullmatch(r"/api/v4/projects/([^/]+)/issues/(\d+)(?:/notes(?:/(\d+))?)?", path)
        key = f"{found[1].replace('%2F', '/')}#{found[2]}" if found else ""
        if key not in self.issues:
            return JSONResponse({"message": "404 Not found"}, 404)
        if "/notes" not in path:
            if method == "PUT":
                self.issues[key]["labels"].append(data["add_labels"])
            return JSONResponse(self.issues[key])
        if found[3]:
            return self.change(method, int(found[3]), data)
        if method == "GET":
            return JSONResponse(self.page(self.comments[key], query))
        made = {"id": next(self._ids), "author": {"username": BOT}, **data}
        self.comments[key].append(made)
        return JSONResponse(made, 201)

    @staticmethod
    def page(found: list[Any], query: Any) -> list[Any]:
        """One page of a list."""
        size = int(query["per_page"])
        at = size * (int(query["page"]) - 1)
        return found[at : at + size]

    def change(self, method: str, id_: int, data: Any) -> Response:
        """Edit or delete a comment."""
        for comments in self.comments.values():
            for c in comments:
                if c["id"] == id_:
                    if method == "DELETE":
                        comments.remove(c)
                        return Response(status_code=204)
                    c.update(data, edits=c.get("edits", 0) + 1)
                    return JSONResponse(c)
        return JSONResponse({"message": "Not Found"}, 404)


@contextmanager
def listening(host: Host) -> Iterator[str]:
    """The host on a free port; its address."""
    with serving(uvicorn.Config(host.app, log_config=None, lifespan="off", access_log=False)) as url:
        yield url


def github_delivery(
    payload: Any, secret: str, event: str = "issues", id_: str = ""
) -> tuple[bytes, dict[str, str]]:
    """Body and headers as GitHub sends them."""
    body = json.dumps(payload).encode()
    mac = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    head = {
        "content-type": "application/json",
        "x-github-event": event,
        "x-hub-signature-256": f"sha256={mac}",
    }
    return body, {**head, **({"x-github-delivery": id_} if id_ else {})}


def gitlab_delivery(
    payload: Any, secret: str, event: str = "Issue Hook", id_: str = ""
) -> tuple[bytes, dict[str, str]]:
    """Body and headers as GitLab sends them: with its token, or signed where the secret begins with whsec_."""
    body = json.dumps(payload).encode()
    head = {"content-type": "application/json", "x-gitlab-event": event}
    if secret.startswith("whsec_"):
        stamp = str(int(time.time()))
        signed = f"{id_ or 'msg'}.{stamp}.".encode() + body
        key = base64.b64decode(secret.removeprefix("whsec_"))
        mac = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return body, {
            **head,
            "webhook-id": id_ or "msg",
            "webhook-timestamp": stamp,
            "webhook-signature": f"v1,{mac}",
        }
    return body, {**head, "x-gitlab-token": secret, **({"idempotency-key": id_} if id_ else {})}
