"""Sources read the columns that a task declares, whatever they are called and hold."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from polyculture import api
from polyculture.api.shared import Shared, _texts_of
from polyculture.checks.sources import DATA_CHECKS, DataCheck, names_a_broken_row
from polyculture.core import parts
from polyculture.core.columns import inputs_of
from polyculture.core.data import Dataset
from polyculture.core.errors import DataError, RecipeError, RowError
from polyculture.core.plugins import DataSource
from polyculture.core.task import Column
from polyculture.sources.data.table import Table
from polyculture.sources.rows.inputs import Inputs, read_inputs
from polyculture.sources.rows.wanted import Wanted
from polyculture.stats.rows import in_one_line

PICTURES = {
    "caption": Column(kind="text", usual=("title",)),
    "weight": Column(kind="number"),
    "image": Column(kind="file"),
    "note": Column(kind="text", is_optional=True),
    "target": Column(kind="text", is_gold=True),
}
"""What a task of nobody reads: a described and weighed picture, and its translated caption."""
WORDS = {"words": Column(kind="words"), "kinds": Column(kind="tags", is_gold=True)}
LINES = {"english": Column(kind="text"), "german": Column(kind="text", is_gold=True)}
CSV = "id,title,weight,image,target,extra\na,ein Hund,1.5,img/a.png,a dog,x\n"
CSV += "b,eine Katze,-2,img/b.png,a cat,y\n"
HEADER, *BODY = [line.split(",") for line in CSV.splitlines()]
Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a text file beside two pictures, and give its path."""
    (tmp_path / "img").mkdir()
    (tmp_path / "img" / "a.png").write_bytes(b"a picture of a dog")
    (tmp_path / "img" / "b.png").write_bytes(b"a picture of a cat")

    def make(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return make


@pytest.fixture(params=["table-csv", "jsonl-jsonl", "table-parquet"])
def example(request: pytest.FixtureRequest, write: Write) -> tuple[DataSource, Any]:
    """A source, and settings that can be read: the same rows in a file of each kind."""
    name, _, suffix = request.param.partition("-")
    path = write(f"rows.{suffix}", CSV)
    objects = [dict(zip(HEADER, cells, strict=True)) for cells in BODY]
    rows = [{**cells, "weight": float(cells["weight"])} for cells in objects]
    if suffix == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    if suffix == "parquet":
        pl.DataFrame(rows).write_parquet(path)
    source: DataSource = parts.load("sources.data", name)
    return source, source.settings.model_validate({"train": path})


def read(path: Path, task: dict[str, Column] = PICTURES, **settings: Any) -> Dataset:
    source: DataSource = parts.load("sources.data", "table")
    return source.read(source.settings.model_validate({"train": path, **settings}), task)


@pytest.mark.parametrize("check", DATA_CHECKS, ids=lambda check: check.__name__)
def test_promises(check: DataCheck, example: tuple[DataSource, Any]) -> None:
    """Every source keeps its promises for columns that it never heard of."""
    check(*example, PICTURES)


def test_rows_are_the_same_from_every_kind_of_file(
    example: tuple[DataSource, Any], tmp_path: Path
) -> None:
    """Usual names are known, numbers are numbers, and what is not declared stays behind."""
    source, settings = example

    rows = source.read(settings, PICTURES).splits["train"]

    assert rows.to_dicts() == [
        {
            "id": "a",
            "caption": "ein Hund",
            "weight": 1.5,
            "image": str(tmp_path / "img" / "a.png"),
            "target": "a dog",
        },
        {
            "id": "b",
            "caption": "eine Katze",
            "weight": -2.0,
            "image": str(tmp_path / "img" / "b.png"),
            "target": "a cat",
        },
    ]


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_a_cell_may_hold_numbers(suffix: str, write: Write) -> None:
    """A list, with none for one that is unknown; the base made from nothing sees them."""
    column = {"past": Column(kind="numbers")}
    path = write(f"rows.{suffix}", 'id,past\na,"[1, null, 2.5]"\nb,[]\n')
    rows = [{"id": "a", "past": [1, None, 2.5]}, {"id": "b", "past": []}]
    if suffix == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    if suffix == "parquet":
        pl.DataFrame(rows, strict=False).write_parquet(path)

    found = read(path, column).splits["train"]

    assert found["past"].to_list() == [[1, None, 2.5], []]
    assert _texts_of(found, column) == [[1, None, 2.5], []]


@pytest.mark.parametrize("cell", ["[true]", '[""1""]', "[[1]]", "[1e999]", "1", "[NaN]"])
def test_a_list_of_something_else_is_told_with_its_line(cell: str, write: Write) -> None:
    """Truth, text, lists and what is infinite are not numbers."""
    path = write("rows.csv", f'id,past\na,"{cell}"\n')

    with pytest.raises(DataError, match=r"rows\.csv, line 2: expected (a list of )?numbers"):
        read(path, {"past": Column(kind="numbers")})


def test_the_digest_is_that_of_what_files_hold(write: Write, tmp_path: Path) -> None:
    """A folder may move; a picture that changed is other data."""
    before = read(write("rows.csv", CSV)).digest

    (tmp_path / "img").rename(tmp_path / "moved")
    moved = read(write("rows.csv", CSV.replace("img/", "moved/"))).digest
    (tmp_path / "moved" / "a.png").write_bytes(b"another picture")
    changed = read(write("rows.csv", CSV.replace("img/", "moved/"))).digest

    assert before == moved != changed


def test_equal_pictures_are_repeats(write: Write, tmp_path: Path) -> None:
    """Whatever their files are called."""
    (tmp_path / "img" / "b.png").write_bytes(b"a picture of a dog")
    path = write("rows.csv", CSV.replace("eine Katze,-2", "ein Hund,1.5"))

    assert read(path).notes == ("1 of 2 rows of train repeat the input of another; all kept.",)


@pytest.mark.parametrize(
    ("cell", "other", "told"),
    [
        ("1.5", "heavy", "line 2: expected a number in 'weight', got 'heavy'."),
        ("1.5", "nan", "line 2: expected a number in 'weight', got 'nan'."),
        ("1.5", "1_000", "line 2: expected a number in 'weight', got '1_000'."),
        ("1.5", "", "line 2: the column 'weight' is empty."),
        ("img/b.png", "img/c.png", "line 3: the column 'image' names 'img/c.png', but there is"),
        ("img/b.png", "img", "line 3: the column 'image' names 'img', but there is no such file."),
        ("img/b.png", "", "line 3: the column 'image' is empty."),
        ("ein Hund", " ", "line 2: the column 'title' is empty."),
    ],
)
def test_a_broken_cell_is_named(cell: str, other: str, told: str, write: Write) -> None:
    """File and line, by the kind of the column."""
    source: DataSource = parts.load("sources.data", "table")
    broken = source.settings.model_validate({"train": write("rows.csv", CSV.replace(cell, other))})

    names_a_broken_row(source, broken, PICTURES, f"rows.csv, {told}")


def test_an_optional_column_is_read_where_there_is_one(write: Write) -> None:
    """Then without empty cells, as every other."""
    path = write("rows.csv", CSV.replace("extra", "note"))

    assert read(path).splits["train"]["note"].to_list() == ["x", "y"]
    with pytest.raises(DataError, match=r"line 3: the column 'note' is empty\."):
        read(write("rows.csv", CSV.replace("extra", "note").replace(",y", ",")))


def test_a_recipe_names_any_column(write: Write) -> None:
    """What is named goes before what is usual."""
    path = write("rows.csv", CSV)
    named = {"caption": "target", "target": "title", "group": "extra"}

    rows = read(path, columns=named).splits["train"]

    assert rows["caption"].to_list() == ["a dog", "a cat"]
    assert rows["target"].to_list() == ["ein Hund", "eine Katze"]
    assert rows["group"].to_list() == ["x", "y"]


TASK = """
from dataclasses import replace
from typing import Literal
from polyculture.core.recipe import Settings
from polyculture.core.task import Column, Inventory
from polyculture.tasks.classification import PLUGIN as LIKE

class Pictures(Settings):
    kind: Literal["pictures"] = "pictures"

PLUGIN = replace(
    LIKE,
    settings=Pictures,
    columns={
        "caption": Column(kind="text", usual=("title",)),
        "image": Column(kind="file"),
        "target": Column(kind="text", is_gold=True),
    },
    prepare=lambda rows, where, settings: rows,
    learn=lambda splits, settings: Inventory(numbers={"rows": len(splits["train"])}),
)
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A task of another package, which is one file."""
    folder = tmp_path / "installed"
    place = folder / "a_task_of_others-1.0.dist-info"
    place.mkdir(parents=True)
    (folder / "a_task_of_others.py").write_text(TASK, encoding="utf-8")
    (place / "METADATA").write_text("Name: a-task-of-others\nVersion: 1.0\n", encoding="utf-8")
    points = "[polyculture.tasks]\npictures = a_task_of_others:PLUGIN\n"
    (place / "entry_points.txt").write_text(points, encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder))
    parts._outside.cache_clear()
    yield
    parts._outside.cache_clear()
    sys.modules.pop("a_task_of_others", None)


