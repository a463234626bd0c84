"""Two spellings of a name are one name; two names that look alike stay two."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from polyculture.core import parts
from polyculture.core.errors import DataError
from polyculture.zoo.tables.names import maker_key, model_key, spellings

if TYPE_CHECKING:
    from polyculture.core.cards import Cards

TABLE = "name,maker\na,Acme Inc.\nb,ACME\nc,ACME\nd,Bolt\ne,bolt\nf,Acme Research\n"


def makers(folder: Path, aliases: str = "", suffix: str = "csv", **settings: Any) -> list[str]:
    table = folder / "cards.csv"
    table.write_text(TABLE, encoding="utf-8")
    file = folder / f"aliases.{suffix}"
    file.write_text(aliases, encoding="utf-8")
    cards: Cards = parts.load("zoo.sources", "table").read(
        [table], aliases=file if aliases else None, **settings
    )
    return cards.table["maker"].to_list()


@pytest.mark.parametrize(
    ("key", "same"),
    [
        (model_key, ["LLaMA 2", "Llama-2", "llama_2", "ＬＬａＭＡ２"]),
        (model_key, ["GPT-2 (1.5B)", "gpt2 1.5b", "GPT 2 – 1.5B"]),
        (model_key, ["CC BY NC 4.0", "CC-BY-NC-4.0", "CC BY-NC 4.0"]),
        (maker_key, ["Runway AI, Inc.", "Runway AI", "RUNWAY-AI inc"]),
        (maker_key, ["LAION e.V.", "LAION"]),
        (maker_key, ["Upstage.ai", "Upstage AI"]),
        (maker_key, ["The University of Hong Kong", "University of Hong Kong"]),
        (maker_key, ["Kunlun Co., Ltd.", "Kunlun"]),
    ],
)
def test_case_signs_and_legal_forms_do_not_part_a_name(
    key: Callable[[str], str], same: list[str]
) -> None:
    """Each of these rows is one name."""
    assert len({key(name) for name in same}) == 1


@pytest.mark.parametrize(
    ("key", "different"),
    [
        (model_key, ["Command R", "Command R+"]),
        (model_key, ["PointNet", "PointNet++"]),
        (model_key, ["OPT-1.3B", "OPT-13B", "OPT-1 3B"]),
        (model_key, ["Llama 3.1", "Llama 3-1", "Llama 31"]),
        (model_key, ["か", "が"]),
        (maker_key, ["Google", "Google DeepMind", "DeepMind"]),
        (maker_key, ["Inc.", "Ltd."]),
        (maker_key, ["The", ""]),
    ],
)
def test_signs_that_tell_two_names_apart_are_kept(
    key: Callable[[str], str], different: list[str]
) -> None:
    """Each of these rows is as many names as it shows."""
    assert len({key(name) for name in different}) == len(different)


def test_the_most_common_spelling_wins_and_ties_go_by_code_point(tmp_path: Path) -> None:
    """Two of "ACME" beat one of "Acme Inc."; of "Bolt" and "bolt" the capital comes first."""
    assert makers(tmp_path) == ["ACME", "ACME", "ACME", "Bolt", "Bolt", "Acme Research"]


def test_without_resolution_names_stay_as_they_stand(tmp_path: Path) -> None:
    """Nothing is joined that a person did not ask for."""
    assert makers(tmp_path, resolve=False)[:3] == ["Acme Inc.", "ACME", "ACME"]


@pytest.mark.parametrize(
    ("suffix", "aliases"),
    [
        ("csv", "as_written,counted_as\nAcme Research,Acme\nACME,Acme\nbolt,bolt\n"),
        ("toml", '"Acme Research" = "Acme"\nACME = "Acme"\nbolt = "bolt"\n'),
    ],
)
def test_a_person_can_join_and_part_names(tmp_path: Path, suffix: str, aliases: str) -> None:
    """An alias names the whole group, and a name that is counted as itself stays apart."""
    found = makers(tmp_path, aliases, suffix)

    assert found == ["Acme", "Acme", "Acme", "Bolt", "bolt", "Acme"]


def test_an_alias_also_renames_models_and_parents(tmp_path: Path) -> None:
    """Two names that a person takes for one are one card and one parent."""
    table = tmp_path / "cards.csv"
    table.write_text("name,parents\nA,Root\nB,Roots\n", encoding="utf-8")
    aliases = tmp_path / "aliases.toml"
    aliases.write_text('Roots = "Root"\nB = "C"\n', encoding="utf-8")

    cards: Cards = parts.load("zoo.sources", "table").read([table], aliases=aliases)

    assert cards.table["name"].to_list() == ["A", "C"]
    assert cards.parents["parent"].to_list() == ["Root", "Root"]
    assert cards.joined == (("B", "C"), ("Roots", "Root"))


def test_a_numbered_card_is_no_spelling_of_another_model(tmp_path: Path) -> None:
    """The second model named "Owl" is told as "Owl (2)", and is not what "Owl2" means."""
    table = tmp_path / "cards.csv"
    table.write_text("name,maker,parents\nOwl,A,\nOwl,B,\nFinch,C,Owl2\n", encoding="utf-8")

    cards: Cards = parts.load("zoo.sources", "table").read([table])

    assert cards.table["name"].to_list() == ["Finch", "Owl", "Owl (2)"]
    assert cards.parents["parent"].to_list() == ["Owl2"]


def test_a_spelling_that_could_mean_two_fixed_names_is_left() -> None:
    """Nobody knows which of CaLM and CALM is meant by "calm"."""
    found = spellings({"calm": 1}, key=model_key, aliases={}, fixed={"CaLM", "CALM"})

    assert found == {"calm": "calm"}


@pytest.mark.parametrize(
    ("suffix", "text", "words"),
    [
        ("csv", "from,to\na,b\n", "expected the header as_written,counted_as"),
        ("csv", "as_written,counted_as\na\n", "expected two names a row"),
        ("csv", "as_written,counted_as\na,b\na,c\n", "counts 'a' as two different names"),
        ("csv", '"', "cannot be read as CSV"),
        ("toml", "a = 1\n", "expected a name in quotes for 'a'"),
        ("toml", "a\n", "cannot be read as TOML"),
    ],
)
def test_a_file_of_aliases_that_is_none_is_refused(
    tmp_path: Path, suffix: str, text: str, words: str
) -> None:
    """What a person asked for is never skipped."""
    with pytest.raises(DataError, match=words):
        makers(tmp_path, text, suffix)
