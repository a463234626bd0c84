"""Checkpoints from which an interrupted training resumes as if nothing had happened.

A checkpoint is everything the next step depends on: the trained weights, the optimizer state, the
random state, the position in the plan of batches, and what early stopping remembers. Tensors are
safetensors; there is no pickle. ``step-N.safetensors`` is written first, then ``step-N.json``, so
that a kill at any moment leaves a whole checkpoint. The last two are kept: where the newer one is
damaged, the older one is resumed from.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from polyculture.core.record import Record
from polyculture.engine.regularize.averages import Averages
from polyculture.store.writing.disk import telling_of_disk
from polyculture.store.writing.folder import write_text

RECORD = re.compile(r"step-(\d+)\.json")
OURS = re.compile(r"(?:step|best)-\d+\.(?:json|safetensors|unfinished)")
KEPT = 2
DAMAGED = (FileNotFoundError, ValueError, KeyError, SafetensorError, ValidationError)
"""What reading a damaged checkpoint raises."""


class Progress(Record):
    """Where a training stands, apart from tensors."""

    step: int = 0
    """Steps taken."""
    seconds: float = 0.0
    """Time spent so far, over all interruptions."""
    share: float = 0.0
    """Share of the schedule that is behind: of its steps, or of its time where that is limited."""
    evaluations: int = 0
    best_score: float | None = None
    best_loss: float | None = None
    best_step: int = 0
    stale: int = 0
    """Evaluations since the best one."""
    stopped: str = ""
    """Why training ended; empty while it runs."""
    loss_sum: float = 0.0
    """Training loss since the last evaluation, summed over steps."""
    loss_steps: int = 0
    peak_memory_mb: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Start:
    """Where a training starts: at the beginning, or at a checkpoint that was read whole."""

    progress: Progress
    best: dict[str, Tensor]
    """The best weights so far."""
    damaged: tuple[int, ...] = ()
    """Steps of checkpoints that could not be read; they are gone."""


@dataclass(frozen=True, kw_only=True)
class TrainingState:
    """What changes from step to step, and is kept in checkpoints."""

    weights: Mapping[str, nn.Parameter]
    """What is trained, by name."""
    optimizer: Any
    averages: Averages = field(default_factory=lambda: Averages({}, 0.0))
    """Running means of the weights, if there are any."""


class Keeper:
    """Keeps the checkpoints of one training."""

    def __init__(
        self, folder: Path, state: TrainingState, *, steps: int, peak_mb: Callable[[], float]
    ) -> None:
        self.folder = folder
        self.state = state
        self.peak_mb = peak_mb
        """The most memory held so far where the network is, in megabytes."""
        self.steps = steps
        """Steps of the whole plan."""
        self.best_step: int | None = None
        """The step whose best weights this process wrote or read whole."""

    def load(self) -> Start:
        """Resume from the newest checkpoint that is whole; see ``load``."""
        start = load(self.folder, self.state, self.steps)
        self.best_step = start.progress.best_step if start.best else None
        return start

    def save(self, progress: Progress, best: dict[str, Tensor]) -> Progress:
        """Write a checkpoint; see ``save``.

        Returns:
            Where the training stands, with the peak of memory so far.
        """
        peak = max(progress.peak_memory_mb, self.peak_mb())
        progress = progress.model_copy(update={"peak_memory_mb": peak})
        is_there = self.best_step == progress.best_step
        save(self.folder, progress, self.state, best, best_is_there=is_there)
        self.best_step = progress.best_step
        return progress


def save(
    folder: Path,
    progress: Progress,
    state: TrainingState,
    best: dict[str, Tensor],
    *,
    best_is_there: bool = False,
) -> None:
    """Write a checkpoint into ``folder`` and remove all but the last two.

    Args:
        folder: Where checkpoints lie.
        progress: Where the training stands.
        state: Weights, and what belongs to them.
        best: The best weights so far; they have a file of their own.
        best_is_there: This process wrote or read that file: it is not written again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f"weight.{n}": value.detach().contiguous() for n, value in state.weights.items()}
    for name, value in state.weights.items():
        for key, moment in state.optimizer.state.get(value, {}).items():
            if moment is not None:
                tensors[f"optimiser.{key}.{name}"] = moment.contiguous()
    tensors |= {f"average.{name}": value for name, value in state.averages.values.items()}
    tensors["random"] = torch.get_rng_state()
    with telling_of_disk(folder):
        _write(tensors, _weights(folder, progress.step))
        if not best_is_there:
            _write(
                {name: value.contiguous() for name, value in best.items()},
                _best(folder, progress.best_step),
            )
    write_text(_record(folder, progress.step), progress.model_dump_json())
    _prune(folder)


