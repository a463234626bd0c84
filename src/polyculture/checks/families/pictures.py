"""Families that read pictures, grey ones of 8 by 8 pixels as toy pictures are."""

from typing import Any

from polyculture.checks.families.family import HEADS, LAYERS, WIDTH, Family

SIDE = 8
READER: dict[str, Any] = {
    "image_processor_type": "ViTImageProcessor",
    "do_resize": True,
    "size": {"height": SIDE, "width": SIDE},
    "resample": 2,
    "do_rescale": True,
    "rescale_factor": 1 / 255,
    "do_normalize": True,
    "image_mean": [0.5],
    "image_std": [0.5],
}


def _family(config: str, **sizes: Any) -> Family:
    """A family of one colour; pictures have no vocabulary that sizes could depend on."""
    return Family(
        config=config,
        sizes=lambda _: {"num_channels": 1, **sizes},
        pieces="none",
        reads="pictures",
        reader=READER,
    )


PICTURES: dict[str, Family] = {
    "vit": _family(
        "ViTConfig",
        hidden_size=WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        intermediate_size=2 * WIDTH,
        image_size=SIDE,
        patch_size=SIDE // 2,
    ),
    "resnet": _family(
        "ResNetConfig",
        embedding_size=WIDTH // 2,
        hidden_sizes=[WIDTH // 2, WIDTH],
        depths=[1, 1],
        layer_type="basic",
    ),
    "convnext": _family(
        "ConvNextConfig",
        image_size=SIDE,
        patch_size=2,
        num_stages=2,
        hidden_sizes=[WIDTH // 2, WIDTH],
        depths=[1, 1],
    ),
    "swin": _family(
        "SwinConfig",
        image_size=SIDE,
        patch_size=2,
        embed_dim=WIDTH // 2,
        depths=[1, 1],
        num_heads=[2, 4],
        window_size=2,
    ),
}
