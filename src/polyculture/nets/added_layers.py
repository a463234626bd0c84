"""What peft adds to the linear layers of a body: where it goes, and how it is merged at the end."""

import warnings
from typing import Any

from torch import nn
from transformers.pytorch_utils import Conv1D

from polyculture.core.errors import RecipeError
from polyculture.nets.network import Network


def linear_layers(network: Network, *, purpose: str) -> dict[str, nn.Linear | Conv1D]:
    """The linear layers of the body by name, without those that belong to the task.

    GPT-2 and its kin keep theirs as ``Conv1D``, a linear layer whose matrix lies transposed. A
    layer that shares its weights with a table of tokens is left out too: what is merged into it
    would change the table. They are found in the module graph, not in a list of architectures.

    Args:
        network: Before anything was added.
        purpose: What needs them, to begin a message with.

    Raises:
        RecipeError: There is none.
    """
    new = {id(weight) for weight in network.head_parameters()}
    new |= {id(m.weight) for m in network.modules() if isinstance(m, nn.Embedding)}
    layers = {
        name: module
        for name, module in network.body.named_modules()
        if isinstance(module, (nn.Linear, Conv1D))
        and not any(id(w) in new for w in module.parameters())
    }
    if not layers:
        msg = (
            f"{purpose} adds to linear layers, but this base has none. Choose [adaptation] "
            "kind = 'full' or 'head_only'."
        )
        raise RecipeError(msg)
    return layers


def inject(network: Network, config: Any, *, named: str) -> None:
    """Add what a configuration of peft says; train it and the head, freeze everything else.

    Args:
        network: To add to.
        config: Of peft, with its targets.
        named: What names of the weights that it adds hold.
    """
    import peft

    body: Any = network.body
    with warnings.catch_warnings():  # it sees by itself how each layer's matrix lies
        warnings.filterwarnings("ignore", message="fan_in_fan_out is set to")
        peft.inject_adapter_in_model(config, body)
    network.train_head_alone()
    for name, weight in body.named_parameters():
        if named in name:
            weight.requires_grad_(requires_grad=True)


def merge_layers(network: Network) -> None:
    """Merge all that peft added into the base's matrices, so that the network is plain again."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    for module in list(network.modules()):
        children: dict[str, Any] = dict(module.named_children())
        for name, child in children.items():
            if isinstance(child, BaseTunerLayer):
                child.merge()
                setattr(module, name, child.get_base_layer())
