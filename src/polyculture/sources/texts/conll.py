"""Tagged words in CoNLL columns."""

from typing import Literal

from polyculture.core.data import Dataset
from polyculture.core.plugins import TextSource
from polyculture.core.recipe import RecipePath, Settings
from polyculture.sources.rows.conll import frame_of, notes_of, read_sentences
from polyculture.sources.rows.dataset import dataset_of


class Conll(Settings):
    """Where the files lie and which columns matter."""

    source: Literal["conll"] = "conll"
    train: RecipePath
    valid: RecipePath | None = None
    test: RecipePath | None = None
    token: int = 0
    """Column of the word, counted from 0."""
    tag: int = -1
    """Column of the tag; negative ones count from the right."""


def read(settings: Conll) -> Dataset:
    """Read the files and bring their tags to IOB2.

    Raises:
        DataError: A file is missing, or a line of it is broken; the message names file and line.
    """
    files = {"train": settings.train, "valid": settings.valid, "test": settings.test}
    paths = {split: path for split, path in files.items() if path is not None}
    found = {
        split: read_sentences(path, token=settings.token, tag=settings.tag)
        for split, path in paths.items()
    }
    return dataset_of(
        settings.train.stem,
        {split: frame_of(split, sentences) for split, sentences in found.items()},
        notes=notes_of(found),
        place=lambda split, row: f"{paths[split]}, line {found[split][row].line}",
    )


PLUGIN = TextSource(settings=Conll, read=read)
