"""What is run: a named ranker with its weights, voters switched off, and values changed."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import xxhash
from msgspec import Struct
from msgspec.structs import replace

from locator.voters import registry
from locator.weights import Weights
from summaries import config
from summaries.errors import UsageError

SHIPPED = "shipped"

# What an ablation switches off together; "routes" and "priors" are tables of weights.
GROUPS: Mapping[str, tuple[str, ...]] = {
    **{
        g.value: (*(f"voters.{v.name}" for v in registry.VOTERS if v.group == g),
                  *(f"routes.{v.name}" for v in registry.ROUTES if v.group == g))
        for g in registry.Group
    },
    "at": tuple(f"voters.{v.name}" for v in registry.VOTERS if v.group == registry.Group.POINTERS),
    "mark": tuple(f"voters.{v.name}" for v in registry.VOTERS if v.group == registry.Group.MARKS),
    "routing": ("routes",),
    "priors": ("priors",),
}  # fmt: skip


class ModelSetup(Struct, frozen=True):
    """A model and how it is asked."""

    settings: config.Settings
    record: str = ""  # file to write answers to as well
    replay: str = ""  # file to take them from

    @property
    def fingerprint(self) -> dict[str, Any]:
        """What of it makes a run what it is: not where the model is, nor how fast it may be asked."""
        s = self.settings
        kept = {"mode": s.mode, "model": "file" if s.model.startswith("file:") else s.model,
                "dig_model": s.dig_model, "dig": s.dig, "judge_small": s.judge_small,
                "judge_spare": s.judge_spare, "prompts": own_prompts(s.prompts),
                "options": dict(s.model_options)}  # fmt: skip
        return {k: v for k, v in kept.items() if v}


def own_prompts(folder: str) -> str:
    """16 hex digits of what a folder of prompts says; "" for none."""
    if not folder:
        return ""
    seen = xxhash.xxh3_64()
    for path in sorted(Path(folder).glob("*.md")):
        seen.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return seen.hexdigest()


class RunSettings(Struct, frozen=True):
    """One configuration of a run."""

    name: str = SHIPPED
    ranker: str = SHIPPED  # or the name of a baseline
    weights: Weights | None = None  # None: what the index says, else the shipped ones
    tests: bool = False  # tests are ranked too
    model: ModelSetup | None = None  # a model that judges, or answers as the reference method does


def with_prompts(settings: RunSettings, folder: str, name: str) -> RunSettings:
    """Settings of a run that asks with the prompts of a folder; "" is the shipped ones. Raises UsageError."""
    if settings.model is None:
        raise UsageError("no model is asked, so no prompts are", "give --model or --models")
    if folder and not Path(folder).is_dir():
        raise UsageError(f"there is no folder {folder}", "name a folder of prompts, or `shipped`")
    asked = replace(settings.model, settings=replace(settings.model.settings, prompts=folder))
    return replace(settings, name=f"{settings.name} {name}", model=asked)


def settings_of(
    config: str = SHIPPED, changes: Sequence[str] = (), without: Sequence[str] = ()
) -> RunSettings:
    """Settings by name ("shipped", a baseline, or a TOML or JSON file of weights), then changed.

    `changes` are "voters.path=0.5" or "routes.name=0.2"; `without` names voters ("body", "at"), groups of
    them (see GROUPS) or others in full ("routes.name"). Raises UsageError for what is not there.
    """
    from eval.rankers.baselines import BASELINES

    if config in BASELINES:
        if changes or without:
            raise UsageError(f"{config} is a baseline: it has no voters to change")
        return RunSettings(config, config)
    base = Weights() if config == SHIPPED else read_weights(Path(config))
    if not changes and not without and config == SHIPPED:
        return RunSettings()
    plain: dict[str, Any] = msgspec.to_builtins(base)
    for change in changes:
        _set(plain, change)
    for name in without:
        _drop(plain, name)
    name = SHIPPED if config == SHIPPED else Path(config).stem
    said = [name, *changes, *(f"-{w}" for w in without)]
    return RunSettings(" ".join(said), SHIPPED, weights_from(plain))


def read_weights(path: Path) -> Weights:
    """Weights of a TOML or JSON file; what it leaves out is as shipped. Raises UsageError."""
    try:
        data = path.read_bytes()
    except OSError as e:
        from eval.rankers.baselines import BASELINES

        known = ", ".join([SHIPPED, *BASELINES])
        raise UsageError(f"no configuration is called {path}", f"known: {known}, or a file of weights") from e
    try:
        said = tomllib.loads(data.decode()) if path.suffix == ".toml" else msgspec.json.decode(data)
    except (UnicodeDecodeError, ValueError) as e:
        raise UsageError(f"{path}: {e}") from e
    if isinstance(said, Mapping) and isinstance(said.get("weights"), Mapping):
        said = said["weights"]  # as `bugatlas calibrate` writes it
    if not isinstance(said, Mapping):
        raise UsageError(f"{path}: expected a table of weights")
    plain: dict[str, Any] = msgspec.to_builtins(Weights())
    for key, value in said.items():
        plain[key] = (
            plain[key] | value if isinstance(plain.get(key), dict) and isinstance(value, dict) else value
        )
    return weights_from(plain)


def weights_from(plain: Mapping[str, Any]) -> Weights:
    """Raises UsageError where a name or value is none of weights."""
    unknown = set(plain) - set(msgspec.to_builtins(Weights()))
    if unknown:
        raise UsageError(f"weights have no {', '.join(sorted(unknown))}")
    try:
        weights = msgspec.convert(plain, Weights)
    except msgspec.ValidationError as e:
        raise UsageError(f"weights: {e}") from e
    for name, value in _flat(plain).items():
        if (
            not (-1e6 if name == "sure.bias" or name.startswith("judged.") else 0) <= value < 1e6
        ):  # NaN fails too
            raise UsageError(f"weight {name} is {value}: it must be 0 or more")
    return weights


def _set(plain: dict[str, Any], change: str) -> None:
    name, equals, value = change.partition("=")
    group, _, key = name.strip().partition(".")
    try:
        number = float(value)
    except ValueError:
        equals = ""
        number = 0.0
    if not equals:
        raise UsageError(f"{change!r}: expected NAME=NUMBER such as voters.path=0.5")
    if key and isinstance(plain.get(group), dict):
        plain[group][key] = number
    elif not key and isinstance(plain.get(group), int | float):
        plain[group] = number
    else:
        raise UsageError(f"weights have no {name}", f"known: {', '.join(_flat(plain))}")


def _drop(plain: dict[str, Any], name: str) -> None:
    """Set to 0 a group, a table ("routes") or a voter."""
    found = []
    for wanted in GROUPS.get(name, (name if "." in name or name in plain else f"voters.{name}",)):
        group, _, key = wanted.partition(".")
        table = plain.get(group)
        if isinstance(table, dict):
            found += [(table, k) for k in table if not key or k == key or k.startswith(key + ":")]
    if not found:
        raise UsageError(f"there is no voter {name}", f"known: {', '.join([*GROUPS, *_flat(plain)])}")
    for table, key in found:
        table[key] = 0.0


def _flat(plain: Mapping[str, Any]) -> dict[str, float]:
    """All numbers by dotted name."""
    out = {f"{g}.{k}": float(x) for g, v in plain.items() if isinstance(v, dict) for k, x in v.items()}
    return out | {g: float(v) for g, v in plain.items() if isinstance(v, int | float)}
