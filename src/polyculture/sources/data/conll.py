"""Tagged words in CoNLL columns."""

from collections.abc import Mapping
from typing import Literal

from polyculture.core.data import Dataset
from polyculture.core.plugins import DataSource
from polyculture.core.task import Column
from polyculture.sources.rows.conll import frame_of, notes_of, read_sentences
from polyculture.sources.rows.dataset import dataset_of, origin_of
from polyculture.sources.rows.encoded import WAYS, Encoded
from polyculture.sources.rows.files import Files, name_of, with_hold_out
from polyculture.store.reading.text_form import TextForm


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
    splits, held = with_hold_out(splits, columns, settings.hold_out, settings.split_seed)
    name = name_of(next(iter(paths.values())))
    return dataset_of(
        name, splits, columns, notes=(*notes_of(sentences_of_splits), *held), origin=origin
    )


PLUGIN = DataSource(settings=Conll, read=read)
