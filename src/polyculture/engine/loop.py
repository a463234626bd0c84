"""The one training loop, from top to bottom.

Batches of a token budget, an optimizer, a rate that warms up and falls, clipping, looks at the
validation rows, the best weights kept, early stopping, checkpoints. It knows neither tasks nor
heads: what it needs of them comes as functions.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from polyculture.core.recipe import Fit
from polyculture.core.record import Record
from polyculture.core.signals import Ended, finish_step_first
from polyculture.engine import resume
from polyculture.engine.choices.precision import Kernels
from polyculture.engine.cost.budget import Budget
from polyculture.engine.device import Device
from polyculture.engine.look import Look, record_look
from polyculture.engine.optimizers import move, set_rates
from polyculture.engine.regularize.averages import Averages
from polyculture.engine.regularize.regularizers import NONE, Regularizers
from polyculture.engine.step import Shares
from polyculture.engine.thread_team import Team
from polyculture.nets.batch import Batch, Outputs
from polyculture.nets.efficiency.allocator import give_back_freed_memory
from polyculture.nets.network import Network, count, load_weights, trainable


class Tick(Record):
    """What a progress bar and a log show after a step."""

    step: int
    steps: int
    """Steps until training ends at the latest."""
    epoch: float
    loss: float
    """Mean training loss since the last look at the validation rows."""
    rate: float
    tokens_per_second: float
    """Real tokens, padding not counted."""
    seconds: float
    seconds_left: float
    """At this speed; less if training stops early."""
    score: float | None = None
    """Validation score, where this tick is a look at the validation rows."""
    score_name: str | None = None
    """What it is: ``"accuracy"``, ``"loss"`` where the task is steered by its loss, …"""
    higher_is_better: bool | None = None
    """Its direction."""
    no_score: str | None = None
    """Why such a look has no score: "no progress, because ..."."""
    score_loss: float | None = None
    is_best: bool = False


@dataclass(frozen=True, kw_only=True)
class Work:
    """What is trained on, and how answers are judged."""

    plan: Sequence[NDArray[Any]]
    """The examples of every batch, all epochs one after the other."""
    steps_per_epoch: float
    batch_of: Callable[[NDArray[Any], int], Batch]
    """Numbers of examples, and of the step, to a padded batch with targets."""
    loss_of: Callable[[Outputs, Batch], Tensor]
    """Outputs and batch to the summed loss."""
    look: Callable[[], Look]
    """Score and loss on the validation rows."""
    answer_some: Callable[[], int] | None = None
    """Answers a few validation rows as the finished model will and says how many tokens they hold;
    where that takes longer than a look."""
    tokens_valid: int = 0
    """Tokens of the validation rows."""
    tokens_after: int = 0
    """About how many tokens are read after the last step: to choose, to validate and to test."""


def fit(
    network: Network,
    work: Work,
    settings: Fit,
    *,
    optimizer: Any,
    rate: float,
    kernels: Kernels,
    device: Device,
    team: Team,
    seed: int,
    couples_rows: bool = False,
    regularizers: Regularizers = NONE,
    checkpoints: Path,
    until: float = math.inf,
    on_tick: Callable[[Tick], None] = lambda _: None,
    on_start: Callable[[resume.Start], None] = lambda _: None,
) -> resume.Progress:
    """Train until the plan ends, validation stops improving, or the time is spent.

    On return the network holds the best weights. If ``checkpoints`` holds a checkpoint, training
    resumes from it, with weights, optimizer state and random state restored.

    Args:
        network: With its trainable weights marked by ``requires_grad``.
        work: Data and judgement.
        settings: What the recipe says.
        optimizer: What moves the trainable weights.
        rate: Its peak learning rate.
        kernels: Precision and attention.
        device: Where the network is.
        team: The threads that share a batch.
        seed: Seed of dropout masks.
        couples_rows: The loss needs the outputs of a whole batch.
        regularizers: What acts at each step.
        checkpoints: Folder for checkpoints.
        until: When the whole command has to end, on the clock of ``time.monotonic``. Where that is
            sooner than the plan's end, the schedule follows the clock.
        on_tick: Called after every step.
        on_start: Called before the first step, with where training starts.

    Raises:
        Ended: A signal asked to end; the step in hand was finished and a checkpoint written.
    """
    weights = trainable(network)
    averages = Averages(weights, regularizers.average)
    keeper = resume.Keeper(
        checkpoints,
        resume.TrainingState(weights=weights, optimizer=optimizer, averages=averages),
        steps=len(work.plan),
        peak_mb=device.peak_mb,
    )
    on_start(start := keeper.load())
    progress, best = start.progress, start.best
    budget = Budget(
        until=until,
        tokens_after=work.tokens_after,
        weights=count(network.parameters()),
        share=progress.share,
    )
    looks = _looks(len(work.plan), work.steps_per_epoch, settings.evaluations_per_epoch)
    saved = time.monotonic()
    began = saved - progress.seconds
    speed = Speed()
    shares = Shares(
        network=network,
        weights=list(weights.values()),
        batch_of=work.batch_of,
        loss_of=work.loss_of,
        precision=kernels.precision,
        device=device,
        team=team,
        seed=seed,
        couples_rows=couples_rows,
        regularizers=regularizers,
    )
    with finish_step_first() as asked:
        while not progress.stopped:
            share = max(progress.step / len(work.plan), budget.share(time.monotonic()))
            factor = rate_factor(share, settings)
            set_rates(optimizer, factor, share)

            loss, tokens = shares.gradients(work.plan[progress.step], progress.step)
            move(optimizer, shares.weights, settings.clip, share=share)
            averages.follow(progress.step + 1)

            speed.add(tokens)
            progress = progress.model_copy(
                update={
                    "step": progress.step + 1,
                    "share": share,
                    "seconds": time.monotonic() - began,
                    "loss_sum": progress.loss_sum + loss,
                    "loss_steps": progress.loss_steps + 1,
                }
            )
            budget.saw(tokens=round(speed.tokens), seconds=speed.seconds, learning=True)
            is_spent = budget.is_spent(time.monotonic())
            is_last = progress.step == len(work.plan) or is_spent
            tick = _tick(progress, work, rate * factor, speed, budget)
            if progress.step in looks or is_last:
                give_back_freed_memory()  # reading many rows at once wants other pieces of memory
                with averages.in_place():
                    look = _timed(work, budget)
                # what was left was an estimate, and the look itself took time
                is_spent = budget.is_spent(time.monotonic())
                is_last = progress.step == len(work.plan) or is_spent
                speed.pause()
                progress, is_best = record_look(progress, look)
                best = averages.copies() if is_best else best
                why = _why_stop(progress, settings, look.name, is_last=is_last, spent=is_spent)
                progress = progress.model_copy(update={"stopped": why})
                tick = _with_look(tick, look, is_best=is_best)
            on_tick(tick)
            is_due = time.monotonic() - saved >= settings.checkpoint_seconds
            ended = asked.number
            if progress.stopped or is_due or ended is not None:
                progress = keeper.save(progress, best)
                saved = time.monotonic()
            if ended is not None:
                told = f"Stopped at step {progress.step:,} of {len(work.plan):,}."
                raise Ended(ended, told)
    if asked.number is not None:
        raise Ended(asked.number, "Stopped after the last step.")
    load_weights(network, best)
    return progress


def rate_factor(share: float, settings: Fit) -> float:
    """Share of the peak rate at a share of the whole training.

    Example:
        >>> settings = Fit(warmup=0.5, schedule="linear")
        >>> [rate_factor(share, settings) for share in (0.25, 0.5, 0.75)]
        [0.5, 1.0, 0.5]
    """
    if share < settings.warmup:
        # one step from 0, so that the first step already moves something
        return max(share, 1e-3) / settings.warmup
    rest = (share - settings.warmup) / (1 - settings.warmup)
    match settings.schedule:
        case "linear":
            return max(0.0, 1 - rest)
        case "cosine":
            return 0.5 * (1 + math.cos(math.pi * min(1.0, rest)))
        case "constant":
            return 1.0


def _with_look(tick: Tick, look: Look, *, is_best: bool) -> Tick:
    no_score = f"no progress, because {look.reason}" if look.score is None else None
    found = {
        "score": look.score,
        "score_name": look.name,
        "higher_is_better": look.higher_is_better,
        "no_score": no_score,
        "score_loss": look.loss,
    }
    return tick.model_copy(update={**found, "is_best": is_best})


def _timed(work: Work, budget: Budget) -> Look:
    """Score and loss on the validation rows; how long rows took tells what testing will take."""
    began = time.monotonic()
    found = work.look()
    now = time.monotonic()
    if work.answer_some is None:
        budget.saw(tokens=work.tokens_valid, seconds=now - began, learning=False)
    elif budget.asks(now):
        tokens = work.answer_some()
        after = time.monotonic()
        budget.saw_answers(tokens=tokens, seconds=after - now, now=after)
    return found


class Speed:
    """Tokens a second over the last steps, pauses left out."""

    def __init__(self) -> None:
        self.last = time.monotonic()
        self.seconds = 0.0
        self.tokens = 0.0
        self.steps = 0.0

    def add(self, tokens: int) -> None:
        """Count a step; older steps fade."""
        now = time.monotonic()
        fade = 0.95
        self.seconds = fade * self.seconds + now - self.last
        self.tokens = fade * self.tokens + tokens
        self.steps = fade * self.steps + 1
        self.last = now

    def pause(self) -> None:
        """Leave out the time since the last step."""
        self.last = time.monotonic()


def _looks(steps: int, steps_per_epoch: float, per_epoch: int) -> frozenset[int]:
    """Steps after which the validation rows are looked at; the last one is always among them."""
    count = max(1, round(steps / steps_per_epoch * per_epoch))
    return frozenset(int(step) for step in np.rint(np.linspace(0, steps, count + 1))[1:])


def _why_stop(
    progress: resume.Progress, settings: Fit, score: str, *, is_last: bool, spent: bool
) -> str:
    if progress.stale >= settings.patience:
        return f"no better validation {score} in {settings.patience} evaluations"
    if spent:
        return "the time budget is spent"
    return "all epochs are done" if is_last else ""


def _tick(progress: resume.Progress, work: Work, rate: float, speed: Speed, budget: Budget) -> Tick:
    left = (len(work.plan) - progress.step) * speed.seconds / speed.steps
    left = min(left, budget.left(time.monotonic()))
    return Tick(
        step=progress.step,
        steps=len(work.plan),
        epoch=progress.step / work.steps_per_epoch,
        loss=progress.loss_sum / progress.loss_steps,
        rate=rate,
        tokens_per_second=speed.tokens / max(speed.seconds, 1e-9),
        seconds=progress.seconds,
        seconds_left=left,
    )
