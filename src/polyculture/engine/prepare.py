"""Everything before the first step: open the base, encode the data, make automatic choices."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from polyculture.core.task import Context, Encoded
from polyculture.engine.answering.model import without_gold
from polyculture.engine.answering.pool import size_of_pool
from polyculture.engine.answering.read import decoded, read_rows
from polyculture.engine.batches import collated
from polyculture.engine.before import with_rows_before
from polyculture.engine.choices.chosen import CHOSEN, Chosen, remembered
from polyculture.engine.choices.defaults import (
    FEWEST_ROWS,
    HEAD,
    ROWS_A_BATCH,
    batch_tokens,
    learning_rate,
)
from polyculture.engine.choices.precision import Precision, use
from polyculture.engine.device import Device
from polyculture.engine.features import cache_features
from polyculture.engine.look import Look, look_at_loss
from polyculture.engine.loop import Work
from polyculture.engine.opened import LOOK, Opened, compact_tokens, open_base
from polyculture.engine.optimizers import part_of
from polyculture.engine.plan import Plan
from polyculture.engine.training import Training
from polyculture.nets.batch import Batch, Outputs
from polyculture.nets.network import Network
from polyculture.nets.reading.account import prefixed
from polyculture.store.writing.folder import write_text

BatchOf = Callable[[NDArray[Any], int], Batch]
LossOf = Callable[[Outputs, Batch], Tensor]
TIMED_TOKENS = 512
"""Padded tokens on which precision and attention are timed; a whole batch of a large base takes
seconds, and what is faster shows on these."""


LOGITS = 2**27
"""Logits of a vocabulary in a batch at most, where the recipe names no size: 512 MB, and some four
times as much with their gradients."""
ROWS_ANSWERED = 96
"""Validation rows that each lane writes to learn how long answers take."""


@dataclass(frozen=True, kw_only=True)
class PreparedTraining:
    """A network and its encoded data, ready for the loop."""

    training: Training
    """What was asked, with what the base said of the rows before the first step."""
    network: Network
    device: Device
    context: Context
    chosen: Chosen
    work: Work
    notes: tuple[str, ...]
    lengths: NDArray[np.int64]
    """Sizes of the examples to train on, ``(examples,)``."""
    seconds_an_example: float
    """Seconds in which a frozen base read each example; 0 where the base is trained."""


def prepare_training(training: Training, folder: Path | None) -> PreparedTraining:
    """Open the base, encode the data, make the automatic choices.

    Args:
        training: Recipe, data and base.
        folder: Folder that may hold the choices of an interrupted training; None to choose again.
    """
    earlier = remembered(folder)
    opened = open_base(training, earlier)
    opened.check_readable(training)
    training = with_rows_before(training, opened, folder)
    encoded = {split: opened.encode(training, split) for split in ("train", "valid")}
    compact_tokens(opened, encoded.values())
    rows = len(training.rows["train"])
    prepared = assemble(
        training, opened, encoded, budget_of(training, opened, encoded["train"], rows), earlier
    )
    if folder is not None:
        write_text(folder / CHOSEN, prepared.chosen.model_dump_json())
    return prepared


def budget_of(training: Training, opened: Opened, encoded: Encoded, rows: int) -> int:
    """Padded tokens of a batch: the recipe's, or the default for so many rows.

    Args:
        training: Recipe and data.
        opened: The base.
        encoded: The training rows, or some of them, as they are learnt from.
        rows: All training rows.
    """
    fit, task = training.recipe.fit, training.task
    if fit.batch_tokens:
        return fit.batch_tokens
    examples = round(rows * len(encoded.examples) / encoded.rows)
    usual = batch_tokens(
        encoded.sizes,
        min(rows, examples),  # fewer, where rows are packed
        fit.epochs,
        task.output,
        # rows that are one another's wrong answers need company
        fewest=ROWS_A_BATCH if task.couples_rows else FEWEST_ROWS,
    )
    return min(usual, max(_within_memory(training, opened, encoded), int(encoded.sizes.max())))


def _within_memory(training: Training, opened: Opened, encoded: Encoded) -> int:
    """Tokens of a batch whose logits of a vocabulary, if it has any, fit into ``LOGITS``."""
    if not opened.network.vocabulary:
        return sys.maxsize
    some = np.arange(min(LOOK, len(encoded.examples)))
    batch = collated(encoded, some, training.task, opened.context)
    return LOGITS // opened.network.vocabulary * batch.size // max(1, batch.count)


def assemble(
    training: Training,
    opened: Opened,
    encoded: Mapping[str, Encoded],
    budget: int,
    earlier: Chosen | None = None,
) -> PreparedTraining:
    """Choose precision and rate, plan the batches, and put together what the loop needs.

    Args:
        training: Recipe, data and base.
        opened: The base, with a compact table of tokens.
        encoded: Examples of ``train`` and ``valid``.
        budget: Padded tokens of a batch.
        earlier: Choices of the resumed training; None to choose again.
    """
    recipe, network, context = training.recipe, opened.network, opened.context
    batch_of, loss_of = functions_of(training, network, encoded["train"], context)
    budget = earlier.batch_tokens if earlier else budget
    plan = Plan(encoded["train"].sizes, budget=budget, epochs=recipe.fit.epochs, seed=recipe.seed)
    device = opened.device
    chosen = earlier or choose(
        training, opened, encoded["train"].sizes, budget=budget, batch_of=batch_of, loss_of=loss_of
    )
    use(network, chosen.kernels)
    notes = notes_on(training, opened, encoded)
    features: dict[str, list[Tensor]] = {}
    began = time.perf_counter()
    if not _why_not_cached(training, opened, encoded["train"]):
        features = cache_features(
            network,
            encoded,
            training.task,
            context,
            kernels=chosen.kernels,
            device=device,
            frozen=_computed_once(training, network),
        )
        batch_of, loss_of = functions_of(
            training, network, encoded["train"], context, features["train"]
        )
    read = sum(len(part.examples) for part in encoded.values())
    seconds_an_example = (time.perf_counter() - began) / read if features else 0.0
    # what is written, or chosen among candidates, takes longer than the loss tells
    is_slow = network.output == "tokens" or not training.task.reads_pool
    answers_apart = training.task.steer == "loss" and is_slow
    torch.manual_seed(recipe.seed)  # dropout draws the same numbers, whatever was timed before
    return PreparedTraining(
        training=training,
        network=network,
        device=device,
        context=context,
        chosen=chosen,
        work=Work(
            tokens_valid=(valid := int(encoded["valid"].sizes.sum())),
            # looks by the loss cost little beside answers
            tokens_after=(1 if answers_apart else 2) * valid
            + _tokens_of_test(training, valid)
            + size_of_pool(context),
            answer_some=_answering(training, network, encoded["valid"], context, device)
            if answers_apart
            else None,
            plan=plan,
            steps_per_epoch=plan.steps_per_epoch,
            batch_of=batch_of,
            loss_of=loss_of,
            look=look_of(
                training,
                network,
                encoded["valid"],
                context,
                precision=chosen.kernels.precision,
                device=device,
                features=features.get("valid"),
            ),
        ),
        notes=notes,
        lengths=encoded["train"].sizes,
        seconds_an_example=seconds_an_example,
    )


def choose(
    training: Training,
    opened: Opened,
    sizes: NDArray[np.int64],
    *,
    budget: int,
    batch_of: BatchOf,
    loss_of: LossOf,
) -> Chosen:
    """Choose precision and attention by timing them, and the rates.

    Args:
        training: Recipe and data.
        opened: The base.
        sizes: Of the training examples, ``(examples,)``; some of them are timed.
        budget: Padded tokens of a batch.
        batch_of: Makes a batch.
        loss_of: Its loss.
    """
    fit, device = training.recipe.fit, opened.device
    plan = Plan(sizes, budget=budget, epochs=1, seed=training.recipe.seed)
    some = batch_of(_some_to_time(plan, sizes, device.lanes), 0)
    return Chosen(
        kernels=device.choose(opened.network, some, loss_of, wanted=fit.precision),
        threads=device.lanes,
        device=device.name,
        batch_tokens=budget,
        learning_rate=fit.learning_rate or _default_rate(training, opened),
        max_length=opened.context.longest,
        head_learning_rate=fit.head_learning_rate or _default_head_rate(training, opened),
        word_spaces=opened.context.word_spaces,
    )


def _answering(
    training: Training, network: Network, encoded: Encoded, context: Context, device: Device
) -> Callable[[], int]:
    """Answers some of the validation rows, from all over them; see ``Work.answer_some``."""
    most = ROWS_ANSWERED * device.lanes  # all lanes write at once, as they will at the end
    places = np.linspace(0, encoded.rows - 1, min(encoded.rows, most)).astype(np.int64)
    rows = set(places.tolist())
    tokens = sum(example.size for example in encoded.examples if example.row in rows)
    task = training.task
    some = task.encode(without_gold(training.rows["valid"][places], task), context)

    def answer_some() -> int:
        read_rows(network, some, task, context, device=device)
        return tokens

    return answer_some


def _why_not_cached(training: Training, opened: Opened, encoded: Encoded) -> str:
    """Why the outputs of what is frozen are not kept for each example; empty where they are."""
    if training.adaptation.computed_once is None:
        return "the base is trained"
    if training.draws:
        return "what is read is drawn anew each time"
    if _computed_once(training, opened.network):
        if opened.context.form == "encoder_decoder":
            return "its blocks pass on more than hidden states"
    elif not opened.network.can_cache:
        return "its head needs more"
    some = np.arange(min(LOOK, len(encoded.examples)))
    batch = collated(encoded, some, training.task, opened.context)
    if any(len(values) != len(some) for values in batch.inputs.values()):
        return "an example is several rows of the network"
    return ""


def _computed_once(training: Training, network: Network) -> Sequence[nn.Module]:
    """The blocks whose outputs can be kept; none for those of the whole body."""
    which = training.adaptation.computed_once
    return [] if which is None else list(which(network, training.recipe.adaptation))


def _tokens_of_test(training: Training, valid: int) -> int:
    """Estimate the tokens of the test rows from those of the validation rows."""
    rows = training.rows
    return round(valid * len(rows["test"]) / len(rows["valid"])) if "test" in rows else 0


def _default_rate(training: Training, opened: Opened) -> float:
    """The peak rate where the recipe names none."""
    rate = training.adaptation.learning_rate
    if rate is None:
        rate = learning_rate(opened.base_weights, is_pretrained=bool(training.base.lineage))
    return rate * part_of(training.recipe.optimizer).rate_factor


def _default_head_rate(training: Training, opened: Opened) -> float | None:
    """A new head beside a pretrained base learns faster; a named rate is for all weights."""
    is_new = bool(training.base.lineage) and bool(opened.untrained)
    follows = training.adaptation.learning_rate is None and is_new
    factor = part_of(training.recipe.optimizer).rate_factor
    return HEAD * factor if follows and training.recipe.fit.learning_rate is None else None


def _some_to_time(plan: Plan, lengths: NDArray[np.int64], lanes: int) -> NDArray[Any]:
    """One lane's share of a batch from the middle of an epoch, cut so that timing it is quick."""
    share = plan[int(plan.steps_per_epoch) // 2][::lanes]
    return share[: max(1, TIMED_TOKENS // int(lengths[share].max()))]


def functions_of(
    training: Training,
    network: Network,
    encoded: Encoded,
    context: Context,
    features: Sequence[Tensor] | None = None,
) -> tuple[BatchOf, LossOf]:
    """What makes a batch of the examples of some numbers at a step, and the loss of a batch."""
    task, seed = training.task, training.recipe.seed

    def batch_of(numbers: NDArray[Any], step: int) -> Batch:
        return collated(encoded, numbers, task, context, features, chance=(seed, step))

    def loss_of(outputs: Outputs, batch: Batch) -> Tensor:
        structured = network.head_loss(outputs, batch)
        return task.loss(outputs, batch, context) if structured is None else structured

    return batch_of, loss_of


def look_of(
    training: Training,
    network: Network,
    encoded: Encoded,
    context: Context,
    *,
    precision: Precision,
    device: Device,
    features: Sequence[Tensor] | None = None,
) -> Callable[[], Look]:
    """Score and loss on the validation rows, whenever it is called.

    Args:
        training: Recipe and data.
        network: As it learns.
        encoded: Examples of ``valid``.
        context: What the task may look at.
        precision: Arithmetic of matrix products.
        device: Where the network is.
        features: Saved outputs of the body, where these are kept.
    """
    task, rows = training.task, training.rows["valid"]
    _, loss_of = functions_of(training, network, encoded, context)

    def look() -> Look:
        read = read_rows(
            network,
            encoded,
            task,
            context,
            precision=precision,
            device=device,
            loss_of=loss_of,
            features=features,
            answers=task.steer == "score",
        )
        if task.steer == "loss":
            return look_at_loss(read.loss)
        answers = decoded(task, rows, read.rows, context)
        score = task.score(rows, answers, context, split="valid").headline()
        facts: Any = {
            "name": score.name,
            "higher_is_better": score.higher_is_better,
            "loss": read.loss,
        }
        if score.value.kind == "undefined":
            return Look(reason=score.value.reason, **facts)
        return Look(score=score.value.number, **facts)

    return look


def notes_on(
    training: Training,
    opened: Opened,
    encoded: Mapping[str, Encoded],
    *,
    why_not_kept: str = "",
) -> tuple[str, ...]:
    """What was cut, and what is initialised at random.

    Args:
        training: Recipe and data.
        opened: The base with its head.
        encoded: Examples of each split.
        why_not_kept: Why outputs of what is frozen are not kept, whatever the task; else empty.
    """
    notes = []
    for split, part in encoded.items():
        notes += prefixed(part.notes, split)
    why = why_not_kept or _why_not_cached(training, opened, encoded["train"])
    if training.adaptation.computed_once is not None and why:
        notes.append(
            f"The frozen base runs at every step: {why}, so that its outputs cannot be kept."
        )
    if any("pooler" in name for name in opened.untrained):
        notes.append(
            f"The standard head of {training.base.name} reads a pooler that its files do not hold: "
            "it starts from chance. [head] pooling = 'mean' does without it."
        )
    if opened.untrained:
        names = sorted({name.rpartition(".")[0] or name for name in opened.untrained})
        notes.append(f"Weights that the base does not hold, drawn anew: {', '.join(names)}.")
    return tuple(notes)
