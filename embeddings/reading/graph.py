"""A BERT encoder as an ONNX graph for ONNX Runtime, made from its weights without torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from embeddings.types import Vectors

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto

OPSET = 20  # the first with Gelu
_CONTRIBUTED = "com.microsoft"
_EPSILON = 1e-12
HEAD_WIDTH = 32


def encoder_graph(tensors: Mapping[str, Vectors]) -> ModelProto:
    """A graph from ``ids`` and ``types``, int64 of shape (1, t), to ``states``, float32 of shape
    (1, t, width).

    ``tensors`` are the float32 weights by their names in transformers' ``BertModel``, linear
    ones of shape (outputs, inputs). There is one sequence a run, so nothing is masked. The
    table of words is kept in bytes, each row with a scale of its own.

    Raises:
        KeyError: a weight is missing.
    """
    from onnx import TensorProto, helper

    maker = _Maker(tensors)
    maker.embed()
    layers = 1 + max(int(name.split(".")[2]) for name in tensors if name.startswith("encoder."))
    for layer in range(layers):
        maker.layer(layer)
    width = tensors["embeddings.LayerNorm.weight"].shape[0]
    integers = [
        helper.make_tensor_value_info(name, TensorProto.INT64, [1, "tokens"])
        for name in ("ids", "types")
    ]
    states = helper.make_tensor_value_info("states", TensorProto.FLOAT, [1, "tokens", width])
    maker.node("Identity", [maker.state], "states")
    graph = helper.make_graph(maker.nodes, "encoder", integers, [states], maker.constants)
    imports = [helper.make_opsetid("", OPSET), helper.make_opsetid(_CONTRIBUTED, 1)]
    return helper.make_model(graph, opset_imports=imports, ir_version=10)


class _Maker:
    """Nodes and constants of a graph; ``state`` names what the last layer made gives."""

    def __init__(self, tensors: Mapping[str, Vectors]) -> None:
        self.tensors = tensors
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self.state = ""

    def node(
        self,
        operator: str,
        inputs: list[str],
        output: str,
        *others: str,
        domain: str = "",
        **attributes: Any,
    ) -> str:
        from onnx import helper

        self.nodes.append(
            helper.make_node(operator, inputs, [output, *others], domain=domain, **attributes)
        )
        return output

    def constant(self, name: str, values: np.ndarray) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def embed(self) -> None:
        words = self.tensors["embeddings.word_embeddings.weight"]
        scales = np.abs(words).max(axis=1, keepdims=True) / 127
        scales[scales == 0] = 1
        rounded = np.rint(words / scales).astype(np.int8)
        rows = self.node("Gather", [self.constant("words", rounded), "ids"], "words.rows")
        scale = self.node("Gather", [self.constant("scales", scales), "ids"], "words.scales")
        floats = self.node("Cast", [rows], "words.cast", to=1)
        found = self.node("Mul", [floats, scale], "words.found")
        table = self.constant(
            "types.table", self.tensors["embeddings.token_type_embeddings.weight"]
        )
        types = self.node("Gather", [table, "types"], "types.found")
        # Positions are the first rows of their table, as many as there are tokens.
        table = self.constant("places", self.tensors["embeddings.position_embeddings.weight"])
        shape = self.node("Shape", ["ids"], "ids.shape", start=1, end=2)
        zero = self.constant("zero", np.array([0], dtype=np.int64))
        places = self.node("Slice", [table, zero, shape, zero], "places.found")
        total = self.node("Add", [self.node("Add", [found, types], "sum.1"), places], "sum.2")
        self.state = self.normalise(total, "embeddings.LayerNorm")

    def layer(self, number: int) -> None:
        name = f"encoder.layer.{number}"
        own = f"{name}.attention.self"
        joined = {
            part: np.concatenate(
                [self.tensors[f"{own}.{each}.{part}"] for each in ("query", "key", "value")]
            )
            for part in ("weight", "bias")
        }
        mixed = self.linear(self.state, own, joined["weight"], joined["bias"])
        parts = [f"{own}.{each}" for each in ("q", "k", "v")]
        self.node("Split", [mixed], parts[0], *parts[1:], axis=2, num_outputs=3)
        heads = joined["weight"].shape[1] // HEAD_WIDTH
        attended = self.node(
            "MultiHeadAttention", parts, f"{own}.out", domain=_CONTRIBUTED, num_heads=heads
        )
        out = self.dense(attended, f"{name}.attention.output.dense")
        added = self.node("Add", [out, self.state], f"{name}.attention.sum")
        state = self.normalise(added, f"{name}.attention.output.LayerNorm")
        inner = self.dense(state, f"{name}.intermediate.dense")
        bent = self.node("Gelu", [inner], f"{name}.gelu")
        out = self.dense(bent, f"{name}.output.dense")
        added = self.node("Add", [out, state], f"{name}.sum")
        self.state = self.normalise(added, f"{name}.output.LayerNorm")

    def dense(self, inputs: str, name: str) -> str:
        return self.linear(
            inputs, name, self.tensors[f"{name}.weight"], self.tensors[f"{name}.bias"]
        )

    def linear(self, inputs: str, name: str, weight: Vectors, bias: Vectors) -> str:
        product = self.node(
            "MatMul", [inputs, self.constant(f"{name}.w", weight.T)], f"{name}.product"
        )
        return self.node("Add", [product, self.constant(f"{name}.bias", bias)], f"{name}.linear")

    def normalise(self, inputs: str, name: str) -> str:
        scale = self.constant(f"{name}.scale", self.tensors[f"{name}.weight"])
        shift = self.constant(f"{name}.shift", self.tensors[f"{name}.bias"])
        return self.node(
            "LayerNormalization", [inputs, scale, shift], f"{name}.out", epsilon=_EPSILON
        )
