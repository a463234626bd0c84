"""Families that read series, 16 values as toy histories have."""

from polyculture.checks.families.family import HEADS, LAYERS, WIDTH, Family

CONTEXT = 16

SERIES: dict[str, Family] = {
    "patchtst": Family(
        config="PatchTSTConfig",
        sizes=lambda _: {
            "d_model": WIDTH,
            "num_hidden_layers": LAYERS,
            "num_attention_heads": HEADS,
            "ffn_dim": 2 * WIDTH,
            "context_length": CONTEXT,
            "patch_length": CONTEXT // 2,
            "patch_stride": CONTEXT // 4,
            # as those that were trained to fill in what is masked, on several series at once
            "num_input_channels": 3,
            "do_mask_input": True,
        },
        pieces="none",
        reads="series",
    ),
}
