"""What a finished run is asked and how it answers, on runs of word counts."""

from pathlib import Path

import pytest

from polyculture import api
from polyculture.core.errors import DataError
from polyculture.store.tables import read_table

PAIRS = "review,sentence2,label\n" + "good film,fine,pos\nbad film,poor,neg\n" * 10
RECIPE = (
    'task = "classification"\nname = "pairs"\n[base]\nsource = "new"\nkind = "tfidf"\n'
    '[data]\nsource = "table"\ntext = "review"\ntrain = "pairs.csv"\nvalid = "pairs.csv"\n'
)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run that reads pairs, whose first text is called ``review``."""
    monkeypatch.setenv("POLYCULTURE_HOME", str(tmp_path / "home"))
    (tmp_path / "pairs.csv").write_text(PAIRS, encoding="utf-8")
    (tmp_path / "valid.csv").write_text(PAIRS, encoding="utf-8")
    recipe = RECIPE.replace('valid = "pairs', 'valid = "valid')
    (tmp_path / "recipe.toml").write_text(recipe, encoding="utf-8")
    api.train(api.read_recipe(tmp_path / "recipe.toml"), tmp_path / "runs")
    return tmp_path / "runs" / "pairs"


def asked(run: Path, name: str, text: str) -> Path:
    file = run.parent / name
    file.write_text(text, encoding="utf-8")
    return file


def test_columns_are_found_by_the_recipe_s_names(run: Path) -> None:
    """The usual name stands in where the recipe's is not there."""
    by_recipe = asked(run, "a.csv", "text,review,text_b\nbad,good film,fine\n")
    by_usage = asked(run, "b.csv", "sentence,text_b\ngood film,fine\n")

    answers = [api.predict(run, file)[0]["answer"][0] for file in (by_recipe, by_usage)]

    assert answers == ["pos", "pos"]


def test_a_run_that_reads_pairs_needs_both_texts(run: Path) -> None:
    """A half is not answered as if it were a pair."""
    file = asked(run, "a.csv", "review\ngood film\n")

    with pytest.raises(DataError, match=r"no column 'text_b', and the run reads pairs of texts\."):
        api.predict(run, file)


def test_every_label_may_have_a_column_of_its_own(run: Path, tmp_path: Path) -> None:
    """They sum to one, and other columns stand before them."""
    file = asked(run, "a.csv", "stars,review,text_b\n5,good film,fine\n1,bad film,poor\n")

    api.predict(run, file, tmp_path / "OUT.CSV", probabilities="columns")

    table = read_table(tmp_path / "OUT.CSV").frame
    names = ["probability_neg", "probability_pos"]
    assert table.columns == ["id", "stars", "review", "text_b", "answer", *names]
    assert table["id"].to_list() == ["2", "3"]
    sums = [sum(map(float, row)) for row in table.select(names).iter_rows()]
    assert sums == pytest.approx([1.0, 1.0])


def test_two_rows_of_one_id_are_named_by_their_lines(run: Path) -> None:
    """Answers could not be told apart."""
    file = asked(run, "a.csv", "id,review,text_b\n7,good,fine\n7,bad,poor\n")

    with pytest.raises(DataError, match=r"a.csv, line 3: the id '7' is also that of .*line 2\."):
        api.predict(run, file)
