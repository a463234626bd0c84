"""Only the biases of the base and the head learn.

Source: Ben Zaken et al. 2022, BitFit, arXiv:2106.10199.
"""

from typing import Any, Literal

from polyculture.core.plugins import Adaptation
from polyculture.core.recipe import Settings


class BiasOnly(Settings):
    """Train the biases of the base, about a thousandth of its weights, and the head."""

    kind: Literal["bias_only"] = "bias_only"


def attach(network: Any, settings: BiasOnly) -> None:  # noqa: ARG001  # one form for all adaptations
    """Freeze everything but biases and the head.

    Raises:
        RecipeError: The base has no biases.
    """
    from polyculture.core.errors import RecipeError

    body = network.body
    biases = [w for name, w in body.named_parameters() if name.rpartition(".")[2] == "bias"]
    if not biases:
        msg = (
            "Adaptation 'bias_only' trains biases, but this base has none. Choose [adaptation] "
            "kind = 'ia3' or 'low_rank'."
        )
        raise RecipeError(msg)
    network.train_head_alone()
    for weight in biases:
        weight.requires_grad_(requires_grad=True)


PLUGIN = Adaptation(settings=BiasOnly, learning_rate=1e-3, attach=attach, freezes_body=True)
