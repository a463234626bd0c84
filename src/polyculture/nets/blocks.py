"""The blocks of a transformer's body: layers of one kind that hidden states pass one by one."""

from collections.abc import Callable
from inspect import signature
from typing import Any

from torch import Tensor, nn

from polyculture.core.errors import RecipeError
from polyculture.nets.network import Network

HIDDEN = {"hidden_states", "hidden_state"}
"""What transformers calls the vectors that go into a block; the second in PatchTST."""


def blocks_of(body: nn.Module, *, purpose: str) -> list[nn.Module]:
    """The blocks in the order of the module graph; those of an encoder before its decoder's.

    Args:
        body: Of a network.
        purpose: What needs them, to begin a message with.

    Raises:
        RecipeError: There is none.
    """
    blocks = _blocks(body)
    if not blocks:
        msg = (
            f"{purpose} needs a transformer's blocks, but this base has none. Choose [adaptation] "
            "kind = 'full' or 'head_only'."
        )
        raise RecipeError(msg)
    return blocks


def pads_inside(body: nn.Module) -> bool:
    """Whether a body fills its inputs up by itself, as Longformer and BigBird do."""
    return any(hasattr(body, name) for name in ("_pad_to_window_size", "_pad_to_block_size"))


def has_stages(body: nn.Module) -> bool:
    """Whether its blocks are stages, whose vectors grow from one to the next, as in Swin.

    They pass on more than hidden states: of what size the picture is now.
    """
    return len({max(map(_normed, block.modules())) for block in _blocks(body)}) > 1


def _blocks(body: nn.Module) -> list[nn.Module]:
    stacks = [module for module in body.modules() if isinstance(module, nn.ModuleList)]
    blocks = [block for stack in stacks for block in stack if _takes_hidden(block)]
    inner = {id(part) for block in blocks for part in block.modules() if part is not block}
    return [block for block in blocks if id(block) not in inner]


def _normed(part: nn.Module) -> int:
    """How many numbers a layer scales each by itself, as norms of all names do; else 0."""
    weight = getattr(part, "weight", None)
    return weight.numel() if isinstance(weight, Tensor) and weight.ndim == 1 else 0


def stages_of(network: Network, *, purpose: str) -> list[list[nn.Parameter]]:
    """The body's weights in the order in which an input meets them: token vectors, then each block.

    What belongs to the task is left out, and so is what stands behind the last block.

    Args:
        network: With a transformer's body.
        purpose: What needs them, to begin a message with.

    Raises:
        RecipeError: The body has no blocks.
    """
    blocks = [list(block.parameters()) for block in blocks_of(network.body, purpose=purpose)]
    task = {id(weight) for weight in network.head_parameters()}
    weights = [weight for weight in network.body.parameters() if id(weight) not in task]
    first = next(place for place, weight in enumerate(weights) if weight is blocks[0][0])
    return [weights[:first], *blocks]


def _takes_hidden(block: nn.Module) -> bool:
    if next(iter(signature(block.forward).parameters), "") not in HIDDEN:
        return False
    kinds = [type(part) for part in block.modules()]
    # the convolutions that cut a wave into pieces give channels of frames, not vectors
    return nn.Conv1d not in kinds or nn.Linear in kinds


def with_hidden(output: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """What a block gave with its hidden states changed: alone, or the first of several.

    Example:
        >>> import torch
        >>> with_hidden((torch.ones(1), "rest"), lambda hidden: hidden + 1)
        (tensor([2.]), 'rest')
    """
    if isinstance(output, Tensor):
        return change(output)
    return (change(output[0]), *output[1:])
