"""Sentences are read with what stands around them, and answered alone."""

from dataclasses import replace

import polars as pl
import pytest

from polyculture.checks.tiny import word_pieces
from polyculture.core.errors import DataError
from polyculture.core.task import Context, Inventory
from polyculture.nets.reading.surroundings import in_documents
from polyculture.tasks.spans import PLUGIN as TASK
from polyculture.tasks.spans import Spans

SENTENCES = [["Ada", "Berg", "spoke"], ["Berg", "left"], ["Rome", "slept"], ["它", "在", "青岛"]]
DOCUMENTS = ["a", "b", "a", None]
READER = word_pieces([" ".join(words) for words in SENTENCES])
LABELS = ("O", "B-PER", "I-PER")
CONTEXT = Context(
    settings=Spans(context="document", context_tokens=4),
    inventory=Inventory(labels=LABELS),
    reader=READER,
    longest=32,
)


def rows(*, documents: bool = True) -> pl.DataFrame:
    frame = pl.DataFrame(
        {
            "id": [str(number) for number in range(len(SENTENCES))],
            "tokens": SENTENCES,
            "tags": [["O"] * len(words) for words in SENTENCES],
        }
    )
    return frame.with_columns(pl.Series("document", DOCUMENTS)) if documents else frame


def test_words_come_from_the_same_document_alone() -> None:
    """In the order of the document, whatever stands between its sentences in the file."""
    read = in_documents(SENTENCES, DOCUMENTS, CONTEXT, 4)

    assert [sentence.words for sentence in read] == [
        ["Ada", "Berg", "spoke", "Rome", "slept"],
        ["Berg", "left"],
        ["Ada", "Berg", "spoke", "Rome", "slept"],
        ["它", "在", "青岛"],
    ]
    assert [(sentence.first, sentence.length) for sentence in read] == [
        (0, 3),
        (0, 2),
        (3, 2),
        (0, 3),
    ]


def test_a_side_holds_no_more_tokens_than_asked() -> None:
    """The words nearest to the sentence are shown."""
    read = in_documents(SENTENCES, DOCUMENTS, CONTEXT, 1)

    assert read[2].words == ["spoke", "Rome", "slept"]
    assert read[0].words == ["Ada", "Berg", "spoke", "Rome"]


def test_what_stands_around_gives_way_where_it_would_not_fit() -> None:
    """Both sides become shorter before a sentence is read in windows."""
    read = in_documents(SENTENCES, DOCUMENTS, replace(CONTEXT, longest=6), 4)

    assert read[2].words == ["spoke", "Rome", "slept"]  # two of its own, one a side, two marks


def test_only_the_words_of_the_sentence_are_answered() -> None:
    """Targets, places and lengths are those of the sentence, at its own tokens."""
    encoded = TASK.encode(rows(), CONTEXT)

    for number, example in enumerate(encoded.examples):
        words = SENTENCES[number]
        assert example.row == number
        assert len(example.targets["labels"]) == int(example.places["length"]) == len(words)
        tokens = READER.convert_ids_to_tokens(
            example.inputs["input_ids"][example.places["positions"]].tolist()
        )
        assert tokens == [READER.tokenize(word)[0] for word in words]
    assert encoded.protocol["context_tokens"] == 4


def test_a_long_sentence_is_read_in_windows_with_nothing_around_it() -> None:
    """No word is left out, and none is answered twice."""
    long = pl.DataFrame(
        {
            "id": ["0", "1"],
            "tokens": [["Rome"] * 40, ["Ada"]],
            "tags": [["O"] * 40, ["O"]],
            "document": ["a", "a"],
        }
    )

    encoded = TASK.encode(long, replace(CONTEXT, longest=16))

    answered = [word for e in encoded.examples if e.row == 0 for word in e.places["words"].tolist()]
    assert sorted(answered) == [*range(40)]
    assert any("overlapping windows" in note for note in encoded.notes)


def test_without_documents_there_is_nothing_to_show() -> None:
    """The message says what to do."""
    with pytest.raises(DataError, match=r"says which document it belongs to\. Name one"):
        TASK.prepare(rows(documents=False), "train", CONTEXT.settings)
