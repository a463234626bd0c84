"""Tables of other people's answers become evidence, or one clear sentence."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from polyculture.core import parts
from polyculture.core.errors import PolycultureError
from polyculture.core.views import Evidence
from polyculture.store.reading.tables import write_table

LONG = {"item": "item", "model": "model", "answer": "answer"}


def long(path: Path, **columns: Any) -> list[Evidence]:
    found: list[Evidence] = parts.load("sources.answers", "long").read(path, **LONG, **columns)
    return found


def wide(path: Path, **columns: Any) -> list[Evidence]:
    found: list[Evidence] = parts.load("sources.answers", "wide").read(path, item="item", **columns)
    return found


def written(folder: Path, text: str, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def words(one: Evidence) -> list[str | None]:
    """The answers as they stood in the table."""
    classes = [*one.predictions.classes, None]
    return [classes[code] for code in one.predictions.labels]


def test_na_is_an_answer_and_an_empty_cell_is_not(tmp_path: Path) -> None:
    """Both are wrong here; only the empty one is missing, and is counted."""
    path = written(tmp_path, "item,gold,a,b\n1,NA,NA,\n2,x,None,x\n")

    a, b = wide(path, gold="gold")

    assert words(a) == ["NA", "None"]
    assert words(b) == [None, "x"]
    assert a.predictions.wrong.tolist() == [False, True]
    assert b.predictions.wrong.tolist() == [True, False]
    assert b.notes == ("1 of 2 answers are missing and count as wrong.",)


def test_long_and_wide_tables_of_the_same_answers_are_the_same_evidence(tmp_path: Path) -> None:
    """Rows may come in any order; items keep the order of their first row."""
    one = written(
        tmp_path, 'item,gold,text,dom,doc,甲,乙\nq1,是,"a,\nb",g,d,是,否\nq2,否,c,h,,,否\n'
    )
    rows = [
        ("q1", "乙", "否", "是"),
        ("q1", "甲", "是", "是"),
        ("q2", "甲", "", "否"),
        ("q2", "乙", "否", "否"),
    ]
    texts = {
        "q1": {"text": "a,\nb", "dom": "g", "doc": "d"},
        "q2": {"text": "c", "dom": "h", "doc": ""},
    }
    lines = [
        json.dumps({"item": i, "model": m, "answer": a, "gold": g} | texts[i])
        for i, m, a, g in rows
    ]
    other = written(tmp_path, "\n".join(lines), "t.jsonl")

    named = {"gold": "gold", "text": "text", "group": "dom", "document": "doc"}
    from_wide = wide(one, **named)
    from_long = long(other, **named, models=["甲", "乙"])

    for a, b in zip(from_wide, from_long, strict=True):
        assert (a.model, a.items, a.texts, a.groups, a.digest) == (
            b.model, b.items, b.texts, b.groups, b.digest
        )  # fmt: skip
        assert a.documents == b.documents == ("d", None)
        assert words(a) == words(b)


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet"])
def test_every_kind_of_file_gives_the_same_evidence(suffix: str, tmp_path: Path) -> None:
    """Numbers in Parquet or JSON are their text."""
    frame = pl.DataFrame({"item": [1, 2], "gold": [0, 1], "a": [0, 0], "b": [1, None]})
    path = tmp_path / f"t.{suffix}"
    write_table(frame, path)

    a, b = wide(path, gold="gold")

    assert a.items == ("1", "2")
    assert (words(a), words(b)) == (["0", "0"], ["1", None])


def test_probabilities_are_read_from_json_and_brought_to_sum_one(tmp_path: Path) -> None:
    """Labels left out have probability 0; rounded ones may be off by a hundredth."""
    frame = pl.DataFrame(
        {
            "item": ["1", "1", "2", "2"],
            "model": ["a", "b", "a", "b"],
            "answer": ["x", "y", None, "z"],
            "gold": ["x", "x", "y", "y"],
            "p": ['{"x": 1}', '{"y": 0.667, "z": 0.327}', None, '{"z": 0.5, "w": 0.5}'],
        }
    )
    frame.write_parquet(tmp_path / "t.parquet")

    a, b = long(tmp_path / "t.parquet", gold="gold", probabilities="p")

    assert a.predictions.classes == ("w", "x", "y", "z")
    assert a.predictions.probabilities is not None
    assert a.predictions.probabilities.tolist() == [[0, 1, 0, 0], [0, 0, 0, 0]]
    assert b.predictions.probabilities is not None
    assert b.predictions.probabilities.sum(axis=1).tolist() == pytest.approx([1, 1])


def test_a_model_without_any_probabilities_has_none(tmp_path: Path) -> None:
    """A closed model beside an open one is fine; CAPA is then undefined for it."""
    text = "item,model,answer,p\n" + "".join(
        f'{i},{m},x,"{p}"\n' for i in "12" for m, p in (("a", '{""x"": 1}'), ("b", ""))
    )

    a, b = long(written(tmp_path, text), probabilities="p")

    assert a.predictions.probabilities is not None
    assert b.predictions.probabilities is None


def test_intersect_keeps_common_items_and_says_what_was_dropped(tmp_path: Path) -> None:
    """Nothing is cut silently."""
    path = written(tmp_path, "item,model,answer\n1,a,x\n2,a,y\n1,b,x\n3,b,y\n")

    a, b = long(path, intersect=True)

    assert a.items == b.items == ("1",)
    assert a.notes == ("2 of 3 items were dropped, as not all models have them.",)


def test_answers_that_differ_in_case_or_spaces_are_pointed_out(tmp_path: Path) -> None:
    """They count as wrong, since only the person knows whether they should."""
    (a, _) = wide(written(tmp_path, "item,gold,a,b\n1,Yes,yes ,no\n2,x,x,x\n"), gold="gold")

    assert a.predictions.wrong.tolist() == [True, False]
    assert a.notes == (
        "1 answer differs from the right one in case, spaces or width alone, which is wrong here.",
    )


WIDE_REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "item,gold,a,b\n1,x,x,y\n1,x,y,y\n": (
        {"gold": "gold"},
        r"t\.csv, line 3: item '1' comes a second time \(first in line 2\)",
    ),
    "item,gold,a,b\n1,,x,y\n": (
        {"gold": "gold"},
        r"t\.csv, line 2: the column 'gold' is empty, but it names the right answer",
    ),
    "item,gold,a,b\n,x,x,y\n": ({"gold": "gold"}, r"line 2: the column 'item' is empty"),
    "item,gold,a\n1,x,x\n": ({"gold": "gold"}, r"two models or more, but there is only 'a'"),
    "item,gold,a,b\n1,x,x,y,z\n": ({"gold": "gold"}, r"line 2: expected 4 cells .* got 5"),
    "item,gold,a,b\n": ({"gold": "gold"}, r"t\.csv has no rows"),
    "": ({}, r"t\.csv is empty"),
    "id,gold,a,b\n1,x,x,y\n": ({"gold": "gold"}, r"no column 'item'"),
    "item,label,a,b\n1,x,x,y\n": ({"gold": "labels"}, r"'labels'. Did you mean 'label'\?"),
    "item,gold,bert,rasa\n1,x,x,y\n": (
        {"gold": "gold", "models": ["bert", "rosa"]},
        r"no column 'rosa'\. Did you mean 'rasa'\?",
    ),
    "item,x,a,b\n1,x,x,y\n": (
        {"gold": "x", "text": "x"},
        r"'x' of .*t\.csv is named for --gold and --text",
    ),
}


@pytest.mark.parametrize("text", WIDE_REFUSALS)
def test_a_wide_table_that_cannot_be_used_is_refused_in_one_sentence(
    text: str, tmp_path: Path
) -> None:
    """With the file, the line, what was expected and what to do."""
    columns, message = WIDE_REFUSALS[text]

    with pytest.raises(PolycultureError, match=message) as refused:
        wide(written(tmp_path, text), **columns)

    assert "\n" not in str(refused.value)


HEAD = "item,model,answer,gold,p\n"
LONG_REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "1,a,x,x,\n1,a,y,x,\n1,b,x,x,\n": (
        {},
        r"line 3: 'a' answers item '1' a second time \(first in line 2\)",
    ),
    "1,a,x,x,\n2,a,y,x,\n1,b,x,x,\n": (
        {},
        r"'b' has no row for item '2' \(1 of 2 items .*add --intersect",
    ),
    "1,a,x,x,\n2,b,y,x,\n": ({"intersect": True}, r"no item that all 2 models have a row for"),
    "1,a,x,x,\n1,b,y,z,\n": (
        {"gold": "gold"},
        r"line 3: item '1' has 'z' in the column 'gold', but 'x' in line 2",
    ),
    "1,a,x,,\n1,b,y,,\n": ({"gold": "gold"}, r"line 2: item '1' has no right answer"),
    "1,,x,x,\n": ({}, r"line 2: the column 'model' is empty, but it names the model"),
    "1,a,x,x,\n": ({}, r"two models or more, but there is only 'a'"),
    '1,a,x,x,"{""x"": 0.7}"\n1,b,y,x,"{""x"": 1}"\n': (
        {"probabilities": "p"},
        r"line 2: probabilities have to sum to 1 \(within 0\.01\), but they sum to 0\.7",
    ),
    '1,a,x,x,"{""x"": NaN}"\n1,b,y,x,"{""x"": 1}"\n': (
        {"probabilities": "p"},
        r"line 2: the probability of 'x' has to be from 0 to 1, but is nan",
    ),
    '1,a,x,x,"{""x"": 1.5, ""y"": -0.5}"\n1,b,y,x,"{""x"": 1}"\n': (
        {"probabilities": "p"},
        r"line 2: the probability of 'x' has to be from 0 to 1, but is 1\.5",
    ),
    "1,a,x,x,0.9\n1,b,y,x,0.1\n": (
        {"probabilities": "p"},
        r"line 2: expected probabilities as a JSON object such as .* got '0\.9'",
    ),
    '1,a,x,x,"{""x"": 1}"\n2,a,x,x,\n1,b,y,x,\n2,b,y,x,\n': (
        {"probabilities": "p"},
        r"line 3: 'a' has no probabilities here, but has some for other items",
    ),
    "1,a,x,x,\n1,b,y,x,\n": ({"models": ["a", "c"]}, r"has no model 'c'"),
}


@pytest.mark.parametrize("text", LONG_REFUSALS)
def test_a_long_table_that_cannot_be_used_is_refused_in_one_sentence(
    text: str, tmp_path: Path
) -> None:
    """With the file, the line, what was expected and what to do."""
    columns, message = LONG_REFUSALS[text]

    with pytest.raises(PolycultureError, match=message) as refused:
        long(written(tmp_path, HEAD + text), **columns)

    assert "\n" not in str(refused.value)


def test_text_that_is_not_utf8_is_refused_with_its_line(tmp_path: Path) -> None:
    """A Latin-1 file from a spreadsheet is the usual case."""
    path = tmp_path / "t.csv"
    path.write_bytes("item,gold,a,b\n1,x,x,y\n2,é,x,y\n".encode("latin-1"))

    with pytest.raises(PolycultureError, match=r"line 3: expected UTF-8 text, got byte 0xe9"):
        wide(path, gold="gold")


COLUMNS: dict[str, tuple[dict[str, Any], list[str]]] = {
    # texts with a name of their own, an index without one, and numbers that are answers
    ",item,gold,a,b\n0,q,x,x,y\n": ({"gold": "gold"}, ["a", "b"]),
    "Unnamed: 0,item,gold,a,b\n0,q,x,x,y\n": ({"gold": "gold"}, ["a", "b"]),
    "n,item,gold,a,b\n1,q,x,x,y\n2,r,x,x,y\n3,s,x,x,y\n": ({"gold": "gold"}, ["a", "b"]),
    "item,gold,a,b\nq,0,0,1\nr,1,1,1\ns,2,2,1\n": ({"gold": "gold"}, ["a", "b"]),
    "item,Text,gold,a,b\nq,t,x,x,y\n": ({"gold": "gold"}, ["a", "b"]),
    "item,label,a,b\nq,x,x,y\n": ({}, ["a", "b"]),
    "item,label,a,b\nq,x,x,y\n#": ({"models": ["label", "b"]}, ["label", "b"]),
    # free text: without right answers nobody knows which column is strange
    "item,a,b\n1,p,q\n2,r,s\n3,t,u\n4,v,w\n5,x,y\n": ({}, ["a", "b"]),
    "item,t,a,b\n1,p,x,x\n2,q,y,x\n3,r,x,x\n4,s,x,x\n5,t,y,y\n": ({}, ["a", "b"]),
}


@pytest.mark.parametrize("text", COLUMNS)
def test_only_columns_that_can_hold_answers_are_models(text: str, tmp_path: Path) -> None:
    """What is left out is told; a column that is named as a model is one."""
    columns, models = COLUMNS[text]

    found = wide(written(tmp_path, text.removesuffix("#")), **columns)

    assert [one.model for one in found] == models


def test_the_line_about_a_table_lists_the_first_of_many_models(tmp_path: Path) -> None:
    """And the separator, and what is not used."""
    names = [f"m{number}" for number in range(20)]
    text = f"item;id;{';'.join(names)}\n1;x{';y' * 20}\n"
    told: list[str] = []

    wide(written(tmp_path, text), on_columns=lambda used: told.append(used.sentence))

    shown = ", ".join(names[:12])
    assert told == [
        f"t.csv: 1 item; models {shown} and 8 more; item 'item'; separator ';'; not used: 'id'"
    ]


@pytest.mark.parametrize(
    ("gold", "answer", "is_right"),
    [
        ("1.0", "1", True),
        ("100", "1e2", True),
        ("-0", "0.0", True),
        ("007", "7", False),
        ("e\u0301", "\u00e9", True),
        ("A", "\uff21", False),
    ],
)
def test_answers_are_compared_by_what_they_mean(
    *, gold: str, answer: str, is_right: bool, tmp_path: Path
) -> None:
    """Numbers as numbers where all are numbers, texts in one form of Unicode; codes as texts."""
    a, _ = wide(written(tmp_path, f"item,gold,a,b\n1,{gold},{answer},{gold}\n"), gold="gold")

    assert a.predictions.wrong.tolist() == [not is_right]


def test_probabilities_of_equal_labels_are_added(tmp_path: Path) -> None:
    """Labels are brought to the form of the answers."""
    rows = [
        {"item": 1, "model": "a", "answer": "1", "gold": "1.0", "p": {"1": 0.5, "1.0": 0.5}},
        {"item": 1, "model": "b", "answer": "2", "gold": "1.0", "p": {"1": 0.25, "2": 0.75}},
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)

    a, b = long(written(tmp_path, text, "t.jsonl"), gold="gold", probabilities="p")

    assert a.predictions.classes == b.predictions.classes == ("1", "2")
    assert a.predictions.probabilities is not None
    assert a.predictions.probabilities.tolist() == [[1, 0]]
    assert b.predictions.probabilities is not None
    assert b.predictions.probabilities.tolist() == [[0.25, 0.75]]


def test_answers_that_contradict_their_probabilities_are_counted(tmp_path: Path) -> None:
    """Also those without one, and labels that are not answers."""
    cells = ({"x": 0.4, "y": 0.6}, {"y": 1}, {"x": 0.5, "y": 0.5}, {"x": 1, "z": 0})
    rows = [{"item": n, "model": "a", "answer": "x", "p": p} for n, p in enumerate(cells)]
    rows += [{"item": n, "model": "b", "answer": "y"} for n in range(4)]
    text = "".join(json.dumps(row) + "\n" for row in rows)

    a, b = long(written(tmp_path, text, "t.jsonl"), probabilities="p")

    strange = (
        "Probabilities are given to 1 label that no model answers and that no item has as its "
        "right answer: 'z'."
    )
    assert a.notes == (
        strange,
        "1 of 4 answers have no probability, or one of 0.",
        "1 of 4 answers contradict their own probabilities, which give more to another answer.",
    )
    assert b.notes == (strange,)


def test_a_model_that_is_never_right_is_pointed_out(tmp_path: Path) -> None:
    """Its column may be something else."""
    a, b = wide(written(tmp_path, "item,gold,a,b\n1,x,u,x\n2,x,u,y\n"), gold="gold")

    assert a.notes == ("None of the answers is the right answer of any item.",)
    assert b.notes == ()


def test_a_column_that_names_no_document_is_as_none(tmp_path: Path) -> None:
    """Every item stands alone: nothing is drawn together."""
    path = written(tmp_path, "item,gold,doc,a,b\n1,x,,x,y\n2,y,,y,y\n")

    assert {one.documents for one in wide(path, gold="gold", document="doc")} == {None}
