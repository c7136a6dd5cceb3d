"""A README, found and read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from summaries.offline.readme.blocks import Section, sections
from summaries.offline.remembered import remembered
from summaries.paths import base_name

README = re.compile(r"readme(?:\.(?:md|markdown|mdown|rst|txt|adoc|asciidoc|org))?", re.IGNORECASE)
LIMIT = 40_000  # characters of a README that are read: its purpose stands at its beginning
_RANK = ("", ".md", ".markdown", ".mdown", ".rst", ".adoc", ".asciidoc", ".txt", ".org")


def is_readme(path: str) -> bool:
    """Whether a file is a README, in whatever language or markup."""
    return bool(README.fullmatch(base_name(path)))


def readme_of(paths: Iterable[str], folder: str = "") -> str:
    """The README that code hosts show for a folder: in it, else in its `docs` or `.github`; "" for none."""
    places = [folder, *(f"{folder}/{d}".lstrip("/") for d in ("docs", ".github"))]
    best: dict[str, str] = {}
    found = [p for p in paths if p.rpartition("/")[0] in places and README.fullmatch(p.rpartition("/")[2])]
    for path in sorted(found, key=lambda p: (_rank(p), p)):
        best.setdefault(path.rpartition("/")[0], path)
    return next((best[p] for p in places if p in best), "")


def _rank(path: str) -> int:
    ending = PurePosixPath(path).suffix.lower()
    return _RANK.index(ending) if ending in _RANK else len(_RANK)


@remembered
def read(path: str, text: str) -> list[Section]:
    """The sections of a README; at most its first 40,000 characters, whatever they hold."""
    text = text[:LIMIT].replace("\r\n", "\n").removeprefix("\ufeff")
    ending = PurePosixPath(path).suffix.lower()
    if ending in (".adoc", ".asciidoc"):
        from summaries.offline.readme.asciidoc import blocks_of_asciidoc as blocks
    elif ending in (".rst", ".txt", ".org") or (not ending and "\n# " not in f"\n{text}"):
        from summaries.offline.readme.restructured import blocks_of_text as blocks
    else:
        from summaries.offline.readme.markdown import blocks_of_markdown as blocks
    return list(sections(blocks(text)))
