"""All before the first step: open the base, encode the data, choose what is left to choose."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from polyculture.engine.batches import collate
from polyculture.engine.chosen import CHOSEN, Chosen, remembered
from polyculture.engine.defaults import HEAD, batch_tokens, learning_rate
from polyculture.engine.encode import Encoded, account
from polyculture.engine.features import cache_features
from polyculture.engine.ingredients import Ingredients
from polyculture.engine.loop import Work
from polyculture.engine.opened import Opened, compact_tokens, open_base, threads_of
from polyculture.engine.plan import Plan
from polyculture.engine.precision import choose, use
from polyculture.engine.predict import decode, read_rows, word_counts
from polyculture.nets.network import Batch, Network
from polyculture.store.folder import write_text

TIMED_TOKENS = 512
"""Padded tokens on which precision and attention are timed; a whole batch of a large base takes
seconds, and what is faster shows on these."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A network and its encoded data, ready for the loop."""

    network: Network
    tokenizer: PreTrainedTokenizerBase
    chosen: Chosen
    work: Work
    notes: tuple[str, ...]
    lengths: NDArray[np.int64]
    """Tokens of the pieces to train on, ``(pieces,)``."""
    seconds_a_piece: float
    """Seconds in which a frozen base read each piece; 0 where the base is trained."""


def prepare(given: Ingredients, folder: Path | None) -> Prepared:
    """Open the base, encode the data, choose what is chosen automatically.

    Args:
        given: Recipe, data and base.
        folder: Where choices of an earlier, killed training may lie; none to choose anew.
    """
    earlier = remembered(folder)
    opened = open_base(given, earlier)
    opened.check_known(given)
    encoded = {split: opened.encode(given, split) for split in ("train", "valid")}
    compact_tokens(opened, encoded.values())
    rows = len(given.rows["train"])
    prepared = assemble(given, opened, encoded, budget_of(given, encoded["train"], rows), earlier)
    if folder is not None:
        write_text(folder / CHOSEN, prepared.chosen.model_dump_json())
    return prepared


def budget_of(given: Ingredients, encoded: Encoded, rows: int) -> int:
    """Padded tokens of a batch: the recipe's, or the default for so many rows."""
    fit, level = given.recipe.fit, given.task.level
    return fit.batch_tokens or batch_tokens(encoded.lengths, rows, fit.epochs, level)


def assemble(
    given: Ingredients,
    opened: Opened,
    encoded: Mapping[str, Encoded],
    budget: int,
    earlier: Chosen | None = None,
) -> Prepared:
    """Choose precision and rate, plan the batches, and put together what the loop needs.

    Args:
        given: Recipe, data and base.
        opened: The base, with a compact table of tokens.
        encoded: Pieces of ``train`` and ``valid``.
        budget: Padded tokens of a batch.
        earlier: What the training chose that is resumed; none to choose anew.
    """
    recipe, network, tokenizer = given.recipe, opened.network, opened.tokenizer
    batch_of, loss_of = _functions(given, network, encoded["train"], tokenizer)
    budget = earlier.batch_tokens if earlier else budget
    plan = Plan(encoded["train"].lengths, budget=budget, epochs=recipe.fit.epochs, seed=recipe.seed)
    threads_ = threads_of(given)
    chosen = earlier or Chosen(
        kernels=choose(
            network,
            batch_of(_to_time(plan, encoded["train"].lengths, threads_)),
            loss_of,
            wanted=recipe.fit.precision,
            threads=threads_,
        ),
        threads=threads_,
        batch_tokens=budget,
        learning_rate=recipe.fit.learning_rate or _default_rate(given, opened),
        max_length=opened.max_length,
        head_learning_rate=recipe.fit.head_learning_rate or _default_head_rate(given),
        word_spaces=opened.word_spaces,
    )
    torch.set_num_threads(chosen.threads)
    use(network, chosen.kernels)
    features: dict[str, list[Tensor]] = {}
    began = time.perf_counter()
    if given.adaptation.caches_features:
        features = cache_features(
            network,
            encoded,
            tokenizer.pad_token_id,
            kernels=chosen.kernels,
            threads=chosen.threads,
        )
        batch_of, loss_of = _functions(
            given, network, encoded["train"], tokenizer, features["train"]
        )
    read = sum(len(part.pieces) for part in encoded.values())
    seconds_a_piece = (time.perf_counter() - began) / read if features else 0.0
    torch.manual_seed(recipe.seed)  # dropout draws the same numbers, whatever was timed before
    return Prepared(
        network=network,
        tokenizer=tokenizer,
        chosen=chosen,
        work=Work(
            tokens_valid=(valid := int(encoded["valid"].lengths.sum())),
            tokens_after=2 * valid + _tokens_of_test(given, valid),
            plan=plan,
            steps_per_epoch=plan.steps_per_epoch,
            batch_of=batch_of,
            loss_of=loss_of,
            evaluate=_evaluation(
                given,
                network,
                encoded["valid"],
                tokenizer,
                chosen=chosen,
                features=features.get("valid"),
            ),
        ),
        notes=notes_on(given, opened, encoded),
        lengths=encoded["train"].lengths,
        seconds_a_piece=seconds_a_piece,
    )


