"""Messages in a report: quoted strings, what an exception or a log line says, words in backticks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from locator.report import vocabulary as words
from locator.report.links import Hit
from summaries.patterns import pattern

DOUBLE = pattern(r"(?<![\w\\\"])(?:[rbfuRBFU]{1,2})?\"((?>(?:[^\"\\\n]|\\[^\n])*))\"(:)?")
SINGLE = pattern(r"(?<![\w'\\])'((?>(?:[^'\n]|(?<=\w)'(?=\w))+))'(?!\w)(:)?")
SINGLE_CODE = pattern(r"(?<![\w'\\])[rbfuRBFU]{1,2}'([^'\n]++)'(?!\w)")
CURLY = pattern(r"[“„«「‘]([^“”„«»「」‘\n]++)[”“»」’]")
TICKS = pattern(r"(?<!`)(`{1,2})(?!`)([^`\n]{1,300}+)\1(?!`)")
_ERROR_NAME = (
    r"(?<![\w.$\\])(?<!::)((?>(?:[\w$]++(?:\.|::|\\))*))"
    r"([A-Z][\w$]*(?:topIteration|Error|Exception|Warning|Failure|Fault|Interrupt|Panic|Exit)"
    r"|panic|fatal error)(?![\w.$])"
)
ERROR = pattern(_ERROR_NAME + r"(?:[ \t]*\([^()\n]{0,80}\))?(?:(?=:[ \t]+([^\n]{3,600}+)))?")
_END = pattern(r"(?:, | \[)?(?:SIGSEGV|goroutine \d|signal SIG)|\\n")  # where a message runs into a trace
_SENTENCE = pattern(r"\. (?=[A-Z])")
LOG_MESSAGE = pattern(
    r"(?:^|[\s\[|(])(?:ERROR|ERR|WARN|WARNING|FATAL|SEVERE|CRITICAL|PANIC|INFO|DEBUG|NOTICE)\]?"
    r"[ \t:|-]{1,8}([^\n]{4,600}+)",
    re.IGNORECASE,
)
_LOG_LEAD = pattern(
    r"(?:\[[^\[\]\n]{0,120}\]|\([^()\n]{0,80}\)"
    r"|\S{0,120}=\S{1,200}|[\w.$/-]+(?=(?: ?:| -) |\|)|\d+|---|[-:|])[\s:|]+"
)
MSG = pattern(r"(?<![\w.])(?:msg|message|error|err|reason|cause)=([^\s\"'=]++(?>(?: [^\s=\"']++(?!=))*))")


def quoted(m: re.Match[str]) -> Iterator[Hit]:
    """A string in quotation marks, if it isn't the key of a JSON object."""
    text = m[1].strip()
    if m.re.groups > 1 and m[2] and " " not in text:
        return
    if '\\"' in text and text[0] in "{[":  # JSON in JSON
        inner = text.replace('\\"', '"').replace("\\\\", "\\")
        for found in DOUBLE.finditer(inner[:8_000]):
            if not found[2] and " " in found[1]:
                yield from message(found[1])
        return
    yield from message(text)


def message(text: str, limit: int = 400) -> Iterator[Hit]:
    """A message of at least a word, cut to `limit` characters."""
    text = text.replace('\\"', '"').strip(" \t;,")
    if len(text) >= 3 and re.search(r"[^\W\d_]{2}", text):
        yield "quoted", text[:limit], 0


def ticks(m: re.Match[str]) -> Iterator[Hit]:
    """What stands in `backticks`: one token is a name, more are a message."""
    text = m[2].strip()
    if " " in text:
        yield from message(text)
    elif text not in words.NOT_IDENTIFIERS and re.fullmatch(r"[^\W\d][\w$-]{1,79}", text):
        yield "identifier", text, 0


def error(m: re.Match[str]) -> Iterator[Hit]:
    """An exception's type and what it says up to the end of the line."""
    if m[2][0].isupper():
        yield "exception", m[2], 0
    yield from message(_unquoted(m[3] or ""))


def reported_error(m: re.Match[str]) -> Iterator[Hit]:
    """An error told in a sentence, which goes on after the message."""
    for kind, text, number in error(m):
        yield kind, _SENTENCE.split(text, maxsplit=1)[0], number


def _unquoted(message: str) -> str:
    message = _END.split(message, maxsplit=1)[0].strip()
    for quote in '`"':
        if message.count(quote) % 2:
            message = message.partition(quote)[0]
    quote = message[:1]
    paired = quote in "'\"`" and quote == message[-1:] and quote not in message[1:-1]
    return message[1:-1] if paired else message


def log_message(m: re.Match[str]) -> Iterator[Hit]:
    """What a log line says after its level, thread, logger and fields."""
    text = m[1]
    for _ in range(8):
        lead = _LOG_LEAD.match(text)
        if not lead or not lead[0]:
            break
        text = text[lead.end() :]
    if text and text[0] not in '"{' and " " in text and not re.match(r"\w+=", text):
        yield from message(text)


def bare_message(m: re.Match[str]) -> Iterator[Hit]:
    """The value of msg=, error= and the like where it isn't quoted."""
    yield from message(m[1])