@pytest.mark.usefixtures("installed")
def test_a_new_task_is_read_by_the_sources_there_are(write: Write) -> None:
    """Nothing but the task's own file says what its columns are called and hold."""
    train = CSV.replace("title", "alt")
    valid = train.replace("\na,", "\nc,").replace("\nb,", "\nd,")
    write("train.csv", train)
    write("valid.csv", valid)
    recipe = write(
        "recipe.toml",
        'task = "pictures"\nbase = { source = "new", kind = "transformer" }\n[data]\n'
        'source = "table"\ntrain = "train.csv"\nvalid = "valid.csv"\ncolumns.caption = "alt"\n',
    )

    rows, inventory = Shared().prepared_rows(api.read_recipe(recipe))

    assert rows["valid"].columns == ["id", "caption", "image", "target"]
    assert inventory.numbers == {"rows": 2}
    write("valid.csv", valid.replace("target", "english"))
    with pytest.raises(
        DataError,
        match=r"valid\.csv: there is no column 'target', which this task reads\. .* in \[data\], "
        r"as in columns\.target = 'its name'\.",
    ):
        Shared().prepared_rows(api.read_recipe(recipe))


def test_short_settings_name_columns_too(write: Write) -> None:
    """A recipe that says ``label = "stars"`` reads as it did before there was ``columns``."""
    task = parts.load("tasks", "classification").columns
    path = write("rows.csv", "phrase,stars\ngood,5\n")

    short, long = (
        read(path, task, **settings)
        for settings in (
            {"text": "phrase", "label": "stars"},
            {"columns": {"text": "phrase", "label": "stars"}},
        )
    )

    assert short.splits["train"].to_dicts() == [{"id": "train-2", "text": "good", "label": "5"}]
    assert short.digest == long.digest


