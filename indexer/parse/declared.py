"""Languages without a grammar here, by the lines that define something: policies, infrastructure, build files, scripts.

A language is a row of patterns, each for one line; a definition reaches as far as the brackets that its line opens,
or where it opens none, as far as lines are indented deeper. Linear in the text.
"""

from __future__ import annotations

import re
from typing import Final

from indexer.parse.text import doc_above, file_doc, line_count
from summaries.types import Facts, Literal, Symbol

_MAX_SYMBOLS: Final = 600
_MAX_STRINGS: Final = 400
_MAX_KEYS: Final = 300
_LONG: Final = 500  # bytes of a line that are looked at

_Q = r"[\"']"
_PATTERNS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "hcl": (
        (r"(?:resource|data|ephemeral)\s+\"[\w-]+\"\s+\"(?P<name>[\w-]+)\"\s*\{", "block"),
        (r"(?P<name>\w+)\s+\"[\w./-]+\"\s*\{", "block:arguments"),
        (r"(?P<name>(?:locals|terraform|moved|import|removed))\s*\{", "block"),
        (r"\s{1,60}(?P<name>[A-Za-z_][\w-]*)\s*=(?!=|>)", "key"),
    ),
    "bicep": (
        (r"(?:@\w+\([^()\n]{0,100}\)\s*)?(?:resource|module)\s+(?P<name>\w+)\s+'", "block"),
        (r"(?:param|var|output|type|func)\s+(?P<name>\w+)\b", "key"),
    ),
    "jsonnet": (
        (r"\s*local\s+(?P<name>\w+)\s*(?:\([^()\n]{0,200}\))?\s*=(?!\s*import)", "function"),
        (r"\s*[\"']?(?P<name>[A-Za-z_][\w.-]*)[\"']?\s*(?:\([^()\n]{0,200}\))\s*\+?::?:?", "function"),
        (r"\s*[\"']?(?P<name>[A-Za-z_][\w.-]*)[\"']?\s*\+?::?:?(?!\s*:)", "key"),
    ),
    "cue": (
        (r"\s*(?P<name>#\w+)\s*:", "type"),
        (r"\s*[\"']?(?P<name>[A-Za-z_$][\w.-]*)[\"']?[?!]?\s*:", "key"),
    ),
    "rego": (
        (
            r"(?:default\s+)?(?P<name>[a-z_]\w*)\s*(?:\([^()\n]{0,200}\)|\[[^\[\]\n]{0,200}\]|\s+contains\s+[^\n{]{1,100})?\s*(?::?=[^\n{]{0,200})?\s*(?:\sif\b[^\n]{0,300}|\{[^\n]{0,300})$",
            "function",
        ),
        (r"(?:default\s+)(?P<name>[a-z_]\w*)\s*:?=", "constant"),
    ),
    "nix": (
        (
            r"\s{0,60}(?P<name>[A-Za-z_][\w'.-]*)\s*=\s*"
            r"(?:[\w'{},?. @]{1,200}:|(?:mk\w+|stdenv|with|rec|let|import|callPackage)\b|\{)",
            "function",
        ),
        (r"\s{0,60}(?P<name>[A-Za-z_][\w'.-]*)\s*=(?!=)", "key"),
    ),
    "dhall": ((r"(?:let|in let)\s+(?P<name>[\w-]+)\s*[=:]", "function"),),
    "solution": ((r"Project\(\"[^\"\n]{0,60}\"\)\s*=\s*\"(?P<name>[^\"\n]{1,120})\"", "key"),),
    "cabal": (
        (
            r"(?:executable|library|test-suite|benchmark|flag|common|foreign-library)\s+(?P<name>[\w-]+)",
            "block",
        ),
        (r"\s{0,20}(?P<name>[A-Za-z][\w-]*)\s*:", "key"),
    ),
    "nim": (
        (
            r"\s{0,40}(?:proc|func|method|iterator|template|macro|converter|task)\s+`?(?P<name>[\w]+)`?",
            "function",
        ),
        (
            r"\s{1,8}(?P<name>[A-Z]\w*)\*?\s*(?:\{\.[^{}\n]{0,60}\.\})?\s*=\s*(?:ref\s+)?(?:object|enum|distinct)\b",
            "type",
        ),
        (r"(?P<name>\w+)\s*=\s*\"", "key"),
    ),
    "powershell": (
        (r"\s{0,40}(?:function|filter|workflow)\s+(?:\w+:)?(?P<name>[\w-]+)", "function"),
        (r"\s{0,40}(?:class|enum)\s+(?P<name>\w+)", "class"),
    ),
    "batch": ((r":(?P<name>[A-Za-z_][\w.-]*)", "function"),),
    "perl": (
        (r"\s{0,40}sub\s+(?P<name>[\w:']+)", "function"),
        (r"package\s+(?P<name>[\w:]+)", "module"),
        (r"use\s+constant\s+(?P<name>\w+)", "constant"),
    ),
    "awk": ((r"\s{0,20}func(?:tion)?\s+(?P<name>\w+)\s*\(", "function"),),
    "tcl": ((r"\s{0,40}(?:proc|method|oo::class\s+create)\s+(?P<name>[\w:]+)", "function"),),
    "vim": ((r"\s{0,40}(?:fu(?:n(?:ction)?)?|def|command)!?\s+(?P<name>[\w:#.]+)", "function"),),
    "r": ((r"\s{0,40}`?(?P<name>[\w.]+)`?\s*(?:<-|=)\s*function\b", "function"),),
    "julia": (
        (r"\s{0,40}(?:function|macro)\s+(?P<name>[\w.!]+)", "function"),
        (r"\s{0,40}(?:mutable\s+)?struct\s+(?P<name>\w+)", "struct"),
        (r"(?P<name>[\w.!]+)\([^()\n]{0,200}\)\s*=(?!=)", "function"),
    ),
    "clojure": (
        (
            r"\s{0,20}\((?:defn-?|defmacro|defmulti|defmethod|defprotocol|defrecord|deftest|def|defonce)\s+(?:\^\S+\s+)?(?P<name>[^\s()\[\]{}\"]+)",
            "function",
        ),
    ),
    "fsharp": (
        (
            r"\s{0,40}let\s+(?:rec\s+|inline\s+|private\s+|mutable\s+)*(?P<name>[\w']+)\s*[\w('<:=]",
            "function",
        ),
        (r"\s{0,40}(?:static\s+)?(?:member|override|abstract|default)\s+(?:\w+\.)?(?P<name>\w+)", "function"),
        (r"\s{0,40}(?:type|and)\s+(?:private\s+|internal\s+)?(?P<name>\w+)", "type"),
        (r"\s{0,40}module\s+(?:rec\s+|private\s+)?(?P<name>[\w.]+)", "module"),
    ),
    "ocaml": (
        (r"\s{0,40}(?:let|and|val|external)\s+(?:rec\s+)?(?P<name>[a-z_][\w']*)", "function"),
        (r"\s{0,40}(?:module|class)\s+(?:type\s+|virtual\s+)?(?P<name>\w+)", "module"),
        (r"\s{0,40}type\s+(?:'\w+\s+|\([^()\n]{0,60}\)\s+)?(?P<name>\w+)", "type"),
    ),
    "haskell": (
        (r"(?P<name>[a-z_][\w']*)\s+::", "function"),
        (r"(?:data|newtype|type|class)\s+(?:[^\n=]{0,80}=>\s*)?(?P<name>[A-Z]\w*)", "type"),
    ),
    "elm": (
        (r"(?P<name>[a-z]\w*)\s+:\s", "function"),
        (r"type\s+(?:alias\s+)?(?P<name>[A-Z]\w*)", "type"),
    ),
    "erlang": (
        (r"(?P<name>[a-z]\w*)\([^\n]{0,300}\)\s*(?:when\b[^\n]{0,200})?->", "function"),
        (r"-(?:record|type|opaque)\(?\s*(?P<name>\w+)", "type"),
    ),
    "zig": (
        (r"\s{0,40}(?:pub\s+|export\s+|inline\s+|extern\s+)*fn\s+(?P<name>\w+)", "function"),
        (
            r"\s{0,40}(?:pub\s+)?const\s+(?P<name>\w+)\s*=\s*(?:packed\s+|extern\s+)?(?:struct|enum|union|error)\b",
            "struct",
        ),
    ),
    "fortran": (
        (r"(?i)\s{0,40}(?:[\w() ]{0,60}\s)?(?:subroutine|function)\s+(?P<name>\w+)", "function"),
        (
            r"(?i)\s{0,40}(?:module|program|type)(?:\s*,[^:\n]{0,60}::)?\s+(?!procedure\b)(?P<name>\w+)\s*$",
            "module",
        ),
    ),
    "solidity": (
        (r"\s{0,20}(?:abstract\s+)?(?:contract|library|interface)\s+(?P<name>\w+)", "class"),
        (r"\s{0,20}(?:function|modifier|event|error)\s+(?P<name>\w+)", "function"),
        (r"\s{0,20}(?:struct|enum)\s+(?P<name>\w+)", "struct"),
    ),
    "crystal": (
        (r"\s{0,40}(?:private\s+|protected\s+)?(?:def|macro)\s+(?:self\.)?(?P<name>[\w?!=]+)", "function"),
        (r"\s{0,40}(?:abstract\s+)?(?:class|struct|module|enum|lib)\s+(?P<name>[\w:]+)", "class"),
    ),
}
_ALTERNATIVES: Final = {
    language: tuple((re.compile(pattern), kind) for pattern, kind in rows)
    for language, rows in _PATTERNS.items()
}
LANGUAGES: Final = frozenset(_PATTERNS)

