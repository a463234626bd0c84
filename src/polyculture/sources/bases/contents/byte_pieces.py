"""A tokenizer that loses nothing: byte-level pieces, learnt from a task's own training texts.

What a network writes has to be turned back into text with its capitals, accents and spaces, in any
script. Pieces of bytes can spell everything, so there is no unknown piece. A space is put before
every text, so that a word has the same pieces wherever it stands; decoding takes it away again.

Source: byte-pair encoding, Sennrich et al. 2016, arXiv:1508.07909; on bytes, Radford et al. 2019.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from polyculture.core.errors import need
from polyculture.nets.text.words import shorten_runs

PAD, END = SPECIAL = ("<pad>", "</s>")
LEAST = 2
"""How often two pieces must meet to become one."""
LONGEST_RUN = 1_000
"""Longer runs of letters teach nothing, and learning from them takes hours."""


def learn_byte_pieces(texts: Sequence[Sequence[str]], most: int) -> Any:
    """A tokenizer of at most so many pieces; the same texts give the same ones.

    Args:
        texts: Lists of texts.
        most: Number of pieces at most, those of single bytes and the special ones among them.

    Example:
        >>> tokenizer = learn_byte_pieces([["Low lower LOWEST"], ["我喜欢 Ärger"]], 300)
        >>> tokenizer.decode(tokenizer.encode("Ärger, lower  我!").ids)
        'Ärger, lower  我!'
    """
    tokenizers = need("tokenizers", extra="train", purpose="Making a tokenizer")
    byte_level = tokenizers.pre_tokenizers.ByteLevel
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = byte_level(add_prefix_space=True)
    tokenizer.decoder = tokenizers.decoders.Sequence(
        [tokenizers.decoders.ByteLevel(), tokenizers.decoders.Strip(" ", 1, 0)]
    )
    tokenizer.train_from_iterator(
        _parts(texts),
        tokenizers.trainers.BpeTrainer(
            vocab_size=most,
            min_frequency=LEAST,
            special_tokens=list(SPECIAL),
            initial_alphabet=byte_level.alphabet(),
            show_progress=False,
        ),
    )
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single=f"$A {END}",
        pair=f"$A {END} $B {END}",
        special_tokens=[(END, tokenizer.token_to_id(END))],
    )
    return tokenizer


def _parts(texts: Sequence[Sequence[str]]) -> Iterator[str]:
    return (shorten_runs(part, LONGEST_RUN) for text in texts for part in text)


def write_byte_pieces(folder: Path, tokenizer: Any, *, longest: int) -> None:
    """Write the tokenizer so that any reader of Hugging Face folders opens it.

    Args:
        folder: Where ``tokenizer.json`` and ``tokenizer_config.json`` go.
        tokenizer: From ``learn_byte_pieces``.
        longest: Longest input in tokens.
    """
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": longest,
        "model_input_names": ["input_ids", "attention_mask"],
        "clean_up_tokenization_spaces": False,  # it would take spaces that are in the text
        "pad_token": PAD,
        "eos_token": END,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=1), encoding="utf-8")
