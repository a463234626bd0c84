"""What is wrong in a table is counted and told; only a table without any card is refused."""

from pathlib import Path

import polars as pl
import pytest

from polyculture.core import parts
from polyculture.core.cards import Cards
from polyculture.core.errors import DataError

RECORD = (
    "- name: {}\n  type: model\n  organization: A\n  dependencies: []\n  modality: text; text\n"
)


def read(path: Path, **settings: object) -> Cards:
    found: Cards = parts.load("zoo.sources", "table").read([path], **settings)
    return found


def written(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def names(cards: Cards) -> list[str]:
    return cards.table["name"].to_list()


def told(cards: Cards, words: str) -> str:
    found = [note for note in cards.notes if words in note]
    assert len(found) == 1, cards.notes
    return found[0]


def test_a_broken_yaml_record_leaves_its_neighbours(tmp_path: Path) -> None:
    """The file and line of the broken one are named."""
    text = RECORD.format("a") + '- name: "b\n' + RECORD.format("c")

    cards = read(written(tmp_path, "x.yaml", text))

    assert names(cards) == ["a", "c"]
    assert "1 record could not be read: x.yaml, line 6" in told(cards, "could not be read")
    assert cards.listed == 3


def test_a_broken_yaml_file_leaves_the_others(tmp_path: Path) -> None:
    """One file that is no YAML, and one that is a bare word, are counted."""
    written(tmp_path, "a.yaml", RECORD.format("a"))
    written(tmp_path, "b.yaml", "{")
    written(tmp_path, "c.yml", "only a word")
    written(tmp_path, "d.yaml", "")
    (tmp_path / ".git").mkdir()
    written(tmp_path / ".git", "e.yaml", "{")

    cards = read(tmp_path)

    note = told(cards, "could not be read")
    assert note.startswith("2 records")
    assert "b.yaml, line 1" in note
    assert "c.yml (expected a record of fields" in note


@pytest.mark.parametrize(
    "evil",
    [
        "- name: !!python/object/apply:os.system [exit 1]\n",
        "- &a [*a]\n",
        "[" * 50_000,
        "- {? [a] : b}\n",
        "- date: 2024-02-30\n  name: 2024-02-30\n",
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    ],
    ids=["tag", "loop", "deep", "key", "date", "aliases"],
)
def test_hostile_yaml_neither_runs_nor_stops_the_reading(tmp_path: Path, evil: str) -> None:
    """Nothing is made from tags, and loops and depth end in a count."""
    written(tmp_path, "a.yaml", RECORD.format("a"))
    written(tmp_path, "b.yaml", evil)

    cards = read(tmp_path)

    assert "a" in names(cards)


def test_broken_json_lines_are_counted_with_their_lines(tmp_path: Path) -> None:
    """Half an object, a list, and bytes that are not text."""
    lines = [
        b'{"name": "a", "maker": "M"}',
        b'{"name": ',
        b"[1]",
        b'{"name": "\xff"}',
        b"",
        b"1" * 5000,
    ]

    cards = read(written(tmp_path, "x.jsonl", b"\n".join(lines)))

    assert names(cards) == ["a"]
    note = told(cards, "could not be read")
    assert note.startswith("4 records")
    assert all(f"x.jsonl, line {number}" in note for number in (2, 3, 4, 6))


def test_broken_csv_rows_are_counted_with_their_lines(tmp_path: Path) -> None:
    """A row too short, a quote that never closes; the rows behind it are read all the same."""
    text = 'name,maker\na,"M\nm"\nb\nc,"open\nd,M\ne,M\n'

    cards = read(written(tmp_path, "x.csv", text))

    assert names(cards) == ["a", "d", "e"]
    note = told(cards, "could not be read")
    assert note.startswith("2 records")
    assert "line 4 (expected 2 cells as in the header, got 1)" in note
    assert "line 5" in note


def test_a_parquet_file_that_is_none_is_counted_beside_others(tmp_path: Path) -> None:
    """Of a folder of tables the readable ones are read."""
    pl.DataFrame({"name": ["a"], "maker": ["M"]}).write_parquet(tmp_path / "a.parquet")
    written(tmp_path, "b.parquet", "no")

    cards = read(tmp_path)

    assert names(cards) == ["a"]
    assert "b.parquet" in told(cards, "could not be read")


def test_dates_are_missing_in_the_future_or_no_dates(tmp_path: Path) -> None:
    """None of them has a year, and each kind is counted."""
    text = "name,year\na,2020-02-30\nb,\nc,2999-01-01\nd,soon\ne,2019 to 2021\nf,c. 1997\n"

    cards = read(written(tmp_path, "x.csv", text))

    assert cards.table["year"].to_list() == [2020, None, None, None, None, 1997]
    assert told(cards, "no date") == "1 card has no date."
    assert told(cards, "future").endswith("so no year: c.")
    assert told(cards, "names no year").startswith("2 cards have")


def test_numbers_that_are_none_are_unknown(tmp_path: Path) -> None:
    """A model without parameters is a gap in the table, not a model of none."""
    text = 'name,parameters,downloads\na,big,0\nb,0,-1\nc,1e999,\nd,1.5B,"1,200"\n'

    cards = read(written(tmp_path, "x.csv", text))

    assert cards.table["parameters"].to_list() == [None, None, None, 1.5e9]
    assert cards.table["downloads"].to_list() == [0, None, None, 1200]
    assert told(cards, "cell of parameters").startswith("3 cards")


def test_names_that_stand_twice_are_joined_or_numbered(tmp_path: Path) -> None:
    """Same maker or same day: one model. Else two models of one name."""
    text = (
        "name,maker,year\nx,M,2021-01-01\nx,M,2020-01-01\nx,N,2020-01-01\n"
        "x,O,2022-01-01\nx (2),P,\n,Q,\n"
    )
    path = written(tmp_path, "x.csv", text)

    joined, kept = read(path), read(path, repeats="keep")

    assert names(joined) == ["x", "x (2)", "x (3)"]
    assert joined.table["maker"].to_list() == ["M", "P", "O"]
    assert joined.table["year"].to_list() == [2020, None, 2022]
    assert "without a name left out: x.csv, line 7" in told(joined, "without a name")
    assert joined.listed == 6
    assert names(kept) == ["x", "x (2)", "x (3)", "x (4)", "x (5)"]


def test_one_name_a_thousand_times_is_read_in_a_moment(tmp_path: Path) -> None:
    """A table whose names are no names does not take minutes."""
    rows = "".join(f"x,M{number}\n" for number in range(3000))
    path = written(tmp_path, "x.csv", "name,maker\n" + rows)

    cards = read(path, repeats="keep")

    assert len(set(names(cards))) == cards.listed == 3000
    assert "x (3000)" in names(cards)


def test_parents_stay_as_they_are_written(tmp_path: Path) -> None:
    """A self-parent, a cycle, an unknown and an unclear parent are kept for whoever mends them."""
    text = "name,parents\na,a|b\nb,a|z\nCalm,B\nCALM,calm|calm|unknown\n"

    cards = read(written(tmp_path, "x.csv", text))

    assert cards.parents.select("child", "parent").rows() == [
        ("CALM", "calm"), ("Calm", "b"), ("a", "a"), ("a", "b"), ("b", "a"), ("b", "z"),
    ]  # fmt: skip
    assert "left as written" in told(cards, "several cards could be meant: calm")
    assert told(cards, "no card here").startswith("2 parents are no card here")


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("x.csv", "title,org\na,b\n", "Its columns: title, org. Fields: name, communities"),
        ("x.csv", "name\na\n", "no layout that is known"),
        ("x.csv", "name,maker\n", "holds no record"),
        ("x.csv", "", "holds no record"),
        ("x.csv", "name,maker,name\n", "two columns are named 'name'"),
        ("x.csv", "name,maker\n,b\n", "records without a name came"),
        ("x.jsonl", "{\n", "x.jsonl, line 1: "),
        ("x.yaml", "{\n", "x.yaml, line "),
        ("x.txt", "a", "cannot be read by its name"),
    ],
)
def test_a_table_without_any_card_is_refused(
    tmp_path: Path, name: str, text: str, words: str
) -> None:
    """One sentence says what was expected and what came."""
    with pytest.raises(DataError) as caught:
        read(written(tmp_path, name, text))

    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"name": "titles"}, "has no column 'titles'. Did you mean 'title'?"),
        ({"name": "title", "makerr": "org"}, "no field 'makerr'. Did you mean 'maker'?"),
        ({"maker": "org"}, "needs a name for each"),
        ({"name": "title", "traits.": "org"}, "no field 'traits.'"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(
    tmp_path: Path, columns: dict[str, str], words: str
) -> None:
    """The nearest column or field is named."""
    path = written(tmp_path, "x.csv", "title,org\na,b\n")

    with pytest.raises(DataError) as caught:
        read(path, columns=columns)

    assert words in str(caught.value)


def test_a_place_that_is_not_there_or_holds_nothing_is_refused(tmp_path: Path) -> None:
    """A slip in a path is not a zoo without models."""
    accepts = parts.load("zoo.sources", "table").accepts
    assert not accepts(tmp_path)
    for path, words in (
        (tmp_path / "no.csv", "no file or folder"),
        (tmp_path, "no table of cards"),
    ):
        with pytest.raises(DataError, match=words):
            read(path)


def test_kinds_that_no_record_has_are_refused(tmp_path: Path) -> None:
    """The kinds that there are stand in the message."""
    with pytest.raises(DataError, match=r"kind models in .* but records of kind model came"):
        read(written(tmp_path, "x.yaml", RECORD.format("a")), kinds=("models",))
