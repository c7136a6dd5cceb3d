"""`onnx:FOLDER`: a sentence-transformers model without torch, on onnxruntime, which Chroma brings along.

FOLDER is as published. If it has an ONNX file, that is run; else a BERT model's weights are made into one and
its matrices rounded to 8 bits, once (the package `onnx` is needed for that). Texts go one by one: rounding at run
time looks at all texts of a batch, and a vector must depend on its own text only. Measured in docs/models.md.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from summaries.errors import ModelError
from summaries.protocols import Vectors
from summaries.vectors.embed.models import SENT, Batches, ModelOpener
from summaries.vectors.embed.terms import unit

NAMES = ("onnx/model_qint8_avx512_vnni.onnx", "onnx/model_qint8_avx512.onnx", "onnx/model_quantized.onnx",
         "onnx/model.onnx", "model.onnx")  # fmt: skip


class Onnx(Batches):
    """Mean-pooled token vectors, as MiniLM and its kin are used."""

    def __init__(self, name: str, folder: Path) -> None:
        """Raises ModelError where the model cannot be read, or made into ONNX."""
        super().__init__(folder)
        self.name = f"onnx:{name}"
        model = Path(name).expanduser()
        if not (model / "tokenizer.json").is_file():
            raise ModelError(
                f"{model} has no tokenizer.json", "give the folder of a sentence-transformers model"
            )
        file = next((model / n for n in NAMES if (model / n).is_file()), None) or _exported(model, folder)
        try:
            self._run, self._inputs = _session(file)
            self._tokens = _tokenizer(model)
        except Exception as e:  # packages below raise what they like
            raise ModelError(f"{file} cannot be run: {e}"[:300]) from e
        self.digest = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
        self.dimension = len(self._vector("a"))

    def batches(
        self, texts: Sequence[str], *, question: bool = False
    ) -> Iterator[tuple[Sequence[int], Vectors]]:
        """One text at a time; they come in groups, so that a run that stops has kept some."""
        for i in range(0, len(texts), SENT):
            part = texts[i : i + SENT]
            yield range(i, i + len(part)), unit(np.stack([self._vector(t) for t in part]))

    def forecast(self, count: int) -> str:
        """What so many summaries take."""
        return (
            f"{count:,} summaries to embed with {self.name}: about {count / 100 / 60:.1f} minutes on one core"
        )

    def _vector(self, text: str) -> NDArray[np.float32]:
        got = self._tokens.encode(text)
        values = {"input_ids": got.ids, "attention_mask": got.attention_mask, "token_type_ids": got.type_ids}
        fed = {n: np.array([values[n]], np.int64) for n in self._inputs}
        out: NDArray[np.float32] = self._run.run(None, fed)[0]
        mean: NDArray[np.float32] = out[0].mean(0) if out.ndim == 3 else out[0]
        return mean


def _session(file: Path) -> tuple[Any, list[str]]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = max(1, int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1))
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    return session, [i.name for i in session.get_inputs()]


def _tokenizer(model: Path) -> Any:
    from tokenizers import Tokenizer

    found = Tokenizer.from_file(str(model / "tokenizer.json"))
    limits = model / "sentence_bert_config.json"
    longest = json.loads(limits.read_text()).get("max_seq_length") if limits.is_file() else None
    found.enable_truncation(int(longest or 256))
    found.no_padding()
    return found


def _exported(model: Path, folder: Path) -> Path:
    """The 8-bit ONNX file of a BERT model's weights, made once."""
    weights = model / "model.safetensors"
    if not weights.is_file():
        raise ModelError(f"{model} has neither ONNX file nor model.safetensors", f"use st:{model}")
    seen = hashlib.sha256(weights.read_bytes()).hexdigest()[:16]
    out = folder / f"{seen}-int8.onnx"
    if not out.exists():
        from summaries.vectors.embed.onnx_export import export

        folder.mkdir(parents=True, exist_ok=True)
        export(model, out)
    return out


def onnx(name: str) -> ModelOpener:
    """Open `onnx:FOLDER`, a model that runs without torch."""
    return ModelOpener(Onnx, name)
