"""Planted faults are found, counted exactly, and named with their rows; clean rows are not."""

from typing import Any

import polars as pl
import pytest

from polyculture.api import shared
from tests.datacheck.conftest import Checked, Rows, found, reviews, values

CLEAN = {"train": reviews(60), "valid": reviews(24, 100), "test": reviews(24, 200)}


def tagged(rows: list[list[tuple[str, str]]]) -> Rows:
    return [{"tokens": [w for w, _ in row], "tags": [t for _, t in row]} for row in rows]


def test_clean_rows_have_no_loud_finding(checked: Checked) -> None:
    """Nothing severe and no warning."""
    check = checked(CLEAN)

    assert check.rows == {"train": 60, "valid": 24, "test": 24}
    assert check.worst() in {"fine", "note"}
    assert found(check, "repeated_rows").severity == "fine"
    assert found(check, "accepted_rows").severity == "fine"


def test_repeated_rows_are_counted_within_and_across_splits(checked: Checked) -> None:
    """However they are spaced; the rows are named."""
    again = [{"text": f"  {row['text']} ", "label": row["label"]} for row in CLEAN["train"][:5]]
    splits = {**CLEAN, "train": CLEAN["train"] + again, "test": CLEAN["test"] + again[:3]}

    check = checked(splits)

    (within,) = values(check, "repeated_rows", "repeated.within")
    (across,) = values(check, "repeated_rows", "repeated.across")
    assert (within["split"], within["count"], within["of"]) == ("train", 5, 65)
    assert (across["split"], across["other"]) == ("test", "train")
    assert (across["count"], across["long"]) == (3, 3)
    assert found(check, "repeated_rows").severity == "severe"
    named = {row for one in found(check, "repeated_rows").examples for row in one.rows}
    assert {"train/train-1", "train/train-61", "test/test-25"} <= named


def test_equal_inputs_with_other_answers_are_conflicts(checked: Checked) -> None:
    """All rows of such an input count."""
    odd = {**CLEAN["train"][0], "label": "bad"}

    check = checked({**CLEAN, "valid": [*CLEAN["valid"], odd]})

    (total,) = values(check, "conflicting_labels", "conflicts")
    assert (total["inputs"], total["count"]) == (1, 2)
    (example,) = found(check, "conflicting_labels").examples
    assert example.rows == ("train/train-1", "valid/valid-25")
    assert example.about == "good ≠ bad"


def test_rows_that_differ_by_one_word_are_near(checked: Checked) -> None:
    """An exact copy is not near, but repeated; a word more at the end is near."""
    row = {"text": "a long review of a film that nobody should ever have to see", "label": "bad"}
    near = {**row, "text": f"{row['text']} twice"}

    check = checked({**CLEAN, "train": [*CLEAN["train"], row, row], "test": [*CLEAN["test"], near]})

    (across,) = values(check, "near_duplicates", "near.across")
    assert (across["split"], across["other"], across["count"]) == ("test", "train", 1)


def test_flipped_labels_head_the_list_to_review(checked: Checked) -> None:
    """The table names given and suggested label, and has room for a verdict."""
    rows = reviews(200)
    flipped = {10, 55, 120}
    for place in flipped:
        rows[place]["label"] = "bad" if rows[place]["label"] == "good" else "good"

    check = checked({**CLEAN, "train": rows})

    table = found(check, "label_errors").table
    assert {row["id"] for row in table[:3]} == {f"train-{place + 1}" for place in flipped}
    assert all(row["given"] != row["suggested"] and row["verdict"] is None for row in table)


HEADS: dict[str, Any] = {"transformer": None, "convolutional": {"pooling": "mean"}}


@pytest.mark.parametrize("base", list(HEADS))
def test_the_base_itself_may_say_which_labels_are_wrong(checked: Checked, base: str) -> None:
    """One of transformers, and a network of ours."""
    rows = reviews(80)
    rows[10]["label"] = "bad"

    check = checked({**CLEAN, "train": rows}, base=base, head=HEADS[base], with_base=True)

    suspected = found(check, "label_errors")
    assert suspected.protocol["model"] == "features of the base"
    assert float(suspected.protocol["out_of_fold_accuracy"]) > 0.8
    assert "train-11" in {row["id"] for row in suspected.table}


