"""Tables of every kind give the same rows, or one sentence."""

import datetime as dt
import errno
import gzip
import io
import json
import os
import sys
import threading
import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import polars as pl
import pytest

from polyculture.core.errors import DataError, MissingExtraError, StoreError
from polyculture.sources.rows.columns import refuse_others
from polyculture.store.reading.broken_rows import BrokenRowError
from polyculture.store.reading.content import content_of, reading
from polyculture.store.reading.formats.delimited import delimited
from polyculture.store.reading.formats.json_objects import json_lines
from polyculture.store.reading.frames import Other
from polyculture.store.reading.tables import read_table, write_table
from polyculture.store.reading.text_form import PLAIN, TextForm
from polyculture.store.reading.text_lines import text_lines

CSV = 'id,text,label\n1,"a, b",是\n2,NA,\n'
ROWS = [("1", "a, b", "是"), ("2", "NA", None)]
OBJECTS = [{"id": 1, "text": "a, b", "label": "是"}, {"id": 2, "text": "NA", "label": None}]
LINES = "".join(json.dumps(row) + "\n" for row in OBJECTS)
SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def workbook(path: Path, sheets: dict[str, Sequence[Sequence[object]]]) -> Path:
    """Write a small workbook; a number stays a number."""
    names = "".join(
        f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(sheets, 1)
    )
    targets = "".join(
        f'<Relationship Id="r{n}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    main = f'<Relationship Id="r0" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    book = f'<workbook xmlns="{SPREADSHEET}" xmlns:r="{OFFICE}"><sheets>{names}</sheets></workbook>'
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("_rels/.rels", f'<Relationships xmlns="{RELATIONS}">{main}</Relationships>')
        file.writestr("xl/workbook.xml", book)
        file.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{RELATIONS}">{targets}</Relationships>',
        )
        for n, rows in enumerate(sheets.values(), 1):
            body = "".join(_row(number, row) for number, row in enumerate(rows, 1))
            file.writestr(
                f"xl/worksheets/sheet{n}.xml",
                f'<worksheet xmlns="{SPREADSHEET}"><sheetData>{body}</sheetData></worksheet>',
            )
    return path


def _row(number: int, cells: Sequence[object]) -> str:
    written = []
    for letter, cell in zip("ABCDEF", cells, strict=False):
        place = f'r="{letter}{number}"'
        if isinstance(cell, int | float):
            written.append(f"<c {place}><v>{cell}</v></c>")
        elif cell is not None:
            text = escape(str(cell))
            written.append(f'<c {place} t="inlineStr"><is><t>{text}</t></is></c>')
    return f'<row r="{number}">{"".join(written)}</row>'


FILES = {
    "a.csv": CSV.encode(),
    "a.CSV": CSV.encode(),
    "marked.csv": CSV.encode("utf-8-sig"),
    "a.csv.gz": gzip.compress(CSV.encode()),
    "a.tsv": 'id\ttext\tlabel\n1\t"a, b"\t是\n2\tNA\t\n'.encode(),
    "a.TSV.GZ": gzip.compress('id\ttext\tlabel\n1\t"a, b"\t是\n2\tNA\t\n'.encode()),
    "a.jsonl": LINES.encode(),
    "a.jsonl.gz": gzip.compress(LINES.encode()),
    "a.json": json.dumps(OBJECTS, indent=1).encode(),
    "a.json.gz": gzip.compress(json.dumps(OBJECTS).encode()),
    "lines.json": LINES.encode(),
}


@pytest.mark.parametrize("name", FILES)
def test_every_kind_of_file_gives_the_same_rows(name: str, tmp_path: Path) -> None:
    """Packed or not, in small letters or capitals."""
    path = tmp_path / name
    path.write_bytes(FILES[name])

    assert read_table(path).frame.rows() == ROWS


@pytest.mark.parametrize("name", ["a.csv", "a.TSV", "a.JSONL", "a.Parquet"])
def test_what_is_written_reads_the_same(name: str, tmp_path: Path) -> None:
    """Suffixes in capitals are suffixes."""
    frame = pl.DataFrame(ROWS, schema=["id", "text", "label"], orient="row")

    write_table(frame, tmp_path / name)

    assert read_table(tmp_path / name).frame.rows() == ROWS


