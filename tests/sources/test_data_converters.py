"""Corpora in their own formats become tables of ours, and every dropped row is counted."""

import io
import tarfile
from pathlib import Path

import polars as pl
import pytest

from polyculture.core.errors import StarterError
from polyculture.sources.starter.converters import (
    people_daily,
    ratings,
    reviews,
    reviews_zh,
    small_talk,
)
from polyculture.sources.starter.converters.people_daily import read_line

FILES = {
    "tweets": "1\t2.5\tSo lucky today\r\n2\t0.1\tA day\r\n3\t0.5\tso  LUCKY today\r\n",
    "movieReviewSnippets": "1\t-0.5\tToo tepid\r\n2\t1\tTwo faces\r\n3\t-1\ttwo faces\r\n",
    "amazonReviewSnippets": "1_1\t-0.9\tno picture\r\n1_2\t2\tworks now\r\n2_1\t2\tgood buy\r\n",
    "nytEditorialSnippets": "1_1\t-0.49\tOn Dec. 19\r\n7_2\t1.5\tmostly a holiday\r\n",
}


def rated_archive(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir()
    with tarfile.open(folder / "hutto_ICWSM_2014.tar.gz", "w:gz") as roll:
        for name, text in files.items():
            item = tarfile.TarInfo(f"hutto_ICWSM_2014/{name}_GroundTruth.txt")
            item.size = len(text.encode())
            roll.addfile(item, io.BytesIO(text.encode()))
    return folder


def test_reviews_keep_what_is_clearly_rated(tmp_path: Path) -> None:
    """Ratings at the bounds count, what lies between goes, and documents keep their snippets."""
    notes = reviews.convert(rated_archive(tmp_path / "in", FILES), tmp_path)
    rows = pl.read_parquet(tmp_path / "rows.parquet")

    assert rows.select("id", "label", "document").rows() == [
        ("tweets-1", "positive", "tweets-1"),
        ("movies-1", "negative", "movies-1"),
        ("amazon-1_1", "negative", "amazon-1"),
        ("amazon-1_2", "positive", "amazon-1"),
        ("amazon-2_1", "positive", "amazon-2"),
        ("nyt-7_2", "positive", "nyt-7"),
    ]
    assert rows["group"].unique(maintain_order=True).to_list() == list(reviews.DOMAINS)
    assert notes[0].startswith("2 of 11 rows lie between")
    assert notes[1].startswith("1 rows repeat")
    assert notes[2].startswith("2 rows have a text that is rated both ways")


def test_a_ragged_line_of_reviews_is_named(tmp_path: Path) -> None:
    """File and line."""
    broken = {**FILES, "tweets": "1\t2.5\tfine\n2\tno text\n"}

    with pytest.raises(StarterError, match=r"tweets_GroundTruth\.txt, line 2"):
        reviews.convert(rated_archive(tmp_path / "in", broken), tmp_path)


def test_chinese_reviews_lose_repeats_and_contradictions(tmp_path: Path) -> None:
    """A text in both files is neither positive nor negative."""
    (tmp_path / "pos.txt").write_text("很好\n不错 \n很好\n一般\n\n", encoding="utf-8")
    (tmp_path / "neg.txt").write_text("很差\n一般\n", encoding="utf-8")

    notes = reviews_zh.convert(tmp_path, tmp_path)
    rows = pl.read_parquet(tmp_path / "rows.parquet")

    assert rows.rows() == [
        ("positive-1", "很好", "positive"),
        ("positive-2", "不错", "positive"),
        ("negative-1", "很差", "negative"),
    ]
    assert notes[0].startswith("1 of 6 rows repeat")
    assert notes[1].startswith("2 rows have a text that stands in both")


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("江/nr  泽民/nr  在/p  北京/ns", [("江泽民", "PER"), ("北京", "LOC")]),
        ("李/nr  鹏/nr  乔/nr  石/nr", [("李鹏", "PER"), ("乔石", "PER")]),
        ("欧阳/nr  修/nr  说/v", [("欧阳修", "PER")]),
        ("叶利钦/nr  克林顿/nr", [("叶利钦", "PER"), ("克林顿", "PER")]),
        ("邓/nr  同志/n", [("邓", "PER")]),
        ("陈/nr  、/w  方/nr", [("陈", "PER"), ("方", "PER")]),
        ("新华社/nt  记者/n", [("新华社", "ORG")]),
        ("[中国/ns  科学院/n]nt  院士/n  周/nr", [("中国科学院", "ORG"), ("周", "PER")]),
        ("[北京/ns  大学/n]nz  里/f", [("北京", "LOC")]),
        ("１/m  /  /w  张/q", None),
    ],
)
def test_names_are_found_in_chinese_news(line: str, names: list[tuple[str, str]] | None) -> None:
    """Surnames take their given names, compounds their outer class."""
    if names is None:
        with pytest.raises(StarterError, match="line 9: expected words as word/class"):
            read_line(line, "line 9")
        return

    text, spans = read_line(line, "line 9")

    assert [(text[span.start : span.end], span.label) for span in spans] == names


