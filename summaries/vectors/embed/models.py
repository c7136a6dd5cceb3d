"""Embedders that are models: sentence-transformers here, or an OpenAI-compatible endpoint.

    st:FOLDER-OR-NAME                   st:sentence-transformers/all-MiniLM-L6-v2
    onnx:FOLDER                         the same weights without torch (summaries/vectors/embed/onnx.py)
    openai:MODEL[@URL][#VARIABLE]       openai:nomic-embed-text@http://localhost:11434/v1

The name says all that is needed and is recorded in the index; keys never are: VARIABLE is the environment
variable that holds one. Vectors are kept by content as they come, so an interrupted run goes on, and text that
stays the same is embedded once.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from summaries.errors import ModelError, with_extra
from summaries.llm.types import ModelSettings
from summaries.protocols import Embedder, Vector, Vectors
from summaries.vectors.embed.terms import unit

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BATCH = 8  # texts at once on a processor: more only add padding (measured: docs/models.md)
SENT = 128  # texts in one request
LONGEST = 8_000  # characters of a text that are embedded; models read less
FILE = "vectors.sqlite"


class Cached:
    """Vectors by content of text, in a file: what an embedder has seen it is not asked again."""

    def __init__(self, folder: Path, digest: str) -> None:
        self._path, self._digest = folder / FILE, digest

    def vectors(self, texts: Sequence[str], embedder: Batches) -> Vectors:
        """A row for every text; only unknown ones are embedded, and kept batch by batch."""
        keys = [
            hashlib.sha256(f"{self._digest}\0{t}".encode("utf-8", "replace")).digest()[:16] for t in texts
        ]
        found = self._read(keys)
        missing = {k: t for k, t in zip(keys, texts, strict=True) if k not in found}
        wanted = list(missing)
        for places, rows in embedder.batches(list(missing.values())):
            fresh = dict(zip((wanted[i] for i in places), rows, strict=True))
            found |= fresh
            self._keep(fresh)
        return np.stack([found[k] for k in keys]) if keys else np.zeros((0, embedder.dimension), np.float32)

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(self._path, timeout=60)
        db.execute("create table if not exists vector(key blob primary key, row blob) without rowid")
        return db

    def _read(self, keys: Sequence[bytes]) -> dict[bytes, Vector]:
        out: dict[bytes, Vector] = {}
        with suppress(sqlite3.Error, OSError, ValueError, TypeError):  # what cannot be read is embedded again
            db = self._open()
            for key in keys:
                row = db.execute("select row from vector where key = ?", (key,)).fetchone()
                if row:
                    out[key] = np.frombuffer(row[0], np.float32)
            db.close()
        return out

    def _keep(self, rows: dict[bytes, Vector]) -> None:
        with suppress(sqlite3.Error, OSError):  # on a read-only share vectors are only not kept
            db = self._open()
            with db:
                told = [(k, r.astype(np.float32).tobytes()) for k, r in rows.items()]
                db.executemany("insert or replace into vector values(?,?)", told)
            db.close()


class Batches:
    """What both kinds share: a cache, and unit rows."""

    name = ""
    dimension = 0
    digest = ""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def documents(self, texts: Sequence[str]) -> Vectors:
        """Vectors of summaries. Raises ModelError."""
        rows = Cached(self._folder, self.digest).vectors([t[:LONGEST] for t in texts], self)
        if len(rows):
            self.dimension = int(rows.shape[1])
        return rows

    def query(self, text: str) -> Vector:
        """Vector of a report. Raises ModelError."""
        _, rows = next(self.batches([text[:LONGEST]], question=True))
        first: Vector = rows[0]
        return first

    def batches(
        self, texts: Sequence[str], *, question: bool = False
    ) -> Iterator[tuple[Sequence[int], Vectors]]:
        """Unit rows of texts, some at a time, with their places among the texts."""
        raise NotImplementedError


class Local(Batches):
    """A sentence-transformers model, in bfloat16 where the processor computes in it."""

    def __init__(self, name: str, folder: Path) -> None:
        """Raises ModelError where the package or the model is missing."""
        super().__init__(folder)
        self.name = f"st:{name}"
        self._model = _loaded(name)
        self.dimension = int(self._model.get_embedding_dimension() or 0)
        self.digest = _digest(self._model, name)

    def batches(
        self, texts: Sequence[str], *, question: bool = False
    ) -> Iterator[tuple[Sequence[int], Vectors]]:
        """The shortest first, so that little is padded. Models that tell questions from documents are told."""
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        encode = self._model.encode_query if question else self._model.encode_document
        for i in range(0, len(order), SENT):
            places = order[i : i + SENT]
            made = encode(
                [texts[k] for k in places], batch_size=BATCH, show_progress_bar=False, convert_to_tensor=True
            )
            yield places, unit(made.float().cpu().numpy())

    def forecast(self, count: int) -> str:
        """What so many summaries take."""
        return (
            f"{count:,} summaries to embed with {self.name}: about {count / 60 / 60:.1f} minutes on two cores"
        )


class RemoteModel(Batches):
    """An endpoint. Secrets are taken out of every text before it goes."""

    def __init__(self, name: str, folder: Path) -> None:
        """Raises ModelError where the endpoint cannot be reached, or does not embed."""
        super().__init__(folder)
        from summaries.llm.http import client

        rest, _, variable = name.partition("#")
        self.model, _, url = rest.partition("@")
        self.name = f"openai:{name}"
        self._client = client(ModelSettings(self.model, url, variable)).with_options(max_retries=4)
        self.digest = hashlib.sha256(rest.encode()).hexdigest()[:16]
        self.dimension = 0

    def batches(
        self, texts: Sequence[str], *, question: bool = False
    ) -> Iterator[tuple[Sequence[int], Vectors]]:
        """One request a batch; the client itself waits and tries again, as the endpoint asks for."""
        from summaries.llm.http import named
        from summaries.redact import redact

        for i in range(0, len(texts), SENT):
            part = [redact(t).text or " " for t in texts[i : i + SENT]]
            try:
                got: Any = self._client.embeddings.create(
                    model=self.model, input=part, encoding_format="float"
                )
                rows = np.array([d.embedding for d in sorted(got.data, key=lambda d: d.index)], np.float32)
            except Exception as e:
                raise named(e) from e
            if rows.ndim != 2 or len(rows) != len(part):
                raise ModelError(f"{self.model} gave {len(rows)} vectors for {len(part)} texts")
            self.dimension = int(rows.shape[1])
            yield range(i, i + len(part)), unit(rows)

    def forecast(self, count: int) -> str:
        """What so many summaries take."""
        sent = f"about {count * 80:,} tokens in {-(-count // SENT):,} requests"
        return f"{count:,} summaries to embed with {self.name}: {sent}"


class ModelOpener:
    """Opens the model of one name."""

    def __init__(self, kind: Callable[[str, Path], Embedder], name: str) -> None:
        self._kind, self._name = kind, name

    def open(self, folder: Path) -> Embedder:
        """Open a model by its name. Raises ModelError."""
        return self._kind(self._name, folder)


def local(name: str) -> ModelOpener:
    """Open `st:NAME`, a sentence-transformers model."""
    return ModelOpener(Local, name)


def remote(name: str) -> ModelOpener:
    """Open `openai:MODEL[@URL][#VARIABLE]`, an endpoint."""
    return ModelOpener(RemoteModel, name)


def _loaded(name: str) -> SentenceTransformer:
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    folder = Path(name).expanduser()
    if folder.is_dir():
        os.environ["HF_HUB_OFFLINE"] = (
            "1"  # before its package is imported: nothing of a local model is fetched
        )
    try:
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging
    except ImportError as e:
        raise ModelError("the package `sentence-transformers` is not installed", with_extra("models")) from e
    quiet: Any = logging
    quiet.disable_progress_bar()
    kind = torch.bfloat16 if _computes_bfloat16() else torch.float32
    try:
        return SentenceTransformer(str(folder) if folder.is_dir() else name, device="cpu",
                                   model_kwargs={"dtype": kind})  # fmt: skip
    except Exception as e:  # packages below raise what they like
        raise ModelError(
            f"the model {name} cannot be loaded: {e}"[:300], "give a folder or a name of the hub"
        ) from e


def _computes_bfloat16() -> bool:
    try:
        return (
            "avx512_bf16" in Path("/proc/cpuinfo").read_text()
            or "amx_bf16" in Path("/proc/cpuinfo").read_text()
        )
    except OSError:
        return False


def _digest(model: SentenceTransformer, name: str) -> str:
    """Of the weights, so that another model in the same folder is told apart; of the first million of each."""
    seen = hashlib.sha256(name.rpartition("/")[2].encode())
    for key, tensor in sorted(model.state_dict().items()):
        part = tensor.flatten()[:: max(1, tensor.numel() // 1000)].float().cpu().numpy()
        seen.update(key.encode() + part.tobytes())
    return seen.hexdigest()[:16]
