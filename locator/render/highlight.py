"""Which parts of a file's lines are keywords, strings, numbers and comments: by Pygments, for the page."""

from __future__ import annotations

from collections.abc import Sequence

LARGEST = 400_000  # characters of a file; a larger one stays plain
Span = tuple[int, int, str]  # [start, end) in characters of the line, and its class: "k", "s", "n" or "c"


def spans(text: str, language: str) -> list[list[Span]]:
    """Spans of every line of a file; none where the language is not known to Pygments, or the file is large."""
    from pygments.lexers import get_lexer_by_name
    from pygments.token import Comment, Keyword, Number, String, _TokenType
    from pygments.util import ClassNotFound

    kinds: Sequence[tuple[_TokenType, str]] = ((Comment, "c"), (String, "s"), (Number, "n"), (Keyword, "k"))
    out: list[list[Span]] = [[] for _ in range(text.count("\n") + 1)]
    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False) if language else None
    except ClassNotFound:
        lexer = None
    if lexer is None or len(text) > LARGEST:
        return out
    line = column = 0
    for _, token, value in lexer.get_tokens_unprocessed(text):  # `get_tokens` would change line ends
        kind = next((name for parent, name in kinds if token in parent), "")
        for n, part in enumerate(value.split("\n")):
            if n:
                line, column = line + 1, 0
            if kind and part and line < len(out):
                out[line].append((column, column + len(part), kind))
            column += len(part)
    return out
