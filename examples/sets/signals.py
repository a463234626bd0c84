"""Numbers over time, and clips."""

import re
from pathlib import Path

import polars as pl

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TESTED_TAKES = 2
"""The last takes of each digit and speaker of fsdd; the one before them is for validation."""
HELD_OUT = "yweweler"
"""The speaker whom the second three tables of fsdd test on."""
TRANSCRIBED = re.compile(r"<s>(?P<text>.*)</s>\s*\((?P<clip>[^)]+)\)")
"""A line of pocketsphinx's transcriptions: what is said, and in which clip."""


def traffic(downloads: Path) -> dict[str, pl.DataFrame]:
    """All series in one long table; what each is called is its file's name."""
    series = [
        pl.read_csv(path).select(pl.lit(path.stem).alias("series"), "timestamp", "value")
        for path in sorted(downloads.glob("*.csv"))
    ]
    cast = [part.with_columns(pl.col("value").cast(float)) for part in series]
    return {"series.tsv": pl.concat(cast)}


def fsdd(downloads: Path) -> dict[str, pl.DataFrame]:
    """Spoken digits, split by take; and split once more, with one speaker held out.

    Clips stay where they are; the tables name them.
    """
    files = sorted(downloads.glob("[0-9]_*_*.wav"))
    names = [file.stem.split("_") for file in files]
    rows = pl.DataFrame(
        {
            "id": [file.stem for file in files],
            "audio": [str(file.absolute()) for file in files],
            "label": [digit for digit, _, _ in names],
            "text": [DIGITS[int(digit)] for digit, _, _ in names],
            "group": [speaker for _, speaker, _ in names],
            "take": [int(take) for _, _, take in names],
        }
    )
    left = rows["take"].max() - pl.col("take")  # takes behind it
    is_test, is_valid = left < TESTED_TAKES, left == TESTED_TAKES
    is_other, is_last = pl.col("group") == HELD_OUT, left == 0
    parts = {
        "train": ~is_test & ~is_valid,
        "valid": is_valid,
        "test": is_test,
        "speakers-train": ~is_other & ~is_last,
        "speakers-valid": ~is_other & is_last,
        "speakers-test": is_other,
    }
    return {f"{name}.tsv": rows.filter(part).drop("take") for name, part in parts.items()}


def clips(downloads: Path) -> dict[str, pl.DataFrame]:
    """Ten clips of pocketsphinx's test data: read English prose, and calls of playing cards."""
    rows = [
        {
            "id": f"{folder}-{found['clip']}",
            "audio": str((downloads / folder / f"{found['clip']}.wav").absolute()),
            "text": " ".join(found["text"].split()),
            "group": folder,
        }
        for folder, name in (("librivox", "transcription"), ("cards", "cards.transcription"))
        for found in TRANSCRIBED.finditer((downloads / folder / name).read_text(encoding="utf-8"))
    ]
    return {"test.tsv": pl.DataFrame(rows)}
