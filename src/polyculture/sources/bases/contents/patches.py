"""A small Transformer for series, made from nothing, and the length of history that it reads."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from polyculture.core.errors import RecipeError

WIDTH, LAYERS = 64, 2
MOST = 24
"""Pieces that a history is cut into at most."""


def write_patches(
    folder: Path,
    rows: Sequence[Sequence[Any]],
    *,
    width: int | None,
    layers: int | None,
    seed: int,
) -> str:
    """Write configuration, weights and reader.

    Args:
        folder: Where.
        rows: The training rows, each a history of numbers.
        width: Size of the vector of each piece.
        layers: Blocks of attention.
        seed: Where the first weights come from.

    Returns:
        What was made, in one sentence.

    Raises:
        RecipeError: The weights cannot fit into this machine's memory, or there is no history.
    """
    import torch
    from safetensors.torch import save_file

    from polyculture.nets.bodies.patches import PatchTransformer
    from polyculture.nets.efficiency.machine_memory import refuse_too_large
    from polyculture.nets.reading.series import SeriesReader

    width, layers = width or WIDTH, layers or LAYERS
    context = max((len(row) for row in rows), default=0)
    if not context:
        msg = "A patch transformer is made for series, but there is no history to learn its length."
        raise RecipeError(msg)
    patch = -(-context // MOST)
    pieces = -(-context // patch)
    refuse_too_large(
        f"base.width = {width:,} with base.layers = {layers:,}",
        (8 * layers + pieces) * width**2 + context * width,
    )
    SeriesReader(context=context, patch=patch).save_pretrained(folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = PatchTransformer(
            context_length=context, patch_length=patch, width=width, layers=layers
        )
    network.save_sizes(folder)
    save_file(network.state_dict(), folder / "model.safetensors", metadata={"format": "pt"})
    return f"The base was made from nothing, for histories of {context} values in {pieces} pieces."
