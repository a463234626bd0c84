"""Two optimizers that move different weights of one network, as if they were one."""

from collections.abc import Iterator, MutableMapping, Sequence
from typing import Any

import torch
from torch import Tensor


class Joined:
    """Optimizers side by side, each with weights of its own."""

    def __init__(self, optimizers: Sequence[torch.optim.Optimizer]) -> None:
        self.optimizers = optimizers
        self.state = _States(optimizers)

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups of all of them, in their order; to change one's rate is to change it there."""
        return [group for optimizer in self.optimizers for group in optimizer.param_groups]

    def step(self) -> None:
        """One step of each."""
        for optimizer in self.optimizers:
            optimizer.step()

    def zero_grad(self, *, set_to_none: bool = True) -> None:
        """No weight has a gradient."""
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=set_to_none)


class _States(MutableMapping[Tensor, Any]):
    """What each optimizer remembers, by weight."""

    def __init__(self, optimizers: Sequence[torch.optim.Optimizer]) -> None:
        self.owners = {
            weight: optimizer.state
            for optimizer in optimizers
            for group in optimizer.param_groups
            for weight in group["params"]
        }

    def __getitem__(self, weight: Tensor) -> Any:
        return dict.__getitem__(self.owners[weight], weight)  # a defaultdict would make an entry

    def __setitem__(self, weight: Tensor, state: Any) -> None:
        self.owners[weight][weight] = state

    def __delitem__(self, weight: Tensor) -> None:
        del self.owners[weight][weight]

    def __iter__(self) -> Iterator[Tensor]:
        return (weight for weight, state in self.owners.items() if weight in state)

    def __len__(self) -> int:
        return sum(1 for _ in self)
