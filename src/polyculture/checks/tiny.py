"""Tiny random bases of several architectures, made on the spot: what parts are checked on."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig,
    DistilBertConfig,
    LlamaConfig,
    PreTrainedTokenizerFast,
    RobertaConfig,
)
from transformers.models.auto.modeling_auto import AutoModel

Kind = Literal["bert", "distilbert", "roberta", "llama"]
KINDS: tuple[Kind, ...] = ("bert", "distilbert", "roberta", "llama")

WIDTH, LAYERS, HEADS, LONGEST, VOCABULARY = 32, 2, 4, 64, 600


def tiny_base(folder: Path, kind: Kind, texts: Sequence[str], *, seed: int = 1) -> Path:
    """Write a random base with its tokenizer as a plain Hugging Face folder.

    Args:
        folder: Where; it is made.
        kind: The architecture.
        texts: What the tokenizer learns its pieces from.
        seed: Seed of the weights.
    """
    tokenizer = word_pieces(texts) if kind in {"bert", "distilbert"} else bytes_tokenizer(texts)
    torch.manual_seed(seed)
    model = AutoModel.from_config(_configuration(kind, tokenizer))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _configuration(kind: Kind, tokenizer: PreTrainedTokenizerFast) -> Any:
    shared: dict[str, Any] = {
        "vocab_size": len(tokenizer),
        "pad_token_id": tokenizer.pad_token_id,
        "max_position_embeddings": LONGEST,
    }
    sizes = {
        "hidden_size": WIDTH,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "intermediate_size": 2 * WIDTH,
    }
    if kind == "distilbert":
        return DistilBertConfig(
            dim=WIDTH, n_layers=LAYERS, n_heads=HEADS, hidden_dim=2 * WIDTH, **shared
        )
    if kind == "roberta":  # counts positions from behind the padding number
        return RobertaConfig(**sizes, **shared | {"max_position_embeddings": LONGEST + 2})
    if kind == "llama":
        return LlamaConfig(**sizes, **shared, num_key_value_heads=2)
    return BertConfig(**sizes, **shared)


def word_pieces(texts: Sequence[str]) -> PreTrainedTokenizerFast:
    """A tokenizer of BERT's kind."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))  # noqa: S106
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(
        texts,
        trainers.WordPieceTrainer(
            vocab_size=VOCABULARY, special_tokens=special, show_progress=False
        ),
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",  # noqa: S106  # tokens of text
        unk_token="[UNK]",  # noqa: S106
        cls_token="[CLS]",  # noqa: S106
        sep_token="[SEP]",  # noqa: S106
        mask_token="[MASK]",  # noqa: S106
        model_max_length=LONGEST,
    )


def bytes_tokenizer(texts: Sequence[str]) -> PreTrainedTokenizerFast:
    """A byte-level tokenizer, of the kind of GPT-2."""
    special = ["<s>", "<pad>", "</s>", "<mask>"]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=VOCABULARY,
            special_tokens=special,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",  # noqa: S106
        eos_token="</s>",  # noqa: S106
        pad_token="<pad>",  # noqa: S106
        mask_token="<mask>",  # noqa: S106
        model_max_length=LONGEST,
    )
