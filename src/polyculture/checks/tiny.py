"""Tiny random bases of many families of transformers, made on the spot: what parts are tried on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast
from transformers.models.auto.modeling_auto import AutoModel

from polyculture.core.task import Reads

WIDTH, LAYERS, HEADS, LONGEST, VOCABULARY = 32, 2, 4, 64, 600
Pieces = Literal["words", "bytes", "unigram"]


@dataclass(frozen=True, kw_only=True)
class Family:
    """A kind of model, and how a tiny one is configured."""

    config: str
    """Name of its configuration in transformers."""
    sizes: Callable[[int], dict[str, Any]]
    """Size of the vocabulary to the settings of a tiny model."""
    pieces: Pieces = "words"
    """How its tokenizer cuts texts."""
    reads: Reads = "text"


def _encoder(vocabulary: int, **more: Any) -> dict[str, Any]:
    return {
        "vocab_size": vocabulary,
        "hidden_size": WIDTH,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "intermediate_size": 2 * WIDTH,
        "max_position_embeddings": LONGEST,
        **more,
    }


def _decoder(vocabulary: int, **more: Any) -> dict[str, Any]:
    return _encoder(vocabulary, num_key_value_heads=2, head_dim=WIDTH // HEADS, **more)


def _both(vocabulary: int, **more: Any) -> dict[str, Any]:
    layers = {f"{side}_layers": LAYERS for side in ("encoder", "decoder")}
    heads = {f"{side}_attention_heads": HEADS for side in ("encoder", "decoder")}
    widths = {f"{side}_ffn_dim": 2 * WIDTH for side in ("encoder", "decoder")}
    return {
        "vocab_size": vocabulary,
        "d_model": WIDTH,
        "max_position_embeddings": LONGEST,
        **layers,
        **heads,
        **widths,
        **more,
    }


FAMILIES: dict[str, Family] = {
    "bert": Family(config="BertConfig", sizes=_encoder),
    "distilbert": Family(
        config="DistilBertConfig",
        sizes=lambda vocabulary: {
            "vocab_size": vocabulary,
            "dim": WIDTH,
            "n_layers": LAYERS,
            "n_heads": HEADS,
            "hidden_dim": 2 * WIDTH,
            "max_position_embeddings": LONGEST,
        },
    ),
    "electra": Family(
        config="ElectraConfig", sizes=lambda vocabulary: _encoder(vocabulary, embedding_size=16)
    ),
    "albert": Family(
        config="AlbertConfig",
        sizes=lambda vocabulary: _encoder(vocabulary, embedding_size=16),
        pieces="unigram",
    ),
    "roberta": Family(
        config="RobertaConfig",
        sizes=lambda vocabulary: _encoder(vocabulary, max_position_embeddings=LONGEST + 2),
        pieces="bytes",
    ),
    "xlm-roberta": Family(
        config="XLMRobertaConfig",
        sizes=lambda vocabulary: _encoder(vocabulary, max_position_embeddings=LONGEST + 2),
        pieces="unigram",
    ),
    "deberta-v2": Family(
        config="DebertaV2Config",
        sizes=lambda vocabulary: _encoder(
            vocabulary,
            relative_attention=True,
            position_buckets=16,
            pos_att_type=["p2c", "c2p"],
            share_att_key=True,
            position_biased_input=False,
            norm_rel_ebd="layer_norm",
            pooler_hidden_size=WIDTH,
        ),
        pieces="unigram",
    ),
    "modernbert": Family(
        config="ModernBertConfig",
        sizes=lambda vocabulary: _encoder(vocabulary, local_attention=8),
        pieces="bytes",
    ),
    "gpt2": Family(
        config="GPT2Config",
        sizes=lambda vocabulary: {
            "vocab_size": vocabulary,
            "n_embd": WIDTH,
            "n_layer": LAYERS,
            "n_head": HEADS,
            "n_positions": LONGEST,
        },
        pieces="bytes",
    ),
    "llama": Family(config="LlamaConfig", sizes=_decoder, pieces="bytes"),
    "qwen3": Family(config="Qwen3Config", sizes=_decoder, pieces="bytes"),
    "gemma3": Family(
        config="Gemma3TextConfig",
        sizes=lambda vocabulary: _decoder(vocabulary, sliding_window=16),
        pieces="unigram",
    ),
    "t5": Family(
        config="T5Config",
        sizes=lambda vocabulary: {
            "vocab_size": vocabulary,
            "d_model": WIDTH,
            "d_kv": WIDTH // HEADS,
            "d_ff": 2 * WIDTH,
            "num_layers": LAYERS,
            "num_heads": HEADS,
        },
        pieces="unigram",
    ),
    "bart": Family(config="BartConfig", sizes=_both, pieces="bytes"),
    "marian": Family(config="MarianConfig", sizes=_both, pieces="unigram"),
}
"""The families that read text."""
KINDS = ("bert", "distilbert", "roberta", "llama")
"""One of each way to cut texts and to read them, for what need not be tried on all."""
Kind = str
"""The name of a family."""


def tiny_base(folder: Path, kind: Kind, texts: Sequence[str], *, seed: int = 1) -> Path:
    """Write a random base with its tokenizer as a plain Hugging Face folder.

    Args:
        folder: Where; it is made.
        kind: One of ``FAMILIES``.
        texts: What the tokenizer learns its pieces from.
        seed: Seed of the weights.
    """
    family = FAMILIES[kind]
    tokenizer = {"words": word_pieces, "bytes": bytes_tokenizer, "unigram": unigram_pieces}[
        family.pieces
    ](texts)
    torch.manual_seed(seed)
    model = AutoModel.from_config(_configuration(family, tokenizer))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _configuration(family: Family, tokenizer: PreTrainedTokenizerFast) -> Any:
    stop = tokenizer.eos_token_id
    known = {
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": stop,
        "cls_token_id": tokenizer.cls_token_id,
        "sep_token_id": tokenizer.sep_token_id,
        "decoder_start_token_id": tokenizer.pad_token_id,
        "forced_eos_token_id": stop,
    }
    kind = getattr(transformers, family.config)
    asked = {name: value for name, value in known.items() if value is not None}
    return kind(**family.sizes(len(tokenizer)), **asked)


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


def unigram_pieces(texts: Sequence[str]) -> PreTrainedTokenizerFast:
    """A tokenizer of SentencePiece's kind, whose pieces carry the space before a word."""
    special = ["<pad>", "</s>", "<unk>", "<s>", "<mask>"]
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.train_from_iterator(
        texts,
        trainers.UnigramTrainer(
            vocab_size=VOCABULARY,
            special_tokens=special,
            unk_token="<unk>",  # noqa: S106  # tokens of text
            show_progress=False,
        ),
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",  # noqa: S106
        eos_token="</s>",  # noqa: S106
        unk_token="<unk>",  # noqa: S106
        bos_token="<s>",  # noqa: S106
        mask_token="<mask>",  # noqa: S106
        model_max_length=LONGEST,
    )
