"""How much each voter counts. Shipped values; an index can carry its own (`bugatlas calibrate`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from summaries.errors import IndexDamaged

FILE = "weights.json"  # in the folder of an index: what was learnt there

# Fitted on two open bug sets together (listwise softmax, non-negative, pulled to guesses from the literature) and
# rounded; docs/accuracy.md has the method, and the check that leaves one system out.
VOTERS: dict[str, float] = {
    "language": 0.47, "unit": 0.4, "units": 0.37, "path": 0.26, "service": 0.23, "callees": 0.21,
    "rare": 0.11, "past": 0.11, "summary": 0.1, "covered": 0.09, "messages": 0.09, "body": 0.08,
    "activity": 0.08, "title": 0.05, "tests": 0.04, "at:path": 0.78, "at:link": 0.7, "at:position": 0.59,
    "at:frame": 0.65, "at:file": 0.31, "at:module": 0.22, "mark:qualified:prose": 0.43, "mark:phrase": 0.31,
    "mark:qualified:title": 0.29, "mark:key": 0.19, "mark:name:title": 0.17, "mark:name:prose": 0.11,
    "mark:qualified:code": 0.1, "mark:topic": 0.1, "mark:route": 0.06, "mark:error": 0.02,
}  # fmt: skip
ROUTES: dict[str, float] = {
    "share": 0.35, "name": 0.28, "service": 0.26, "files": 0.17, "familiar": 0.05, "past": 0.03,
}  # fmt: skip
PRIORS: dict[str, float] = {"config": 0.33, "example": 0.39, "tool": 0.03, "migration": 0.4}
# Of the logistic curve that turns the shape of a ranking into a chance; fitted on six systems.
SURE: dict[str, float] = {
    "bias": -3.13, "margin": 1.35, "gap": 2.19, "alone": 1.08, "route": 0.23, "past": 0.61,
}  # fmt: skip
# Of the logistic curve after a model's word (`locator.judge.chance`). Guesses, until a fit replaces them.
JUDGED: dict[str, float] = {
    "bias": 0.2, "offline": 0.5, "agrees": 1.0, "high": 1.0, "low": -1.0, "dug": 0.0,
}  # fmt: skip


class Weights(Struct, frozen=True):
    """Weights of the fusion, all non-negative. A voter that is missing or 0 is off."""

    voters: Mapping[str, float] = field(default_factory=lambda: dict(VOTERS))  # per file
    routes: Mapping[str, float] = field(
        default_factory=lambda: dict(ROUTES)
    )  # per repository, for all its files
    priors: Mapping[str, float] = field(default_factory=lambda: dict(PRIORS))  # taken from files of that role
    sure: Mapping[str, float] = field(
        default_factory=lambda: dict(SURE)
    )  # of the confidence; "bias" may be negative
    judged: Mapping[str, float] = field(
        default_factory=lambda: dict(JUDGED)
    )  # of the confidence after a model; any may be negative

    @classmethod
    def of(cls, root: Path) -> Weights:
        """Those that an index carries; a voter that they don't know is as shipped. Raises IndexDamaged."""
        learnt = Learnt.of(root)
        return learnt.weights if learnt else cls()


class Learnt(Struct, frozen=True):
    """What `bugatlas calibrate` writes."""

    weights: Weights
    told: Mapping[str, object] = {}  # how they were learnt, for people

    @classmethod
    def of(cls, root: Path) -> Learnt | None:
        """None where an index uses the shipped weights. Raises IndexDamaged."""
        try:
            found = msgspec.json.decode((root / FILE).read_bytes(), type=cls)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError) as e:
            raise IndexDamaged(f"cannot read {root / FILE}: {e}", "run `bugatlas calibrate --reset`") from e
        w = found.weights
        full = replace(w, voters=VOTERS | dict(w.voters), routes=ROUTES | dict(w.routes),
                       priors=PRIORS | dict(w.priors), sure=SURE | dict(w.sure),
                       judged=JUDGED | dict(w.judged))  # fmt: skip
        return replace(found, weights=full)
