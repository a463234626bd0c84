"""Every adaptation keeps the promises of its shelf, on several architectures."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

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
from polyculture.core.errors import ModelError
from polyculture.nets.network import count, trainable

# All architectures in the long run; the first alone in the quick one.
SHAPES = [KINDS[0], *(pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS[1:])]
TEXTS = ["Ada Berg lives in Oslo today", "今天很好", "the film was lovely"]


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
    check(parts.load("adaptations", name), bases[kind], output)


def test_low_rank_trains_as_many_numbers_as_declared(bases: dict[Kind, Path]) -> None:
    """Rank times (inputs + outputs) for each linear layer of the body, and the head."""
    adaptation = parts.load("adaptations", "low_rank")
    network = open_small(bases["bert"], "word_labels")
    head = count(network.head_parameters())

    adaptation.attach(network, adaptation.settings(rank=3))

    # two layers of four 32 x 32 matrices and 32 x 64 both ways
    assert count(trainable(network).values()) == head + 2 * 3 * (4 * 64 + 2 * 96)


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
