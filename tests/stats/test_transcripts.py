"""Error rates of transcripts are jiwer's, row by row and in all, and what is missing is wrong."""

import jiwer
import numpy as np
import polars as pl
import pytest

from polyculture.core.values import Known, Undefined
from polyculture.nets.text.normalised import normalised
from polyculture.stats.texts.transcripts import errors, score_transcripts, transcript_grades

VECTORS = [
    (["the cat sat"], ["the cat sat down"], 1 / 3),
    (["hello world"], ["hello duck"], 0.5),
    (["a b", "c d e"], ["a b", "c e"], 0.2),
    (["Hello, World!"], ["hello world"], 1.0),
    (["a"], ["a b c"], 2.0),
]


def scored(gold: list[str], said: list[str | None], leads: str = "wer") -> dict[str, object]:
    rows = pl.DataFrame({"id": [str(n) for n in range(len(gold))]})
    found = score_transcripts(rows, gold, said, leads=leads, split="test", notes={"told": 1})  # type: ignore[arg-type]
    assert [score.name for score in found.scores if score.headline] == [leads]
    return {score.name: score.value for score in found.scores} | {"protocol": found.protocol}


@pytest.mark.parametrize(("gold", "said", "rate"), VECTORS)
def test_word_error_rates_are_those_of_jiwer(gold: list[str], said: list[str], rate: float) -> None:
    """Case and punctuation count where nothing is normalised; errors may outnumber words."""
    value = scored(gold, [*said])["wer"]

    assert isinstance(value, Known)
    assert value.number == pytest.approx(rate)
    assert value.number == pytest.approx(jiwer.wer(gold, said))


def test_an_empty_right_text_has_errors_and_no_rate() -> None:
    """The row counts what was put in; a score of such rows alone is undefined."""
    assert errors([""], ["a"], "wer").tolist() == [[1.0, 0.0]]
    assert jiwer.wer("", "a") == 1
    value = scored([""], ["a"])["wer"]
    assert isinstance(value, Undefined)
    assert value.reason == "the right texts hold nothing to compare with"


def test_character_error_rates_are_those_of_jiwer() -> None:
    """Also for Chinese and emoji."""
    for gold, said in (("abc", "abx"), ("我喜欢狗", "我喜欢猫"), ("ok 👍🏽", "ok 👍")):
        value = scored([gold], [said], "cer")["cer"]
        assert isinstance(value, Known)
        assert value.number == pytest.approx(jiwer.cer(gold, said))


def test_what_is_missing_is_wrong_and_counted() -> None:
    """All its words are errors, and its grade is 0 even where the right text is empty."""
    found = scored(["a b", "c"], [None, "c"])

    assert isinstance(found["wer"], Known)
    assert found["wer"].number == pytest.approx(2 / 3)
    protocol = found["protocol"]
    assert isinstance(protocol, dict)
    assert protocol["missing_answers"] == 1
    assert (protocol["scorer"], protocol["words"], protocol["told"]) == ("jiwer", 3, 1)
    assert transcript_grades(["a b", ""], [None, None], "wer") == [0.0, 0.0]


def test_intervals_hold_the_score() -> None:
    """Rounds of the bootstrap are sums of the rows' errors."""
    rng = np.random.default_rng(1)
    gold = ["one two three"] * 60
    said: list[str | None] = [str(s) for s in rng.choice([gold[0], "one two", "six"], 60)]

    value = scored(gold, said)["wer"]

    assert isinstance(value, Known)
    assert value.low is not None
    assert value.high is not None
    assert 0 < value.low < value.number < value.high < 1


def test_texts_are_brought_to_one_form() -> None:
    """Each rule does what its name says, also without spaces, with accents, marks and emoji."""
    texts = ["It’s rock'n'roll — ÉTÉ!", "你好，世界。", "'no'", "👍", "", None]

    assert normalised(texts, "none") == texts
    assert normalised(texts, "lower") == ["its rocknroll été", "你好 世界", "no", "👍", "", None]
    assert normalised(["[noise] Mr. Smith's"], "whisper") == ["mr smith s"]


@pytest.mark.slow
def test_numbers_of_english_are_written_as_digits() -> None:
    """By Whisper's English normaliser, which also knows titles and contractions."""
    found = normalised(["Twenty-one dollars, Mr. Smith can't.", "zero"], "whisper_english")

    assert found == ["$21 mister smith can not", "0"]
