"""The command audits anyone's table, without torch, and refuses with one sentence."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from polyculture.core.audit import Audit

WITHOUT_TORCH = """
import sys
for name in ("torch", "transformers", "peft", "sklearn", "safetensors", "tokenizers"):
    sys.modules[name] = None  # importing it now fails, as where it is not installed
from polyculture.cli.main import run
run(sys.argv[1:])
"""

ROWS = [(n, n % 3 if n % 2 else 9, n % 3 if n % 5 else 8, n % 3 if n % 4 else 9) for n in range(60)]
WIDE = "item,text,gold,a,b,c\n" + "".join(
    f"i{n},text {n},{n % 3},{a},{b},{c}\n" for n, a, b, c in ROWS
)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Sixty items, three models."""
    path = tmp_path / "answers.csv"
    path.write_text(WIDE, encoding="utf-8")
    return path


def polyculture(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a Python that cannot import torch."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", WITHOUT_TORCH, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "COLUMNS": "100"},
        check=False,
    )


def audited(table: Path, *more: str) -> subprocess.CompletedProcess[str]:
    columns = ("--wide", "--item", "item", "--gold", "gold", "--text", "text")
    return polyculture("audit", table, *columns, "--out", "out", *more, cwd=table.parent)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What an audit shows on the screen, and its folder."""
    table = tmp_path_factory.mktemp("shown") / "answers.csv"
    table.write_text(WIDE, encoding="utf-8")
    done = audited(table)
    assert done.returncode == 0, done.stderr
    assert done.stderr == (
        "answers.csv: 60 items; models a, b, c; item 'item', gold 'gold', text 'text'; "
        "separator ','\n"
    )
    return done.stdout, table.parent / "out"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The JSON of the same audit."""
    table = tmp_path_factory.mktemp("json") / "answers.csv"
    table.write_text(WIDE, encoding="utf-8")
    read: dict[str, Any] = json.loads(audited(table, "--json").stdout, parse_constant=pytest.fail)
    return read


