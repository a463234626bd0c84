"""Full fine-tuning, at one pace or with lower layers slower or later.

Source: lower rates for lower layers and gradual unfreezing, Howard and Ruder 2018, ULMFiT,
arXiv:1801.06146; one factor a block, Clark et al. 2020, ELECTRA, arXiv:2003.10555.
"""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from polyculture.core.plugins import Adaptation, Pace
from polyculture.core.recipe import Settings


class Full(Settings):
    """Train the whole base and the head."""

    kind: Literal["full"] = "full"
    layer_decay: float = Field(default=1.0, gt=0, le=1)
    """Factor on the learning rate from each block to the one below it, 0.9 for example; the token
    vectors are lowest."""
    gradual: float = Field(default=0.0, ge=0, lt=1)
    """Share of the training over which the blocks begin to learn one after the other, the last one
    first and the token vectors last; 0 for all at once."""
    freeze_tokens: bool = False
    """Leave the vectors of tokens as they are: in multilingual bases, most of the weights."""


def attach(network: Any, settings: Full) -> None:
    """Unfreeze everything, or everything but the vectors of tokens.

    Raises:
        RecipeError: There are no vectors of tokens, or they are the head's weights too.
    """
    for weight in network.parameters():
        weight.requires_grad_(requires_grad=True)
    if settings.freeze_tokens:
        _table(network).requires_grad_(requires_grad=False)


def _table(network: Any) -> Any:
    from polyculture.core.errors import RecipeError
    from polyculture.nets.efficiency.embedding import input_table

    table = input_table(network.body)
    if table is None:
        msg = "adaptation.freeze_tokens = true: this base has no vectors of tokens. Leave it out."
        raise RecipeError(msg)
    output = getattr(network.model, "get_output_embeddings", lambda: None)()
    if output is not None and output.weight is table.weight:
        msg = (
            "adaptation.freeze_tokens = true: the head of this language model has the same weights "
            "as its vectors of tokens, and a head is trained. Leave it out."
        )
        raise RecipeError(msg)
    return table.weight


def paces(network: Any, settings: Full) -> Sequence[Pace]:
    """How much slower than the head, and how much later, each block learns.

    Raises:
        RecipeError: The base has no blocks.
    """
    if settings.layer_decay == 1 and not settings.gradual:
        return ()
    from polyculture.nets.blocks import stages_of

    stages = stages_of(network, purpose="adaptation.layer_decay or adaptation.gradual")
    return [
        Pace(
            weights=tuple(weights),
            factor=settings.layer_decay**below,
            start=settings.gradual * below / len(stages),
        )
        for below, weights in enumerate(reversed(stages), start=1)
    ]


PLUGIN = Adaptation(settings=Full, learning_rate=None, attach=attach, paces=paces)
