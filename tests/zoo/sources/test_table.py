"""Tables of cards are read as they are meant: two known layouts, and any that is described."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from polyculture.core import parts
from polyculture.core.cards import CARD_COLUMNS, PARENT_COLUMNS, TRAIT_COLUMNS, Cards
from polyculture.core.errors import DataError

ASSETS = """\
- name: Owl
  type: model
  organization: Forest Labs, Inc., Lake University
  dependencies: [Egg, Worms, Owl corpus, Nest, egg, Twigs]
  modality: images, text; text
  access: {value: Open, explanation: see the page}
  created_date: {value: 2023-05-01, explanation: the paper}
  license: Apache 2.0
  nationality: USA
  size: 3B parameters (dense)
- name: Egg
  type: model
  organization: Forest Labs
  dependencies: []
  modality: text ;text
  access: closed
  created_date: 2021-01-02
  license: unknown
  size: 61B parameters (sparse); 6.6B active parameters
- name: Worms
  type: dataset
  organization: Soil
  dependencies: []
  modality: text
- name: Nest
  type: application
  organization: Soil
  dependencies: [Owl]
  modality: unknown
"""
EPOCH_HEADER = (
    "Model,Domain,Organization,Publication date,Parameters,Base model,Foundation model,"
    "Model accessibility"
)


def read(*places: Path, **settings: Any) -> Cards:
    found: Cards = parts.load("zoo.sources", "table").read(places, **settings)
    return found


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def row(cards: Cards, name: str) -> dict[str, Any]:
    found: dict[str, Any] = cards.table.row(by_predicate=pl.col("name") == name, named=True)
    return found


def parents(cards: Cards, child: str) -> list[str]:
    return cards.parents.filter(pl.col("child") == child)["parent"].to_list()


def traits(cards: Cards, name: str) -> set[tuple[str, str]]:
    return set(cards.traits.filter(pl.col("name") == name).select("trait", "value").iter_rows())


def test_records_of_ecosystem_graphs_become_cards(tmp_path: Path) -> None:
    """Explained values, sizes in words and modalities in any spelling are understood."""
    cards = read(written(tmp_path, "a/assets/forest.yaml", ASSETS).parent)

    assert cards.table["name"].to_list() == ["Egg", "Owl"]
    owl = row(cards, "Owl")
    assert owl["communities"] == ["image + text to text"]
    assert (owl["maker"], owl["year"], owl["licence"]) == ("Forest Labs", 2023, "Apache 2.0")
    assert owl["parameters"] == 3e9
    assert (owl["is_built"], owl["reason"]) == (False, None)
    egg = row(cards, "Egg")
    assert (egg["communities"], egg["licence"], egg["parameters"]) == (["text to text"], None, 61e9)
    assert traits(cards, "Owl") == {
        ("access", "open"), ("input", "image"), ("input", "text"), ("output", "text"),
        ("dense or sparse", "dense"), ("country", "USA"),
    }  # fmt: skip
    assert ("dense or sparse", "sparse") in traits(cards, "Egg")


def test_data_sets_and_applications_are_no_parents(tmp_path: Path) -> None:
    """Of six dependencies one is a model in two spellings, three are data, one is unknown."""
    cards = read(written(tmp_path, "forest.yaml", ASSETS))

    assert parents(cards, "Owl") == ["Egg", "Twigs"]
    assert any(note.startswith("3 dependencies on data sets") for note in cards.notes)
    assert any(note.startswith("1 parent is no card here, under 1 name") for note in cards.notes)


def test_data_sets_can_be_surveyed_too(tmp_path: Path) -> None:
    """With every kind chosen, a model's data sets are among its parents."""
    cards = read(
        written(tmp_path, "forest.yaml", ASSETS), kinds=("model", "dataset", "application")
    )

    assert cards.table["name"].to_list() == ["Egg", "Nest", "Owl", "Worms"]
    assert parents(cards, "Owl") == ["Egg", "Nest", "Owl corpus", "Twigs", "Worms"]
    assert cards.unit == "asset"
    assert row(cards, "Nest")["communities"] == ["unknown"]


