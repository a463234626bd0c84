"""A tokenizer made from a task's own training texts: WordPiece, the same each time.

Texts are lower-cased and stripped of accents, and each Chinese character stands alone, as BERT's
uncased models have it. The library's trainer numbers the letters inside words in the order in which
a hash table gives them, which differs from process to process; numbering them beforehand makes
what it learns reproducible.
"""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from polyculture.core.errors import need
from polyculture.nets.text.words import shorten_runs

PAD, UNKNOWN, BEGIN, END, MASK = SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
INSIDE = "##"
LONGEST_WORD = 1_000
"""Longer words teach nothing: they become the unknown piece, and learning from them takes hours."""
LEAST = 2
"""How often two pieces must meet to become one."""


def learn_pieces(texts: Sequence[Sequence[str]], most: int) -> dict[str, int]:
    """Pieces of words and their numbers, the padding piece first.

    Args:
        texts: Lists of words, or of one text each.
        most: Number of pieces at most. Half of it is for single letters: of a script with more,
            the most frequent stay.

    Example:
        >>> pieces = learn_pieces([["low lower lowest"], ["newer", "wider"], ["我喜欢"]], 300)
        >>> [piece in pieces for piece in ("[PAD]", "low", "##er", "我")], pieces["[PAD]"]
        ([True, True, True, True], 0)
    """
    from tokenizers import Tokenizer, models, trainers

    words = _count_words(texts)
    letters = _frequent_letters(words, most // 2)
    usable = sorted(word for word in words if letters.issuperset(word))
    inside = sorted({INSIDE + letter for word in usable for letter in word[1:]})
    learner = Tokenizer(models.WordPiece(unk_token=UNKNOWN))
    learner.train_from_iterator(
        (word for word in usable for _ in range(words[word])),
        trainers.WordPieceTrainer(
            vocab_size=max(most, len(SPECIAL) + len(inside) + len(letters)),
            min_frequency=LEAST,
            special_tokens=[*SPECIAL, *inside],
            initial_alphabet=sorted(letters),
            show_progress=False,
        ),
    )
    pieces: dict[str, int] = learner.get_vocab(with_added_tokens=True)
    return dict(sorted(pieces.items(), key=lambda item: item[1]))


def _count_words(texts: Sequence[Sequence[str]]) -> Counter[str]:
    normaliser, cutter = _normaliser(), _cutter()
    words: Counter[str] = Counter()
    for text in texts:
        for part in text:
            plain = normaliser.normalize_str(shorten_runs(part, LONGEST_WORD + 1))
            pieces = cutter.pre_tokenize_str(plain)
            words.update(word for word, _ in pieces if len(word) <= LONGEST_WORD)
    return words


def _frequent_letters(words: Counter[str], most: int) -> set[str]:
    letters: Counter[str] = Counter()
    for word, count in words.items():
        for letter in word:
            letters[letter] += count
    return set(sorted(letters, key=lambda letter: (-letters[letter], letter))[:most])


def _normaliser() -> Any:
    normalizers = need("tokenizers", extra="train", purpose="Making a tokenizer").normalizers
    return normalizers.BertNormalizer(lowercase=True)


def _cutter() -> Any:
    from tokenizers import pre_tokenizers

    return pre_tokenizers.BertPreTokenizer()


def write_tokenizer(
    folder: Path, pieces: dict[str, int], *, longest: int, tells_pairs: bool
) -> None:
    """Write a fast tokenizer that any reader of Hugging Face folders opens.

    Args:
        folder: Where ``tokenizer.json`` and ``tokenizer_config.json`` go.
        pieces: From ``learn_pieces``.
        longest: Longest input in tokens.
        tells_pairs: The network wants to know which text of a pair a token belongs to.
    """
    from tokenizers import Tokenizer, decoders, models, processors

    tokenizer = Tokenizer(models.WordPiece(pieces, unk_token=UNKNOWN))
    tokenizer.normalizer = _normaliser()
    tokenizer.pre_tokenizer = _cutter()
    tokenizer.decoder = decoders.WordPiece(prefix=INSIDE)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BEGIN} $A {END}",
        pair=f"{BEGIN} $A {END} $B:1 {END}:1",
        special_tokens=[(piece, pieces[piece]) for piece in (BEGIN, END)],
    )
    tokenizer.add_special_tokens(list(SPECIAL))
    tokenizer.save(str(folder / "tokenizer.json"))
    inputs = ["input_ids", "token_type_ids", "attention_mask"]
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": longest,
        "model_input_names": inputs if tells_pairs else [inputs[0], inputs[2]],
        "pad_token": PAD,
        "unk_token": UNKNOWN,
        "cls_token": BEGIN,
        "sep_token": END,
        "mask_token": MASK,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=1), encoding="utf-8")
