"""Settings: one table, and four places that fill it, each over the one before.

defaults  <  bugatlas.toml (of the working directory, or --config FILE)  <  BUGATLAS_...  <  -c KEY=VALUE
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from summaries.config_models import Models
from summaries.errors import UsageError, did_you_mean
from summaries.index.open_files import Room

FILE = "bugatlas.toml"
PREFIX = "BUGATLAS_"


class Settings(Models, frozen=True, forbid_unknown_fields=True):
    """Everything that can be set. Types, bounds, defaults and texts make `docs/config.md`."""

    jobs: Annotated[int, Meta(ge=0, le=1024, description="Processes that index; 0 is one for each core.")] = 0
    engine: Annotated[
        str,
        Meta(
            description="Where repositories are indexed: `processes` of this machine, `dask`, or the address of "
            "a Dask scheduler (`tcp://host:8786`)."
        ),
    ] = "processes"
    max_bytes: Annotated[
        int, Meta(ge=1000, le=100_000_000, description="Larger files are skipped as `too large`.")
    ] = 1_000_000
    fetch: Annotated[bool, Meta(description="Bring clones of URLs up to date before indexing.")] = True
    embedder: Annotated[
        str,
        Meta(
            description="What turns summaries into vectors: an alias (`lsa`, `hash`), a dotted path "
            "`package.module:function`, or `none`."
        ),
    ] = "lsa"
    vectors: Annotated[
        str,
        Meta(
            description="Where summaries and vectors are kept: `chroma` (inside the index), the URL of a "
            "Chroma server, `exact` (one small file, no server), a dotted path, or `none`."
        ),
    ] = "chroma"
    open_repositories: Annotated[
        int,
        Meta(
            ge=1,
            le=100_000,
            description="Repositories that a service or an agent's server holds open at a time; the longest unused "
            "is let go.",
        ),
    ] = 4096
    open_megabytes: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            description="Memory, in MB and by estimate, that what it holds open may come to; the longest unused is "
            "let go.",
        ),
    ] = 512
    people: Annotated[
        bool,
        Meta(
            description="Names beside an answer: who owns a place (CODEOWNERS) and who changed it last. `false` shows none "
            "and, when indexing, keeps none. No name is ever part of a model's prompt."
        ),
    ] = True
    stale: Annotated[
        Literal["warn", "ignore", "fail"],
        Meta(
            description="What to do where a clone has moved on since it was indexed: `warn` in the answer, `ignore` it, or "
            "`fail`."
        ),
    ] = "warn"
    redact_agents: Annotated[
        bool,
        Meta(
            description="Take secrets out of what coding agents are answered over MCP, as out of prompts: for agents "
            "whose model somebody else hosts. Needs `detect-secrets`."
        ),
    ] = False
    voters: Annotated[
        Mapping[str, float],
        Meta(
            description="Weights of voters over the shipped ones, as `-c voters.body=0`; 0 switches one off."
        ),
    ] = {}

    @property
    def room(self) -> Room:
        """How much a service holds open."""
        return Room(self.open_repositories, self.open_megabytes)


class Setting(Struct, frozen=True):
    """One row of the table, for people."""

    name: str
    type: str
    default: str
    variable: str  # "" for a table, which has no environment variable
    text: str


def load(
    file: Path | None = None, assignments: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> Settings:
    """Merge all sources, the last named winning. Raises UsageError with the source and the setting."""
    env = os.environ if environment is None else environment
    names = Settings.__struct_fields__
    tables = {t.name for t in table() if not t.variable}
    variables = {n: env[PREFIX + n.upper()] for n in names if n not in tables and PREFIX + n.upper() in env}
    layers: list[tuple[str, Mapping[str, Any]]] = [_file(file)]
    layers += [(PREFIX + n.upper(), {n: v}) for n, v in variables.items()]
    layers += [(f"-c {a}", _assigned(a)) for a in assignments]
    merged: dict[str, Any] = {}
    for origin, layer in layers:
        _checked(layer, origin)
        for name, value in layer.items():
            merged[name] = {**merged.get(name, {}), **value} if isinstance(value, Mapping) else value
    return _checked(merged, "settings")


def _file(file: Path | None) -> tuple[str, Mapping[str, Any]]:
    path = file or Path(FILE)
    try:
        text = path.read_bytes().decode("utf-8")
        import tomllib

        table = tomllib.loads(text)
    except FileNotFoundError:
        if file is None:
            return FILE, {}
        raise UsageError(f"there is no {file}") from None
    except (OSError, ValueError) as e:
        raise UsageError(f"cannot read {path}: {e}") from e
    if file is None:
        # The working directory may be a checkout that nobody vouches for: it must not load code or connect.
        for name, value in table.items():
            told = isinstance(value, str) and not value.replace("-", "").isalnum()
            if told or (name in Models.__struct_fields__ and name != "offline"):
                hint = f"give it yourself: --config {FILE}, or -c {name}={value}"
                raise UsageError(
                    f"{FILE} of the working directory may not set {name} to {str(value)[:80]!r}", hint
                )
    return str(path), table


def _assigned(text: str) -> Mapping[str, Any]:
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise UsageError(f"-c {text}: expected KEY=VALUE")
    name, dot, inner = key.strip().partition(".")
    return {name: {inner: value}} if dot else {name: value}


def _checked(layer: Mapping[str, Any], origin: str) -> Settings:
    names = Settings.__struct_fields__
    for name in layer:
        if name not in names:
            hint = did_you_mean(get_close_matches(name, names, 1)) or f"there are {', '.join(names)}"
            raise UsageError(f"{origin}: no setting is called {name[:80]}", hint)
    try:
        return msgspec.convert(dict(layer), Settings, strict=False)
    except msgspec.ValidationError as e:
        raise UsageError(f"{origin}: {e}") from e


def table() -> list[Setting]:
    """All settings, in the order of the struct."""
    schema: dict[str, Any] = msgspec.json.schema(Settings)["$defs"]["Settings"]["properties"]
    rows = []
    for name, about in sorted(schema.items(), key=lambda s: s[0] in Models.__struct_fields__):
        nested = about.get("type") == "object"
        default = msgspec.json.encode(about["default"]).decode() if about.get("default") != {} else ""
        kind = _tabular(about) if nested else _bounded(about)
        rows.append(
            Setting(name, kind, default, "" if nested else PREFIX + name.upper(), about["description"])
        )
    return rows


def _tabular(about: Mapping[str, Any]) -> str:
    return "table of numbers" if about.get("additionalProperties", {}).get("type") == "number" else "table"


def _bounded(about: Mapping[str, Any]) -> str:
    if "enum" in about:
        return " or ".join(f"`{e}`" if e else "empty" for e in about["enum"])
    bounds = [f"{about[k]:,}" for k in ("minimum", "maximum") if k in about]
    if len(bounds) == 1:
        return f"{about['type']}, {bounds[0]} or more"
    return f"{about['type']}, {' to '.join(bounds)}" if bounds else str(about["type"])


def options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a click command `--config`, `-c` and `--offline`; it is called with `settings=Settings(...)`."""
    import click

    @click.option("--config", "config_file", type=click.Path(path_type=Path), metavar="FILE",
                  help=f"Read settings from FILE.  [default: {FILE} of the working directory]")  # fmt: skip
    @click.option(
        "-c", "assignments", multiple=True, metavar="KEY=VALUE", help="Override one setting. Repeatable."
    )
    @click.option("--offline", is_flag=True, help="Refuse every network connection.")
    @wraps(command)
    def run(
        *args: Any,
        config_file: Path | None = None,
        assignments: tuple[str, ...] = (),
        offline: bool = False,
        **others: Any,
    ) -> None:
        settings = load(config_file, [*assignments, *(["offline=true"] if offline else [])])
        if settings.offline:
            from summaries.network import refuse_network

            refuse_network()
        command(*args, settings=settings, **others)

    return run