def test_a_column_is_named_once(write: Write) -> None:
    """Two names for one column are refused while the recipe is read."""
    with pytest.raises(ValidationError, match=r"named twice, by text = 'a' and by columns\.text"):
        read(write("rows.csv", CSV), text="a", columns={"text": "b"})


def test_a_column_that_the_task_does_not_read_cannot_be_named(write: Write) -> None:
    """The sentence lists what it reads."""
    path = write("rows.csv", CSV)

    with pytest.raises(RecipeError, match=r"reads no column 'captoin'\. Did you mean 'caption'\?"):
        read(path, columns={"captoin": "title"})
    with pytest.raises(RecipeError, match=r"It reads 'caption', 'weight', 'image', 'note', 'targ"):
        read(path, columns={"label": "title"})


def test_a_recipe_that_names_an_unknown_column_is_told_so_on_its_line(write: Write) -> None:
    """Before any data are read."""
    recipe = write(
        "recipe.toml",
        'task = "spans"\nbase = { source = "new", kind = "transformer" }\n[data]\n'
        'source = "table"\ntrain = "nowhere.csv"\n[data.columns]\nsentence = "s"\n',
    )

    with pytest.raises(
        RecipeError,
        match=r"recipe\.toml, line 7: this task reads no column 'sentence'\. It reads 'tokens', ",
    ):
        api.read_recipe(recipe)