def test_a_fold_without_rows_of_another_label_is_no_error(checked: Checked) -> None:
    """The one row of a label is held out: the rest can only answer with the other label."""
    rows = [{"text": f"words {n}", "label": "a"} for n in range(9)]
    odd = {"text": "an odd one", "label": "b"}

    check = checked({"train": [*rows, odd]}, base="transformer", with_base=True)

    (row,) = (row for row in found(check, "label_errors").table if row["given"] == "b")
    assert (row["suggested"], row["p_given"], row["p_suggested"]) == ("a", 0.0, 1.0)


def test_rare_unseen_and_uneven_labels(checked: Checked) -> None:
    """Each label is named with its rows."""
    rare = [{"text": f"odd {n}", "label": "odd"} for n in range(3)]
    new = [{"text": "nobody knows", "label": "new"}]
    many = reviews(400, 1000)[::2]

    check = checked({**CLEAN, "train": CLEAN["train"] + rare + many, "test": CLEAN["test"] + new})

    (few,) = values(check, "rare_labels", "rare")
    assert (few["count"], few["of"]) == (1, 3)
    (unseen,) = values(check, "unseen_labels", "unseen")
    assert (unseen["count"], unseen["rows"]) == (1, 1)
    assert found(check, "unseen_labels").severity == "severe"
    (low,) = values(check, "label_balance", "balance.low")
    assert (low["label"], low["count"]) == ("odd", 3)
    assert found(check, "label_balance").severity == "warning"


def test_tags_are_read_as_they_are_written(checked: Checked) -> None:
    """IOB1 is a scheme, a mixture is a warning, and adjacent spans are counted."""
    one = [("Ada", "I-PER"), ("Tom", "B-PER"), ("met", "O")]
    rows = tagged([one, [("in", "O"), ("Rome", "I-LOC")]] * 15)

    check = checked({"train": rows, "valid": rows[:4]}, task="spans", base="transformer")

    tags = found(check, "illegal_tags")
    assert [point.key for point in tags.points][:2] == ["tags.IOB1", "tags.illegal.IOB1"]
    assert tags.severity == "note"
    (adjacent,) = values(check, "illegal_tags", "tags.adjacent")
    assert adjacent["counts"] == "train 15, valid 2"


def test_tags_of_two_schemes_are_a_warning(checked: Checked) -> None:
    """Some spans begin with B-, others with I-; the rows are named."""
    rows = tagged([[("Ada", "B-PER"), ("Berg", "I-PER")], [("Rome", "I-LOC")]] * 10)

    check = checked({"train": rows, "valid": rows[:4]}, task="spans", base="transformer")

    tags = found(check, "illegal_tags")
    assert (tags.severity, tags.count) == ("warning", 12)
    assert (tags.examples[0].rows, tags.examples[0].about) == (("train/train-2",), "O I-LOC")


def spans(*places: tuple[int, int]) -> dict[str, Any]:
    found_ = [{"start": start, "end": end, "label": "PER"} for start, end in places]
    return {"text": "Ada Berg met Tom.", "spans": found_}


def test_spans_with_odd_edges_are_sorted_by_what_is_odd(checked: Checked) -> None:
    """A space at an edge, and an end inside a word."""
    rows = [spans((0, 8)), spans((0, 9)), spans((0, 6)), spans((13, 16))] * 5

    check = checked({"train": rows, "valid": rows[:4]}, task="spans", base="transformer")

    assert values(check, "span_edges", "edges.edge") == [{"count": 6, "of": 24}]
    assert values(check, "span_edges", "edges.inside") == [{"count": 6, "of": 24}]
    assert found(check, "span_edges").severity == "warning"


def test_rows_that_a_training_would_refuse_are_severe(checked: Checked) -> None:
    """The check goes on where a training would stop, and says what would stop it."""
    rows = [spans((0, 8))] * 8

    check = checked(
        {"train": [*rows, spans((0, 8), (4, 12))], "valid": rows}, task="spans", base="transformer"
    )

    assert found(check, "span_edges").severity == "severe"
    accepted = found(check, "accepted_rows")
    assert accepted.severity == "severe"
    assert "overlap" in str(accepted.points[0].values["reason"])