_COMMENT: Final = {
    **dict.fromkeys(
        ("hcl", "nix", "rego", "perl", "r", "julia", "tcl", "awk", "nim", "powershell", "crystal"), b"#"
    ),
    **dict.fromkeys(("bicep", "cue", "jsonnet", "zig", "solidity", "fsharp"), b"//"),
    **dict.fromkeys(("haskell", "elm", "cabal", "dhall"), b"--"),
    **dict.fromkeys(("erlang",), b"%"),
    **dict.fromkeys(("clojure",), b";"),
}
_TEXT = re.compile(rb"\"((?:[^\"\\\n]|\\.){0,400})\"|'((?:[^'\\\n]|\\.){0,400})'")
_OPEN, _CLOSE = re.compile(rb"[{(\[]"), re.compile(rb"[})\]]")
_KEYWORDS: Final = frozenset(
    {"if", "else", "for", "in", "import", "with", "let", "then", "package", "end", "case", "of", "where"}
)
_IMPORT = re.compile(
    r"\s*(?:(?:import|importstr|use|require|using|open|include)\s+|-include(?:_lib)?\(|source\s*=\s*|module\s+\w+\s+|local\s+\w+\s*=\s*import\s+|build-depends\s*:\s*|requires\s+)"
    r"\(?[\"']?([A-Za-z@./][^\"'\s();,]{1,200})"
)


