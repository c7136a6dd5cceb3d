"""Who asks, and what they may see."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from msgspec import Meta, Struct

Right = Literal["read", "index", "metrics", "issues"]
RIGHTS: tuple[Right, ...] = ("read", "index", "metrics", "issues")
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]


class Token(Struct, frozen=True, forbid_unknown_fields=True):
    """Who may ask for what. `bugatlas serve token NAME` makes one."""

    name: Annotated[Name, Meta(description="Shown in the log.")]
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$", description="SHA-256 of the token, in hex.")]
    repos: Annotated[
        tuple[str, ...],
        Meta(description="Repositories that it may see; `*` and `?` match. Others don't exist for it."),
    ] = ("*",)
    may: Annotated[
        tuple[Right, ...],
        Meta(
            description="`read` asks and browses, `index` starts and cancels jobs, `metrics` reads /metrics, "
            "`issues` reads issues of the trackers' listed projects."
        ),
    ] = ("read",)


class Caller(Struct, frozen=True):
    """A token's holder, or whoever sits at this machine where no token is set."""

    name: str
    repos: tuple[str, ...]
    may: tuple[Right, ...]

    def sees(self, repo: str) -> bool:
        """Whether a repository exists for them."""
        return any(fnmatchcase(repo, pattern) for pattern in self.repos)


LOCAL = Caller("local", ("*",), RIGHTS)


def digest(token: str) -> str:
    """How a token is kept. It has 256 random bits, so a fast hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def caller_of(tokens: Sequence[Token], authorization: str) -> Caller | None:
    """Holder of `Authorization: Bearer TOKEN`, None where it is wrong. All are compared, in constant time."""
    if not tokens:
        return LOCAL
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() != "bearer" or len(given) > 512:
        return None
    mine, found = digest(given.strip()), None
    for token in tokens:
        if hmac.compare_digest(mine, token.sha256):
            found = Caller(token.name, token.repos, token.may)
    return found
