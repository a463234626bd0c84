"""A network knows its head, reads from a cache, and is opened, saved and refused as it should."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    OPTConfig,
    OPTForCausalLM,
)

from polyculture.checks.adaptations import (
    LABELS,
    Wanted,
    loss_of,
    open_small,
    outputs,
    small_batch,
    trained,
)
from polyculture.checks.matrix import tried
from polyculture.checks.tasks import Case
from polyculture.checks.tiny import KINDS, Kind, tiny_base
from polyculture.core import parts
from polyculture.core.errors import ModelError
from polyculture.nets.batch import Batch
from polyculture.nets.build import open_network, open_tokenizer, save_network
from polyculture.nets.layers import LinearHead
from polyculture.nets.network import Network

TEXTS = ["Ada Berg lives in Oslo today", "今天很好", "the film was lovely"]


def test_a_model_that_goes_round_its_own_body_says_what_is_asked() -> None:
    """OPT calls the decoder within its body: the logits of all places are cut to those asked."""
    torch.manual_seed(1)
    config = OPTConfig(
        vocab_size=40,
        hidden_size=32,
        ffn_dim=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        word_embed_proj_dim=32,
        max_position_embeddings=32,
    )
    model = OPTForCausalLM(config).eval()
    tokens = torch.arange(18).view(2, 9) + 2
    positions = torch.tensor([[0, 3], [5, 8]])
    batch = Batch(
        inputs={"input_ids": tokens, "attention_mask": torch.ones_like(tokens)},
        places={"positions": positions},
    )

    with torch.no_grad():
        asked = Network(model, output="tokens")(batch)["logits"]
        every = model(input_ids=tokens).logits

    torch.testing.assert_close(asked, every.gather(1, positions[..., None].expand(2, 2, 40)))


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[Kind, Path]:
    """One tiny random base of each architecture."""
    place = tmp_path_factory.mktemp("bases")
    return {kind: tiny_base(place / kind, kind, TEXTS) for kind in KINDS}


@pytest.fixture(scope="module")
def without_pooler(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT whose files hold no pooler, as those of many sentence encoders."""
    folder = tiny_base(tmp_path_factory.mktemp("bases") / "bare", "bert", TEXTS)
    weights = load_file(folder / "model.safetensors")
    kept = {name: value for name, value in weights.items() if "pooler" not in name}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def with_ours(folder: Path, output: Wanted) -> Network:
    return open_small(folder, output, lambda w, n, d: LinearHead(w, n, dropout=d))


