"""What a report reader finds: the types that flow from a bug report to the rankers."""

from __future__ import annotations

from msgspec import Struct


class Region(Struct, frozen=True):
    """A run of lines of one sort."""

    kind: str  # "prose" "code" "trace" "log"
    text: str
    line: int  # 1-based line of the report's body where it starts


class Frame(Struct, frozen=True):
    """One call of a stack trace."""

    path: str  # as printed, with "/" and without "file://"; "" where the trace gives none
    line: int  # 0 where unknown
    symbol: str  # the function, cleaned: "OrderService.place"
    module: str  # "com.shop.orders.OrderService", "github.com/acme/orders/internal/app", or ""
    depth: int  # 0 is where the error was raised, whatever order the language prints in
    trace: int  # which trace of the report, from 0
    library: bool  # clearly not the reporter's own code


class Mention(Struct, frozen=True):
    """A thing that the report names.

    Kinds: path (directories end in "/"), position (`number` is the line), url_file ("owner/repo:path"),
    repository ("owner/repo"), dotted, call, identifier, quoted, endpoint ("GET /orders" or "/orders"),
    host (`number` is the port), service, config, version, exception, issue.
    """

    kind: str
    text: str
    line: int  # 1-based line of the body; 0 in the title
    title: bool
    region: str  # kind of the region it stands in
    number: int = 0


class Report(Struct, frozen=True):
    """A bug report, read. Lines count in `body`, whose text has LF line ends and no HTML comments."""

    title: str
    body: str
    regions: tuple[Region, ...] = ()
    frames: tuple[Frame, ...] = ()  # by trace, innermost first
    mentions: tuple[Mention, ...] = ()  # in reading order, title first
    truncated: bool = False  # the middle of an over-long report was left out
