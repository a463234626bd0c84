"""Full fine-tuning."""

from typing import Any, Literal

from polyculture.core.plugins import Adaptation
from polyculture.core.recipe import Settings


class Full(Settings):
    """Train the whole base and the head."""

    kind: Literal["full"] = "full"


def attach(network: Any, settings: Full) -> None:  # noqa: ARG001  # one form for all adaptations
    """Unfreeze everything."""
    for weight in network.parameters():
        weight.requires_grad_(requires_grad=True)


PLUGIN = Adaptation(settings=Full, learning_rate=None, attach=attach)
