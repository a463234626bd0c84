"""A base with its head and adaptation, opened to be trained."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import nn

from polyculture.core.errors import ModelError, RecipeError, RowError
from polyculture.core.task import Context, Encoded
from polyculture.engine.answering.model import network_of
from polyculture.engine.choices.chosen import Chosen
from polyculture.engine.device import Device, device_of
from polyculture.engine.training import Training
from polyculture.nets.build import form_of, open_reader
from polyculture.nets.efficiency.dropout import set_dropout
from polyculture.nets.efficiency.embedding import compact, input_table
from polyculture.nets.efficiency.recompute import recompute
from polyculture.nets.network import Network, count, trainable
from polyculture.nets.reading.account import refuse_unreadable
from polyculture.nets.reading.texts import longest_input
from polyculture.nets.saved.added import attach
from polyculture.nets.saved.weights_fit import check_tokens

LOOK = 64
"""Rows encoded at a time when looking for one that can be read."""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A base with its head and adaptation, before any text was read."""

    network: Network
    device: Device
    context: Context
    """What the task may look at, the base's reader among it."""
    untrained: tuple[str, ...]
    """Parameters that the base's files did not hold; ``head`` for a head of ours."""
    base_weights: int
    """Weights of the base without its table of tokens."""

    def check_readable(self, training: Training) -> None:
        """Check early that every split has a row that can be read.

        Raises:
            DataError: All texts of a split are empty, or unknown to the tokenizer.
        """
        for split, rows in training.rows.items():
            parts = (rows[start : start + LOOK] for start in range(0, len(rows), LOOK))
            if all(self._encoded(training, split, part).unreadable for part in parts):
                refuse_unreadable(self._encoded(training, split, rows), split)

    def encode(self, training: Training, split: str) -> Encoded:
        """The examples of a split; those of ``train`` as they are learnt from.

        Raises:
            DataError: A row cannot be read; the message names file and line.
        """
        encoded, pack = self._encoded(training, split, training.rows[split]), training.task.pack
        if split != "train" or pack is None:
            return encoded
        with _telling(training, split):
            return pack(encoded, self.context, np.random.default_rng(training.recipe.seed))

    def _encoded(self, training: Training, split: str, rows: pl.DataFrame) -> Encoded:
        with _telling(training, split):
            return training.task.encode(rows, self.context)


@contextmanager
def _telling(training: Training, split: str) -> Iterator[None]:
    """Name the file and the line of a row that a task refuses."""
    try:
        yield
    except RowError as error:
        raise training.dataset.tell(split, error) from error


def open_base(training: Training, earlier: Chosen | None = None) -> Opened:
    """Open network and reader, and apply the adaptation.

    Args:
        training: Recipe, data and base.
        earlier: Choices of the resumed training; its texts are read as before.
    """
    recipe = training.recipe
    device = device_of(recipe.fit, earlier)
    torch.manual_seed(recipe.seed)
    folder = _folder_of(training)
    network = network_of(folder, recipe, training.inventory)
    reader = open_reader(folder)
    check_tokens(folder, network, reader)
    untrained = (*network.untrained, *(("head",) if _is_learnt(network.head) else ()))
    base_weights = _weights_apart_from_tokens(network)
    if recipe.regularization.dropout is not None:
        network.own_dropout = set_dropout(network, recipe.regularization.dropout)
    attach(network, training.adaptation, recipe.adaptation)
    if not trainable(network):
        kind = getattr(recipe.adaptation, "kind", "")
        msg = (
            f"Adaptation {kind!r} leaves nothing to train: it freezes {training.base.name}, and "
            "the head has no weights of its own. Choose [adaptation] kind = 'full' or 'low_rank'."
        )
        raise RecipeError(msg)
    device.make_ready(network)
    if recipe.fit.recompute:
        recompute(network)
    device.move(network)
    return Opened(
        network=network,
        device=device,
        context=replace(
            training.context,
            reader=reader,
            longest=earlier.max_length if earlier else _longest(training, network, reader),
            word_spaces=earlier.word_spaces if earlier else "as_in_text",
            form=form_of(folder),
        ),
        untrained=untrained,
        base_weights=base_weights,
    )


def _folder_of(training: Training) -> Path:
    if training.base.folder is None:
        msg = f"The base {training.base.name!r} has no network to train."
        raise ModelError(msg)
    return training.base.folder


def open_beside(training: Training, first: Opened) -> Opened:
    """A task that shares the body of one that was opened before, with a head of its own.

    Args:
        training: Recipe and data; the base is that of ``first``.
        first: With the adaptation applied.
    """
    folder = _folder_of(training)
    network = network_of(folder, training.recipe, training.inventory)
    untrained = ("head",) if _is_learnt(network.head) else ()
    network.model, network.added = first.network.model, first.network.added
    network.untrained = first.network.untrained
    if training.recipe.regularization.dropout is not None:
        set_dropout(network.head, training.recipe.regularization.dropout)
    first.device.make_ready(network)
    first.device.move(network)
    reading = first.context
    return Opened(
        network=network,
        device=first.device,
        context=replace(
            training.context,
            reader=reading.reader,
            longest=reading.longest,
            word_spaces=reading.word_spaces,
            form=reading.form,
        ),
        untrained=untrained,
        base_weights=first.base_weights,
    )


def _longest(training: Training, network: Network, reader: Any) -> int:
    """Longest input, in units of ``Example.size``.

    Raises:
        RecipeError: The recipe would cut what has only one size.
    """
    wanted = training.recipe.fit.max_length
    reads = training.task.reads
    if reads == "sounds":
        return int(reader.longest(wanted))
    if reads == "text":
        return longest_input(reader, network.body.config, wanted)
    if wanted is not None:
        msg = f"fit.max_length cuts texts, but {training.base.name!r} reads {reads}. Leave it out."
        raise RecipeError(msg)
    return int(reader.size)


def compact_tokens(opened: Opened, encoded: Iterable[Encoded]) -> None:
    """Train those rows of the table of tokens that some examples read, if it is trained at all."""
    network = opened.network
    if opened.device.compacts_tokens and network.trains_tokens:
        tokens = {opened.context.reader.pad_token_id}
        for part in encoded:
            tokens.update(*(e.inputs["input_ids"].tolist() for e in part.examples))
        compact(network.body, tokens)


def _is_learnt(head: nn.Module | None) -> bool:
    """Whether a head of ours has weights, which are initialised at random."""
    return head is not None and any(True for _ in head.parameters())


def _weights_apart_from_tokens(network: Network) -> int:
    table = input_table(network.body)
    tokens = 0 if table is None else count(table.parameters())
    return count(network.body.parameters()) - tokens
