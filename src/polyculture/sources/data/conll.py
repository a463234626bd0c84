"""Tagged words in CoNLL columns."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Literal

from polyculture.core.data import Dataset
from polyculture.core.plugins import DataSource
from polyculture.core.task import Column
from polyculture.sources.rows.conll import frame_of, notes_of, read_sentences, sentences_in
from polyculture.sources.rows.dataset import dataset_of, origin_of
from polyculture.sources.rows.encoded import WAYS, Encoded
from polyculture.sources.rows.files import Files, name_of, split_as_asked
from polyculture.store.reading.batches import ROWS
from polyculture.store.reading.text_form import TextForm

if TYPE_CHECKING:
    import polars as pl


class Conll(Files, Encoded):
    """Where the files lie and which columns matter."""

    source: Literal["conll"] = "conll"
    token: int = 0
    """Column of the word, counted from 0."""
    tag: int = -1
    """Column of the tag; negative ones count from the right."""


def read(settings: Conll, columns: Mapping[str, Column]) -> Dataset:
    """Read the files and bring their tags to IOB2.

    Raises:
        DataError: A file is missing, or a line of it is broken.
    """
    paths = settings.paths
    form = TextForm(encoding=settings.encoding, settings=WAYS)
    sentences_of_splits = {
        split: read_sentences(path, token=settings.token, tag=settings.tag, form=form)
        for split, path in paths.items()
    }
    splits = {split: frame_of(split, sentences) for split, sentences in sentences_of_splits.items()}
    origin = origin_of(
        paths,
        {split: rows["id"].to_list() for split, rows in splits.items()},
        lambda split, row: f"{paths[split]}, line {sentences_of_splits[split][row].line}",
        dict.fromkeys(paths, ("tokens", "tags")),
    )
    splits, held = split_as_asked(
        splits,
        columns,
        settings,
        lambda row: f"{paths['train']}, line {sentences_of_splits['train'][row].line}",
    )
    name = name_of(next(iter(paths.values())))
    return dataset_of(
        name, splits, columns, notes=(*notes_of(sentences_of_splits), *held), origin=origin
    )


def batches(settings: Conll, _: Mapping[str, Column]) -> "Iterator[tuple[str, pl.DataFrame]]":
    """The sentences a part at a time, with tags as they are written."""
    form = TextForm(encoding=settings.encoding, settings=WAYS)
    for split, path in settings.paths.items():
        sentences = sentences_in(path, token=settings.token, tag=settings.tag, form=form)
        first = 1
        while some := list(islice(sentences, ROWS)):
            yield split, frame_of(split, some, first=first, as_written=True)
            first += len(some)


PLUGIN = DataSource(settings=Conll, read=read, batches=batches)
