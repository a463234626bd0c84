"""ROUGE gives what published vectors and the package's own tests have."""

import numpy as np
import polars as pl
import pytest

from polyculture.core.values import Known
from polyculture.nets.text.words import cut
from polyculture.stats.texts.rouge import Rouge, score_summaries
from polyculture.stats.texts.sentences import passages, sentences

STEMMED, WORDS = Rouge("stemmed"), Rouge("words", cut)


@pytest.mark.parametrize(
    ("gold", "text", "expected"),
    [
        (["testing one two"], "testing one", (0.8, 0.6667, 0.8)),
        (["w1 w2 w3 w4 w5"], "w1 w2 w6 w7 w8\nw1 w3 w8 w9 w5", (0.5333, None, 0.5333)),
        # sentences in another order: ROUGE-L, and Lsum of one line, would be .5
        (["First sentence.\nSecond Sentence."], "Second sentence.\nFirst Sentence.", (1, None, 1)),
        (["First sentence. Second Sentence."], "Second sentence. First Sentence.", (1, None, 1)),
        (["first text", "first something"], "text first", (1, 0, 0.5)),
        (["今天天气很好"], "今天天气不好", (0, 0, 0)),
        ([""], "something", (0, 0, 0)),
        (["something"], "", (0, 0, 0)),
        (["something"], "/", (0, 0, 0)),
        (["something"], None, (0, 0, 0)),
        (["he tested the cats"], "testing cat", (0.6667, 0, 0.6667)),
    ],
)
def test_vectors(gold: list[str], text: str | None, expected: tuple[float | None, ...]) -> None:
    """Of the package's tests, and made with it; None is not in the source."""
    found = STEMMED.of(gold, text)

    for number, value in zip(found, expected, strict=True):
        assert value is None or number == pytest.approx(value, abs=5e-5)


@pytest.mark.parametrize(
    ("gold", "text", "first"),
    [
        ("今天天气很好", "今天天气不好", 10 / 12),
        ("Über Äpfel", "über äpfel!", 1.0),
        ("😀", "😀", 0.0),  # no letter, no token
        ("très bon", "bon 今", 0.5),
    ],
)
def test_words_of_any_script(gold: str, text: str, first: float) -> None:
    """The package's own tokenizer would see nothing, or parts of words."""
    assert WORDS.of([gold], text)[0] == pytest.approx(first)


def test_the_tokenizer_is_that_of_the_package() -> None:
    """Remembering stems changes nothing."""
    from rouge_score.tokenizers import DefaultTokenizer

    text = "The dogs' owners weren't running;  they've tested 3.5 ties, naïvely, ions AND ies_x."

    assert STEMMED.tokenize(text) == DefaultTokenizer(use_stemmer=True).tokenize(text)


def test_the_figures_of_a_set_are_means_with_intervals() -> None:
    """And the protocol says of how many references the best was taken."""
    rows = pl.DataFrame({"id": [str(n) for n in range(30)], "text": "A cat sat. Dogs bark."})
    gold = [["a cat sat"], ["a cat sat", "dogs bark", "nothing"]] * 15
    given = ["a cat sat" if n % 3 else None for n in range(30)]
    answers = rows.select("id").with_columns(pl.Series("answer", given, pl.String))

    scores = score_summaries(rows, gold, answers, STEMMED, split="test", notes={"cut_texts": 2})

    for score in scores.scores:
        assert isinstance(score.value, Known)
        assert score.value.number == pytest.approx(20 / 30)
        assert score.value.low is not None
        assert score.value.low < score.value.number
    assert [score.headline for score in scores.scores] == [True, False, False]
    assert scores.protocol["references"] == "1 to 3"
    assert scores.protocol["missing_answers"] == 10
    assert scores.protocol["cut_texts"] == 2
    assert str(scores.protocol["scorer"]) == "rouge-score 0.1.2"
    (table,) = scores.tables
    assert table.name == "oracle"
    assert table.rows[0]["rouge_1"] == pytest.approx(1.0)


def test_an_oracle_chooses_the_best_sentence() -> None:
    """No sentence has a better ROUGE-1; of no sentence it makes an empty text."""
    rng = np.random.default_rng(1)
    words = ["cat", "dog", "rain", "house", "tree", "boat"]
    texts = [
        " ".join(f"{' '.join(rng.choice(words, 3))}." for _ in range(4)).replace(". ", ".\n")
        for _ in range(20)
    ]
    for text in texts:
        gold = [" ".join(rng.choice(words, 4)) for _ in range(2)]
        every = [STEMMED.of(gold, sentence)[0] for sentence in sentences(text)]

        assert STEMMED.of(gold, STEMMED.best_passage(gold, text))[0] == pytest.approx(max(every))
    assert STEMMED.best_passage(["a"], " \n ") == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("One", ["One"]),
        ("It cost 3.5 dollars. She paid.", ["It cost 3.5 dollars.", "She paid."]),
        ("He said “no.” Then he left.", ["He said “no.”", "Then he left."]),
        ("真的吗？是的！好……", ["真的吗？", "是的！", "好……"]),
        ("a. b. c", ["a. b. c"]),
        ("😀 Fine! 😀 Ok.", ["😀 Fine!", "😀 Ok."]),
        ("Ada: Hi! Hello.\n\n Bo: Yes.", ["Ada: Hi! Hello.", "Bo: Yes."]),
        ("小明：你好。再见。\n小红：好。", ["小明：你好。再见。", "小红：好。"]),
    ],
)
def test_sentences_and_turns(text: str, expected: list[str]) -> None:
    """In scripts with and without spaces."""
    assert passages(text) == expected
