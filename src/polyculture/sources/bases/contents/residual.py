"""A small residual network for pictures, made from nothing, and a reader of such pictures."""

from collections.abc import Sequence
from pathlib import Path

from polyculture.core.errors import RecipeError

WIDTH = 64
SIDE = 64
"""Pixels a side at most, where the pictures are larger: more are slow to learn from on a CPU."""
LOOKED_AT = 2_000
"""Pictures whose sizes, mean and deviation stand for all."""


def write_residual(
    folder: Path,
    rows: Sequence[Sequence[str]],
    *,
    width: int | None,
    layers: int | None,
    seed: int,
) -> str:
    """Write configuration, weights and reader.

    Args:
        folder: Where.
        rows: The training rows, each the path of a picture.
        width: Channels of the last stage.
        layers: Stages; left out, as many as see a picture as about 4 by 4 places.
        seed: Where the first weights come from.

    Returns:
        What was made, in one sentence.

    Raises:
        RecipeError: The weights cannot fit into this machine's memory, or there is no picture.
    """
    import torch
    from safetensors.torch import save_file

    from polyculture.nets.bodies.resnet import SmallResNet, stages_for
    from polyculture.nets.efficiency.machine_memory import refuse_too_large
    from polyculture.nets.reading.pictures import learned_reader

    width = width or WIDTH
    # three matrices a stage of twice 9 weights and 1, each stage a quarter of the next
    refuse_too_large(f"base.width = {width:,}", 19 * 4 * width**2 // 3)
    if not rows:
        msg = "A residual network is made for pictures, but there is none to learn their size from."
        raise RecipeError(msg)
    step = max(1, len(rows) // LOOKED_AT)
    reader = learned_reader((row[0] for row in rows[::step]), SIDE)
    reader.save_pretrained(folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = SmallResNet(
            channels=len(reader.mean),
            width=width,
            layers=layers or stages_for(min(reader.height, reader.width)),
        )
    network.save_sizes(folder)
    save_file(network.state_dict(), folder / "model.safetensors", metadata={"format": "pt"})
    colours = "in colour" if len(reader.mean) > 1 else "grey"
    return (
        f"The base was made from nothing, for {colours} pictures of {reader.width} by "
        f"{reader.height} pixels."
    )
