"""A library's survey is counted once, and again whenever anything it depends on has changed."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from polyculture.core.cards import CARD_COLUMNS, Cards
from polyculture.core.survey import Survey
from polyculture.zoo.count.assemble import survey
from polyculture.zoo.count.cache import kept_or_counted

TYPES = {
    name: pl.List(pl.String) if kind.startswith("List") else getattr(pl, kind)
    for name, kind in CARD_COLUMNS.items()
}


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cards:
    """Two families, one from the other; the user's cache is empty."""
    monkeypatch.setenv("POLYCULTURE_HOME", str(tmp_path))
    text = pl.String
    return Cards(
        source="a library 1.0",
        unit="family",
        table=pl.DataFrame(
            [{**dict.fromkeys(CARD_COLUMNS), "name": name, "is_built": False} for name in "ab"],
            schema=TYPES,
        ),
        parents=pl.DataFrame(
            [("b", "a", "base", 1)],
            schema={"child": text, "parent": text, "kind": text, "count": pl.Int32},
            orient="row",
        ),
        traits=pl.DataFrame(schema=dict.fromkeys(("name", "trait", "value"), text)),
        listed=2,
        is_census=True,
        digest="1",
    )


class Counter:
    """Counts, and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def of(self, cards: Cards, *, fresh: bool = False, seed: int = 1) -> Survey:
        """The survey, counted or kept."""

        def count() -> Survey:
            self.times += 1
            return survey(cards, draws=99, resamples=20, seed=seed)

        return kept_or_counted(cards, count, fresh=fresh, seed=seed)


def test_the_same_library_is_counted_once(library: Cards) -> None:
    """What was kept is what was counted."""
    counter = Counter()

    first, second = counter.of(library), counter.of(library)

    assert counter.times == 1
    assert first == second


@pytest.mark.parametrize("change", ["digest", "table", "seed", "fresh"])
def test_a_change_is_counted_again(library: Cards, change: str) -> None:
    """Another version, other cards, another seed, or because it was asked for."""
    counter = Counter()
    counter.of(library)
    other = {
        "digest": replace(library, digest="2"),
        "table": replace(library, table=library.table.with_columns(year=pl.lit(2020, pl.Int32))),
    }.get(change, library)

    counter.of(other, seed=2 if change == "seed" else 1, fresh=change == "fresh")

    assert counter.times == 2


def test_a_broken_file_is_counted_again(library: Cards, tmp_path: Path) -> None:
    """A half-written or foreign file never stops a survey."""
    counter = Counter()
    counter.of(library)
    (path,) = (tmp_path / "survey").glob("counted-*.json")
    path.write_text('{"schema_number": 1', encoding="utf-8")

    counter.of(library)

    assert counter.times == 2
    Survey.model_validate_json(path.read_bytes())


def test_what_is_no_library_is_never_kept(library: Cards, tmp_path: Path) -> None:
    """Tables and snapshots may change under one name, and are quick to count."""
    counter = Counter()
    table = replace(library, is_census=False)

    counter.of(table)
    counter.of(table)

    assert counter.times == 2
    assert not (tmp_path / "survey").exists()
