"""CoNLL-2003, English: the three splits as tables of words and tags."""

from pathlib import Path

from polyculture.sources.rows.conll import frame_of, notes_of, read_sentences
from polyculture.store.reading.tables import write_table

SPLITS = ("train", "valid", "test")


def convert(members: Path, folder: Path) -> tuple[str, ...]:
    """Write ``train.parquet``, ``valid.parquet`` and ``test.parquet``."""
    found = {split: read_sentences(members / f"{split}.txt") for split in SPLITS}
    for split, sentences in found.items():
        write_table(frame_of(split, sentences), folder / f"{split}.parquet")
    return notes_of(found)
