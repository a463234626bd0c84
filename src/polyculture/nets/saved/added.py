"""Weights that an adaptation adds to a base and leaves beside it, saved and attached again.

The model's folder stays plain: it holds the weights of the base's own class. What was added lies
beside them in ``adaptation.safetensors``, under the names that it has in the network.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors.torch import save_file
from torch import Tensor

from polyculture.core.errors import ModelError
from polyculture.nets.network import Network
from polyculture.nets.saved.beside import read_beside
from polyculture.store.weight_files import ADDED

if TYPE_CHECKING:
    from polyculture.core.plugins import Adaptation


def attach(network: Network, adaptation: "Adaptation", settings: Any) -> None:
    """Apply an adaptation, and remember what it adds without merging it.

    Args:
        network: Opened from a base, or from the folder of a trained model.
        adaptation: Which weights move, and what is added.
        settings: Its settings in the recipe.

    Raises:
        ModelError: It renames weights of the base and does not merge what it adds, so that the
            saved folder would not be plain.
    """
    before = {name for name, _ in network.named_parameters()}
    adaptation.attach(network, settings)
    if adaptation.merge is not None:
        return
    after = [name for name, _ in network.named_parameters()]
    renamed = sorted(before - set(after))
    if renamed:
        msg = (
            f"The adaptation {settings.kind!r} renames {renamed[0]!r}, a weight of the base, and "
            "has no 'merge'. Add weights under names of their own, or merge them in the end."
        )
        raise ModelError(msg)
    network.added = tuple(name for name in after if name not in before)


def attach_saved(network: Network, adaptation: "Adaptation", settings: Any, folder: Path) -> None:
    """Attach what a run's adaptation has added, with the weights that it learnt.

    Args:
        network: Opened from the folder of the trained model.
        adaptation: As the run was trained.
        settings: Its settings in the recipe.
        folder: The model's.

    Raises:
        ModelError: The weights are missing, damaged, or of other sizes.
    """
    if adaptation.merge is not None:
        return
    attach(network, adaptation, settings)
    if not network.added:
        return
    weights = dict(network.named_parameters())
    needed = {name: weights[name].shape for name in network.added}
    for name, value in read_beside(folder / ADDED, needed, "adaptation").items():
        weights[name].data.copy_(value)


def save_added(network: Network, folder: Path) -> None:
    """Write what an adaptation has added, if it added anything."""
    if network.added:
        weights = dict(network.named_parameters())
        save_file({n: weights[n].detach().contiguous() for n in network.added}, folder / ADDED)


def without_added(network: Network) -> Mapping[str, Tensor]:
    """The weights of the base's own class, by its own names."""
    added = {name.removeprefix("model.") for name in network.added}
    state: Mapping[str, Tensor] = network.model.state_dict()
    return {name: value.contiguous() for name, value in state.items() if name not in added}
