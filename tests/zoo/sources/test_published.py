"""Two published collections of models, read whole, have the figures computed from them before."""

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from polyculture.core import parts
from polyculture.core.cards import Cards

DATA = Path(__file__).parents[4] / "shared" / "data"
GRAPHS = DATA / "ecosystem-graphs"
EPOCH = DATA / "epoch-ai-models" / "all_ai_models.csv"
needs_data = pytest.mark.skipif(not GRAPHS.is_dir(), reason="the collections are not here")


def read(*places: Path, **settings: Any) -> Cards:
    found: Cards = parts.load("zoo.sources", "table").read(places, **settings)
    return found


def row(cards: Cards, name: str) -> dict[str, Any]:
    found: dict[str, Any] = cards.table.row(by_predicate=pl.col("name") == name, named=True)
    return found


def parents(cards: Cards, child: str) -> list[str]:
    return cards.parents.filter(pl.col("child") == child)["parent"].to_list()


def hhi(names: Sequence[str]) -> float:
    return sum((count / len(names)) ** 2 for count in Counter(names).values())


@pytest.mark.parametrize("place", ["assets", "resources/all_assets.csv", "."])
@needs_data
def test_ecosystem_graphs_as_it_stands_has_the_figures_computed_before(place: str) -> None:
    """429 models under 166 names of organisations, HHI .0258475014, from YAML and from CSV."""
    cards = read(GRAPHS / place, resolve=False, repeats="keep")

    makers = cards.table["maker"].drop_nulls().to_list()
    assert len(cards.table) == cards.listed == 429
    unknown = cards.table["maker"].null_count()  # the collection writes "Unknown" as a name
    counted = [*makers, *["Unknown"] * unknown]
    assert len(set(counted)) == 166
    assert hhi(counted) == pytest.approx(0.0258475014, abs=1e-10)
    assert cards.joined == ()


@needs_data
def test_the_two_spellings_of_google_deepmind_are_one_maker() -> None:
    """15 models by "Google Deepmind" and 10 by "Google DeepMind" are 25 models of one maker."""
    cards = read(GRAPHS, repeats="keep")

    assert cards.table["maker"].to_list().count("Google Deepmind") == 25
    assert ("Google DeepMind", "Google Deepmind") in cards.joined


@needs_data
def test_five_names_that_stand_twice_in_ecosystem_graphs_are_told() -> None:
    """Three are one model listed twice; two are other models, which get a number."""
    cards = read(GRAPHS)

    assert (cards.listed, len(cards.table)) == (429, 426)
    told = " ".join(cards.notes)
    assert "3 records left out" in told
    assert "GPT-4o; Imagen 3; InternLM" in told
    assert "ChatGLM (2); Dragonfly (2)" in told
    assert "LLaMA" in parents(cards, "Alpaca")


@pytest.mark.slow
@needs_data
def test_epoch_ai_is_read_with_its_bases_and_domains() -> None:
    """2,228 rows, three of them empty and two listed twice; 271 models name a base."""
    cards = read(EPOCH)

    assert (cards.listed, len(cards.table)) == (2228, 2223)
    assert cards.parents["child"].n_unique() == 271
    assert cards.table["parameters"].is_not_null().sum() in range(1370, 1377)
    assert row(cards, "GPT-2 (1.5B)")["year"] == 2019
    assert row(cards, "Vicuna-13B v0")["communities"] == ["language"]
    assert row(cards, "AlphaFold 2")["communities"][0] == "biology"
    assert cards.year_means == "year of publication"


@needs_data
def test_all_yaml_files_of_ecosystem_graphs_are_read_in_seconds() -> None:
    """Progress names each of the 173 files, and none of them is lost."""
    seen: list[tuple[int, int, str]] = []
    start = time.process_time()

    read(GRAPHS / "assets", on_progress=lambda *told: seen.append(told))

    assert time.process_time() - start < 5
    assert seen[0][:2] == (0, 173)
    assert seen[-1][:2] == (173, 173)
