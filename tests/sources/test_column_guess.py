"""Columns of a table of answers that nobody described: guessed where one reading fits, else asked.

The rules stand in the file that guesses; each has its tests here.
"""

from collections.abc import Mapping, Sequence

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyculture.core.errors import DataError
from polyculture.sources.answers.reading.column_guess import Guess, guess
from polyculture.sources.answers.reading.usual_names import EITHER, ROLE_OF, USUAL, plain

LABELS = ("delivery", "return", "payment", "cancel")
ITEMS = 12
MODELS = ("north", "south", "east")
ENGLISH = {"item": "id", "gold": "gold", "text": "text", "group": "domain", "document": "doc"}
CHINESE = {"item": "编号", "gold": "标准答案", "text": "文本", "group": "领域", "document": "文档"}
ANSWERING = {"model": "model", "answer": "prediction"}
ANSWERING_CHINESE = {"model": "模型", "answer": "预测"}
SHARED = ("item", "gold", "text", "group", "document")


def said(number: int, model: int) -> str:
    return LABELS[(number * (model + 2) + number // 3) % 4]


def facts(number: int) -> dict[str, str]:
    """What is known of an item, by role."""
    return {
        "item": f"i{number}",
        "gold": LABELS[number % 4],
        "text": f"text {number}",
        "group": f"domain {number % 2}",
        "document": f"d{number // 2}",
    }


def wide(names: Mapping[str, str], models: Sequence[str] = MODELS) -> pl.DataFrame:
    """A row for each item; ``names`` says which columns there are and what they are called."""
    rows = [
        {names[role]: cell for role, cell in facts(number).items() if role in names}
        | {model: said(number, place) for place, model in enumerate(models)}
        for number in range(ITEMS)
    ]
    return pl.DataFrame(rows)


def long(names: Mapping[str, str]) -> pl.DataFrame:
    """A row for each answer."""
    rows = [
        {names[role]: cell for role, cell in facts(number).items() if role in names}
        | {names["model"]: model, names["answer"]: said(number, place)}
        for number in range(ITEMS)
        for place, model in enumerate(MODELS)
    ]
    return pl.DataFrame(rows)


def guessed(frame: pl.DataFrame, **more: object) -> Guess:
    return guess(frame, "answers.csv", **more)  # type: ignore[arg-type]


def refusal(frame: pl.DataFrame, **more: object) -> str:
    with pytest.raises(DataError) as caught:
        guessed(frame, **more)
    return str(caught.value)


@st.composite
def spellings(draw: st.DrawFn, roles: Sequence[str]) -> dict[str, str]:
    """A usual name for every role, in any case and with anything between its words."""
    names = {}
    for role in roles:
        known = sorted(name for name in USUAL[role].split() if name not in EITHER)
        name = draw(st.sampled_from(known))
        name = name.replace("_", draw(st.sampled_from(["_", " ", "-", "."])))
        names[role] = draw(st.sampled_from([name, name.upper(), name.title(), f" {name} "]))
    return names


@pytest.mark.parametrize("names", [ENGLISH, CHINESE], ids=["English", "Chinese"])
def test_a_wide_table_is_known_by_its_unique_items(names: dict[str, str]) -> None:
    """Every column with a usual name has its role; the models are left."""
    found = guessed(wide(names))

    assert found.is_wide
    assert found.columns == names


@pytest.mark.parametrize(
    "names", [ENGLISH | ANSWERING, CHINESE | ANSWERING_CHINESE], ids=["English", "Chinese"]
)
def test_a_long_table_is_known_by_its_repeated_items(names: dict[str, str]) -> None:
    """Every column with a usual name has its role."""
    found = guessed(long(names))

    assert not found.is_wide
    assert found.columns == names


@given(spellings(SHARED), st.randoms(use_true_random=False))
def test_neither_order_nor_spelling_matters_in_a_wide_table(names, random) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Columns in any order, names in any usual form: one reading."""
    frame = wide(names)
    columns = list(frame.columns)
    random.shuffle(columns)

    found = guessed(frame.select(columns))

    assert found.is_wide
    assert found.columns == names


@pytest.mark.slow
@given(spellings((*SHARED, "model", "answer")), st.randoms(use_true_random=False))
def test_neither_order_nor_spelling_matters_in_a_long_table(names, random) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Rows may be shuffled as well."""
    frame = long(names).sample(fraction=1, shuffle=True, seed=random.randrange(100))
    columns = list(frame.columns)
    random.shuffle(columns)

    found = guessed(frame.select(columns))

    assert not found.is_wide
    assert found.columns == names


STRANGE = st.text("qxzvkj", min_size=4, max_size=9)


@given(st.lists(STRANGE, min_size=3, max_size=3, unique=True), st.permutations(range(4)))
def test_shape_finds_items_models_and_answers_that_are_named_strangely(
    names: list[str], order: list[int]
) -> None:
    """Items and models pair without a repeat; what differs within an item is the answer."""
    item, model, answer = names
    frame = long({"item": item, "model": model, "answer": answer, "gold": "label"})

    found = guessed(frame.select([frame.columns[place] for place in order]))

    assert found == Guess(
        is_wide=False, columns={"item": item, "model": model, "answer": answer, "gold": "label"}
    )


@given(STRANGE)
def test_shape_finds_the_items_of_a_wide_table(item: str) -> None:
    """The one column without a usual name that never repeats."""
    assert guessed(wide({"item": item, "gold": "label"})).columns == {
        "item": item,
        "gold": "label",
    }


@given(spellings(("item", "gold")), st.data())
def test_two_columns_for_one_role_are_never_chosen_between(
    names: dict[str, str], data: st.DataObject
) -> None:
    """The sentence names both, and the option that decides; with that option there is a reading."""
    role = data.draw(st.sampled_from(("item", "gold")))
    known = [n for n in USUAL[role].split() if plain(n) != plain(names[role])]
    other = data.draw(st.sampled_from(sorted(known)))
    frame = wide(names).with_columns(pl.col(names[role]).alias(other))

    sentence = refusal(frame)

    for name in (names[role], other):
        assert repr(name) in sentence
        assert f"--{role} " in sentence
        assert guessed(frame, named={role: name}).columns[role] == name


def test_every_usual_name_says_one_thing() -> None:
    """No name stands under two roles, and each is in the form that is compared."""
    names = [name for line in USUAL.values() for name in line.split()]

    assert len(names) == len(set(names)) == len(ROLE_OF)
    assert [plain(name) for name in names] == names


def test_items_may_be_their_texts() -> None:
    """Where nothing else names the items, a text that never repeats does."""
    assert guessed(wide({"text": "question", "gold": "gold"})).columns["item"] == "question"
    names = {"text": "question", **ANSWERING}
    assert guessed(long(names)).columns == {
        "item": "question",
        "model": "model",
        "answer": "prediction",
    }


def test_items_may_be_their_documents() -> None:
    """Evaluation logs number items as documents; one that never repeats is an item."""
    names = {"item": "doc_id", "gold": "target", **ANSWERING}

    assert guessed(wide({"item": "doc_id", "gold": "target"})).columns["item"] == "doc_id"
    assert guessed(long(names)).columns == names


def test_the_same_text_twice_names_no_item() -> None:
    """Then the option is asked for."""
    frame = wide({"text": "text", "gold": "gold"}).with_columns(text=pl.lit("hello"))

    assert "recognised as the ids of the items. Name it with --item" in refusal(frame)


def test_an_answer_beside_a_prediction_is_the_right_answer_where_it_never_differs() -> None:
    """As in sets of questions whose column 'answer' is the key."""
    names = {"item": "id", "gold": "answer", **ANSWERING}

    assert guessed(long(names)).columns == names


def test_a_label_that_differs_within_an_item_is_an_answer() -> None:
    """It cannot be the right one."""
    names = {"item": "id", "model": "annotator", "answer": "label"}

    assert guessed(long(names)).columns == names


def test_a_row_number_does_not_pass_for_the_item_of_a_long_table() -> None:
    """Only a column that repeats with the models is one."""
    frame = long({"item": "question_id", **ANSWERING}).with_row_index("id")

    found = guessed(frame.with_columns(pl.col("id").cast(pl.String)))

    assert found.columns["item"] == "question_id"


def test_without_a_column_of_models_such_a_table_has_two_readings() -> None:
    """Long with the repeating column, wide with the row's number."""
    frame = long({"item": "question_id", "model": "who", "answer": "x"}).with_row_index("id")

    sentence = refusal(frame.with_columns(pl.col("id").cast(pl.String)))

    assert "two readings fit" in sentence
    assert "--model COLUMN or --wide" in sentence


def test_a_column_named_model_beside_unique_items_has_two_readings() -> None:
    """It could name the models, or be one of them."""
    frame = wide({"item": "id", "gold": "gold"}, models=("model", "system b"))

    sentence = refusal(frame)

    assert "With 'model' the table would have a row for each answer; with 'id'" in sentence
    assert guessed(frame, wide=True).columns == {"item": "id", "gold": "gold"}


def test_an_answer_in_a_wide_table_could_be_the_right_one_or_a_model_s() -> None:
    """With ``--gold`` it is the first; with ``--wide --item`` nothing is guessed at all."""
    frame = wide({"item": "id", "gold": "answer"})

    assert "Say which: --gold answer, or, for a model, --wide --item id." in refusal(frame)
    assert guessed(frame, named={"gold": "answer"}).columns == {"item": "id", "gold": "answer"}


@pytest.mark.parametrize("make", [wide, long])
def test_a_category_that_holds_answers_could_be_the_right_one(make) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Intents are often called categories."""
    names = {"item": "id", "gold": "category", **ANSWERING}
    frame = make(names)

    assert "--gold category or --group category" in refusal(frame)
    assert guessed(frame, named={"gold": "category"}).columns["gold"] == "category"
    assert "gold" not in guessed(frame, named={"group": "category"}).columns


def test_a_prompt_that_differs_by_model_is_not_the_text_of_the_item() -> None:
    """It is left unused rather than refused."""
    frame = long({"item": "id", **ANSWERING})
    frame = frame.with_columns(prompt=pl.concat_str("id", "model"))

    assert "text" not in guessed(frame).columns


def test_probabilities_are_json_objects() -> None:
    """Scores of the same name are not."""
    frame = long({"item": "id", **ANSWERING})

    objects = guessed(frame.with_columns(probs=pl.lit('{"delivery": 1}')))
    numbers = guessed(frame.with_columns(probs=pl.lit("0.7")))

    assert objects.columns["probabilities"] == "probs"
    assert "probabilities" not in numbers.columns


def test_what_a_person_named_stays() -> None:
    """Also against usual names."""
    frame = wide({"item": "id", "gold": "label"}).with_columns(mine=pl.col("label"))

    assert guessed(frame, named={"gold": "mine"}).columns == {"item": "id", "gold": "mine"}


def test_the_options_say_the_same_as_the_guess() -> None:
    """They can be typed as they stand."""
    found = guessed(long({"item": "example id", "gold": "the label", **ANSWERING}))

    assert found.options == "--item 'example id' --model model --answer prediction"