def test_a_column_that_is_needed_and_missing_is_told(write: Write) -> None:
    """With the setting that names it. Right answers may be missing: only training needs them."""
    path = write("rows.csv", CSV.replace("weight", "grams").replace("target", "english"))

    with pytest.raises(
        DataError,
        match=r"rows\.csv has no column 'weight'\. Name it with columns\.weight = 'id' or another "
        r"of: id, title, grams, image, english, extra\.",
    ):
        read(path)
    dataset = read(path, columns={"weight": "grams"})
    assert "target" not in dataset.splits["train"].columns
    lacking = RowError("there is none", where="train", column="target")
    assert "in [data], as in columns.target = 'its name'." in str(dataset.tell("train", lacking))


def test_one_of_two_columns_is_enough(write: Write) -> None:
    """Where both are there, the one that makes the other unneeded is read."""
    both = {"words": Column(kind="words"), "raw": Column(kind="text", unless="words")}
    path = write("rows.jsonl", '{"raw": "a b", "words": ["a", "b"]}\n')

    assert read(path, both).splits["train"].columns == ["id", "words"]
    assert read(write("rows.csv", "raw\na b\n"), both).splits["train"].columns == ["id", "raw"]
    with pytest.raises(DataError, match=r"has none of the columns 'raw' and 'words'\. Name the"):
        read(write("rows.csv", "text\na b\n"), both)


def test_held_out_rows_share_no_picture_with_training(write: Write) -> None:
    """Equal inputs are equal by what their files hold."""
    rows = "".join(f"t,1,img/{'ab'[number % 2]}.png,x\n" for number in range(10))
    path = write("rows.csv", f"title,weight,image,target\n{rows}")

    splits = read(path, hold_out=0.3).splits

    assert [len(splits[name]) for name in ("train", "valid")] == [5, 5]
    assert not set(splits["train"]["image"]) & set(splits["valid"]["image"])


def test_a_row_is_shown_in_one_line(write: Write) -> None:
    """Files by their names, and no right answer."""
    rows = read(write("rows.csv", CSV)).splits["train"]

    assert in_one_line(rows, PICTURES) == ["ein Hund ‖ 1.5 ‖ a.png", "eine Katze ‖ -2.0 ‖ b.png"]


def asked(path: Path, task: dict[str, Column], *inputs: str, **columns: str) -> Inputs:
    """What a run of the task reads of a file."""
    data = Table(train=Path("rows.csv"), columns=columns)
    return read_inputs(path, Wanted(columns=inputs_of(task), inputs=inputs, data=data))


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_predict_reads_what_the_task_declares_but_for_the_gold(suffix: str, write: Write) -> None:
    """Under the recipe's names, then the usual ones; the file's own columns are kept."""
    text = "title,grams,image,target\nein Hund,1.5,img/a.png,?\n"
    if suffix == "jsonl":
        row = {"title": "ein Hund", "grams": 1.5, "image": "img/a.png", "target": "?"}
        text = json.dumps(row)
    path = write(f"new.{suffix}", text)

    inputs = asked(path, PICTURES, "caption", "weight", "image", weight="grams")

    number = "2" if suffix == "csv" else "1"
    picture = str(path.parent / "img" / "a.png")
    assert inputs.rows.rows() == [(number, "ein Hund", 1.5, picture)]
    assert inputs.rows.columns == ["id", "caption", "weight", "image"]
    assert inputs.kept.rows() == [("ein Hund", "1.5", "img/a.png", "?")]
    assert inputs.notes == (
        f"new.{suffix}: the run does not read the column 'target'; it is kept as given.",
    )


def test_predict_names_what_a_run_needs(write: Write) -> None:
    """An optional column is needed by the runs that were trained with it, and by no other."""
    path = write("new.csv", CSV)
    noted = write("noted.csv", CSV.replace("extra", "note"))
    inputs = ("caption", "weight", "image")

    with pytest.raises(DataError, match=r"no column 'note', and the run reads it\. Known are"):
        asked(path, PICTURES, *inputs, "note")
    assert asked(noted, PICTURES, *inputs, "note").rows["note"].to_list() == ["x", "y"]
    without = asked(noted, PICTURES, *inputs)
    assert "note" not in without.rows.columns
    assert without.notes[-1] == (
        "noted.csv: the run was trained without 'note', so 'note' has no part in its answers."
    )