def test_a_column_that_a_training_misses_is_named_with_its_setting(checked: Checked) -> None:
    """The hint is that of a training."""
    check = checked({name: [{"text": row["text"]} for row in CLEAN[name]] for name in CLEAN})

    (refused,) = values(check, "accepted_rows", "accepted.refused")
    assert "train.jsonl: there is no column 'label'" in refused["reason"]
    assert "label = 'its name'" in refused["reason"]


def test_a_setting_that_a_training_would_refuse_is_severe(checked: Checked) -> None:
    """A weight for a label that no row has; all other findings run."""
    task = {"kind": "classification", "class_weights": {"nobody": 2.0}}

    check = checked(CLEAN, task=task)

    assert found(check, "accepted_rows").severity == "severe"
    (refused,) = values(check, "accepted_rows", "accepted.refused")
    assert "'nobody'" in refused["reason"]
    assert found(check, "repeated_rows").severity == "fine"


def test_texts_to_answer_with_that_are_not_there_are_severe(checked: Checked) -> None:
    """Relevance without a corpus: the split is named, and no rows are prepared."""
    rows = [{"query": f"question {n}", "matches": [f"corpus-{n}"]} for n in range(12)]

    check = checked({"train": rows, "valid": rows[:4]}, task="relevance", base="transformer")

    assert found(check, "accepted_rows").severity == "severe"
    assert values(check, "accepted_rows", "accepted.missing") == [{"split": "corpus"}]
    (advice,) = found(check, "accepted_rows").advice
    assert advice.key == "accepted.name"


