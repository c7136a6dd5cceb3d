"""Stack traces anywhere in a text: which lines they take, and their calls from the innermost outwards."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from locator.report.logs import bare
from locator.report.packages import installed
from locator.report.traces_compiled import Lines, Raw, go, jvm, native, rust
from locator.report.traces_dart import dart
from locator.report.traces_dotnet import dotnet
from locator.report.traces_elixir import elixir
from locator.report.traces_json import json_trace
from locator.report.traces_scripting import javascript, lua, page, perl, php, positions, python, ruby
from locator.report.types import Frame
from locator.report.vocabulary import GO_STANDARD
from summaries.patterns import pattern

# In the order tried: the first that knows a line has it.
RECOGNISERS: tuple[Callable[[Lines, int], Iterator[Raw]], ...] = (
    python, jvm, go, rust, dotnet, javascript, ruby, php, native, elixir,
    dart, page, perl, lua, json_trace, positions,
)  # fmt: skip

MAX_FRAMES = 300
_LONG = 8_000  # characters of a line that are looked at; a call is shorter
_MAYBE = pattern(
    r"\d|\.\(|\bat |\.pyx? in |\"(?:file|abs_path)|\w\.\w+\(|dart:", re.IGNORECASE
)  # no call is printed without one of these
_BREAK = pattern(r"\\n|\s{0,4}<br ?/?>\s{0,4}")
_MARKS = pattern(r"^\s*(?:`{3}|~{3})")
_NEW = pattern(
    r"^\s*(?:E\s+)?(?:Traceback \(most|goroutine \d+ \[|Thread \d+"
    r"|Exception in thread|WARNING: DATA RACE|Previous (?:read|write))"
)
_CAUSE = pattern(r"^\s*(?:\[?[Cc]aused? ?(?:by)?\]?:|\[cause\]|Wrapped by:)")
_CHAINED = pattern(
    r"^\s*(?:During handling of|The above exception|--- End of|Suppressed:|Next [\w\\]*(?:Error|Exception))"
)
_ERROR = pattern(
    r"^[\s>E|]*(?:(?:Caused by|Uncaught|Unhandled \w+|Exception in thread|PHP Fatal error)[^\n]*"
    r"|(?:panic|fatal error|runtime error)\b[^\n]*|\[signal [^\n]*|thread '[^\n]*|goroutine \d+ \[[^\n]*"
    r"|[A-Za-z_][\w.$:\\]*(?:Error|Exception|Warning|Fault|Exit|Interrupt|Panic|Failure)\b[^\n]*"
    r"|stack backtrace:"
    r"|Traceback[^\n]*|={5,}[^\n]*|==\d+==[^\n]*|WARNING: DATA RACE)"
)
_MORE = pattern(r"^\s*(?:\.\.\. \d+|\.{3}$|-{3,}|\^|~|#\d+ \{main\}|thrown in )")
_SOURCE = pattern(r"\s|-+> ?\d|\d+ |[>E] |<ipython|Cell In|-{20}")  # what tools print between calls
_LIBRARY_PATH = pattern(
    r"(?:^|/)(?:site-packages|dist-packages|node_modules|bower_components|vendor|third_party|gems"
    r"|\.cargo/registry|\.m2|\.nuget|\.rustup|rustc|usr/local/go/src|usr/lib|usr/include|usr/src"
    r"|lib/ruby|lib/python\d[\d.]*|goroot|go/src/(?:runtime|net|reflect|testing|syscall|internal))/"
    r"|^<|^node:|^internal/(?:modules|process|main|timers|streams|deps)/|^native |/sysdeps/|^\[native"
    r"|^(?:/lib|/lib64)/|\.so[.\d]*$|libc-start|/Frameworks/|/libexec/src/(?:runtime|net|internal)/"
    r"|^(?:library|src)/(?:lib)?(?:std|core|alloc)/(?:src/)?|^dart-sdk/|^org-dartlang-"
    r"|^dart:|^package:(?:flutter(?:_test|_driver)?|sky_engine|test_api|stack_trace)/",
)
_LIBRARY_MODULE = pattern(
    r"(?:java|javax|jakarta|jdk|sun|com\.sun|kotlin|kotlinx|scala|groovy|clojure|android|androidx|dalvik"
    r"|System|Microsoft|MS\.Internal|_COROUTINE)(?:\.|$)|(?:std|core|alloc|__rustc)(?:::|$)"
)


_PANIC = pattern(
    r"(?:go)?panic\w*|sigpanic|rust_(?:begin_unwind|panic\w*)|begin_panic\w*|(?:unwrap|expect)_failed",
    re.IGNORECASE,
)


class TraceScan(NamedTuple):
    """The calls of all traces, and the (first, last) line indices that each trace takes."""

    frames: tuple[Frame, ...]
    spans: tuple[tuple[int, int], ...]
    shown: frozenset[int]  # line indices that print a call


class _Trace:
    """A trace being read: sections of calls, the section nearest the root cause first."""

    def __init__(self, start: int) -> None:
        self.start = self.end = self.near = start  # `near` counts for what may still belong to it
        self.whole = False
        self.sections: list[list[Raw]] = [[]]
        self.current = self.sections[0]

    def turn(self, deeper: bool) -> None:
        if self.current:
            self.current = []
            self.sections.insert(0 if deeper else len(self.sections), self.current)

    def patience(self) -> int:
        """How many lines may follow a call before the cause is named: source, or a message of many lines."""
        return 40 if self.sections[0] and self.sections[0][0].last else 8

    def calls(self) -> list[Raw]:
        parts: dict[tuple[Raw, ...], None] = {}  # a set in order: the same calls are often printed twice
        for part in self.sections:
            parts.setdefault(tuple(reversed(part) if part and part[0].last else part))
        return [r for part in parts for r in part]


def find(lines: Sequence[str]) -> TraceScan:
    """Every stack trace in `lines`, in linear time; at most `MAX_FRAMES` calls, outermost dropped first."""
    lines = [bare(line[:_LONG]) for line in lines]
    traces: list[_Trace] = []
    shown: set[int] = set()
    open_: _Trace | None = None
    kind: object = None
    skip = -1
    for i, line in enumerate(lines):
        if not line or i <= skip:
            continue
        if open_ and _MARKS.match(line):
            open_ = None
        if open_ and i - open_.near <= open_.patience() and (_CAUSE.match(line) or _CHAINED.match(line)):
            open_.turn(deeper=bool(_CAUSE.match(line)))
            open_.near = i
            continue
        recogniser, raws = _recognise(lines, i)
        if not raws:
            if open_ and _NEW.match(line) and not _chained(lines, i):
                open_ = None
            continue
        inline = open_ is not None and open_.whole and not raws[0].whole
        if open_ is None or inline or recogniser is not kind or i - open_.near > _reach(raws[0]):
            open_ = _Trace(i)
            traces.append(open_)
            kind = recogniser
        open_.current.extend(raws)
        open_.end = open_.near = skip = i + raws[0].height - 1
        open_.whole = open_.whole or raws[0].whole
        if raws[0].whole:
            shown.update(range(i, skip + 1))
    return TraceScan(_number(traces), tuple(_extend(t, lines) for t in traces if t.whole), frozenset(shown))


def _recognise(lines: Sequence[str], i: int) -> tuple[object, list[Raw]]:
    line = lines[i]
    if not _MAYBE.search(line) and not (i + 1 < len(lines) and ".go:" in lines[i + 1]):
        return None, []
    if "\\n" in line or "<br" in line:  # a whole trace as one escaped string, or in HTML
        pieces = _BREAK.split(line.replace("\\t", "\t").replace('\\"', '"').replace("\\_", "_"))
        for recogniser in RECOGNISERS:
            raws = [r for k in range(len(pieces)) for r in recogniser(pieces, k)]
            if len(raws) > 1:
                return recogniser, [r._replace(height=1, whole=False) for r in raws]
    for recogniser in RECOGNISERS:
        if raws := list(recogniser(lines, i)):
            return recogniser, raws
    return None, []


def _reach(raw: Raw) -> int:
    """How many lines may lie between two calls of one trace: Python's tools print source in between."""
    return 60 if raw.last else 4