def test_records_of_epoch_ai_become_cards(tmp_path: Path) -> None:
    """Lists are parted, bases are found in another spelling, makers of several are the first."""
    rows = [
        EPOCH_HEADER,
        'Fir-2,"Multimodal,Language","Lake Co.,Hill",2022-03-01,2.5e9,"fir 2.5,Oak (7B)",True,Open',
        'Fir-2.5,Language,Lake,2021-01-01,,,,"API access"',
        'Oak 7B,,,,,"Fir-2, large",,',
        '"Fir-2, large",Vision,Hill,2020-01-01,100,Fir-25,,',
    ]

    cards = read(written(tmp_path, "models.csv", "\n".join(rows)))

    fir = row(cards, "Fir-2")
    assert fir["communities"] == ["foundation model", "language", "multimodal"]
    assert (fir["maker"], row(cards, "Fir-2.5")["maker"]) == ("Lake", "Lake")
    assert ("Lake Co.", "Lake") in cards.joined
    assert (fir["year"], fir["parameters"]) == (2022, 2.5e9)
    assert parents(cards, "Fir-2") == ["Fir-2.5", "Oak 7B"]
    assert parents(cards, "Oak 7B") == ["Fir-2, large"]
    assert parents(cards, "Fir-2, large") == ["Fir-25"]
    assert row(cards, "Oak 7B")["communities"] == ["unknown"]


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet", "yaml"])
def test_any_table_can_be_described(tmp_path: Path, suffix: str) -> None:
    """One sentence says which column is which, and every format gives the same cards."""
    rows: list[dict[str, Any]] = [
        {"id": "3.10", "who": "A", "born": "May 2020", "from": None, "kind": "x|y", "pulls": "12"},
        {
            "id": "no",
            "who": "B",
            "born": "20210304",
            "from": '["3.10", "z"]',
            "kind": "",
            "pulls": "",
        },
    ]
    path = tmp_path / f"zoo.{suffix}"
    table = pl.DataFrame(rows)
    match suffix:
        case "csv" | "tsv":
            table.write_csv(path, separator="," if suffix == "csv" else "\t")
        case "jsonl":
            table.write_ndjson(path)
        case "parquet":
            table.write_parquet(path)
        case _:
            lines = [f"- {{id: {r['id']}, who: {r['who']}, born: {r['born']}, kind: {r['kind']!r}, "
                     f"from: {r['from']!r}, pulls: {r['pulls']!r}}}" for r in rows]  # fmt: skip
            path.write_text("\n".join(lines).replace("None", "~"), encoding="utf-8")
    columns = {
        "name": "id", "maker": "who", "year": "born", "parents": "from",
        "traits.shape": "kind", "downloads": "pulls",
    }  # fmt: skip

    cards = read(path, columns=columns)

    assert cards.table["name"].to_list() == ["3.10", "no"]
    assert cards.table["maker"].to_list() == ["A", "B"]
    assert cards.table["year"].to_list() == [2020, 2021]
    assert cards.table["downloads"].to_list() == [12, None]
    assert parents(cards, "no") == ["3.10", "z"]
    assert traits(cards, "3.10") == {("shape", "x"), ("shape", "y")}


def test_columns_named_as_our_fields_need_no_description(tmp_path: Path) -> None:
    """What a survey writes as its table of cards can be read again."""
    text = json.dumps({"name": "a", "maker": "M", "communities": ["x", "y"], "year": 2020})

    cards = read(written(tmp_path, "cards.jsonl", text))

    assert row(cards, "a")["communities"] == ["x", "y"]


def test_the_columns_are_those_of_every_source(tmp_path: Path) -> None:
    """Names and types agree with what a survey expects, also where a table is empty."""
    cards = read(written(tmp_path, "cards.csv", "name,maker\na,M\n"))

    for table, wanted in (
        (cards.table, CARD_COLUMNS),
        (cards.parents, PARENT_COLUMNS),
        (cards.traits, TRAIT_COLUMNS),
    ):
        assert {name: str(kind) for name, kind in table.schema.items()} == wanted


def test_several_tables_are_one_zoo(tmp_path: Path) -> None:
    """A table that is described stands beside one that is known."""
    known = written(tmp_path, "assets.yaml", ASSETS)
    mine = written(tmp_path, "mine.csv", "Title,Base\nFinch,OWL\n")

    cards = read(known, mine, columns={"name": "Title", "parents": "Base"})

    assert cards.table["name"].to_list() == ["Egg", "Finch", "Owl"]
    assert parents(cards, "Finch") == ["Owl"]
    assert cards.source == "Ecosystem Graphs (assets.yaml), table (mine.csv)"


def test_the_digest_changes_with_what_is_read(tmp_path: Path) -> None:
    """The same files give the same digest, another byte another one."""
    path = written(tmp_path, "cards.csv", "name,maker\na,M\n")
    before = [read(path).digest, read(path).digest]

    path.write_text("name,maker\na,N\n", encoding="utf-8")

    assert before[0] == before[1] != read(path).digest


def test_no_path_is_one_clear_sentence() -> None:
    """A table has to be named."""
    with pytest.raises(DataError, match="needs a path"):
        read()
