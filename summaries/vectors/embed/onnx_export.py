"""A BERT encoder's weights as an ONNX graph, matrices rounded to 8 bits. No torch: 200 lines of a framework less.

Devlin et al., "BERT", NAACL 2019; the graph is its encoder, without the pooler. Attention is masked by adding a
large negative number. Rounding: dynamic, per channel, signed (onnxruntime's `quantize_dynamic`).
"""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from summaries.errors import ModelError
from summaries.fs import replacing

OPSET, IR = 17, 9  # what onnxruntime reads since 1.14
MASKED = -1e4


def export(model: Path, out: Path) -> None:
    """Write `out`. Raises ModelError for other architectures, and where the package `onnx` is missing."""
    try:
        import onnx
        from onnxruntime.quantization import QuantType, quantize_dynamic
    except ImportError as e:
        hint = f"pip install onnx, or use st:{model}"
        raise ModelError(f"the package onnx is needed to make ONNX out of {model}", hint) from e
    from safetensors.numpy import load_file

    config = json.loads((model / "config.json").read_text())
    if config.get("model_type") != "bert" or config.get("hidden_act") != "gelu":
        raise ModelError(f"{model} is no BERT encoder", f"use st:{model}")
    graph = _Graph(load_file(model / "model.safetensors"), config)
    with TemporaryDirectory(prefix="bugatlas-onnx-") as folder, replacing(out) as part:
        whole = Path(folder) / "whole.onnx"
        onnx.save(graph.model(), whole)
        quantize_dynamic(whole, part, weight_type=QuantType.QInt8, per_channel=True)


class _Graph:
    """Nodes and constants, added one after another; a name stands for each value."""

    def __init__(self, weights: dict[str, NDArray[Any]], config: dict[str, Any]) -> None:
        self.weights = {k.removeprefix("bert."): v for k, v in weights.items()}
        self.epsilon, self.heads, self.size = (
            float(config["layer_norm_eps"]), int(config["num_attention_heads"]), int(config["hidden_size"])
        )  # fmt: skip
        self.layers = int(config["num_hidden_layers"])
        self.nodes: list[Any] = []
        self.constants: dict[str, NDArray[Any]] = {}

    def model(self) -> Any:
        """The whole: token ids and mask to token vectors."""
        import onnx
        from onnx import TensorProto, helper, numpy_helper

        x = self._embedded()
        mask = self._add("Cast", ["attention_mask"], to=TensorProto.FLOAT)
        wide = self._add("Unsqueeze", [mask, self._constant("axes", np.array([1, 2]))])
        barred = self._add("Sub", [self._constant("one", np.float32(1)), wide])
        bias = self._add("Mul", [barred, self._constant("masked", np.float32(MASKED))])
        for n in range(self.layers):
            x = self._layer(x, bias, f"encoder.layer.{n}.")
        self.nodes.append(helper.make_node("Identity", [x], ["tokens"]))
        inputs = [helper.make_tensor_value_info(n, TensorProto.INT64, ["b", "s"])
                  for n in ("input_ids", "attention_mask")]  # fmt: skip
        output = helper.make_tensor_value_info("tokens", TensorProto.FLOAT, ["b", "s", self.size])
        held = [numpy_helper.from_array(np.ascontiguousarray(a), n) for n, a in self.constants.items()]
        graph = helper.make_graph(self.nodes, "bert", inputs, [output], held)
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
        onnx.checker.check_model(made)
        return made

    def _embedded(self) -> str:
        w = self.weights
        shape = self._add("Shape", ["input_ids"])
        length = self._add("Gather", [shape, self._constant("second", np.array([1]))])
        words = self._constant("words", w["embeddings.word_embeddings.weight"])
        place = w["embeddings.position_embeddings.weight"] + w["embeddings.token_type_embeddings.weight"][0]
        zero, first = self._constant("zero", np.array([0])), self._constant("first", np.array([0]))
        places = self._add("Slice", [self._constant("places", place), zero, length, first])
        both = self._add("Add", [self._add("Gather", [words, "input_ids"]), places])
        return self._normed(both, "embeddings.LayerNorm")

    def _layer(self, x: str, bias: str, p: str) -> str:
        split = self._constant("split", np.array([0, 0, self.heads, self.size // self.heads]))
        joined = self._constant("joined", np.array([0, 0, self.size]))

        def heads(name: str, order: list[int]) -> str:
            made = self._add("Reshape", [self._linear(x, f"{p}attention.self.{name}"), split])
            return self._add("Transpose", [made], perm=order)

        query, key, value = (
            heads("query", [0, 2, 1, 3]),
            heads("key", [0, 2, 3, 1]),
            heads("value", [0, 2, 1, 3]),
        )
        root = self._constant("root", np.float32((self.size // self.heads) ** 0.5))
        scores = self._add("Div", [self._add("MatMul", [query, key]), root])
        shares = self._add("Softmax", [self._add("Add", [scores, bias])], axis=-1)
        mixed = self._add("Transpose", [self._add("MatMul", [shares, value])], perm=[0, 2, 1, 3])
        told = self._linear(self._add("Reshape", [mixed, joined]), p + "attention.output.dense")
        x = self._normed(self._add("Add", [told, x]), p + "attention.output.LayerNorm")
        y = self._linear(x, p + "intermediate.dense")
        scaled = self._add("Div", [y, self._constant("sqrt2", np.float32(2**0.5))])
        raised = self._add("Add", [self._add("Erf", [scaled]), self._constant("one", np.float32(1))])
        half = self._constant("half", np.float32(0.5))
        gelu = self._add("Mul", [self._add("Mul", [y, raised]), half])
        return self._normed(
            self._add("Add", [self._linear(gelu, p + "output.dense"), x]), p + "output.LayerNorm"
        )

    def _linear(self, x: str, name: str) -> str:
        weight = self._constant(name + ".w", self.weights[name + ".weight"].T)
        return self._add(
            "Add",
            [self._add("MatMul", [x, weight]), self._constant(name + ".b", self.weights[name + ".bias"])],
        )

    def _normed(self, x: str, name: str) -> str:
        scale = self._constant(name + ".w", self.weights[name + ".weight"])
        shift = self._constant(name + ".b", self.weights[name + ".bias"])
        return self._add("LayerNormalization", [x, scale, shift], epsilon=self.epsilon, axis=-1)

    def _constant(self, name: str, value: Any) -> str:
        made = np.asarray(value)
        self.constants[name] = made.astype(np.int64) if made.dtype.kind == "i" else made.astype(np.float32)
        return name

    def _add(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        from onnx import helper

        name = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name
