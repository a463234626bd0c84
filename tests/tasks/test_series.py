"""Series are forecast with quantiles, in their own unit, and held against simple forecasts."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from polyculture import api
from polyculture.api.shared import prepare_rows, read_data
from polyculture.checks.tiny import tiny_base
from polyculture.core.errors import DataError, ModelError, RecipeError, RowError
from polyculture.core.recipe import Recipe
from polyculture.core.task import Context, Inventory
from polyculture.core.values import Known
from polyculture.nets.reading.series import SeriesReader
from polyculture.tasks.series import PLUGIN as TASK
from polyculture.tasks.series import Series

RECIPE = """
name = "waves"
task = {{ kind = "series", season = 8 }}
base = {{ source = "new", kind = "patch_transformer", width = 32, layers = 1 }}
head = {{ kind = "linear", pooling = "mean" }}
[data]
source = "series"
file = "waves.csv"
horizon = 4
context = 16
{more}
[fit]
epochs = 2
learning_rate = 3e-3
threads = 1
precision = "float32"
"""
DATA = Path(__file__).parents[3] / "shared" / "data" / "nab-traffic"


def waves(folder: Path, name: str = "waves.csv", *, hours: int = 100) -> Path:
    """Two series of different size in one long table."""
    rng = np.random.default_rng(3)
    frames = [
        pl.DataFrame(
            {
                "series": series,
                "time": pl.datetime_range(
                    pl.datetime(2024, 5, 1), interval="1h", eager=True, end=pl.datetime(2025, 1, 1)
                )[:hours].dt.to_string("%Y-%m-%d %H:%M"),
                "value": size * (2 + np.sin(np.arange(hours) * np.pi / 4)) + rng.normal(size=hours),
            }
        )
        for series, size in (("潮", 1_000), ("🌡", 10))
    ]
    pl.concat(frames).write_csv(folder / name)
    return folder / name


def recipe(folder: Path, more: str = "", **settings: str) -> Any:
    text = RECIPE.format(more=more)
    for old, new in settings.items():
        text = text.replace(old, new)
    (folder / "recipe.toml").write_text(text, encoding="utf-8")
    return api.read_recipe(folder / "recipe.toml")


def rows(**columns: Any) -> pl.DataFrame:
    given = {"id": ["a"], "history": [[1.0, 2.0, 4.0]], "future": [[8.0]], **columns}
    return pl.DataFrame(given)


def context(train: pl.DataFrame, **settings: Any) -> Context:
    chosen = Series(**settings)
    inventory = TASK.learn({"train": TASK.prepare(train, "train", chosen)}, chosen)
    reader = SeriesReader(context=int(inventory.numbers["context"]), patch=1)
    return Context(settings=chosen, inventory=inventory, reader=reader)


@pytest.mark.slow
def test_a_run_forecasts_from_the_end_of_each_series(tmp_path: Path) -> None:
    """In the unit of the series, with the times to come, lower quantiles below higher ones."""
    waves(tmp_path)
    run, folder = api.train(recipe(tmp_path), tmp_path / "runs")

    assert run.test is not None
    assert run.test.headline().name == "mase"
    assert {baseline.name for baseline in run.baselines} == {"last", "season", "lags"}
    assert {row["label"] for row in run.test.tables[0].rows} == {"潮", "🌡"}

    out = tmp_path / "forecasts.csv"
    table, notes = api.predict(folder, waves(tmp_path, "new.csv", hours=20), out)

    assert table["id"].to_list() == ["潮", "🌡"]
    assert table["last"].to_list() == ["2024-05-01 19:00"] * 2
    assert table["times"][0].to_list() == [f"2024-05-01 {hour}:00" for hour in (20, 21, 22, 23)]
    low, middle, high = (
        np.array(table[f"quantile_{level}"].to_list()) for level in ("0.1", "0.5", "0.9")
    )
    assert ((low <= middle) & (middle <= high)).all()
    assert middle[0].mean() > 20 * middle[1].mean() > 0
    np.testing.assert_allclose(json.loads(table["answer"][0]), middle[0], rtol=1e-5)
    assert any("2 series in steps of 1h" in note for note in notes)
    assert json.loads(pl.read_csv(out)["quantile_0.9"][0]) == pytest.approx(high[0].tolist())

    with pytest.raises(RecipeError, match=r"as source = 'series' does\. Leave out --conll"):
        api.predict(folder, tmp_path / "new.csv", conll=True)
    _, notes = api.predict(folder, waves(tmp_path, "short.csv", hours=9))
    assert any("2 of 2 histories are shorter than the 16 values" in note for note in notes)


def test_origins_that_are_times_are_refused() -> None:
    """They would be a series of more values than fit into memory."""
    train = pl.DataFrame(
        {
            "id": ["a", "b"],
            "history": [[1.0, 2.0]] * 2,
            "future": [[3.0]] * 2,
            "origin": [1.7e9, 1.8e9],
        }
    )

    with pytest.raises(RowError, match=r"a series 100,000,003 values.* no time"):
        context(train)


def test_the_scale_of_a_series_is_that_of_its_whole_training_part() -> None:
    """Rows overlap, and every pair of neighbours counts once, wherever rows begin."""
    series = [1.0, 2.0, 4.0, 8.0, 16.0, 0.0]
    train = pl.DataFrame(
        {
            "id": [str(origin) for origin in range(3, 6)],
            "group": "潮",
            "history": [series[origin - 3 : origin] for origin in range(3, 6)],
            "future": [[series[origin]] for origin in range(3, 6)],
            "origin": [3.0, 4.0, 5.0],
        }
    )

    numbers = context(train, season=2).inventory.numbers

    assert numbers["scale of 潮"] == pytest.approx(np.mean([3, 6, 12, 8]))
    assert (numbers["horizon"], numbers["context"]) == (1, 3)


def test_a_series_that_training_lacks_is_scaled_by_its_own_history() -> None:
    """Which is counted; a constant one has no scale."""
    known = context(rows(group=["flat"], history=[[3.0, 3.0, 3.0]], future=[[3.0]]))
    both = pl.DataFrame(
        {
            "id": ["a", "b"],
            "group": ["flat", "new"],
            "history": [[3.0, 3.0, 3.0], [1.0, 3.0, 5.0]],
            "future": [[3.0], [9.0]],
        }
    )
    answers = TASK.baselines["last"](rows(), both, known)

    scores = TASK.score(both, answers, known, split="test")

    assert scores.protocol["rows_scaled_by_history"] == 1
    assert scores.protocol["rows_without_scale"] == 1
    mase = scores.headline().value
    assert isinstance(mase, Known)
    assert mase.number == 2  # |9 - 5| over steps of 2
    assert TASK.grade(both, answers, known) == [1, pytest.approx(1 / 3)]
    assert "'flat'" in TASK.remarks({}, known.inventory, known.settings)[0]


def test_quantiles_that_cross_are_put_in_order_and_into_the_unit() -> None:
    """The scale is that of each history."""
    history = [10.0, 30.0]  # mean 20, deviation 10
    there = context(rows(history=[history], future=[[1.0]]))

    answers = TASK.decode(rows(history=[history]), [np.array([0.5, 0.0, -1.0])], there)

    assert answers["quantile_0.1"].to_list() == [[10]]
    assert answers["quantile_0.9"].to_list() == [[25]]
    assert answers["answer"].to_list() == ["[20.0]"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (rows(history=[[]]), "item 'a': the history holds no value"),
        (rows(history=[[None, None]]), "the history holds no value"),
        (rows(future=[[]]), "at least one"),
        (rows(future=[[1.0, None]]), "expected 2 values in 'future'.*got 1"),
        (
            pl.concat([rows(), rows(id=["b"], future=[[1.0, 2.0]])]),
            "item 'b': expected 1 values in 'future', as in the first row, got 2",
        ),
        (rows().drop("history"), "there is no column 'history'"),
        (rows(future=[None]), "the cell 'future' is empty"),
    ],
)
def test_rows_that_make_no_forecast_are_refused(given: pl.DataFrame, message: str) -> None:
    """Naming the row."""
    typed = given.with_columns(
        pl.col(name).cast(pl.List(pl.Float64))
        for name in ("history", "future")
        if name in given.columns
    )
    with pytest.raises(RowError, match=message):
        TASK.prepare(typed, "train", Series())


def test_a_season_has_to_lie_in_the_history() -> None:
    """Or the last season cannot be looked at."""
    with pytest.raises(RowError, match="season = 4, but the longest history has 3 values"):
        context(rows(), season=4)


@pytest.mark.parametrize("levels", [[0.1, 0.9], [0.5, 0.5], [0.9, 0.5], [0.0, 0.5], []])
def test_quantiles_hold_the_median_and_ascend(levels: list[float]) -> None:
    """It is what errors are taken of."""
    with pytest.raises(ValueError, match=r"quantiles lie between 0 and 1, ascend, and hold 0\.5"):
        Series(quantiles=tuple(levels))


def test_a_table_may_hold_histories_and_futures(tmp_path: Path) -> None:
    """As JSON lists; a cell that is none is told with its line."""
    lines = ["id,history,future", '1,"[1, null, 3]","[4]"', '2,"[1, 2, 3]","[""x""]"']
    file = tmp_path / "rows.csv"
    data = {"source": "table", "train": file, "hold_out": 0.5}
    base = {"source": "new", "kind": "patch_transformer"}
    head = {"kind": "linear", "pooling": "mean"}
    wanted = Recipe.model_validate({"task": "series", "base": base, "head": head, "data": data})
    file.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(
        DataError, match=r"rows\.csv, line 3: expected numbers in 'future', got 'x'"
    ):
        read_data(wanted)

    file.write_text("\n".join(lines).replace('""x""', "2"), encoding="utf-8")
    rows, inventory = prepare_rows(wanted, read_data(wanted))
    assert {split: len(part) for split, part in rows.items()} == {"train": 1, "valid": 1}
    assert inventory.numbers["context"] == 3


def test_a_base_of_texts_cannot_read_series(tmp_path: Path) -> None:
    """It is said before anything is trained; so is a length that would be cut."""
    waves(tmp_path)
    with pytest.raises(RecipeError, match=r"base\.kind = 'transformer' cannot do 'series'"):
        recipe(tmp_path, patch_transformer="transformer")
    with pytest.raises(RecipeError, match=r"reads series\. Leave it out"):
        api.check(recipe(tmp_path, epochs="max_length = 8\nepochs"))


def test_a_base_of_transformers_needs_a_head_of_ours(tmp_path: Path) -> None:
    """What it forecast before is of another length, and without our quantiles."""
    waves(tmp_path)
    tiny_base(tmp_path / "base", "patchtst")
    chosen = recipe(
        tmp_path,
        **{
            'source = "new", kind = "patch_transformer", width = 32, layers = 1': (
                'source = "folder", path = "base"'
            ),
            'pooling = "mean"': 'pooling = "standard"',
        },
    )

    with pytest.raises(
        ModelError, match=r"no standard head for this task .* \[head\] kind = 'mlp'"
    ):
        api.check(chosen)


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="needs the real series in shared/data/nab-traffic")
def test_real_sensors_are_refused_as_they_are_and_read_by_the_half_hour(tmp_path: Path) -> None:
    """Their times are irregular, two occur twice, and there are long gaps."""
    from polyculture.sources.data.series import LongSeries, read

    parts = [
        pl.read_csv(path).select(
            pl.lit(path.stem).alias("series"), "timestamp", pl.col("value").cast(float)
        )
        for path in sorted(DATA.glob("*.csv"))
    ]
    pl.concat(parts).write_csv(tmp_path / "all.csv")
    sizes = {"source": "series", "file": tmp_path / "all.csv", "horizon": 6, "context": 48}

    with pytest.raises(DataError, match=r"all\.csv, line \d+: .*step = '"):
        read(LongSeries.model_validate(sizes), TASK.columns)
    data = read(LongSeries.model_validate({**sizes, "step": "30m", "gaps": 12}), TASK.columns)

    assert "15,664 lines of 7 series became 5,006 values in steps of 30m" in data.notes[0]
    inventory = TASK.learn(data.splits, Series(season=48))
    assert isinstance(inventory, Inventory)
    assert sum(name.startswith("scale of ") for name in inventory.numbers) == 7
