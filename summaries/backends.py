"""Backends by name: an alias of the tables below, or the dotted path `package.module:thing` of somebody's own."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from summaries.errors import ModelError, UsageError
from summaries.protocols import Embedder, Learner, Opener, VectorStore

EMBEDDERS: Mapping[str, str] = {
    "lsa": "summaries.vectors.embed.lsa:Lsa",
    "hash": "summaries.vectors.embed.hash:Hash",
}
VECTORS: Mapping[str, str] = {
    "chroma": "summaries.vectors.chroma:embedded",
    "chroma-http": "summaries.vectors.chroma_server:server",
    "exact": "summaries.vectors.exact:Exact",
}


MODELS: Mapping[str, str] = {
    "st": "summaries.vectors.embed.models:local",
    "onnx": "summaries.vectors.embed.onnx:onnx",
    "openai": "summaries.vectors.embed.models:remote",
}


def embedder(name: str, folder: Path) -> Embedder:
    """Open an embedder; `folder` holds what it learnt. Raises UsageError for an unknown name, ModelError."""
    return opener(name).open(folder)


def opener(name: str) -> Opener:
    """The function that opens an embedder of that name."""
    kind, colon, rest = name.partition(":")
    if colon and kind in MODELS:
        return cast(Opener, load(MODELS[kind], EMBEDDERS, "embedder")(rest))
    return cast(Opener, load(name, EMBEDDERS, "embedder"))


def learner(name: str) -> Learner | None:
    """The embedder, if it is one that learns."""
    found = opener(name)
    return cast(Learner, found) if hasattr(found, "learn") else None


def vectors(name: str, root: Path) -> VectorStore:
    """Open a vector store by alias, URL of a Chroma server or dotted path; `root` is the index."""
    if name.startswith(("http://", "https://")):
        return cast(VectorStore, load("chroma-http", VECTORS, "vector store")(name))
    return cast(VectorStore, load(name, VECTORS, "vector store")(root))


def load(name: str, aliases: Mapping[str, str], what: str) -> Any:
    """The object that a name stands for. Raises UsageError that lists what there is."""
    path = aliases.get(name, name)
    module, colon, attribute = path.partition(":")
    if not colon or not attribute:
        known = ", ".join(aliases)
        raise UsageError(f"no {what} is called {name!r}", f"there are {known}, or package.module:name")
    try:
        return getattr(import_module(module), attribute)
    except ImportError as e:
        raise ModelError(f"the {what} {name} cannot be loaded: {e}", "is its package installed?") from e
    except AttributeError as e:
        raise UsageError(f"{module} has no {attribute}", f"check the {what}'s dotted path") from e
