"""Who asks, and what they may see."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from fnmatch import fnmatchcase

from msgspec import Struct

from locator.server.settings import RIGHTS, Right, Token


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
