"""Owners and last changes of the files of an answer.

They are added when the answer stands: nothing of them reaches the ranking or a model's prompt.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from msgspec.structs import replace

from locator.answer import Answer, Change, FileHit
from locator.people.changes import of_file, of_lines
from locator.place import place
from locator.report.types import MentionKind, Report
from summaries.index.index import Index
from summaries.owners import OWNERS, owners_of

FIRST = 3  # files whose lines git is asked about; of the others the index knows when the file changed
SECONDS = 1.0  # that git may take for one of them; they are asked about side by side


def with_people(index: Index, answer: Answer, report: Report, at: str | None, *, names: bool) -> Answer:
    """The answer, its files with owners and last changes; without `names`, only what was changed and when.

    Changes are those before the version that was searched or that the report names, where the index knows it.
    """
    if not answer.files or not any(f.evidence for f in answer.files):
        return answer
    views = {r: index.view(r, commit) for r, commit in _commits(index, answer).items()}
    before = {} if at else {r: _version(index, r, report) for r in views}

    def changes(n: int, file: FileHit) -> tuple[Change, ...]:
        state, view = index.repos[file.repo], views[file.repo]
        if file.path not in view.paths:
            return ()
        start, end = place(file)
        found: tuple[Change, ...] = ()
        overlay = index.overlays.get(file.repo)
        if n < FIRST and not (overlay and file.path in overlay.changed):  # whose lines are of no commit
            bound = before.get(file.repo, 0)
            found = of_lines(state, view.info.commit, file.path, start, end, SECONDS, bound)
        return found or of_file(state, view, file.path, before.get(file.repo, 0))

    with ThreadPoolExecutor(FIRST) as pool:
        changed = list(pool.map(changes, range(len(answer.files)), answer.files))
    texts = {r: _codeowners(index, r) for r in views} if names else {}
    files = tuple(
        replace(
            f,
            owners=owners_of(texts.get(f.repo, ""), f.path),
            changes=c if names else tuple(replace(x, author="") for x in c),
        )
        for f, c in zip(answer.files, changed, strict=True)
    )
    return replace(answer, files=files)


def _commits(index: Index, answer: Answer) -> dict[str, str]:
    """The commit that was searched of each repository that has a file in the answer."""
    heads = {f.repo: index.repos[f.repo].commit for f in answer.files}
    return heads | {r.repo: r.commit for r in answer.routes if r.repo in heads and r.commit}


def _version(index: Index, repo: str, report: Report) -> int:
    """When the version was made that a report names, of those that the index holds; 0 where it holds none."""
    shard = index.shard(repo)
    times = {s.ref.removeprefix("v"): s.time for s in shard.info.snapshots[1:]}
    named = (m.text.removeprefix("v") for m in report.mentions if m.kind == MentionKind.VERSION)
    return next((times[v] for v in named if v in times), 0)


def _codeowners(index: Index, repo: str) -> str:
    with suppress(StopIteration):
        return next(iter(index.store(repo).notes(OWNERS).values()))
    return ""
