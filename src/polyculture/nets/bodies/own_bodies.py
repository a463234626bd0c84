"""Network bodies that transformers has no class for, recognised by their folders."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from polyculture.core.errors import ModelError
from polyculture.nets.bodies import convolutional, efficientnet, patches, resnet, tdnn
from polyculture.nets.bodies.convolutional import ConvolutionalText
from polyculture.nets.bodies.efficientnet import EfficientNetLiteBody
from polyculture.nets.bodies.patches import PatchTransformer
from polyculture.nets.bodies.resnet import SmallResNet
from polyculture.nets.bodies.tdnn import Tdnn
from polyculture.nets.efficiency.embedding import input_table
from polyculture.nets.saved.configuration import CONFIG, reason_of
from polyculture.nets.saved.weights_fit import refuse_misfits
from polyculture.store.weight_files import Stored, read_object

OwnBody = ConvolutionalText | SmallResNet | EfficientNetLiteBody | PatchTransformer | Tdnn
BY_MODEL_TYPE: dict[str, type[SmallResNet | EfficientNetLiteBody | PatchTransformer | Tdnn]] = {
    resnet.MODEL_TYPE: SmallResNet,
    efficientnet.MODEL_TYPE: EfficientNetLiteBody,
    patches.MODEL_TYPE: PatchTransformer,
    tdnn.MODEL_TYPE: Tdnn,
}
BATCHES = "num_batches_tracked"
"""A count that batch normalisation keeps, and that changes no output."""


def own_body(folder: Path) -> type[OwnBody] | None:
    """The class of a folder's body, where it is one of ours."""
    if (folder / convolutional.FILE).is_file():
        return ConvolutionalText
    settings = folder / CONFIG
    kind = read_object(settings).get("model_type") if settings.is_file() else None
    return BY_MODEL_TYPE.get(kind) if isinstance(kind, str) else None


def check_own_body(folder: Path, kind: type[OwnBody], stored: Mapping[str, Stored]) -> int | None:
    """Check that the files hold all weights of a body of ours.

    Returns:
        Rows of its table of tokens; None if it has no such table.

    Raises:
        ModelError: The sizes make no network, or a weight is missing or of another shape.
    """
    file = folder / (convolutional.FILE if kind is ConvolutionalText else CONFIG)
    read_object(file)
    try:
        with torch.device("meta"):
            planned = kind.of_folder(folder)
    except Exception as error:
        msg = f"{file} makes no network: {reason_of(error)}."
        raise ModelError(msg) from error
    needed = {
        name: tuple(tensor.shape)
        for name, tensor in planned.state_dict().items()
        if not name.endswith(BATCHES)
    }
    shapes = {name: tensor.shape for name, tensor in stored.items()}
    other = {n: shapes[n] for n in needed.keys() & shapes.keys() if shapes[n] != needed[n]}
    refuse_misfits(folder, needed, needed.keys() - shapes.keys(), other)
    table = input_table(planned)
    return table.num_embeddings if isinstance(table, nn.Embedding) else None
