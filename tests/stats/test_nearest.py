"""Answers are the names that are nearest, or numbers; ids that rows name are known."""

import numpy as np
import polars as pl
import pytest

from polyculture.core.errors import RowError
from polyculture.stats.rows import check_names
from polyculture.stats.vectors.nearest import (
    CHUNK,
    most_frequent_names,
    nearest,
    ranked_answers,
    to_local_means,
)
from polyculture.stats.vectors.number_answers import answers_of_numbers, close


def rows_of(count: int) -> pl.DataFrame:
    return pl.DataFrame({"id": [str(number) for number in range(count)]})


def test_many_rows_are_answered_as_if_all_were_ranked_at_once() -> None:
    """They are ranked a thousand at a time, and none is lost between."""
    rng = np.random.default_rng(1)
    rows, near = rows_of(CHUNK + 5), rng.normal(size=(7, 3))
    values = list(rng.normal(size=(len(rows), 3)))
    names = [f"name-{number}" for number in range(7)]

    found = nearest(rows, values, lambda some: some @ near.T, names)

    whole = ranked_answers(rows, np.stack(values) @ near.T, names)
    assert found.drop("similarity").equals(whole.drop("similarity"))
    np.testing.assert_allclose(found["similarity"], whole["similarity"])


def test_a_name_of_rows_that_are_alike_is_no_nearer_than_another() -> None:
    """Only where its mean points counts: one of rows that are alike would be longer."""
    pool = np.array([[1.0, 0.0], [1.0, 0.0], [0.6, 0.8], [0.6, -0.8]])

    found = to_local_means(np.array([[1.0, 0.0]]), [pool[:2], pool[2:]])

    np.testing.assert_allclose(found, [[1.0, 1.0]])


def test_the_rows_of_a_name_that_are_near_decide() -> None:
    """A name of two kinds of rows is found by either, where its plain mean lies between them."""
    pool = np.array([[1.0, 0.0], [0.0, 1.0], [0.8, 0.6], [0.8, 0.6]])

    found = to_local_means(np.eye(2), [pool[:2], pool[2:]])

    assert (found[:, 0] > 0.999).all()
    np.testing.assert_allclose(found[:, 1], [0.8, 0.6])


def test_rows_without_a_direction_are_neither_near_nor_far() -> None:
    """A text without words has a vector of zeros, and two opposite rows cancel out."""
    pool = np.array([[0.0, 1.0], [0.0, -1.0], [0.0, 0.0], [0.0, 0.0]], dtype=np.float32)

    found = to_local_means(np.array([[1.0, 0.0]], dtype=np.float32), [pool[:2], pool[2:]])

    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, [[0, 0]])


def test_the_most_frequent_name_answers_every_row() -> None:
    """What is never given stands last."""
    found = most_frequent_names(rows_of(2), ["b", "a", "b"], ["a", "b", "c"])

    assert found["answer"].to_list() == ["b", "b"]
    assert found["ranking"].to_list() == [["b", "a", "c"]] * 2


def test_a_number_is_close_by_how_far_it_is_off() -> None:
    """However far it is off, it is worth no less than no answer."""
    answers = answers_of_numbers(rows_of(3), [0.25, 1.0, -3.0])

    assert close([0.5, 1.0, 0.5], answers) == [0.75, 1.0, 0.0]


@pytest.mark.parametrize(
    ("named", "told"), [([], "no text of the corpus matches"), (["x", "w"], "has no text 'w'")]
)
def test_a_row_names_texts_that_there_are(named: list[str], told: str) -> None:
    """One at least; the sentence says which row it is."""
    matches = pl.Series([["x"], named], dtype=pl.List(pl.String))
    rows = rows_of(2).with_columns(matches=matches)

    with pytest.raises(RowError, match=told) as caught:
        check_names(rows, "train", "matches", known={"x"})

    assert caught.value.item == "1"
