"""Read series: from the history before a forecast to the window that a base takes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from polyculture.core.errors import ModelError
from polyculture.core.task import Encoded, Example
from polyculture.stats.series.windows import Windows
from polyculture.store.weight_files import read_object

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from polyculture.nets.batch import Batch
    from polyculture.stats.series.windows import History

FILE = "preprocessor_config.json"
CONFIG = "config.json"
"""Where a base of transformers says it that has no such file."""


@dataclass(frozen=True, kw_only=True)
class SeriesReader:
    """How much of a series a base reads at once.

    Example:
        >>> SeriesReader(context=96, patch=4).size
        24
    """

    context: int
    """Values before a forecast."""
    patch: int
    """Values that count as much as a token for the size of a batch."""

    @property
    def size(self) -> int:
        """What a history adds to the size of a batch."""
        return -(-self.context // self.patch)

    @classmethod
    def of_folder(cls, folder: Path) -> SeriesReader:
        """The reader that a base's folder describes.

        Raises:
            ModelError: It describes none.
        """
        file = folder / FILE
        file = file if file.is_file() else folder / CONFIG
        settings = read_object(file)
        context, patch = (settings.get(f"{name}_length", 0) for name in ("context", "patch"))
        if not (isinstance(context, int) and isinstance(patch, int) and min(context, patch) > 0):
            msg = f"{file} does not say context_length and patch_length, whole numbers above 0."
            raise ModelError(msg)
        return cls(context=context, patch=patch)

    def save_pretrained(self, folder: Path) -> None:
        """Write the settings, named as transformers' series models name them."""
        settings = {"context_length": self.context, "patch_length": self.patch}
        (folder / FILE).write_text(json.dumps(settings, indent=1), encoding="utf-8")


def encode_series(
    histories: Sequence[History],
    reader: SeriesReader,
    futures: Sequence[Sequence[float]] | None,
    *,
    repeat: int,
) -> Encoded:
    """One example a row: its history, and what followed, on the scale of the history.

    Args:
        histories: Values before each forecast.
        reader: The base's.
        futures: Values from there on; None if unknown.
        repeat: How often each value is a target: once for each quantile.
    """
    windows = Windows.of(histories, reader.context)
    inputs, known = windows.scaled.astype(np.float32), windows.known.astype(np.float32)
    inputs *= known  # 0 is the mean, and says nothing
    targets: list[dict[str, NDArray[Any]]] = [{} for _ in histories]
    if futures is not None:
        ahead = windows.to_scale(np.array(futures, dtype=np.float64)).astype(np.float32)
        targets = [{"labels": row} for row in ahead.repeat(repeat, axis=1)]
    examples = [
        Example(
            row=row,
            inputs={"past_values": inputs[row], "past_observed_mask": known[row]},
            size=reader.size,
            targets=targets[row],
        )
        for row in range(len(histories))
    ]
    return Encoded(examples=examples, rows=len(histories), notes=_notes(histories, reader.context))


def _notes(histories: Sequence[History], context: int) -> tuple[str, ...]:
    short = sum(len(history) < context for history in histories)
    long = sum(len(history) > context for history in histories)
    rows = f"of {len(histories):,} histories"
    notes = (
        (short, f"{short:,} {rows} are shorter than the {context} values that the base reads."),
        (long, f"{long:,} {rows} are longer than {context} values; the base reads the last ones."),
    )
    return tuple(note for count, note in notes if count)


def batch_series(examples: Sequence[Example]) -> Batch:
    """A batch of histories; every number of the targets counts.

    Inputs are ``(rows, values, 1)``, as transformers' models take several series at once.
    """
    import torch

    from polyculture.nets.batch import Batch
    from polyculture.nets.reading.padding import stacked

    inputs = {
        name: torch.from_numpy(np.stack([example.inputs[name] for example in examples])[..., None])
        for name in examples[0].inputs
    }
    targets = stacked([example.targets for example in examples])
    return Batch(
        inputs=inputs,
        targets=targets,
        rows=tuple(example.row for example in examples),
        count=targets["labels"].numel() if targets else 0,
        size=sum(example.size for example in examples),
    )
