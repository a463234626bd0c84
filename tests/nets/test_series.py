"""Histories go into a network on one scale, and a small network of ours reads them."""

import json
from pathlib import Path

import pytest
import torch
from transformers import InformerConfig
from transformers.models.auto.modeling_auto import AutoModel

from polyculture.checks.tiny import tiny_base
from polyculture.core.errors import ModelError, RecipeError
from polyculture.nets.bodies.patches import PatchTransformer
from polyculture.nets.build import bare_body, load_head, open_network, open_reader, save_network
from polyculture.nets.layers import LinearHead
from polyculture.nets.network import Network
from polyculture.nets.pooling import vectors_of
from polyculture.nets.reading.series import SeriesReader, batch_series, encode_series
from polyculture.sources.bases.contents.plain import check_folder
from polyculture.sources.bases.new import New, open_base

NAMES = ("+1 q0.5", "+2 q0.5")


def opened(folder: Path) -> Network:
    return open_network(
        folder,
        labels=NAMES,
        output="numbers",
        model_class="AutoModel",
        make_head=lambda width, labels, _: LinearHead(width, labels, dropout=0.0),
    )


def test_a_saved_network_opens_again_and_says_the_same(tmp_path: Path) -> None:
    """With its reader, and a page that says what it answers."""
    rows: list[list[float | None]] = [[1.0, 2.0, None, 4.0], [5.0] * 50]
    base = open_base(New(kind="patch_transformer", width=32), rows, tmp_path, 1)
    assert "histories of 50 values in 17 pieces" in base.notes[0]
    network, reader = opened(tmp_path).eval(), open_reader(tmp_path)
    assert reader == SeriesReader(context=50, patch=3)
    examples = encode_series(rows, reader, [[1.0, 2.0], [3.0, 4.0]], repeat=1).examples
    batch = batch_series(examples)
    assert (batch.count, batch.size) == (4, 2 * 17)

    save_network(network, reader, tmp_path / "saved")
    check_folder(tmp_path / "saved", "saved")
    again = opened(tmp_path / "saved").eval()
    load_head(again, tmp_path / "saved")

    torch.testing.assert_close(again(batch)["logits"], network(batch)["logits"])
    page = (tmp_path / "saved" / "README.md").read_text(encoding="utf-8")
    assert "Answer the series of a file with `polyculture predict`" in page


def test_the_same_seed_gives_the_same_base(tmp_path: Path) -> None:
    """And another seed other weights."""
    digests = []
    for number, seed in enumerate((1, 1, 2)):
        place = tmp_path / str(number)
        place.mkdir()
        digests.append(open_base(New(kind="patch_transformer"), [[1.0, 2.0]], place, seed).digest)

    assert digests[0] == digests[1] != digests[2]


def test_a_base_needs_a_history_to_learn_its_length(tmp_path: Path) -> None:
    """And has no vocabulary."""
    with pytest.raises(RecipeError, match="there is no history to learn its length"):
        open_base(New(kind="patch_transformer"), [], tmp_path, 1)
    with pytest.raises(ValueError, match="kind = 'patch_transformer' reads series"):
        New(kind="patch_transformer", vocabulary=400)


def test_what_is_unknown_is_shown_to_the_network_as_unknown() -> None:
    """Gaps and what lies before a short history are 0 in both inputs."""
    reader = SeriesReader(context=4, patch=2)

    encoded = encode_series([[1.0, None, 3.0]], reader, [[5.0]], repeat=2)

    (example,) = encoded.examples
    assert example.inputs["past_observed_mask"].tolist() == [0, 1, 0, 1]
    assert example.inputs["past_values"].tolist() == [0, -1, 0, 1]
    assert example.targets["labels"].tolist() == [3, 3]
    assert "1 of 1 histories are shorter than the 4 values" in encoded.notes[0]


def test_one_value_is_a_history() -> None:
    """It is its own mean, and nothing is known of its spread."""
    encoded = encode_series([[7.0]], SeriesReader(context=3, patch=1), None, repeat=1)

    assert encoded.examples[0].inputs["past_values"].tolist() == [0, 0, 0]


def test_a_reader_without_lengths_is_refused(tmp_path: Path) -> None:
    """By its file."""
    (tmp_path / "preprocessor_config.json").write_text('{"context_length": 0}', encoding="utf-8")
    with pytest.raises(ModelError, match="does not say context_length and patch_length"):
        SeriesReader.of_folder(tmp_path)


def test_a_body_sees_the_same_history_alike_in_any_batch() -> None:
    """So threads can share one; so is a history that is not a multiple of a patch."""
    torch.manual_seed(1)
    body = PatchTransformer(context_length=10, patch_length=4, width=32, layers=2).eval()
    histories, known = torch.randn(3, 10, 1), torch.ones(3, 10, 1)

    (together,) = body(past_values=histories, past_observed_mask=known)
    (alone,) = body(past_values=histories[1:2], past_observed_mask=known[1:2])

    torch.testing.assert_close(together[1:2], alone)


def test_a_patchtst_opens_as_it_is_published_and_hides_nothing(tmp_path: Path) -> None:
    """Without a file of a reader, trained on three series at once and to fill in what is masked."""
    folder = tiny_base(tmp_path / "patchtst", "patchtst")
    check_folder(folder, "patchtst")
    network, reader = opened(folder).eval(), open_reader(folder)
    assert reader == SeriesReader(context=16, patch=8)
    batch = batch_series(
        encode_series([[1.0, 2.0, 4.0], [3.0, 5.0]], reader, None, repeat=1).examples
    )

    first, again = network(batch)["logits"], network(batch)["logits"]

    assert first.shape == (2, len(NAMES))
    torch.testing.assert_close(first, again, rtol=0, atol=0)
    save_network(network, reader, tmp_path / "saved")
    saved = opened(tmp_path / "saved").eval()
    load_head(saved, tmp_path / "saved")
    torch.testing.assert_close(saved(batch)["logits"], first)
    page = (tmp_path / "saved" / "README.md").read_text(encoding="utf-8")
    assert "from transformers import AutoModel\n" in page


def test_a_vector_of_a_series_belongs_to_a_patch(tmp_path: Path) -> None:
    """Not to a place of a picture, whose numbers have as many dimensions."""
    body, _ = bare_body(tiny_base(tmp_path / "patchtst", "patchtst"))
    said = body.eval()(past_values=torch.randn(2, 16, 1))

    assert vectors_of(said, body).shape == (2, 3, 32)
    torch.testing.assert_close(vectors_of(said, body)[1, 2], said[0][1, 0, 2])


def test_weights_of_each_series_are_refused(tmp_path: Path) -> None:
    """Series are read one by one."""
    folder = tiny_base(tmp_path / "patchtst", "patchtst")
    settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps({**settings, "share_embedding": False}))

    with pytest.raises(ModelError, match=r"patchtst has weights for each of 3 series"):
        opened(folder)


def test_a_model_of_series_that_needs_more_than_values_is_refused(tmp_path: Path) -> None:
    """By what it reads, not for the tokenizer that it lacks."""
    sizes = {"d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "prediction_length": 2}
    model = AutoModel.from_config(InformerConfig(context_length=8, **sizes))
    model.save_pretrained(tmp_path / "informer")

    with pytest.raises(ModelError, match=r"'informer', which reads neither .* PatchTST for series"):
        check_folder(tmp_path / "informer", "informer")
