"""EfficientNet-Lite0 pads as its weights expect, and has the published shape."""

import pytest
import torch

from polyculture.nets.bodies.efficientnet import (
    STAGES,
    Block,
    EfficientNetLite,
    SameConvolution,
    Stage,
)


def centre(kernel: int, stride: int) -> SameConvolution:
    """A convolution that hands on what lies under the middle of its window."""
    convolution = SameConvolution(1, 1, kernel, stride=stride)
    with torch.no_grad():
        convolution.weight.zero_()
        convolution.weight[0, 0, kernel // 2, kernel // 2] = 1
    return convolution


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "seen"),
    [
        # an even side: the odd row of padding lies at the end, so windows begin at the first pixel
        (4, 3, 2, [1, 3]),
        (6, 5, 2, [1, 3, 5]),
        # an odd side: padding on both ends, so windows lie around the first pixel
        (5, 3, 2, [0, 2, 4]),
        (5, 5, 2, [0, 2, 4]),
        (3, 3, 1, [0, 1, 2]),
        (3, 5, 1, [0, 1, 2]),
    ],
)
def test_the_odd_row_of_padding_lies_at_the_end(
    size: int, kernel: int, stride: int, seen: list[int]
) -> None:
    """TensorFlow's rule, worked out by hand; torch's own padding would see pixels 0 and 2 of 4."""
    pictures = torch.arange(float(size)).expand(1, 1, size, size)

    with torch.no_grad():
        found = centre(kernel, stride)(pictures)

    assert found[0, 0, 0].tolist() == seen


def test_a_block_adds_its_input_only_where_sizes_agree() -> None:
    """With all weights at nothing, what comes through is the input or nothing."""
    same, other = (Block(Stage(1, 3, 1, 2, width), channels=4, stride=1) for width in (4, 6))
    pictures = torch.ones(1, 4, 3, 3)
    for block in (same, other):
        torch.nn.init.zeros_(block.project.weight)
        block.eval()

    with torch.no_grad():
        assert torch.equal(same(pictures), pictures)
        assert not other(pictures).any()


def test_the_published_shape_is_met() -> None:
    """16 blocks, 4,652,008 weights, and a picture of 224 pixels is halved five times."""
    with torch.device("meta"):
        network = EfficientNetLite()
        pictures = torch.ones(1, 3, 224, 224)
        sizes = [network.stem(pictures)]
        for block in network.blocks:
            sizes.append(block(sizes[-1]))

    assert len(network.blocks) == sum(stage.blocks for stage in STAGES) == 16
    assert sum(weight.numel() for weight in network.parameters()) == 4_652_008
    assert sizes[-1].shape == (1, 320, 7, 7)
    assert network.vectors(pictures).shape == (1, 1280)
