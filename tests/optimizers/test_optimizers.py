"""Every optimizer keeps the promises of its shelf."""

import itertools
from dataclasses import replace
from typing import Any

import pytest
import torch

from polyculture.checks.optimizers import (
    CHECKS,
    Check,
    a_resumed_training_takes_the_same_steps,
    every_weight_is_moved_once,
    made,
    small_network,
    steps,
    the_loss_falls_at_the_usual_rate,
    values,
)
from polyculture.core import parts
from polyculture.core.plugins import WeightGroup


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", parts.names("optimizers"))
def test_an_optimizer_keeps_its_promises(name: str, check: Check) -> None:
    """Each cell of optimizer and promise."""
    check(parts.load("optimizers", name))


def group_of(*weights: torch.nn.Parameter) -> WeightGroup:
    return WeightGroup(weights=weights, decays=False, weight_decay=0.0, is_head=False, peak=0.1)


def test_sgd_takes_a_weight_whose_first_gradient_comes_later() -> None:
    """As of a head whose part is drawn in the second step; its momentum begins there."""
    early, late, alone = (torch.nn.Parameter(torch.ones(2)) for _ in range(3))
    sgd = parts.load("optimizers", "sgd")
    moves = [
        sgd.make([group_of(*weights)], sgd.settings(), 0.1) for weights in ((early, late), (alone,))
    ]

    for step in range(3):
        early.grad = torch.ones(2)
        late.grad = torch.ones(2) if step else None
        moves[0].step()
        if step:
            alone.grad = torch.ones(2)
            moves[1].step()

    assert torch.equal(late, alone)
    assert (early < late).all()


def test_muon_turns_the_matrices_of_the_body_alone() -> None:
    """The table, the biases and the head are moved by AdamW."""
    network = small_network()
    joined = made(parts.load("optimizers", "muon"), network)

    muon, adamw = joined.optimizers

    matrices = [weight for group in muon.param_groups for weight in group["params"]]
    assert [id(weight) for weight in matrices] == [id(dict(network.named_parameters())["1.weight"])]
    assert sum(len(group["params"]) for group in adamw.param_groups) == 4


def test_a_step_of_muon_is_the_same_in_all_directions() -> None:
    """What moves a matrix is near to orthogonal: its singular values lie around one number."""
    network = small_network()
    before = values(network)["1.weight"]

    steps(network, made(parts.load("optimizers", "muon"), network), 1)

    moved = values(network)["1.weight"] - before
    sizes = torch.linalg.svdvals(moved)
    assert sizes[0] / sizes[len(sizes) // 2] < 3


def _remembers_in_secret(groups: Any, settings: Any, rate: float) -> Any:
    optimizer = parts.load("optimizers", "adamw").make(groups, settings, rate)
    taken = itertools.count(1)

    def slow_down(*_: Any) -> None:
        number = next(taken)
        for group in optimizer.param_groups:
            group["lr"] /= number

    optimizer.register_step_pre_hook(slow_down)
    return optimizer


def _leaves_one_out(groups: Any, settings: Any, rate: float) -> Any:
    return parts.load("optimizers", "adamw").make(groups[:-1], settings, rate)


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"make": _leaves_one_out}, every_weight_is_moved_once),
        ({"rate_factor": 1e-6}, the_loss_falls_at_the_usual_rate),
        ({"make": _remembers_in_secret}, a_resumed_training_takes_the_same_steps),
    ],
)
def test_a_broken_optimizer_is_caught(change: dict[str, Any], check: Check) -> None:
    """Promises can fail."""
    broken = replace(parts.load("optimizers", "adamw"), **change)

    with pytest.raises(AssertionError):
        check(broken)
