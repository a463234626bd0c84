"""Pictures are read, changed at random while training alone, and answered by label."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from safetensors.torch import save_file

from polyculture import api
from polyculture.core.errors import DataError, RecipeError
from polyculture.core.task import Context, Example, Inventory
from polyculture.core.values import Known
from polyculture.nets.bodies.efficientnet import EfficientNetLiteBody
from polyculture.nets.reading.pictures import PictureReader
from polyculture.tasks.images import PLUGIN as TASK
from polyculture.tasks.images import Images

RECIPE = """
task = "images"
name = "bars"
base = {base}
head = {{ kind = "linear", pooling = "mean" }}
adaptation = {{ kind = "{adaptation}" }}
[data]
source = "folders"
train = "bars/train"
valid = "bars/valid"
test = "bars/test"
[fit]
epochs = {epochs}
learning_rate = 2e-3
threads = 1
precision = "float32"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The toy data in folders named as their labels."""
    for split, rows in TASK.toy().splits.items():
        for key, path, label in rows.select("id", "image", "label").iter_rows():
            place = tmp_path / "bars" / split / label / f"{key}.png"
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)
    return tmp_path


def written(
    folder: Path,
    base: str = '{ source = "new", kind = "resnet", width = 32 }',
    *,
    adaptation: str = "full",
    epochs: int = 3,
) -> Any:
    text = RECIPE.format(base=base, adaptation=adaptation, epochs=epochs)
    (folder / "recipe.toml").write_text(text, encoding="utf-8")
    return api.read_recipe(folder / "recipe.toml")


def picture(settings: Images, seed: int) -> Any:
    """What becomes of a picture that is drawn once."""
    pixels = np.random.default_rng(0).integers(0, 256, (1, 8, 8), dtype=np.uint8)
    example = Example(row=0, inputs={"pixel_values": pixels}, size=1)
    context = Context(settings=settings, inventory=Inventory())
    assert TASK.draw is not None
    drawn = TASK.draw(example, context, np.random.default_rng(seed))
    return pixels, drawn.inputs["pixel_values"]


def test_nothing_is_drawn_where_nothing_is_asked_for() -> None:
    """Digits stay as they are, so that a frozen base can be read in advance."""
    assert TASK.draws(Images()) == "never"
    assert TASK.draws(Images(flip=True)) == TASK.draws(Images(crop=0.1)) == "training"


def test_pictures_are_moved_and_mirrored_as_the_generator_says() -> None:
    """The same seed draws the same picture, others differ."""
    settings = Images(crop=0.25, flip=True)

    found = [picture(settings, seed)[1].tobytes() for seed in (*range(8), *range(8))]

    assert found[:8] == found[8:]
    assert len(set(found)) > 2
    before, after = picture(Images(), 1)
    assert np.array_equal(before, after)


@pytest.mark.slow
def test_a_recipe_of_pictures_trains_checks_and_predicts(folder: Path) -> None:
    """From folders to answers of files that a table names, relative to the table."""
    recipe = written(folder)

    shown = api.check(recipe, show=1).shown[0]
    run, place = api.train(recipe, folder / "runs")

    assert shown["tokens"] == ["pixel_values 1×8×8"]
    assert shown["targets"] == ["lying"]
    assert run.test is not None
    accuracy = run.test.headline().value
    assert isinstance(accuracy, Known)
    assert accuracy.number > 0.9
    assert [baseline.name for baseline in run.baselines] == ["majority", "pixels"]
    names = sorted(path.relative_to(folder) for path in folder.glob("bars/test/*/*.png"))[:4]
    table = pl.DataFrame({"image": [str(name) for name in names]})
    table.write_csv(folder / "new.csv")
    answers, _ = api.predict(place, folder / "new.csv")
    assert answers["answer"].to_list() == ["lying"] * 4
    assert answers.columns == ["id", "image", "answer", "probabilities"]


@pytest.mark.slow
def test_a_frozen_base_is_read_once_and_its_statistics_stay(folder: Path) -> None:
    """What was kept of each picture gives the answers of the saved model."""
    base = folder / "base"
    base.mkdir()
    body = EfficientNetLiteBody()
    body.save_sizes(base)
    save_file(body.state_dict(), base / "model.safetensors")
    PictureReader(height=32, width=32, mean=(0.5,) * 3, deviation=(0.5,) * 3).save_pretrained(base)
    recipe = written(folder, '{ source = "folder", path = "base" }', adaptation="head_only")

    run, place = api.train(recipe, folder / "runs")

    assert run.facts.trained_parameters == 2 * 1_280 + 2
    scores = run.valid.headline().value
    assert isinstance(scores, Known)
    best = [row for row in pl.read_ndjson(place / "log.jsonl").to_dicts() if row.get("score")]
    assert max(row["score"] for row in best) == pytest.approx(scores.number)


def test_texts_and_pictures_are_not_mixed_up(folder: Path) -> None:
    """Word counts, networks for texts and cutting at a length are refused with their reason."""
    for kind, reason in (
        ("tfidf", "word counts answer whole texts"),
        ("transformer", r"cannot do 'images'\. Choose 'resnet'"),
    ):
        with pytest.raises(RecipeError, match=reason):
            written(folder, f'{{ source = "new", kind = "{kind}" }}')
    recipe = written(folder)
    fit = recipe.fit.model_copy(update={"max_length": 8})

    with pytest.raises(RecipeError, match=r"fit\.max_length cuts texts, but 'resnet' reads pict"):
        api.train(recipe.model_copy(update={"fit": fit}), folder / "runs")


def test_a_file_that_is_no_picture_is_named(folder: Path) -> None:
    """Before anything is trained."""
    (folder / "bars/train/lying/notes.txt").write_text("look at this", encoding="utf-8")

    with pytest.raises(DataError, match=r"notes\.txt holds no picture that can be read"):
        api.train(written(folder), folder / "runs")
