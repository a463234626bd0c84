"""Every adaptation keeps the promises of its shelf, on several architectures."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from torch import nn
from transformers import AutoConfig, AutoModel, LongformerConfig, LongformerModel

from polyculture.adaptations.bias_only import BiasOnly
from polyculture.adaptations.full import Full
from polyculture.adaptations.last_layers import LastLayers
from polyculture.adaptations.low_rank import LowRank
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
from polyculture.checks.tiny import FAMILIES, KINDS, Kind, tiny_base
from polyculture.core import parts
from polyculture.core.errors import ModelError, RecipeError
from polyculture.engine.optimizers import is_matrix
from polyculture.nets.blocks import blocks_of, has_stages, pads_inside
from polyculture.nets.build import bare_body
from polyculture.nets.efficiency.embedding import input_table
from polyculture.nets.network import count, trainable

# All architectures in the long run; the first alone in the quick one.
SHAPES = [KINDS[0], *(pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS[1:])]
TEXTS = ["Ada Berg lives in Oslo today", "今天很好", "the film was lovely"]

SMALL: dict[str, Any] = {"last_layers": partial(LastLayers, blocks=1)}
"""Settings for bases of two blocks, where the usual ones are for larger bases."""
REFUSED = {("bias_only", "llama"): "trains biases, but this base has none"}
"""What cannot work, and the reason that is given."""


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
    small = replace(adaptation, settings=SMALL.get(name, adaptation.settings))
    if (name, kind) in REFUSED:
        with pytest.raises(RecipeError, match=REFUSED[name, kind]):
            check(small, bases[kind], output)
    else:
        check(small, bases[kind], output)


def test_only_matrices_decay(tmp_path: Path) -> None:
    """No factor of IA3, no token that a picture begins with, no table of places; a layer does."""
    network = open_small(tiny_base(tmp_path / "bert", "bert", TEXTS), "labels")
    ia3 = parts.load("adaptations", "ia3")
    ia3.attach(network, ia3.settings())
    vit = bare_body(tiny_base(tmp_path / "vit", "vit"))[0]
    one_output = nn.Linear(8, 1)
    named = [
        *trainable(network).items(),
        *vit.named_parameters(),
        *one_output.named_parameters(prefix="layer"),
    ]
    decaying = {name for name, weight in named if is_matrix(name, weight, set())}

    assert "layer.weight" in decaying
    assert not {name for name in decaying if "ia3" in name or "position" in name}
    assert not {name for name in decaying if name.endswith(("bias", "cls_token"))}
    assert {name for name, weight in named if weight.squeeze().ndim > 1} - decaying == {
        name for name, _ in vit.named_parameters() if name.endswith("position_embeddings")
    }


def test_low_rank_trains_as_many_numbers_as_declared(bases: dict[Kind, Path]) -> None:
    """Rank times (inputs + outputs) for each linear layer of the body, and the head."""
    adaptation = parts.load("adaptations", "low_rank")
    network = open_small(bases["bert"], "word_labels")
    head = count(network.head_parameters())

    adaptation.attach(network, adaptation.settings(rank=3))

    # two layers of four 32 x 32 matrices and 32 x 64 both ways
    assert count(trainable(network).values()) == head + 2 * 3 * (4 * 64 + 2 * 96)


def test_magnitudes_are_trained_beside_the_update_and_merged(bases: dict[Kind, Path]) -> None:
    """One number for each row of each matrix, and every promise of the shelf."""
    adaptation = parts.load("adaptations", "low_rank")
    with_magnitudes = replace(adaptation, settings=partial(LowRank, magnitudes=True, dropout=0.0))
    network = open_small(bases["bert"], "word_labels")
    adaptation.attach(network, with_magnitudes.settings())
    plain = open_small(bases["bert"], "word_labels")
    adaptation.attach(plain, adaptation.settings())

    more = count(trainable(network).values()) - count(trainable(plain).values())

    assert more == 2 * (4 * 32 + 64 + 32)
    for check in CHECKS:
        check(with_magnitudes, bases["bert"], "word_labels")


@pytest.mark.parametrize(
    ("name", "settings", "added"),
    [
        ("low_rank", {"rank": 3}, 2 * 3 * (32 + 96 + 2 * 32 + 2 * (32 + 128))),
        ("low_rank", {"rank": 3, "magnitudes": True, "dropout": 0.0}, None),
        ("ia3", {}, 2 * (96 + 32 + 128 + 32)),
    ],
    ids=["low_rank", "magnitudes", "ia3"],
)
def test_matrices_that_lie_transposed_are_updated_too(
    name: str, settings: dict[str, Any], added: int | None, tmp_path: Path
) -> None:
    """GPT-2 keeps inputs by outputs: 32 x 96, 32 x 32, 32 x 128 and 128 x 32 in each layer."""
    base = tiny_base(tmp_path, "gpt2", TEXTS)
    adaptation = parts.load("adaptations", name)
    chosen = replace(adaptation, settings=partial(adaptation.settings, **settings))
    network = open_small(base, "labels")
    head = count(network.head_parameters())

    chosen.attach(network, chosen.settings())

    assert added in {None, count(trainable(network).values()) - head}
    for check in CHECKS:
        check(chosen, base, "labels")


@pytest.mark.parametrize("kind", SHAPES)
def test_lower_blocks_learn_slower_and_later(kind: Kind, bases: dict[Kind, Path]) -> None:
    """The last block first, the vectors of tokens last; the head has no pace of its own."""
    adaptation = parts.load("adaptations", "full")
    settings = Full(layer_decay=0.5, gradual=0.6)
    network = open_small(bases[kind], "word_labels")

    last, first, tokens = adaptation.paces(network, settings)

    assert [pace.factor for pace in (last, first, tokens)] == [0.5, 0.25, 0.125]
    assert [pace.start for pace in (last, first, tokens)] == pytest.approx([0.2, 0.4, 0.6])
    table = input_table(network.body)
    assert table is not None
    assert any(weight is table.weight for weight in tokens.weights)
    paced = {id(weight) for pace in (last, first, tokens) for weight in pace.weights}
    assert not paced & {id(weight) for weight in network.head_parameters()}


def test_vectors_of_tokens_can_stay_as_they_are(bases: dict[Kind, Path]) -> None:
    """All else is trained."""
    adaptation = parts.load("adaptations", "full")
    network = open_small(bases["bert"], "labels")

    adaptation.attach(network, Full(freeze_tokens=True))

    frozen = {name for name, weight in network.named_parameters() if not weight.requires_grad}
    assert frozen == {"model.bert.embeddings.word_embeddings.weight"}


def test_biases_alone_learn(bases: dict[Kind, Path]) -> None:
    """Those of the body, and the whole head."""
    adaptation = parts.load("adaptations", "bias_only")
    network = open_small(bases["bert"], "word_labels")
    head = {id(weight) for weight in network.head_parameters()}

    adaptation.attach(network, adaptation.settings())

    moving = {n: w for n, w in trainable(network).items() if id(w) not in head}
    assert moving
    assert all(name.endswith(".bias") for name in moving)


def test_a_base_without_biases_cannot_train_them() -> None:
    """The message says what to choose instead."""
    network = SimpleNamespace(body=nn.Linear(4, 4, bias=False))

    with pytest.raises(
        RecipeError, match=r"this base has none\. Choose \[adaptation\] kind = 'ia3'"
    ):
        parts.load("adaptations", "bias_only").attach(network, BiasOnly())


def test_factors_are_one_for_each_output_of_a_matrix(bases: dict[Kind, Path]) -> None:
    """Two layers of four 32 x 32 matrices, 32 to 64 and back; and the head."""
    adaptation = parts.load("adaptations", "ia3")
    network = open_small(bases["bert"], "word_labels")
    head = count(network.head_parameters())

    adaptation.attach(network, adaptation.settings())

    assert count(trainable(network).values()) == head + 2 * (4 * 32 + 64 + 32)


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


@pytest.mark.parametrize("kind", ["wav2vec2", "hubert", "patchtst", "vit", "whisper"])
def test_blocks_hand_on_vectors(kind: Kind, tmp_path: Path) -> None:
    """The convolutions that cut a wave into pieces are none, and PatchTST's are found too."""
    body, _ = bare_body(tiny_base(tmp_path / kind, kind))

    blocks = blocks_of(body, purpose="")

    assert len(blocks) == (4 if kind == "whisper" else 2)
    assert all(any(isinstance(part, nn.Linear) for part in block.modules()) for block in blocks)


@pytest.mark.parametrize("kind", [kind for kind in FAMILIES if kind not in {"resnet", "convnext"}])
def test_stages_are_told_from_blocks_of_one_width(kind: Kind, tmp_path: Path) -> None:
    """Where vectors grow, a block passes on more than them."""
    config = AutoConfig.from_pretrained(tiny_base(tmp_path, kind, TEXTS))

    assert has_stages(AutoModel.from_config(config)) == (kind == "swin")


def test_a_base_that_fills_its_inputs_up_is_told() -> None:
    """Longformer's blocks get more places than went in, so that what they give is not kept."""
    config = LongformerConfig(
        attention_window=[4, 4],
        vocab_size=50,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=32,
    )

    assert pads_inside(LongformerModel(config))
    assert not pads_inside(nn.Linear(1, 1))


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


def _changes_the_start(network: Any, _: Any) -> None:
    parts.load("adaptations", "full").attach(network, Full())
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
