"""Settings that leave rows of a split out, for a quick look or a learning curve."""

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
    """Rows to train on at most, drawn at random, those of one document together; the others are
    left out."""
    valid_rows: int | None = Field(default=None, ge=1)
    """Rows to validate on at most, likewise."""
    test_rows: int | None = Field(default=None, ge=1)
    """Rows of the test at most, likewise."""
    split_seed: int = Field(default=1, ge=0)
    """Which rows are held out or drawn; apart from the recipe's seed, so that runs share their
    splits."""


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
