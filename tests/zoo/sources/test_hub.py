"""Snapshots of a hub as cards: what is kept, what is dropped, and what is said of both."""

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from polyculture.core import parts
from polyculture.core.cards import CARD_COLUMNS, PARENT_COLUMNS, TRAIT_COLUMNS, Cards
from polyculture.core.errors import DataError
from polyculture.zoo.hub import entries
from polyculture.zoo.hub.listing import Wish
from polyculture.zoo.hub.snapshot import METADATA, Facts
from polyculture.zoo.sources import hub

TODAY = datetime.now(tz=UTC).date()
Make = Callable[..., Path]


@pytest.fixture
def snapshot(tmp_path: Path) -> Make:
    """Write rows as a snapshot; what a row does not name is null, and bases are none."""

    def make(*rows: dict[str, Any], name: str = "models.parquet", **more: Any) -> Path:
        whole = [{"parents": [], "relations": [], **row} for row in rows]
        path = tmp_path / name
        pl.DataFrame(whole, schema=entries.columns()).write_parquet(path, **more)
        return path

    return make


def read(*places: Path) -> Cards:
    return hub.read(places)


def kinds(frame: pl.DataFrame) -> dict[str, str]:
    return {name: str(kind) for name, kind in frame.schema.items()}


def test_a_repository_is_a_card(snapshot: Make) -> None:
    """With its task, year, account, licence, library and downloads."""
    path = snapshot(
        {
            "id": "lab/fine",
            "community": "fill-mask",
            "parents": ["big/base", "big/other"],
            "relations": ["merge", "merge"],
            "licence": "mit",
            "library": "transformers",
            "downloads": 7,
            "created": date(2024, 3, 1),
        }
    )

    cards = read(path)

    assert cards.table.row(0, named=True) == {
        "name": "lab/fine",
        "communities": ["fill-mask"],
        "year": 2024,
        "maker": "lab",
        "licence": "mit",
        "library": "transformers",
        "downloads": 7.0,
        "parameters": None,
        "is_built": False,
        "reason": None,
    }
    assert cards.parents.rows() == [
        ("lab/fine", "big/base", "base", 1),
        ("lab/fine", "big/other", "base", 1),
    ]
    assert (cards.unit, cards.listed, cards.is_census) == ("repository", 1, False)
    assert "Made of a base by: merge 2." in cards.notes
    assert cards.source == "hub snapshot models.parquet"


def test_tables_have_the_columns_of_all_cards(snapshot: Make) -> None:
    """Also where every cell of a column is null."""
    for row in ({"id": "a"}, {"id": "a", "parents": ["b"], "community": "c"}):
        cards = read(snapshot(row))

        assert kinds(cards.table) == CARD_COLUMNS
        assert kinds(cards.parents) == PARENT_COLUMNS
        assert kinds(cards.traits) == TRAIT_COLUMNS


def test_cards_are_in_order_of_names(snapshot: Make) -> None:
    """Code points, not letters of a language."""
    found = ["b/x", "a/x", "é/x", "B/x", "中/x", "a-b/x"]

    cards = read(snapshot(*({"id": name} for name in found)))

    assert cards.table["name"].to_list() == sorted(found)


def test_repeated_and_nameless_rows_are_dropped_and_counted(snapshot: Make) -> None:
    """Of rows with one id the first is kept."""
    rows = [{"id": "a", "likes": 1, "downloads": 5}, {"id": None}, {"id": ""}]
    rows += [{"id": "a", "downloads": 9}, {"id": "b"}, {"id": "a"}]

    cards = read(snapshot(*rows))

    assert cards.table["name"].to_list() == ["a", "b"]
    assert cards.table["downloads"].to_list() == [5.0, None]
    assert cards.listed == 6
    assert "Rows without an id, dropped: 2." in cards.notes
    assert "Rows with an id that came before, dropped: 2." in cards.notes


def test_dates_that_say_nothing_give_no_year(snapshot: Make) -> None:
    """Those to come and those that are missing; today is a date."""
    cards = read(
        snapshot(
            {"id": "a", "created": TODAY + timedelta(days=1)},
            {"id": "b", "created": TODAY},
            {"id": "c"},
            {"id": "d", "created": date(2022, 3, 2)},
        )
    )

    assert cards.table["year"].to_list() == [None, TODAY.year, None, 2022]
    assert f"Created after {TODAY}, so of no year: 1." in cards.notes
    assert "Without a date of creation, so of no year: 1." in cards.notes
    assert any("2022-03-02, when the hub began to keep dates" in note for note in cards.notes)


def test_cycles_and_unknown_bases_are_kept(snapshot: Make) -> None:
    """A base named twice counts once; one without a name is none."""
    cards = read(
        snapshot(
            {"id": "a", "parents": ["a", "b", "b", "", None]},
            {"id": "b", "parents": ["a", "not/listed"]},
            {"id": "c", "parents": None},
        )
    )

    edges = [(child, parent) for child, parent, _, _ in cards.parents.rows()]
    assert edges == [("a", "a"), ("a", "b"), ("b", "a"), ("b", "not/listed")]
    assert "Bases that a repository names twice, counted once: 1." in cards.notes


def test_what_is_not_known_is_null(snapshot: Make) -> None:
    """No community is no community; downloads below zero are none; old names have no account."""
    cards = read(snapshot({"id": "gpt2", "community": "", "downloads": -3}))

    row = cards.table.row(0, named=True)
    assert (row["communities"], row["downloads"], row["maker"]) == ([], None, None)
    assert "Without a community: 1." in cards.notes
    assert "With downloads below zero, taken as not known: 1." in cards.notes


