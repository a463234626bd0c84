"""One training of a network: from a recipe, its data and its base to a finished run in a folder.

Everything happens in the folder that the caller gives: what was chosen and the checkpoints lie in
it, and the finished run is put together in its folder ``run``, which the caller moves into place.
In the folder of a training that was interrupted, training resumes.
"""

import math
from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl

from polyculture.core.run import Facts, Run
from polyculture.engine.answering.model import open_model
from polyculture.engine.answering.pool import Answering, with_pool
from polyculture.engine.cost import memory
from polyculture.engine.evaluate import Evaluation, evaluate_saved, simple_answers
from polyculture.engine.log import Log
from polyculture.engine.loop import Tick, fit
from polyculture.engine.optimizers import make_optimizer
from polyculture.engine.prepare import PreparedTraining, prepare_training
from polyculture.engine.record import write_run
from polyculture.engine.regularize.regularizers import regularizers_of
from polyculture.engine.resume import Progress, Start
from polyculture.engine.settle import settle
from polyculture.engine.thread_team import Team
from polyculture.engine.training import Training, versions
from polyculture.nets.build import save_network
from polyculture.nets.efficiency.dropout import put_back
from polyculture.nets.efficiency.embedding import expand
from polyculture.nets.network import Network, count, trainable

CHECKPOINTS = "checkpoint"
RUN = "run"
LOG = "log.jsonl"


def train(
    training: Training,
    folder: Path,
    *,
    until: float = math.inf,
    starts_over: str = "",
    on_tick: Callable[[Tick], None] = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
    tell: Callable[[str], None] = lambda _: None,
    answer_simply: Callable[[Training], Mapping[str, pl.DataFrame]] = simple_answers,
) -> Run:
    """Train, test and write a run.

    Args:
        training: Recipe, data and base.
        folder: The training's folder: empty, or left by one that was interrupted.
        until: When to end at the latest, on the clock of ``time.monotonic``.
        starts_over: Why an earlier training of this name is not resumed, where there was one.
        on_tick: Called after every step.
        say: Told what is being done, in a few words.
        tell: Told what a person should know, a sentence each.
        answer_simply: What the baselines answer.

    Raises:
        Ended: A signal asked to end; a checkpoint was written.
    """
    run = folder / RUN
    run.mkdir(parents=True, exist_ok=True)
    memory.forget_peak()
    simple = None
    if until < math.inf:  # what they take is spent before the steps, not after the time is over
        say("training the baselines")
        simple = answer_simply(training)
    say("reading data and base")
    prepared = prepare_training(training, folder)
    training = prepared.training
    log = Log(run / LOG)

    def begin(start: Start) -> None:
        log.cut_back(start.progress.step)
        tell(f"{training.name}: {how_it_starts(start, len(prepared.work.plan), starts_over)}.")

    def note(tick: Tick) -> None:
        log.write(tick)
        on_tick(tick)

    device = prepared.device
    some = device.send(prepared.work.batch_of(prepared.work.plan[0][:1], 0))
    moving = trainable(prepared.network)
    optimizer = make_optimizer(training, prepared.chosen, prepared.network, moving)
    with Team(device.lanes) as team:
        progress = fit(
            prepared.network,
            prepared.work,
            training.recipe.fit,
            optimizer=optimizer,
            rate=prepared.chosen.learning_rate,
            kernels=prepared.chosen.kernels,
            device=device,
            team=team,
            seed=training.recipe.seed,
            couples_rows=training.task.couples_rows,
            regularizers=regularizers_of(training, prepared.network, [some]),
            checkpoints=folder / CHECKPOINTS,
            until=until,
            on_tick=note,
            on_start=begin,
        )
    trained = count(w for w in prepared.network.parameters() if w.requires_grad)
    make_plain(training, prepared.network)

    def answered() -> Mapping[str, pl.DataFrame]:
        if simple is not None:
            return simple
        say("training the baselines")
        return answer_simply(training)

    return save_and_test(prepared, progress, run, trained=trained, simple=answered, say=say)


