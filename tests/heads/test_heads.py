"""Every head keeps the promises of its shelf, on several architectures."""

from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError

from polyculture.checks.adaptations import (
    Wanted,
    loss_of,
    open_small,
    outputs,
    small_batch,
    trained,
)
from polyculture.checks.heads import CHECKS, Check, network_with
from polyculture.checks.tiny import KINDS, Kind, tiny_base
from polyculture.core import parts
from polyculture.core.errors import RecipeError
from polyculture.core.recipe import Recipe

# All architectures in the long run; the first alone in the quick one.
SHAPES = [KINDS[0], *(pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS[1:])]
TEXTS = ["Ada Berg lives in Oslo today", "今天很好", "the film was lovely"]
SETTINGS: list[tuple[str, Wanted, dict[str, object]]] = [
    ("linear", "labels", {"pooling": "mean"}),
    ("linear", "labels", {"pooling": "attention"}),
    ("mlp", "labels", {"hidden": 16}),
    ("mlp", "labels", {"hidden": 16, "pooling": "first"}),
    ("mlp", "labels", {"hidden": 16, "pooling": "last"}),
    ("mlp", "labels", {"hidden": 16, "pooling": "attention"}),
    ("mlp", "word_labels", {"hidden": 16}),
    ("mlp", "word_labels", {"hidden": 16, "shapes": True}),
    ("crf", "word_labels", {}),
    ("crf", "word_labels", {"shapes": True}),
    ("crf", "word_labels", {"hidden": 16, "shapes": True}),
]


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[Kind, Path]:
    """One tiny random base of each architecture."""
    place = tmp_path_factory.mktemp("bases")
    return {kind: tiny_base(place / kind, kind, TEXTS) for kind in KINDS}


def test_every_head_of_the_shelf_is_checked() -> None:
    """A new head has to be added to the table above, unless it has no weights or no labels."""
    assert {name for name, _, _ in SETTINGS} == {*parts.names("heads")} - {"pooled", "biaffine"}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("case", SETTINGS, ids=str)
def test_a_head_keeps_its_promises(
    case: tuple[str, Wanted, dict[str, object]], kind: Kind, check: Check, bases: dict[Kind, Path]
) -> None:
    """Each cell of head, settings, architecture and promise."""
    name, output, chosen = case
    head = parts.load("heads", name)
    check(head, head.settings(**chosen), bases[kind], output)


@pytest.mark.parametrize("output", ["labels", "word_labels"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_standard_head_learns_too(kind: Kind, output: Wanted, bases: dict[Kind, Path]) -> None:
    """The base's own class of the task goes the same way."""
    batch = small_batch(bases[kind], output)
    network = open_small(bases[kind], output).eval()
    before = loss_of(network, batch).item()

    trained(network, batch)

    assert loss_of(network, batch).item() < before
    if output == "word_labels":
        logits = outputs(network, batch)
        assert torch.equal(network.best_path(logits, batch.places["there"]), logits.argmax(dim=2))


def test_words_are_decoded_together_where_not_all_may_follow(bases: dict[Kind, Path]) -> None:
    """A standard head too: each word's best label, unless that is not allowed."""
    batch = small_batch(bases["bert"], "word_labels")
    network = open_small(bases["bert"], "word_labels").eval()
    logits, there = outputs(network, batch), batch.places["there"]
    everything = torch.ones(3, 3, dtype=torch.bool)

    free = network.best_path(logits, there, everything)
    only_first = network.best_path(logits, there, everything & torch.tensor([True, False, False]))

    assert torch.equal(free[there], logits.argmax(dim=-1)[there])
    assert not only_first.any()


def test_a_chain_learns_what_may_follow_what(bases: dict[Kind, Path]) -> None:
    """The transition that training shows becomes the likelier one."""
    head = parts.load("heads", "crf")
    network = network_with(head, head.settings(), bases["bert"], "word_labels")
    batch = small_batch(bases["bert"], "word_labels")  # targets 1, 2, 0

    trained(network, batch)

    chain: Any = network.head.chain  # type: ignore[union-attr]
    assert chain.transitions[1, 2] > chain.transitions[1, 1]
    paths = network.best_path(outputs(network, batch), batch.places["there"])
    assert paths[1, 1:].tolist() == [0, 0]


def test_a_chain_is_refused_where_texts_are_answered() -> None:
    """The sentence says why, and which heads there are."""
    asked = {
        "task": "classification",
        "base": {"source": "starter", "name": "minilm-l6"},
        "data": {"source": "starter", "name": "reviews"},
        "head": "crf",
    }

    with pytest.raises(ValidationError, match=r"wants \(labels\)\. Choose 'linear' or 'mlp'"):
        Recipe.model_validate(asked)


def test_an_unknown_head_is_refused_by_name() -> None:
    """The nearest one is named."""
    with pytest.raises(RecipeError, match="Did you mean 'crf'"):
        parts.load("heads", "crff")
