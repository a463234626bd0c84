"""What the sets share."""

import polars as pl


def numbered(rows: pl.DataFrame, split: str) -> pl.DataFrame:
    """With an id for each row."""
    return rows.with_columns(pl.format("{}-{}", pl.lit(split), pl.int_range(pl.len())).alias("id"))
