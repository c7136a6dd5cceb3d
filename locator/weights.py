"""How much each voter counts. Shipped values; an index can carry its own (`bugatlas calibrate`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from locator.voters import registry
from summaries.errors import IndexDamaged

FILE = "weights.json"  # in the folder of an index: what was learnt there

# Fitted on two open bug sets together (listwise softmax, non-negative, pulled to guesses from the literature) and
# rounded, some weighed anew on three since; docs/accuracy.md has the method, and the check that leaves one system out.
# Each stands in its voter's row.
VOTERS: dict[str, float] = {v.name: v.weight for v in registry.VOTERS}
ROUTES: dict[str, float] = {v.name: v.weight for v in registry.ROUTES}
PRIORS: dict[str, float] = {"config": 0.33, "example": 0.39, "tool": 0.03, "migration": 0.4}
# Of the logistic curve that turns the shape of a ranking into a chance. Fitted by `bugatlas eval confidence` on real
# reports, the same cut short, and reports about something else; docs/accuracy.md has the method and the figures.
SURE: dict[str, float] = {
    "bias": -4.27, "margin": 0.68, "gap": 2.72, "past": 0.5, "pointed": 0.56, "known": 0.59, "amount": 1.15,
    "alone": 0.0, "exact": 0.0, "route": 0.0,
}  # fmt: skip
# Of the logistic curve after a model's word (`locator.judge.chance`). Fitted on 60 judged reports of two systems
# (docs/models.md): Brier score .155 with the guess before, .122 cross-validated, difference -.033 [-.062, -.003].
JUDGED: dict[str, float] = {
    "bias": 0.45, "offline": 0.31, "agrees": -0.16, "high": 1.96, "low": -1.78, "dug": 0.0,
}  # fmt: skip


class Weights(Struct, frozen=True):
    """Weights of the fusion, all non-negative. A voter that is missing or 0 is off."""

    voters: Mapping[str, float] = field(default_factory=lambda: dict(VOTERS))  # per file
    # Per repository, for all its files.
    routes: Mapping[str, float] = field(default_factory=lambda: dict(ROUTES))
    priors: Mapping[str, float] = field(default_factory=lambda: dict(PRIORS))  # taken from files of that role
    # Of the confidence; "bias" may be negative.
    sure: Mapping[str, float] = field(default_factory=lambda: dict(SURE))
    # Of the confidence after a model; any may be negative.
    judged: Mapping[str, float] = field(default_factory=lambda: dict(JUDGED))
    # By repository, added to all its files: how much more often reports end there than their words say. Learnt only.
    offsets: Mapping[str, float] = {}

    @classmethod
    def of(cls, root: Path) -> Weights:
        """Those that an index carries; a voter that they don't know is as shipped. Raises IndexDamaged."""
        learnt = Learnt.of(root)
        return learnt.weights if learnt else cls()


class Learnt(Struct, frozen=True):
    """The weights file that `bugatlas calibrate` writes."""

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