def test_several_snapshots_are_one_list(snapshot: Make) -> None:
    """The first that names a repository is believed, and the digest tells the order."""
    first = snapshot({"id": "a", "downloads": 1}, name="one.parquet")
    second = snapshot({"id": "a", "downloads": 2}, {"id": "b"}, name="two.parquet")

    both, other = read(first, second), read(second, first)

    assert both.table["downloads"].to_list() == [1.0, None]
    assert other.table["downloads"].to_list() == [2.0, None]
    assert both.listed == 3
    assert len({both.digest, other.digest, read(first).digest}) == 3


def test_a_snapshot_tells_how_it_was_taken(snapshot: Make) -> None:
    """Where it was taken by our own command."""
    facts = Facts(
        hub="https://hub.example",
        wish=Wish(communities=("fill-mask",), limit=2000),
        taken="2026-05-06",
        pages=2,
        listed=2000,
        malformed=3,
        examples=("7",),
        private=0,
        unreadable=0,
        repeated=0,
    )

    cards = read(snapshot({"id": "a"}, metadata={METADATA: facts.model_dump_json()}))

    assert cards.notes[0] == (
        "Taken on 2026-05-06 from https://hub.example: fill-mask, at most 2,000 of each; "
        "3 malformed entries were dropped."
    )


def test_other_people_s_snapshots_need_three_columns(tmp_path: Path) -> None:
    """Dates may be text or moments; the rest may be missing."""
    path = tmp_path / "theirs.parquet"
    frame = pl.DataFrame({"id": ["a", "b"], "parents": [["b"], []], "community": ["x", None]})
    for created in (["2023-04-05T06:00:00Z", "soon"], [datetime(2023, 4, 5, tzinfo=UTC), None]):
        frame.with_columns(created=pl.Series(created)).write_parquet(path)

        cards = read(path)

        assert hub.accepts(path)
        assert cards.table["year"].to_list() == [2023, None]
        assert cards.table["licence"].to_list() == [None, None]
        assert cards.notes == ("Without a date of creation, so of no year: 1.", *cards.notes[1:])


def test_only_snapshots_are_accepted(snapshot: Make, tmp_path: Path) -> None:
    """Neither other tables, nor broken files, nor folders; nothing is read but the header."""
    other, broken, text = (tmp_path / name for name in ("o.parquet", "b.parquet", "t.csv"))
    pl.DataFrame({"id": ["a"], "text": ["b"]}).write_parquet(other)
    broken.write_bytes(b"PAR1, or not")
    text.write_text("id,parents,community\n", encoding="utf-8")

    found = [hub.accepts(path) for path in (snapshot({"id": "a"}), other, broken, text, tmp_path)]

    assert found == [True, False, False, False, False]


def test_a_file_that_is_no_snapshot_is_one_sentence(snapshot: Make, tmp_path: Path) -> None:
    """It names the file, what is missing, and what to do."""
    other, broken, flat = (tmp_path / f"{name}.parquet" for name in ("other", "broken", "flat"))
    pl.DataFrame({"id": ["a"], "text": ["b"]}).write_parquet(other)
    broken.write_bytes(b"PAR1, or not")
    pl.DataFrame({"id": ["a"], "parents": ["b"], "community": ["c"]}).write_parquet(flat)
    cases = {
        other: r"lacks 'community', 'parents'; its columns are 'id', 'text'\. .*snapshot hub",
        broken: "cannot be read as Parquet",
        flat: r"column 'parents': expected List\(String\)",
        tmp_path / "none.parquet": "There is no file",
        snapshot({"id": None}, name="empty.parquet"): "has no rows with an id",
    }
    for path, words in cases.items():
        with pytest.raises(DataError, match=words) as told:
            read(path)
        assert str(path) in str(told.value)


def test_the_shelf_knows_hubs_and_what_they_do_not_see() -> None:
    """The part is found by its name, and states its limits."""
    plugin = parts.load("zoo.sources", "hub")

    assert plugin.read is hub.read
    assert plugin.accepts is hub.accepts
    assert len(plugin.blind) >= 5


def test_reading_needs_no_torch(snapshot: Make) -> None:
    """In a process of its own."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom polyculture.zoo.sources.hub import read\n"
        f"read([{str(snapshot({'id': 'a'}))!r}])\n"
        "print({'torch', 'transformers', 'huggingface_hub', 'httpx2'} & set(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n"


@pytest.mark.slow
def test_progress_is_told_and_many_rows_take_little_time(tmp_path: Path) -> None:
    """Two hundred thousand repositories, each made of an earlier one, in seconds."""
    count, rng = 200_000, np.random.default_rng(1)
    parents = rng.integers(0, np.maximum(np.arange(count), 1))
    path = tmp_path / "many.parquet"
    pl.DataFrame(
        {
            "id": [f"lab{number % 5000}/model-{number}" for number in range(count)],
            "parents": [[f"lab{number % 5000}/model-{number}"] for number in parents.tolist()],
            "community": [f"task-{number % 40}" for number in range(count)],
        }
    ).write_parquet(path)
    told: list[tuple[int, int, str]] = []
    began = time.perf_counter()

    cards = hub.read([path], on_progress=lambda *now: told.append(now))

    assert time.perf_counter() - began < 20  # one on a quiet machine
    assert (len(cards.table), len(cards.parents)) == (count, count)
    assert [done for done, _, _ in told] == [0, 1, 2]
    assert {total for _, total, _ in told} == {2}
