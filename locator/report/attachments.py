"""Attachments of a report: logs, HAR, Sentry events, OTLP and Jaeger traces, JUnit XML, `kubectl describe`.

Each becomes plain lines that the report reader knows, so that what it finds there is ordinary evidence that bears the
attachment's name. Strangers wrote them: size, depth and the number of things are bounded, and what cannot be read as
its format is read as text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from locator.report.reader import Report, read
from summaries.errors import UsageError

MOST_BYTES = 10_000_000
MOST = 20  # attachments of one report
_LINES = 2_000  # that one attachment becomes
_WIDE = 2_000  # characters of a line
_TRACE_ROOM = 60  # calls of one exception


def attach(report: Report, name: str, data: bytes) -> Report:
    """A report with what an attachment adds. Raises UsageError where it is larger than `MOST_BYTES`, or blank."""
    if len(data) > MOST_BYTES:
        raise UsageError(
            f"the attachment {name} is larger than {MOST_BYTES:,} bytes", "cut it to what matters"
        )
    whole = decoded(data)
    if not whole.strip("\x00 \t\r\n\ufeff"):
        raise UsageError(f"the attachment {name} is empty")
    text = lines_of(whole)
    if not text.strip():  # nothing in it has failed
        return report
    added = read(text, report.title or name)
    known = {(m.kind, m.text, m.number) for m in report.mentions}
    first = 1 + max((f.trace for f in report.frames), default=-1)
    return replace(
        report,
        regions=report.regions + tuple(replace(r, source=name) for r in added.regions),
        frames=report.frames + tuple(replace(f, source=name, trace=first + f.trace) for f in added.frames),
        mentions=report.mentions
        + tuple(replace(m, source=name) for m in added.mentions if not m.title and (m.kind, m.text, m.number) not in known),
        truncated=report.truncated or added.truncated,
    )  # fmt: skip


def decoded(data: bytes) -> str:
    """Text of bytes in UTF-8 or UTF-16, else taken for Latin-1."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def lines_of(text: str) -> str:
    """An attachment as the lines that a report would have of it."""
    head = text[:2_000].lstrip()
    found: Iterator[str] | None = None
    if head[:1] == "{" or head[:2] in ("[{", "[\n"):
        found = _json(text)
    elif head.startswith("<") and "<testsuite" in head:
        found = _junit(text)
    elif re.search(r"(?m)^Name: {2,}\S", head) and "\nEvents:" in text:
        found = _described(text)
    if found is None:
        return text
    lines: list[str] = []
    try:
        for line in found:
            lines += [part[:_WIDE] for part in line.split("\n")]
            if len(lines) >= _LINES:
                break
    except (RecursionError, TypeError, ValueError, AttributeError, KeyError):  # not as its format has it
        return "\n".join(lines) or text
    return "\n".join(lines[:_LINES])


def _json(text: str) -> Iterator[str] | None:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(data, list) and data and isinstance(data[0], dict) and "resourceSpans" in data[0]:
        data = {"resourceSpans": [s for d in data for s in _list(d, "resourceSpans")]}
    if not isinstance(data, dict):
        return None
    event = _dict(data, "event") or data
    if _list(_dict(data, "log"), "entries"):
        return _har(data)
    if _list(data, "resourceSpans") or _list(data, "resource_spans"):
        return _spans(_otlp(data))
    if any(_list(d, "spans") for d in _dicts(data, "data")):
        return _spans(_jaeger(data))
    if "exception" in event or _list(event, "entries"):
        return _sentry(event)
    return None


def _dict(data: Any, key: str) -> dict[str, Any]:
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def _list(data: Any, key: str) -> list[Any]:
    found = data.get(key) if isinstance(data, dict) else None
    return found if isinstance(found, list) else []


def _dicts(data: Any, *keys: str) -> Iterator[dict[str, Any]]:
    """The objects in the first of these lists that there is."""
    some = next(filter(None, (_list(data, k) for k in keys)), [])
    yield from (d for d in some if isinstance(d, dict))


def _text(value: Any, most: int = _WIDE) -> str:
    return (
        value[:most]
        if isinstance(value, str)
        else str(value)[:most]
        if isinstance(value, int | float)
        else ""
    )


def _line(level: str, service: str, message: str) -> str:
    quoted = message.replace("\n", " ").replace('"', "'")
    return f'level={level} service={service} msg="{quoted}"' if service else f'level={level} msg="{quoted}"'


# --- HAR ------------------------------------------------------------------------------------------------


