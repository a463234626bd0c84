"""Sentences are read with what stands around them, and answered alone."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch

from polyculture.checks.tiny import word_pieces
from polyculture.core.errors import DataError
from polyculture.core.task import Context, Example, Inventory
from polyculture.nets.losses.divergence import divergence
from polyculture.nets.pooling import gather_words
from polyculture.nets.reading.surroundings import in_documents
from polyculture.tasks.spans import PLUGIN as TASK
from polyculture.tasks.spans import Spans

SENTENCES = [["Ada", "Berg", "spoke"], ["Berg", "left"], ["Rome", "slept"], ["它", "在", "青岛"]]
DOCUMENTS = ["a", "b", "a", None]
READER = word_pieces([" ".join(words) for words in SENTENCES])
LABELS = ("O", "B-PER", "I-PER")
LONG = pl.DataFrame(
    {
        "id": [str(number) for number in range(9)],
        "tokens": [*SENTENCES[:3], ["Ada", "Berg"], *SENTENCES[:2], ["Rome"] * 9, *SENTENCES[1:3]],
        "document": ["a", "b", "a", "a", "b", None, "a", "a", "a"],
    }
).with_columns(
    tags=pl.col("tokens").list.eval(
        pl.when(pl.element() == "Berg").then(pl.lit("B-PER")).otherwise(pl.lit("O"))
    )
)
ORDER = [0, 2, 3, 6, 7, 8, 1, 4, 5]
"""Its rows document by document."""
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


def packed(settings: Spans = CONTEXT.settings, longest: int = 32) -> list[Example]:
    context = replace(CONTEXT, settings=settings, longest=longest)
    encoded = TASK.encode(LONG, context)
    assert TASK.pack is not None
    return [*TASK.pack(encoded, context, np.random.default_rng(1)).examples]


def test_neighbours_are_learnt_from_together() -> None:
    """Each word once, at its own token, with the targets of its sentence; documents stay apart."""
    examples = packed()

    found = [
        (row, label)
        for example in examples
        for row, label in zip(
            READER.convert_ids_to_tokens(
                example.inputs["input_ids"][example.places["positions"]].tolist()
            ),
            example.targets["labels"].tolist(),
            strict=True,
        )
    ]
    wanted = [
        (READER.tokenize(word)[0], LABELS.index(tag))
        for number in ORDER
        for word, tag in zip(LONG["tokens"][number], LONG["tags"][number], strict=True)
    ]
    assert sorted(found) == sorted(wanted)
    assert len(examples) < len(LONG)
    for example in examples:
        sentences = example.places.get("sentences", np.array([len(example.places["words"])]))
        assert sentences.sum() == len(example.targets["labels"])


def test_what_is_read_together_is_what_one_long_sentence_would_be_read_as() -> None:
    """The same tokens around and between, as if its sentences were one."""
    example = next(e for e in packed() if "sentences" in e.places)
    parts = len(example.places["sentences"])
    together = [n for n in ORDER if LONG["document"][n] == "a"]
    first = next(place for place, n in enumerate(together) if n == example.row)
    joined = LONG[together]
    joined = pl.concat(
        [
            joined[:first],
            pl.DataFrame(
                {
                    "id": ["joined"],
                    "tokens": [joined["tokens"][first : first + parts].explode().to_list()],
                    "tags": [joined["tags"][first : first + parts].explode().to_list()],
                    "document": ["a"],
                }
            ).select(joined.columns),
            joined[first + parts :],
        ]
    )

    alone = TASK.encode(joined, CONTEXT).examples[first]

    assert example.inputs["input_ids"].tolist() == alone.inputs["input_ids"].tolist()
    assert example.places["positions"].tolist() == alone.places["positions"].tolist()


@pytest.mark.parametrize("longest", [8, 12, 20, 32])
def test_what_is_read_together_fits(longest: int) -> None:
    """Into what is read at once, and into twice what stands on each side."""
    for example in packed(longest=longest):
        assert example.size <= longest
        if "sentences" in example.places:
            own = example.places["positions"]
            assert own[-1] - own[0] < 8


def test_each_sentence_read_together_is_a_row_of_its_own_for_the_head() -> None:
    """What the network says of a word is what it says at its token, sentence by sentence."""
    examples = packed()
    batch = TASK.collate(examples, CONTEXT)
    vectors = torch.randn(len(examples), batch.inputs["input_ids"].shape[1], 3)

    gathered = gather_words(vectors, batch.places["positions"], batch.places["owners"])

    there = batch.places["there"]
    wanted = [vectors[n, e.places["positions"]] for n, e in enumerate(examples)]
    assert torch.equal(gathered[there], torch.cat(wanted))
    assert batch.targets["labels"].shape == there.shape
    assert batch.count == sum(len(words) for words in LONG["tokens"])
    assert len(batch.rows) == len(examples) < len(there)


def test_two_readings_of_sentences_read_together_are_compared_word_by_word() -> None:
    """As those of sentences alone are, whatever inputs they were read in."""
    alone, together = TASK.encode(LONG, CONTEXT).examples, packed()
    places = {(e.row, w): n for n, (e, w) in enumerate((e, w) for e in alone for w in words_of(e))}
    logits = torch.randn(2, len(places), len(LABELS))

    def apart(examples: Sequence[Example], rows: Sequence[int]) -> float:
        batch = TASK.collate(examples, CONTEXT)
        numbers = iter([places[row, w] for row in rows for w in range(len(LONG["tokens"][row]))])
        order = torch.zeros(batch.places["there"].shape, dtype=torch.long)
        for index in batch.places["there"].nonzero().tolist():
            order[tuple(index)] = next(numbers)
        first, second = ({"logits": one[order]} for one in logits)
        return float(divergence(first, second, batch))

    rows = [e.row for e in alone]
    of_stretches = [
        rows_of
        for example in together
        for rows_of in ORDER[ORDER.index(example.row) :][: sentences_of(example)]
    ]
    assert sorted(of_stretches) == rows
    assert apart(together, of_stretches) == pytest.approx(apart(alone, rows), rel=1e-5)


def words_of(example: Example) -> list[int]:
    return [int(word) for word in example.places["words"]]


def sentences_of(example: Example) -> int:
    return len(example.places.get("sentences", [0]))


def test_surroundings_that_fill_the_input_leave_sentences_alone() -> None:
    """They are not shortened; nothing is said of stretches then."""
    context = replace(CONTEXT, longest=12)
    sentences = pl.DataFrame(
        {"id": [*"0123456789"], "tokens": [["Rome"] * 4] * 10, "document": ["a"] * 10}
    )
    encoded = TASK.encode(sentences, context)

    packed_ = TASK.pack(encoded, context, np.random.default_rng(1)) if TASK.pack else encoded

    assert [e.row for e in packed_.examples] == [*range(10)]
    assert not any("stretches" in note for note in packed_.notes)


def test_sentences_alone_are_learnt_from_alone() -> None:
    """Nothing is packed without documents."""
    examples = packed(Spans())

    assert [e.row for e in examples] == [*range(len(LONG))]


def test_without_documents_there_is_nothing_to_show() -> None:
    """The message says what to do."""
    with pytest.raises(DataError, match=r"says which document it belongs to\. Name one"):
        TASK.prepare(rows(documents=False), "train", CONTEXT.settings)
