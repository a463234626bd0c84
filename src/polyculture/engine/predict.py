"""Answers of a trained model: logits of every row in the order of the rows, decoded by its task."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from polyculture.core import parts
from polyculture.core.errors import ModelError
from polyculture.core.plugins import Head, Task
from polyculture.core.recipe import Recipe, Settings
from polyculture.core.run import Run
from polyculture.engine.batches import by_length, collate
from polyculture.engine.counts import answer_rows
from polyculture.engine.encode import Encoded, Piece, encode, refuse_unknown
from polyculture.engine.ingredients import task_of
from polyculture.engine.precision import Precision, arithmetic
from polyculture.engine.team import Team
from polyculture.nets.build import labels_of, load_head, open_network, open_tokenizer
from polyculture.nets.network import Batch, Network
from polyculture.nets.saved_counts import load_counts
from polyculture.nets.tfidf import Tfidf
from polyculture.nets.threads import available
from polyculture.nets.weights_fit import check_tokens, refuse_untrained
from polyculture.nets.word_tokens import WordSpaces
from polyculture.sources.bases._plain import check_folder
from polyculture.store.runs import read_run

BUDGET = 4_096
"""Padded tokens of a batch that is only read."""


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """What a network says of rows, in their order."""

    logits: list[NDArray[np.float32]]
    """One array a row: ``(labels,)``, or ``(words, labels)`` with NaN for words without tokens."""
    paths: list[NDArray[np.int64]] | None
    """Label codes decoded together, ``(words,)`` a row; words without tokens have the first one."""
    loss: float | None
    """Mean loss over all targets that count, where targets were given."""


def read_rows(
    network: Network,
    encoded: Encoded,
    *,
    words: Sequence[int] | None,
    padding: int,
    precision: Precision = "float32",
    threads: int | None = None,
    targets: Sequence[NDArray[Any]] | None = None,
    loss_of: Callable[[Tensor, Batch], Tensor] | None = None,
    features: Sequence[Tensor] | None = None,
    allowed: NDArray[np.bool_] | None = None,
) -> Outputs:
    """Run a network over pieces without training.

    Args:
        network: Any mode; it is put into evaluation mode.
        encoded: The pieces.
        words: Number of words of each row; none where texts are answered.
        padding: Number of the padding token.
        precision: Arithmetic of matrix products.
        threads: Batches that are read at once; the cores of this process where left out.
        targets: Right answers a row, for the loss.
        loss_of: (logits, batch) to the loss.
        features: Cached outputs of the body, one a piece.
        allowed: Which label may follow which, as the task's ``allowed`` gives it.
    """
    network.eval()
    level: Literal["text", "word"] = "text" if words is None else "word"

    def read(numbers: NDArray[Any]) -> tuple[Tensor, tuple[float, int] | None]:
        pieces = [encoded.pieces[n] for n in numbers]
        batch = collate(
            pieces,
            level=level,
            padding=padding,
            targets=None if targets is None else [targets[p.row] for p in pieces],
            features=None if features is None else [features[n] for n in numbers],
        )
        with torch.no_grad(), arithmetic(precision):
            out = network(batch).float()
            loss = None if loss_of is None else float(loss_of(out, batch))
        return out, None if loss is None else (loss, network.answers(batch))

    batches = by_length(encoded.lengths, BUDGET)
    with Team(threads or available()) as team:
        found = team.map(read, batches)
    logits: list[Any] = [None] * encoded.rows
    for numbers, (out, _) in zip(batches, found, strict=True):
        for place, number in enumerate(numbers):
            piece = encoded.pieces[number]
            if words is None:
                logits[piece.row] = out[place].numpy()
                continue
            _fill(logits, piece, words[piece.row], out[place].numpy())
    return Outputs(
        logits=logits,
        paths=None if words is None else _paths(network, logits, allowed),
        loss=_mean([loss for _, loss in found if loss is not None]),
    )


def _mean(losses: Sequence[tuple[float, int]]) -> float | None:
    """The mean over targets of some batches' mean losses; none where no target counts."""
    weights = [count for _, count in losses]
    return (
        float(np.average([loss for loss, _ in losses], weights=weights)) if any(weights) else None
    )


def _fill(rows: list[Any], piece: Piece, words: int, values: NDArray[Any]) -> None:
    """Put the values of a piece's words into their places of the row."""
    if rows[piece.row] is None:
        rows[piece.row] = np.full((words, values.shape[1]), np.nan, dtype=values.dtype)
    rows[piece.row][piece.words] = values[: len(piece.words)]


def _paths(
    network: Network, logits: Sequence[NDArray[np.float32]], allowed: NDArray[np.bool_] | None
) -> list[NDArray[np.int64]] | None:
    """Labels of whole rows decoded together, whatever windows they were read in.

    A word that was not read is the first label for sure (``O``), so that what stands beside it
    fits to that.
    """
    rule = None if allowed is None else torch.from_numpy(allowed)
    found = [np.zeros(0, dtype=np.int64)] * len(logits)
    lengths = np.array([len(row) for row in logits], dtype=np.int64)
    for numbers in by_length(lengths, BUDGET):
        rows = [torch.from_numpy(logits[number]) for number in numbers if lengths[number]]
        if not rows:
            continue
        scores = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
        scores[scores.isnan().any(dim=2)] = torch.where(
            torch.arange(scores.shape[2]) == 0, 0.0, -torch.inf
        )
        words = torch.arange(scores.shape[1]) < torch.tensor([len(row) for row in rows])[:, None]
        paths = network.paths(scores, words, rule)
        if paths is None:
            return None
        for number, path in zip(numbers, paths.numpy(), strict=False):  # empty rows come last
            found[number] = path[: lengths[number]]
    return found


