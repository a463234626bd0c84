"""Every adaptation keeps the promises of its shelf, on several architectures."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from polyculture.adaptations.last_layers import LastLayers
from polyculture.checks.adaptations import (
    CHECKS,
    Check,
    Wanted,
    a_reloaded_network_gives_equal_outputs,
    applying_changes_no_output,
    finishing_changes_no_output_and_leaves_a_plain_network,
    frozen_weights_keep_their_bytes,
    open_small,
    the_head_always_learns,
)
from polyculture.checks.tiny import KINDS, Kind, tiny_base
from polyculture.core import parts
from polyculture.core.errors import ModelError, RecipeError
from polyculture.nets.blocks import blocks_of
from polyculture.nets.network import count, trainable

# All architectures in the long run; the first alone in the quick one.
SHAPES = [KINDS[0], *(pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS[1:])]
TEXTS = ["Ada Berg lives in Oslo today", "今天很好", "the film was lovely"]

SMALL: dict[str, Any] = {"last_layers": partial(LastLayers, blocks=1)}
"""Settings for bases of two blocks, where the usual ones are for larger bases."""


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[Kind, Path]:
    """One tiny random base of each architecture."""
    place = tmp_path_factory.mktemp("bases")
    return {kind: tiny_base(place / kind, kind, TEXTS) for kind in KINDS}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("output", ["labels", "word_labels"])
@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("name", parts.names("adaptations"))
def test_an_adaptation_keeps_its_promises(
    name: str, kind: Kind, output: Wanted, check: Check, bases: dict[Kind, Path]
) -> None:
    """Each cell of adaptation, architecture, output and promise."""
    adaptation = parts.load("adaptations", name)
    check(replace(adaptation, settings=SMALL.get(name, adaptation.settings)), bases[kind], output)


def test_low_rank_trains_as_many_numbers_as_declared(bases: dict[Kind, Path]) -> None:
    """Rank times (inputs + outputs) for each linear layer of the body, and the head."""
    adaptation = parts.load("adaptations", "low_rank")
    network = open_small(bases["bert"], "word_labels")
    head = count(network.head_parameters())

    adaptation.attach(network, adaptation.settings(rank=3))

    # two layers of four 32 x 32 matrices and 32 x 64 both ways
    assert count(trainable(network).values()) == head + 2 * 3 * (4 * 64 + 2 * 96)


def test_a_bottleneck_trains_as_many_numbers_as_declared(bases: dict[Kind, Path]) -> None:
    """Two matrices of 32 x width and their biases behind each block, and the head."""
    adaptation = parts.load("adaptations", "bottleneck")
    network = open_small(bases["bert"], "word_labels")
    head = count(network.head_parameters())

    adaptation.attach(network, adaptation.settings(width=5))

    assert count(trainable(network).values()) == head + 2 * (2 * 32 * 5 + 5 + 32)


@pytest.mark.parametrize("kind", SHAPES)
def test_the_last_block_and_what_comes_after_it_learn(kind: Kind, bases: dict[Kind, Path]) -> None:
    """Token vectors and the first of two blocks are frozen."""
    adaptation = parts.load("adaptations", "last_layers")
    network = open_small(bases[kind], "labels")

    adaptation.attach(network, adaptation.settings(blocks=1))

    moving = set(trainable(network))
    first, last = blocks_of(network.body, purpose="")
    assert not any(weight.requires_grad for weight in first.parameters())
    assert all(weight.requires_grad for weight in last.parameters())
    assert not any("embed" in name for name in moving)


def test_more_last_layers_than_there_are_blocks_are_refused(bases: dict[Kind, Path]) -> None:
    """All of them are adaptation 'full'."""
    adaptation = parts.load("adaptations", "last_layers")
    network = open_small(bases["bert"], "labels")

    with pytest.raises(RecipeError, match=r"nothing frozen: the base has 2 in all\. Choose 1 or"):
        adaptation.attach(network, adaptation.settings(blocks=2))


def test_a_base_without_blocks_has_no_place_for_a_bottleneck() -> None:
    """The message says what to choose instead."""
    body = nn.Sequential(nn.Linear(4, 4))

    with pytest.raises(RecipeError, match=r"needs a transformer's blocks, but this base has none"):
        blocks_of(body, purpose="Adaptation 'bottleneck'")


def test_head_only_trains_as_many_numbers_as_declared(bases: dict[Kind, Path]) -> None:
    """32 x 3 weights and 3 biases of the base's standard head."""
    adaptation = parts.load("adaptations", "head_only")
    network = open_small(bases["bert"], "word_labels")

    adaptation.attach(network, adaptation.settings())

    assert count(trainable(network).values()) == 32 * 3 + 3


def _forgets_the_head(network: Any, settings: Any) -> None:
    parts.load("adaptations", "low_rank").attach(network, settings)
    for weight in network.head_parameters():
        weight.requires_grad = False


def _moves_something_in_secret(network: Any, settings: Any) -> None:
    parts.load("adaptations", "head_only").attach(network, settings)
    frozen = next(iter(network.body.parameters()))

    def leak(_: Any) -> None:
        frozen.data.add_(1e-3)

    network.head_parameters()[0].register_hook(leak)


def _changes_the_start(network: Any, settings: Any) -> None:
    parts.load("adaptations", "full").attach(network, settings)
    network.head_parameters()[0].data.add_(1)


@pytest.mark.parametrize(
    ("attach", "check"),
    [
        (_forgets_the_head, the_head_always_learns),
        (_moves_something_in_secret, frozen_weights_keep_their_bytes),
        (_changes_the_start, applying_changes_no_output),
    ],
)
def test_a_broken_adaptation_is_caught(
    attach: Callable[[Any, Any], None], check: Check, bases: dict[Kind, Path]
) -> None:
    """Each promise can fail."""
    broken = replace(parts.load("adaptations", "low_rank"), attach=attach)

    with pytest.raises(AssertionError):
        check(broken, bases["bert"], "labels")


@pytest.mark.parametrize(
    "check",
    [
        finishing_changes_no_output_and_leaves_a_plain_network,
        a_reloaded_network_gives_equal_outputs,
    ],
)
def test_an_adaptation_that_forgets_to_merge_is_caught(
    check: Check, bases: dict[Kind, Path]
) -> None:
    """What was added is still there, so the folder would not be plain."""
    broken = replace(parts.load("adaptations", "low_rank"), merge=None)

    with pytest.raises((AssertionError, ModelError)):  # the saved folder may be refused at once
        check(broken, bases["bert"], "labels")
