"""How many items of a probe a run was trained on, by reading its training rows again."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from polyculture.api.shared import read_data
from polyculture.core.errors import PolycultureError
from polyculture.sources.rows.repeats import input_keys
from polyculture.store.digest import of_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from polyculture.core.data import Dataset
    from polyculture.core.run import Run
    from polyculture.core.task import Column

STEERED = (
    "The probe is the validation split, on which each training chose its best step: scores on it "
    "flatter."
)


class Overlap(NamedTuple):
    """What is known about a run and the items of a probe."""

    items: int | None
    """Items whose input is among the rows that the run learned from; None if unknown."""
    caveats: tuple[str, ...]


class TrainingRows:
    """The training data of several runs, each read once, compared with one probe.

    Args:
        dataset: Where the probe comes from.
        probe: Name of its split.
        rows: The probe's items.
        columns: What the task of all runs reads.
    """

    def __init__(
        self, dataset: Dataset, probe: str, rows: pl.DataFrame, columns: Mapping[str, Column]
    ) -> None:
        self.dataset = dataset
        self.probe = probe
        self.columns = columns
        self.keys = input_keys(rows, columns)
        self.known: dict[str, Dataset | str] = {}
        self.counted: dict[str, int] = {}

    def of(self, run: Run) -> Overlap:
        """How many items of the probe a run learned from."""
        caveats = [STEERED] if self.probe == "valid" and run.facts.steps else []
        data = self._data(run)
        if isinstance(data, str):
            reason = (
                "Its data cannot be read again, so nobody knows whether it learned from the "
                f"probe. {data}"
            )
            return Overlap(None, (*caveats, reason))
        if run.facts.data_digest != data.digest:
            caveats.append(
                "Its data changed since it was trained: what it learned from is known only as far "
                "as these rows are still there."
            )
        if data.digest not in self.counted:
            rows = data.splits.get("train")
            train = set() if rows is None else set(input_keys(rows, self.columns))
            self.counted[data.digest] = sum(key in train for key in self.keys)
        return Overlap(self.counted[data.digest], tuple(caveats))

    def _data(self, run: Run) -> Dataset | str:
        """A run's data, or why they cannot be read."""
        if run.facts.data_digest == self.dataset.digest:
            return self.dataset
        key = of_json(run.recipe.data.model_dump(mode="json"))
        if key not in self.known:
            try:
                self.known[key] = read_data(run.recipe)
            except PolycultureError as error:
                self.known[key] = str(error)
        return self.known[key]
