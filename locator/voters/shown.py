"""Shown: code that shows a text of the report, by the text's key in a catalogue (`locator/translations`)."""

from __future__ import annotations

import numpy as np

from locator.query import Query
from locator.scope import Scope
from locator.voters.subject import Sentence, Subject
from summaries.index.postings import Floats

MOST_SHOWN = 80  # characters of a text


def shown(scope: Scope, query: Query) -> Floats:
    """Files that show texts of the report, 0-1; the best text of each counts."""
    out = np.zeros(scope.size, np.float32)
    by_place: dict[tuple[str, str], float] = {}
    for t in query.translations:
        place = t.repo, t.path
        by_place[place] = max(by_place.get(place, 0.0), t.weight)
    repos = {repo for repo, _ in by_place}
    for view, start in zip(scope.views, scope.starts.tolist(), strict=False):
        if view.repo in repos:
            for n, path in enumerate(view.paths):
                out[start + n] = by_place.get((view.repo, path), 0.0)
    return out


def use(subject: Subject) -> list[Sentence]:
    """The use of a key, and what is shown for it."""
    own = [t for t in subject.query.translations if (t.repo, t.path) == (subject.view.repo, subject.path)]
    best = max(own, key=lambda t: t.weight, default=None)
    if best is None:
        return []
    how = "the report has" if best.whole else "shares words with the report"
    return [Sentence(f'shows a text that {how}: "{best.text[:MOST_SHOWN]}", of {best.catalogue}', best.line)]
