"""A table of results is trained row by row, kept, resumed, and tells what was missed."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from polyculture import api
from polyculture.api.recipes import read_results
from polyculture.api.results.asked import recipes_of
from polyculture.cli.shared.progress import Show
from polyculture.core.errors import RecipeError, StoreError
from polyculture.core.several.results import Results
from polyculture.store.runs import read_run

ROWS = [("good film", "pos"), ("bad film", "neg"), ("fine plot", "pos"), ("dull plot", "neg")]
RECIPE = """
task = "classification"
base = { source = "new", kind = "tfidf" }
data = { source = "table", train = "train.csv", valid = "valid.csv", test = "test.csv" }
"""
TABLE = """
title = "Two rows"

[[rows]]
name = "counts"
recipe = "counts.toml"
seeds = [1, 2]
goals = [{ at_least = 0.5 }, { score = "log_loss", at_most = 1e-9 }]

[[rows]]
name = "gone"
recipe = "counts.toml"
changes = ["data.train=gone.csv"]
"""
Make = Callable[..., Results]


@pytest.fixture
def work(tmp_path: Path) -> Path:
    for name in ("train", "valid", "test"):
        lines = [f"{text} {number} {name},{label}" for number in range(4) for text, label in ROWS]
        (tmp_path / f"{name}.csv").write_text("\n".join(["text,label", *lines]), encoding="utf-8")
    (tmp_path / "counts.toml").write_text(RECIPE, encoding="utf-8")
    (tmp_path / "results.toml").write_text(TABLE, encoding="utf-8")
    return tmp_path


@pytest.fixture
def make(work: Path) -> Make:
    def made(**settings: object) -> Results:
        with Show(quiet=True) as show:
            results: Results = api.reproduce(
                work / "results.toml", work / "out", watcher=show, **settings
            )
        return results

    return made


@pytest.mark.slow
def test_rows_are_trained_and_told_in_a_table(work: Path, make: Make) -> None:
    """Values of each seed, baselines, goals reached and missed, and why a row is empty."""
    counts, gone = make(command="polyculture reproduce results.toml").rows

    assert [one.seed for one in counts.reached] == [1, 2]
    assert counts.mean("accuracy") is not None
    assert [str(goal) for goal in counts.missed()] == ["log_loss ≤ 1e-09"]
    assert not gone.reached
    assert gone.reason == "There is no file gone.csv. Check the path."
    page = (work / "out" / "results.md").read_text(encoding="utf-8")
    assert "| counts | classification | tfidf, full | accuracy **1.0000** ± 0.0000" in page
    assert "≥ 0.5: reached; log\\_loss ≤ 1e-09:" in page
    assert "**missed**" in page
    assert "- gone: There is no file gone.csv." in page
    assert str(work) not in page


@pytest.mark.slow
def test_finished_rows_are_kept_and_the_table_is_the_same(work: Path, make: Make) -> None:
    """Also where another row alone is asked for."""
    first = make()
    record = work / "out" / "runs" / "counts-seed1" / "run.json"
    written = record.stat().st_mtime_ns

    again, part = make(), make(only=["gone"])

    assert record.stat().st_mtime_ns == written
    assert again == first
    assert part.rows[0] == first.rows[0]


@pytest.mark.slow
def test_rows_of_an_earlier_table_are_shown_where_they_are_not_asked_for(
    work: Path, make: Make
) -> None:
    """On another machine, with other paths and no runs; not where the recipe has changed."""
    first = make()
    shutil.move(work / "out", work / "before")
    earlier = work / "before" / "results.json"

    table = make(only=["gone"], earlier=earlier)
    (work / "counts.toml").write_text(f"{RECIPE}fit = {{ epochs = 7 }}", encoding="utf-8")
    other = make(only=["gone"], earlier=earlier)

    assert table.rows == first.rows
    assert not other.rows[0].reached


@pytest.mark.parametrize(("text", "message"), [("{", "is not a results.json"), (None, "such file")])
def test_an_earlier_table_that_cannot_be_read_is_refused(
    work: Path, make: Make, text: str | None, message: str
) -> None:
    """Before anything is trained."""
    if text is not None:
        (work / "earlier.json").write_text(text, encoding="utf-8")

    with pytest.raises(StoreError, match=message):
        make(earlier=work / "earlier.json")

    assert not (work / "out").exists()


@pytest.mark.slow
def test_a_run_of_something_else_is_not_trained_over(work: Path, make: Make) -> None:
    """The row says what changed, until --replace."""
    make(only=["counts"])
    learn_from_one_more(work)

    kept = make(only=["counts"]).rows[0]
    replaced = make(only=["counts"], replace=True).rows[0]

    assert "is a finished run of something else" in kept.reason
    assert not replaced.reason


def test_what_another_recipe_reached_is_not_shown(work: Path, make: Make) -> None:
    """Also where the row is not asked for; it says what has changed."""
    make(only=["counts"])
    several = RECIPE.replace(
        'task = "classification"', 'task = { kind = "classification", multi_label = true }'
    )
    (work / "counts.toml").write_text(several, encoding="utf-8")

    counts = make(only=["gone"]).rows[0]

    assert not counts.reached
    assert "of another recipe (task.multi_label False → True" in counts.reason


def learn_from_one_more(work: Path) -> None:
    """Another row of train, so that finished runs are of other rows."""
    train = work / "train.csv"
    train.write_text(f"{train.read_text(encoding='utf-8')}\nodd,pos", encoding="utf-8")


AGAIN = """
[[rows]]
name = "others"
recipe = "counts.toml"
changes = ["data.test=valid.csv"]
trained_as = "counts"
"""


@pytest.mark.slow
def test_a_model_is_tested_on_other_rows_without_a_training(work: Path, make: Make) -> None:
    """Its run holds the same weights and says so; the page has no second time for it."""
    (work / "results.toml").write_text(TABLE + AGAIN, encoding="utf-8")

    counts, _, others = make(only=["others"]).rows

    runs = work / "out" / "runs"
    first, second = read_run(runs / "counts-seed1"), read_run(runs / "others-seed1")
    assert [one.seed for one in counts.reached] == [1, 2]  # what is tested had to be trained
    assert [one.seed for one in others.reached] == [1]
    assert second.facts.notes[0].startswith("The model of counts-seed1, tested on other rows")
    assert (first.facts.model_of, second.facts.model_of) == ("", first.fingerprint)
    assert second.facts.data_digest != first.facts.data_digest
    assert (second.valid, second.facts.seconds) == (first.valid, first.facts.seconds)
    assert second.test is not None
    assert second.test.items == 16
    for file in (runs / "counts-seed1" / "model").iterdir():
        assert (runs / "others-seed1" / "model" / file.name).read_bytes() == file.read_bytes()
    assert "| as counts |" in (work / "out" / "results.md").read_text(encoding="utf-8")
    assert make(only=["others"]).rows[2] == others  # kept


@pytest.mark.slow
def test_a_test_of_a_model_that_is_gone_is_not_kept(work: Path, make: Make) -> None:
    """The row whose models it tests was trained anew; --replace tests those."""
    (work / "results.toml").write_text(TABLE + AGAIN, encoding="utf-8")
    make(only=["others"])
    record = work / "out" / "runs" / "counts-seed1" / "run.json"
    fingerprint = read_run(record.parent).fingerprint
    record.write_text(record.read_text(encoding="utf-8").replace(fingerprint, "f" * 64))

    kept = make(only=["others"]).rows[2]
    replaced = make(only=["others"], replace=True).rows[2]

    assert "holds another model than that of row 'counts'" in kept.reason
    assert not replaced.reason
    assert read_run(work / "out" / "runs" / "others-seed1").facts.model_of == "f" * 64


@pytest.mark.slow
def test_a_test_of_an_earlier_model_is_not_shown_as_one_of_this_one(work: Path, make: Make) -> None:
    """Where the row of the model alone was trained anew, of other rows."""
    (work / "results.toml").write_text(TABLE + AGAIN, encoding="utf-8")
    make(only=["others"])
    learn_from_one_more(work)

    counts, _, others = make(only=["counts"], replace=True).rows

    assert [one.seed for one in counts.reached] == [1, 2]
    assert not others.reached
    assert others.reason == "what is finished tests an earlier model of counts"


@pytest.mark.slow
def test_a_damaged_run_stops_no_other_row_and_can_be_replaced(work: Path, make: Make) -> None:
    """Its row says so."""
    (work / "results.toml").write_text(TABLE + AGAIN, encoding="utf-8")
    make(only=["others"])
    record = work / "out" / "runs" / "counts-seed1" / "run.json"
    record.write_text(record.read_text(encoding="utf-8")[:100], encoding="utf-8")

    counts, gone, _ = make(only=["gone"]).rows
    again = make(only=["counts"], replace=True).rows[0]

    assert "counts-seed1 is damaged" in counts.reason
    assert [one.seed for one in counts.reached] == [2]
    assert gone.reason.startswith("There is no file")
    assert [one.seed for one in again.reached] == [1, 2]


@pytest.mark.slow
def test_a_model_of_other_rows_is_not_tested_as_this_one(work: Path, make: Make) -> None:
    """Where what was learnt from has changed since, the row says so."""
    (work / "results.toml").write_text(TABLE + AGAIN, encoding="utf-8")
    make(only=["counts"])
    learn_from_one_more(work)

    others = make(only=["others"]).rows[2]

    assert not others.reached
    assert others.reason.startswith("the models of counts are not there: ")
    assert "is a finished run of something else" in others.reason


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            TABLE + AGAIN.replace('"counts"', '"gone"'),
            "Row 'others' tests the models of 'gone', but asks for another training.",
        ),
        (
            TABLE + AGAIN.replace('"counts"', '"none"'),
            "row 'others' tests the models of 'none', so that has to be a row before it",
        ),
        (
            TABLE + AGAIN.replace("trained_as", "seeds = [3]\ntrained_as"),
            "trained with the same seeds",
        ),
        (TABLE.replace('"gone"', '"counts"'), "two rows are named 'counts'"),
        (TABLE.replace("{ at_least = 0.5 }", '{ score = "x" }'), "either at_least or at_most"),
        (
            TABLE.replace("seeds", "sedes"),
            "Did you mean 'rows.0.seeds'?",
        ),
        (TABLE.replace('"counts.toml"', '"cuonts.toml"'), "There is no file"),
    ],
)
def test_a_broken_table_is_refused_before_anything_is_trained(
    work: Path, make: Make, table: str, message: str
) -> None:
    """In one sentence."""
    (work / "results.toml").write_text(table, encoding="utf-8")

    with pytest.raises(RecipeError, match=re.escape(message)):
        make()

    assert not (work / "out").exists()


def test_an_unknown_row_and_a_foreign_file_are_refused(work: Path, make: Make) -> None:
    """The nearest row is named; a file of somebody else stays."""
    with pytest.raises(RecipeError, match=r"no row 'cuonts'\. Did you mean 'counts'\?"):
        make(only=["cuonts"])
    (work / "out").mkdir()
    (work / "out" / "results.md").write_text("mine", encoding="utf-8")

    with pytest.raises(StoreError, match=r"results\.md"):
        make()

    assert (work / "out" / "results.md").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("quick", [False, True])
def test_the_table_of_the_examples_can_be_trained(*, quick: bool) -> None:
    """Every row names a recipe, and settings that it has."""
    table = Path(__file__).parents[2] / "examples" / "results.toml"

    for row in read_results(table).rows:
        assert [one.recipe.seed for one in recipes_of(table, row, quick=quick)] == [*row.seeds]


def test_a_table_is_checked_without_training(work: Path) -> None:
    """Each row says what it would take, or why it cannot be trained."""
    with Show(quiet=True) as show:
        counts, gone = api.check_results(work / "results.toml", watcher=show)
        alone = api.check_results(work / "results.toml", watcher=show, only=["gone"])

    assert (counts.trainings, counts.reason) == (2, "")
    assert counts.check is not None
    assert counts.check.rows == {"train": 16, "valid": 16, "test": 16}
    assert gone.check is None
    assert gone.reason == f"There is no file {work / 'gone.csv'}. Check the path."
    assert alone == (gone,)
    assert not (work / "out").exists()
