"""All voters, one row each. A new voter is a file beside this one, and a row here.

A row says what a voter is called, how much it counts (shipped weights: docs/accuracy.md tells how they were fitted),
what an ablation switches off with it, how its raw numbers become 0-1, how it is asked and what it says of a file.
Exact evidence has a scale of its own: a weak pointer must not count in full for being the best there is. Fusion by
rank loses the margins that tell how sure a voter is (measured: see docs/accuracy.md).
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from msgspec import Struct

from locator.query import MarkKind
from locator.voters import context, exact_sentences, sentences, shown, written
from locator.voters.ballot import Ballot
from locator.voters.exact import PointerKind
from locator.voters.sentences import Sentences
from summaries.index.postings import Floats


class Scale(StrEnum):
    """How a voter's numbers become 0-1."""

    BOUNDED = "at most 1"  # 1 is the only file that a mention can mean
    COUNTED = "x / (x + 1)"  # sums without a bound
    RELATIVE = "divided by the maximum"  # over the candidates


class Group(StrEnum):
    """What an ablation switches off together."""

    FILES = "files"
    FUNCTIONS = "functions"
    SUMMARIES = "summaries"
    PATHS = "paths"
    POINTERS = "pointers"
    MARKS = "marks"
    HISTORY = "history"
    CONTEXT = "context"
    COLLABORATORS = "collaborators"
    ROUTING = "routing"


class Voter(Struct, frozen=True):
    """A voter of files."""

    name: str
    weight: float  # as shipped; 0 is off
    group: Group
    scale: Scale
    ask: (
        Callable[[Ballot], Floats] | None
    )  # raw, float32 (files,); None: asked of the best files, after the others
    say: Sentences = sentences.nothing
    teachable: bool = False  # commit messages of fixes can teach its weight: see eval/learning/lessons.py
    general: bool = False  # what it says helps a reader little


class RouteVoter(Struct, frozen=True):
    """A voter of repositories. How it is asked stands in locator/route.py."""

    name: str
    weight: float
    group: Group
    says: str  # with {} for what it found
    teachable: bool = False


def _pointer(kind: PointerKind, weight: float) -> Voter:
    say = {PointerKind.FRAME: sentences.frame, PointerKind.RAISED: sentences.raised}.get(
        kind, sentences.pointer
    )
    return Voter(f"at:{kind}", weight, Group.POINTERS, Scale.BOUNDED, lambda b: b.pointers[kind], say)


def _mark(kind: MarkKind, weight: float, say: Sentences) -> Voter:
    return Voter(f"mark:{kind}", weight, Group.MARKS, Scale.COUNTED, lambda b: b.marks[kind], say)


def _words(
    name: str, weight: float, group: Group, scale: Scale, say: Sentences, general: bool = False
) -> Voter:
    return Voter(name, weight, group, scale, lambda b: b.words.files[name], say, True, general)


_R, _C, _P, _M = Scale.RELATIVE, Scale.COUNTED, PointerKind, MarkKind
_S, _X = sentences, exact_sentences

