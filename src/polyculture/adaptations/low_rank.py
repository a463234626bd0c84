"""Low-rank updates beside the base's matrices (LoRA), merged into them at the end.

Source: Hu et al. 2021, arXiv:2106.09685; with magnitudes Liu et al. 2024, DoRA, arXiv:2402.09353;
by the library peft. Every linear layer of the body is updated.
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
    magnitudes: bool = False
    """Also train the length of each row of the updated matrices (DoRA): closer to full
    fine-tuning at small ranks, and slower."""


def attach(network: Any, settings: LowRank) -> None:
    """Add the thin matrices, freeze the base, leave the head trainable.

    Raises:
        RecipeError: There is no matrix, the rank is larger than a side of one, or memory cannot
            hold it.
    """
    from polyculture.core.errors import need
    from polyculture.nets.added_layers import inject, linear_layers

    peft = need("peft", extra="train", purpose="Low-rank adaptation")
    targets = linear_layers(network, purpose="Low rank")
    frozen = sum(weight.numel() for weight in network.body.parameters())
    _check_rank(settings.rank, targets, frozen=frozen)
    config = peft.LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        use_dora=settings.magnitudes,
        target_modules=list(targets),
    )
    inject(network, config, named="lora_")


def _check_rank(rank: int, targets: dict[str, Any], *, frozen: int) -> None:
    from polyculture.core.errors import RecipeError
    from polyculture.nets.efficiency.machine_memory import refuse_too_large

    for name, layer in targets.items():
        rows, columns = layer.weight.shape
        side = min(rows, columns)
        if rank > side:
            msg = (
                f"adaptation.rank = {rank:,} is larger than the smaller side of the matrix "
                f"{name!r} ({rows:,}×{columns:,}). Choose {side:,} or less, "
                "or adaptation 'full'."
            )
            raise RecipeError(msg)
    added = sum(rank * sum(layer.weight.shape) for layer in targets.values())
    refuse_too_large(f"adaptation.rank = {rank:,}", added, frozen=frozen)


def merge(network: Any) -> None:
    """Add the updates to the base's matrices, so that the network is plain again."""
    from polyculture.nets.added_layers import merge_layers

    merge_layers(network)


PLUGIN = Adaptation(
    settings=LowRank, learning_rate=1e-3, attach=attach, merge=merge, freezes_body=True
)
