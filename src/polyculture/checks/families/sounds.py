"""Families that read sounds, at 8,000 samples a second as toy clips have."""

from typing import Any

from polyculture.checks.families.family import HEADS, LAYERS, LONGEST, WIDTH, Family

RATE = 8_000
FRAMES = 50
"""Vectors that a Whisper makes of the one second that it hears."""
BANDS = 20


def waves(**more: Any) -> dict[str, Any]:
    """Settings of a tiny model that hears waves, of any family."""
    return {
        "hidden_size": WIDTH,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "intermediate_size": 2 * WIDTH,
        "conv_dim": (WIDTH, WIDTH, WIDTH),
        "conv_kernel": (10, 8, 4),
        "conv_stride": (5, 8, 4),
        "num_conv_pos_embeddings": 16,
        "num_conv_pos_embedding_groups": 2,
        "classifier_proj_size": WIDTH,
        **more,
    }


def _wave_reader(*, masks: bool) -> dict[str, Any]:
    return {
        "feature_extractor_type": "Wav2Vec2FeatureExtractor",
        "sampling_rate": RATE,
        "do_normalize": True,
        "return_attention_mask": masks,
    }


SOUNDS: dict[str, Family] = {
    "whisper": Family(
        config="WhisperConfig",
        sizes=lambda vocabulary: {
            "vocab_size": vocabulary,
            "d_model": WIDTH,
            "encoder_layers": LAYERS,
            "decoder_layers": LAYERS,
            "encoder_attention_heads": HEADS,
            "decoder_attention_heads": HEADS,
            "encoder_ffn_dim": 2 * WIDTH,
            "decoder_ffn_dim": 2 * WIDTH,
            "num_mel_bins": BANDS,
            "max_source_positions": FRAMES,
            "max_target_positions": LONGEST // 2,
            "begin_suppress_tokens": None,
        },
        pieces="spoken",
        reads="sounds",
        reader={
            "feature_extractor_type": "WhisperFeatureExtractor",
            "sampling_rate": RATE,
            "feature_size": BANDS,
            "chunk_length": 1,
            "n_fft": 200,
            "hop_length": 80,
        },
    ),
    # as published: the base sizes have a norm over the whole clip and no mask, HuBERT's large one
    # has norms of each vector, and a mask
    "wav2vec2": Family(
        config="Wav2Vec2Config",
        sizes=lambda _: waves(feat_extract_norm="group"),
        pieces="none",
        reads="sounds",
        reader=_wave_reader(masks=False),
    ),
    "hubert": Family(
        config="HubertConfig",
        sizes=lambda _: waves(feat_extract_norm="layer", do_stable_layer_norm=True),
        pieces="none",
        reads="sounds",
        reader=_wave_reader(masks=True),
    ),
}
