"""Everything before the first step: open the base, encode the data, make automatic choices."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from polyculture.core.task import Context, Encoded
from polyculture.engine.answering.model import without_gold
from polyculture.engine.answering.pool import size_of_pool
from polyculture.engine.answering.read import read_rows
from polyculture.engine.batches import collated
from polyculture.engine.before import with_rows_before
from polyculture.engine.choices.automatic import budget_of, choose
from polyculture.engine.choices.chosen import CHOSEN, Chosen, remembered
from polyculture.engine.choices.precision import use
from polyculture.engine.device import Device
from polyculture.engine.features import cache_features
from polyculture.engine.functions import functions_of, look_of
from polyculture.engine.loop import Work
from polyculture.engine.opened import LOOK, Opened, compact_tokens, open_base
from polyculture.engine.padding_check import note_on_padding
from polyculture.engine.plan import Plan
from polyculture.engine.training import Training
from polyculture.nets.blocks import has_stages, pads_inside
from polyculture.nets.network import Network
from polyculture.nets.reading.account import prefixed
from polyculture.nets.reading.padding import widths_of
from polyculture.store.writing.folder import write_text

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
    elif chosen.makes_kernels and training.task.reads == "text":  # features have their own widths
        context = replace(context, even_widths=True)
        batch_of, loss_of = functions_of(training, network, encoded["train"], context)
    sizes = widths_of(encoded["train"].sizes, context)
    plan = Plan(sizes, budget=budget, epochs=recipe.fit.epochs, seed=recipe.seed)
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
        body = opened.network.body
        if opened.context.form == "encoder_decoder" or has_stages(body) or pads_inside(body):
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


def notes_on(
    training: Training,
    opened: Opened,
    encoded: Mapping[str, Encoded],
    *,
    why_not_kept: str = "",
) -> tuple[str, ...]:
    """What was cut, what padding changes, and what is initialised at random.

    Args:
        training: Recipe and data.
        opened: The base with its head.
        encoded: Examples of each split.
        why_not_kept: Why outputs of what is frozen are not kept, whatever the task; else empty.

    Raises:
        ModelError: What the base says of a text depends on padding so much that it is of no use.
    """
    notes = []
    for split, part in encoded.items():
        notes += prefixed(part.notes, split)
    if on_padding := note_on_padding(opened, encoded["train"], training.task):
        notes.append(on_padding)
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
