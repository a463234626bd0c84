"""Several tasks learnt by one body: batches of one part each, and a run for every part.

Learning is that of ``engine/loop.py``, which knows neither tasks nor heads. What comes after the
last step is that of any training, once for each part: what is saved, tested and written is an
ordinary run, with the shared body and a head of its own.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from polyculture.core.run import Run
from polyculture.core.several.together import Together
from polyculture.core.task import Encoded
from polyculture.engine.choices.automatic import budget_of, choose
from polyculture.engine.choices.chosen import CHOSEN, Chosen, remembered
from polyculture.engine.choices.precision import use
from polyculture.engine.cost import memory
from polyculture.engine.evaluate import simple_answers
from polyculture.engine.functions import BatchOf, LossOf, functions_of, look_of
from polyculture.engine.log import Log
from polyculture.engine.look import Look, look_at_loss
from polyculture.engine.loop import Tick, Work, fit
from polyculture.engine.opened import Opened, compact_tokens, open_base, open_beside
from polyculture.engine.optimizers import make_optimizer
from polyculture.engine.plan import Group, Plan
from polyculture.engine.prepare import PreparedTraining, notes_on
from polyculture.engine.regularize.regularizers import regularizers_of
from polyculture.engine.resume import Start
from polyculture.engine.thread_team import Team
from polyculture.engine.train import (
    CHECKPOINTS,
    LOG,
    RUN,
    how_it_starts,
    make_plain,
    save_and_test,
)
from polyculture.engine.training import Training
from polyculture.nets.batch import Batch, Outputs
from polyculture.nets.joined import Joined
from polyculture.nets.network import count, trainable
from polyculture.nets.reading.padding import widths_of
from polyculture.store.writing.folder import write_text

SHARED = "several tasks share it"


@dataclass(frozen=True, kw_only=True)
class PreparedPart:
    """One of the tasks, ready for the loop."""

    training: Training
    opened: Opened
    encoded: Mapping[str, Encoded]
    """Examples of ``train`` and ``valid``."""
    start: int
    """Number of its first training example among those of all parts."""
    budget: int
    """Padded tokens of its batches."""
    weight: float
    """Its losses are multiplied by this."""

    @property
    def stop(self) -> int:
        """One past its last training example."""
        return self.start + len(self.encoded["train"].examples)

    @property
    def widths(self) -> NDArray[np.int64]:
        """What each training example counts in a batch."""
        return widths_of(self.encoded["train"].sizes, self.opened.context)

    def functions(self) -> tuple[BatchOf, LossOf]:
        """What makes its batches, and their loss."""
        train, opened = self.encoded["train"], self.opened
        return functions_of(self.training, opened.network, train, opened.context)

    def with_even_widths(self) -> Self:
        """The same, its batches padded to few different widths where it reads texts."""
        is_text = self.training.task.reads == "text"
        context = replace(self.opened.context, even_widths=is_text)
        return replace(self, opened=replace(self.opened, context=context))


def train_together(
    trainings: Mapping[str, Training],
    asked: Together,
    folder: Path,
    *,
    until: float = math.inf,
    starts_over: str = "",
    on_tick: Callable[[Tick], None] = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, Run]:
    """Train all parts, and test and write a run of each.

    Args:
        trainings: By part, in the order of the request; with one base.
        asked: How the parts share the training.
        folder: The training's folder: empty, or left by one that was interrupted. The runs are
            written into its folder ``run``, one folder a part.
        until: When to end at the latest, on the clock of ``time.monotonic``.
        starts_over: Why an earlier training of this name is not resumed, where there was one.
        on_tick: Called after every step.
        say: Told what is being done, in a few words.
        tell: Told what a person should know, a sentence each.

    Raises:
        Ended: A signal asked to end; a checkpoint was written.
    """
    for name in trainings:
        (folder / RUN / name).mkdir(parents=True, exist_ok=True)
    memory.forget_peak()
    say("training the baselines")  # before the steps, so that they are within a budget
    simple = {name: simple_answers(training) for name, training in trainings.items()}
    say("reading data and base")
    parts = prepare_parts(trainings, asked, remembered(folder))
    first = next(iter(parts.values()))
    joined = Joined({name: part.opened.network for name, part in parts.items()})
    chosen, work = assemble_parts(parts, asked, folder)
    logs = [Log(folder / RUN / name / LOG) for name in parts]

    def begin(start: Start) -> None:
        for log in logs:
            log.cut_back(start.progress.step)
        tell(f"{asked.name}: {how_it_starts(start, len(work.plan), starts_over)}.")

    def note(tick: Tick) -> None:
        for log in logs:
            log.write(tick)
        on_tick(tick)

    device = first.opened.device
    some = [device.send(work.batch_of(np.array([part.start]), 0)) for part in parts.values()]
    optimizer = make_optimizer(first.training, chosen, joined, trainable(joined))
    with Team(device.lanes) as team:
        progress = fit(
            joined,  # type: ignore[arg-type]  # all that the loop asks of a network
            work,
            first.training.recipe.fit,
            optimizer=optimizer,
            rate=chosen.learning_rate,
            kernels=chosen.kernels,
            device=device,
            team=team,
            seed=asked.seed,
            regularizers=regularizers_of(first.training, joined, some),
            checkpoints=folder / CHECKPOINTS,
            until=until,
            on_tick=note,
            on_start=begin,
        )
    trained = {
        name: count(w for w in part.opened.network.parameters() if w.requires_grad)
        for name, part in parts.items()
    }
    make_plain(first.training, first.opened.network)
    runs = {}
    for name, part in parts.items():
        others = tuple(other.training.name for other in parts.values() if other is not part)
        notes = (
            (
                f"Trained together with {', '.join(others)}, on one body; the mean of their "
                "validation scores or losses chose the weights."
            ),
            *notes_on(part.training, part.opened, part.encoded, why_not_kept=SHARED),
        )
        prepared = PreparedTraining(
            training=part.training,
            network=part.opened.network.cpu(),
            device=device,
            context=part.opened.context,
            chosen=chosen.model_copy(update={"batch_tokens": part.budget}),
            work=work,
            notes=notes,
            lengths=part.encoded["train"].sizes,
            seconds_an_example=0.0,
        )
        runs[name] = save_and_test(
            prepared,
            progress,
            folder / RUN / name,
            trained=trained[name],
            together=others,
            simple=partial(simple.__getitem__, name),
            say=partial(_say_of, say, name),
        )
    return runs


def _say_of(say: Callable[[str], None], part: str, told: str) -> None:
    say(f"{part}: {told}")


def prepare_parts(
    trainings: Mapping[str, Training], asked: Together, earlier: Chosen | None = None
) -> dict[str, PreparedPart]:
    """Open one body with a head for each part, and encode the data of all.

    Args:
        trainings: By part.
        asked: What is to be trained.
        earlier: Choices of the resumed training, such as its threads; None to choose again.
    """
    opened: dict[str, Opened] = {}
    for name, training in trainings.items():
        first = next(iter(opened.values()), None)
        opened[name] = (
            open_base(training, earlier) if first is None else open_beside(training, first)
        )
        opened[name].check_readable(training)
    encoded = {
        name: {split: opened[name].encode(training, split) for split in ("train", "valid")}
        for name, training in trainings.items()
    }
    every = [part for splits in encoded.values() for part in splits.values()]
    compact_tokens(next(iter(opened.values())), every)
    parts, start = {}, 0
    for name, training in trainings.items():
        train = encoded[name]["train"]
        parts[name] = PreparedPart(
            training=training,
            opened=opened[name],
            encoded=encoded[name],
            start=start,
            budget=budget_of(training, opened[name], train, len(training.rows["train"])),
            weight=asked.parts[name].weight,
        )
        start += len(train.examples)
    return parts


def assemble_parts(
    parts: Mapping[str, PreparedPart], asked: Together, folder: Path
) -> tuple[Chosen, Work]:
    """What was chosen, now or before an interruption, and what the loop needs."""
    names, every = list(parts), list(parts.values())
    first = every[0]
    drawn = asked.drawn({n: len(part.encoded["train"].examples) for n, part in parts.items()})
    starts = [part.start for part in every]
    functions = {name: part.functions() for name, part in parts.items()}

    def batch_of(numbers: NDArray[Any], step: int) -> Batch:
        """Some training examples of one part, by their numbers among those of all parts."""
        name = names[bisect_right(starts, int(numbers[0])) - 1]
        batch = functions[name][0](numbers - parts[name].start, step)
        batch.part, batch.weight = name, parts[name].weight
        return batch

    def loss_of(outputs: Outputs, batch: Batch) -> Tensor:
        """The summed loss of a batch."""
        return functions[batch.part][1](outputs, batch)

    chosen = remembered(folder) or choose(
        first.training,
        first.opened,
        first.encoded["train"].sizes,
        budget=first.budget,
        batch_of=batch_of,
        loss_of=loss_of,
    )
    write_text(folder / CHOSEN, chosen.model_dump_json())
    use(first.opened.network, chosen.kernels)
    if chosen.makes_kernels:
        parts = {name: part.with_even_widths() for name, part in parts.items()}
        every = list(parts.values())
        functions |= {name: part.functions() for name, part in parts.items()}
    plan = Plan(
        np.concatenate([part.widths for part in every]),
        budget=first.budget,
        epochs=asked.fit.epochs,
        seed=asked.seed,
        groups=[
            Group(start=part.start, stop=part.stop, budget=part.budget, drawn=drawn[name])
            for name, part in parts.items()
        ],
    )
    torch.manual_seed(asked.seed)  # dropout draws the same numbers, whatever was timed before
    valid = sum(int(part.encoded["valid"].sizes.sum()) for part in every)
    tested = sum(len(part.training.rows.get("test", ())) for part in every)
    looked = sum(len(part.training.rows["valid"]) for part in every)
    looks = [
        look_of(
            part.training,
            part.opened.network,
            part.encoded["valid"],
            part.opened.context,
            precision=chosen.kernels.precision,
            device=part.opened.device,
        )
        for part in every
    ]
    return chosen, Work(
        plan=plan,
        steps_per_epoch=plan.steps_per_epoch,
        batch_of=batch_of,
        loss_of=loss_of,
        look=lambda: mean_look([look() for look in looks]),
        tokens_valid=valid,
        tokens_after=round(valid * (2 + tested / looked)),
    )


def mean_look(looks: Sequence[Look]) -> Look:
    """The mean of the parts' scores, where each has one that is better the higher it is.

    Otherwise the mean of their losses, since errors and shares have no common mean.

    Example:
        >>> parts = [Look(score=0.5, name="accuracy", loss=1.0), Look(score=1.0, name="f1", loss=0)]
        >>> mean_look(parts).score, mean_look(parts).name
        (0.75, 'mean of accuracy, f1')
        >>> mean_look([parts[0], Look(score=3.0, higher_is_better=False, loss=3.0)]).score
        2.0
    """
    losses = [look.loss for look in looks if look.loss is not None]
    loss = float(np.mean(losses)) if len(losses) == len(looks) else None
    if not all(look.higher_is_better for look in looks):
        return look_at_loss(loss).model_copy(update={"name": "mean loss"})
    reason = next((look.reason for look in looks if look.score is None), "")
    scores = [look.score for look in looks if look.score is not None]
    name = f"mean of {', '.join(look.name for look in looks)}"
    score = None if reason else float(np.mean(scores))
    return Look(score=score, name=name, reason=reason, loss=loss)
