"""Answers are compared as the official scripts of SQuAD and CMRC 2018 compare them."""

import pytest

from polyculture.stats.texts.extracts import best_threshold, longest_run, pieces, scorer_of

# answer, gold, exact match, F1 by version 1.1, F1 by version 2.0: what the official scripts print
VECTORS = [
    ("the Denver Broncos", "Denver Broncos", 1, 1, 1),
    ("Broncos, Denver", "Denver Broncos", 0, 1, 1),
    ("U.S.A.", "USA", 1, 1, 1),
    ("Levi's Stadium", "Levis Stadium", 1, 1, 1),
    ("Santa Clara, California", "Santa Clara", 0, 0.8, 0.8),
    ("twenty-one", "twenty one", 0, 0, 0),
    ("", "the", 1, 0, 1),
    ("an", "the", 1, 0, 1),
    ("", "", 1, 0, 1),
    ("Beyonce", "Beyoncé and Bruno Mars", 0, 0, 0),
]


@pytest.mark.parametrize(("answer", "gold", "exact", "first", "second"), VECTORS)
def test_answers_are_compared_as_squad_compares_them(
    answer: str, gold: str, exact: float, first: float, second: float
) -> None:
    """The versions differ where nothing is left of a text."""
    old = scorer_of(by_characters=False, has_none=False).grades(answer, [gold])
    new = scorer_of(by_characters=False, has_none=True).grades(answer, [gold])

    assert (old, new) == ((first, exact), (second, exact))


def test_the_published_example_of_squad() -> None:
    """1976, the Beyoncé row and climate change: both figures are 66.6667."""
    scorer = scorer_of(by_characters=False, has_none=False)
    rows = [("1976", "1976"), ("Beyonce", "Beyoncé and Bruno Mars"), ("climate change",) * 2]

    grades = [scorer.grades(answer, [gold]) for answer, gold in rows]

    assert [sum(column) / 3 for column in zip(*grades, strict=True)] == [2 / 3, 2 / 3]


def test_a_small_file_of_squad_2() -> None:
    """Exact 50, F1 70; best exact 75 at .2, best F1 95 at .6, as evaluate-v2.0.py prints."""
    scorer = scorer_of(by_characters=False, has_none=True)
    golds = [["Denver Broncos", "The Broncos"], [], ["Santa Clara"], ["the"]]
    answers = ["the Denver Broncos", "nothing", "Santa Clara, California", ""]
    margins, is_none = [0.1, 0.9, 0.6, 0.2], [not gold for gold in golds]
    grades = [scorer.grades(*row) for row in zip(answers, golds, strict=True)]
    f1, exact = (list(column) for column in zip(*grades, strict=True))

    assert (sum(exact) / 4, sum(f1) / 4) == (0.5, 0.7)
    assert best_threshold(exact, margins, is_none)[:2] == (0.75, 0.2)
    best, threshold, answered = best_threshold(f1, margins, is_none)
    assert (round(best, 12), threshold, answered) == (0.95, 0.6, 3)


def test_answering_nothing_at_all_may_be_best() -> None:
    """Then the threshold of the script says nothing, and no piece is answered."""
    assert best_threshold([0.0, 0.1], [1.0, 2.0], [True, False]) == (0.5, 0.0, 0)


# answer, gold, exact match, F1: what cmrc2018_evaluate.py prints
CHINESE = [
    ("北京大学", "北京大学", 1, 1),
    ("《北京大学》。", "北京大学", 1, 1),
    ("北京大学", "北京", 0, 2 / 3),
    ("大学北京", "北京大学", 0, 0.5),  # the longest run counts, not the bag
    ("1998年3月", "1998年", 0, 2 / 3),  # 1998, 年, 3, 月
    ("NBA总冠军", "nba 总冠军", 0, 1),  # exact match keeps the space
    ("上海", "北京", 0, 0),
]


@pytest.mark.parametrize(("answer", "gold", "exact", "f1"), CHINESE)
def test_chinese_answers_are_compared_as_cmrc_compares_them(
    answer: str, gold: str, exact: float, f1: float
) -> None:
    """By characters; SQuAD's script would give 0 to all that are not equal."""
    grades = scorer_of(by_characters=True, has_none=False).grades(answer, [gold])

    assert [round(grade, 9) for grade in grades] == [round(f1, 9), exact]


def test_the_best_of_several_right_answers_counts() -> None:
    """For F1 and exact match apart."""
    assert scorer_of(by_characters=False, has_none=False).grades("a b c", ["d", "b c e"]) == (
        0.8,
        0.0,
    )


@pytest.mark.parametrize("by_characters", [False, True])
def test_no_answer_is_right_where_there_is_none_and_wrong_elsewhere(by_characters: bool) -> None:  # noqa: FBT001  # a case
    """An answer that was not given at all is always wrong."""
    scorer = scorer_of(by_characters=by_characters, has_none=True)

    assert scorer.grades("", []) == (1, 1)
    assert scorer.grades("", ["七个"]) == scorer.grades("七个", []) == (0, 0)
    assert scorer.grades(None, []) == scorer.grades(None, ["七个"]) == (0, 0)


def test_emoji_and_mixed_scripts_are_cut_like_other_signs() -> None:
    """Nothing but the listed punctuation is lost."""
    assert pieces("App里🍞3.5元…") == ["app", "里", "🍞", "3.5", "元", "…"]
    assert longest_run(pieces("在App里"), pieces("App里面")) == 2