def decode(
    task: Task,
    settings: Settings,
    rows: pl.DataFrame,
    outputs: Outputs,
    labels: tuple[str, ...],
) -> pl.DataFrame:
    """Outputs as the task's answers."""
    return task.decode(rows, outputs.logits, labels, settings, paths=outputs.paths)


@dataclass(frozen=True, kw_only=True)
class Predictor:
    """A finished run, ready to answer.

    Example: ``open_run(Path("runs/ner")).answer(rows)``.
    """

    recipe: Recipe
    labels: tuple[str, ...]
    max_length: int
    word_spaces: WordSpaces
    network: Network | Tfidf
    tokenizer: PreTrainedTokenizerBase | None

    def answer(self, rows: pl.DataFrame, where: str = "the input") -> tuple[pl.DataFrame, Encoded]:
        """Answers to rows in the columns of the task, and what was cut on the way.

        Args:
            rows: With ``id`` and the task's inputs; answers are not needed.
            where: What the rows are, for messages.
        """
        task, settings = task_of(self.recipe), self.recipe.task
        if isinstance(self.network, Tfidf):
            return answer_rows(self.network, self.recipe, self.labels, rows, where)
        if self.tokenizer is None:
            msg = f"{where}: the run has no tokenizer."
            raise ModelError(msg)
        encoded = encode(
            rows,
            self.tokenizer,
            level=task.level,
            max_length=self.max_length,
            spaces=self.word_spaces,
            with_shapes=bool(getattr(self.recipe.head, "shapes", False)),
        )
        refuse_unknown(encoded, where)
        outputs = read_rows(
            self.network,
            encoded,
            words=word_counts(rows, task),
            padding=int(self.tokenizer.pad_token_id),
            allowed=task.allowed(self.labels, settings),
        )
        return decode(task, settings, rows, outputs, self.labels), encoded


def word_counts(rows: pl.DataFrame, task: Task) -> list[int] | None:
    """Number of words of each row; none where texts are answered."""
    return rows["tokens"].list.len().to_list() if task.level == "word" else None


def network_of(folder: Path, recipe: Recipe, task: Task, labels: tuple[str, ...]) -> Network:
    """A base, or a trained model's folder, with the head that a recipe asks for."""
    settings: Any = recipe.head
    head: Head = parts.load("heads", settings.kind)
    is_standard = settings.kind == "linear" and (
        settings.pooling == "standard" or task.level == "word"
    )
    own = None if is_standard else head.make
    return open_network(
        folder,
        labels=labels,
        level=task.level,
        model_class=task.model_class,
        make_head=None
        if own is None
        else lambda width, count, dropout: own(settings, width, count, dropout),
        pooling=getattr(settings, "pooling", "mean"),
    )


def open_run(folder: Path) -> Predictor:
    """Load a run so that it answers.

    Raises:
        StoreError: The folder holds no finished run.
        ModelError: Its model cannot be opened.
    """
    run = read_run(folder)
    length = int(run.facts.chosen["max_length"] or 0)
    return open_model(
        folder / "model",
        run.recipe,
        run.labels,
        max_length=length,
        word_spaces=_word_spaces(run, folder),
    )


def _word_spaces(run: Run, folder: Path) -> WordSpaces:
    """Runs without a record of it are older, and had a space before every word."""
    recorded = run.facts.chosen.get("word_spaces", "every_word")
    for known in get_args(WordSpaces):
        if recorded == known:
            return known  # type: ignore[no-any-return]
    msg = (
        f"{folder / 'run.json'}: word_spaces is one of {', '.join(get_args(WordSpaces))}, got "
        f"{recorded!r}. Train the run again."
    )
    raise ModelError(msg)


def open_model(
    folder: Path,
    recipe: Recipe,
    labels: tuple[str, ...],
    *,
    max_length: int,
    word_spaces: WordSpaces,
) -> Predictor:
    """Load a run's ``model`` folder.

    Args:
        folder: The model's.
        recipe: How it was made.
        labels: Its answers, in the order of the outputs.
        max_length: Longest input in tokens; no matter for TF-IDF.
        word_spaces: Which words it was trained to see with a space before them; likewise.

    Raises:
        ModelError: A file is missing or damaged, is code, or belongs to another run.
    """
    if not folder.is_dir():
        msg = f"The run {folder.parent} is damaged: its folder 'model' is missing. Train it again."
        raise ModelError(msg)
    if Tfidf.lies_in(folder):
        return Predictor(
            recipe=recipe,
            labels=labels,
            max_length=max_length,
            word_spaces=word_spaces,
            network=load_counts(folder, labels),
            tokenizer=None,
        )
    check_folder(folder, str(folder))
    network = network_of(folder, recipe, task_of(recipe), labels)
    if network.untrained:
        refuse_untrained(folder, network, labels_of(folder), labels)
    load_head(network, folder)
    tokenizer = open_tokenizer(folder)
    check_tokens(folder, network, tokenizer)
    return Predictor(
        recipe=recipe,
        labels=labels,
        max_length=max_length,
        word_spaces=word_spaces,
        network=network,
        tokenizer=tokenizer,
    )
