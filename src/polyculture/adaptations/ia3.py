"""One factor for each output of the base's matrices (IA3), merged into them at the end.

Source: Liu et al. 2022, arXiv:2205.05638, by the library peft. They scale keys, values and the
inner layer of the feed-forward part; here every linear layer of the body has its factors, so that
the targets can be found in the module graph of any architecture.
"""

from typing import Any, Literal

from polyculture.core.plugins import Adaptation
from polyculture.core.recipe import Settings


class Ia3(Settings):
    """Train one factor for each output of the body's linear layers, and the head."""

    kind: Literal["ia3"] = "ia3"


def attach(network: Any, settings: Ia3) -> None:  # noqa: ARG001  # one form for all adaptations
    """Add the factors, all 1 at first, freeze the base, leave the head trainable.

    Raises:
        RecipeError: There is no linear layer.
    """
    from polyculture.core.errors import need
    from polyculture.nets.added_layers import inject, linear_layers

    peft = need("peft", extra="train", purpose="Adaptation 'ia3'")
    targets = linear_layers(network, purpose="Adaptation 'ia3'")
    config = peft.IA3Config(target_modules=list(targets), feedforward_modules=[])
    inject(network, config, named="ia3_")


def merge(network: Any) -> None:
    """Multiply the base's matrices by their factors, so that the network is plain again."""
    from polyculture.nets.added_layers import merge_layers

    merge_layers(network)


PLUGIN = Adaptation(settings=Ia3, learning_rate=3e-3, attach=attach, merge=merge, freezes_body=True)