def test_a_text_a_line_serves_every_task_of_one_text(write: Write) -> None:
    """Whatever the task calls it; other tasks say what they read."""
    path = write("new.txt", "a dog\n\na cat\n")

    assert asked(path, LINES, "english").rows.to_dicts() == [
        {"id": "1", "english": "a dog"},
        {"id": "3", "english": "a cat"},
    ]
    with pytest.raises(
        DataError,
        match=r"one text a line, but the run reads 'caption', 'weight' and 'image'\.",
    ):
        asked(path, PICTURES, "caption", "weight", "image")


def test_columns_of_words_serve_every_task_of_words(write: Write) -> None:
    """A task of texts or pictures cannot use them."""
    path = write("new.conll", "Ada B-PER\nlives O\n")

    assert asked(path, WORDS, "words").rows.to_dicts() == [{"id": "1", "words": ["Ada", "lives"]}]
    with pytest.raises(DataError, match=r"columns of words, but the run answers whole texts\."):
        asked(path, LINES, "english")
    with pytest.raises(DataError, match=r"columns of words, but the run reads 'caption', 'w"):
        asked(path, PICTURES, "caption", "weight", "image")


TURNS = {"messages": Column(kind="turns")}
TALK = [{"role": "user", "content": "Hi 你好 👋"}, {"role": "assistant", "content": "Hello"}]


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_conversations_are_read_from_every_kind_of_table(suffix: str, write: Write) -> None:
    """JSON in a cell of text, a list elsewhere; keys that are no part of a turn are ignored."""
    turns = [TALK, [{**turn, "name": "Ada"} for turn in TALK]]
    path = write("talk.jsonl", "\n".join(json.dumps({"messages": one}) for one in turns))
    if suffix == ".csv":
        cells = [json.dumps(one, ensure_ascii=False) for one in turns]
        path = path.with_suffix(suffix)
        pl.DataFrame({"messages": cells}).write_csv(path)
    if suffix == ".parquet":
        path = path.with_suffix(suffix)
        pl.DataFrame({"messages": turns}).write_parquet(path)
    source = parts.load("sources.data", "table" if suffix != ".jsonl" else "jsonl")

    rows = source.read(source.settings(train=path, valid=path), TURNS).splits["train"]

    assert rows["messages"].to_list() == [TALK, TALK]
    assert in_one_line(rows, TURNS)[0] == "user: Hi 你好 👋 assistant: Hello"


@pytest.mark.parametrize(
    ("turns", "told"),
    [
        ("[]", "the conversation in 'messages' has no turn"),
        (
            "hello",
            "expected a conversation as a list of {role, content} in 'messages', got 'hello'",
        ),
        ('[{"from": "human", "value": "hi"}]', "expected turn 1 of 'messages' as {role, content}"),
        ('[{"role": "user", "content": null}]', "expected turn 1 of 'messages'"),
        ('[{"role": "user", "content": " "}]', "turn 1 of 'messages' says nothing"),
        (
            '[{"role": "user", "content": "hi"}, {"role": "Assistant", "content": "ho"}]',
            "turn 2 of 'messages' has the unknown role 'Assistant'. Did you mean 'assistant'?",
        ),
        ('[{"role": "bot", "content": "hi"}]', "Known are: 'system', 'user', 'assistant'."),
    ],
)
def test_a_broken_conversation_is_told_with_its_line(turns: str, told: str, write: Write) -> None:
    """File and line, what came, and which role may be meant."""
    good = json.dumps(TALK)
    path = write("talk.tsv", f"messages\n{good}\n{turns}\n")
    source = parts.load("sources.data", "table")

    with pytest.raises(DataError) as caught:
        source.read(source.settings(train=path, quotes=False, hold_out=0.5), TURNS)

    assert "talk.tsv, line 3: " in str(caught.value)
    assert told in str(caught.value)
