"""Attention pooling: a mean of a row's vectors with learnt weights, and none of the padding."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from polyculture.checks.adaptations import open_small, outputs, small_batch
from polyculture.checks.heads import made, network_with
from polyculture.checks.tiny import tiny_base
from polyculture.core import parts
from polyculture.core.errors import RecipeError
from polyculture.core.recipe import Settings
from polyculture.nets.pooling import AttentionPooling, pool, vectors_of

TEXTS = ["Ada Berg lives in Oslo today", "今天很好"]
WIDTH = 8
MASK = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0]])


def vectors() -> Tensor:
    """Of two rows; the padding of the second is far from everything else."""
    torch.manual_seed(1)
    hidden = torch.randn(2, 5, WIDTH)
    return hidden.masked_fill(MASK[..., None] == 0, 1e4)


def learnt() -> AttentionPooling:
    """With a query that is not zero."""
    torch.manual_seed(2)
    pooling = AttentionPooling(WIDTH)
    nn.init.normal_(pooling.query.weight)
    return pooling


def asked(name: str, **chosen: Any) -> tuple[Any, Settings]:
    """A head and settings of it, with attention pooling."""
    head = parts.load("heads", name)
    return head, head.settings(pooling="attention", **chosen)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_base(tmp_path_factory.mktemp("base") / "bert", "bert", TEXTS)


@pytest.mark.parametrize("mask", [MASK, None], ids=["padding", "no padding"])
def test_it_starts_as_the_mean(mask: Tensor | None) -> None:
    """Before the first step no token counts more than another."""
    torch.testing.assert_close(
        AttentionPooling(WIDTH)(vectors(), mask), pool(vectors(), mask, "mean")
    )


def test_the_largest_value_of_each_number_is_not_padding() -> None:
    """Nor is it looked for there where all values of a row are below zero."""
    hidden = -vectors().abs() - 1
    hidden[1, 2:] = 1e4

    found = pool(hidden, MASK, "max")

    torch.testing.assert_close(found[0], hidden[0].amax(dim=0))
    torch.testing.assert_close(found[1], hidden[1, :2].amax(dim=0))
    torch.testing.assert_close(pool(hidden[:1], None, "max"), found[:1])


@pytest.mark.parametrize("mask", [MASK, None], ids=["padding", "no padding"])
def test_a_vector_is_what_one_query_finds(mask: Tensor | None) -> None:
    """As torch's own attention computes it."""
    pooling, hidden = learnt(), vectors()
    query = pooling.query.weight.expand(2, 1, WIDTH)

    expected = nn.functional.scaled_dot_product_attention(
        query, hidden, hidden, None if mask is None else mask[:, None] == 1, scale=1.0
    )

    torch.testing.assert_close(pooling(hidden, mask), expected[:, 0])


def test_a_row_is_pooled_alone_as_beside_a_longer_one() -> None:
    """However much padding it has, and whatever stands there."""
    pooling, hidden = learnt(), vectors()

    together = pooling(hidden, MASK)

    torch.testing.assert_close(pooling(hidden[1:, :2], MASK[1:, :2]), together[1:])
    torch.testing.assert_close(pooling(hidden[1:, :2], None), together[1:])


def test_all_places_of_a_picture_are_pooled() -> None:
    """A map of features has no padding."""
    maps = torch.randn(2, WIDTH, 3, 4)

    pooled = learnt()(vectors_of((maps,)), None)

    places = maps.flatten(2).transpose(1, 2)
    torch.testing.assert_close(pooled, learnt()(places, torch.ones(2, 12)))
    assert pooled.shape == (2, WIDTH)


@pytest.mark.parametrize(("name", "sizes"), [("linear", {}), ("mlp", {"hidden": 16})])
def test_a_network_with_it_starts_as_one_with_the_mean(
    name: str, sizes: dict[str, int], base: Path
) -> None:
    """The head's other weights being the same."""
    batch = small_batch(base, "labels")
    head, settings = asked(name, **sizes)
    network = network_with(head, settings, base, "labels")
    plain = network_with(head, head.settings(pooling="mean", **sizes), base, "labels")
    weights = network.head.state_dict()  # type: ignore[union-attr]
    plain.head.load_state_dict(weights, strict=False)  # type: ignore[union-attr]

    torch.testing.assert_close(outputs(network, batch), outputs(plain, batch))
    assert "pool.query.weight" in weights


def test_kept_vectors_of_a_frozen_base_are_pooled_alike(base: Path) -> None:
    """What is kept are the vectors of tokens, so that the pooling can still learn."""
    network: Any = network_with(*asked("linear"), base, "labels")
    nn.init.normal_(network.head.pool.query.weight)
    batch = small_batch(base, "labels")
    expected = outputs(network, batch)
    with torch.no_grad():
        batch.features = vectors_of(network.body(**batch.inputs))

    assert network.can_cache
    network.remember()

    torch.testing.assert_close(outputs(network, batch), expected)


@pytest.mark.parametrize("name", ["linear", "mlp"])
def test_words_that_are_read_one_by_one_are_not_pooled(name: str, base: Path) -> None:
    """Its weights would learn nothing, so the setting is refused."""
    head, settings = asked(name)

    assert not head.is_standard(settings, "word_labels")
    with pytest.raises(RecipeError, match=r"one vector of a text, .* one by one\. Leave it out"):
        open_small(base, "word_labels", made(head, settings))
