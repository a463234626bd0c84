"""What a training's regularization needs of its network, checked and made before the first step."""

from dataclasses import dataclass
from typing import Any

from polyculture.core.errors import RecipeError
from polyculture.engine.optimizers import TABLES
from polyculture.engine.regularize.mixout import Mixout
from polyculture.engine.regularize.nudges import Nudges
from polyculture.engine.training import Training
from polyculture.nets.efficiency.embedding import input_table
from polyculture.nets.joined import Joined
from polyculture.nets.network import Network


@dataclass(frozen=True, kw_only=True)
class Regularizers:
    """What acts at each step. The parts that are not asked for are None or 0."""

    r_drop: float = 0.0
    nudges: Nudges | None = None
    mixout: Mixout | None = None
    average: float = 0.0


NONE = Regularizers()


def regularizers_of(training: Training, network: Network | Joined) -> Regularizers:
    """What a recipe asks for.

    Args:
        training: With the recipe; one of them, where several share a body.
        network: As it is about to be trained, with the base's weights as they were read.

    Raises:
        RecipeError: Something cannot be done with this task, head, base or adaptation.
    """
    asked = training.recipe.regularization
    networks = network.networks if isinstance(network, Joined) else [network]
    second = "r_drop" if asked.r_drop else "adversarial" if asked.adversarial else ""
    if second and training.task.couples_rows:
        msg = (
            f"regularization.{second} learns single rows a second time, and this task learns from "
            "all rows of a batch at once. Leave it out."
        )
        raise RecipeError(msg)
    if asked.r_drop and any(getattr(one.head, "loss", None) is not None for one in networks):
        msg = (
            "regularization.r_drop compares the probabilities of single answers, and this head "
            "scores whole rows. Leave it out, or choose head 'linear' or 'mlp'."
        )
        raise RecipeError(msg)
    return Regularizers(
        r_drop=asked.r_drop,
        nudges=_nudges(training, network, asked.adversarial) if asked.adversarial else None,
        mixout=_mixout(training, network, asked.mixout) if asked.mixout else None,
        average=asked.average,
    )


def _nudges(training: Training, network: Network | Joined, share: float) -> Nudges:
    adaptation: Any = training.recipe.adaptation
    reason = f"{training.base.name} has none"
    if training.adaptation.computed_once is not None:
        reason = f"with adaptation {adaptation.kind!r} they are read once, before the training"
    elif (table := input_table(network.body)) is not None:
        return Nudges(table, share)
    msg = f"regularization.adversarial moves the vectors of tokens, but {reason}. Leave it out."
    raise RecipeError(msg)


def _mixout(training: Training, network: Network | Joined, chance: float) -> Mixout:
    adaptation: Any = training.recipe.adaptation
    tables = {id(m.weight) for m in network.modules() if isinstance(m, TABLES)}
    apart = tables | {id(weight) for weight in network.head_parameters()}
    weights = [
        weight
        for weight in network.body.parameters()
        if weight.requires_grad and weight.ndim > 1 and id(weight) not in apart
    ]
    adds = training.adaptation.freezes_body and training.adaptation.computed_once is None
    reason = ""
    if not training.base.lineage:
        reason = f"{training.base.name!r} is made from nothing"
    elif adds or not weights:
        reason = f"adaptation {adaptation.kind!r} leaves them as they are"
    if reason:
        msg = f"regularization.mixout goes back to matrices of a base, but {reason}. Leave it out."
        raise RecipeError(msg)
    return Mixout(weights, chance, training.recipe.seed)
