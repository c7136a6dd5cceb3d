"""The nouns. All of them frozen; those that are stored are msgspec structs, packed as arrays."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Kind(StrEnum):
    """Level of a node in the tree."""

    REPOSITORY = "repository"
    DIRECTORY = "directory"
    FILE = "file"
    SYMBOL = "symbol"


class SkipReason(StrEnum):
    """Why a file of a snapshot is not indexed."""

    BINARY = "binary"
    TOO_LARGE = "too large"
    GENERATED = "generated"
    MINIFIED = "minified"
    VENDORED = "vendored"
    LOCK_FILE = "lock file"
    SECRET = "secret-like"  # noqa: S105
    NOT_TEXT = "not UTF-8 beyond repair"
    IGNORED = "ignored"
    SYMLINK = "symlink"
    SUBMODULE = "submodule"
    UNREADABLE = "unreadable"
    NOT_SOURCE = "not source"
    DIED = "parser died"


class Symbol(Struct, frozen=True, array_like=True):
    """A definition in a file. Lines are 1-based and inclusive."""

    name: str
    qualname: str  # enclosing types joined with dots: "Service.stop"
    kind: str  # function method class interface struct enum trait type constant field module message service table key
    start: int
    end: int
    signature: str = ""  # one line, at most 200 characters
    doc: str = ""  # first paragraph of its doc comment, at most 400 characters


class Literal(Struct, frozen=True, array_like=True):
    """A string literal as written, without its quotes."""

    line: int
    text: str


class Endpoint(Struct, frozen=True, array_like=True):
    """An HTTP or RPC route that the file serves, or one that it calls."""

    method: str  # GET POST ... RPC, or "" where the code does not say
    route: str  # "/api/v1/orders/{id}", "shop.Orders/Create"
    line: int


class Topic(Struct, frozen=True, array_like=True):
    """A message topic, queue or channel named in the file."""

    name: str
    role: str  # "publish", "subscribe" or ""
    line: int


class Facts(Struct, frozen=True, array_like=True):
    """What the parser found in one blob. Everything that a summary says traces to a field of this."""

    language: str
    lines: int
    doc: str = ""  # the file's own leading comment, first paragraph
    symbols: tuple[Symbol, ...] = ()  # in order of start line
    imports: tuple[str, ...] = ()
    strings: tuple[Literal, ...] = ()
    serves: tuple[Endpoint, ...] = ()
    calls: tuple[Endpoint, ...] = ()
    topics: tuple[Topic, ...] = ()
    errors: tuple[str, ...] = ()  # exception types and error names raised
    keys: tuple[str, ...] = ()  # configuration keys, dotted, that the file defines or reads
    broken: bool = False  # the grammar reported errors; what parsed is here


class Entry(Struct, frozen=True, array_like=True):
    """A file of a snapshot. `path` is POSIX, relative, UTF-8 with surrogate escapes replaced."""

    path: str
    blob: str  # 40 or 64 hex digits


class Skip(Struct, frozen=True, array_like=True):
    """A file that is not indexed, and why."""

    path: str
    reason: SkipReason


class Commit(Struct, frozen=True, array_like=True):
    """A commit of a repository's history. Times are UTC seconds since the epoch (committer's)."""

    sha: str
    time: int
    parents: tuple[str, ...]
    message: str
    paths: tuple[str, ...] = ()  # changed against the first parent; empty for merges
    renames: tuple[tuple[str, str], ...] = ()  # (old, new), exact or same base name
    authored: int = 0
    author: str = ""  # name, as the commit has it; "" where names are not kept


class Snapshot(Struct, frozen=True):
    """A repository at a commit: what is indexed of it."""

    repo: str
    commit: str
    time: int
    ref: str  # as asked: "HEAD", a tag, a branch, a date
    entries: tuple[Entry, ...]
    skipped: tuple[Skip, ...] = ()