def test_the_base_is_made_from_rows_as_a_training_prepares_them(
    checked: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Texts with spans become words, which another vocabulary is counted from."""
    seen: list[pl.DataFrame] = []
    opened = shared.open_base

    def spy(recipe: Any, rows: pl.DataFrame, work: Any) -> Any:
        seen.append(rows)
        return opened(recipe, rows, work)

    monkeypatch.setattr("polyculture.api.data_checks.open_base", spy)
    rows = [spans((0, 8)), spans((13, 16))] * 8

    check = checked({"train": rows, "valid": rows[:4]}, task="spans", base="transformer")

    assert found(check, "text_length").severity != "skipped"
    assert seen[0]["tokens"].to_list()[0] == ["Ada", "Berg", "met", "Tom", "."]


def test_the_tokenizer_is_asked_for_lengths_and_characters(checked: Checked) -> None:
    """Texts beyond the window are counted with their tokens; characters it never saw are named."""
    long = {"text": "very " * 700 + "good", "label": "good"}
    odd = {"text": "a dish called 饺子 with zero\u200bwidth", "label": "good"}

    check = checked({**CLEAN, "test": [*CLEAN["test"], long, odd]}, base="transformer")

    (over,) = values(check, "text_length", "length.over")
    assert (over["split"], over["count"]) == ("test", 1)
    assert over["beyond"] >= 700 - over["window"]
    grid = found(check, "unknown_characters").pictures[0]
    assert grid.kind == "grid"
    assert {"饺", "子"} <= {row[0] for row in grid.rows}


def test_splits_of_other_texts_are_told_apart_and_scripts_counted(checked: Checked) -> None:
    """A test in another language is a warning twice."""
    chinese = [
        {"text": f"这家店的第{n}道菜好吃", "label": ("good", "bad")[n % 2]} for n in range(60)
    ]

    check = checked({"train": reviews(80), "valid": reviews(80, 100), "test": chinese})

    shifts = {(v["a"], v["b"]) for v in values(check, "split_shift", "shift")}
    assert shifts == {("train", "test"), ("valid", "test")}
    moved = values(check, "scripts", "scripts.moved")
    assert {(v["script"], v["here"]) for v in moved} == {("han", 1.0), ("latin", 0.0)}


def test_what_does_not_apply_says_why(checked: Checked) -> None:
    """Each finding that did not run has a reason."""
    rows = [{"text": f"plain text number {n}"} for n in range(30)]

    check = checked({"train": rows, "valid": rows[:5]}, task="masked_text", base="transformer")

    skipped = {
        one.name: one.found.points[0].key
        for one in check.findings
        if one.found.severity == "skipped"
    }
    assert skipped["label_balance"] == skipped["label_errors"] == "skipped.no_labels"
    assert skipped["conflicting_labels"] == "skipped.no_gold"
    assert skipped["illegal_tags"] == "skipped.no_tags"
    assert skipped["pseudo_perplexity"] == "perplexity.not_asked"
    assert skipped["training_cost"] == "cost.none"
    assert found(check, "repeated_rows").count == 5


@pytest.mark.parametrize("stream", [False, True])
def test_a_check_in_parts_counts_the_same(checked: Checked, *, stream: bool) -> None:
    """Rows and repeats are those of a whole reading."""
    splits = {**CLEAN, "test": CLEAN["test"] + CLEAN["train"][:4]}

    check = checked(splits, stream=stream)

    assert check.is_streamed is stream
    assert check.rows["test"] == 28
    (across,) = values(check, "repeated_rows", "repeated.across")
    assert across["count"] == 4


def test_repeats_are_counted_in_all_rows_where_others_see_a_sample(checked: Checked) -> None:
    """The protocol says how many texts were compared."""
    rows = reviews(600)

    check = checked({**CLEAN, "train": rows + rows[:50]}, most=200)

    (within,) = values(check, "repeated_rows", "repeated.within")
    assert within["count"] == 50
    named = {row for one in found(check, "repeated_rows").examples for row in one.rows}
    assert all(row.rpartition("/")[2].isdigit() for row in named), "by number, not by id"
    assert int(found(check, "near_duplicates").protocol["texts"]) <= 200 + 48


def test_one_row_ends_with_findings(checked: Checked) -> None:
    """Not with an error: what is missing is said."""
    check = checked({"train": CLEAN["train"][:1]})

    assert "accepted.missing" in {point.key for point in found(check, "accepted_rows").points}
    assert found(check, "split_shift").points[0].key == "shift.one_split"


def test_texts_that_differ_by_capitals_are_near(checked: Checked) -> None:
    """A test of training texts in capitals is no clean one."""
    shouted = [{**row, "text": row["text"].upper()} for row in CLEAN["train"][:20]]

    check = checked({**CLEAN, "test": shouted})

    assert found(check, "repeated_rows").severity == "fine"
    near = found(check, "near_duplicates")
    assert near.severity == "warning"
    assert near.count >= 40


def test_a_text_that_occurs_often_is_counted_whole(checked: Checked) -> None:
    """Some of its rows are named; how many there are is said."""
    row = {"text": "a text of some words that occurs many times over", "label": "good"}

    check = checked({**CLEAN, "train": [*CLEAN["train"], *[row] * 40]})

    assert found(check, "repeated_rows").examples[0].about == "× 40"


@pytest.mark.parametrize("stream", [False, True])
def test_spans_of_other_schemes_are_counted_alike_in_parts(
    checked: Checked, *, stream: bool
) -> None:
    """BIOES: every E- ends a span that was counted at its B-, and a training takes it."""
    one = [("Ada", "B-PER"), ("Berg", "E-PER"), ("met", "O"), ("Tom", "S-PER")]
    rows = tagged([one, [("in", "O"), ("Rome", "S-LOC")]] * 20)

    check = checked(
        {"train": rows, "valid": rows[:4]}, task="spans", base="transformer", stream=stream
    )

    (top,) = values(check, "label_balance", "balance.top")
    assert (top["label"], top["count"]) == ("PER", 40)
    assert found(check, "accepted_rows").severity == "fine"


def test_ids_of_relevant_texts_are_no_labels(checked: Checked) -> None:
    """Each query has its own: none of them is rare or unseen."""
    corpus = [{"id": f"d{n}", "text": row["text"]} for n, row in enumerate(reviews(40))]
    queries = [{"query": f"about item{n}", "matches": [f"d{n}"]} for n in range(40)]
    splits = {"train": queries[:30], "valid": queries[30:], "corpus": corpus}

    check = checked(splits, task="relevance", base="transformer")

    for name in ("unseen_labels", "rare_labels", "label_balance"):
        assert found(check, name).severity == "skipped"


def test_a_label_that_stands_for_out_of_scope_may_be_unseen(checked: Checked) -> None:
    """It is in validation and test alone; other new labels are severe."""
    far = [{"text": f"what is the weather at {n} o'clock", "label": "oos"} for n in range(10)]
    splits = {**CLEAN, "valid": [*CLEAN["valid"], *far], "test": [*CLEAN["test"], *far]}
    task = {"kind": "classification", "out_of_scope": "oos"}

    check = checked(splits, task=task)
    other = checked(splits)

    assert found(check, "unseen_labels").severity == "fine"
    assert not any("oos" in one.about for one in found(check, "label_errors").examples)
    assert found(other, "unseen_labels").severity == "severe"


def test_the_labels_that_are_checked_are_those_that_are_learnt(checked: Checked) -> None:
    """Of a file with a label and labels, where a text may have several."""
    splits = {
        split: [{**row, "label": "news", "labels": [row["label"]]} for row in rows]
        for split, rows in CLEAN.items()
    }

    several = checked(splits, task={"kind": "classification", "multi_label": True})
    one = checked(splits)

    assert found(several, "label_balance").protocol["column"] == "labels"
    assert found(several, "label_balance").count == 2
    assert found(one, "label_balance").protocol["column"] == "label"


def test_rows_that_will_be_held_out_are_not_missing(checked: Checked) -> None:
    """A check in parts counts them as train, and says so."""
    check = checked({"train": CLEAN["train"]}, stream=True, data={"hold_out": 0.2})

    assert not values(check, "accepted_rows", "accepted.missing")


def test_the_same_spans_in_another_order_are_no_conflict(checked: Checked) -> None:
    """They are a set; other spans of the same text are a conflict."""
    rows = [spans((0, 8), (13, 16)), spans((13, 16), (0, 8))] * 3
    other = [*rows, spans((0, 3))]

    alike = checked({"train": rows, "valid": rows[:2]}, task="spans", base="transformer")
    unlike = checked({"train": other, "valid": rows[:2]}, task="spans", base="transformer")

    assert found(alike, "conflicting_labels").severity == "fine"
    assert found(unlike, "conflicting_labels").severity != "fine"


def test_a_window_that_is_advised_holds_pairs_too(checked: Checked) -> None:
    """With the three special tokens of a pair; none is advised where texts share a window."""
    pairs = [{**row, "text_b": "and so on"} for row in CLEAN["train"]]
    check = checked({"train": pairs, "valid": pairs[:10]}, base="transformer")
    corpus = [{"id": f"d{n}", "text": row["text"]} for n, row in enumerate(reviews(40))]
    queries = [{"query": f"about item{n}", "matches": [f"d{n}"]} for n in range(40)]
    ranked = checked(
        {"train": queries[:30], "valid": queries[30:], "corpus": corpus},
        task="relevance",
        base="transformer",
    )

    (advice,) = found(check, "text_length").advice
    (fine,) = values(check, "text_length", "length.fine")
    assert advice.key == "length.shorter"
    assert dict(advice.values)["length"] >= fine["most"] + 3
    assert not found(ranked, "text_length").advice


def test_documents_with_rows_in_two_splits_are_counted(checked: Checked) -> None:
    """One row of each side is named; rows without a document are nobody's."""

    def named(rows: Rows, first: int) -> Rows:
        return [{**row, "document": f"d{first + n // 4}"} for n, row in enumerate(rows)]

    splits = {"train": named(CLEAN["train"], 0), "test": named(CLEAN["test"], 12)}
    check = checked({**splits, "valid": CLEAN["valid"]})
    apart = checked({**splits, "test": named(CLEAN["test"], 40), "valid": CLEAN["valid"]})
    without = checked(CLEAN)

    (shared,) = values(check, "shared_documents", "documents.shared")
    assert (shared["split"], shared["other"]) == ("test", "train")
    assert (shared["documents"], shared["count"], shared["of"]) == (3, 12, 24)
    assert found(check, "shared_documents").severity == "warning"
    assert found(check, "shared_documents").examples[0].rows == ("train/train-49", "test/test-1")
    assert found(apart, "shared_documents").severity == "fine"
    assert found(without, "shared_documents").severity == "skipped"
