"""Which files count, and a named reason for each one that doesn't."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple, Protocol

from indexer.files.ignore import MAX_RULES, Ignored, Rule, attribute_rules, ignore_rules, says
from indexer.files.secrets import holds_secret, is_secret, may_hold_secret
from indexer.files.signs import is_generated, is_minified, is_vendored
from indexer.git.git import TreeEntry
from summaries.paths import LONGEST
from summaries.types import Entry, Skip, SkipReason

IGNORE_FILE = ".bugatlasignore"
MAX_BYTES = 1_000_000
MAX_RULE_FILE = 100_000  # bytes of an ignore or attributes file
MAX_KINDS = 40  # of files that are no source, as a repository's state names them

LOCK_FILES = frozenset(
    """
    bun.lock bun.lockb buf.lock cargo.lock cartfile.resolved chart.lock composer.lock conan.lock
    conda-lock.yml deno.lock flake.lock gemfile.lock go.sum go.work.sum gopkg.lock gradle.lockfile
    manifest.lock mix.lock module.bazel.lock npm-shrinkwrap.json package-lock.json package.resolved
    packages.lock.json paket.lock pdm.lock pipfile.lock pixi.lock pnpm-lock.yaml podfile.lock poetry.lock
    project.assets.json pubspec.lock rebar.lock renv.lock shard.lock stack.yaml.lock uv.lock
    .terraform.lock.hcl yarn.lock
    """.split()
)

_PRIVATE_KEY = re.compile(rb"\s*-----BEGIN [A-Z ]{0,30}PRIVATE KEY")


MAX_SCRIPTS = 2_000  # files without an extension whose first line is looked at


class Blobs(Protocol):
    """Where the contents of files come from."""

    def blobs(self, shas: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
        """The contents of blobs, as `Git.blobs` gives them."""


class Chosen(NamedTuple):
    """The files of a tree to read, those that are left out, and the language of each that is read, by path."""

    entries: tuple[Entry, ...]
    skips: tuple[Skip, ...]
    languages: dict[str, str]


def choose(git: Blobs, tree: Iterable[TreeEntry], max_bytes: int = MAX_BYTES) -> Chosen:
    """The files of a tree to read, and those that their path, kind or size rules out.

    Scripts without an extension (executable, or in a folder of programs) are known by their first line.

    Ignore files (`.bugatlasignore`, in any folder, gitignore syntax) and `.gitattributes` (linguist-vendored,
    linguist-generated) are read from the tree itself. An attribute that is cleared there overrules the signs
    of a vendored path. `max_bytes` is a file's size limit.
    """
    files = {entry.path: entry for entry in tree}  # a crafted tree can hold a name twice
    ignored, vendored, generated = _rules(git, files)
    languages: dict[str, str] = {}

    def reason(entry: TreeEntry) -> SkipReason | None:
        path = entry.path
        if entry.mode == "160000" or entry.type != "blob":
            return SkipReason.SUBMODULE
        if entry.mode == "120000":
            return SkipReason.SYMLINK
        signs = _signs(path)
        if signs.language:
            languages[path] = signs.language
        if signs.unfit:
            return signs.unfit
        if ignored and ignored(path):
            return SkipReason.IGNORED
        vendor = says(vendored, path) if vendored else None
        if signs.vendored if vendor is None else vendor:
            return SkipReason.VENDORED
        if generated and says(generated, path):
            return SkipReason.GENERATED
        if signs.lock:
            return SkipReason.LOCK_FILE
        if not signs.language:
            return SkipReason.NOT_SOURCE
        if entry.size < 0:
            return SkipReason.UNREADABLE
        return SkipReason.TOO_LARGE if entry.size > max_bytes else None

    reasons = {entry.path: reason(entry) for entry in files.values()}
    unknown = [files[path] for path, why in reasons.items() if why is SkipReason.NOT_SOURCE]
    for path, language in _scripts(git, unknown, max_bytes).items():
        languages[path], reasons[path] = language, None
    entries = tuple(Entry(path, files[path].blob) for path, why in reasons.items() if not why)
    skips = tuple(Skip(path, why) for path, why in reasons.items() if why)
    return Chosen(entries, skips, {entry.path: languages[entry.path] for entry in entries})


class _Signs(NamedTuple):
    """What a path alone tells."""

    unfit: SkipReason | None
    vendored: bool
    lock: bool
    language: str | None


@lru_cache(maxsize=32_768)  # snapshots of a repository have most paths in common
def _signs(path: str) -> _Signs:
    from indexer.parse.languages import language_of

    unfit = None
    if len(path) > LONGEST or not {"", ".", ".."}.isdisjoint(path.split("/")):
        unfit = SkipReason.UNREADABLE
    elif is_secret(path):
        unfit = SkipReason.SECRET
    vendored = not unfit and is_vendored(path)
    lock = path.rpartition("/")[2].lower() in LOCK_FILES
    return _Signs(unfit, vendored, lock, language_of(path))


def _scripts(git: Blobs, unknown: Iterable[TreeEntry], max_bytes: int) -> dict[str, str]:
    """Languages of files that only their first line tells."""
    from indexer.parse.languages import by_first_line, may_be_script

    asked = [e for e in unknown if 2 < e.size <= max_bytes and may_be_script(e.path, e.mode == "100755")]
    asked = sorted(asked, key=lambda e: e.path)[:MAX_SCRIPTS]
    out: dict[str, str] = {}
    for entry, (_, data) in zip(asked, git.blobs(e.blob for e in asked), strict=True):
        if language := by_first_line((data or b"")[:200].decode("utf-8", "replace")):
            out[entry.path] = language
    return out


def kinds(skips: Iterable[Skip], most: int = MAX_KINDS) -> dict[str, int]:
    """The commonest kinds of file among those that are no source: by extension, or "no extension"."""
    names = (s.path.rpartition("/")[2] for s in skips if s.reason is SkipReason.NOT_SOURCE)
    found = Counter(
        "." + end.lower()[:20] if dot and start else "no extension"
        for start, dot, end in (n.rpartition(".") for n in names)
    )
    return dict(sorted(found.items(), key=lambda kind: (-kind[1], kind[0]))[:most])


def inspect(path: str, data: bytes) -> str | SkipReason:
    """A file's text with lines ending in a line feed, or why its content rules it out.

    Binary is a NUL among the first 8,000 bytes, as git has it, unless a byte order mark says UTF-16 or
    UTF-32. Text that isn't UTF-8 is read as Windows-1252 when that makes nearly all of it printable.
    """
    if _PRIVATE_KEY.match(data):
        return SkipReason.SECRET
    text = _decoded(data)
    if isinstance(text, SkipReason):
        return text
    if "\r" in text:
        text = text.replace("\r\n", "\n")
        if "\n" not in text:
            text = text.replace("\r", "\n")  # the lines of an old Macintosh
    if may_hold_secret(path) and holds_secret(path, text):
        return SkipReason.SECRET
    if is_generated(path, text):
        return SkipReason.GENERATED
    return SkipReason.MINIFIED if is_minified(path, text) else text


def _rules(git: Blobs, files: dict[str, TreeEntry]) -> tuple[Ignored | None, list[Rule], list[Rule]]:
    """What the tree's own ignore and attributes files say, those of deeper folders last."""
    ignores: list[Rule] = []
    vendored: list[Rule] = []
    generated: list[Rule] = []
    named = {
        entry.path: entry.blob
        for entry in files.values()
        if entry.path.rpartition("/")[2] in (IGNORE_FILE, ".gitattributes")
        and entry.mode.startswith("100")
        and 0 < entry.size <= MAX_RULE_FILE
    }
    paths = sorted(named, key=lambda path: (path.count("/"), path))
    for path, (_, data) in zip(paths, git.blobs(named[path] for path in paths), strict=True):
        folder, slash, name = path.rpartition("/")
        text = (data or b"").decode("utf-8", "replace")
        if name == IGNORE_FILE:
            ignores += ignore_rules(folder + slash, text)
        else:
            vendored += attribute_rules(folder + slash, text, "linguist-vendored")
            generated += attribute_rules(folder + slash, text, "linguist-generated")
    ignored = Ignored(ignores[:MAX_RULES]) if ignores else None
    return ignored, vendored[:MAX_RULES], generated[:MAX_RULES]


def _decoded(data: bytes) -> str | SkipReason:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            text = data.decode(encoding, "replace").removeprefix("\ufeff")
            return text if _readable(text) else SkipReason.NOT_TEXT
    if b"\0" in data[:8000]:
        return SkipReason.BINARY
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _repaired(data)


def _repaired(data: bytes) -> str | SkipReason:
    """Text that is nearly UTF-8 keeps all of it that is; other text is taken for Windows-1252."""
    text = data.decode("utf-8", "replace")
    lost = text.count("\ufffd")
    if sum(map(len, _NOT_ASCII.findall(text))) < 2 * lost:
        text = data.decode("cp1252", "replace")
        text = data.decode("latin-1") if "\ufffd" in text else text
    return text if _readable(text) else SkipReason.NOT_TEXT


def _readable(text: str) -> bool:
    """Over 95 % printable. Counts by runs, since text is mostly that."""
    return 20 * sum(map(len, _UNPRINTABLE.findall(text))) <= len(text)


_MARKS = (
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"\xef\xbb\xbf", "utf-8"),
)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x9f\ufffd\ufdd0-\ufdef\uffff]+")