def test_a_workbook_is_read_as_its_first_sheet(tmp_path: Path) -> None:
    """Numbers are their text, empty rows are left out, and rows keep their numbers."""
    rows: list[list[object]] = [["id", "text", "label"], [1, "a, b", "是"], [], [2.0, "NA"]]
    path = workbook(tmp_path / "a.xlsx", {"Answers": rows, "Notes": [["x"]]})

    table = read_table(path)

    assert table.frame.rows() == ROWS
    assert table.place(1) == f"{path}, row 4"
    assert table.notes == ("a.xlsx: the sheet 'Answers' is read, the first of 2.",)


def test_a_workbook_without_its_reader_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence with the command."""
    path = workbook(tmp_path / "a.xlsx", {"Answers": [["id"], [1]]})
    monkeypatch.setitem(sys.modules, "fastexcel", None)

    with pytest.raises(MissingExtraError, match=r"pip install 'polyculture\[excel\]'"):
        read_table(path)


def test_a_zip_file_that_is_not_a_workbook_is_refused(tmp_path: Path) -> None:
    """The name promises a workbook."""
    (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04and so on")

    with pytest.raises(DataError, match="cannot be read as an Excel workbook"):
        read_table(tmp_path / "a.xlsx")


@pytest.mark.parametrize(
    ("text", "separator"),
    [("id;text\n1;a,b\n", ";"), ("id\ttext\n1\ta\n", "\t"), ("id|text\n1|a\n", "|")],
)
def test_another_separator_is_found_in_the_header_and_told(
    text: str, separator: str, tmp_path: Path
) -> None:
    """Excel writes semicolons in half of Europe."""
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")

    table = read_table(path)

    assert (table.frame.columns, table.separator) == (["id", "text"], separator)
    assert table.notes == (f"a.csv: cells are separated by {separator!r}.",)


@pytest.mark.parametrize("text", ["id,a;b\n1,x\n", "text\na;b\n"])
def test_a_usual_header_keeps_its_separator(text: str, tmp_path: Path) -> None:
    """A comma counts first, and a single column has no separator."""
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")

    table = read_table(tmp_path / "a.csv")

    assert (table.separator, table.notes) == (",", ())


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-16-le", "big5", "utf-8-sig"])
def test_chinese_is_read_in_the_encoding_that_is_said(encoding: str, tmp_path: Path) -> None:
    """GB 18030 is what many Chinese corpora are saved in."""
    path = tmp_path / "a.csv"
    path.write_bytes("text,label\n很好的書,好\n不好,壞\n".encode(encoding))

    table = read_table(path, TextForm(encoding=encoding))

    assert table.frame.rows() == [("很好的書", "好"), ("不好", "壞")]


def test_the_line_of_a_wrong_byte_is_told_in_any_encoding(tmp_path: Path) -> None:
    """Also where the file is decoded in large pieces."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"plain\n" * 5000 + b"\xff\n")

    with pytest.raises(DataError, match=r"5001: this is not text in the encoding 'ascii'"):
        list(text_lines(path, TextForm(encoding="ascii")))


def test_keys_that_come_late_are_columns_too(tmp_path: Path) -> None:
    """Objects need not all have the same keys."""
    (tmp_path / "a.jsonl").write_text('{"a": 1}\n\n{"b": {"c": 2}}\n', encoding="utf-8")

    table = read_table(tmp_path / "a.jsonl")

    assert table.frame.rows() == [("1", None), (None, '{"c": 2}')]
    assert list(table.numbers) == [1, 3]


