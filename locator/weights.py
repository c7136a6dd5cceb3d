"""How much each voter counts. Shipped values; an index can carry its own (`bugatlas calibrate`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from summaries.errors import IndexDamaged

FILE = "weights.json"  # in the folder of an index: what was learnt there

# Fitted on two open bug sets together (listwise softmax, non-negative, L2) and rounded; docs/accuracy.md has the
# method and the check that leaves one system out.
VOTERS: dict[str, float] = {
    "units": 0.4, "unit": 0.4, "body": 0.15, "covered": 0.12, "title": 0.03, "summary": 0.18, "path": 0.27,
    "rare": 0.1, "past": 0.12, "messages": 0.11, "tests": 0.06, "activity": 0.11, "language": 0.5, "service": 0.22,
    "at:frame": 0.45, "at:path": 0.5, "at:file": 0.1, "at:position": 0.8, "at:link": 0.5, "at:module": 0.2,
    "mark:phrase": 0.3, "mark:name:title": 0.14, "mark:name:prose": 0.14, "mark:name:code": 0.08,
    "mark:qualified:title": 0.3, "mark:qualified:prose": 0.3, "mark:qualified:code": 0.1,
    "callees": 0.25, "mark:qualified:trace": 0.45, "mark:route": 0.1, "mark:key": 0.15, "mark:topic": 0.1, "mark:error": 0.05,
}  # fmt: skip
ROUTES: dict[str, float] = {"files": 0.3, "name": 0.5, "service": 0.25, "familiar": 0.1, "past": 0.03}
PRIORS: dict[str, float] = {"config": 0.35, "example": 0.35, "tool": 0.02}
# Of the logistic curve that turns the shape of a ranking into a chance; fitted likewise.
SURE: dict[str, float] = {"bias": -1.36, "margin": 1.82, "gap": 2.56, "exact": 1.57, "route": 0.56}


class Weights(Struct, frozen=True):
    """Weights of the fusion, all non-negative. A voter that is missing or 0 is off."""

    voters: Mapping[str, float] = field(default_factory=lambda: dict(VOTERS))  # per file
    routes: Mapping[str, float] = field(
        default_factory=lambda: dict(ROUTES)
    )  # per repository, for all its files
    priors: Mapping[str, float] = field(default_factory=lambda: dict(PRIORS))  # taken from files of that role
    sure: Mapping[str, float] = field(default_factory=lambda: dict(SURE))  # of the confidence; "bias" may be negative

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