def _tokens_of_test(given: Ingredients, valid: int) -> int:
    """About the tokens of the test rows, from those of the validation rows."""
    rows = given.rows
    return round(valid * len(rows["test"]) / len(rows["valid"])) if "test" in rows else 0


def _default_rate(given: Ingredients, opened: Opened) -> float:
    rate = given.adaptation.learning_rate
    if rate is not None:
        return rate
    return learning_rate(opened.base_weights, is_pretrained=bool(given.base.lineage))


def _default_head_rate(given: Ingredients) -> float | None:
    """A head beside a pretrained base learns faster; a rate that was named is for all weights."""
    follows = given.adaptation.learning_rate is None and bool(given.base.lineage)
    return HEAD if follows and given.recipe.fit.learning_rate is None else None


def _to_time(plan: Plan, lengths: NDArray[np.int64], threads_: int) -> NDArray[Any]:
    """One thread's share of a batch from the midst of an epoch, cut to what is quickly timed."""
    share = plan[int(plan.steps_per_epoch) // 2][::threads_]
    return share[: max(1, TIMED_TOKENS // int(lengths[share].max()))]


def _functions(
    given: Ingredients,
    network: Network,
    encoded: Encoded,
    tokenizer: PreTrainedTokenizerBase,
    features: Sequence[Tensor] | None = None,
) -> tuple[Callable[[NDArray[Any]], Batch], Callable[[Tensor, Batch], Tensor]]:
    targets = given.targets("train")

    def batch_of(numbers: NDArray[Any]) -> Batch:
        pieces = [encoded.pieces[n] for n in numbers]
        return collate(
            pieces,
            level=given.task.level,
            padding=int(tokenizer.pad_token_id),
            targets=[targets[piece.row] for piece in pieces],
            features=None if features is None else [features[n] for n in numbers],
        )

    def loss_of(logits: Tensor, batch: Batch) -> Tensor:
        structured = network.head_loss(logits, batch)
        if structured is not None:
            return structured
        loss: Tensor = given.task.loss(logits, batch.targets, given.recipe.task)
        return loss

    return batch_of, loss_of


def _evaluation(
    given: Ingredients,
    network: Network,
    encoded: Encoded,
    tokenizer: PreTrainedTokenizerBase,
    *,
    chosen: Chosen,
    features: Sequence[Tensor] | None,
) -> Callable[[], tuple[float, float]]:
    rows, settings = given.rows["valid"], given.recipe.task
    targets = given.targets("valid")
    _, loss_of = _functions(given, network, encoded, tokenizer)

    def evaluate() -> tuple[float, float]:
        outputs = read_rows(
            network,
            encoded,
            words=word_counts(rows, given.task),
            padding=int(tokenizer.pad_token_id),
            precision=chosen.kernels.precision,
            threads=chosen.threads,
            targets=targets,
            loss_of=loss_of,
            features=features,
            allowed=given.task.allowed(given.labels, settings),
        )
        answers = decode(given.task, settings, rows, outputs, given.labels)
        scores = given.task.score(rows, answers, given.labels, settings, split="valid")
        value = scores.headline().value
        # no score at all (nothing was predicted, nothing was there) is no progress
        return (value.number if value.kind == "known" else 0.0), float(outputs.loss or 0.0)

    return evaluate


def notes_on(given: Ingredients, opened: Opened, encoded: Mapping[str, Encoded]) -> tuple[str, ...]:
    """What did not fit, and what starts from chance."""
    notes = []
    for split, part in encoded.items():
        notes += account(part, split, opened.max_length)
    if any("pooler" in name for name in opened.untrained):
        notes.append(
            f"The standard head of {given.base.name} reads a pooler that its files do not hold: "
            "it starts from chance. [head] pooling = 'mean' does without it."
        )
    if opened.untrained:
        names = sorted({name.rpartition(".")[0] or name for name in opened.untrained})
        notes.append(f"Weights that the base does not hold, drawn anew: {', '.join(names)}.")
    return tuple(notes)
