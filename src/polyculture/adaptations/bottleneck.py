"""Small networks behind each block of a frozen base, saved beside it (adapters).

Source: Houlsby et al. 2019, arXiv:1902.00751; one behind each block, as Pfeiffer et al. 2021
place it, arXiv:2005.00247.
"""

from typing import Any, Literal

from pydantic import Field

from polyculture.core.plugins import Adaptation
from polyculture.core.recipe import Settings


class Bottleneck(Settings):
    """Train two thin matrices with a ReLU between them behind each block, and the head."""

    kind: Literal["bottleneck"] = "bottleneck"
    width: int = Field(default=48, ge=1)
    """Numbers between the two matrices."""


def attach(network: Any, settings: Bottleneck) -> None:
    """Add the matrices, freeze the base, leave the head trainable.

    Raises:
        RecipeError: The base has no blocks, or stages of several widths, or memory cannot hold
            what is added.
    """
    from polyculture.core.errors import RecipeError
    from polyculture.nets.blocks import blocks_of, has_stages, with_hidden
    from polyculture.nets.efficiency.machine_memory import refuse_too_large
    from polyculture.nets.layers import BottleneckBlock

    body = network.body
    blocks = blocks_of(body, purpose="Adaptation 'bottleneck'")
    if has_stages(body):
        msg = (
            "Adaptation 'bottleneck' needs blocks of one width, but this base has stages. "
            "Choose [adaptation] kind = 'low_rank' or 'full'."
        )
        raise RecipeError(msg)
    size = int(body.config.hidden_size)
    refuse_too_large(
        f"adaptation.width = {settings.width:,}",
        2 * len(blocks) * size * settings.width,
        frozen=sum(weight.numel() for weight in body.parameters()),
    )
    network.train_head_alone()
    for block in blocks:
        block.bottleneck = BottleneckBlock(size, settings.width)
        block.register_forward_hook(lambda block, _, output: with_hidden(output, block.bottleneck))


PLUGIN = Adaptation(settings=Bottleneck, learning_rate=1e-3, attach=attach, freezes_body=True)
