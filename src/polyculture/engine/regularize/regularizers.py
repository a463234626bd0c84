"""What regularizes the steps of a training: checked and made before the first one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from polyculture.core.errors import RecipeError
from polyculture.engine.optimizers import TABLES, is_matrix, table_weights
from polyculture.engine.regularize.adversarial import VectorMoves
from polyculture.engine.regularize.mixout import Mixout
from polyculture.engine.training import Training
from polyculture.nets.batch import Batch
from polyculture.nets.efficiency.dropout import drops
from polyculture.nets.efficiency.embedding import input_table
from polyculture.nets.joined import Joined
from polyculture.nets.losses.divergence import NO_CHOICE, divergence
from polyculture.nets.network import Network


@dataclass(frozen=True, kw_only=True)
class Regularizers:
    """What acts at each step; None or 0 where it is off."""

    r_drop: float = 0.0
    adversarial: VectorMoves | None = None
    mixout: Mixout | None = None
    average: float = 0.0


NONE = Regularizers()


def regularizers_of(
    training: Training, network: Network | Joined, some: Sequence[Batch]
) -> Regularizers:
    """What a recipe asks for.

    Args:
        training: With the recipe; one of them, where several share a body.
        network: As it is about to be trained, with the base's weights as they were read.
        some: A batch of each task, on which is tried what depends on outputs.

    Raises:
        RecipeError: Something cannot be done with this task, head, base or adaptation.
    """
    asked = training.recipe.regularization
    if asked.dropout and not drops(network):
        msg = (
            "regularization.dropout changes nothing here: no layer that runs at a step has "
            "dropout. Leave it out."
        )
        raise RecipeError(msg)
    second = "r_drop" if asked.r_drop else "adversarial" if asked.adversarial else ""
    if second and training.task.couples_rows:
        msg = (
            f"regularization.{second} learns single rows a second time, and this task learns from "
            "all rows of a batch at once. Leave it out."
        )
        raise RecipeError(msg)
    if asked.r_drop:
        _check_r_drop(network, some)
    return Regularizers(
        r_drop=asked.r_drop,
        adversarial=_vector_moves(training, network, asked.adversarial)
        if asked.adversarial
        else None,
        mixout=_mixout(training, network, asked.mixout) if asked.mixout else None,
        average=asked.average,
    )


def _check_r_drop(network: Network | Joined, some: Sequence[Batch]) -> None:
    networks = network.networks if isinstance(network, Joined) else [network]
    if any(getattr(one.head, "loss", None) is not None for one in networks):
        msg = (
            "regularization.r_drop compares the probabilities of single answers, and this head "
            "scores whole rows. Leave it out, or choose head 'linear' or 'mlp'."
        )
        raise RecipeError(msg)
    if any(one.letters for one in networks):  # a letter may stand at any piece of a clip
        raise RecipeError(NO_CHOICE)
    if not drops(network):
        msg = (
            "regularization.r_drop compares two readings with different dropout masks, and this "
            "network has no dropout. Set regularization.dropout too."
        )
        raise RecipeError(msg)
    network.eval()
    with torch.no_grad():
        for batch in some:
            outputs = network(batch)
            divergence(outputs, outputs, batch)


def _vector_moves(training: Training, network: Network | Joined, share: float) -> VectorMoves:
    adaptation: Any = training.recipe.adaptation
    table = input_table(network.body)
    reason = ""
    if training.task.reads != "text":
        reason = f"the task {training.recipe.task.kind!r} reads {training.task.reads}"  # type: ignore[attr-defined]
    elif training.adaptation.computed_once is not None:
        reason = f"adaptation {adaptation.kind!r} freezes the layers that read them"
    elif table is None:
        reason = f"{training.base.name} has none"
    if table is None or reason:
        msg = f"regularization.adversarial moves the vectors of tokens, but {reason}. Leave it out."
        raise RecipeError(msg)
    return VectorMoves(tables_of(network.body, table), share)


def tables_of(body: nn.Module, table: nn.Module) -> list[nn.Module]:
    """The modules of a body that look tokens up with the weights of its table.

    An encoder and its decoder may have one each.
    """
    return [m for m in body.modules() if isinstance(m, TABLES) and m.weight is table.weight]


def _mixout(training: Training, network: Network | Joined, probability: float) -> Mixout:
    adaptation: Any = training.recipe.adaptation
    tables = table_weights(network)
    head = {id(weight) for weight in network.head_parameters()}
    weights = [
        weight
        for name, weight in network.body.named_parameters()
        if weight.requires_grad and is_matrix(name, weight, tables) and id(weight) not in head
    ]
    adds = training.adaptation.freezes_body and training.adaptation.computed_once is None
    reason = ""
    if not training.base.lineage:
        reason = f"{training.base.name!r} is made from nothing"
    elif adds or not weights:
        reason = f"adaptation {adaptation.kind!r} does not train them"
    if reason:
        msg = f"regularization.mixout resets matrices of a base, but {reason}. Leave it out."
        raise RecipeError(msg)
    return Mixout(weights, probability, training.recipe.seed)
