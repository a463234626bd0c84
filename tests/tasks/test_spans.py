"""Spans are read from tags and from raw text, decoded from logits and scored."""

import json
import time
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from polyculture.checks.tiny import word_pieces
from polyculture.core import parts
from polyculture.core.errors import DataError
from polyculture.core.task import Context, Inventory
from polyculture.nets.batch import Batch
from polyculture.nets.text.words import cut
from polyculture.stats.spans.entities import illegal, may_follow
from polyculture.store.home import home
from polyculture.tasks.spans import PLUGIN as TASK
from polyculture.tasks.spans import Spans, codes

SETTINGS = Spans()
LABELS = ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")
CONTEXT = Context(settings=SETTINGS, inventory=Inventory(labels=LABELS))


def tagged(*sentences: str) -> pl.DataFrame:
    """Rows from sentences of ``word/TAG``."""
    pairs = [[piece.rsplit("/", 1) for piece in sentence.split()] for sentence in sentences]
    return pl.DataFrame(
        {
            "id": [f"s{number}" for number in range(len(pairs))],
            "tokens": [[word for word, _ in row] for row in pairs],
            "tags": [[tag for _, tag in row] for row in pairs],
        }
    )


def raw(text: str, *spans: tuple[int, int, str]) -> pl.DataFrame:
    kind = pl.List(pl.Struct({"start": pl.Int64, "end": pl.Int64, "label": pl.String}))
    cells = [{"start": start, "end": end, "label": label} for start, end, label in spans]
    return pl.DataFrame({"id": ["t"], "text": [text], "spans": pl.Series([cells], dtype=kind)})


def loss(logits: torch.Tensor, targets: torch.Tensor) -> float:
    """The summed loss of some logits."""
    batch = Batch(inputs={}, targets={"labels": targets})
    return TASK.loss({"logits": logits}, batch, CONTEXT).item()


def test_the_inventory_is_o_then_each_type_with_both_tags() -> None:
    """Types are in code-point order, whatever occurs first; the I- tag is there from the start."""
    rows = tagged("Ada/B-PER lives/O in/O Rome/B-LOC")

    assert TASK.learn({"train": rows}, SETTINGS) == Inventory(labels=LABELS)


def test_a_type_that_only_another_split_has_counts_as_missed() -> None:
    """Its words have no target, its spans stay in the gold, and the note says how many rows."""
    splits = {
        "train": tagged("Ada/B-PER"),
        "test": tagged("x/O", "Oslo/B-LOC is/O Ada/B-PER", "Port/B-LOC Ellen/I-LOC"),
    }

    context = Context(settings=SETTINGS, inventory=TASK.learn(splits, SETTINGS))
    targets = codes(splits["test"], context.labels)
    answers = TASK.decode(splits["test"], [target.clip(min=0) for target in targets], context)
    scores = TASK.score(splits["test"], answers, context, split="test")

    assert context.labels == ("O", "B-PER", "I-PER")
    assert [target.tolist() for target in targets] == [[0], [-100, 0, 1], [-100, -100]]
    (note,) = TASK.remarks(splits, context.inventory, SETTINGS)
    assert note == (
        "1 type of span does not occur in train: 'LOC' (test 2 rows). The model cannot answer it, "
        "so it counts as wrong."
    )
    values = {score.name: getattr(score.value, "number", None) for score in scores.scores}
    assert values["entity_recall"] == pytest.approx(1 / 3)  # conlleval: 1 of 3 phrases found
    assert values["entity_precision"] == 1
    assert values["entity_f1"] == pytest.approx(0.5)
    row = next(row for row in scores.tables[0].rows if row["label"] == "LOC")
    assert (row["precision"], row["recall"], row["support"]) == (None, 0.0, 2)
    assert (scores.protocol["unseen_labels"], scores.protocol["unseen_rows"]) == (1, 2)


def test_a_type_that_only_another_split_has_is_refused_where_the_recipe_says_so() -> None:
    """The sentence names split, item and type."""
    splits = {"train": tagged("Ada/B-PER"), "test": tagged("x/O", "Oslo/B-LOC")}

    with pytest.raises(DataError, match=r"test, item 's1': 1 type of span does not occur in train"):
        TASK.learn(splits, Spans(unseen="refuse"))


