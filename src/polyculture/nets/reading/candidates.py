"""Questions, each read together with its candidates: the texts of a pool that BM25 ranks first.

To learn from, a row is one example, a group of pairs: first the question with each text that
belongs to it, then with candidates that do not, of which some are drawn at each step. To answer, it
is an example for each candidate.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from polyculture.core.errors import RowError
from polyculture.nets.lexical.bm25 import best
from polyculture.nets.reading.groups import encode_groups, only, pad_groups

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from polyculture.core.task import Context, Encoded, Example, Pool
    from polyculture.nets.batch import Batch, Reading

NUMBER, SCORE = "candidate", "bm25"
"""Places of a candidate: its number in the pool, and what BM25 gave it."""


def ranked_by_bm25(
    questions: Sequence[str], pool: Pool, most: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Numbers in the pool of the best texts for each question, and their scores; see ``best``."""
    return best(pool.rows["id"].to_list(), pool.rows["text"].to_list(), questions, most)


def encode_candidates(questions: Sequence[str], context: Context, most: int) -> Encoded:
    """An example for each candidate of each question.

    Args:
        questions: One a row.
        context: With the base's tokenizer and the pool.
        most: Candidates of a question.
    """
    pool: Any = context.pool
    texts: list[str] = pool.rows["text"].to_list()
    numbers, scores = ranked_by_bm25(questions, pool, most)
    pairs = [
        [(question, texts[place])]
        for question, places in zip(questions, numbers.tolist(), strict=True)
        for place in places
    ]
    encoded = encode_groups(pairs, context, {})
    width = numbers.shape[1]
    examples = [
        replace(
            example,
            row=place // width,
            places={**example.places, NUMBER: np.asarray(number), SCORE: np.asarray(score)},
        )
        for place, (example, number, score) in enumerate(
            zip(encoded.examples, numbers.ravel(), scores.ravel(), strict=True)
        )
    ]
    return replace(encoded, examples=examples, rows=len(questions))


def encode_matched(
    questions: Sequence[str],
    matches: Sequence[Sequence[str]],
    context: Context,
    *,
    most: int,
    drawn: int,
) -> Encoded:
    """An example for each question: its pairs with what belongs to it, then with candidates.

    Args:
        questions: One a row.
        matches: Ids of the texts of the pool that belong to each.
        context: With the base's tokenizer and the pool.
        most: Candidates of a question that do not belong to it.
        drawn: How many of these are read at once.

    Raises:
        RowError: The whole pool belongs to a question.
    """
    pool: Any = context.pool
    names, texts = pool.rows["id"].to_list(), pool.rows["text"].to_list()
    number_of = {name: number for number, name in enumerate(names)}
    longest = max(map(len, matches))
    numbers, _ = ranked_by_bm25(questions, pool, most + longest)
    groups, right = [], []
    for question, ids, places in zip(questions, matches, numbers.tolist(), strict=True):
        belonging = [number_of[name] for name in ids]
        known = set(belonging)
        others = [place for place in places if place not in known][:most]
        if not others:
            reason = (
                f"all texts of the corpus ({len(names):,}) belong to the question "
                f"{question[:60]!r}: there is nothing to tell them from. Drop the row, or give a "
                "larger corpus."
            )
            raise RowError(reason, where="the rows")
        groups.append([(question, texts[place]) for place in (*belonging, *others)])
        right.append(np.array(len(belonging), dtype=np.float32))
    return encode_groups(groups, context, {"right": right}, at_once=1 + drawn)


def draw_candidates(example: Example, rng: np.random.Generator, drawn: int) -> Example:
    """One pair that belongs together, then some that do not; again, where there are too few.

    Args:
        example: Of ``encode_matched``; any other stays as it is.
        rng: Decides.
        drawn: Pairs that do not belong together.
    """
    if "right" not in example.targets:
        return example
    right, pairs = int(example.targets["right"]), len(example.places["lengths"])
    others = np.arange(right, pairs)
    wrong = rng.choice(others, drawn, replace=len(others) < drawn)
    return only(example, [int(rng.integers(right)), *wrong.tolist()])


def pad_candidates(examples: Sequence[Example], context: Context) -> Batch:
    """A batch in which every pair is a row of the network, with what is known of candidates."""
    batch = pad_groups(examples, context)
    if examples[0].targets:
        batch.targets["right"] = torch.ones(len(examples))
        batch.count = len(examples)
    else:
        for name in (NUMBER, SCORE):
            batch.places[name] = torch.tensor(np.array([e.places[name] for e in examples]))
    return batch


def read_candidates(reading: Reading) -> list[NDArray[Any]]:
    """Of each row the number, BM25's score and the network's of each candidate, ``(most, 3)``."""
    known = [reading.batch.places[name].cpu() for name in (NUMBER, SCORE)]
    found = torch.stack([*known, reading.seen("logits").squeeze(1)], dim=1).double().numpy()
    row_of = np.array(reading.batch.rows)
    return [found[row_of == row] for row in reading.rows]
