"""What moves the weights: groups of them with rates of their own, one optimizer, one step of it."""

from typing import Any

from torch import nn

from polyculture.core import parts
from polyculture.core.errors import ModelError
from polyculture.core.plugins import Optimizer, Pace, WeightGroup
from polyculture.engine.choices.chosen import Chosen
from polyculture.engine.training import Training
from polyculture.nets.efficiency.embedding import CompactEmbedding
from polyculture.nets.joined import Joined
from polyculture.nets.network import Network

TABLES = (nn.Embedding, CompactEmbedding)
USUAL = Pace(weights=())
Moved = Network | Joined
"""What is trained: a network, or several that share a body."""


def part_of(settings: Any) -> Optimizer:
    """The optimizer that some settings belong to."""
    part: Optimizer = parts.load("optimizers", settings.kind)
    return part


def make_optimizer(
    training: Training, chosen: Chosen, network: Moved, weights: dict[str, nn.Parameter]
) -> Any:
    """The recipe's optimizer of some weights.

    Args:
        training: With recipe and adaptation.
        chosen: With the rates.
        network: As it is trained.
        weights: Those of it that move, by name.
    """
    settings: Any = training.recipe.optimizer
    groups = weight_groups(training, chosen, network, weights)
    return part_of(settings).make(groups, settings, chosen.learning_rate)


def table_weights(network: nn.Module) -> set[int]:
    """The identities of the weights that look tokens or positions up."""
    return {id(m.weight) for m in network.modules() if isinstance(m, TABLES)}


def is_matrix(name: str, weight: nn.Parameter, tables: set[int]) -> bool:
    """Whether a weight is a matrix: no bias, norm or factor, and no table of tokens or places.

    A vector may be held as a matrix of one column, as IA3's factors are, or the token that a
    picture begins with; the matrix of a layer with one output, which is called ``weight``, is one.
    """
    own = name.rpartition(".")[2]
    is_flat = sum(size > 1 for size in weight.shape) <= 1 and own != "weight"
    return weight.ndim > 1 and not is_flat and "position" not in own and id(weight) not in tables


def weight_groups(
    training: Training, chosen: Chosen, network: Moved, weights: dict[str, nn.Parameter]
) -> list[WeightGroup]:
    """Weights that move alike: matrices decay, other weights do not; the head has its own rate.

    Which of the others are slower or later is the adaptation's. Arguments as above.
    """
    paces = {
        id(weight): pace
        for pace in training.adaptation.paces(network, training.recipe.adaptation)
        for weight in pace.weights
    }
    tables = table_weights(network)
    head = {id(weight) for weight in network.head_parameters()}
    groups: dict[tuple[bool, bool, float, float], list[nn.Parameter]] = {}
    for name, weight in weights.items():
        decays = is_matrix(name, weight, tables)
        pace = paces.get(id(weight), USUAL)
        key = (decays, id(weight) in head, pace.factor, pace.start)
        groups.setdefault(key, []).append(weight)
    rate, head_rate = chosen.learning_rate, chosen.head_learning_rate or chosen.learning_rate
    return [
        WeightGroup(
            weights=tuple(members),
            decays=decays,
            weight_decay=training.recipe.fit.weight_decay if decays else 0.0,
            is_head=is_head,
            peak=(head_rate if is_head else rate) * factor,
            start=start,
        )
        for (decays, is_head, factor, start), members in groups.items()
    ]


def set_rates(optimizer: Any, factor: float, share: float) -> None:
    """Give each group its rate at a place of the training.

    Args:
        optimizer: With groups that know their peak and their start.
        factor: Share of the peak that the schedule gives.
        share: Share of the training that is behind.
    """
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * factor if share >= group["start"] else 0.0


def move(optimizer: Any, weights: list[nn.Parameter], clip: float, *, share: float = 1.0) -> None:
    """One step of the optimizer along the gradients, which are clipped to a norm and then gone.

    Gradients that are too long are divided inside a fused step where the optimizer has one
    (``grad_scale``, as torch's own gradient scaler does): a pass over all of them less.

    Args:
        optimizer: With groups that know their start.
        weights: All that move.
        clip: The longest gradient.
        share: Share of the training that is behind; gradients of weights that start later neither
            count nor add up.

    Raises:
        ModelError: The gradients are not finite.
    """
    for group in optimizer.param_groups:
        if share < group.get("start", 0.0):
            for weight in group["params"]:
                weight.grad = None
    gradients = [weight.grad for weight in weights if weight.grad is not None]
    norm = nn.utils.get_total_norm(gradients, foreach=True)
    if not norm.isfinite():
        msg = f"The gradient became {norm}. Lower fit.learning_rate, or set precision = 'float32'."
        raise ModelError(msg)
    if getattr(optimizer, "_step_supports_amp_scaling", False):
        optimizer.grad_scale = norm / clip if norm > clip else None
    elif norm > clip:
        nn.utils.clip_grads_with_norm_(weights, clip, norm, foreach=True)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
