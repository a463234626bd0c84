"""Contexts are read in windows of which nothing is left out, and answers are pieces of them."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from transformers import AutoModelForQuestionAnswering

from polyculture.checks.tiny import Kind, tiny_base
from polyculture.core import parts
from polyculture.core.errors import ModelError
from polyculture.core.task import Context, Encoded, Inventory
from polyculture.nets.batch import IGNORED, Batch, Reading
from polyculture.nets.build import open_network, open_tokenizer
from polyculture.nets.losses.spans_of_text import best_spans, span_loss
from polyculture.nets.reading.passages import encode_passages, pad_passages, read_passages
from polyculture.stats.texts.placed_answers import first_spans

HERE = Path(__file__).parent
ROWS = parts.load("tasks", "answers").prepare(
    pl.read_ndjson(HERE.parent / "tasks" / "questions.jsonl"), "by hand", None
)
SPANS = first_spans(ROWS)
LONGEST = 40
KINDS: list[tuple[Kind, int]] = [("bert", LONGEST), ("roberta", 88)]
"""Bytes of Chinese are many."""


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[Kind, Path]:
    """One tiny base whose pieces are words, and one whose pieces are bytes."""
    place = tmp_path_factory.mktemp("bases")
    texts = [*ROWS["question"], *ROWS["context"]]
    kinds: tuple[Kind, ...] = ("bert", "roberta")
    return {kind: tiny_base(place / kind, kind, texts) for kind in kinds}


def context_of(folder: Path, longest: int = LONGEST) -> Context:
    settings = parts.load("tasks", "answers").settings()
    reader = open_tokenizer(folder)
    return Context(settings=settings, inventory=Inventory(), reader=reader, longest=longest)


def encoded_by(folder: Path, longest: int = LONGEST, stride: int = 8) -> Encoded:
    return encode_passages(ROWS, context_of(folder, longest), SPANS, stride=stride)


@pytest.mark.parametrize(("kind", "longest"), KINDS)
def test_windows_hold_every_sign_of_the_context(
    kind: Kind, longest: int, bases: dict[Kind, Path]
) -> None:
    """Emoji and Chinese too; each window is no longer than asked and holds the whole question."""
    encoded = encoded_by(bases[kind], longest)
    reader = open_tokenizer(bases[kind])

    seen: dict[int, set[int]] = {}
    for example in encoded.examples:
        assert example.size == len(example.inputs["input_ids"]) <= longest
        inside = example.places["starts"] >= 0
        for start, end in zip(
            example.places["starts"][inside], example.places["ends"][inside], strict=True
        ):
            seen.setdefault(example.row, set()).update(range(start, end))
        asked = reader(ROWS["question"][example.row], add_special_tokens=False)["input_ids"]
        assert example.inputs["input_ids"][1 : 1 + len(asked)].tolist() == asked
    for row, text in enumerate(ROWS["context"]):
        assert seen[row] == {place for place, sign in enumerate(text) if not sign.isspace()}
    assert int(encoded.protocol["read_in_windows"]) > 0


@pytest.mark.parametrize(("kind", "longest"), KINDS)
def test_targets_are_the_tokens_of_the_answer_or_that_of_none(
    kind: Kind, longest: int, bases: dict[Kind, Path]
) -> None:
    """In some window all of it; in windows without it, and without an answer, the first token."""
    encoded = encoded_by(bases[kind], longest, stride=longest // 4)
    found: dict[int, list[str]] = {}
    for example in encoded.examples:
        first, last = int(example.targets["start"]), int(example.targets["end"])
        if (first, last) == (int(example.places["none"]),) * 2:
            assert example.places["none"] == 0
            continue
        piece = slice(int(example.places["starts"][first]), int(example.places["ends"][last]))
        found.setdefault(example.row, []).append(ROWS["context"][example.row][piece])
    for row, span in enumerate(SPANS):
        if span is None:
            assert row not in found
        else:
            answer = ROWS["context"][row][slice(*span)]
            assert found[row]
            assert all(answer in piece and len(piece) <= len(answer) + 8 for piece in found[row])


def test_an_answer_longer_than_any_window_teaches_nothing(bases: dict[Kind, Path]) -> None:
    """Neither itself nor that there is none; the row is read and told all the same."""
    text = " ".join(["seven lamps"] * 40)
    rows = pl.DataFrame({"question": ["who?"], "context": [text]})

    encoded = encode_passages(rows, context_of(bases["bert"]), [(0, len(text))], stride=8)
    batch = pad_passages(encoded.examples, context_of(bases["bert"]))

    assert len(encoded.examples) > 2
    assert batch.count == 0
    assert {int(x) for name in ("start", "end") for x in batch.targets[name]} == {IGNORED}
    assert "1 of 1 questions have an answer that lies in no window" in encoded.notes[1]


def test_a_long_question_leaves_half_of_the_input_to_the_context(bases: dict[Kind, Path]) -> None:
    """What is cut of it is counted; signs at its end are not read."""
    rows = pl.DataFrame({"question": ["where does it leave ? " * 30], "context": ["the pier"]})
    context = context_of(bases["bert"])

    encoded = encode_passages(rows, context, None, stride=8)

    (example,) = encoded.examples
    asked = int(np.flatnonzero(example.places["starts"] >= 0)[0]) - 2
    assert asked == LONGEST // 2 - 3
    assert encoded.protocol["cut_questions"] == 1
    assert not example.targets
    with pytest.raises(ModelError, match=r"no room for a question and a context"):
        encode_passages(rows, context_of(bases["bert"], 6), None, stride=8)


def network_of(folder: Path) -> Any:
    return open_network(
        folder, labels=(), output="positions", model_class="AutoModelForQuestionAnswering"
    ).eval()


def test_the_standard_head_is_that_of_transformers(bases: dict[Kind, Path], tmp_path: Path) -> None:
    """Two numbers a token, also where the base was trained to tell three classes apart."""
    network = network_of(bases["bert"])
    network.model.save_pretrained(tmp_path / "saved")
    plain = AutoModelForQuestionAnswering.from_pretrained(tmp_path / "saved").eval()
    batch = pad_passages(encoded_by(bases["bert"]).examples[:3], context_of(bases["bert"]))

    with torch.no_grad():
        ours, theirs = network(Batch(inputs=batch.inputs)), plain(**batch.inputs)

    torch.testing.assert_close(ours["start_logits"], theirs.start_logits, atol=1e-5, rtol=0)
    torch.testing.assert_close(ours["end_logits"], theirs.end_logits, atol=1e-5, rtol=0)


def test_the_loss_is_the_cross_entropy_within_the_context(bases: dict[Kind, Path]) -> None:
    """Neither padding nor the question has a share in it: an example alone has the same."""
    network, context = network_of(bases["bert"]), context_of(bases["bert"])
    examples = encoded_by(bases["bert"]).examples
    examples = [min(examples, key=lambda e: e.size), max(examples, key=lambda e: e.size)]

    def loss_of(some: Any) -> float:
        batch = pad_passages(some, context)
        with torch.no_grad():
            return float(span_loss(network(batch), batch.places, batch.targets))

    assert loss_of(examples) == pytest.approx(loss_of(examples[:1]) + loss_of(examples[1:]))


def reading_of(said: dict[str, torch.Tensor], batch: Batch) -> Reading:
    """A batch of which a network says this."""
    network: Any = lambda _: said  # noqa: E731  # a network is called
    return Reading(network, batch)


def test_a_row_is_answered_by_its_best_window_and_no_answer_by_its_worst() -> None:
    """The least score of no answer over the windows is held against the best piece of all."""
    places = {
        "starts": torch.tensor([[-1, -1, 0, 4], [-1, -1, 8, 12]]),
        "ends": torch.tensor([[-1, -1, 3, 7], [-1, -1, 11, 15]]),
        "none": torch.tensor([0, 0]),
    }
    said = {
        "start_logits": torch.tensor([[5.0, 9.0, 1.0, 0.0], [2.0, 9.0, 3.0, 1.0]]),
        "end_logits": torch.tensor([[5.0, 9.0, 0.0, 2.0], [1.0, 9.0, 0.0, 2.0]]),
    }
    batch = Batch(inputs={}, places=places, rows=(7, 7))

    (value,) = read_passages(reading_of(said, batch), 2)

    assert value is not None
    start, end, probability, margin, nothing = value.tolist()
    assert (start, end, margin) == (8, 15, 3.0 - 5.0)
    scores = torch.tensor([3.0, 3.0, 5.0, 3.0])  # of the second window: none, and three pieces
    assert probability == pytest.approx(float(scores.softmax(0)[2]))
    assert nothing == pytest.approx(float(scores.softmax(0)[0]))


def test_a_piece_ends_behind_its_start_and_within_the_length() -> None:
    """The likeliest end before the likeliest start, or too far behind, makes no answer."""
    places = {"starts": torch.tensor([[-1, 0, 2, 4, 6]]), "none": torch.tensor([0])}
    starts, ends = torch.tensor([[0.0, 5, 0, 9, 0]]), torch.tensor([[0.0, 4, 9, 0, 8]])
    outputs = {"start_logits": starts, "end_logits": ends}

    found = {n: best_spans(outputs, places, n) for n in (1, 2, 4)}

    pairs = {n: (int(best["first"]), int(best["last"])) for n, best in found.items()}
    assert pairs == {1: (1, 1), 2: (3, 4), 4: (3, 4)}


def test_a_context_without_a_token_has_no_answer() -> None:
    """Rather than one that stands nowhere."""
    places = {"starts": torch.full((1, 3), -1), "ends": torch.full((1, 3), -1)}
    places["none"] = torch.tensor([0])
    said = {"start_logits": torch.zeros(1, 3), "end_logits": torch.zeros(1, 3)}

    found = read_passages(reading_of(said, Batch(inputs={}, places=places, rows=(0,))), 2)

    assert found == [None]
