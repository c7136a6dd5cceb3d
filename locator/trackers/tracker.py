"""What the pipeline needs of a tracker, and how its refusals are told apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import httpx
from msgspec import Struct
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_chain, wait_fixed

from locator.trackers.comment import Note
from locator.trackers.deadline import Deadline, bound
from locator.trackers.events import Read
from locator.trackers.settings import TrackerSettings
from locator.trackers.signing import Headers
from summaries.errors import TrackerError, UsageError
from summaries.retry_after import retry_after

MOST_BYTES = 32_000_000  # of one answer
AGAIN = (0.1, 0.5)  # seconds before the second and the third try
LONGEST = 86_400.0  # seconds that a tracker may make us wait
AGENT = "bugatlas"
PAGE = 100  # entries of a list at a time
PAGES = 30  # that are looked through while the service works
SEARCH_PAGES = 2_000  # that a person's own search is followed for: 200,000 issues


class Later(TrackerError):
    """Worth another try, after so many seconds where the tracker said so. `all` stops the whole tracker."""

    def __init__(self, message: str, seconds: float = 0.0, *, everything: bool = False) -> None:
        super().__init__(message)
        self.seconds, self.everything = seconds, everything


class Refused(TrackerError):
    """Another try would be refused as well."""


class Gone(TrackerError):
    """The issue or comment isn't there, or not for us."""


class Issue(Struct, frozen=True):
    """An issue as it is now."""

    key: str
    title: str
    body: str  # Markdown
    url: str
    project: str
    type: str = ""
    type_id: str = ""
    labels: tuple[str, ...] = ()
    customers: bool = False  # people outside can read comments
    id: str = ""  # the tracker's own, which stays when the issue is moved or its project is renamed

    @property
    def identity(self) -> str:
        """The same for every name that an issue goes by."""
        return f"id:{self.id}" if self.id else f"key:{self.key.lower()}"


class Access(Struct, frozen=True):
    """What a check found out about a tracker."""

    server: str
    account: str
    missing: tuple[str, ...] = ()  # permissions


class Tracker(Protocol):
    """A tracker's calls. All may raise Later, Refused or Gone."""

    def check(self, project: str) -> Access:
        """Who we are there, and what we lack to comment in a project."""

    def account(self) -> str:
        """Id of our own account, "" where it cannot be told."""

    def issue(self, key: str) -> Issue:
        """An issue as it is now."""

    def wants(self, issue: Issue) -> bool:
        """Whether its project and kind are listed, and no customer would read a comment."""

    def created(self, since: float) -> Iterator[str]:
        """Keys of issues made since then (UTC seconds) in the projects that are listed by name."""

    def render(self, note: Note) -> Any:
        """A comment in the tracker's markup."""

    def own_comments(self, key: str) -> list[str]:
        """Ids of our comments on an issue, the oldest first."""

    def post(self, issue: Issue, body: Any) -> str:
        """Write a comment; its id."""

    def edit(self, key: str, comment: str, body: Any) -> None:
        """Replace the text of a comment."""

    def delete(self, key: str, comment: str) -> None:
        """Delete a comment."""

    def tag(self, issue: Issue, repo: str) -> None:
        """Set the component or label of the routed repository, where the settings say so."""

    def close(self) -> None:
        """Close connections."""


class Adapter(Protocol):
    """What a module of this folder offers, one for each kind of tracker; `run.KINDS` lists them."""

    def connect(self, settings: TrackerSettings, token: str, /) -> Tracker:
        """A client of the tracker's API. Raises UsageError where the settings would be unsafe."""

    def verified(self, settings: Mapping[str, str], headers: Headers, body: bytes, /) -> bool:
        """Whether a delivery comes from the tracker; `settings` holds the secrets."""

    def read(self, settings: TrackerSettings, headers: Headers, payload: Any, own: str, /) -> Read:
        """What a delivery is about. `own` is our account there: what it does is not answered."""

    def key_of(self, text: str, /) -> str:
        """The issue's key as the tracker writes it; "" where the text is no key."""

    def key_at(self, home: str, path: str, /) -> str:
        """The key of the issue whose page has this path; `home` is the path of the tracker's address."""


