"""Interface definitions by their marks: Protocol Buffers, Thrift and GraphQL, whose grammars come in no wheel.

One pass over words, brackets and texts. What a word in front says, `message`, `service`, `rpc`, `type`, names what
follows it; a definition ends with its brackets, or where it has none, with its statement.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final, NamedTuple

from indexer.parse.text import doc_above, file_doc, line_count
from summaries.types import Endpoint, Facts, Literal, Symbol

_MAX_SYMBOLS: Final = 3_000
_MAX_STRINGS: Final = 400

_TOKEN = re.compile(
    rb"\"\"\"[^\"]*+(?>(?:\"(?!\"\")[^\"]*+)*)(?:\"\"\")?|\"[^\"\\\n]*+(?>(?:\\.[^\"\\\n]*+)*)\"?"
    rb"|'[^'\\\n]*+(?>(?:\\.[^'\\\n]*+)*)'?"
    rb"|//[^\n]*+|/\*[^*]*+(?>(?:\*(?!/)[^*]*+)*)(?:\*/)?|#[^\n]*+|[A-Za-z_][\w.]*+|[{}();=:|\[\]<>,!]|-?\d[\w.]*+",
    re.DOTALL,
)
_KINDS: Final[dict[str, dict[str, str]]] = {
    "proto": {"message": "message", "enum": "enum", "service": "service", "rpc": "method", "extend": "scope"},
    "thrift": {
        "struct": "struct", "union": "struct", "exception": "class", "enum": "enum", "service": "service",
        "const": "constant", "typedef": "type",
    },
    "graphql": {
        "type": "struct", "input": "struct", "interface": "interface", "enum": "enum", "union": "type",
        "scalar": "type", "query": "function", "mutation": "function", "subscription": "function",
        "fragment": "function", "directive": "function",
    },
}  # fmt: skip
LANGUAGES: Final = frozenset(_KINDS)
_WITHOUT_BODY: Final = frozenset({"constant", "type"})
_VERB = re.compile(rb"\b(get|post|put|delete|patch)\s{0,9}:\s{0,9}\"(/[^\"\n]{1,200})\"")


_STOPS: Final = (b"{", b";", b",", b")")


class Token(NamedTuple):
    """A word, mark or text, with where it begins and ends."""

    text: bytes
    start: int
    end: int
    row: int


def read(data: bytes, language: str) -> Facts:
    """Definitions, routes, imports and texts of an interface definition."""
    lines = data.split(b"\n")
    tokens, row, at = [], 0, 0
    for found in _TOKEN.finditer(data):
        row, at = row + data.count(b"\n", at, found.start()), found.start()
        comment = found[0][:2] in (b"//", b"/*") or found[0][:1] == b"#"
        if not comment or (language == "proto" and found[0][:1] == b"#"):
            tokens.append(Token(found[0], found.start(), found.end(), row))
    symbols = _symbols(data, lines, language, tokens)
    texts = [t for t in tokens if t.text[:1] in b"\"'" and len(t.text) > 4]
    imports = tuple(
        dict.fromkeys(
            _plain(after.text)
            for before, after in zip([Token(b"", 0, 0, 0), *tokens], tokens, strict=False)
            if after.text[:1] in b"\"'" and before.text in (b"import", b"public", b"weak", b"include")
        )
    )
    strings = [Literal(t.row + 1, _plain(t.text)) for t in texts if _plain(t.text) not in imports]
    strings = [
        s for s in strings if len(s.text) > 2 and s.text != "proto3" and any(c.isalpha() for c in s.text)
    ]
    serves = (
        [
            Endpoint(
                m[1].decode().upper(), m[2].decode("utf-8", "replace"), data.count(b"\n", 0, m.start()) + 1
            )
            for m in list(_VERB.finditer(data))[:200]
        ]
        if language == "proto"
        else []
    )
    if language == "proto":
        package = next(
            (b.text.decode() + "." for a, b in pairwise(tokens) if a.text == b"package"),
            "",
        )
        serves += [
            Endpoint("RPC", package + "/".join(s.qualname.rsplit(".", 1)), s.start)
            for s in symbols
            if s.kind == "method"
        ]
    return Facts(
        language,
        line_count(data),
        doc=file_doc(lines),
        symbols=tuple(symbols),
        imports=imports[:200],
        strings=tuple(strings[:_MAX_STRINGS]),
        serves=tuple(serves),
    )


def _plain(text: bytes) -> str:
    return " ".join(text.strip(b"\"'").decode("utf-8", "replace").split())[:300]


class _Open:
    """A definition that is being read: where it began, and the depth of its body once that is open."""

    def __init__(self, name: str, kind: str, token: Token, end: int) -> None:
        self.name, self.kind, self.token, self.end, self.depth = name, kind, token, end, 0


def _symbols(data: bytes, lines: list[bytes], language: str, tokens: list[Token]) -> list[Symbol]:
    kinds = _KINDS[language]
    found: list[tuple[_Open, str]] = []
    open_: list[_Open] = []
    depth = brackets = 0
    statement = True  # whether the next word begins one
    for i, token in enumerate(tokens):
        text = token.text
        if text in (b"(", b"["):
            brackets += 1
        elif text in (b")", b"]"):
            brackets = max(0, brackets - 1)
        elif text == b"{":
            depth += 1
            if open_ and not open_[-1].depth:
                open_[-1].depth = depth
            statement = True
        elif text == b"}":
            while open_ and (open_[-1].depth >= depth or not open_[-1].depth):
                closed = open_.pop()
                closed.end = token.end if closed.depth else closed.end
            depth, brackets, statement = max(0, depth - 1), 0, True
        elif text == b";" and not brackets:
            while open_ and not open_[-1].depth:
                open_.pop().end = token.end
            statement = True
        elif not brackets and len(found) < _MAX_SYMBOLS:
            around = open_[-1] if open_ and open_[-1].depth == depth else None
            if new := _definition(tokens, i, kinds, language, around, statement):
                while open_ and not open_[-1].depth:
                    open_.pop()
                above = ".".join(o.name for o in open_[-8:])
                found.append((new, f"{above}.{new.name}" if above else new.name))
                if new.kind not in ("constant", "field", "type"):
                    open_.append(new)
            statement = False
    out = []
    begun: set[int] = set()
    for new, qualname in found:
        if new.kind == "scope":
            continue
        end = max(new.end, new.token.end)
        written = data[new.token.start : min(end, new.token.start + 600)]
        if new.kind not in _WITHOUT_BODY or language == "graphql":
            written = written.partition(b"{")[0] if new.kind != "type" else written
        signature = (
            b" ".join(written.split())
            .decode("utf-8", "replace")
            .rstrip(" {" if language == "proto" else " {;")[:200]
        )
        last = new.token.row + data.count(b"\n", new.token.start, end)
        nested = new.token.row in begun  # what stands above the line is said of the outermost
        begun.add(new.token.row)
        doc = "" if nested else doc_above(lines, new.token.row, "shell" if language == "graphql" else "go")
        out.append(Symbol(new.name, qualname[:300], new.kind, new.token.row + 1, last + 1, signature, doc))
    return sorted(out, key=lambda s: s.start)


def _definition(
    tokens: list[Token], i: int, kinds: dict[str, str], language: str, around: _Open | None, statement: bool
) -> _Open | None:
    """What a word begins to define, if it does, with where it ends as far as its own statement tells."""
    token = tokens[i]
    after = tokens[i + 1] if i + 1 < len(tokens) else token
    kind = kinds.get(token.text.decode("utf-8", "replace"), "")
    if (
        kind
        and after.text[:1].isalpha()
        and (statement or language != "proto")
        and (around is None or language == "proto")
    ):
        before = tokens[i - 1].text if i else b""
        if language == "graphql" and before == b"extend":
            kind = "scope"
        if before in (b"=", b":", b"|", b"(", b"on") or (language == "graphql" and around):
            return None
        same = [t for t in tokens[i : i + 60] if t.row == token.row and t.text not in (b"{", b"}", b";")]
        if language == "thrift" and kind == "constant":
            name = next((a for a, b in pairwise(same) if b.text == b"="), after)
            return _Open(_text(name), kind, token, same[-1].end)
        if language == "thrift" and kind == "type":
            return _Open(_text(same[-1]), kind, token, same[-1].end)
        if language == "graphql" and kind == "type":
            end = i + 1
            while end + 1 < len(tokens) and (
                tokens[end].text in (b"=", b"|") or tokens[end + 1].text in (b"=", b"|")
            ):
                end += 1
            return _Open(_text(after), kind, token, tokens[end].end)
        return _Open(_text(after), kind, token, after.end)
    if around is None:
        return None
    if around.kind == "enum" and language != "thrift" and token.text[:1].isalpha():
        if language == "graphql":
            return _Open(_text(token), "constant", token, token.end)
        if statement and after.text == b"=":
            end = next((t.end for t in tokens[i : i + 40] if t.text == b";"), after.end)
            return _Open(_text(token), "constant", token, end)
    if (
        language == "graphql"
        and around.kind in ("struct", "interface", "scope")
        and after.text in (b":", b"(")
        and (token.text[:1].isalpha() or token.text[:1] == b"_")
    ):
        return _Open(_text(token), "field", token, _field_end(tokens, i))
    called = (
        language == "thrift" and around.kind == "service" and after.text == b"(" and token.text != b"throws"
    )
    if called and token.text[:1].isalpha():
        first = i
        while first and tokens[first - 1].row == token.row and tokens[first - 1].text not in _STOPS:
            first -= 1
        return _Open(_text(token), "method", tokens[first], _call_end(tokens, i))
    return None


def _text(token: Token) -> str:
    return token.text.decode("utf-8", "replace")[:200]


def _call_end(tokens: list[Token], i: int) -> int:
    """The end of `f(...) throws (...)`."""
    depth = 0
    for n in range(i + 1, min(i + 400, len(tokens))):
        depth += (tokens[n].text == b"(") - (tokens[n].text == b")")
        if not depth and tokens[n].text == b")" and (n + 1 >= len(tokens) or tokens[n + 1].text != b"throws"):
            return tokens[n].end
    return tokens[i].end


def _field_end(tokens: list[Token], i: int) -> int:
    """The end of a field's type: `order(id: ID!): [Order!]!`."""
    depth, colon = 0, False
    end = tokens[i].end
    for n in range(i + 1, min(i + 200, len(tokens))):
        text = tokens[n].text
        depth += (text in (b"(", b"[")) - (text in (b")", b"]"))
        if colon and not depth and text not in (b"]", b"!", b":") and tokens[n - 1].text != b":":
            break
        colon = colon or (text == b":" and not depth)
        end = tokens[n].end
    return end
