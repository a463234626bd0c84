"""Settings that leave rows of a split out, for a quick look or a learning curve."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from pydantic import Field

from polyculture.core.recipe import Settings
from polyculture.sources.rows.splits import drawn

if TYPE_CHECKING:
    import polars as pl

PLACE = "_place"


class Fewer(Settings):
    """How many rows of each split are used at most, after any were held out."""

    train_rows: int | None = Field(default=None, ge=1)
    """Rows to train on at most, drawn at random, those of one document together (the last one may
    be cut); the others are left out."""
    valid_rows: int | None = Field(default=None, ge=1)
    """Rows to validate on at most, likewise."""
    test_rows: int | None = Field(default=None, ge=1)
    """Rows of the test at most, likewise."""
    split_seed: int = Field(default=1, ge=0)
    """Which rows are held out or drawn; apart from the recipe's seed, so that runs share their
    splits."""


def check_bounds(settings: Fewer, there: Collection[str]) -> None:
    """Refuse to bound the rows of a split that is not there.

    Raises:
        ValueError: It is not.
    """
    for split in ("train", "valid", "test"):
        if getattr(settings, f"{split}_rows") and split not in there:
            msg = f"{split}_rows bounds the rows of {split}, and there are none. Name a file for it"
            raise ValueError(msg)


def few(rows: "pl.DataFrame", split: str, settings: Fewer) -> "pl.DataFrame":
    """So many rows as are asked for, in the order of the file.

    Args:
        rows: Of one split.
        split: Its name; ``corpus`` is always whole.
        settings: How many, and the seed.

    Example:
        >>> import polars as pl
        >>> rows = pl.DataFrame({"id": [str(number) for number in range(100)]})
        >>> some = few(rows, "test", Fewer(test_rows=3))["id"].to_list()
        >>> len(some), some == sorted(some, key=int)
        (3, True)
    """
    most = getattr(settings, f"{split}_rows", None)
    if most is None or len(rows) <= most:
        return rows
    some = drawn(rows.with_row_index(PLACE), settings.split_seed).head(most)
    return some.sort(PLACE).drop(PLACE)