def read(data: bytes, language: str) -> Facts:
    """Definitions, keys, imports and texts of a file in one of the languages of the table."""
    lines = data.split(b"\n")
    found: list[tuple[int, str, str, str]] = []
    strings: list[Literal] = []
    imports: dict[str, None] = {}
    mark = _COMMENT.get(language, b"\0")
    depths = [0]
    for row, raw in enumerate(lines):
        line = raw[:_LONG]
        bare = line.lstrip()
        if not bare or bare.startswith(mark):
            depths.append(depths[-1])
            continue
        plain = _TEXT.sub(b"''", line)
        depths.append(max(0, depths[-1] + len(_OPEN.findall(plain)) - len(_CLOSE.findall(plain))))
        text = line.decode("utf-8", "replace")
        if imported := _IMPORT.match(text):
            imports[imported[1].rstrip(";")] = None
        if len(found) < _MAX_SYMBOLS and (said := _defined(text, language)):
            found.append((row, *said))
        if len(strings) < _MAX_STRINGS:
            texts = (
                (m[1] or m[2] or b"").decode("utf-8", "replace").strip()[:300] for m in _TEXT.finditer(line)
            )
            strings += (Literal(row + 1, t) for t in texts if len(t) > 2 and any(c.isalpha() for c in t))
    ends = _ends(lines, depths, {row for row, *_ in found})
    symbols = []
    above: list[tuple[int, str]] = []  # last row and qualified name of what is open
    for row, name, kind, written in found:
        while above and above[-1][0] < row:
            above.pop()
        qualname = f"{above[-1][1]}.{name}" if above else name
        symbols.append(
            Symbol(
                name,
                qualname[:300],
                kind,
                row + 1,
                ends[row] + 1,
                written[:200],
                doc_above(lines, row, _doc_style(mark)),
            )
        )
        if ends[row] > row:
            above.append((ends[row], qualname[:200]))
            del above[:-8]
    keys = dict.fromkeys(s.qualname for s in symbols if s.kind == "key")
    return Facts(
        language,
        line_count(data),
        doc=file_doc(lines[:120]),
        symbols=tuple(symbols),
        imports=tuple(imports)[:200],
        strings=tuple(strings[:_MAX_STRINGS]),
        keys=tuple(keys)[:_MAX_KEYS],
    )


def _doc_style(mark: bytes) -> str:
    return "sql" if mark == b"--" else "shell" if mark == b"#" else "go"


def _defined(line: str, language: str) -> tuple[str, str, str] | None:
    """Name, kind and text of what a line defines."""
    for pattern, kind in _ALTERNATIVES[language]:
        if found := pattern.match(line):
            name = found["name"]
            if name in _KEYWORDS:
                return None
            if kind == "block:arguments":  # `module "orders" {`: the label is the name
                labels = re.findall(r"\"([\w./-]{1,100})\"", found[0])
                name, kind = labels[-1] if labels else name, "block"
            return name[:100], kind, " ".join(line.split()).rstrip(" {")
    return None


def _ends(lines: list[bytes], depths: list[int], rows: set[int]) -> dict[int, int]:
    """Last row of each definition: where its brackets close, or the last of the lines indented deeper."""
    out: dict[int, int] = {}
    braced: list[tuple[int, int]] = []  # row, depth before it
    indented: list[tuple[int, int]] = []  # row, indentation
    last = 0
    for row, raw in enumerate(lines):
        line = raw[:_LONG]
        if line.strip():
            indent = len(line) - len(line.lstrip())
            while indented and indent <= indented[-1][1]:
                out[indented.pop()[0]] = last
            last = row
            if row in rows:
                if depths[row + 1] > depths[row]:
                    braced.append((row, depths[row]))
                else:
                    indented.append((row, indent))
        while braced and braced[-1][0] < row and depths[row + 1] <= braced[-1][1]:
            out[braced.pop()[0]] = row
    for row, _ in (*braced, *indented):
        out[row] = last
    return out
