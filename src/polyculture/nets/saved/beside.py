"""Weights of ours that lie beside a plain model in its folder: a head, or what was added to it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from polyculture.core.errors import ModelError
from polyculture.nets.saved.weights_fit import tensors_of
from polyculture.store.weight_files import header_of


def read_beside(
    file: Path, needed: Mapping[str, Sequence[int]], what: str
) -> dict[str, torch.Tensor]:
    """The tensors of a file that a run's recipe asks for.

    Args:
        file: Where they lie.
        needed: Their names and shapes.
        what: What they are, for messages: ``"head"``.

    Raises:
        ModelError: They are missing, damaged, or of other names or sizes.
    """
    if not file.is_file():
        msg = f"{file.parent} lacks {file.name}, the weights of its {what}. Train the run again."
        raise ModelError(msg)
    wanted = {name: tuple(shape) for name, shape in needed.items()}
    shapes = {name: tensor.shape for name, tensor in header_of(file).items()}
    if shapes != wanted:
        name = next(n for n in (*wanted, *shapes) if wanted.get(n) != shapes.get(n))
        here, there = (str(table.get(name, "missing")) for table in (shapes, wanted))
        msg = (
            f"{file} is not the {what} of this run: {name!r} is {here} in the file, but recipe and "
            f"labels in run.json need {there}."
        )
        raise ModelError(msg)
    return tensors_of(file)
