"""Clips are heard, changed at random while training alone, and answered by label."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import soundfile
import torch
from transformers import AutoModelForAudioClassification, Wav2Vec2Config, Wav2Vec2FeatureExtractor
from transformers.models.auto.modeling_auto import AutoModel

from polyculture import api
from polyculture.checks.tasks import Case
from polyculture.core.errors import DataError, RecipeError
from polyculture.core.values import Known
from polyculture.engine.opened import open_base
from polyculture.nets.batch import Reading
from polyculture.tasks.sounds import PLUGIN as TASK
from polyculture.tasks.sounds import Sounds

RECIPE = """
task = {{ kind = "sounds", shift = {shift} }}
name = "tones"
base = {base}
head = {{ kind = "linear", pooling = "{pooling}" }}
adaptation = {{ kind = "{adaptation}" }}
[data]
source = "table"
train = "train.csv"
valid = "valid.csv"
test = "test.csv"
[fit]
epochs = {epochs}
learning_rate = 3e-3
threads = 1
precision = "float32"
"""
SMALL = '{ source = "new", kind = "tdnn", width = 32, layers = 3 }'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The toy data as tables of files."""
    for split, rows in TASK.toy().splits.items():
        rows.write_csv(tmp_path / f"{split}.csv")
    return tmp_path


def written(folder: Path, base: str = SMALL, **chosen: Any) -> Any:
    settings = {"shift": 0.0, "pooling": "mean", "adaptation": "full", "epochs": 5, **chosen}
    text = RECIPE.format(base=base, **settings)
    (folder / "recipe.toml").write_text(text, encoding="utf-8")
    return api.read_recipe(folder / "recipe.toml")


def wav2vec2(folder: Path, norm: str = "layer") -> str:
    """A small random base that reads waves, as a recipe names it."""
    torch.manual_seed(1)
    config = Wav2Vec2Config(
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        conv_dim=(32, 32, 32),
        conv_kernel=(10, 8, 4),
        conv_stride=(5, 8, 8),
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=2,
        feat_extract_norm=norm,
        do_stable_layer_norm=norm == "layer",
    )
    AutoModel.from_config(config).save_pretrained(folder / "base")
    extractor = Wav2Vec2FeatureExtractor(sampling_rate=8_000, return_attention_mask=norm == "layer")
    extractor.save_pretrained(folder / "base")
    return '{ source = "folder", path = "base" }'


def test_nothing_is_drawn_where_nothing_is_asked_for() -> None:
    """A frozen base can then be read in advance."""
    assert TASK.draws(Sounds()) == "never"
    assert TASK.draws(Sounds(gain=6)) == TASK.draws(Sounds(mask=0.1)) == "training"


@pytest.mark.slow
def test_a_recipe_of_clips_trains_checks_and_predicts(folder: Path) -> None:
    """From a table of files to answers of files that another table names."""
    recipe = written(folder, shift=0.1)

    shown = api.check(recipe, show=1).shown[0]
    run, place = api.train(recipe, folder / "runs")

    assert shown["tokens"][0].startswith("input_features ")
    assert shown["targets"][0] in {"rising", "falling", "both"}
    assert run.test is not None
    accuracy = run.test.headline().value
    assert isinstance(accuracy, Known)
    assert accuracy.number > 0.9
    assert [baseline.name for baseline in run.baselines] == ["majority", "spectra"]
    path, label = pl.read_csv(folder / "test.csv").select("audio", "label").row(0)
    wave, rate = soundfile.read(path)
    soundfile.write(folder / "new.flac", wave, rate)
    pl.DataFrame({"file": ["new.flac"]}).write_csv(folder / "new.csv")
    answers, _ = api.predict(place, folder / "new.csv")
    assert answers["answer"].to_list() == [label]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("norm", "pooling"),
    [("layer", "standard"), ("group", "standard"), ("group", "mean"), ("group", "attention")],
)
def test_a_wav2vec2_is_trained_saved_and_opened(norm: str, pooling: str, folder: Path) -> None:
    """With transformers' own head, whose folder opens as such, and with ours on its pieces."""
    recipe = written(folder, wav2vec2(folder, norm), pooling=pooling, epochs=1)

    run, place = api.train(recipe, folder / "runs")

    rows = pl.read_parquet(place / "predictions" / "test.parquet")
    assert len(rows) == 60
    assert run.facts.steps > 0
    if pooling == "standard":
        model = AutoModelForAudioClassification.from_pretrained(place / "model")
        extractor = Wav2Vec2FeatureExtractor.from_pretrained(place / "model")
        path = pl.read_csv(folder / "test.csv")["audio"][0]
        wave, rate = soundfile.read(path, dtype="float32")
        with torch.no_grad():
            logits = model(**extractor(wave, sampling_rate=rate, return_tensors="pt")).logits[0]
        found = {model.config.id2label[n]: float(p) for n, p in enumerate(logits.softmax(0))}
        saved = dict(zip(sorted(found), rows["probabilities"][0], strict=True))
        assert found == pytest.approx(saved, abs=1e-5)


