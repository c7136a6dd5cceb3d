"""What a limit of a proxy or a gateway means to its clients: reports name statuses and seconds, not directives.

After the manuals of nginx, Apache, HAProxy, Caddy, Varnish, Envoy, Kong and Spring Cloud Gateway.
"""

from __future__ import annotations

import re
from typing import Final

_STATUS: Final = (
    (
        r"(?:proxy|grpc|fastcgi|uwsgi|scgi)[_-](?:read|send)[_-]timeout|proxytimeout|timeout (?:server|tunnel|queue)"
        r"|(?:upstream_|idle_|per_try_)?(?:read|write|send|response|response[_-]header|response_forwarding|request)[_-]?timeout"
        r"|.*(?:first_byte|between_bytes)_timeout|(?:upstream_)?timeout|backendrequest",
        "Slower answers end in 504 Gateway Timeout{after}",
    ),
    (
        r"timeout connect|(?:.*[_-])?connect(?:ion)?[_-]?timeout|dial[_-]?timeout",
        "A service that cannot be reached ends in 502 Bad Gateway, 503 Service Unavailable or 504 Gateway Timeout{after}",
    ),
    (
        r"client[_-](?:body|header)[_-]timeout|timeout (?:client|http-request)|requestreadtimeout",
        "Slower requests end in 408 Request Timeout{after}",
    ),
    (
        r"(?:client[_-]max|proxy)[_-]body[_-]size|limitrequestbody|max[_-]?(?:request[_-]?)?(?:body[_-]?)?(?:size|bytes)",
        "Larger requests end in 413 Request Entity Too Large, over {value}",
    ),
    (
        r"large_client_header_buffers|limitrequest(?:line|fieldsize)",
        "Longer ones end in 414 Request-URI Too Long or 431 Request Header Fields Too Large, over {value}",
    ),
    (
        r"(?:proxy|fastcgi)[_-]buffers?(?:[_-]size)?",
        "Larger response headers end in 502 Bad Gateway, over {value}",
    ),
    (
        r"limit[_-](?:req|conn|rps|rpm|connections)(?:_zone)?|rate[_-]?limit|maxconn|requests_per_unit|replenishrate",
        "More requests end in 429 Too Many Requests or 503 Service Unavailable",
    ),
)
_MEANINGS: Final = tuple((re.compile(pattern, re.IGNORECASE), text) for pattern, text in _STATUS)
_DURATION = re.compile(r"(\d{1,6})(ms|s|m|h|d)?$")
_UNITS: Final = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def limit(name: str, value: str = "", *, milliseconds: bool = False) -> str:
    """What a client sees of a limit, "" of anything else. Bare numbers are seconds, or `milliseconds`."""
    meaning = next((text for pattern, text in _MEANINGS if pattern.fullmatch(name[:100])), "")
    if not meaning:
        return ""
    value = value.strip("\"'")[:40] or "the default"
    found = _DURATION.match(value)
    number, unit = (int(found[1]), found[2]) if found else (0, None)
    if (
        found
        and (unit or ("ms" if milliseconds else "s")) == "ms"
        and number >= 1_000
        and number % 1_000 == 0
    ):
        number, unit = number // 1_000, "s"
    after = f" after {number} {_UNITS[unit or ('ms' if milliseconds else 's')]}" if found else ""
    return meaning.format(after=after, value=value)