def test_no_spans_in_training_are_refused() -> None:
    """One class only cannot be learnt."""
    with pytest.raises(DataError, match="train: there are no spans"):
        TASK.learn({"train": tagged("it/O rains/O")}, SETTINGS)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (tagged("a/O b/O").with_columns(tags=pl.Series([["O"]])), "2 words have 1 tags"),
        (tagged("a/S-PER"), "expected a tag like 'O', 'B-PER' or 'I-PER', got 'S-PER'"),
        (tagged("a/B-"), "got 'B-'"),
        (raw("abc", (1, 4, "X")), r"'X' from 1 to 4 lies outside the text, which has 3"),
        (raw("abc", (-1, 2, "X")), "from -1 to 2 lies outside"),
        (raw("abc", (2, 2, "X")), "from 2 to 2 lies outside"),
        (raw("a  b", (1, 3, "X")), "from 1 to 3 holds no word"),
        (raw("a b c", (2, 5, "X"), (0, 3, "Y")), r"'a b' \(Y, from 0\) and 'b c' \(X, from 2\)"),
        (raw("abc", (0, 1, "")), "a span needs start, end and label"),
    ],
)
def test_a_broken_row_is_named(rows: pl.DataFrame, message: str) -> None:
    """Each gets one sentence with the place and what to do."""
    with pytest.raises(DataError, match=rf"train, item '[ts0]+': .*{message}"):
        TASK.prepare(rows, "train", SETTINGS)


def test_chinese_text_is_tagged_by_character() -> None:
    """No spaces are needed, and the answer comes back in characters of the text."""
    rows = TASK.prepare(raw("叶老桂到了 PS3店", (0, 3, "PER"), (6, 10, "LOC")), "train", SETTINGS)

    assert rows["tokens"].to_list() == [["叶", "老", "桂", "到", "了", "PS", "3", "店"]]
    assert rows["tags"][0].to_list()[:4] == ["B-PER", "I-PER", "I-PER", "O"]
    answers = TASK.decode(rows, codes(rows, LABELS), CONTEXT)
    assert answers["answer"].to_list() == ['[["PER",0,3],["LOC",6,10]]']
    assert TASK.gold(rows, SETTINGS) == answers["answer"].to_list()


def test_a_span_inside_a_word_stays_in_the_gold_and_is_counted() -> None:
    """Words are cut without a look at the gold, so whole words miss it, which is said."""
    rows = TASK.prepare(raw("Norwegians sing", (0, 6, "LOC")), "test", SETTINGS)

    answers = TASK.decode(rows, codes(rows, LABELS), CONTEXT)
    scores = TASK.score(rows, answers, CONTEXT, split="test")

    assert TASK.gold(rows, SETTINGS) == ['[["LOC",0,6]]']
    assert answers["answer"].to_list() == ['[["LOC",0,10]]']
    assert scores.tables[0].rows[0]["support"] == 1
    assert scores.headline().value.number == 0  # type: ignore[union-attr]
    assert scores.protocol["gold_inside_words"] == 1


def test_two_spans_that_share_a_word_are_both_gold() -> None:
    """The word is the first one's; the second begins with its next word."""
    rows = TASK.prepare(raw("abcd ef", (0, 2, "PER"), (2, 7, "LOC")), "train", SETTINGS)

    assert rows["tags"].to_list() == [["B-PER", "B-LOC"]]
    assert json.loads(TASK.gold(rows, SETTINGS)[0]) == [["PER", 0, 2], ["LOC", 2, 7]]
    assert rows["inside_words"].to_list() == [2]


def test_spaces_at_the_ends_of_a_span_are_trimmed_and_counted() -> None:
    """A space is nothing that could be found."""
    rows = TASK.prepare(raw("in Oslo now", (2, 8, "LOC")), "train", SETTINGS)

    assert TASK.gold(rows, SETTINGS) == ['[["LOC",3,7]]']
    assert (rows["trimmed"].to_list(), rows["inside_words"].to_list()) == ([1], [0])