class TrackerHttp:
    """Requests to one tracker: bounded, not redirected, with refusals as exceptions."""

    def __init__(self, settings: TrackerSettings, headers: Mapping[str, str], auth: Any = None) -> None:
        url = httpx.URL(settings.url)
        if (
            url.scheme == "http"
            and url.host not in ("127.0.0.1", "::1", "localhost")
            and not settings.plain_http
        ):
            raise UsageError(
                f"{settings.url} would send the token in the clear", "use https, or set plain_http"
            )
        self.timeout = settings.timeout
        self.client = httpx.Client(
            base_url=settings.url.rstrip("/") + "/",
            headers={"user-agent": AGENT, "accept": "application/json", **headers},
            auth=auth,
            timeout=settings.timeout,
            follow_redirects=False,
            trust_env=True,
        )
        self.deadline = Deadline()
        bound(self.client, self.deadline)

    def __call__(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """One request; its JSON, or None where there's no content. Raises Later, Refused or Gone.

        What only reads is tried again at once: one bad answer of several isn't worth a pause.
        """
        if method != "GET":
            return self._once(method, path, body, query)
        again = Retrying(
            retry=retry_if_exception(lambda e: isinstance(e, Later) and not e.everything),
            wait=wait_chain(*map(wait_fixed, AGAIN)),
            stop=stop_after_attempt(1 + len(AGAIN)),
            reraise=True,
        )
        return again(self._once, method, path, body, query)

    def pages(self, path: str, **query: Any) -> Iterator[list[Any]]:
        """Pages of a list, as GitHub and GitLab number them, up to the first that isn't full."""
        for page in range(1, PAGES + 1):
            told = self("GET", path, per_page=PAGE, page=page, **query)
            yield (listed := told if isinstance(told, list) else [])
            if len(listed) < PAGE:
                return

    def _once(self, method: str, path: str, body: Any, query: Mapping[str, Any]) -> Any:
        try:
            whole = self.deadline.within(self.timeout)
            with whole, self.client.stream(method, path, json=body, params=query or None) as got:
                data = bytearray()
                for chunk in got.iter_bytes():
                    data += chunk
                    if len(data) > MOST_BYTES:
                        raise Refused(f"{method} {path}: the answer is too large")
        except (httpx.HTTPError, httpx.InvalidURL) as e:
            # What was sent may still arrive: look again no sooner than it could have.
            wait = self.timeout if method == "POST" and not isinstance(e, httpx.ConnectError) else 0.0
            raise Later(f"{method} {path}: {type(e).__name__}: {e}", wait) from e
        told = httpx.Response(got.status_code, headers=got.headers, content=bytes(data), request=got.request)
        _check(told, f"{method} {path}")
        try:
            return told.json() if data.strip() else None
        except (ValueError, RecursionError) as e:
            raise Later(f"{method} {path}: the answer is not JSON") from e

    def close(self) -> None:
        """Close connections."""
        self.client.close()


def _check(got: httpx.Response, what: str) -> None:
    code = got.status_code
    if code < 300:
        return
    said = f"{what}: {code} {_error_text(got)}".strip()
    wait = _wait(got)
    limited = code == 429 or (
        code == 403 and (wait is not None or got.headers.get("x-ratelimit-remaining") == "0")
    )
    if limited:
        raise Later(said, 60.0 if wait is None else wait, everything=True)
    if code == 401:
        raise Later(said, 300.0, everything=True)  # a token that ran out: nothing else would go through
    if code in (404, 410):
        raise Gone(said)
    if code >= 500 or code in (408, 409, 425):
        raise Later(said, wait or 0.0)
    raise Refused(said)


def _wait(got: httpx.Response) -> float | None:
    """Seconds that the tracker asks to be left alone, None where it says nothing."""
    seconds = retry_after(got.headers.get("retry-after"))
    return None if seconds is None else min(seconds, LONGEST)


def _error_text(got: httpx.Response) -> str:
    """The tracker's own words, for people."""
    try:
        told = got.json()
    except (ValueError, RecursionError):
        return ""
    if isinstance(told, dict):
        words = told.get("errorMessages") or told.get("errors") or told.get("message") or ""
        return " ".join(str(words).split())[:300]
    return ""
