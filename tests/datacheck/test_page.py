"""The page of a data check: both languages say the same, and withheld texts stand nowhere."""

import ast
import re
from collections.abc import Callable
from pathlib import Path
from string import Formatter

import pytest

from polyculture.core.finding import DataCheck, Found, Instance, NamedFinding, Point
from polyculture.datacheck import findings
from polyculture.datacheck.flow import findings as shelf
from polyculture.datacheck.page import write_page
from polyculture.datacheck.page.content import report_of
from polyculture.datacheck.page.language import CHINESE, ENGLISH
from polyculture.page.html import to_html
from polyculture.page.markdown import to_markdown
from tests.datacheck.conftest import Checked, reviews

MOST = 3_000_000
DERIVED = {"part"}
"""Places that a language fills in by itself."""


def places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def test_both_catalogues_have_the_same_keys_and_places() -> None:
    """A sentence that one language lacks would end the page."""
    assert list(ENGLISH.phrases) == list(CHINESE.phrases)
    assert {key: places(text) for key, text in ENGLISH.phrases.items()} == {
        key: places(text) for key, text in CHINESE.phrases.items()
    }
    assert set(ENGLISH.terms) <= {*CHINESE.terms}


def test_every_finding_has_a_title_and_every_key_a_sentence() -> None:
    """Keys that a finding writes out are in the catalogues."""
    assert all(ENGLISH.has(f"finding.{name}") for name in shelf())
    for file in Path(findings.__path__[0]).glob("[!_]*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Point":
                keys = [k.value for k in node.keywords if k.arg == "key"]
                assert all(
                    not isinstance(key, ast.Constant) or ENGLISH.has(str(key.value)) for key in keys
                ), f"{file.name}: {ast.unparse(node)}"


def test_every_sentence_of_a_check_is_said_in_both_languages(checked: Checked) -> None:
    """With a tokenizer, tags, labels and several splits, no sentence lacks a value."""
    again = reviews(60)
    for check in (
        checked({"train": again, "valid": reviews(30, 100), "test": again[:9]}, base="transformer"),
        checked({"train": again, "valid": reviews(30, 100)}),
    ):
        english = report_of(check)
        (chinese,) = english.translations
        keys = [section.key for section in english.sections]
        assert keys == [section.key for section in chinese.sections]
        assert len(to_html(english)) < MOST
        assert not re.search(r"\{\w+\}", to_markdown(english) + to_markdown(chinese))


def test_texts_that_may_not_be_copied_stand_nowhere(tmp_path: Path) -> None:
    """Neither on the page nor in its record, but their ids do."""
    found = Found(
        severity="warning",
        count=1,
        points=(Point(key="repeated.fine"),),
        examples=(Instance(rows=("train/7",), text="", about="× 2"),),
    )
    check = DataCheck(
        name="secret",
        task="classification",
        rows={"train": 9},
        findings=(NamedFinding(name="repeated_rows", found=found),),
        shows_text=False,
    )
    write_page(tmp_path, check)

    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "train/7" in page
    assert "Texts are withheld" in page
    assert "文本" in (tmp_path / "report.zh-CN.html").read_text(encoding="utf-8")


def test_a_finding_that_no_catalogue_knows_speaks_for_itself() -> None:
    """Its file name is its title, and its own sentence is shown."""
    point = Point(key="mine.odd", text="Odd rows: {count}.", values={"count": 3})
    found = Found(severity="note", count=3, points=(point,))
    check = DataCheck(
        name="x",
        task="classification",
        rows={"train": 3},
        findings=(NamedFinding(name="odd_rows", found=found),),
    )

    text = to_markdown(report_of(check))

    assert "## Odd rows" in text
    assert "Odd rows: 3." in text


def test_the_page_of_a_small_check(checked: Checked, golden: Callable[[str, str], None]) -> None:
    """As Markdown: what a reader sees of a leak, a conflict and a rare label."""
    train = reviews(40)
    test = [*reviews(10, 200), train[0], {**train[1], "label": "good"}]

    check = checked({"train": [*train, {"text": "odd", "label": "odd"}], "test": test})

    shown = check.model_copy(update={"digest": "", "name": "reviews"})
    golden("data-check.md", to_markdown(report_of(shown)))


@pytest.mark.slow
def test_charts_fit_their_schema(
    checked: Checked, charts_fit_their_schema: Callable[[str], int]
) -> None:
    """Vega-Lite accepts every chart of the record."""
    again = reviews(60)
    splits = {"train": again, "valid": reviews(30, 100), "test": again[:9]}

    check = checked(splits, base="transformer")

    assert charts_fit_their_schema(report_of(check).model_dump_json()) >= 8
