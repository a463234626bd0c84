"""Trained keys and values that every attention layer of a frozen base sees, saved beside it.

In prefix tuning they stand before the keys and values of the text, in one softmax with them: a new
prefix takes attention from the text and changes what the base says. Here they have a softmax of
their own, and what is found in them is added to what is found in the text, times a gate for each
head. Gates start at zero, so that the base says before the first step what it said without. The
prefix has no positions and shifts none of the text's.

Source: Li and Liang 2021, arXiv:2101.00190; gates that start at zero, Zhang et al. 2023,
LLaMA-Adapter, arXiv:2303.16199. That one softmax is a sum of two with weights that depend on the
query: He et al. 2022, arXiv:2110.04366.
"""

from typing import Any, Literal

from pydantic import Field

from polyculture.core.plugins import Adaptation
from polyculture.core.recipe import Settings


class Prefix(Settings):
    """Train keys and values beside those of the text in each attention layer, and the head."""

    kind: Literal["prefix"] = "prefix"
    length: int = Field(default=16, ge=1)
    """Keys, and as many values, of each head of each attention layer. They start at random, from a
    standard normal distribution, behind a closed gate."""


def attach(network: Any, settings: Prefix) -> None:
    """Add the prefixes, freeze the base, leave the head trainable.

    Raises:
        RecipeError: No attention layer can be given one, or memory cannot hold what is added.
    """
    from polyculture.nets.attention_prefix import attention_layers
    from polyculture.nets.efficiency.machine_memory import refuse_too_large

    body = network.body
    layers = attention_layers(body, purpose="Adaptation 'prefix'")
    refuse_too_large(
        f"adaptation.length = {settings.length:,}",
        sum(layer.numbers(settings.length) for layer in layers),
        frozen=sum(weight.numel() for weight in body.parameters()),
    )
    network.train_head_alone()
    for layer in layers:
        layer.attend_to_prefix(settings.length)


PLUGIN = Adaptation(settings=Prefix, learning_rate=1e-2, attach=attach, freezes_body=True)
