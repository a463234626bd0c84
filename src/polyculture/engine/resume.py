"""Checkpoints from which a killed training goes on as if nothing had happened.

A checkpoint is everything the next step depends on: the trained weights, the optimiser's moments,
the state of the random generator, the place in the plan of batches, and what early stopping
remembers. Tensors are safetensors; there is no pickle. A checkpoint is written under a new name,
then ``state.json`` is replaced to point to it, so that a kill at any moment leaves a whole one.
"""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.optim import AdamW

from polyculture.core.record import Record
from polyculture.store.folder import telling_of_disk, write_text

STATE = "state.json"


class Progress(Record):
    """Where a training stands, apart from tensors."""

    step: int = 0
    """Steps taken."""
    seconds: float = 0.0
    """Time spent so far, over all interruptions."""
    evaluations: int = 0
    best_score: float | None = None
    best_loss: float | None = None
    best_step: int = 0
    stale: int = 0
    """Evaluations since the best one."""
    stopped: str = ""
    """Why training ended; empty while it goes on."""
    loss_sum: float = 0.0
    """Training loss since the last evaluation, summed over steps."""
    loss_steps: int = 0
    peak_memory_mb: float = 0.0


def save(
    folder: Path,
    progress: Progress,
    weights: dict[str, nn.Parameter],
    optimiser: AdamW,
    best: dict[str, Tensor],
) -> None:
    """Write a checkpoint into ``folder``; older ones are removed once the new one counts.

    The best weights have a file of their own that is only written when they changed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    current = f"step-{progress.step}.safetensors"
    best_file = f"best-{progress.best_step}.safetensors"
    tensors = {f"weight.{name}": value.detach().contiguous() for name, value in weights.items()}
    for name, value in weights.items():
        for key, moment in optimiser.state.get(value, {}).items():
            tensors[f"optimiser.{key}.{name}"] = moment.contiguous()
    tensors["random"] = torch.get_rng_state()
    with telling_of_disk(folder):
        _write(tensors, folder / current)
        if not (folder / best_file).exists():
            _write({name: value.contiguous() for name, value in best.items()}, folder / best_file)
    state = {"progress": progress.model_dump(), "weights": current, "best": best_file}
    write_text(folder / STATE, json.dumps(state))
    for path in folder.glob("*.safetensors"):
        if path.name not in {current, best_file}:
            path.unlink()


def _write(tensors: dict[str, Tensor], path: Path) -> None:
    unfinished = path.with_suffix(".unfinished")
    save_file(tensors, unfinished)
    unfinished.replace(path)


def load(
    folder: Path, weights: dict[str, nn.Parameter], optimiser: AdamW
) -> tuple[Progress, dict[str, Tensor]] | None:
    """Put a checkpoint's tensors back; none where there is no checkpoint yet.

    Returns:
        Where the training stood, and the best weights so far.
    """
    if not (folder / STATE).exists():
        return None
    state: dict[str, Any] = json.loads((folder / STATE).read_text(encoding="utf-8"))
    tensors = load_file(folder / state["weights"])
    with torch.no_grad():
        for name, weight in weights.items():
            weight.copy_(tensors[f"weight.{name}"])
            moments = {
                key: tensors[f"optimiser.{key}.{name}"]
                for key in ("step", "exp_avg", "exp_avg_sq")
                if f"optimiser.{key}.{name}" in tensors
            }
            if moments:
                optimiser.state[weight] = moments
    torch.set_rng_state(tensors["random"])
    return Progress.model_validate(state["progress"]), load_file(folder / state["best"])
