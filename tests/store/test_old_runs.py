"""Records of runs that earlier versions wrote are read as those of today."""

import json
from pathlib import Path
from shutil import copyfile

import pytest

from polyculture.core.errors import StoreError
from polyculture.core.run import Run
from polyculture.store.runs import read_run

SCHEMA_2 = Path(__file__).with_name("schema-2.json")
"""Written by the version before ``tables``, of spans: ``table`` of types, ``tag_table`` of tags."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run of schema 2."""
    copyfile(SCHEMA_2, tmp_path / "run.json")
    return tmp_path


def test_both_tables_of_an_old_run_of_spans_are_read(folder: Path) -> None:
    """Rows are as they were written; means are apart from the rows that they are of."""
    old = json.loads(SCHEMA_2.read_text(encoding="utf-8"))

    run = read_run(folder)

    assert (old["schema_number"], run.schema_number) == (2, 3)
    for scores, written in ((run.valid, old["valid"]), (run.test, old["test"])):
        assert scores is not None
        types, tags = scores.tables
        assert (types.name, types.unit, tags.name, tags.unit) == ("types", "span", "tags", "word")
        assert [*types.rows] == written["table"]
        assert [*tags.rows, *tags.averages] == written["tag_table"]
        assert [row["label"] for row in tags.averages] == ["micro", "macro", "weighted"]
    for baseline in run.baselines:
        assert [table.name for table in baseline.scores.tables] == ["types", "tags"]


def test_an_old_run_is_written_in_the_form_of_today(folder: Path) -> None:
    """What is written again holds neither of the old names, and is the same run."""
    run = read_run(folder)

    text = run.model_dump_json()

    assert "tag_table" not in text
    assert '"table":' not in text
    assert Run.model_validate_json(text) == run


@pytest.mark.parametrize("tags", [5, [5], [[]], [{"label": []}]])
def test_an_old_table_that_is_none_is_damage(folder: Path, tags: object) -> None:
    """One sentence, and not a traceback."""
    record = json.loads(SCHEMA_2.read_text(encoding="utf-8"))
    record["valid"]["tag_table"] = tags
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")

    with pytest.raises(StoreError, match=r"run.json is not the record of a finished run"):
        read_run(folder)