def _har(data: dict[str, Any]) -> Iterator[str]:
    """Requests that failed, and what was answered (http://www.softwareishard.com/blog/har-12-spec)."""
    for entry in _dicts(_dict(data, "log"), "entries"):
        request, response = _dict(entry, "request"), _dict(entry, "response")
        status = response.get("status")
        if isinstance(status, int) and 0 < status < 400:
            continue
        yield f"ERROR {_text(request.get('method'), 10)} {_text(request.get('url'))} answered {_text(status)}"
        if said := _text(_dict(response, "content").get("text")):
            yield _line("error", "", said)


# --- Sentry ---------------------------------------------------------------------------------------------


def _sentry(event: dict[str, Any]) -> Iterator[str]:
    """Exceptions of an event, the raised one first, then its message, tags and breadcrumbs (develop.sentry.dev)."""
    said = event.get("message")
    for text in (
        event.get("title"),
        said if isinstance(said, str) else _dict(event, "logentry").get("formatted"),
    ):
        if _text(text):
            yield _line("error", "", _text(text))
    exceptions = [*_dicts(_dict(event, "exception"), "values"), *_dicts(event, "exception")]
    for entry in _dicts(event, "entries"):
        if entry.get("type") == "exception":
            exceptions += _dicts(_dict(entry, "data"), "values")
    for exception in reversed(exceptions[:_TRACE_ROOM]):  # the outermost is last
        frames = list(_dicts(_dict(exception, "stacktrace"), "frames"))[-_TRACE_ROOM:]
        yield ""
        yield f"{_text(exception.get('type'), 200) or 'Error'}: {_text(exception.get('value'))}"
        for f in reversed(frames):  # the innermost is last
            yield _call(f)
        yield ""
    for tag in ("server_name", "transaction"):
        if _text(event.get(tag)):
            yield f"level=info service={_text(event.get(tag), 120)} msg=event"
    for crumb in _dicts(_dict(event, "breadcrumbs"), "values"):
        data = _dict(crumb, "data")
        if _text(crumb.get("message")):
            yield _line(_text(crumb.get("level"), 10) or "info", "", _text(crumb.get("message")))
        if _text(data.get("url")):
            yield f"INFO {_text(data.get('method'), 10)} {_text(data.get('url'))} answered {_text(data.get('status_code'))}"


def _call(f: Mapping[str, Any]) -> str:
    """A frame as the JVM prints it where its file has no folder, else as V8 does."""
    path = _text(f.get("abs_path") or f.get("absPath") or f.get("filename"), 500)
    name, module = _text(f.get("function"), 200), _text(f.get("module"), 200)
    line = _text(f.get("lineno") or f.get("lineNo"), 9) or "0"
    if (
        "/" not in path
        and "\\" not in path
        and module
        and path.endswith((".java", ".kt", ".scala", ".groovy"))
    ):
        return f"\tat {module}.{name or 'unknown'}({path}:{line})"
    return f"    at {name or '<anonymous>'} ({path or module}:{line}:1)"


# --- OTLP and Jaeger ------------------------------------------------------------------------------------

Span = dict[str, Any]  # id, parent, service, name, error, message, attributes, events


def _otlp(data: dict[str, Any]) -> list[Span]:
    """Spans of OTLP JSON (opentelemetry.io/docs/specs/otlp)."""
    spans: list[Span] = []
    for resource in _dicts(data, "resourceSpans", "resource_spans"):
        service = _values(_dict(resource, "resource")).get("service.name", "")
        for scope in _dicts(resource, "scopeSpans", "scope_spans", "instrumentationLibrarySpans"):
            for s in _dicts(scope, "spans"):
                status = _dict(s, "status")
                spans.append({
                    "id": _text(s.get("spanId"), 40), "parent": _text(s.get("parentSpanId"), 40), "service": service,
                    "name": _text(s.get("name"), 300), "error": status.get("code") in (2, "STATUS_CODE_ERROR", "ERROR"),
                    "message": _text(status.get("message")), "attributes": _values(s),
                    "events": [_values(e) for e in _dicts(s, "events")],
                })  # fmt: skip
    return spans


def _values(holder: dict[str, Any]) -> dict[str, str]:
    """Attributes of OTLP or tags of Jaeger as text."""
    found: dict[str, str] = {}
    for a in _dicts(holder, "attributes", "tags", "fields"):
        value = a.get("value")
        inner = next(iter(value.values()), "") if isinstance(value, dict) and value else value
        found[_text(a.get("key"), 100)] = (
            str(inner).lower() if isinstance(inner, bool) else _text(inner, 20_000)
        )
    return found


