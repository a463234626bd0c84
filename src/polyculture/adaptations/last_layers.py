"""The last blocks of the base and the head learn; what the blocks before say is computed once.

Source: how little is lost with a part of the layers frozen, Lee et al. 2019, arXiv:1911.03090.
"""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from polyculture.core.plugins import Adaptation
from polyculture.core.recipe import Settings


class LastLayers(Settings):
    """Train the last blocks and the head; freeze token vectors and the blocks before."""

    kind: Literal["last_layers"] = "last_layers"
    blocks: int = Field(default=2, ge=1)
    """How many blocks are trained; fewer than the base has."""


def attach(network: Any, settings: LastLayers) -> None:
    """Freeze everything before the first block that is trained.

    Raises:
        RecipeError: The base has no blocks, or no more than are to be trained.
    """
    last = {id(weight) for weight in frozen_blocks(network, settings)[-1].parameters()}
    # the order of the module graph: token vectors, blocks, what comes after them
    weights = list(network.body.parameters())
    ends = max(place for place, weight in enumerate(weights) if id(weight) in last)
    network.train_head_alone()
    for weight in weights[ends + 1 :]:
        weight.requires_grad_(requires_grad=True)


def frozen_blocks(network: Any, settings: LastLayers) -> Sequence[Any]:
    """The blocks before those that are trained.

    Raises:
        RecipeError: The base has no blocks, or no more than are to be trained.
    """
    from polyculture.core.errors import RecipeError
    from polyculture.nets.blocks import blocks_of

    blocks = blocks_of(network.body, purpose="Adaptation 'last_layers'")
    if settings.blocks >= len(blocks):
        most = f"{len(blocks) - 1:,} or less" if len(blocks) > 1 else "'head_only'"
        msg = (
            f"adaptation.blocks = {settings.blocks:,} leaves nothing frozen: the base has "
            f"{len(blocks):,} in all. Choose {most}, or adaptation 'full'."
        )
        raise RecipeError(msg)
    return blocks[: -settings.blocks]


PLUGIN = Adaptation(
    settings=LastLayers,
    learning_rate=None,
    attach=attach,
    freezes_body=True,
    computed_once=frozen_blocks,
)
