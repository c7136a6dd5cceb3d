"""Search from a terminal: ripgrep for the report's words, probe for the report."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path

import msgspec
from msgspec import Struct

from benchmarks.rivals.corpus import LISTED, Ask, Corpus, File
from summaries import words

SOUGHT = 12  # longest words of a report that ripgrep looks for: a person looks for fewer
SECONDS = 120.0  # for one command


def ripgrep(corpus: Corpus) -> Ask:
    """The report's longest words, one command each; files by the rarity of those that they hold."""

    def ask(report: str) -> list[File]:
        said = {t.lower() for t in words.tokens(report)} - words.STOP
        held: dict[str, float] = {}
        for word in sorted(said, key=lambda t: (-len(t), t))[:SOUGHT]:
            command = ("rg", "-l", "-i", "-w", "-F", "--no-messages", "-e", word, ".")
            files = _output(command, corpus.folder).splitlines()
            for file in files:
                held[file] = held.get(file, 0.0) + math.log(len(corpus.files) / len(files))
        best = sorted(held, key=lambda f: (-held[f], f))[:LISTED]
        return [_file(Path(f)) for f in best]

    return ask


class _Hit(Struct):
    file: str
    score: float = 0.0


class _Hits(Struct):
    results: list[_Hit] = []


def probe(corpus: Corpus) -> Ask:
    """probe for the whole report, any of its words; its results come by path, so they are put in order of its score."""

    def ask(report: str) -> list[File]:
        query = " ".join(dict.fromkeys(t for t in words.tokens(report) if t.lower() not in words.STOP))
        command = ("probe", "search", query, ".", "--format", "json", "--max-results", "200")
        said = _output(command, corpus.folder)
        start = said.find("{")
        hits = msgspec.json.decode(said[start:], type=_Hits).results if start >= 0 else []
        order = sorted(hits, key=lambda h: -h.score)
        return list(dict.fromkeys(_file(Path(h.file), corpus.folder) for h in order))[:LISTED]

    return ask


def _output(command: tuple[str, ...], folder: Path) -> str:
    """What a command says; "" where it takes too long."""
    try:
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False
        ).stdout
    except subprocess.TimeoutExpired:
        return ""


def _file(path: Path, folder: Path = Path()) -> File:
    owner, name, *rest = path.relative_to(folder).parts if path.is_absolute() else path.parts
    return f"{owner}/{name}", "/".join(rest)
