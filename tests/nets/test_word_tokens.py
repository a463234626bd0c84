"""Words that are given one by one have the pieces that they have within a text."""

from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from polyculture.checks.tiny import KINDS, Kind, tiny_base
from polyculture.core.task import WordSpaces
from polyculture.nets.build import open_tokenizer
from polyculture.nets.text.word_tokens import tokenize_words

TEXTS = ["Ada Berg lives in Oslo", "今天很好。今天在北京", "Berg, Ada"] * 4


def sentence_pieces(before: pre_tokenizers.PreTokenizer) -> PreTrainedTokenizerFast:
    """A small tokenizer of the SentencePiece kind."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = before
    tokenizer.train_from_iterator(
        TEXTS, trainers.BpeTrainer(vocab_size=200, special_tokens=["<pad>"], show_progress=False)
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>")  # noqa: S106


METASPACE = pre_tokenizers.Metaspace()
SPLIT = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])


@pytest.mark.parametrize("before", [METASPACE, SPLIT], ids=["metaspace", "split"])
def test_a_chinese_character_has_no_space_before_it(before: pre_tokenizers.PreTokenizer) -> None:
    """It is one piece and not two, of which the first would say nothing."""
    tokenizer = sentence_pieces(before)

    encoded = tokenize_words(tokenizer, [["今", "天", "Oslo", "很", "。"]], spaces="as_in_text")

    pieces = tokenizer.convert_ids_to_tokens(encoded["input_ids"][0])
    firsts = [encoded.word_ids(0).index(word) for word in range(5)]
    assert [pieces[place][0] for place in firsts] == ["今", "天", "▁", "很", "。"]
    assert "▁" not in pieces


@pytest.mark.parametrize("before", [METASPACE, SPLIT], ids=["metaspace", "split"])
def test_spaced_words_and_the_tokenizer_stay_as_they_were(
    before: pre_tokenizers.PreTokenizer,
) -> None:
    """Words with spaces have the pieces that they have in a text, before and afterwards."""
    tokenizer = sentence_pieces(before)
    within = tokenizer("Ada Berg lives")["input_ids"]

    alone = tokenize_words(tokenizer, [["Ada", "Berg", "lives"]], spaces="as_in_text")["input_ids"][
        0
    ]

    assert alone == within
    assert tokenizer("Ada Berg lives")["input_ids"] == within
    assert str(tokenizer.backend_tokenizer.pre_tokenizer) == str(before)


@pytest.mark.parametrize("kind", KINDS)
def test_words_of_other_tokenizers_read_as_words_in_a_text(kind: Kind, tmp_path: Path) -> None:
    """Pieces of byte-level tokenizers carry their spaces, those of BERT have none."""
    tokenizer = open_tokenizer(tiny_base(tmp_path / kind, kind, TEXTS))

    alone = tokenize_words(
        tokenizer, [["Ada", "Berg"]], spaces="as_in_text", add_special_tokens=False
    )

    assert alone["input_ids"][0] == tokenizer(" Ada Berg", add_special_tokens=False)["input_ids"]


@pytest.mark.parametrize("before", [METASPACE, SPLIT], ids=["metaspace", "split"])
def test_older_models_read_every_word_with_a_space(before: pre_tokenizers.PreTokenizer) -> None:
    """As they were trained, when words went straight into the tokenizer."""
    tokenizer = sentence_pieces(before)
    words = ["今", "天", "Oslo", "很", "。"]

    old = tokenize_words(tokenizer, [words], spaces="every_word")

    assert old["input_ids"] == tokenizer([words], is_split_into_words=True)["input_ids"]
    assert old["input_ids"] != tokenize_words(tokenizer, [words], spaces="as_in_text")["input_ids"]


def test_older_byte_level_models_see_a_space_before_chinese_punctuation(tmp_path: Path) -> None:
    """But none before Chinese words; newer ones see neither."""
    tokenizer = open_tokenizer(tiny_base(tmp_path / "bytes", "roberta", TEXTS))
    words = ["Ada", "今", "。"]

    def text(spaces: WordSpaces) -> str:
        found = tokenize_words(tokenizer, [words], spaces=spaces, add_special_tokens=False)
        return str(tokenizer.decode(found["input_ids"][0]))

    assert text("every_word") == " Ada今 。"
    assert text("as_in_text") == " Ada今。"


def test_an_empty_word_is_kept() -> None:
    """It has no piece, and the words behind it keep their numbers."""
    encoded = tokenize_words(sentence_pieces(METASPACE), [["今", "", "天"]], spaces="as_in_text")

    assert {0, 2} <= set(encoded.word_ids(0))
