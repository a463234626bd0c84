"""Weights out of torch's pickles, checked against a network, and written as plain files."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

from polyculture.core.errors import StarterError, need

if TYPE_CHECKING:
    from torch import Tensor, nn


def read_pickle(file: Path) -> dict[str, Any]:
    """What a pickle of weights holds. Nothing in it is run: only tensors and plain values load.

    Raises:
        StarterError: The file is no such pickle, or wants to run something.
    """
    torch = need("torch", extra="train", purpose="Reading a model's weights")
    try:
        found = torch.load(file, weights_only=True, map_location="cpu")
    except (UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        msg = f"{file.name} cannot be read as weights alone: {reason}"
        raise StarterError(msg) from error
    if not isinstance(found, dict):
        msg = f"{file.name} should hold weights by name, but holds a {type(found).__name__}."
        raise StarterError(msg)
    return found


def refuse_misfits(weights: "Mapping[str, Tensor]", network: "nn.Module", source: str) -> None:
    """Hold names and shapes of weights against those of a network.

    Raises:
        StarterError: A weight is missing, unknown or of another shape; the message names it.
    """
    expected = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    if odd := sorted(weights.keys() ^ expected.keys()):
        state = "lacks the weight" if odd[0] in expected else "holds an unknown weight"
        msg = f"{source} {state} {odd[0]!r}, so it is not the model that was expected."
        raise StarterError(msg)
    for name, shape in expected.items():
        if tuple(weights[name].shape) != shape:
            msg = (
                f"{source}: the weight {name!r} should have the shape {shape}, but has "
                f"{tuple(weights[name].shape)}."
            )
            raise StarterError(msg)


def without_numbers(make: "Callable[[], nn.Module]") -> "nn.Module":
    """Build a network of shapes alone, which costs neither time nor memory."""
    torch = need("torch", extra="train", purpose="Building a model")
    with torch.device("meta"):
        return make()


def write_model(folder: Path, weights: "Mapping[str, Tensor]", config: Mapping[str, Any]) -> None:
    """Write ``model.safetensors`` (floats as float32) and ``config.json``."""
    from safetensors.torch import save_file

    plain = {
        # a clone of its own: a pickle may hold several weights in one piece of memory
        name: (value.float() if value.is_floating_point() else value).contiguous().clone()
        for name, value in weights.items()
    }
    save_file(plain, folder / "model.safetensors", metadata={"format": "pt"})
    write_json(folder / "config.json", {"dtype": "float32"} | dict(config))


def write_json(file: Path, value: Mapping[str, Any]) -> None:
    """Write settings, readable by people."""
    file.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")
