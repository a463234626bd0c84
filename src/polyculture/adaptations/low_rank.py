"""Low-rank updates beside the base's matrices (LoRA), merged into them at the end.

Source: Hu et al. 2021, arXiv:2106.09685, by the library peft. The targets are found in the module
graph (every linear layer of the body), not in a list of known architectures.
"""

from typing import Any, Literal

from pydantic import Field

from polyculture.core.plugins import Adaptation
from polyculture.core.recipe import Settings


class LowRank(Settings):
    """Train two thin matrices beside each linear layer of the body, and the head."""

    kind: Literal["low_rank"] = "low_rank"
    rank: int = Field(default=8, ge=1)
    """Inner width of the thin matrices; at most the smaller side of the matrices beside them."""
    alpha: float = Field(default=16.0, gt=0)
    """The update is scaled by alpha / rank."""
    dropout: float = Field(default=0.05, ge=0, lt=1)
    """Share of the update's inputs that is dropped while training."""


def attach(network: Any, settings: LowRank) -> None:
    """Add the thin matrices, freeze the base, leave the head trainable.

    Raises:
        RecipeError: There is no matrix, the rank is larger than a side of one, or memory cannot
            hold it.
    """
    from torch import nn

    from polyculture.core.errors import RecipeError, need

    peft = need("peft", extra="train", purpose="Low-rank adaptation")
    new = {id(weight) for weight in network.head_parameters()}
    body = network.body
    targets = {
        name: module
        for name, module in body.named_modules()
        if isinstance(module, nn.Linear) and not any(id(w) in new for w in module.parameters())
    }
    if not targets:
        msg = (
            "Low rank adds to linear layers, but this base has none. Choose [adaptation] "
            "kind = 'full' or 'head_only'."
        )
        raise RecipeError(msg)
    _check_rank(settings.rank, targets, frozen=sum(w.numel() for w in body.parameters()))
    config = peft.LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=list(targets),
    )
    peft.inject_adapter_in_model(config, body)
    network.train_head_alone()
    for name, weight in body.named_parameters():
        if "lora_" in name:
            weight.requires_grad_(requires_grad=True)


def _check_rank(rank: int, targets: dict[str, Any], *, frozen: int) -> None:
    from polyculture.core.errors import RecipeError
    from polyculture.nets.efficiency.machine_memory import refuse_too_large

    for name, layer in targets.items():
        side = min(layer.in_features, layer.out_features)
        if rank > side:
            msg = (
                f"adaptation.rank = {rank:,} is larger than the smaller side of the matrix "
                f"{name!r} ({layer.out_features:,}×{layer.in_features:,}). Choose {side:,} or "
                "less, or adaptation 'full'."
            )
            raise RecipeError(msg)
    added = sum(rank * (layer.in_features + layer.out_features) for layer in targets.values())
    refuse_too_large(f"adaptation.rank = {rank:,}", added, frozen=frozen)


def merge(network: Any) -> None:
    """Add the updates to the base's matrices, so that the network is plain again."""
    from peft.tuners.lora import LoraLayer

    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, LoraLayer):
                child.merge()  # type: ignore[operator, unused-ignore]
                setattr(module, name, child.get_base_layer())


PLUGIN = Adaptation(
    settings=LowRank, learning_rate=1e-3, attach=attach, merge=merge, freezes_body=True
)
