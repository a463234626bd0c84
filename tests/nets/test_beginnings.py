"""The beginning of a long text gives the tokens that the whole would give."""

import random
import time
from collections.abc import Callable

import polars as pl
import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from polyculture.checks.tiny import bytes_tokenizer, word_pieces
from polyculture.core.task import Context, Inventory
from polyculture.nets.reading.beginnings import beginnings, pair_beginnings
from polyculture.nets.reading.texts import encode_texts
from polyculture.nets.reading.words import encode_words

TEXTS = ["the cat sat on the mat, 1999!", "we like good films", "我喜欢这部电影", "aaaa aaa aa"] * 9
READ = 9
"""Tokens that are read; odd, so that pairs show who gets the last one."""
SPECIAL = ["<s>", "</s>", "<unk>", "<pad>"]
UNKNOWN = SPECIAL[2]


def _fast(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    names = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=64, **names)


def _unigram() -> PreTrainedTokenizerFast:
    """As SentencePiece of multilingual models: a whole Chinese sentence is one word to it."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=120, special_tokens=SPECIAL, unk_token=UNKNOWN, show_progress=False
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    return _fast(tokenizer)


def _pairs() -> PreTrainedTokenizerFast:
    """As Llama: the whole text, spaces included, is one word."""
    tokenizer = Tokenizer(models.BPE(unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    trainer = trainers.BpeTrainer(vocab_size=150, special_tokens=SPECIAL, show_progress=False)
    tokenizer.train_from_iterator(TEXTS, trainer)
    return _fast(tokenizer)


MAKERS: dict[str, Callable[[], PreTrainedTokenizerBase]] = {
    "word pieces": lambda: word_pieces(TEXTS),
    "bytes": lambda: bytes_tokenizer(TEXTS),
    "unigram": _unigram,
    "one word": _pairs,
}


@pytest.fixture(scope="module", params=MAKERS)
def tokenizer(request: pytest.FixtureRequest) -> PreTrainedTokenizerBase:
    return MAKERS[request.param]()


def text_of(rng: random.Random) -> str:
    """A text of up to ten thousand characters, of words that are hard to cut."""
    words = [_word(rng) for _ in range(rng.randint(1, 30))]
    text = rng.choice([" ", ""]).join(words)
    return text * (1 + 600 * rng.randint(1, 12) // len(text))


def _word(rng: random.Random) -> str:
    kind = rng.randrange(6)
    if kind == 0:
        return rng.choice(["the", "films,", "1999", "!", "aaaa", "é", "e\u0301", "😀", " ", "\n"])
    if kind == 1:
        return "".join(rng.choices("abcat ", k=rng.randint(1, 9)))
    if kind == 2:
        return "".join(rng.choices("我喜欢这部电影。", k=rng.randint(1, 30)))
    if kind == 3:
        return rng.choice("a喜") * rng.randint(1, 400)
    return " " * rng.randint(1, 1_000) if rng.random() < 0.1 else "cat"


def read(tokenizer: PreTrainedTokenizerBase, texts: list[str]) -> tuple[list[list[int]], int]:
    """What the network would read, and how many were cut."""
    batch = tokenizer(texts, truncation=True, max_length=READ, return_overflowing_tokens=True)
    owners = batch["overflow_to_sample_mapping"]
    ids: list[list[int]] = [batch["input_ids"][owners.index(row)] for row in range(len(texts))]
    return ids, sum(owners.count(row) > 1 for row in range(len(texts)))


@pytest.mark.slow
def test_the_first_tokens_are_those_of_the_whole(tokenizer: PreTrainedTokenizerBase) -> None:
    """And it is still seen that a text was cut."""
    rng = random.Random(1)  # noqa: S311  # no secret
    texts = [text_of(rng) for _ in range(30)]

    short = beginnings(texts, tokenizer, READ)

    assert read(tokenizer, short) == read(tokenizer, texts)
    assert sum(len(a) < len(b) for a, b in zip(short, texts, strict=True)) > 8


@pytest.mark.slow
def test_pairs_are_cut_as_the_whole_would_be(tokenizer: PreTrainedTokenizerBase) -> None:
    """The longer text loses its end, whichever of the two it is."""
    rng = random.Random(2)  # noqa: S311  # no secret
    long = [text_of(rng) for _ in range(4)]
    # one of two is long: of two long texts the library makes every pair of their pieces
    firsts = [*long, *["the cat"] * len(long)]
    seconds = [*["we like films"] * len(long), *long]

    short = pair_beginnings(firsts, seconds, tokenizer, READ)

    found, expected = (
        tokenizer(*both, truncation=True, max_length=READ)["input_ids"]
        for both in (short, (firsts, seconds))
    )
    assert found == expected


def test_a_long_text_becomes_short(tokenizer: PreTrainedTokenizerBase) -> None:
    """Of a million characters some hundred are read."""
    text = "the cat sat on the mat and we like good films. " * 20_000

    assert len(beginnings([text], tokenizer, READ)[0]) < 1_000


def test_a_text_that_is_read_from_its_end_stays_whole(tokenizer: PreTrainedTokenizerBase) -> None:
    """Its last tokens are wanted."""
    text = "the cat " * 10_000
    tokenizer.truncation_side = "left"
    try:
        assert beginnings([text], tokenizer, READ) == [text]
    finally:
        tokenizer.truncation_side = "right"


def test_a_word_of_a_million_letters_is_read_by_its_beginning() -> None:
    """One such word does not make ten thousand windows; the account tells of it."""
    rows = pl.DataFrame({"id": ["1"], "tokens": [["the", "a" * 1_000_000, "cat"]]})
    context = Context(
        settings=None, inventory=Inventory(), reader=bytes_tokenizer(TEXTS), longest=32
    )
    began = time.perf_counter()

    encoded = encode_words(rows, context, None)

    assert time.perf_counter() - began < 5
    words = [word for example in encoded.examples for word in example.places["words"]]
    assert sorted(words) == [0, 1, 2]
    assert len(encoded.examples) < 100
    assert "1 word was read up to 1000 characters." in encoded.notes


def test_rows_of_unknown_tokens_are_counted() -> None:
    """What is unknown or stands for no text says nothing."""
    rows = pl.DataFrame({"id": ["1", "2", "3"], "text": ["the cat", "Ω", "the Ω"]})
    context = Context(settings=None, inventory=Inventory(), reader=word_pieces(TEXTS), longest=16)

    encoded, nothing = encode_texts(rows, context, {}), encode_texts(rows[1:2], context, {})

    assert encoded.notes == ("1 of 3 texts hold nothing that the base knows.",)
    assert not encoded.unreadable
    assert nothing.unreadable.startswith("its only text holds nothing that the base knows")
