"""Classify pictures: one label each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from polyculture.core.recipe import Settings
from polyculture.core.task import Column, Task
from polyculture.stats.labels import one_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray
    from torch import Tensor

    from polyculture.core.data import Dataset
    from polyculture.core.task import Context, Encoded, Example
    from polyculture.nets.batch import Batch, Outputs, Reading

SIDE = 16
"""Pixels a side of the pictures that the simple method compares."""


class Images(Settings):
    """Which label a picture has."""

    kind: Literal["images"] = "images"
    crop: float = Field(default=0.0, ge=0, lt=1)
    """Training moves each picture at random, by up to this share of its sides."""
    flip: bool = False
    """Training mirrors half of the pictures, left to right; not for digits and letters."""
    unseen: Literal["wrong", "refuse"] = "wrong"
    """Labels that train does not have: count them as ``wrong``, or refuse them."""


def prepare(rows: pl.DataFrame, where: str, _: Images) -> pl.DataFrame:
    """Check the columns; labels become text. Rows without a label are fine to predict."""
    import polars as pl

    from polyculture.stats.rows import check_rows

    check_rows(rows, where, needed=("id", "image"), filled=("id", "image", "label"))
    return rows.with_columns(pl.col("label").cast(pl.String)) if "label" in rows.columns else rows


def encode(rows: pl.DataFrame, context: Context) -> Encoded:
    """One example a row, brought to the size that the base reads."""
    from polyculture.nets.reading.pictures import encode_pictures

    known = {"labels": one_label.codes(rows, context)} if "label" in rows.columns else {}
    return encode_pictures(rows, context.reader, known)


def draws(settings: Images) -> Literal["training", "never"]:
    """Pictures that are only read stay as they are."""
    return "training" if settings.crop or settings.flip else "never"


def draw(example: Example, context: Context, chance: np.random.Generator) -> Example:
    """The picture moved and mirrored as the settings say."""
    from polyculture.nets.reading.pictures import mirrored, shifted

    pixels = example.inputs["pixel_values"]
    if context.settings.crop:
        pixels = shifted(pixels, context.settings.crop, chance)
    if context.settings.flip:
        pixels = mirrored(pixels, chance)
    return replace(example, inputs={"pixel_values": pixels})


def collate(examples: Sequence[Example], context: Context) -> Batch:
    """Pictures as the numbers that the base reads."""
    from polyculture.nets.reading.pictures import batch_pictures

    return batch_pictures(examples, context.reader)


def loss(outputs: Outputs, batch: Batch, _: Context) -> Tensor:
    """The sum of the cross-entropy."""
    from polyculture.nets.losses.label_outputs import one_label_loss

    return one_label_loss(outputs, batch)


def read(reading: Reading, _: Context) -> list[NDArray[Any]]:
    """The logits of each picture, ``(labels,)``."""
    from polyculture.nets.losses.label_outputs import logits_of_rows

    return logits_of_rows(reading)


def pixels(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Logistic regression on the pixels of small grey pictures."""
    from polyculture.nets.reading.pictures import logits_from_pixels

    known = one_label.codes(train, context)
    logits = logits_from_pixels(train["image"], rows["image"], known, side=SIDE)
    return one_label.decode(rows, logits, context)


def toy() -> Dataset:
    """Bars in noise, lying or standing."""
    import numpy as np

    from polyculture.nets.reading.pictures import picture_dataset

    rng = np.random.default_rng(1)
    pictures: dict[str, list[Any]] = {}
    for split, size in (("train", 120), ("valid", 40), ("test", 60)):
        pictures[split] = []
        for standing in rng.integers(0, 2, size):
            picture = rng.integers(0, 160, (8, 8), dtype=np.uint8)
            picture[rng.integers(1, 7)] = 230
            label = "standing" if standing else "lying"
            pictures[split].append((picture.T if standing else picture, label))
    return picture_dataset("toy-bars", pictures)


PLUGIN = Task(
    settings=Images,
    output="labels",
    model_class={"encoder": "AutoModelForImageClassification"},
    reads="pictures",
    columns={
        "image": Column(kind="file", usual=("image_path", "file")),
        "label": Column(kind="label", is_gold=True),
    },
    prepare=prepare,
    learn=one_label.learn,
    remarks=one_label.remarks,
    encode=encode,
    draw=draw,
    draws=draws,
    collate=collate,
    loss=loss,
    read=read,
    decode=one_label.decode,
    gold=one_label.gold,
    score=one_label.score,
    baselines={"majority": one_label.majority, "pixels": pixels},
    table=one_label.table,
    toy=toy,
)
