"""How much each voter counts. Shipped values; an index can carry its own (`bugatlas calibrate`)."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

VOTERS: dict[str, float] = {
    "body": 0.5, "units": 0.7, "unit": 0.3, "title": 0.3, "summary": 0.3, "path": 0.3, "rare": 0.2,
    "history": 0.3, "at:frame": 0.7, "at:path": 1.0, "at:file": 0.4, "at:position": 0.6, "at:link": 0.5,
    "at:module": 0.4, "mark:phrase": 0.5, "mark:qualified": 0.3, "mark:route": 0.1,
}  # fmt: skip
ROUTES: dict[str, float] = {"files": 1.0, "history": 0.5, "name": 0.3}


class Weights(Struct, frozen=True):
    """Weights of the fusion. A voter that is missing or 0 is off; its cost is saved where it has one."""

    voters: Mapping[str, float] = field(default_factory=lambda: dict(VOTERS))
    routes: Mapping[str, float] = field(default_factory=lambda: dict(ROUTES))
    route: float = 0.1  # what the best repository adds to its files, in parts of the best file's score
    config: float = -0.1  # prior of configuration and build files
    aside: float = -0.1  # prior of examples, scripts and tools
