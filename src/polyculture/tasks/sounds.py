"""Classify sounds: one label for each clip."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from polyculture.core.clip_changes import ClipChanges
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


class Sounds(ClipChanges):
    """Which label a clip has."""

    kind: Literal["sounds"] = "sounds"
    unseen: Literal["wrong", "refuse"] = "wrong"
    """Labels that train does not have: count them as ``wrong``, or refuse them."""


def prepare(rows: pl.DataFrame, where: str, _: Sounds) -> pl.DataFrame:
    """Check the columns; labels become text. Rows without a label are fine to predict."""
    import polars as pl

    from polyculture.stats.rows import check_rows

    check_rows(rows, where, needed=("id", "audio"), filled=("id", "audio", "start", "end", "label"))
    return rows.with_columns(pl.col("label").cast(pl.String)) if "label" in rows.columns else rows


def encode(rows: pl.DataFrame, context: Context) -> Encoded:
    """One example a row, as the base hears it."""
    from polyculture.nets.reading.sounds.examples import encode_clips

    known = {"labels": one_label.codes(rows, context)} if "label" in rows.columns else {}
    return encode_clips(rows, context, known)


def draws(settings: Sounds) -> Literal["training", "never"]:
    """Clips that are only read stay as they are."""
    return "training" if settings.changes_clips else "never"


def draw(example: Example, context: Context, chance: np.random.Generator) -> Example:
    """The clip moved, louder or softer, and partly hidden, as the settings say."""
    from polyculture.nets.reading.sounds.examples import changed

    return changed(example, context, chance)


def collate(examples: Sequence[Example], context: Context) -> Batch:
    """Clips padded to one length."""
    from polyculture.nets.reading.sounds.examples import batch_clips

    return batch_clips(examples, context.reader)


def loss(outputs: Outputs, batch: Batch, _: Context) -> Tensor:
    """The sum of the cross-entropy."""
    from polyculture.nets.losses.label_outputs import one_label_loss

    return one_label_loss(outputs, batch)


def read(reading: Reading, _: Context) -> list[NDArray[Any]]:
    """The logits of each clip, ``(labels,)``."""
    from polyculture.nets.losses.label_outputs import logits_of_rows

    return logits_of_rows(reading)


def spectra(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Logistic regression on mean and deviation of each band of the log-mel spectrogram."""
    from polyculture.nets.reading.sounds.baselines import logits_from_spectra

    logits = logits_from_spectra(train, rows, one_label.codes(train, context))
    return one_label.decode(rows, logits, context)


def toy() -> Dataset:
    """Tones in noise that rise or fall, or do both."""
    import numpy as np

    from polyculture.nets.reading.sounds.baselines import RATE, clip_dataset

    rng = np.random.default_rng(1)

    def clip(label: str) -> NDArray[np.float32]:
        """A tone of 0.2 to 0.4 s between 500 and 1,500 Hz."""
        samples = int(rng.integers(RATE // 5, 2 * RATE // 5))
        rise = np.linspace(0, 1, samples)
        courses = {"rising": rise, "falling": 1 - rise, "both": 1 - np.abs(2 * rise - 1)}
        pitch = rng.uniform(450, 550) + 1_000 * courses[label]
        tone = np.sin(2 * np.pi * np.cumsum(pitch) / RATE)
        return (0.3 * tone + 0.05 * rng.normal(size=samples)).astype(np.float32)

    clips = {}
    for split, size in (("train", 120), ("valid", 40), ("test", 60)):
        labels = rng.choice(["rising", "falling", "both"], size)
        clips[split] = [(clip(str(label)), str(label)) for label in labels]
    return clip_dataset("toy-tones", clips, "label")


PLUGIN = Task(
    settings=Sounds,
    output="labels",
    model_class={"encoder": "AutoModelForAudioClassification"},
    reads="sounds",
    columns={
        "audio": Column(kind="file", usual=("file", "path", "audio_path", "sound")),
        "start": Column(kind="number", is_optional=True),
        "end": Column(kind="number", is_optional=True),
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
    baselines={"majority": one_label.majority, "spectra": spectra},
    table=one_label.table,
    toy=toy,
)
