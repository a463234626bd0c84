"""An EfficientNet-Lite0 out of a pickle; ``nets/bodies/efficientnet.py`` opens the result.

The package names its blocks ``_blocks.0`` and their parts by what the TensorFlow code called them;
a block's norms are counted from 0, or from 1 in the first block, which does not widen.
"""

import re
from pathlib import Path

from polyculture.core.errors import StarterError
from polyculture.sources.starter.tensors import (
    read_pickle,
    refuse_misfits,
    without_numbers,
    write_model,
)

TOP = {
    "_conv_stem": "stem",
    "_bn0": "stem_norm",
    "_conv_head": "top",
    "_bn1": "top_norm",
    "_fc": "classifier",
}
PARTS = {
    "_expand_conv": "expand",
    "_bn0": "expand_norm",
    "_depthwise_conv": "depthwise",
    "_bn1": "depthwise_norm",
    "_project_conv": "project",
    "_bn2": "project_norm",
}
NAME = re.compile(r"(?:_blocks\.(?P<block>\d+)\.)?(?P<part>\w+)\.(?P<weight>\w+)")
SEEING = {"image_size": 224, "image_mean": 127, "image_scale": 128}
"""A picture goes in as (value - mean) / scale, three channels from 0 to 255."""


def convert(members: Path, folder: Path) -> tuple[str, ...]:
    """Write configuration and weights.

    Raises:
        StarterError: The weights are not those of an EfficientNet-Lite0.
    """
    from polyculture.nets.bodies.efficientnet import MODEL_TYPE, EfficientNetLite

    (file,) = members.glob("*.pth")
    weights = {our_name(name, file.name): value for name, value in read_pickle(file).items()}
    classes = len(weights["classifier.bias"]) if "classifier.bias" in weights else 0
    network = without_numbers(lambda: EfficientNetLite(classes))
    refuse_misfits(weights, network, file.name)
    write_model(folder, weights, {"model_type": MODEL_TYPE, "classes": classes, **SEEING})
    return ("The package names no classes: they are those of ImageNet-1k, in the usual order.",)


def our_name(name: str, source: str = "the file") -> str:
    """The name of a weight in our network.

    Raises:
        StarterError: No part of the network is called so.

    Example:
        >>> our_name("_blocks.1._bn0.running_mean"), our_name("_conv_head.weight")
        ('blocks.1.expand_norm.running_mean', 'top.weight')
    """
    found = NAME.fullmatch(name)
    parts = TOP if found is None or found["block"] is None else PARTS
    if found is None or found["part"] not in parts:
        msg = f"{source} holds an unknown weight {name!r}, so it is not the model expected."
        raise StarterError(msg)
    block = "" if found["block"] is None else f"blocks.{found['block']}."
    return f"{block}{parts[found['part']]}.{found['weight']}"