def test_chinese_news_become_spans_of_raw_text(tmp_path: Path) -> None:
    """A repeated line goes, and neighbours share a document."""
    lines = ["上海/ns  来/v", "江/nr  泽民/nr  好/a", "上海/ns  来/v"]
    (tmp_path / "199801.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")

    notes = people_daily.convert(tmp_path, tmp_path)
    rows = pl.read_parquet(tmp_path / "rows.parquet")

    assert rows["text"].to_list() == ["上海来", "江泽民好"]
    assert rows["spans"].to_list() == [
        [{"start": 0, "end": 2, "label": "LOC"}],
        [{"start": 0, "end": 3, "label": "PER"}],
    ]
    assert rows["document"].to_list() == ["lines-1", "lines-1"]
    assert notes[0].startswith("1 of 3 lines repeat")


TALK = """
categories: [food]
conversations:
- - Is it good?
  - Yes
- - is it  good?
  - 'no'
- - Is it good?
  - Yes
- - Hello
  - Hi. Hungry?
  - Always.
- a question, and what was meant as its answer
- - Nobody answers
"""


def test_small_talk_becomes_turns(tmp_path: Path) -> None:
    """Words that YAML takes for truth values stay words; what nobody answers goes, and is told."""
    (tmp_path / "food.yml").write_text(TALK, encoding="utf-8")

    notes = small_talk.convert(tmp_path, tmp_path)
    rows = pl.read_parquet(tmp_path / "rows.parquet")
    said = [[(turn["role"], turn["content"]) for turn in talk] for talk in rows["messages"]]

    assert rows["id"].to_list() == ["food-1", "food-2", "food-4"]
    assert rows["document"].to_list() == ["is it good?", "is it good?", "hello"]
    assert set(rows["group"]) == {"food"}
    assert said == [
        [("user", "Is it good?"), ("assistant", "Yes")],
        [("user", "is it  good?"), ("assistant", "no")],
        [("user", "Hello"), ("assistant", "Hi. Hungry?")],
    ]
    assert notes[0].startswith("1 of 4 conversations repeat")
    assert notes[1].endswith("two turns or more (2), last turns that nobody answers (1).")
    assert notes[2].startswith("3 conversations on 1 topics stay")


@pytest.mark.parametrize("text", ["- a list", "conversations: none", "a: [", "a: b: c"])
def test_a_broken_file_of_small_talk_is_named(tmp_path: Path, text: str) -> None:
    """Not YAML, or no conversations."""
    (tmp_path / "food.yml").write_text(text, encoding="utf-8")

    with pytest.raises(StarterError, match=r"^food\.yml"):
        small_talk.convert(tmp_path, tmp_path)


def test_tables_of_ratings_keep_text_as_text(tmp_path: Path) -> None:
    """Ids stay text, ratings become numbers."""
    for suffix in ratings.TABLES:
        (tmp_path / f"ml.{suffix}").write_text("user_id:token\trating:float\n007\t3\n")

    ratings.convert(tmp_path, tmp_path)

    assert pl.read_parquet(tmp_path / "ratings.parquet").rows() == [("007", 3.0)]


def test_a_ragged_line_of_ratings_is_named(tmp_path: Path) -> None:
    """File and line."""
    (tmp_path / "ml.inter").write_text("user_id:token\trating:float\n1\t3\n2\n")

    with pytest.raises(StarterError, match=r"ml\.inter, line 3"):
        ratings.read_atomic(tmp_path / "ml.inter")
