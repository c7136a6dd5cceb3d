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
    "language": 0.44, "unit": 0.39, "units": 0.38, "path": 0.25, "service": 0.22, "callees": 0.18,
    "body": 0.11, "summary": 0.11, "past": 0.11, "covered": 0.1, "rare": 0.1, "messages": 0.09,
    "activity": 0.08, "tests": 0.05, "title": 0.02, "at:path": 0.85, "at:link": 0.7, "at:frame": 0.64,
    "at:position": 0.63, "at:file": 0.3, "at:module": 0.28, "mark:qualified:title": 0.44,
    "mark:qualified:prose": 0.4, "mark:phrase": 0.33, "mark:name:title": 0.21, "mark:qualified:code": 0.17,
    "mark:key": 0.16, "mark:name:prose": 0.14, "mark:route": 0.12, "mark:topic": 0.1, "mark:error": 0.04,
}  # fmt: skip
ROUTES: dict[str, float] = {
    "name": 0.33, "share": 0.28, "files": 0.25, "service": 0.2, "familiar": 0.06, "past": 0.01,
}  # fmt: skip
PRIORS: dict[str, float] = {"config": 0.32, "example": 0.32, "tool": 0.06}
# Of the logistic curve that turns the shape of a ranking into a chance; fitted likewise.
SURE: dict[str, float] = {"bias": -1.44, "margin": 2.21, "gap": 2.51, "exact": 0.54, "route": 0.58}


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
                       priors=PRIORS | dict(w.priors), sure=SURE | dict(w.sure))  # fmt: skip
        return replace(found, weights=full)
