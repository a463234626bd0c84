"""Sentiment of Chinese shop reviews: one text a line, a file for each answer."""

from pathlib import Path

from polyculture.sources.rows.repeats import without_repeats
from polyculture.store.reading.tables import text_lines, write_table

FILES = {"positive": "pos.txt", "negative": "neg.txt"}


def convert(members: Path, folder: Path) -> tuple[str, ...]:
    """Write ``rows.parquet`` with ``id``, ``text``, ``label``."""
    import polars as pl

    rows = pl.DataFrame(
        [
            (f"{label}-{number}", line.strip(), label)
            for label, name in FILES.items()
            for number, line in enumerate(text_lines(members / name), start=1)
            if line.strip()
        ],
        schema=("id", "text", "label"),
        orient="row",
    )
    repeats = without_repeats(rows["text"].to_list(), rows["label"].to_list())
    kept = rows[list(repeats.kept)]
    write_table(kept, folder / "rows.parquet")
    counts = {label: kept["label"].to_list().count(label) for label in FILES}
    return (
        (
            f"{repeats.repeated:,} of {len(rows):,} rows repeat the text of another: dropped "
            "before any split."
        ),
        f"{repeats.conflicting:,} rows have a text that stands in both files and are dropped.",
        (
            f"{len(kept):,} rows stay: {counts['positive']:,} positive, {counts['negative']:,} "
            "negative."
        ),
    )