def test_a_table_is_audited_where_there_is_no_torch(shown: tuple[str, Path]) -> None:
    """A folder with the report, the record and the tables; the headlines on the screen."""
    screen, folder = shown

    assert sorted(path.name for path in folder.iterdir()) == [
        ".polyculture.json",
        "audit.json",
        "comparisons.parquet",
        "items.parquet",
        "report.html",
        "report.json",
        "report.md",
        "report.zh-CN.html",
        "report.zh-CN.md",
        "shared_failures.parquet",
    ]
    for said in ("3 models on 60 items", "All fail: 0.0500 of the items", "Effective votes:"):
        assert said in screen
    assert f"Report: {Path('out') / 'report.html'}" in screen
    assert "polyculture audit" in (folder / "report.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_one_language_takes_the_place_of_both(table: Path) -> None:
    """``--lang zh`` with ``--replace`` leaves no English page, and the screen names the one."""
    both = audited(table)
    alone = audited(table, "--lang", "zh", "--replace")

    assert (both.returncode, alone.returncode) == (0, 0), alone.stderr
    folder = table.parent / "out"
    pages = {"report.zh-CN.html", "report.zh-CN.md"}
    assert {path.name for path in folder.glob("report.*")} == {*pages, "report.json"}
    assert f"Report: {Path('out') / 'report.zh-CN.html'}" in alone.stdout
    again = polyculture("report", "out", "--lang", "en", cwd=table.parent)
    assert again.returncode == 2
    assert "holds no page in 'en'. Make the audit again with --replace" in again.stderr


def test_the_tables_hold_every_item_and_every_comparison(shown: tuple[str, Path]) -> None:
    """What all models fail is in a table of its own, with text, gold and answers."""
    _, folder = shown

    items = pl.read_parquet(folder / "items.parquet")
    shared = pl.read_parquet(folder / "shared_failures.parquet")
    comparisons = pl.read_parquet(folder / "comparisons.parquet")
    record = Audit.model_validate_json((folder / "audit.json").read_bytes())

    answers = ["answer: a", "answer: b", "answer: c"]
    assert items.columns == ["item", "text", "gold", "failures", *answers]
    assert len(items) == 60
    assert shared["item"].to_list() == ["i0", "i20", "i40"]
    assert shared.select(answers).row(0) == ("9", "8", "9")
    assert len(comparisons) == len(record.comparisons)
    undefined = comparisons.filter(pl.col("value").is_null())
    assert set(undefined["measure"]) == {"capa"}
    assert not undefined["reason"].is_null().any()


def number_or_reason(value: Any) -> bool:
    return isinstance(value, int | float) or (
        isinstance(value, dict) and list(value) == ["reason"] and bool(value["reason"])
    )


@pytest.mark.slow
def test_json_has_the_documented_keys_and_nothing_else_on_the_screen(
    found: dict[str, Any],
) -> None:
    """Programs read it, so it stays as it is; a change of meaning changes its number."""
    assert list(found) == [
        "schema_number",
        "probe",
        "digest",
        "models",
        "items",
        "resampled",
        "units",
        "accuracy",
        "f1_kind",
        "f1",
        "never_answered",
        "learned_items",
        "group",
        "pairs",
        "contests",
        "advice",
        "caveats",
        "notes",
    ]
    assert found["schema_number"] == 1
    assert (found["models"], found["items"]) == (["a", "b", "c"], 60)
    assert found["accuracy"] == {"a": 0.5, "b": 0.8, "c": 0.75}
    group = found["group"]
    assert set(group) == {
        "all_fail",
        "all_correct",
        "effective_votes",
        "plurality_accuracy",
        "best_accuracy",
        "best_accuracy_held_out",
        "vendi_score",
        "vote_gain",
    }
    for outcome in ("all_fail", "all_correct"):
        assert list(group[outcome]) == ["observed", "expected", "ratio"]
    assert group["all_fail"]["observed"] == 0.05
    assert group["all_fail"]["expected"] == pytest.approx(0.025)
    assert group["all_fail"]["ratio"] == pytest.approx(2)
    assert group["best_accuracy"] == 0.8
    for pair in found["pairs"]:
        assert list(pair) == [
            "a",
            "b",
            "view",
            "measure",
            "value",
            "low",
            "high",
            "chance",
            "items",
        ]
        assert all(number_or_reason(pair[key]) for key in ("value", "low", "high", "chance"))
        if not isinstance(pair["low"], dict):
            assert pair["low"] <= pair["value"] <= pair["high"]
    assert {pair["measure"] for pair in found["pairs"]} == {
        "agreement",
        "capa",
        "cohen_kappa",
        "double_fault",
        "error_consistency",
        "error_correlation",
        "same_wrong_answer",
    }


@pytest.mark.slow
def test_every_key_is_documented(found: dict[str, Any]) -> None:
    """The page about the JSON names all there is in it."""
    page = (Path(__file__).parents[2] / "docs" / "audit-json.md").read_text(encoding="utf-8")

    for key in (*found, *(f"group.{name}" for name in found["group"]), *found["pairs"][0]):
        if key != "group":
            assert f"`{key}`" in page, key


@pytest.mark.slow
def test_a_long_table_is_audited_with_probabilities(tmp_path: Path) -> None:
    """CAPA has a value then; the group of an item gives strata."""
    frame = pl.DataFrame(
        [
            {
                "q": f"i{n}",
                "who": who,
                "said": "yes" if (n * seed) % 7 < 4 else "no",
                "p": json.dumps({"yes": 0.7, "no": 0.3} if (n * seed) % 7 < 4 else {"no": 1}),
                "right": "yes",
                "domain": "even" if n % 2 == 0 else "odd",
            }
            for n in range(40)
            for who, seed in (("m1", 2), ("m2", 3))
        ]
    )
    frame.write_ndjson(tmp_path / "t.jsonl")
    columns = ["--item", "q", "--model", "who", "--answer", "said", "--gold", "right"]

    done = polyculture(
        "audit", "t.jsonl", *columns, "--probabilities", "p", "--group", "domain",
        "--resamples", "50", "--seed", "3", "--out", "out", "--json", cwd=tmp_path,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    (capa,) = (pair for pair in found["pairs"] if pair["measure"] == "capa")
    assert isinstance(capa["value"], float)
    record = Audit.model_validate_json((tmp_path / "out" / "audit.json").read_bytes())
    assert [stratum.name for stratum in record.strata] == ["even", "odd"]
    assert record.settings == {
        "confidence": 0.95,
        "resamples": 50,
        "resampled": "items",
        "units": 40,
        "seed": 3,
    }


REFUSALS = {
    "no such file": (["missing.csv", "--wide", "--item", "item"], "There is no file missing.csv"),
    "two columns of right answers": (["two.csv"], "--gold label or --gold gold"),
    "long without models": (
        ["answers.csv", "--item", "item", "--answer", "a"],
        "no column could be recognised as the names of the models. Name it with --model",
    ),
    "wide with a model": (
        ["answers.csv", "--wide", "--item", "item", "--model", "a"],
        "--model belongs to a table with a row for each answer",
    ),
    "misspelt column": (
        ["answers.csv", "--wide", "--item", "item", "--gold", "golden"],
        "Did you mean 'gold'?",
    ),
    "one model": (
        ["answers.csv", "--wide", "--item", "item", "--gold", "gold", "--models", "a"],
        "two models or more",
    ),
    "two files": (["answers.csv", "more.csv", "--item", "item"], "one table of answers"),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", REFUSALS)
def test_what_cannot_be_audited_is_refused_with_one_sentence_and_nothing_written(
    what: str, table: Path
) -> None:
    """Exit status 2, one line on the error stream, no folder."""
    arguments, sentence = REFUSALS[what]
    (table.parent / "two.csv").write_text(WIDE.replace(",text,", ",label,"), encoding="utf-8")

    done = polyculture("audit", *arguments, "--out", "out", cwd=table.parent)

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
    assert sentence in done.stderr
    assert sorted(path.name for path in table.parent.iterdir()) == ["answers.csv", "two.csv"]


@pytest.mark.slow
def test_columns_that_nobody_named_are_guessed_and_told(table: Path) -> None:
    """One line says how the table is read and how to change it; the folder is named after it."""
    done = polyculture("audit", table, "--resamples", "0", cwd=table.parent)

    assert done.returncode == 0, done.stderr
    assert done.stderr == (
        "answers.csv: 60 items; models a, b, c; item 'item', gold 'gold', text 'text'; "
        "separator ','; guessed: to change it, name the columns, as in --wide --item item "
        "--gold gold --text text\n"
    )
    assert "Report: audits/answers/report.html" in done.stdout
    report = (table.parent / "audits" / "answers" / "report.md").read_text(encoding="utf-8")
    assert f"polyculture audit {table} --resamples 0 --out audits/answers" in report


@pytest.mark.slow
def test_a_guess_and_the_options_that_it_tells_give_the_same_audit(table: Path) -> None:
    """Number for number."""
    named = audited(table, "--json")
    guessed = polyculture("audit", table, "--json", cwd=table.parent)

    assert guessed.stdout == named.stdout


@pytest.mark.slow
def test_a_long_table_is_guessed_in_chinese(tmp_path: Path) -> None:
    """Column names of either language will do, and nothing is said where that is asked."""
    rows = "".join(
        f"{n},{who},{'退货' if (n * k) % 5 < 3 else '取消'},退货\n"
        for n in range(20)
        for k, who in ((2, "甲"), (3, "乙"))
    )
    (tmp_path / "答案.csv").write_text(f"编号,模型,预测,标准答案\n{rows}", encoding="utf-8")

    done = polyculture("audit", "答案.csv", "--quiet", "--resamples", "0", cwd=tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    record = tmp_path / "audits" / "答案" / "audit.json"
    audit = Audit.model_validate_json(record.read_bytes())
    assert [model.name for model in audit.models] == ["甲", "乙"]


@pytest.mark.slow
def test_a_column_that_is_never_right_is_not_taken_for_a_model(table: Path) -> None:
    """Where the right answers are few; a note says why, and ``--models`` names it all the same."""
    lines = WIDE.splitlines()
    long = [f"{lines[0]},length", *(f"{line},{30 + n % 9}" for n, line in enumerate(lines[1:]))]
    table.write_text("\n".join(long), encoding="utf-8")

    guessed = polyculture("audit", table, "--resamples", "0", cwd=table.parent)
    named = audited(table, "--resamples", "0", "--json")

    assert "models a, b, c; " in guessed.stderr
    assert "not used: 'length'" in guessed.stderr
    assert "none of its cells is a right answer" in guessed.stdout.replace("\n", " ")
    assert json.loads(named.stdout)["models"] == ["a", "b", "c", "length"]


@pytest.mark.slow
def test_a_table_without_right_answers_says_that_it_found_none(table: Path) -> None:
    """So that a column of another name can be named."""
    table.write_text(WIDE.replace("item,text,gold", "item,text,solution"), encoding="utf-8")

    done = polyculture("audit", table, "--resamples", "0", cwd=table.parent)

    assert "models solution, a, b, c" in done.stderr
    assert "no column of right answers; guessed" in done.stderr


@pytest.mark.slow
def test_an_audit_that_exists_is_kept_unless_it_shall_be_replaced(table: Path) -> None:
    """Somebody's results are never overwritten by accident, and foreign files never at all."""
    first = audited(table)
    kept = audited(table)
    replaced = audited(table, "--replace")
    (table.parent / "out" / "mine.txt").write_text("mine", encoding="utf-8")
    foreign = audited(table, "--replace")

    assert [done.returncode for done in (first, kept, replaced, foreign)] == [0, 2, 0, 2]
    assert "exists already. Choose another place, or add --replace" in kept.stderr
    assert "it holds 'mine.txt', which polyculture did not write" in foreign.stderr
    assert (table.parent / "out" / "mine.txt").read_text(encoding="utf-8") == "mine"


@pytest.mark.slow
def test_documents_are_drawn_as_wholes_where_a_column_names_them(table: Path) -> None:
    """The JSON says what was drawn, and how many there are; the items keep their documents."""
    lines = table.read_text(encoding="utf-8").splitlines()
    named = [lines[0] + ",doc", *(f"{line},d{n // 4}" for n, line in enumerate(lines[1:]))]
    table.write_text("\n".join(named), encoding="utf-8")

    done = audited(table, "--document", "doc", "--json")

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["resampled"], found["units"], found["items"]) == ("documents", 15, 60)
    assert found["models"] == ["a", "b", "c"]
    items = pl.read_parquet(table.parent / "out" / "items.parquet")
    assert items["document"].n_unique() == 15


def test_runs_refuse_columns_of_tables(table: Path) -> None:
    """The sentence says which option to leave out."""
    done = polyculture(
        "audit", "runs/a", "--probe", "test", "--gold", "g", "--out", "x", cwd=table.parent
    )

    assert done.returncode == 2
    assert "Leave out --gold, or --probe." in done.stderr.replace("\n", " ")
