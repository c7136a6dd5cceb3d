"""What is run: a named ranker with its weights, voters switched off, and values changed."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from locator.weights import Weights
from summaries.errors import UsageError

SHIPPED = "shipped"


class Settings(Struct, frozen=True):
    """One configuration of a run."""

    name: str = SHIPPED
    ranker: str = SHIPPED  # or the name of a baseline
    weights: Weights | None = None  # None: what the index says, else the shipped ones
    tests: bool = False  # tests are ranked too


def settings_of(config: str = SHIPPED, changes: Sequence[str] = (), without: Sequence[str] = ()) -> Settings:
    """Settings by name ("shipped", a baseline, or a TOML or JSON file of weights), then changed.

    `changes` are "voters.path=0.5" or "route=0.2"; `without` names voters, groups of them ("history", "at")
    or routing voters ("routes.name"). Raises UsageError for what is not there.
    """
    from eval.baselines import BASELINES

    if config in BASELINES:
        if changes or without:
            raise UsageError(f"{config} is a baseline: it has no voters to change")
        return Settings(config, config)
    base = Weights() if config == SHIPPED else read_weights(Path(config))
    if not changes and not without and config == SHIPPED:
        return Settings()
    plain: dict[str, Any] = msgspec.to_builtins(base)
    for change in changes:
        _set(plain, change)
    for name in without:
        _drop(plain, name)
    name = SHIPPED if config == SHIPPED else Path(config).stem
    said = [name, *changes, *(f"-{w}" for w in without)]
    return Settings(" ".join(said), SHIPPED, weights_from(plain))


def read_weights(path: Path) -> Weights:
    """Weights of a TOML or JSON file; what it leaves out is as shipped. Raises UsageError."""
    try:
        data = path.read_bytes()
    except OSError as e:
        from eval.baselines import BASELINES

        known = ", ".join([SHIPPED, *BASELINES])
        raise UsageError(f"no configuration is called {path}", f"known: {known}, or a file of weights") from e
    try:
        said = tomllib.loads(data.decode()) if path.suffix == ".toml" else msgspec.json.decode(data)
    except (UnicodeDecodeError, ValueError) as e:
        raise UsageError(f"{path}: {e}") from e
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
        return msgspec.convert(plain, Weights)
    except msgspec.ValidationError as e:
        raise UsageError(f"weights: {e}") from e


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
        raise UsageError(f"weights have no {name}", f"known: {', '.join(_names(plain))}")


def _drop(plain: dict[str, Any], name: str) -> None:
    """Set to 0 the voter of that name, or those of the group "name:" or "name_"; "routes.name" likewise."""
    group, dot, key = name.rpartition(".")
    table = plain.get(group if dot else "voters")
    found = (
        [k for k in table if k == key or k.startswith((key + ":", key + "_"))]
        if isinstance(table, dict)
        else []
    )
    if not dot and not found and isinstance(plain.get(name), int | float):
        plain[name] = 0.0
        return
    if not found:
        raise UsageError(f"there is no voter {name}", f"known: {', '.join(_names(plain))}")
    for k in found:
        plain[group if dot else "voters"][k] = 0.0


def _names(plain: Mapping[str, Any]) -> list[str]:
    return [f"{g}.{k}" for g, v in plain.items() if isinstance(v, dict) for k in v] + [
        g for g, v in plain.items() if isinstance(v, int | float)
    ]
