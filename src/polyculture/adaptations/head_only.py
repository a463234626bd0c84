"""The base stays as it is; only the head learns. The base runs once and its outputs are kept."""

from typing import Any, Literal

from polyculture.core.plugins import Adaptation
from polyculture.core.recipe import Settings


class HeadOnly(Settings):
    """Freeze the base; train what belongs to the task."""

    kind: Literal["head_only"] = "head_only"


def attach(network: Any, settings: HeadOnly) -> None:  # noqa: ARG001  # one form for all adaptations
    """Only the head's weights, and weights the base's files did not hold, are trained."""
    network.train_head_alone()


PLUGIN = Adaptation(
    settings=HeadOnly,
    learning_rate=2e-3,
    attach=attach,
    freezes_body=True,
    computed_once=lambda _, __: (),  # the whole body
)
