"""Settings of the service: a TOML file that its operator writes. Secrets stand elsewhere, by reference."""

from __future__ import annotations

import ipaddress
import os
import tomllib
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from locator.access import Token
from locator.trackers.settings import TrackerSettings
from summaries.errors import UsageError

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


class Refresh(Struct, frozen=True, forbid_unknown_fields=True):
    """How the index stays fresh."""

    every: Annotated[
        int, Meta(ge=0, le=10_080, description="Minutes between runs over all repositories; 0 is never.")
    ] = 0
    workers: Annotated[int, Meta(ge=0, le=256, description="Processes of a run; 0 is one for each core.")] = 1
    seconds: Annotated[int, Meta(ge=10, le=86_400, description="A run that takes longer is ended.")] = 7200
    push_secret: Annotated[
        str,
        Meta(description="Secret of push webhooks, as `env:NAME` or `file:PATH`; empty: they are refused."),
    ] = ""


class ServiceSettings(
    Struct, frozen=True, forbid_unknown_fields=True, rename={"tokens": "token", "trackers": "tracker"}
):
    """The service's settings file as a whole."""

    host: Annotated[
        str, Meta(description="Address to listen on. Any but a loopback address needs a token to be set.")
    ] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port; 0 takes a free one.")] = 8349
    hosts: Annotated[
        tuple[str, ...],
        Meta(description="Names that the service goes by, as in the Host header, beside loopback names."),
    ] = ()
    public_url: Annotated[
        str,
        Meta(
            pattern=r"^(https?://[^/?#@\s]+(/[^?#@\s]*)?)?$",
            description="Where people open the page, as in `https://atlas.shop.example`: comments link to it.",
        ),
    ] = ""
    proxies: Annotated[
        tuple[str, ...], Meta(description="Addresses of reverse proxies whose X-Forwarded-For is believed.")
    ] = ()
    threads: Annotated[
        int, Meta(ge=0, le=256, description="Queries run at once; 0 is one for each core.")
    ] = 0
    workers: Annotated[
        int,
        Meta(
            ge=0,
            le=64,
            description="Processes that answer questions; 0 is one for each core, 4 at most, and 1 for one person's service "
            "(no file, or --until-eof). With 1, threads of the service's own process do.",
        ),
    ] = 0
    waiting: Annotated[
        int, Meta(ge=0, le=10_000, description="Queries that may wait; the next one gets 503.")
    ] = 64
    timeout: Annotated[float, Meta(gt=0, le=600, description="Seconds after which a query is given up.")] = (
        30.0
    )
    body_kib: Annotated[int, Meta(ge=1, le=65_536, description="Largest request, in KiB.")] = 4096
    webhook_kib: Annotated[int, Meta(ge=1, le=65_536, description="Largest webhook delivery, in KiB.")] = 8192
    rate: Annotated[
        int,
        Meta(ge=0, le=1_000_000, description="Requests a minute for each token or address; 0: unlimited."),
    ] = 600
    burst: Annotated[int, Meta(ge=1, le=100_000, description="Requests that may come at once.")] = 100
    state: Annotated[
        str, Meta(description="Folder of the queue and of what was commented; empty: `service` in the index.")
    ] = ""
    log_reports: Annotated[bool, Meta(description="Write titles of reports into the log.")] = False
    feedback: Annotated[
        bool,
        Meta(description="Keep what people say of answers, with the report, in `feedback.jsonl` of `state`."),
    ] = True
    mcp: Annotated[bool, Meta(description="Serve coding agents at /mcp (needs the `mcp` extra).")] = True
    refresh: Refresh = Refresh()
    tokens: tuple[Token, ...] = ()
    trackers: tuple[TrackerSettings, ...] = ()


def load(path: Path | None, **given: Any) -> ServiceSettings:
    """Read a file, put what the command line gave over it. Raises UsageError with the place that is wrong."""
    table: dict[str, Any] = {}
    if path is not None:
        try:
            table = tomllib.loads(path.read_bytes().decode("utf-8"))
        except (OSError, ValueError) as e:
            raise UsageError(f"cannot read {path}: {e}") from e
    table |= {k: v for k, v in given.items() if v is not None}
    try:
        settings = msgspec.convert(table, ServiceSettings)
    except msgspec.ValidationError as e:
        raise UsageError(f"{path or 'service settings'}: {e}", "see docs/service.md") from e
    return checked(settings)


def checked(settings: ServiceSettings) -> ServiceSettings:
    """Refuse what would be unsafe. Raises UsageError."""
    open_to_others = not is_loopback(settings.host) or bool(settings.hosts)
    if open_to_others and not settings.tokens:
        raise UsageError(
            f"{settings.host} can be reached by others and no token is set",
            "`bugatlas serve token NAME` makes one",
        )
    if any(t.name == "push" for t in settings.trackers):
        raise UsageError("no tracker can be called push: /webhooks/push is for pushes")
    for what in ("tokens", "trackers"):
        names = [x.name for x in getattr(settings, what)]
        if len(set(names)) < len(names):
            raise UsageError(f"two {what} have the same name")
    return settings


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches that address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def secret(reference: str) -> str:
    """What `env:NAME` or `file:PATH` refers to, without surrounding white space; "" for no reference.

    Raises UsageError where it is missing, empty or written out: a secret doesn't belong in a settings file.
    """
    kind, colon, name = reference.partition(":")
    if not reference:
        return ""
    if not colon or kind not in ("env", "file"):
        raise UsageError("a secret is given by reference", "write env:NAME or file:PATH")
    try:
        value = os.environ.get(name, "") if kind == "env" else Path(name).expanduser().read_text("utf-8")
    except (OSError, UnicodeDecodeError) as e:
        raise UsageError(f"cannot read the secret of {reference}: {e}") from e
    if not value.strip():
        raise UsageError(f"the secret of {reference} is empty or not set")
    return value.strip()