@pytest.mark.parametrize("opened", [open_small, with_ours])
@pytest.mark.parametrize("output", ["labels", "word_labels"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_cached_body_gives_the_same_logits(
    kind: Kind,
    output: Wanted,
    opened: Callable[[Path, Wanted], Network],
    bases: dict[Kind, Path],
) -> None:
    """Outputs computed once stand for the body, whatever head reads them."""
    batch = small_batch(bases[kind], output)
    network = opened(bases[kind], output)
    expected = outputs(network, batch)
    body = network.body
    with torch.no_grad():
        features = body(**batch.inputs)[0]

    network.remember()
    cached = outputs(network, replace(batch, features=features))
    network.restore()

    torch.testing.assert_close(cached, expected, atol=1e-6, rtol=0)
    assert torch.equal(outputs(network, batch), expected)


def test_an_untrained_pooler_belongs_to_the_head(without_pooler: Path) -> None:
    """It starts from chance, so also a training of the head alone moves it, cached or not."""
    network = open_small(without_pooler, "labels")
    adaptation = parts.load("adaptations", "head_only")
    adaptation.attach(network, adaptation.settings())
    batch = small_batch(without_pooler, "labels")
    before = {n: w.detach().clone() for n, w in network.named_parameters()}
    body = network.body.eval()
    with torch.no_grad():
        features = body(**batch.inputs)[0]

    network.remember()
    trained(network, replace(batch, features=features))
    network.restore()

    assert network.untrained == (
        "bert.pooler.dense.bias",
        "bert.pooler.dense.weight",
        "classifier.bias",
        "classifier.weight",
    )
    moved = {n for n, w in network.named_parameters() if not torch.equal(w, before[n])}
    assert moved == {f"model.{name}" for name in network.untrained}


def test_low_rank_updates_leave_an_untrained_pooler_whole(without_pooler: Path) -> None:
    """It is trained as it is, so it gets no thin matrices."""
    network = open_small(without_pooler, "labels")
    adaptation = parts.load("adaptations", "low_rank")

    adaptation.attach(network, adaptation.settings(rank=2))

    added = {name for name, _ in network.named_parameters() if "lora_" in name}
    assert not any("pooler" in name for name in added)
    # six linear layers in each of two layers, two matrices each
    assert len(added) == 2 * 6 * 2
    shapes = [w.shape for n, w in network.named_parameters() if "lora_A" in n]
    assert all(shape[0] == 2 for shape in shapes)


@pytest.mark.parametrize("kind", KINDS)
def test_a_standard_network_opens_with_plain_transformers(
    kind: Kind, bases: dict[Kind, Path], tmp_path: Path
) -> None:
    """The saved folder needs nothing of ours, and says the same with the names of the labels."""
    openers: dict[Wanted, Any] = {
        "labels": AutoModelForSequenceClassification,
        "word_labels": AutoModelForTokenClassification,
    }
    for output, opener in openers.items():
        batch = small_batch(bases[kind], output)
        network = trained(open_small(bases[kind], output), batch)
        expected = outputs(network, batch)
        save_network(network, open_tokenizer(bases[kind]), tmp_path / output)

        plain = opener.from_pretrained(tmp_path / output, dtype=torch.float32).eval()
        with torch.no_grad():
            logits = plain(**batch.inputs).logits
        if "positions" in batch.places:
            rows = torch.arange(2).unsqueeze(1)
            logits = logits[rows, batch.places["positions"]]

        torch.testing.assert_close(logits, expected, atol=1e-6, rtol=0)
        assert plain.config.id2label == dict(enumerate(LABELS))
        assert not list((tmp_path / output).glob("*.bin"))


def test_a_head_of_another_task_is_replaced(bases: dict[Kind, Path], tmp_path: Path) -> None:
    """A fine-tuned model is a base like any other: its old head with other labels goes."""
    network = open_small(bases["bert"], "labels")
    save_network(network, open_tokenizer(bases["bert"]), tmp_path)

    again = open_network(
        tmp_path,
        labels=("a", "b", "c", "d", "e"),
        output="labels",
        model_class="AutoModelForSequenceClassification",
    )

    assert outputs(again, small_batch(tmp_path, "labels")).shape == (2, 5)
    assert {"classifier.weight", "classifier.bias"} <= set(again.untrained)
    assert len(again.head_parameters()) == 2


@pytest.mark.parametrize(("names", "numbers"), [((), 1), (("low", "middle", "high"), 3)])
@pytest.mark.parametrize("is_ours", [False, True])
def test_a_row_has_a_number_for_each_name_or_one(
    bases: dict[Kind, Path], names: tuple[str, ...], numbers: int, *, is_ours: bool
) -> None:
    """Whichever head gives them."""

    def make(width: int, count: int, dropout: float) -> LinearHead:
        return LinearHead(width, count, dropout=dropout)

    network = open_network(
        bases["bert"],
        labels=names,
        output="numbers",
        model_class="AutoModelForSequenceClassification",
        make_head=make if is_ours else None,
        pooling="mean",
    )

    assert outputs(network, small_batch(bases["bert"], "labels")).shape == (2, numbers)


def test_a_head_of_the_same_size_with_other_labels_is_forgotten(
    bases: dict[Kind, Path], tmp_path: Path
) -> None:
    """Three old answers are no start for three new ones; the very same labels are."""
    network = trained(open_small(bases["bert"], "labels"), small_batch(bases["bert"], "labels"))
    save_network(network, open_tokenizer(bases["bert"]), tmp_path)
    kind = "AutoModelForSequenceClassification"

    other = open_network(tmp_path, labels=("a", "b", "c"), output="labels", model_class=kind)
    same = open_network(tmp_path, labels=LABELS, output="labels", model_class=kind)

    old, new, kept = (n.head_modules()["classifier"].weight for n in (network, other, same))
    assert torch.equal(kept, old)  # type: ignore[arg-type]
    assert not torch.equal(new, old)  # type: ignore[arg-type]
    assert other.untrained == ("classifier.bias", "classifier.weight")
    assert same.untrained == ()


def test_a_folder_with_pickled_weights_only_is_refused(
    bases: dict[Kind, Path], tmp_path: Path
) -> None:
    """Unpickling runs code, so it is not done; the sentence names what is missing."""
    (tmp_path / "config.json").write_text((bases["bert"] / "config.json").read_text())
    torch.save({}, tmp_path / "pytorch_model.bin")

    with pytest.raises(ModelError, match=r"has no model\.safetensors"):
        open_small(tmp_path, "labels")


def test_a_base_without_that_head_is_refused(tmp_path: Path) -> None:
    """An architecture of text beside pictures has no head for either alone."""
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "clip"}))

    with pytest.raises(
        ModelError, match="'clip', which reads neither text, pictures, sounds nor series"
    ):
        open_small(tmp_path, "word_labels")


def test_loss_of_a_small_network_is_a_number(bases: dict[Kind, Path]) -> None:
    """The batch that these tests use is a real one."""
    batch = small_batch(bases["bert"], "word_labels")

    assert loss_of(open_small(bases["bert"], "word_labels"), batch).isfinite()


@pytest.mark.slow
def test_a_family_without_a_standard_head_is_told_which_heads_fit(tmp_path: Path) -> None:
    """Gemma 3 reads words with a head of ours, and transformers has none of its own for it."""
    base = tiny_base(tmp_path / "gemma3", "gemma3", ["Ada Berg lives in Oslo", "今天很好"])
    case = Case(task=parts.load("tasks", "spans"))

    reason = tried(base, case, {"kind": "full"})

    assert reason == (
        "transformers has no standard head of this kind (AutoModelForTokenClassification) for the "
        "family of gemma3. Choose [head] kind = 'crf' or 'mlp'."
    )
    assert not tried(base, replace(case, head={"kind": "mlp"}), {"kind": "full"})
