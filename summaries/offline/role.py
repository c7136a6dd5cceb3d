"""What part a file plays, told from its path and from what the parser found in it, never guessed.

A file is called a controller because it serves routes or because its name says so, a consumer because it
subscribes to a topic or because its name says so, and so on; a file that shows nothing is a "module".
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import PurePosixPath

from summaries.offline import vocabulary as v
from summaries.offline.text import plain, words
from summaries.offline.vocabulary import Role
from summaries.types import Facts


@lru_cache(maxsize=512)  # asked again and again of one file
def stem(path: str) -> str:
    """The base name without its extensions: 'a/order.service.ts' -> 'order.service'."""
    base = plain(PurePosixPath(path).name)
    trimmed, dot, _ = base.rpartition(".")
    return trimmed if dot and trimmed.strip(".") else base.lstrip(".")


@lru_cache(maxsize=512)
def folders(path: str) -> tuple[str, ...]:
    """The directories above a file, nearest first, lower-cased."""
    above = reversed(PurePosixPath(path).parts[:-1])
    return tuple(plain(p).lower() for p in above if p not in ("/", ".", ".."))


@lru_cache(maxsize=512)
def is_test(path: str) -> bool:
    """Whether the path says that a file holds tests."""
    parts = [w.lower() for w in words(stem(path))]
    said = parts[-1:] + (parts[:1] if len(parts) > 1 else [])
    if any(w in v.TEST.names for w in said):
        return True
    return any(f in v.TEST_FOLDERS or f.endswith((".tests", ".test", "-tests")) for f in folders(path))


@lru_cache(maxsize=512)
def _by_path(path: str, language: str) -> Role | None:
    base, above = PurePosixPath(path).name.lower(), folders(path)
    if language not in ("markdown", "yaml") and any(f in v.MIGRATION_FOLDERS for f in above):
        return v.MIGRATION
    if base in v.WORKFLOW_FILES or above[:2] == ("workflows", ".github"):
        return v.WORKFLOW
    if base.startswith("dockerfile") or base.endswith(".dockerfile"):
        return v.IMAGE
    return v.BUILD if base in v.BUILD_FILES or base.endswith(v.BUILD_ENDINGS) else None


def _by_name(path: str, facts: Facts) -> Role | None:
    """The role that the file's name says, or else all its types' names say."""
    last = [w.lower() for w in words(stem(path))][-1:]
    for role in v.NAMED:
        if last and last[0] in role.names:
            return role
    outer = [s for s in facts.symbols if s.name == s.qualname]
    if any(s.kind == "function" for s in outer):
        return None
    endings = {tuple(words(s.name)[-1:]) for s in outer if s.kind in v.TYPE_KINDS}
    if len(endings) == 1 and (ending := next(iter(endings))):
        return next((r for r in v.NAMED if ending[0].lower() in r.names), None)
    return None


def _by_facts(path: str, facts: Facts) -> Role | None:
    if any(e.method == "RPC" for e in facts.serves):
        return v.RPC
    if facts.serves:
        return v.SERVES
    roles = {t.role for t in facts.topics}
    if "subscribe" in roles:
        return v.CONSUMER
    if "publish" in roles:
        return v.PRODUCER
    return None


def role(path: str, facts: Facts) -> Role:
    """The part that a file plays. Total: v.PLAIN where nothing says more."""
    language = facts.language.lower()
    if found := _by_path(path, language) or v.LANGUAGES.get(language):
        return v.TEST if found is v.SCRIPT and is_test(path) else found
    if is_test(path):
        return v.TEST
    if any(s.name.lower() == "main" and s.kind in ("function", "method") for s in facts.symbols):
        return v.ENTRY
    named = _by_name(path, facts)
    if named is v.CLIENT and facts.calls:
        return v.CALLS
    if named in (v.WEB, v.HANDLER, v.CONSUMER, v.PRODUCER, v.CLIENT):
        return named
    if found := _by_facts(path, facts) or named:
        return found
    if facts.calls:
        return v.CALLS
    above = folders(path)[:1]
    if above and facts.symbols and (found := next((r for r in v.NAMED if above[0] in r.folders), None)):
        return found
    kinds = {s.kind for s in facts.symbols if s.name == s.qualname}
    if kinds and kinds <= {"interface", "trait"}:
        return v.TYPES
    if kinds == {"constant"} and len(facts.symbols) > 2:
        return v.CONSTANTS
    return v.PLAIN


def subject(path: str, played: Role) -> tuple[str, bool]:
    """What the file is about, in words, and whether that already says its role.

    'OrderController' -> ('order controller', True); 'routes/orders' -> ('orders', False); a name that says
    nothing ('index', 'main', 'client') takes its directory's.
    """
    if played in v.FILES:
        return plain(PurePosixPath(path).name), False
    parts = words(stem(path))
    if parts[:1] == ["i"] and len(parts) > 1 and stem(path)[1:2].isupper():
        parts = parts[1:]  # the I of IMailer
    if played is v.TEST:
        parts = [p for p in parts if p.lower() not in v.TEST.names] or parts
    says = bool(parts) and parts[-1].lower() in played.names
    if parts and not all(p.lower() in v.GENERIC or p.lower() in played.names for p in parts):
        return " ".join(parts), says
    for folder in folders(path):
        if (
            folder not in v.GENERIC
            and folder not in v.TEST_FOLDERS
            and folder not in played.folders
            and folder.strip("._-")
        ):
            return " ".join(words(folder)), False
    return "", False