def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    """A second look at it would wait for ever; its kind is told by what it holds."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(gzip.compress(LINES.encode()),))
    writer.start()

    table = read_table(pipe)

    writer.join()
    assert table.frame.rows() == ROWS


def test_a_file_that_is_open_is_read_again_and_again(tmp_path: Path) -> None:
    """What came through a pipe is kept, so that its kind can be told before it is read."""
    pipe = tmp_path / "pipe.jsonl"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(LINES,))
    writer.start()
    content = content_of(pipe)
    writer.join()

    assert content_of(content) is content
    assert read_table(content).frame.rows() == read_table(content).frame.rows() == ROWS
    assert "".join(text_lines(content)) == LINES


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.jsonl.gz"])
def test_values_of_json_that_were_no_texts_are_known(tmp_path: Path, name: str) -> None:
    """The first of each kind in a column, null included, and none where all are texts."""
    rows = [{"a": "x", "b": "x", "c": ""}, {"a": "1", "b": None}, {"a": "y", "b": 2, "d": [3]}]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    text = (json.dumps(rows) if name == "a.json" else lines).encode()
    (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith(".gz") else text)

    others = read_table(tmp_path / name).others

    assert others == {
        "b": {"null": Other(row=1, written="null"), "value": Other(row=2, written="2")},
        "d": {"list": Other(row=2, written="[3]")},
    }


def test_columns_of_parquet_that_hold_no_texts_are_known(tmp_path: Path) -> None:
    """By their kind; a column of nulls alone holds nothing at all."""
    kept = pl.Series("kept", ["a", "b"], pl.Categorical)
    columns = {"text": ["1", "2"], "number": [None, 2], "list": [["a"], []], "none": [None, None]}
    pl.DataFrame(columns).with_columns(kept).write_parquet(tmp_path / "a.parquet")

    others = read_table(tmp_path / "a.parquet").others

    assert others == {
        "number": {"value": Other(row=1, written="2")},
        "list": {"list": Other(row=0, written='["a"]')},
    }


def test_missing_numbers_and_tables_are_empty_cells(tmp_path: Path) -> None:
    """NaN is no name of a class, null no text, and whole numbers look as they do elsewhere."""
    columns = {
        "label": [1.0, float("nan"), 2.5, None],
        "answers": [{"text": ["a"]}, None, {"text": []}, None],
        "said": [[{"role": "user", "at": dt.date(2024, 1, 31)}], None, [], None],
    }
    pl.DataFrame(columns).write_parquet(tmp_path / "a.parquet")
    (tmp_path / "a.jsonl").write_text('{"label": NaN}\n{"label": "NaN"}\n', encoding="utf-8")

    table = read_table(tmp_path / "a.parquet").frame

    assert table["label"].to_list() == ["1", None, "2.5", None]
    assert table["answers"].to_list() == ['{"text": ["a"]}', None, '{"text": []}', None]
    assert table["said"][0] == '[{"role": "user", "at": "2024-01-31"}]'
    assert read_table(tmp_path / "a.jsonl").frame["label"].to_list() == [None, "NaN"]


def test_bytes_are_refused_only_where_they_are_asked_for(tmp_path: Path) -> None:
    """As pictures in tables of hubs are kept; other columns are read."""
    pictures = [{"bytes": b"\x89PNG", "path": "a.png"}]
    columns = {"image": pictures, "parts": [[b"a"]], "raw": [b"a"], "text": ["x"]}
    pl.DataFrame(columns).write_parquet(tmp_path / "a.parquet")

    table = read_table(tmp_path / "a.parquet")

    assert table.frame.row(0, named=True) == {
        "image": None,
        "parts": None,
        "raw": None,
        "text": "x",
    }
    for name in ("image", "parts", "raw"):
        with pytest.raises(DataError, match=f"row 1: expected a text in '{name}', got bytes"):
            refuse_others(table, [name])


@pytest.mark.parametrize("text", [CSV, LINES, json.dumps(OBJECTS), CSV.replace(",", ";")])
def test_standard_input_is_known_by_what_it_holds(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CSV with any separator, JSON lines or one array."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    table = read_table(Path("-"))

    assert [row[0] for row in table.frame.rows()] == ["1", "2"]
    assert table.place(0).startswith("standard input, ")


def test_a_name_with_wild_cards_is_one_file(tmp_path: Path) -> None:
    """It names itself, not the files that it would match."""
    for name in ("a[1].parquet", "a1.parquet"):
        pl.DataFrame({"file": [name]}).write_parquet(tmp_path / name)

    assert read_table(tmp_path / "a[1].parquet").frame.rows() == [("a[1].parquet",)]


REFUSALS: dict[str, tuple[str, bytes, str]] = {
    "an array that breaks off": (
        "a.json",
        b'[{"a": 1},\n',
        "a.json, line 2: expected an array of JSON objects, but it cannot be read (Expecting ",
    ),
    "an array of numbers": (
        "a.json",
        b"[1, 2]",
        "a.json, row 1: expected a JSON object, got '1'.",
    ),
    "a NUL in an array": (
        "a.json",
        b'[{"a": "x"}, {"a": "\\u0000"}]',
        "a.json, row 2: a NUL character stands in the column 'a'. Take it out.",
    ),
    "UTF-16 without its mark": (
        "a.csv",
        "id,text\n1,a\n".encode("utf-16-le"),
        "a.csv, line 1: a NUL character stands in the text. If the file is UTF-16, set utf-16.",
    ),
    "a Parquet file that breaks off": (
        "a.parquet",
        b"PAR1and so on",
        "a.parquet cannot be read as Parquet: ",
    ),
    "text named Parquet": (
        "a.parquet",
        b"id,text\n1,a\n",
        "a.parquet is not a Parquet file. Name it after what it holds.",
    ),
    "text named as packed": (
        "a.csv.gz",
        b"id,text\n1,a\n",
        "a.csv.gz is not packed. Name it a.csv.",
    ),
    "a PDF named CSV": ("a.csv", b"%PDF-1.7", "a.csv is a PDF file, not CSV. Export it as CSV."),
    "two columns without a name": (
        "a.csv",
        b",,text\n0,1,a\n",
        "a.csv, line 1: two columns have no name. Name one of them.",
    ),
    "an unknown suffix": (
        "a.doc",
        b"x",
        "Unsupported file type: a.doc. Use one of .csv, .tsv, .jsonl, .parquet, .json, .xlsx (",
    ),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_what_is_not_a_table_is_refused_in_one_sentence(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says what the file is, and what to do."""
    name, content, sentence = REFUSALS[what]
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(content)

    with pytest.raises(DataError) as refused:
        read_table(Path(name), TextForm(settings={"encoding": "{}"}))

    assert str(refused.value).startswith(sentence)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOENT, "There is no file a.csv. Check the path."),
        (errno.EACCES, "a.csv cannot be read: you may not read it. Ask its owner, or copy it to"),
        (errno.EMFILE, "a.csv cannot be read: too many files are open. Raise the limit (ulimit"),
        (errno.EIO, "a.csv cannot be read: the disk reports an error. Copy the file from its"),
        (errno.ESTALE, f"a.csv cannot be read: {os.strerror(errno.ESTALE)}."),
    ],
)
def test_the_system_s_refusal_to_read_is_one_sentence(number: int, sentence: str) -> None:
    """Whatever the reason, it names the file."""
    with pytest.raises(DataError) as refused, reading(Path("a.csv")):
        raise OSError(number, os.strerror(number))

    assert str(refused.value).startswith(sentence)


