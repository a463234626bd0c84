"""What every optimizer promises. Run these on your own; our tests run them on ours.

Each check takes the part. A small network of matrices, biases and a table stands for any model.

Example: ``for check in CHECKS: check(load("optimizers", "sgd"))``.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor, nn

from polyculture.core.plugins import Optimizer, WeightGroup
from polyculture.engine import resume
from polyculture.engine.optimizers import move, set_rates

STEPS = 60
RATE = 2e-2
"""Peak rate of AdamW on the small network."""


def small_network() -> nn.Module:
    """A table, a matrix with its bias, and a head."""
    torch.manual_seed(3)
    return nn.Sequential(nn.Embedding(6, 8), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 3))


def groups_of(network: nn.Module, *, rate: float, decay: float = 0.0) -> list[WeightGroup]:
    """As an engine makes them: table and biases do not decay, the last layer is the head."""
    weights = dict(network.named_parameters())
    members = {
        (True, False): [weights["1.weight"]],
        (False, False): [weights["0.weight"], weights["1.bias"]],
        (True, True): [weights["3.weight"]],
        (False, True): [weights["3.bias"]],
    }
    return [
        WeightGroup(
            weights=tuple(found),
            decays=decays,
            weight_decay=decay if decays else 0.0,
            is_head=is_head,
            peak=rate,
        )
        for (decays, is_head), found in members.items()
    ]


def loss_of(network: nn.Module) -> Tensor:
    """How well the network names six tokens."""
    tokens, classes = torch.arange(6), torch.tensor([0, 1, 2, 0, 1, 2])
    return nn.functional.cross_entropy(network(tokens), classes)


def made(part: Optimizer, network: nn.Module, *, rate: float | None = None) -> Any:
    """The optimizer with default settings."""
    peak = RATE * part.rate_factor if rate is None else rate
    return part.make(groups_of(network, rate=peak), part.settings(), peak)


def steps(network: nn.Module, optimizer: Any, number: int) -> None:
    """Some steps at the peak rate."""
    for _ in range(number):
        set_rates(optimizer, 1.0, 1.0)
        loss_of(network).backward()
        move(optimizer, list(network.parameters()), 1.0)


def values(network: nn.Module) -> dict[str, Tensor]:
    """A copy of all weights."""
    return {name: weight.detach().clone() for name, weight in network.named_parameters()}


def the_loss_falls_at_the_usual_rate(part: Optimizer) -> None:
    """To less than a fifth, with the part's own factor on AdamW's rate."""
    network = small_network()
    before = loss_of(network).item()

    steps(network, made(part, network), STEPS)

    after = loss_of(network).item()
    assert after < before / 5, f"the loss went from {before:.3f} to {after:.3f}; see rate_factor"


def every_weight_is_moved_once(part: Optimizer) -> None:
    """Each weight is in one group, and none is left out or idle."""
    network = small_network()
    before = values(network)
    optimizer = made(part, network)

    steps(network, optimizer, 2)

    moved = [id(weight) for group in optimizer.param_groups for weight in group["params"]]
    assert sorted(moved) == sorted(id(weight) for weight in network.parameters())
    idle = [name for name, old in before.items() if torch.equal(old, values(network)[name])]
    assert not idle, f"not moved: {idle}"


def a_rate_of_nothing_moves_nothing(part: Optimizer) -> None:
    """Groups whose start has not come keep their bytes, weight decay or not."""
    network = small_network()
    groups = groups_of(network, rate=RATE, decay=0.5)
    late = [replace(group, start=0.5) for group in groups]
    optimizer = part.make(late, part.settings(), RATE)
    before = values(network)

    set_rates(optimizer, 1.0, 0.4)
    loss_of(network).backward()
    move(optimizer, list(network.parameters()), 1.0)

    changed = [name for name, old in before.items() if not torch.equal(old, values(network)[name])]
    assert not changed, f"moved before their start: {changed}"


def decay_pulls_matrices_alone(part: Optimizer) -> None:
    """Without a gradient to speak of, matrices shrink and other weights stay."""
    network = small_network()
    rate = RATE * part.rate_factor
    optimizer = part.make(groups_of(network, rate=rate, decay=0.5), part.settings(), rate)
    before = values(network)
    for weight in network.parameters():
        weight.grad = torch.zeros_like(weight)

    set_rates(optimizer, 1.0, 1.0)
    move(optimizer, list(network.parameters()), 1.0)

    for name, old in before.items():
        shrinks = name in {"1.weight", "3.weight"}
        after = values(network)[name]
        assert (after.norm() < old.norm()) == shrinks, f"{name}: {old.norm()} to {after.norm()}"


def a_resumed_training_takes_the_same_steps(part: Optimizer) -> None:
    """What it remembers is in the checkpoint: the weights end equal to the bit."""
    whole = small_network()
    steps(whole, made(part, whole), 8)

    first, second = small_network(), small_network()
    optimizer = made(part, first)
    steps(first, optimizer, 5)
    with TemporaryDirectory() as place:
        progress = resume.Progress(step=5)
        weights = dict(first.named_parameters())
        state = resume.TrainingState(weights=weights, optimizer=optimizer)
        resume.save(Path(place), progress, state, {})
        again = made(part, second)
        weights = dict(second.named_parameters())
        state = resume.TrainingState(weights=weights, optimizer=again)
        start = resume.load(Path(place), state, 8)
    steps(second, again, 3)

    assert start.progress == progress
    for name, weight in whole.named_parameters():
        assert torch.equal(weight, values(second)[name]), f"{name} differs after resuming"


def what_was_before_its_start_is_forgotten(part: Optimizer) -> None:
    """Weights that start later take the steps that they would take alone, also when resumed."""
    networks = small_network(), small_network(), small_network()
    ends = []
    for number, network in enumerate(networks):
        groups = groups_of(network, rate=RATE)
        late = [replace(group, start=0.5) for group in groups]
        optimizer = part.make(late, part.settings(), RATE)
        weights = dict(network.named_parameters())
        state = resume.TrainingState(weights=weights, optimizer=optimizer)
        for share in (0.2, 0.4, 0.6, 0.8)[0 if number else 2 :]:
            if number == 2 and share > 0.5:  # noqa: PLR2004  # the start
                with TemporaryDirectory() as place:
                    resume.save(Path(place), resume.Progress(step=2), state, {})
                    resume.load(Path(place), state, 4)
            set_rates(optimizer, 1.0, share)
            loss_of(network).backward()
            move(optimizer, list(network.parameters()), 1.0, share=share)
        ends.append(values(network))
    for name, value in ends[0].items():
        for other in ends[1:]:
            assert torch.equal(other[name], value), f"{name} remembers what was before its start"


def long_gradients_are_clipped(part: Optimizer) -> None:
    """A gradient a thousand times as long, clipped to one norm, gives the same step.

    It is the second step that tells: the first one of AdamW is the same for any length.
    """
    ends = []
    for scale in (1.0, 1_000.0):
        network = small_network()
        optimizer = made(part, network)
        set_rates(optimizer, 1.0, 1.0)
        for longer in (1.0, scale):
            (longer * loss_of(network)).backward()
            move(optimizer, list(network.parameters()), 1e-3)
        ends.append(values(network))
    for name, value in ends[0].items():
        torch.testing.assert_close(ends[1][name], value, rtol=1e-4, atol=1e-6)


Check = Callable[[Optimizer], None]
CHECKS: tuple[Check, ...] = (
    the_loss_falls_at_the_usual_rate,
    every_weight_is_moved_once,
    a_rate_of_nothing_moves_nothing,
    decay_pulls_matrices_alone,
    a_resumed_training_takes_the_same_steps,
    what_was_before_its_start_is_forgotten,
    long_gradients_are_clipped,
)
