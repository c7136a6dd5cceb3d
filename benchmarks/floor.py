"""The floor of indexing: read the same blobs with `git cat-file --batch` and parse them, and nothing else.

`python -m benchmarks.floor PROCESSES LIST` prints its figures as JSON. The files are those that the indexer
would read; they are listed before the clock of `seconds` starts.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path

import msgspec
from msgspec import Struct

from indexer.workers.pool import Workers

Wanted = tuple[str, str]  # blob, grammar or ""


class Floor(Struct, frozen=True):
    """What reading and parsing cost."""

    files: int
    bytes: int
    read: float  # seconds of the processor in each, of all processes together
    parse: float
    seconds: float = 0.0  # wall clock


def listed(git_dir: Path, branch: str = "") -> list[Wanted]:
    """Blobs of the head that count, with the name of their grammar."""
    from indexer.files.choose import choose
    from indexer.git.git import Git
    from indexer.parse.languages import language_of
    from indexer.parse.parse import grammar

    with Git(git_dir) as git:
        entries, *_ = choose(git, git.tree(git.resolve(branch or None)[0]))
    out: dict[str, Wanted] = {}
    for e in entries:
        name = language_of(e.path) or ""
        has = bool(name) and grammar(name) is not None
        out.setdefault(e.blob, (e.blob, name if has else ""))
    return list(out.values())


def one(git_dir: Path, wanted: list[Wanted]) -> Floor:
    """Read and parse the blobs of one repository."""
    from indexer.parse.parse import grammar

    began = _spent()
    asked = "".join(f"{blob}\n" for blob, _ in wanted).encode()
    data = subprocess.run(
        ["git", "--git-dir", str(git_dir), "cat-file", "--batch", "--buffer"],
        input=asked,
        capture_output=True,
        check=True,
    ).stdout
    texts, at = [], 0
    for _ in wanted:
        end = data.index(b"\n", at)
        size = int(data[at:end].rsplit(b" ", 1)[1])
        texts.append(data[end + 1 : end + 1 + size])
        at = end + 2 + size
    read = _spent() - began
    parsers = {name: found.parser for name in {g for _, g in wanted} if (found := grammar(name))}
    began = _spent()
    for (_, name), text in zip(wanted, texts, strict=True):
        if name in parsers:
            parsers[name].parse(text)
    return Floor(len(wanted), sum(map(len, texts)), read, _spent() - began)


def _spent() -> float:
    """Seconds of the processor so far, git's with ours: a busy machine makes them no longer."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(u.ru_utime + u.ru_stime for u in used)


def floor(git_dirs: list[Path], processes: int) -> Floor:
    """Read and parse the heads of repositories, in this process or in several."""
    wanted = [listed(g) for g in git_dirs]
    if processes < 2:
        began = time.perf_counter()
        done = [one(g, w) for g, w in zip(git_dirs, wanted, strict=True)]
        return _sum(done, time.perf_counter() - began)
    work = sorted(zip(git_dirs, wanted, strict=True), key=lambda x: -len(x[1]))
    with Workers(processes) as pool:
        list(pool.map(time.sleep, [0.2] * processes * 2))  # processes that have started
        began = time.perf_counter()
        done = list(pool.map(one, [g for g, _ in work], [w for _, w in work]))
        return _sum(done, time.perf_counter() - began)


def _sum(done: list[Floor], seconds: float) -> Floor:
    return Floor(
        sum(d.files for d in done),
        sum(d.bytes for d in done),
        round(sum(d.read for d in done), 3),
        round(sum(d.parse for d in done), 3),
        round(seconds, 3),
    )


if __name__ == "__main__":
    from indexer.sources.discover import read_list

    paths = [Path(item.target) for item in read_list(Path(sys.argv[2]))]
    sys.stdout.write(msgspec.json.encode(floor(paths, int(sys.argv[1]))).decode() + "\n")
