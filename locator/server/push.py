"""Push webhooks: who sent one, and which indexed repositories it is about."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from locator.trackers import signing
from locator.trackers.events import dig, text
from summaries.index.index import RepoState

_URL = re.compile(
    r"(?:[a-z][a-z+.-]{0,20}://)?(?:[^/@\s]{0,200}@)?([^/:\s]{1,200})(?::\d{1,5}/|[:/])([^\s?#]{1,500})",
    re.IGNORECASE,
)
_PATHS = (
    ("repository", "clone_url"), ("repository", "ssh_url"), ("repository", "html_url"),  # GitHub
    ("project", "git_http_url"), ("project", "git_ssh_url"), ("project", "web_url"),  # GitLab
    ("repository", "links", "html", "href"),  # Bitbucket Cloud
    ("url",),  # anybody
)  # fmt: skip
_NAMES = (("repository", "full_name"), ("project", "path_with_namespace"), ("repo",), ("repository", "name"))


def pushed(secret: str, headers: signing.Headers, body: bytes, now: float) -> bool:
    """Whether a delivery is proven by any of the ways that code hosts have."""
    return (
        signing.hub(secret, body, headers.get("x-hub-signature-256", ""))
        or signing.hub(secret, body, headers.get("x-hub-signature", ""))
        or signing.same(secret, headers.get("x-gitlab-token", ""))
        or signing.same(secret, headers.get("x-bugatlas-secret", ""))
        or signing.standard(secret, headers, body, now)
    )


def repositories_of(payload: Any, known: Iterable[RepoState]) -> list[str]:
    """Indexed repositories that a payload names, by an address or, failing that, by name."""
    states = list(known)
    urls = {place(text(payload, *path)) for path in _PATHS}
    links = dig(payload, "repository", "links", "clone")  # Bitbucket Data Center
    urls |= {place(text(x, "href")) for x in links[:10]} if isinstance(links, list) else set()
    found = [s.name for s in states if s.url and place(s.url) in urls - {""}]
    if found:
        return found
    names = {text(payload, *path).lower() for path in _NAMES} - {""}
    return [s.name for s in states if s.name.lower() in names]


def place(url: str) -> str:
    """Host and path of a repository's address, the same however it is cloned; "" where it is none."""
    found = _URL.fullmatch(url[:1000])
    return f"{found[1]}/{found[2].strip('/').removesuffix('.git')}".lower() if found else ""