@given(st.text(max_size=30))
def test_cutting_loses_no_character_but_space(text: str) -> None:
    """Words lie in order, apart, and what is between them is space."""
    places = cut(text)

    edges = [0, *(edge for place in places for edge in place), len(text)]
    assert edges == sorted(edges)
    assert all(start < end for start, end in places)
    between = "".join(text[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True))
    assert not between.strip().strip("\u200b\ufeff \t\n")


@given(
    st.lists(
        st.sampled_from(["Ada", "人", " ", "王", ",", "é", "e\u0301", "42", "ไทย"]), min_size=1
    ),
    st.data(),
)
def test_decode_undoes_encode_for_spans_of_whole_words(pieces: list[str], data: Any) -> None:
    """Right codes give the gold, whatever the script."""
    text = "".join(pieces)
    places = cut(text)
    edges = data.draw(st.lists(st.integers(0, len(places)), unique=True).map(sorted))
    spans = [
        (places[a][0], places[b - 1][1], data.draw(st.sampled_from(["PER", "LOC"])))
        for a, b in zip(edges[::2], edges[1::2], strict=False)
    ]
    rows = TASK.prepare(raw(text, *spans), "train", SETTINGS)

    answers = TASK.decode(rows, codes(rows, LABELS), CONTEXT)

    assert answers["answer"].to_list() == TASK.gold(rows, SETTINGS)
    assert len(json.loads(answers["answer"][0])) == len(spans)


def test_words_that_the_model_could_not_see_are_o_against_full_gold() -> None:
    """-1 in the middle and an array that ends early are counted, and recall pays for them."""
    rows = tagged("Ada/B-PER met/O Mia/B-PER in/O Rome/B-LOC", "Oslo/B-LOC")
    read = codes(rows, LABELS)
    read[0][2] = -1
    read[0] = read[0][:4]
    read[1] = read[1][:0]

    answers = TASK.decode(rows, read, CONTEXT)
    scores = TASK.score(rows, answers, CONTEXT, split="test")

    assert answers["tags"].to_list() == [["B-PER", "O", "O", "O", "O"], ["O"]]
    assert answers["unseen"].to_list() == [2, 1]
    assert scores.protocol["unseen_words"] == 3
    recall = next(s for s in scores.scores if s.name == "entity_recall")
    assert recall.value.number == 0.25  # type: ignore[union-attr]


def test_codes_that_end_early_leave_their_words_unseen() -> None:
    """As those that hold no label do; each is O."""
    rows = tagged("Ada/B-PER Lee/I-PER sings/O today/O")

    answers = TASK.decode(rows, [np.array([3, 4, -1])], CONTEXT)

    assert answers["tags"].to_list() == [["B-PER", "I-PER", "O", "O"]]
    assert answers["unseen"].to_list() == [2]


def test_loss_is_the_sum_over_words_that_count() -> None:
    """Padding changes nothing, and a batch of padding alone gives 0 and not NaN."""
    logits = torch.randn(2, 3, 5, generator=torch.manual_seed(1))
    targets = torch.tensor([[0, 1, -100], [4, -100, -100]])
    on = targets >= 0

    expected = torch.nn.functional.cross_entropy(logits[on], targets[on])

    assert loss(logits, targets) / 3 == pytest.approx(expected.item())
    assert loss(logits[:, 2:], targets[:, 2:]) == 0


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        (tagged("Ada/B-PER met/O", "Acme/B-ORG Ltd/I-ORG in/O Rome/B-LOC"), 4),
        (tagged("Ada/B-PER met/O", "Rome/B-LOC").drop("tags"), 0),
    ],
    ids=["known", "unknown"],
)
def test_a_batch_counts_the_words_that_have_a_target(rows: pl.DataFrame, count: int) -> None:
    """Padding does not count, nor what train lacks, nor what nobody knows."""
    reader = word_pieces(["Ada met Acme Ltd in Rome"])
    context = replace(CONTEXT, reader=reader, longest=16)
    encoded = TASK.encode(rows, context)

    batch = TASK.collate(encoded.examples, context)

    assert batch.count == count
    assert bool(batch.targets) == bool(count)
    assert batch.places["there"].sum(dim=1).tolist() == rows["tokens"].list.len().to_list()
    assert batch.places["length"].tolist() == rows["tokens"].list.len().to_list()
    assert batch.size == int(batch.inputs["attention_mask"].sum()) == encoded.sizes.sum()