# In the order in which weights are added up: another order changes the last bits of scores.
VOTERS = (
    Voter("language", 0.47, Group.CONTEXT, _R, lambda b: context.languages(b.scope, b.query)),
    _words("unit", 0.4, Group.FUNCTIONS, _R, _S.function),
    _words("units", 0.4, Group.FUNCTIONS, _R, _S.function),
    _words("path", 0.26, Group.PATHS, _R, _S.path, general=True),
    Voter("service", 0.23, Group.CONTEXT, _C, lambda b: context.services(b.scope, b.query), _S.service),
    Voter("callees", 0.15, Group.COLLABORATORS, _C, None, _S.collaborator, teachable=True),
    _words("rare", 0.11, Group.FILES, _C, _S.rare_words),
    Voter("past", 0.11, Group.HISTORY, _R, lambda b: b.history.files["past"], _S.commit),
    _words("summary", 0.1, Group.SUMMARIES, _R, _S.summary, general=True),
    _words("covered", 0.05, Group.FILES, _R, _S.title_words, general=True),
    Voter("messages", 0.09, Group.HISTORY, _R, lambda b: b.history.files["messages"], _S.commit),
    _words("body", 0.08, Group.FILES, _R, _S.file_words, general=True),
    Voter("activity", 0.08, Group.HISTORY, _R, lambda b: context.activity(b.scope)),
    _words("title", 0.05, Group.FILES, _R, _S.title_words, general=True),
    Voter("tests", 0.04, Group.CONTEXT, _R, lambda b: context.tests(b.scope, b.words.files["units"]), _S.tests,
          teachable=True),
    _pointer(_P.PATH, 0.78),
    _pointer(_P.LINK, 0.7),
    _pointer(_P.POSITION, 0.59),
    _pointer(_P.FRAME, 0.65),
    _pointer(_P.RAISED, 0.3),
    _pointer(_P.FILE, 0.31),
    _pointer(_P.MODULE, 0.22),
    Voter("message", 0.85, Group.MARKS, Scale.BOUNDED, lambda b: b.messages, _X.message),
    # A key that one file uses for a text of the report is as sure as a path: a guess.
    Voter("shown", 1.0, Group.MARKS, Scale.BOUNDED, lambda b: shown.shown(b.scope, b.query), shown.use),
    _mark(_M.QUALIFIED_PROSE, 0.43, _X.name),
    _mark(_M.PHRASE, 0.1, _X.message),
    _mark(_M.QUALIFIED_TITLE, 0.29, _X.name),
    _mark(_M.KEY, 0.19, _X.key),
    _mark(_M.NAME_TITLE, 0.17, _X.name),
    _mark(_M.NAME_PROSE, 0.11, _X.name),
    _mark(_M.QUALIFIED_CODE, 0.1, _X.name),
    _mark(_M.TOPIC, 0.1, _X.topic),
    _mark(_M.ROUTE, 0.06, _X.route),
    _mark(_M.ERROR, 0.02, _X.error),
    _mark(_M.NAME_CODE, 0.0, _X.name),
    _mark(_M.QUALIFIED_TRACE, 0.0, _X.name),
    _mark(_M.WORDS, 0.0, _X.message),
    # Off as shipped: neither the built-in vectors nor a small model's gain for sure. docs/embedder.md has the figures.
    Voter("meaning", 0.0, Group.SUMMARIES, _R, lambda b: b.meaning, _S.meaning),
    Voter("written", 0.1, Group.SUMMARIES, _R, lambda b: written.written(b.scope, b.query), _S.written),
)  # fmt: skip

ROUTES = (
    RouteVoter("share", 0.35, Group.ROUTING, "files contain: {}"),
    RouteVoter("name", 0.28, Group.ROUTING, "the report says {}"),
    RouteVoter("service", 0.26, Group.CONTEXT, "has a folder named after a service in the report"),
    RouteVoter("files", 0.17, Group.ROUTING, "files listed: {}", teachable=True),
    RouteVoter("familiar", 0.05, Group.HISTORY, "commit vocabulary overlaps with the report"),
    RouteVoter("meaning", 0.0, Group.ROUTING, "its purpose is near to the report in meaning"),
    # Off as shipped: no set gains by it (docs/accuracy.md). Its way is shown all the same.
    RouteVoter("uses", 0.0, Group.ROUTING, "{}"),
    RouteVoter("past", 0.03, Group.HISTORY, "similar commit message: {}"),
)

BY_NAME = {v.name: v for v in VOTERS}
ROUTE_BY_NAME = {v.name: v for v in ROUTES}
POINTERS = frozenset(v.name for v in VOTERS if v.group == Group.POINTERS)
EXACT = POINTERS | {v.name for v in VOTERS if v.group == Group.MARKS}
GENERAL = frozenset(v.name for v in VOTERS if v.general)
