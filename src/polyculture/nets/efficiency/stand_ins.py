"""What stands where a frozen part of a network was, and says what that part said before.

What never changes is computed once for each example. A stand-in is given the saved features of a
batch, in the thread that computes it, and hands them on.
"""

import threading
from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn
from transformers.modeling_outputs import BaseModelOutputWithPooling


class _Remembered(BaseModelOutputWithPooling):  # type: ignore[misc, unused-ignore]
    """The body's saved outputs. Fields that were not saved read as none."""

    def __getattr__(self, name: str) -> None:
        if name.startswith("_"):
            raise AttributeError(name)


class StandIn(nn.Module):
    """Hands on the features that its thread was given."""

    def __init__(self) -> None:
        super().__init__()
        self._given = threading.local()  # each thread has its own batch

    def give(self, features: Tensor | None) -> None:
        """Set the features of this thread's batch."""
        self._given.features = features

    @property
    def features(self) -> Tensor:
        """Those of this thread's batch."""
        features: Tensor = self._given.features
        return features


class CachedBody(StandIn):
    """Stands in for a whole body; keeps a pooler that still learns."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.pooler = getattr(body, "pooler", None)
        self._activation = getattr(body, "pooler_activation", nn.Identity())
        self.config = body.config
        self._body = [body]  # in a list, so that its weights are not this module's

    def forward(self, *_: Any, **__: Any) -> BaseModelOutputWithPooling:
        """The features that this thread was given, and what a pooler makes of them."""
        return _Remembered(last_hidden_state=self.features, pooler_output=self._pooled())

    def _pooled(self) -> Tensor | None:
        if self.pooler is None:
            return None
        if not isinstance(self.pooler, nn.Linear):
            return self.pooler(self.features)  # type: ignore[no-any-return]
        # ALBERT's is a plain layer of the first token, with its activation beside it
        pooled: Tensor = self._activation(self.pooler(self.features[:, 0]))
        return pooled

    def _get_feature_vector_attention_mask(self, length: int, attention_mask: Tensor) -> Tensor:
        """Which vectors of a clip are no padding, as the body itself says it."""
        body: Any = self._body[0]
        mask: Tensor = body._get_feature_vector_attention_mask(length, attention_mask)  # noqa: SLF001  # transformers' only name for it
        return mask


class CachedBlock(StandIn):
    """Stands in for a block, the last of those that are frozen."""

    def __init__(self, block: nn.Module, *, in_tuple: bool) -> None:
        super().__init__()
        self._block = [block]  # in a list, so that its weights are not this module's
        self._in_tuple = in_tuple

    def forward(self, *_: Any, **__: Any) -> Tensor | tuple[Tensor, None]:
        """The features that this thread was given, in the form of the block's own output."""
        return (self.features, None) if self._in_tuple else self.features

    def __getattr__(self, name: str) -> Any:
        """What a body asks a block for, such as its kind of attention."""
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(self.__dict__["_block"][0], name)


class PassedBlock(CachedBlock):
    """Stands in for a block before that one, whose output nobody reads."""

    def forward(self, *given: Any, **named: Any) -> Tensor | tuple[Tensor, None]:
        """What came in, which PatchTST gives by its name."""
        hidden: Any = given[0] if given else named.get("hidden_states", named.get("hidden_state"))
        return (hidden, None) if self._in_tuple else hidden


def stand_ins_for(blocks: Sequence[nn.Module], *, in_tuple: bool) -> list[StandIn]:
    """One for each frozen block; the last hands on the features, those before it what comes in."""
    kinds = [PassedBlock] * (len(blocks) - 1) + [CachedBlock]
    return [kind(block, in_tuple=in_tuple) for kind, block in zip(kinds, blocks, strict=True)]


def swap(network: nn.Module, old: Sequence[nn.Module], new: Sequence[nn.Module]) -> None:
    """Replace modules inside a network, in place, wherever they are held.

    Example:
        >>> network = nn.Sequential(nn.Linear(1, 1), nn.ReLU())
        >>> swap(network, [network[1]], [nn.Tanh()])
        >>> network[1]
        Tanh()
    """
    places = {id(module): other for module, other in zip(old, new, strict=True)}
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if id(child) in places:
                setattr(module, name, places[id(child)])