def test_the_most_frequent_tag_of_each_word_is_answered() -> None:
    """New words are O; a tie goes to the tag that stands first in the inventory."""
    train = tagged("Rome/B-LOC Rome/B-LOC Rome/B-PER", "may/O may/B-PER")
    rows = tagged("Rome/O may/O new/O")

    answers = TASK.baselines["most_frequent_tag"](train, rows, CONTEXT)

    assert answers["tags"].to_list() == [["B-LOC", "O", "O"]]
    assert answers["answer"].to_list() == ['[["LOC",0,1]]']


def test_rows_without_gold_can_be_prepared_but_not_trained_on() -> None:
    """Prediction needs texts alone, in words or raw."""
    bare = TASK.prepare(raw("Ada 来了").drop("spans"), "new.jsonl", SETTINGS)
    words = TASK.prepare(tagged("Ada/O").drop("tags"), "new.jsonl", SETTINGS)

    assert bare["tokens"].to_list() == [["Ada", "来", "了"]]
    with pytest.raises(DataError, match="train: there is no column 'spans'"):
        TASK.learn({"train": bare}, SETTINGS)
    with pytest.raises(DataError, match="train: there is no column 'tags'"):
        TASK.learn({"train": words}, SETTINGS)


@pytest.mark.slow
def test_scores_of_a_test_set_as_large_as_conll_take_no_time() -> None:
    """3,453 sentences with intervals from 1,000 rounds in less than two seconds."""
    rng = np.random.default_rng(1)
    tags = [rng.choice(LABELS, 13, p=[0.8, 0.05, 0.05, 0.05, 0.05]).tolist() for _ in range(3453)]
    rows = pl.DataFrame({"id": [str(n) for n in range(3453)], "tokens": tags, "tags": tags})
    read = [
        (np.eye(5)[code] + 1.5 * rng.random((13, 5))).argmax(axis=1) for code in codes(rows, LABELS)
    ]
    answers = TASK.decode(rows, read, CONTEXT)

    start = time.process_time()
    scores = TASK.score(rows, answers, CONTEXT, split="test")

    assert time.process_time() - start < 2
    assert scores.headline().value.low is not None  # type: ignore[union-attr]


@pytest.mark.model
def test_the_table_of_tags_has_the_known_supports_of_conll2003() -> None:
    """The test set as everybody counts it, from the most frequent tag of each training word."""
    fetched = home() / "starter" / "conll2003"
    if not fetched.is_dir():
        pytest.skip("needs: polyculture starter fetch conll2003")
    source = parts.load("sources.data", "starter")
    data = source.read(source.settings(name="conll2003"), parts.load("tasks", "spans").columns)
    splits = {name: TASK.prepare(rows, name, SETTINGS) for name, rows in data.splits.items()}
    context = Context(settings=SETTINGS, inventory=TASK.learn(splits, SETTINGS))
    answers = TASK.baselines["most_frequent_tag"](splits["train"], splits["test"], context)

    scores = TASK.score(splits["test"], answers, context, split="test")

    types, _, tags = scores.tables
    supports = {row["label"]: row["support"] for row in (*tags.rows, *tags.averages)}
    assert supports == {
        "B-LOC": 1668,
        "I-LOC": 257,
        "B-MISC": 702,
        "I-MISC": 216,
        "B-ORG": 1661,
        "I-ORG": 835,
        "B-PER": 1617,
        "I-PER": 1156,
        "O": 38323,
        **dict.fromkeys(("micro", "macro", "weighted"), 46435),
    }
    assert sum(int(row["support"] or 0) for row in types.rows) == 5648


def test_what_may_follow_what_is_what_illegal_does_not_count() -> None:
    """Every pair of tags, the start of a sentence among them."""
    rule = may_follow(LABELS)

    for before, label in product(range(len(LABELS)), repeat=2):
        pair = [LABELS[before], LABELS[label]]
        assert rule[before, label] == (illegal(pair) == illegal(pair[:1]))