def _chained(lines: Sequence[str], i: int) -> bool:
    return any(_CHAINED.match(line) for line in lines[max(0, i - 3) : i])


def _number(traces: Sequence[_Trace]) -> tuple[Frame, ...]:
    seen: set[tuple[tuple[str, int, str], ...]] = set()
    frames: list[Frame] = []
    kept = 0
    for trace in traces:
        calls = trace.calls()
        key = tuple((r.path, r.line, r.symbol) for r in calls)
        if key in seen:
            continue
        seen.add(key)
        for depth, r in enumerate(_raised(calls)):
            frames.append(
                Frame(r.path, r.line, r.symbol, r.module, depth, kept, _is_foreign(r), package=r.package)
            )
        kept += 1
    if len(frames) > MAX_FRAMES:
        frames = sorted(frames, key=lambda f: (f.depth, f.trace))[:MAX_FRAMES]
    return tuple(sorted(frames, key=lambda f: (f.trace, f.depth)))


def _raised(calls: list[Raw]) -> list[Raw]:
    """Calls with those last that only handled what was raised: hooks and deferred functions, run above the panic."""
    panics = [i for i, r in enumerate(calls) if _PANIC.fullmatch(r.symbol) and _is_foreign(r)]
    above = panics[-1] if panics else 0
    handlers = [i for i, r in enumerate(calls[:above]) if r.symbol and not _is_foreign(r)]
    if not handlers or all(map(_is_foreign, calls[above + 1 :])):
        return calls
    aside = frozenset(handlers)
    return [r for i, r in enumerate(calls) if i not in aside] + [calls[i] for i in handlers]


def _is_foreign(r: Raw) -> bool:
    return r.foreign or is_library(r.path, r.module)


def is_library(path: str, module: str) -> bool:
    """Whether a call is clearly of a library, a runtime or the standard library."""
    if _LIBRARY_PATH.search(path) or module in GO_STANDARD or installed(path):
        return True
    if path.endswith(".go") and path.rpartition("/")[0] in GO_STANDARD:  # built with -trimpath
        return True
    return bool(_LIBRARY_MODULE.match(module))


def _extend(trace: _Trace, lines: Sequence[str]) -> tuple[int, int]:
    """A trace's lines with the error line above or below it."""
    first, last = trace.start, trace.end
    for i in range(first - 1, max(-1, first - 8), -1):
        if _ERROR.match(lines[i]):
            first = i
        elif lines[i].strip() and not _SOURCE.match(lines[i]):
            break
    ahead = range(last + 1, min(len(lines), last + (40 if trace.current and trace.current[-1].last else 5)))
    for i in ahead:
        if _MARKS.match(lines[i]):
            break
        if _ERROR.match(lines[i]) or _MORE.match(lines[i]):
            last = i
            if trace.current and trace.current[-1].last and not _MORE.match(lines[i]):
                break
        elif lines[i].strip() and not _SOURCE.match(lines[i]):
            break
    return first, last
