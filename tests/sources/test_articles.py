"""Questions come nested as SQuAD has them, or flat in any table."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from polyculture.api.recipes import read_recipe
from polyculture.api.shared import prepare_rows, read_data
from polyculture.core import parts
from polyculture.core.data import Dataset
from polyculture.core.errors import DataError
from polyculture.store.reading.tables import read_table

TASK = parts.load("tasks", "answers")
SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"
CONTEXT = "Ada lives in Oslo. 她住在奥斯陆。"
QUESTIONS: list[dict[str, Any]] = [
    {"id": "q1", "question": "Where?", "answers": [{"text": "Oslo", "answer_start": 13}]},
    {"id": "q2", "question": "Why?", "answers": [], "is_impossible": True},
]
Write = Callable[[str, Any], Path]


def nested(*questions: dict[str, Any], title: str | None = "Ada") -> dict[str, Any]:
    article: dict[str, Any] = {"paragraphs": [{"context": CONTEXT, "qas": [*questions]}]}
    return {"version": "v2.0", "data": [article | ({"title": title} if title else {})]}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write JSON, or text as it is, and give its path."""

    def make(name: str, what: Any) -> Path:
        path = tmp_path / name
        text = what if isinstance(what, str) else json.dumps(what, ensure_ascii=False, indent=1)
        path.write_text(text, encoding="utf-8")
        return path

    return make


def read(path: Path, **settings: Any) -> Dataset:
    source = parts.load("sources.data", "table")
    found: Dataset = source.read(source.settings(train=path, **settings), TASK.columns)
    return found


def test_a_nested_file_is_a_table_of_questions(write: Write) -> None:
    """With the article as document; a question that is impossible has no answer."""
    rows = read(write("squad.json", nested(*QUESTIONS))).splits["train"]

    assert rows["id"].to_list() == ["q1", "q2"]
    assert rows["document"].to_list() == ["Ada", "Ada"]
    assert rows["answers"].to_list() == [[{"text": "Oslo", "start": 13}], []]
    assert set(rows["context"]) == {CONTEXT}


def test_a_nested_file_without_answers_is_one_to_predict(write: Write) -> None:
    """Articles without a title are numbered."""
    bare = [{"id": q["id"], "question": q["question"]} for q in QUESTIONS]

    table = read_table(write("squad.json", nested(*bare, title=None)))

    assert set(table.frame.columns) == {"id", "question", "context", "document"}
    assert set(table.frame["document"]) == {"article 1"}


@pytest.mark.parametrize(
    ("questions", "told"),
    [
        ([QUESTIONS[0], {"id": "q2", "question": "Why?"}], "row 2: either all questions"),
        ([QUESTIONS[0] | {"is_impossible": True}], "row 1: the question is marked 'is_impossible'"),
        ([{"id": "q1", "answers": []}], "row 1: expected a text as 'question'"),
        ([{"question": "?", "answers": [{"start": 3}]}], "row 1: expected answers in 'answers'"),
    ],
)
def test_a_broken_nested_file_gets_one_sentence(
    write: Write, questions: list[dict[str, Any]], told: str
) -> None:
    """File and row are named."""
    path = write("squad.json", nested(*questions))

    with pytest.raises(DataError, match=r"squad\.json, " + told):
        read(path)


def test_a_paragraph_without_questions_is_refused(write: Write) -> None:
    """The article is named."""
    path = write("squad.json", {"data": [{"paragraphs": [{"context": CONTEXT}]}]})

    with pytest.raises(DataError, match=r"squad\.json, article 1, .*expected a list 'qas'"):
        read(path)


def test_lines_of_json_are_lines_of_json_still(write: Write) -> None:
    """Only a whole file with articles is nested, also where a row has a key 'data'."""
    line = json.dumps({"id": "1", "data": [1]})

    assert read_table(write("a.json", f"{line}\n{line}\n")).unit == "line"
    assert len(read_table(write("b.json", line)).frame) == 1


