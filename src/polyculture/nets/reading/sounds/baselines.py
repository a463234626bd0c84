"""Simple methods that hear clips, and small clips of our own."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from polyculture.core.data import Dataset
from polyculture.core.errors import need
from polyculture.nets.reading.sounds.clips import waves_of
from polyculture.nets.reading.sounds.files import PURPOSE
from polyculture.nets.reading.sounds.spectrogram import log_mel
from polyculture.stats.labels.logistic import log_probabilities
from polyculture.store.digest import of_file, of_json
from polyculture.store.home import home

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray

RATE = 8_000
CUT = {"rate": RATE, "window": 200, "hop": 80, "bands": 40}
"""How clips are heard by the simple methods."""
PARTS = 8
"""Parts of a clip that are compared with the same parts of another."""


def logits_from_spectra(
    train: pl.DataFrame, rows: pl.DataFrame, known: Sequence[NDArray[Any]]
) -> list[NDArray[np.float64]]:
    """What logistic regression on mean and deviation of each mel band says, ``(labels,)`` each.

    Args:
        train: Clips to learn from, as ``waves_of`` takes them.
        rows: Clips to answer.
        known: The code of each training clip; every label occurs.
    """
    learnt, asked = (
        np.stack([np.concatenate([x.mean(axis=0), x.std(axis=0)]) for x in _spectra(part)])
        for part in (train, rows)
    )
    return log_probabilities(learnt, known, asked, purpose="The baseline of spectra")


def nearest_clips(train: pl.DataFrame, rows: pl.DataFrame) -> NDArray[np.int64]:
    """The number of the training clip that is most like each clip, ``(rows,)``.

    Clips are cut into eight parts of one length, and the mean spectra of these compared.
    """
    learnt, asked = (
        np.stack([_in_parts(spectrum) for spectrum in _spectra(part)]) for part in (train, rows)
    )
    return np.array([int(np.square(learnt - one).sum(axis=1).argmin()) for one in asked])


def _spectra(rows: pl.DataFrame) -> list[NDArray[np.float32]]:
    return [log_mel(wave, **CUT) for wave in waves_of(rows, RATE)]


def _in_parts(spectrum: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean spectrum of each part, without the clip's own mean, in one row."""
    ends = np.linspace(0, len(spectrum), PARTS + 1)
    parts = [
        spectrum[int(start) : max(int(start) + 1, int(end))].mean(axis=0)
        for start, end in pairwise(ends)
    ]
    mean: NDArray[np.float32] = spectrum.mean(axis=0)
    return (np.stack(parts) - mean).ravel()


def clip_dataset(
    name: str,
    clips: Mapping[str, Sequence[tuple[NDArray[np.float32], str]]],
    answer: str,
    *,
    rate: int = RATE,
) -> Dataset:
    """Waves ``(samples,)`` with their right answers, as WAV files in the cache.

    Args:
        name: Of the data.
        clips: By split.
        answer: Name of the column of right answers.
        rate: Samples a second.
    """
    import polars as pl

    sound = need("soundfile", extra="train", purpose=PURPOSE)
    splits, digests = {}, []
    for split, part in clips.items():
        folder = home() / "clips" / name / split
        folder.mkdir(parents=True, exist_ok=True)
        paths = [folder / f"{number}.wav" for number in range(len(part))]
        for path, (wave, _) in zip(paths, part, strict=True):
            sound.write(path, wave, rate, subtype="PCM_16")
        splits[split] = pl.DataFrame(
            {
                "id": [f"{split}-{number}" for number in range(len(part))],
                "audio": [str(path) for path in paths],
                answer: [right for _, right in part],
            }
        )
        rights = [right for _, right in part]
        digests.append([*zip(rights, (of_file(path) for path in paths), strict=True)])
    return Dataset(name=name, splits=splits, digest=of_json(digests), licence="Apache-2.0")
