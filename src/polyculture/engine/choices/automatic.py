"""What a recipe leaves open is chosen here: tokens of a batch, precision, attention, rates."""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyculture.core.task import Encoded
from polyculture.engine.batches import collated
from polyculture.engine.choices.chosen import Chosen
from polyculture.engine.choices.defaults import (
    FEWEST_ROWS,
    HEAD,
    ROWS_A_BATCH,
    batch_tokens,
    learning_rate,
)
from polyculture.engine.functions import BatchOf, LossOf
from polyculture.engine.opened import LOOK, Opened
from polyculture.engine.optimizers import part_of
from polyculture.engine.plan import Plan
from polyculture.engine.training import Training

TIMED_TOKENS = 512
"""Padded tokens on which precision and attention are timed; a whole batch of a large base takes
seconds, and what is faster shows on these."""
LOGITS = 2**27
"""Logits of a vocabulary in a batch at most, where the recipe names no size: 512 MB, and some four
times as much with their gradients."""


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