@pytest.mark.slow
def test_a_frozen_base_is_heard_once(folder: Path) -> None:
    """What was kept of each clip, without its padding, gives the answers of the saved model."""
    recipe = written(folder, wav2vec2(folder), adaptation="head_only", epochs=2)

    run, place = api.train(recipe, folder / "runs")

    assert run.facts.trained_parameters == 3 * 32 + 3
    scores = run.valid.headline().value
    assert isinstance(scores, Known)
    looks = [row for row in pl.read_ndjson(place / "log.jsonl").to_dicts() if row.get("score")]
    assert max(row["score"] for row in looks) == pytest.approx(scores.number)


@pytest.mark.slow
def test_a_clip_is_answered_alike_in_any_batch(folder: Path) -> None:
    """What lies behind the end of a clip changes nothing."""
    case = Case(
        task=TASK,
        base={"source": "new", "kind": "tdnn", "width": 32, "layers": 3},
        head={"kind": "linear", "pooling": "mean"},
    )
    opened = open_base(case.training(folder / "work"))
    network = opened.network.eval()
    rows = case.splits["test"].head(6)
    examples = TASK.encode(rows, opened.context).examples

    def logits(chosen: Any) -> Any:
        return np.stack(
            TASK.read(Reading(network, TASK.collate(chosen, opened.context)), opened.context)
        )

    alone = np.concatenate([logits([example]) for example in examples])
    np.testing.assert_allclose(logits(examples), alone, atol=1e-5)


def test_texts_and_clips_are_not_mixed_up(folder: Path) -> None:
    """Word counts, networks for texts and a standard head that is none are refused."""
    for kind, reason in (
        ("tfidf", "word counts answer whole texts"),
        ("transformer", r"cannot do 'sounds'\. Choose 'tdnn'"),
        ("resnet", r"cannot do 'sounds'\. Choose 'tdnn'"),
    ):
        with pytest.raises(RecipeError, match=reason):
            written(folder, f'{{ source = "new", kind = "{kind}" }}')
    with pytest.raises(RecipeError, match="a tdnn base has no standard head"):
        written(folder, pooling="standard")
    with pytest.raises(RecipeError, match="kind = 'tdnn' reads sounds"):
        written(folder, '{ source = "new", kind = "tdnn", vocabulary = 500 }')


@pytest.mark.parametrize("split", ["train", "valid"])
def test_a_file_that_is_no_sound_is_named_with_its_line(split: str, folder: Path) -> None:
    """Before anything is trained; and so it is for rows to answer."""
    (folder / "notes.wav").write_text("listen to this", encoding="utf-8")
    rows = pl.read_csv(folder / f"{split}.csv")
    bad = rows.with_columns(
        audio=pl.when(pl.int_range(pl.len()) == 3).then(pl.lit("notes.wav")).otherwise("audio")
    )
    bad.write_csv(folder / f"{split}.csv")

    with pytest.raises(
        DataError, match=rf"{split}\.csv, line 5: .*notes\.wav holds no sound that ca"
    ):
        api.train(written(folder), folder / "runs")