def load(folder: Path, state: TrainingState, steps: int) -> Start:
    """Put the newest checkpoint that is whole back into weights, optimizer and running means.

    Damaged ones are removed: they would count as the latest for ever.
    """
    damaged = []
    for step in _steps(folder):
        try:
            progress = Progress.model_validate_json(_record(folder, step).read_bytes())
            tensors = load_file(_weights(folder, step))
            best = load_file(_best(folder, progress.best_step))
            _check(tensors, best, state)
            if progress.step != step or step > steps:
                raise ValueError(step)  # one of many ways to be damaged
        except DAMAGED:
            damaged.append(step)
            continue
        _put_back(tensors, state)
        _remove(folder, damaged)
        return Start(progress=progress, best=best, damaged=tuple(damaged))
    for path in folder.glob("*"):
        if OURS.fullmatch(path.name):
            path.unlink()
    return Start(progress=Progress(), best={}, damaged=tuple(damaged))


def _remove(folder: Path, steps: list[int]) -> None:
    for step in steps:
        _record(folder, step).unlink(missing_ok=True)
        _weights(folder, step).unlink(missing_ok=True)


def _steps(folder: Path) -> list[int]:
    """Steps that have a record, the latest first."""
    matches = (RECORD.fullmatch(path.name) for path in folder.glob("step-*.json"))
    return sorted((int(match[1]) for match in matches if match), reverse=True)


def _check(tensors: Mapping[str, Tensor], best: Mapping[str, Tensor], state: TrainingState) -> None:
    """See that every weight is there in its shape, before anything is put back."""
    for name, weight in state.weights.items():
        shapes = [tensors[f"weight.{name}"].shape]
        shapes += [best[name].shape] if best else []
        shapes += [tensors[f"average.{name}"].shape] if name in state.averages.values else []
        if any(shape != weight.shape for shape in shapes):
            msg = f"{name} has another shape"
            raise ValueError(msg)
    if tensors["random"].dtype != torch.uint8:
        msg = "the random state is not one"
        raise ValueError(msg)


def _put_back(tensors: Mapping[str, Tensor], state: TrainingState) -> None:
    moments: dict[str, dict[str, Tensor]] = {}
    for kept, value in tensors.items():
        what, _, rest = kept.partition(".")
        if what == "optimiser":
            key, _, name = rest.partition(".")
            moments.setdefault(name, {})[key] = value
    with torch.no_grad():
        for name, weight in state.weights.items():
            weight.copy_(tensors[f"weight.{name}"])
            if name in moments:
                state.optimizer.state[weight] = {
                    key: value.to(weight.device) for key, value in moments[name].items()
                }
    averages = state.averages
    averages.put_back({name: tensors[f"average.{name}"] for name in averages.values})
    torch.set_rng_state(tensors["random"])


def _prune(folder: Path) -> None:
    keep = set()
    for step in _steps(folder)[:KEPT]:
        keep |= {_record(folder, step), _weights(folder, step)}
        keep |= set(_best_of(_record(folder, step)))
    for path in folder.iterdir():
        if path not in keep and OURS.fullmatch(path.name):
            path.unlink()


def _best_of(record: Path) -> Iterator[Path]:
    try:
        yield _best(record.parent, int(json.loads(record.read_bytes())["best_step"]))
    except DAMAGED:
        return


def _record(folder: Path, step: int) -> Path:
    return folder / f"step-{step}.json"


def _weights(folder: Path, step: int) -> Path:
    return folder / f"step-{step}.safetensors"


def _best(folder: Path, step: int) -> Path:
    return folder / f"best-{step}.safetensors"


def _write(tensors: dict[str, Tensor], path: Path) -> None:
    unfinished = path.with_suffix(".unfinished")
    save_file(tensors, unfinished)
    unfinished.replace(path)
