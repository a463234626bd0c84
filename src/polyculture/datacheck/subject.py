"""What a finding may look at: the rows of a recipe, a sample of them, and its base."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from polyculture.core.columns import originals
from polyculture.core.errors import PolycultureError, RowError
from polyculture.core.finding import Instance
from polyculture.core.task import Context, Inventory
from polyculture.datacheck.cells import TEXTS, input_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import polars as pl

    from polyculture.core.recipe import Recipe
    from polyculture.core.task import Column, Task

SHOWN = 160
"""Characters of a text that an example shows."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a training takes, estimated by whoever can run some steps of it."""

    steps: int
    low: float
    """Seconds if nothing else runs."""
    high: float
    """Seconds beside other programs."""
    peak_mb: float
    """Most memory that the timed steps held."""
    trained: int
    parameters: int
    chosen: Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True, kw_only=True)
class Subject:
    """The data of a recipe before any training.

    ``sample`` holds all rows of a split where it is small enough; counters see every row.
    """

    recipe: Recipe
    task: Task
    name: str
    """Of the data."""
    columns: Mapping[str, Column]
    """The declared columns that the rows have."""
    rows: Mapping[str, int]
    """All rows, by split."""
    sample: Mapping[str, pl.DataFrame]
    """Rows as the source gives them."""
    notes: tuple[str, ...] = ()
    """What the source said."""
    tell: Callable[[str, RowError], PolycultureError] = lambda _, error: error
    """(split, a task's error about a row of it): the error, with file and line where known."""
    shows_text: bool = True
    is_streamed: bool = False
    seed: int = 1
    base_folder: Path | None = None
    """The opened base; None if it has no network, or could not be opened."""
    base_name: str = ""
    no_base: str = ""
    """Why there is no tokenizer to ask."""
    reads_with_base: bool = False
    """Weights of the base may be run: frozen features, perplexity."""
    cost: Cost | None = None
    no_cost: str = ""
    """Why nothing was timed."""
    cache: dict[str, Any] = field(default_factory=dict)
    """What findings compute once for one another."""

    @property
    def settings(self) -> Any:
        """The task's own."""
        return self.recipe.task

    def is_whole(self, split: str) -> bool:
        """Whether the sample of a split is all of it."""
        return len(self.sample[split]) == self.rows[split]

    def id_of(self, split: str, place: int) -> str:
        """The id of a sampled row."""
        name: str = self.sample[split]["id"][place]
        return name

    def texts(self, split: str) -> list[str]:
        """The input texts of the sampled rows, joined by spaces."""
        key = f"texts {split}"
        if key not in self.cache:
            self.cache[key] = input_texts(self.sample[split], self.columns)
        texts: list[str] = self.cache[key]
        return texts

    @cached_property
    def text_columns(self) -> list[str]:
        """Inputs that are texts or words."""
        names = originals(self.columns, list(self.columns))
        return [name for name in names if self.columns[name].kind in TEXTS]

    def prepared(self) -> tuple[Mapping[str, pl.DataFrame], Inventory | None, str]:
        """The sample as the task wants it, what it learns, and why it refuses the rows."""
        if "prepared" not in self.cache:
            self.cache["prepared"] = self._prepare()
        prepared: tuple[Mapping[str, pl.DataFrame], Inventory | None, str] = self.cache["prepared"]
        return prepared

    def _prepare(self) -> tuple[Mapping[str, pl.DataFrame], Inventory | None, str]:
        pool = self.task.pool(self.settings)
        if pool and (pool not in self.sample or not self.is_whole(pool)):
            return {}, None, ""  # rows name texts of it that the sample may lack
        rows: dict[str, pl.DataFrame] = {}
        try:
            for split, part in self.sample.items():
                rows[split] = self.task.prepare(part, split, self.settings)
            return rows, self.task.learn(rows, self.settings), ""
        except RowError as error:
            return rows, None, str(self.tell(error.where, error))
        except PolycultureError as error:
            return rows, None, str(error)

    def context(self) -> Context:
        """What the task's ``encode`` asks for: its settings, what it learnt, and the tokenizer."""
        from polyculture.datacheck.base_texts import longest_of, reader_of
        from polyculture.nets.build import form_of

        if self.base_folder is None:
            msg = "there is no base to read with"
            raise ValueError(msg)
        return Context(
            settings=self.settings,
            inventory=self.prepared()[1] or Inventory(),
            reader=reader_of(self.base_folder),
            longest=longest_of(self.base_folder, self.recipe.fit.max_length),
            form=form_of(self.base_folder),
        )

    def instance(
        self, rows: Sequence[tuple[str, int]], about: str = "", *, text: bool = True
    ) -> Instance:
        """An example out of the sample, by splits and places; its text as far as it may be shown.

        Args:
            rows: Split, and place in the sample, of each row that it is about.
            about: What is wrong with it.
            text: Show the text of the first row.
        """
        split, place = rows[0]
        shown = self.texts(split)[place] if text and self.shows_text else ""
        shown = f"{shown[:SHOWN]}…" if len(shown) > SHOWN else shown
        return Instance(
            rows=tuple(f"{split}/{self.id_of(split, place)}" for split, place in rows),
            text=" ".join(shown.split()),
            about=about,
        )