def _jaeger(data: dict[str, Any]) -> list[Span]:
    """Spans of Jaeger's JSON, as its page downloads them."""
    spans: list[Span] = []
    for trace in _dicts(data, "data"):
        processes = _dict(trace, "processes")
        for s in _dicts(trace, "spans"):
            tags = _values(s)
            parents = [_text(r.get("spanID"), 40) for r in _dicts(s, "references")]
            failed = tags.get("error") == "true" or tags.get("otel.status_code") == "ERROR"
            spans.append({
                "id": _text(s.get("spanID"), 40), "parent": parents[0] if parents else _text(s.get("parentSpanID"), 40),
                "service": _text(_dict(processes, _text(s.get("processID"), 40)).get("serviceName"), 120),
                "name": _text(s.get("operationName"), 300), "error": failed,
                "message": tags.get("otel.status_description", ""), "attributes": tags,
                "events": [_values(e) for e in _dicts(s, "logs")],
            })  # fmt: skip
    return spans


def _spans(spans: list[Span]) -> Iterator[str]:
    """Spans in error, the innermost first, with what called them."""
    by_id = {s["id"]: s for s in spans}
    callers = {s["parent"] for s in spans if s["error"]}
    failed = sorted((s for s in spans if s["error"] or _status(s) >= 500), key=lambda s: s["id"] in callers)
    around: dict[str, Span] = {}
    for s in failed[:200]:
        yield _line("error", s["service"], f"{s['name']} {s['message']}".strip())
        yield from _route(s, "ERROR")
        for event in s["events"]:
            if said := event.get("exception.message") or event.get("message"):
                kind = event.get("exception.type", "")
                yield f"{kind}: {said}" if kind else _line("error", s["service"], said)
            yield from (event.get("exception.stacktrace") or event.get("stack") or "").split("\n")[:200]
        up = by_id.get(s["parent"])
        for _ in range(20):
            if up is None or up["id"] in around:
                break
            around[up["id"]] = up
            up = by_id.get(up["parent"])
    for s in around.values():
        if not s["error"]:
            yield _line("info", s["service"], s["name"])
            yield from _route(s, "INFO")


def _status(s: Span) -> int:
    code = s["attributes"].get("http.response.status_code") or s["attributes"].get("http.status_code") or ""
    return int(code) if code.isdecimal() and len(code) < 5 else 0


def _route(s: Span, level: str) -> Iterator[str]:
    a = s["attributes"]
    method = a.get("http.request.method") or a.get("http.method") or ""
    path = (
        a.get("http.route")
        or a.get("url.path")
        or a.get("http.target")
        or a.get("http.url")
        or a.get("url.full")
    )
    if path:
        yield f"{level} {method} {path} answered {_status(s) or ''}".rstrip()


# --- JUnit, kubectl -------------------------------------------------------------------------------------


def _junit(text: str) -> Iterator[str] | None:
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        root = fromstring(text.encode("utf-8", "replace"), forbid_dtd=True)
    except (ParseError, DefusedXmlException, RecursionError):
        return None

    def lines() -> Iterator[str]:
        for case in root.iter("testcase"):
            for fault in (*case.findall("failure"), *case.findall("error")):
                yield f"ERROR {case.get('classname', '')[:200]}.{case.get('name', '')[:200]} failed"
                yield f"{(fault.get('type') or 'Error')[:200]}: {(fault.get('message') or '')[:_WIDE]}"
                yield from (fault.text or "").split("\n")[:200]

    return lines()


_IMAGE = re.compile(r"^\s+Image: +(\S+)")
_STATE = re.compile(r"^\s+(?:Reason|Message|Exit Code|Last State): +(\S[^\n]*)")
_EVENT = re.compile(r"^\s+Warning +(\S+) .*?  +(\S[^\n]*)$")


def _described(text: str) -> Iterator[str]:
    """Of `kubectl describe`: its name, images, why containers stopped, and warnings."""
    for line in text[:1_000_000].split("\n"):
        line = line[:_WIDE]
        if m := re.match(r"^(?:Name|Controlled By): +(?:\w+/)?([\w.-]+)$", line):
            yield f"level=info service={m[1]} msg=described"
        elif m := _IMAGE.match(line):
            yield f"level=info image={m[1]}"
        elif m := _STATE.match(line):
            yield _line("error", "", m[1])
        elif m := _EVENT.match(line):
            yield _line("error", "", f"{m[1]}: {m[2]}")