def test_only_tables_that_can_be_written_are_promised(tmp_path: Path) -> None:
    """A workbook is read, not written."""
    with pytest.raises(StoreError, match=r"Use one of \.csv, \.tsv, \.jsonl, \.parquet\."):
        write_table(pl.DataFrame({"a": [1]}), tmp_path / "a.xlsx")


BROKEN: dict[str, tuple[bytes, list[object], list[tuple[int, str]]]] = {
    "a.csv": (
        b'id,text\n1,"a\nb"\n2\n3,"open\n4,\xff\n5,d\n',
        [(2, ["1", "a\nb"]), (7, ["5", "d"])],
        [
            (6, "expected UTF-8 text, got byte 0xff"),
            (4, "expected 2 cells as in the header, got 1"),
            (5, "the row cannot be read as CSV (unexpected end of data)"),
        ],
    ),
    "a.jsonl": (
        b'{"a": [1]}\n{"a": \n\n[1]\n{"a": "\0"}\n{"a": null}\n',
        [(1, {"a": [1]}), (6, {"a": None})],
        [
            (2, "Expecting value"),
            (4, "expected a JSON object, got '[1]'"),
            (5, "a cell holds the character NUL"),
        ],
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_reader_that_goes_on_is_told_of_each_row_that_is_broken(
    name: str, tmp_path: Path
) -> None:
    """Rows behind it are read all the same, also behind a quote that never closes."""
    (tmp_path / name).write_bytes(BROKEN[name][0])
    content, told = content_of(tmp_path / name), list[BrokenRowError]()

    if name == "a.csv":
        _, cells, _ = delimited(content, PLAIN, ",", told.append)
        rows: list[object] = list(cells)
    else:
        rows = list(json_lines(content, PLAIN, told.append))

    assert rows == BROKEN[name][1]
    assert [(error.line, error.reason) for error in told] == BROKEN[name][2]


def test_a_quote_that_never_closes_is_told_where_it_opens(tmp_path: Path) -> None:
    """Not where the file ends."""
    (tmp_path / "a.csv").write_text('id,text\n1,"a\n2,b\n3,c\n', encoding="utf-8")

    with pytest.raises(DataError, match=r"a\.csv, line 2: the row cannot be read as CSV"):
        read_table(tmp_path / "a.csv")
