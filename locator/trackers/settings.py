"""Settings of one issue tracker: a `[[tracker]]` table of the service's file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct

Kind = Literal[
    "jira",
    "github",
    "gitlab",
]


class Visibility(Struct, frozen=True, forbid_unknown_fields=True):
    """Who may read a Jira comment."""

    type: Literal["role", "group"]
    value: str


class TrackerSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """One tracker. `token`, `secret` and `header_secret` are references: `env:NAME` or `file:PATH`."""

    name: Annotated[
        str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="In the webhook's address: /webhooks/NAME.")
    ]
    kind: Annotated[Kind, Meta(description="`jira`, `github` or `gitlab`.")]
    url: Annotated[
        str,
        Meta(pattern=r"^https?://[^/?#@\s]+(/[^?#@\s]*)?$", description="Its base address, without a user."),
    ]
    token: Annotated[str, Meta(description="API token.")] = ""
    user: Annotated[
        str, Meta(description="Jira Cloud: e-mail address of the token's account. Else empty.")
    ] = ""
    api: Annotated[int, Meta(ge=0, le=3, description="Jira: 2 or 3; 0 asks the server.")] = 0
    plain_http: Annotated[bool, Meta(description="Allow a token to travel without TLS.")] = False
    secret: Annotated[str, Meta(description="Webhook secret: what deliveries are signed with.")] = ""
    header_secret: Annotated[
        str,
        Meta(
            description="Shared secret in X-Bugatlas-Secret, for senders that cannot sign (Jira Automation)."
        ),
    ] = ""
    projects: Annotated[
        tuple[str, ...], Meta(description="Jira project keys, or owner/name of repositories; `*` matches.")
    ] = ("*",)
    types: Annotated[tuple[str, ...], Meta(description="Jira issue types, by name or id.")] = ("Bug",)
    labels: Annotated[
        tuple[str, ...], Meta(description="GitHub and GitLab: an issue needs one of these; empty: none.")
    ] = ("bug",)
    repos: Annotated[tuple[str, ...], Meta(description="Repositories that are searched, by name.")] = ("*",)
    threshold: Annotated[
        float, Meta(ge=0, le=1, description="Nothing is written below this confidence, unless asked for.")
    ] = 0.35
    limit: Annotated[int, Meta(ge=1, le=20, description="Files of a comment.")] = 5
    code: Annotated[bool, Meta(description="Show the line of code to look at.")] = True
    questions: Annotated[
        bool, Meta(description="Also write what a model would ask the reporter where it is unsure.")
    ] = False
    command: Annotated[
        str,
        Meta(max_length=100, description="A comment that starts with this asks for an answer; empty: none."),
    ] = ""
    wrong: Annotated[
        str,
        Meta(
            max_length=100,
            description="A comment that starts with this says that the answer is wrong: kept as feedback; empty: none.",
        ),
    ] = ""
    internal: Annotated[
        bool, Meta(description="Jira: write comments that customers of a service desk don't see.")
    ] = False
    visibility: Annotated[
        Visibility | None,
        Meta(description='Jira: who may read it: `{ type = "role", value = "Developers" }`.'),
    ] = None
    components: Annotated[
        Mapping[str, str], Meta(description="Jira: component to set, by repository; confident answers only.")
    ] = {}
    label: Annotated[
        str,
        Meta(
            pattern=r"^[^\s]{0,100}$", description="Label to set, with {repo} in it; confident answers only."
        ),
    ] = ""
    links: Annotated[
        str,
        Meta(description="Address of a line: {repo}, {url}, {commit}, {path}, {line}. Empty: guessed."),
    ] = ""
    pace: Annotated[float, Meta(ge=0, le=60, description="Seconds between two writes.")] = 0.2
    attempts: Annotated[int, Meta(ge=1, le=100, description="Tries before a delivery is set aside.")] = 12
    backoff: Annotated[float, Meta(gt=0, le=600, description="Seconds before the second try; doubles.")] = 2.0
    settle: Annotated[
        float, Meta(ge=0, le=3600, description="Seconds to wait after a delivery, for edits that follow.")
    ] = 2.0
    catch_up: Annotated[
        int,
        Meta(
            ge=0,
            le=10_080,
            description="Minutes between looks for issues whose delivery was lost; 0 is never.",
        ),
    ] = 60
    workers: Annotated[int, Meta(ge=1, le=32, description="Issues handled at once.")] = 2
    timeout: Annotated[float, Meta(gt=0, le=120, description="Seconds for one request to the tracker.")] = (
        15.0
    )