def save_and_test(
    prepared: PreparedTraining,
    progress: Progress,
    run: Path,
    *,
    trained: int,
    together: tuple[str, ...] = (),
    simple: Callable[[], Mapping[str, pl.DataFrame]],
    say: Callable[[str], None],
) -> Run:
    """Save a trained network, open it again, test what was saved, and write the run.

    Args:
        prepared: With the network, which is plain again.
        progress: How the training went.
        run: The run's folder.
        trained: How many weights were trained.
        together: Runs that were trained together with it.
        simple: What the baselines answer.
        say: Told what is being done.
    """
    say("saving")
    training, network, chosen = prepared.training, prepared.network, prepared.chosen
    save_network(network, prepared.context.reader, run / "model", chosen.word_spaces)
    saved = open_model(
        run / "model",
        training.recipe,
        training.inventory,
        max_length=chosen.max_length,
        word_spaces=chosen.word_spaces,
        device=prepared.device,
        pool=training.context.pool,
    )
    answering = with_pool(saved, training, run, say)
    settled = settle(training, answering.predictor, say)
    evaluation = evaluate_saved(
        training, settled, run, say, rate=chosen.learning_rate, simple=simple()
    )
    facts = _facts(
        prepared,
        progress,
        evaluation,
        answering,
        parameters=count(network.parameters()),
        trained_parameters=trained,
        together=together,
    )
    return write_run(training, run, facts, evaluation)


def how_it_starts(start: Start, steps: int, reason: str) -> str:
    """Whether training starts, resumes or starts over, and why."""
    step = start.progress.step
    if not step:
        reason = "its checkpoints are damaged" if start.damaged else reason
        return f"starting over, since {reason}" if reason else "starting"
    where = "after the last step" if start.progress.stopped else f"from step {step:,}"
    if not start.damaged:
        return f"resuming {where} of {steps:,}"
    newest = start.damaged[0]
    return f"resuming {where} of {steps:,}; the checkpoint of step {newest:,} is damaged"


def make_plain(training: Training, network: Network) -> None:
    """The plain network again: full embedding, merged updates, the real body; on the CPU."""
    network.restore()
    put_back(network.own_dropout)
    expand(network.body)
    if training.adaptation.merge is not None:
        training.adaptation.merge(network)
    network.cpu()


def _notes_on_time(progress: Progress) -> tuple[str, ...]:
    """That the schedule had come to its end, where the rate is nearly 0, before the first step."""
    if progress.step > 1 or progress.share < 1:
        return ()
    return (
        "The time ran out before the first step, so nothing was learnt. Give a longer --budget.",
    )


def _facts(
    prepared: PreparedTraining,
    progress: Progress,
    evaluation: Evaluation,
    answering: Answering,
    *,
    parameters: int,
    trained_parameters: int,
    together: tuple[str, ...],
) -> Facts:
    training, chosen = prepared.training, prepared.chosen
    return Facts(
        versions=versions(),
        base_digest=training.base.digest,
        data_digest=training.dataset.digest,
        lineage=training.base.lineage,
        chosen=chosen.facts(),
        seconds=progress.seconds,
        peak_memory_mb=max(progress.peak_memory_mb, prepared.device.peak_mb()),
        steps=progress.step,
        epochs=progress.step / prepared.work.steps_per_epoch,
        best_step=progress.best_step,
        stopped=progress.stopped,
        parameters=parameters,
        trained_parameters=trained_parameters,
        together=together,
        rows={split: len(rows) for split, rows in training.rows.items()},
        inputs=training.inputs,
        pool_digest=answering.pool_digest,
        notes=(
            *training.dataset.notes,
            *training.base.notes,
            *prepared.notes,
            *_notes_on_time(progress),
            *answering.notes,
            *evaluation.notes,
        ),
    )
