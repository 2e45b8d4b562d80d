"""A network as an ONNX file, and the same with smaller weights: opset 18, one graph, no code.

Only weights are made smaller; every value is computed in float32. float16 weights are cast back by
the runtime; int8 ones have one scale per output channel (DequantizeLinear), largest value to 127.
Needs the extra `serve`.
"""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from torch import nn

if TYPE_CHECKING:
    import torch

OPSET = 18
NAMES = ("float32", "float16", "int8")
SMALL = 1024  # values: what is smaller stays float32
INPUT = "picture"


def write(
    model: nn.Module,
    example: "torch.Tensor",
    path: Path,
    *,
    outputs: Sequence[str],
    batched: bool = False,
) -> None:
    """Write a network of one input to `path`, weights in float32.

    Args:
        model: takes `example`.
        example: an input of the right type and shape; its values do not matter.
        path: of the file; its folder is made.
        outputs: names of what the network returns.
        batched: the first axis may have any length; `example` needs two rows or more then.
    """
    import torch

    path.parent.mkdir(parents=True, exist_ok=True)
    shapes = ({0: torch.export.Dim("n", max=4096)},) if batched else None
    with warnings.catch_warnings():  # the exporter's own use of what torch and copyreg deprecate
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            model.eval(), (example,), input_names=[INPUT], output_names=list(outputs),
            dynamic_shapes=shapes, opset_version=OPSET, dynamo=True, verbose=False,
        )  # fmt: skip
    program.save(str(path), external_data=False)
    _forget_names(path)


def shrink(source: Path, path: Path, weights: str) -> None:
    """Write a float32 file anew with its large weights as float16 or int8.

    Args:
        source: of `write`.
        path: of the new file.
        weights: "float16" or "int8"; "float32" copies.
    """
    import onnx
    from onnx import numpy_helper

    model = onnx.load(source)
    kept, more = [], []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if weights == "float32" or values.dtype != np.float32 or values.size < SMALL:
            kept.append(tensor)
            continue
        stored, nodes = _half(tensor.name, values) if weights == "float16" else _int8(
            tensor.name, values
        )  # fmt: skip
        kept += stored
        more += nodes
    nodes = [*more, *model.graph.node]
    for field, values in ((model.graph.initializer, kept), (model.graph.node, nodes)):
        del field[:]
        field.extend(values)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def _half(name: str, values: np.ndarray) -> tuple[list, list]:
    from onnx import TensorProto, helper, numpy_helper

    stored = numpy_helper.from_array(values.astype(np.float16), f"{name}_half")
    return [stored], [helper.make_node("Cast", [stored.name], [name], to=TensorProto.FLOAT)]


def _int8(name: str, values: np.ndarray) -> tuple[list, list]:
    """Return weights (out, ...) as int8 with a scale for every output channel, symmetric."""
    from onnx import helper, numpy_helper

    largest = np.abs(values).reshape(len(values), -1).max(axis=1)
    scale = np.maximum(largest, np.finfo(np.float32).tiny * 127).astype(np.float32) / 127
    broad = scale.reshape(-1, *[1] * (values.ndim - 1))
    whole = np.clip(np.rint(values / broad), -127, 127).astype(np.int8)
    parts = {"int8": whole, "scale": scale, "zero": np.zeros(len(values), np.int8)}
    stored = [numpy_helper.from_array(v, f"{name}_{part}") for part, v in parts.items()]
    inputs = [tensor.name for tensor in stored]
    return stored, [helper.make_node("DequantizeLinear", inputs, [name], axis=0)]


def _forget_names(path: Path) -> None:
    """Drop what the exporter notes about code: paths of this machine, of no use to a reader."""
    import onnx

    model = onnx.load(path)
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    del model.graph.value_info[:], model.metadata_props[:], model.graph.metadata_props[:]
    del model.functions[:]
    onnx.save(model, path)
