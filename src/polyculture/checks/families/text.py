"""Families that read text."""

from typing import Any

from polyculture.checks.families.family import HEADS, LAYERS, LONGEST, WIDTH, Family


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


TEXT: dict[str, Family] = {
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
