"""Kinds of modules are told by what they compute, on real weights and on none."""

import functools
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from polyculture.nets.graph import kind_of, modules


class Root(nn.Module):
    """A norm by root mean square, as libraries write it."""

    def __init__(self, width: int, *, starts_at_zero: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(width) if starts_at_zero else torch.ones(width))
        self.starts_at_zero = starts_at_zero

    def forward(self, x: Tensor) -> Tensor:  # noqa: D102
        weight = 1 + self.weight if self.starts_at_zero else self.weight
        return weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)


class Centred(nn.Module):
    """A layer norm without a bias."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:  # noqa: D102
        return nn.functional.layer_norm(x, x.shape[-1:], self.weight)


class Scale(nn.Module):
    """One factor a channel, as in many networks for images."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(1e-6 * torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:  # noqa: D102
        return x * self.gamma


class Bare(nn.Module):
    """A norm without weights."""

    def forward(self, x: Tensor) -> Tensor:  # noqa: D102
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)


class Frozen(nn.Module):
    """A batch norm whose statistics never move."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("running_mean", torch.zeros(4))
        self.register_buffer("running_var", torch.ones(4))


class Called(nn.Module):
    """An activation that holds a function, and counts how often it is tried."""

    tried = 0

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:  # noqa: D102
        type(self).tried += 1
        return self.function(x)


KINDS: list[tuple[Callable[[], nn.Module], str]] = [
    (lambda: Root(8), "rms_norm"),
    (lambda: Root(8, starts_at_zero=True), "rms_norm"),
    (lambda: Centred(8), "layer_norm"),
    (lambda: Scale(8), "scale"),
    (lambda: nn.PReLU(8), "prelu"),
    (Bare, "rms_norm"),
    (Frozen, "batch_norm"),
    (lambda: Called(functools.partial(nn.functional.gelu, approximate="tanh")), "gelu_tanh"),
    (lambda: Called(lambda x: x * torch.sigmoid(1.702 * x)), "quick_gelu"),
    (lambda: Called(nn.functional.relu), "relu"),
    (nn.Mish, "mish"),
]


@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize(("make", "kind"), KINDS)
def test_a_leaf_is_told_by_what_it_does_even_without_weights(
    make: Callable[[], nn.Module], kind: str, device: str
) -> None:
    """A factor a channel is no norm; a norm is one whatever its weights are or begin with."""
    with torch.device(device):
        module = make()

    assert kind_of(module) == kind


def test_equal_leaves_of_one_network_are_tried_once() -> None:
    """A hundred layers with one activation cost as much as one; other settings are tried anew."""
    Called.tried = 0
    layers = [Called(nn.functional.silu) for _ in range(100)]
    other = Called(nn.functional.relu)

    kinds = [module.kind for module in modules(nn.Sequential(*layers, other))]

    assert kinds == ["block", *["silu"] * 100, "relu"]
    assert Called.tried <= 4
