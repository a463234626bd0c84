"""All before the first step: open the base, encode the data, choose what is left to choose."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from polyculture.core.errors import ModelError
from polyculture.core.recipe import Recipe
from polyculture.engine.batches import collate, default_budget, shuffled
from polyculture.engine.encode import Encoded, account, encode, longest
from polyculture.engine.features import cache_features
from polyculture.engine.ingredients import Chosen, Ingredients
from polyculture.engine.loop import Work
from polyculture.engine.precision import choose, use
from polyculture.engine.predict import decode, network_of, read_rows, word_counts
from polyculture.nets import threads
from polyculture.nets.build import open_tokenizer
from polyculture.nets.dropout import make_cheap
from polyculture.nets.embedding import compact
from polyculture.nets.network import Batch, Network
from polyculture.store.folder import write_text

CHOSEN = "chosen.json"


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A network and its encoded data, ready for the loop."""

    network: Network
    tokenizer: PreTrainedTokenizerBase
    chosen: Chosen
    work: Work
    notes: tuple[str, ...]


def prepare(given: Ingredients, folder: Path | None) -> Prepared:
    """Open the base, encode the data, choose what is chosen automatically.

    Args:
        given: Recipe, data and base.
        folder: Where choices of an earlier, killed training may lie; none to choose anew.
    """
    recipe = given.recipe
    threads_ = recipe.fit.threads or threads.available()
    torch.set_num_threads(threads_)
    torch.manual_seed(recipe.seed)
    if given.base.folder is None:
        msg = f"The base {given.base.name!r} has no network to train."
        raise ModelError(msg)
    network = network_of(given.base.folder, recipe, given.task, given.labels)
    tokenizer = open_tokenizer(given.base.folder)
    untrained = network.untrained
    given.adaptation.apply(network, recipe.adaptation)
    make_cheap(network)
    max_length = longest(tokenizer, network.body.config, recipe.fit.max_length)
    encoded = {
        split: encode(
            given.rows[split],
            tokenizer,
            level=given.task.level,
            max_length=max_length,
            with_shapes=bool(getattr(recipe.head, "shapes", False)),
        )
        for split in ("train", "valid")
    }
    if _trains_tokens(network):
        tokens = {tokenizer.pad_token_id}
        for part in encoded.values():
            tokens.update(*(piece.tokens.tolist() for piece in part.pieces))
        compact(network.body, tokens)
    budget = recipe.fit.batch_tokens or default_budget(encoded["train"].lengths)
    batch_of, loss_of = _functions(given, network, encoded["train"], tokenizer)
    plan, per_epoch = _plan(recipe, encoded["train"].lengths, budget)
    chosen = _remembered(folder) or Chosen(
        kernels=choose(
            network,
            batch_of(plan[len(plan) // 2][::threads_]),
            loss_of,
            wanted=recipe.fit.precision,
            threads=threads_,
        ),
        threads=threads_,
        batch_tokens=budget,
        learning_rate=recipe.fit.learning_rate or given.adaptation.learning_rate,
        max_length=max_length,
    )
    if folder is not None:
        write_text(folder / CHOSEN, chosen.model_dump_json())
    torch.set_num_threads(chosen.threads)
    use(network, chosen.kernels)
    features: dict[str, list[Tensor]] = {}
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
    torch.manual_seed(recipe.seed)  # dropout draws the same numbers, whatever was timed before
    return Prepared(
        network=network,
        tokenizer=tokenizer,
        chosen=chosen,
        work=Work(
            tokens_valid=(valid := int(encoded["valid"].lengths.sum())),
            tokens_after=2 * valid + _tokens_of_test(given, valid),
            plan=plan,
            steps_per_epoch=per_epoch,
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
        notes=_notes(given, encoded, max_length, untrained),
    )


def _tokens_of_test(given: Ingredients, valid: int) -> int:
    """About the tokens of the test rows, from those of the validation rows."""
    rows = given.rows
    return round(valid * len(rows["test"]) / len(rows["valid"])) if "test" in rows else 0


def _remembered(folder: Path | None) -> Chosen | None:
    if folder is None or not (folder / CHOSEN).exists():
        return None
    return Chosen.model_validate_json((folder / CHOSEN).read_bytes())


def _trains_tokens(network: Network) -> bool:
    table = network.body.get_input_embeddings()  # type: ignore[operator]
    return bool(table.weight.requires_grad)


def _plan(
    recipe: Recipe, lengths: NDArray[np.int64], budget: int
) -> tuple[list[NDArray[Any]], float]:
    plan: list[NDArray[Any]] = []
    for epoch in range(recipe.fit.epochs):
        plan += shuffled(lengths, budget, np.random.default_rng([recipe.seed, epoch]))
    return plan, len(plan) / recipe.fit.epochs


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


def _notes(
    given: Ingredients,
    encoded: Mapping[str, Encoded],
    max_length: int,
    untrained: tuple[str, ...],
) -> tuple[str, ...]:
    notes = []
    for split, part in encoded.items():
        notes += account(part, split, max_length)
    if any("pooler" in name for name in untrained):
        notes.append(
            f"The standard head of {given.base.name} reads a pooler that its files do not hold: "
            "it starts from chance. [head] pooling = 'mean' does without it."
        )
    return tuple(notes)
