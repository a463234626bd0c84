"""Clips as examples, as batches, and changed at random."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from polyculture.core.task import Encoded, Example
from polyculture.nets.reading.sounds.clips import SIZES_A_SECOND, waves_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray
    from torch import Tensor

    from polyculture.core.task import Context
    from polyculture.nets.batch import Batch
    from polyculture.nets.reading.sounds.clips import SoundReader

DECIBELS = 10.0
"""Decibels in a power of ten."""


def encode_clips(
    rows: pl.DataFrame, context: Context, targets: Mapping[str, Sequence[NDArray[Any]]]
) -> Encoded:
    """One example a row; what is too long is cut, and counted.

    Args:
        rows: With ``id`` and ``audio``, and perhaps ``start`` and ``end``.
        context: With the base's reader.
        targets: By name the right answer of each row; empty if unknown.

    Raises:
        RowError: A clip cannot be read.
    """
    reader: SoundReader = context.reader
    most = samples_of(context)
    examples, cut = [], 0
    for row, wave in enumerate(waves_of(rows, reader.rate)):
        cut += len(wave) > most
        known = {name: values[row] for name, values in targets.items()}
        examples.append(clip_example(row, wave[:most], reader, known))
    return Encoded(
        examples=examples,
        rows=len(rows),
        notes=of_long_clips(cut, len(rows), context, "were cut at"),
        protocol={"cut_clips": cut},
    )


def samples_of(context: Context) -> int:
    """The longest clip that is heard at once, in samples."""
    return int(context.longest * context.reader.rate // SIZES_A_SECOND)


def of_long_clips(count: int, rows: int, context: Context, what: str) -> tuple[str, ...]:
    """What is said of clips that are longer than what is heard at once."""
    seconds = context.longest / SIZES_A_SECOND
    return (f"{count:,} of {rows:,} clips {what} {seconds:g} s.",) if count else ()


def clip_example(
    row: int, wave: NDArray[np.float32], reader: SoundReader, targets: Mapping[str, NDArray[Any]]
) -> Example:
    """A clip, or a window of one, as the network wants it."""
    return Example(
        row=row,
        inputs={reader.input_name: reader.numbers(wave)},
        size=reader.size(wave),
        targets=targets,
    )


def clip_inputs(examples: Sequence[Example], reader: SoundReader) -> dict[str, Tensor]:
    """Arguments of the network: clips padded to one length, with a mask of them if it pads."""
    import torch

    name = reader.input_name
    clips = [example.inputs[name] for example in examples]
    longest = 2 * reader.window if reader.kind == "whisper" else max(map(len, clips))
    values = np.zeros((len(clips), longest, *clips[0].shape[1:]), dtype=np.float32)
    mask = np.zeros((len(clips), longest), dtype=np.int64)
    for number, clip in enumerate(clips):
        values[number, : len(clip)] = clip
        mask[number, : len(clip)] = 1
        if reader.kind == "whisper":
            values[number, len(clip) :] = clip.min()
    if reader.kind == "whisper":
        values = np.ascontiguousarray(values.transpose(0, 2, 1))
    inputs = {name: torch.from_numpy(values)}
    if reader.gives_mask:
        inputs["attention_mask"] = torch.from_numpy(mask)
    return inputs


def batch_clips(examples: Sequence[Example], reader: SoundReader) -> Batch:
    """A batch of clips; a target is an array of one shape, and counts where it is not -100."""
    from polyculture.nets.batch import IGNORED, Batch
    from polyculture.nets.reading.padding import stacked

    targets = stacked([example.targets for example in examples])
    return Batch(
        inputs=clip_inputs(examples, reader),
        targets=targets,
        rows=tuple(example.row for example in examples),
        count=int((targets["labels"] != IGNORED).sum()) if targets else 0,
        size=sum(example.size for example in examples),
    )


def changed(example: Example, context: Context, chance: np.random.Generator) -> Example:
    """The clip moved, louder or softer, and partly hidden, as the settings say.

    Args:
        example: With a clip, and perhaps with more.
        context: Its settings are ``ClipChanges``.
        chance: What draws.
    """
    reader, settings = context.reader, context.settings
    numbers = example.inputs[reader.input_name]
    if settings.shift:
        numbers = moved(numbers, settings.shift, chance)
    if settings.gain:
        numbers = _louder(numbers, settings.gain * chance.uniform(-1, 1), reader)
    if settings.mask:
        numbers = hidden(numbers, settings.mask, chance)
    return replace(example, inputs={**example.inputs, reader.input_name: numbers})


def moved(
    numbers: NDArray[np.float32], share: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """A clip moved in time by up to a share of its length; what comes in is silence.

    Example:
        >>> wave = np.array([1.0, 2.0, 3.0, 4.0], dtype=np.float32)
        >>> moved(wave, 0.5, np.random.default_rng(2)).tolist()
        [0.0, 0.0, 1.0, 2.0]
    """
    most = round(share * len(numbers))
    by = int(rng.integers(-most, most + 1))
    silence = np.zeros(1, numbers.dtype) if numbers.ndim == 1 else numbers.min(axis=0)
    found = np.empty_like(numbers)
    found[max(0, by) : len(numbers) + min(0, by)] = numbers[max(0, -by) : len(numbers) - max(0, by)]
    found[: max(0, by)] = silence
    found[len(numbers) + min(0, by) :] = silence
    return found


def _louder(
    numbers: NDArray[np.float32], decibels: float, reader: SoundReader
) -> NDArray[np.float32]:
    if reader.kind == "wave":  # an amplitude, whose square is a power
        return numbers * np.float32(10 ** (decibels / (2 * DECIBELS)))
    scale = 4.0 if reader.kind == "whisper" else np.array(reader.settings["std"], np.float32)
    return (numbers + np.float32(decibels / DECIBELS) / scale).astype(np.float32)


def hidden(
    numbers: NDArray[np.float32], share: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """A stretch of the clip, and of frames some bands, replaced by their mean.

    Example:
        >>> wave = np.array([1.0, 2.0, 3.0, 6.0], dtype=np.float32)
        >>> hidden(wave, 0.5, np.random.default_rng(0)).tolist()
        [1.0, 3.0, 3.0, 6.0]
    """
    found, mean = numbers.copy(), numbers.mean()
    for axis, length in enumerate(numbers.shape):
        width = int(rng.integers(0, round(share * length) + 1))
        start = int(rng.integers(0, length - width + 1))
        place = [slice(None)] * numbers.ndim
        place[axis] = slice(start, start + width)
        found[tuple(place)] = mean
    return found
