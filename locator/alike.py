"""Near copies of a file for other machines: one of them speaks for all."""

from __future__ import annotations

import re
from collections.abc import Sequence

from locator.scope import Scope

_MACHINE = re.compile(
    r"(?i)(?:(?<=[/._-])|^)(?:armhf|armv?[5-8]l?|arm64|aarch64|amd64|x86[_-]64|x86|i[36]86|ppc64le|s390x|riscv64|win32|win64)"
    r"(?=[/._-]|$)"
)
MOST = 3  # times as many files are looked through as are listed


def folded(scope: Scope, order: Sequence[int], limit: int) -> list[int]:
    """The first `limit` files without those that differ from a better one only by the machine in their path."""
    met: set[tuple[int, str]] = set()
    out: list[int] = []
    for i in order:
        view, n = scope.locate(i)
        key = (scope.number(i), plain(view.path(n)))
        if key not in met:
            met.add(key)
            out.append(i)
        if len(out) == limit:
            break
    return out


def plain(path: str) -> str:
    """A path without the machine that it names: `yaml_arm64/gateway.yml` and `yaml/gateway.yml` are alike."""
    parts = [re.sub(r"[._-]+(?=[._-]|$)|^[._-]+", "", _MACHINE.sub("", p)) for p in path.split("/")]
    return "/".join(p for p in parts if p)
