"""A data set of the embedded starter set, in splits drawn by a fixed seed."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from polyculture.core.data import Dataset
from polyculture.core.errors import RecipeError, StarterError
from polyculture.core.parts import suggestion
from polyculture.core.plugins import DataSource
from polyculture.core.recipe import Settings
from polyculture.core.task import Column
from polyculture.sources.rows.dataset import dataset_of
from polyculture.sources.rows.splits import drawn, shares, take
from polyculture.sources.starter import cache
from polyculture.sources.starter.lock import find

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

DOMAINS = "reviews"
"""The set whose rows have domains: models learn from some and are compared on all."""
UNSEEN = 0.1
"""Share of rows for validation, and for the test, where a set has no splits of its own."""
SPLITS = ("train", "valid", "test")


class Starter(Settings):
    """Which data set, and how many rows of it."""

    source: Literal["starter"] = "starter"
    name: str
    """As ``polyculture starter list`` has it, for example ``reviews``."""
    train_rows: int | None = Field(default=None, ge=1)
    """Rows to train on. Left out, all that the other splits leave."""
    valid_rows: int | None = Field(default=None, ge=1)
    """Rows to validate on. Left out, all of the set's own split, or a tenth of the rows."""
    test_rows: int | None = Field(default=None, ge=1)
    """Rows of the test. Left out, all of the set's own split, or a tenth of the rows."""
    domains: tuple[str, ...] | None = Field(default=None, min_length=1)
    """``reviews`` only: domains to train and validate on; ``movies`` where left out."""
    probe_rows: int | None = Field(default=None, ge=1)
    """``reviews`` only: rows of the test from every domain; 500 where left out."""
    split_seed: int = Field(default=1, ge=0)
    """Which rows are drawn; apart from the recipe's seed, so that runs share their splits."""

    @model_validator(mode="after")
    def _settings_fit_the_set(self) -> Self:
        if self.name != DOMAINS and (self.domains or self.probe_rows):
            msg = f"domains and probe_rows belong to {DOMAINS!r}; for {self.name!r} set test_rows"
            raise ValueError(msg)
        if self.name == DOMAINS and self.test_rows:
            msg = f"{DOMAINS!r} is tested on every domain; set probe_rows, the rows of each"
            raise ValueError(msg)
        return self


def read(settings: Starter, columns: Mapping[str, Column]) -> Dataset:
    """Read the set from the cache and draw its splits.

    Raises:
        StarterError: There is no such set, or it is not fetched, or damaged.
        RecipeError: It is not a set of texts, or has fewer rows than asked for.
    """
    entry = find(settings.name, "data")
    folder, mark = cache.need(entry)
    if (folder / "rows.parquet").exists():
        make = _domain_splits if settings.name == DOMAINS else _new_splits
    elif (folder / "train.parquet").exists():
        make = _own_splits
    else:
        msg = f"{entry.name!r} is a set of ratings and holds no texts to learn from."
        raise RecipeError(msg)
    from polars.exceptions import PolarsError

    try:
        splits, notes = make(folder, settings)
    except PolarsError as error:
        msg = (
            f"{entry.name!r} is damaged (its table cannot be read). Run: polyculture starter fetch "
            f"{entry.name} --verify"
        )
        raise StarterError(msg) from error
    return dataset_of(
        entry.name,
        {split: splits[split] for split in SPLITS},
        columns,
        notes=(*mark.notes, *notes),
        licence=entry.licence,
        is_restricted=entry.is_restricted,
    )


Splits: TypeAlias = "tuple[dict[str, pl.DataFrame], tuple[str, ...]]"


def _own_splits(folder: "Path", settings: Starter) -> Splits:
    """The set's own splits, perhaps a part of each."""
    import polars as pl

    splits, notes = {}, []
    for split in SPLITS:
        rows = pl.read_parquet(folder / f"{split}.parquet")
        count = getattr(settings, f"{split}_rows")
        if count is not None:
            splits[split] = take(drawn(rows, settings.split_seed), count, what=f"{split}_rows")[0]
            notes.append(f"{split}: {count:,} of {len(rows):,} rows, drawn by document.")
        else:
            splits[split] = rows
    return splits, tuple(notes)


def _new_splits(folder: "Path", settings: Starter) -> Splits:
    """Splits of a set that has none."""
    import polars as pl

    rows = pl.read_parquet(folder / "rows.parquet")
    tenth = round(len(rows) * UNSEEN)
    rest = drawn(rows, settings.split_seed)
    splits = {}
    splits["test"], rest = take(rest, settings.test_rows or tenth, what="test_rows")
    splits["valid"], rest = take(rest, settings.valid_rows or tenth, what="valid_rows")
    splits["train"], rest = take(rest, settings.train_rows, what="train_rows")
    return splits, (_how_drawn(rows, splits, settings.split_seed),)


def _domain_splits(folder: "Path", settings: Starter) -> Splits:
    """Train and validation from some domains, the test from all of them."""
    import polars as pl

    rows = pl.read_parquet(folder / "rows.parquet")
    names = rows["group"].unique(maintain_order=True).to_list()
    trained = settings.domains or ("movies",)
    _check_domains(trained, names)
    parts: dict[str, list[pl.DataFrame]] = {split: [] for split in SPLITS}
    counts = {
        split: dict(zip(trained, shares(count, len(trained)), strict=True))
        for split, count in (("valid", settings.valid_rows or 500), ("train", settings.train_rows))
        if count
    }
    for name in names:
        rest = drawn(rows.filter(pl.col("group") == name), settings.split_seed)
        test, rest = take(rest, settings.probe_rows or 500, what=f"probe_rows of {name!r}")
        parts["test"].append(test)
        if name in trained:
            valid, rest = take(rest, counts["valid"][name], what=f"valid_rows of {name!r}")
            train, _ = take(rest, counts.get("train", {}).get(name), what=f"train_rows of {name!r}")
            parts["valid"].append(valid)
            parts["train"].append(train)
    splits = {split: pl.concat(frames) for split, frames in parts.items()}
    how = (
        f"Train and validation come from {', '.join(trained)}; the test has "
        f"{settings.probe_rows or 500:,} rows of each of {', '.join(names)}."
    )
    return splits, (how, _how_drawn(rows, splits, settings.split_seed))


def _check_domains(trained: tuple[str, ...], names: list[str]) -> None:
    for name in trained:
        if name not in names:
            msg = f"{DOMAINS!r} has no domain {name!r}. {suggestion(name, names)}"
            raise RecipeError(msg)


def _how_drawn(rows: "pl.DataFrame", splits: "dict[str, pl.DataFrame]", seed: int) -> str:
    used = sum(map(len, splits.values()))
    return (
        f"Splits are drawn by document with split_seed {seed}, without stratification (label "
        f"shares are those of the source); {len(rows) - used:,} of {len(rows):,} rows are unused."
    )


PLUGIN = DataSource(settings=Starter, read=read)
