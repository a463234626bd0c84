"""A small time-delay network for clips, made from nothing, and a reader of such clips."""

from collections.abc import Sequence
from pathlib import Path

from polyculture.core.errors import RecipeError

WIDTH, LAYERS = 128, 4


def write_time_delay(
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
        rows: The training rows; the path of a clip comes first in each.
        width: Numbers for each piece of a clip.
        layers: Dilated convolutions behind the first; with four, each piece hears 0.6 s around it.
        seed: Where the first weights come from.

    Returns:
        What was made, in one sentence.

    Raises:
        RecipeError: The weights cannot fit into this machine's memory, or there is no clip.
    """
    from safetensors.torch import save_file

    from polyculture.nets.bodies.tdnn import initialised
    from polyculture.nets.efficiency.machine_memory import refuse_too_large
    from polyculture.nets.reading.sounds.clips import learned_reader

    width, layers = width or WIDTH, layers or LAYERS
    refuse_too_large(f"base.width = {width:,} with base.layers = {layers:,}", 3 * layers * width**2)
    if not rows:
        msg = "A time-delay network is made for clips, but there is none to learn their rate from."
        raise RecipeError(msg)
    reader = learned_reader(list(dict.fromkeys(row[0] for row in rows)))
    reader.save_pretrained(folder)
    bands = int(reader.settings["feature_size"])
    network = initialised(bands=bands, width=width, layers=layers, seed=seed)
    network.save_sizes(folder)
    save_file(network.state_dict(), folder / "model.safetensors", metadata={"format": "pt"})
    return (
        f"The base was made from nothing, for clips of {reader.rate:,} samples a second in "
        f"{bands} mel bands."
    )
