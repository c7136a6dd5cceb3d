"""Why a file is listed, in words that a person can check: one function for each voter or family of voters."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np

from locator.pointers import by_frame, by_name
from locator.terminal import one_line
from locator.voters.context import service_folders, tested
from locator.voters.subject import MOST_WORDS, Sentence, Subject, listed
from locator.voters.written import lines_of
from summaries import words
from summaries.index.shard import View

MOST_QUOTED = 160  # characters of a written summary

Sentences = Callable[[Subject], list[Sentence]]


def nothing(subject: Subject) -> list[Sentence]:
    """For voters that count, but say nothing that a person can check."""
    return []


def function(subject: Subject) -> list[Sentence]:
    """The function that has the report's words."""
    found = subject.function_words
    if not found:
        return []
    subject.quoted.update(found)
    s = subject.facts.symbols[subject.functions[0].number]
    return [Sentence(f"{s.kind} {s.qualname} contains" + listed(found), s.start)]


def file_words(subject: Subject) -> list[Sentence]:
    """Words of the report that the file has."""
    return _words(subject, subject.words, "")


def title_words(subject: Subject) -> list[Sentence]:
    """Words of the title that the file has."""
    return _words(subject, subject.words & subject.title_words, " from the title")


def rare_words(subject: Subject) -> list[Sentence]:
    """Words of the report that few files have."""
    return _words(subject, subject.words, " rare words")


def _words(subject: Subject, keys: set[int], what: str) -> list[Sentence]:
    every = subject.common(keys, len(keys))
    new = [w for w in every if w not in subject.quoted][:MOST_WORDS]
    if not new:
        return []
    subject.quoted.update(new)
    also = "" if new == every[: len(new)] else "also "
    return [Sentence(f"{also}contains{what}{listed(new)}")]


def summary(subject: Subject) -> list[Sentence]:
    """Words of the report in the file's summary."""
    found = subject.common(subject.words_in_head)
    return [Sentence("its names and comments mention" + listed(found))] if found else []


def written(subject: Subject) -> list[Sentence]:
    """What a reporter would say if the file were wrong, or its summary: whichever is more like the report."""
    text = lines_of(subject.view).texts.get(subject.n)
    if text is None:
        return []
    phrases = {p: subject.common(words.count(p)) for p in (*text.concerns, text.summary)}
    best = max(phrases, key=lambda p: (len(phrases[p]) / (1 + len(p.split())) ** 0.5, p))
    found = phrases[best]
    return [Sentence(f'its summary is about this: "{one_line(best, MOST_QUOTED)}"')] if found else []


def meaning(subject: Subject) -> list[Sentence]:
    """The summary that is near in meaning."""
    text = one_line(subject.votes.near.get(subject.i, ""), MOST_QUOTED)
    return [Sentence(f'its summary is about this: "{text}"')] if text else []


def path(subject: Subject) -> list[Sentence]:
    """Words of the report in the path. That a file is written in Go proves nothing: neither its ending nor go.mod."""
    stem = subject.path.rpartition(".")[0] or subject.path
    language = words.count(subject.facts.language)
    found = subject.common(
        {k: n for k, n in words.count(stem.replace("/", " ")).items() if k not in language}
    )
    return [Sentence("its path contains" + listed(found))] if found else []


def service(subject: Subject) -> list[Sentence]:
    """The folder of a service."""
    folders = service_folders(subject.query)
    inside = f"/{subject.path.lower().rpartition('/')[0]}/"
    found = [f for f in sorted(folders, key=lambda f: (-folders[f], -len(f))) if f"/{f}/" in inside]
    return [Sentence(f"in the folder {found[0]}, named after a service in the report")] if found else []


def tests(subject: Subject) -> list[Sentence]:
    """What the file's tests say."""
    at, of = subject.view.memo(tested)
    own = at[of == subject.n]
    if not len(own):
        return []
    view, units = subject.view, subject.votes.units[subject.repo_number]
    spans = [(int(n), *view.shard.blob_units[view.blob_ids[n] : view.blob_ids[n] + 2].tolist()) for n in own]
    best = max(spans, key=lambda s: float(units[s[1] : s[2]].max(initial=0.0)))
    found = subject.common(subject.words_in_units(best[1], best[2]))
    return [Sentence(f"its test {view.path(best[0])} contains" + listed(found))] if found else []


def collaborator(subject: Subject) -> list[Sentence]:
    """The name by which a better file uses this one."""
    if subject.i not in subject.votes.called:
        return []
    name, user = subject.votes.called[subject.i]
    line = next((s.start for s in subject.facts.symbols if s.name == name), 0)
    return [Sentence(f"defines {name}, which {user} uses", line)]


def frame(subject: Subject) -> list[Sentence]:
    """The frame of a trace that lies in the file."""
    found = by_frame(subject.query.report, subject.view.repo, subject.path, subject.facts, subject.placement)
    return [Sentence(*found)] if found else pointer(subject)


def raised(subject: Subject) -> list[Sentence]:
    """That nothing deeper in the trace is indexed code."""
    return [Sentence("holds the innermost call of the stack trace in indexed code")]


def pointer(subject: Subject) -> list[Sentence]:
    """Where the report names the file."""
    return [Sentence(*by_name(subject.query.report, subject.path, subject.facts))]


def commit(subject: Subject) -> list[Sentence]:
    """The change of the file whose message is most like the report."""
    view = subject.view
    scores = subject.votes.commits[subject.repo_number]
    arrays = view.shard.arrays
    hits = np.flatnonzero(arrays["commit_paths"] == view.path_ids[subject.n])
    commits = np.flatnonzero(np.bincount(np.searchsorted(arrays["commit_starts"], hits, side="right") - 1))
    commits = commits[view.commit_mask[commits] & (scores[commits] > 0)]
    if not len(commits):
        return []
    label = commit_label(view, int(commits[np.argmax(scores[commits])]))
    return [Sentence(f"similar commit message: {label}")]


def commit_label(view: View, commit: int, most: int = 100) -> str:
    """A commit's subject and month."""
    when = datetime.fromtimestamp(int(view.shard.arrays["commit_times"][commit]), UTC).strftime("%Y-%m")
    return f'"{one_line(str(view.shard.strings("subjects")[commit]), most)}" ({when})'