PLACED, UNPLACED = [{"text": "Oslo", "start": 13}], [{"text": "Oslo", "start": None}]


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ({"text": ["Oslo"], "answer_start": [13]}, PLACED),
        ([{"text": "Oslo", "answer_start": 13}], PLACED),
        ({"text": "Oslo", "start": 13}, PLACED),
        (["Oslo"], UNPLACED),
        ("Oslo", UNPLACED),
        ({"text": [], "answer_start": []}, []),
        ([], []),
        (None, []),
    ],
)
def test_answers_are_written_in_several_ways(write: Write, cell: Any, found: Any) -> None:
    """Lists of texts, of answers, side by side, or one text; an empty cell is no answer."""
    row = {"id": "1", "question": "Where?", "context": CONTEXT, "answers": cell}

    assert read(write("a.json", [row])).splits["train"]["answers"].to_list() == [found]


@pytest.mark.parametrize(
    "cell", [[1], [""], [{"text": "Oslo", "start": "13"}], "[sic", {"text": ["a"], "start": [1, 2]}]
)
def test_what_is_no_answer_is_refused(write: Write, cell: Any) -> None:
    """With file and row."""
    row = {"id": "1", "question": "Where?", "context": CONTEXT, "answers": cell}

    with pytest.raises(DataError, match=r"a\.json, row 1: .*'answers'"):
        read(write("a.json", [row]))


@pytest.mark.parametrize(("start", "found"), [("13", [13]), ('"[13, 2]"', [13, 2]), ("", [])])
def test_starts_are_whole_numbers(write: Write, start: str, found: list[int]) -> None:
    """In a column of their own, as flat tables have them."""
    text = f"question,context,answers,answer_start\nWhere?,in Oslo,Oslo,{start}\n"

    assert read(write("a.csv", text)).splits["train"]["answer_start"].to_list() == [found]
    with pytest.raises(DataError, match=r"a\.csv, line 2: expected whole numbers"):
        read(write("a.csv", text.replace(f"Oslo,{start}", "Oslo,1.5")))


def test_parquet_of_the_hub_holds_texts_and_starts_side_by_side(tmp_path: Path) -> None:
    """As structs of lists."""
    answers = [{"text": ["Oslo"], "answer_start": [13]}, {"text": [], "answer_start": []}]
    rows = {"id": ["1", "2"], "question": ["?", "?"], "context": [CONTEXT] * 2, "answers": answers}
    pl.DataFrame(rows).write_parquet(tmp_path / "a.parquet")

    found = read(tmp_path / "a.parquet").splits["train"]

    assert found["answers"].to_list() == [PLACED, []]


def test_a_misplaced_answer_is_told_with_file_and_line(write: Write) -> None:
    """The task knows the row, the data where it stands."""
    good = {"id": "1", "question": "?", "context": CONTEXT, "answers": ["Oslo"]}
    lines = [
        json.dumps(row)
        for row in (good, good | {"id": "2", "context": CONTEXT[:17], "answers": ["Rome"]})
    ]
    write("rows.jsonl", "\n".join(lines))
    recipe = write(
        "recipe.toml",
        'task = "answers"\nbase = { source = "new", kind = "transformer" }\n'
        '[data]\nsource = "jsonl"\ntrain = "rows.jsonl"\nhold_out = 0.5\n',
    )
    wanted = read_recipe(recipe)

    with pytest.raises(DataError, match=r"rows\.jsonl, line 2: the answer 'Rome' is not in"):
        prepare_rows(wanted, read_data(wanted))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "rows", "documents", "elsewhere"),
    [
        ("xquad/xquad.en.json", 1190, 48, 0),
        ("xquad/xquad.zh.json", 1190, 48, 0),
        ("cmrc2018/cmrc2018_dev.json", 3219, 848, 193),
    ],
)
def test_public_sets_are_read_as_they_are(
    name: str, rows: int, documents: int, elsewhere: int
) -> None:
    """Of CMRC 2018, 7 answers are found elsewhere than said, and 193 are worded otherwise."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{path} is not there: these sets are not part of the checkout")

    prepared = TASK.prepare(read(path).splits["train"], "train", TASK.settings())

    assert (len(prepared), prepared["document"].n_unique()) == (rows, documents)
    assert prepared["elsewhere"].sum() == elsewhere
    assert prepared["moved"].sum() == (7 if elsewhere else 0)
