"""Rank texts of a corpus by how relevant they are to a question: re-ranking by a cross-encoder.

BM25 finds candidates; the network reads the question together with each of them, and says how
relevant it is. What BM25 does not find stays in every score as missed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from polyculture.core.recipe import Settings
from polyculture.core.task import Column, Task
from polyculture.stats.vectors import near_answers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray
    from torch import Tensor

    from polyculture.core.data import Dataset
    from polyculture.core.run import Scores
    from polyculture.core.task import Context, Encoded, Example
    from polyculture.nets.batch import Batch, Outputs, Reading


class Relevance(Settings):
    """Which texts of a corpus are relevant to a question."""

    kind: Literal["relevance"] = "relevance"
    candidates: int = Field(default=50, ge=2, le=100)
    """Texts that BM25 ranks first, among which the network ranks."""
    negatives: int = Field(default=7, ge=1, le=100)
    """Candidates that are not relevant, drawn anew at each step, against which a relevant text is
    learnt."""
    loss: Literal["softmax", "binary"] = "softmax"
    """``softmax``: the relevant text among all that are read with the question; ``binary``: each
    text by itself, relevant or not."""
    fuse: Literal["no", "ranks", "scores"] = "no"
    """How the order of BM25 and that of the network are joined. ``ranks``: by reciprocal ranks;
    ``scores``: by a weighted sum, whose weight is chosen on the validation rows."""

    @property
    def answer(self) -> str:
        """What ``near_answers`` asks: texts of the corpus are ranked."""
        return "text"


def prepare(rows: pl.DataFrame, where: str, settings: Relevance) -> pl.DataFrame:  # noqa: ARG001  # one form for all tasks
    """Check the columns; whatever is there is filled."""
    from polyculture.stats.rows import check_names, check_rows

    check_rows(rows, where, needed=("id", "text"), filled=("id", "text", "matches"))
    check_names(rows, where, "matches")
    return rows


def encode(rows: pl.DataFrame, context: Context) -> Encoded:
    """A question with each of its candidates; where it is known, with what is relevant first."""
    from polyculture.nets.reading.candidates import encode_candidates, encode_matched

    settings = context.settings
    questions, most = rows["text"].to_list(), settings.candidates
    if "matches" not in rows.columns:
        return encode_candidates(questions, context, most)
    matches = rows["matches"].to_list()
    return encode_matched(questions, matches, context, most=most, drawn=settings.negatives)


def draw(example: Example, context: Context, rng: np.random.Generator) -> Example:
    """One relevant text and some candidates that are not."""
    from polyculture.nets.reading.candidates import draw_candidates

    return draw_candidates(example, rng, context.settings.negatives)


def collate(examples: Sequence[Example], context: Context) -> Batch:
    """A row for each pair of texts, padded to one length."""
    from polyculture.nets.reading.candidates import pad_candidates

    return pad_candidates(examples, context)


def loss(outputs: Outputs, batch: Batch, context: Context) -> Tensor:
    """The sum over questions."""
    from polyculture.nets.losses import listwise

    scores: Tensor = outputs["logits"].float().reshape(len(batch.rows), -1)
    is_softmax = context.settings.loss == "softmax"
    return listwise.first_of_all(scores) if is_softmax else listwise.each_by_itself(scores)


def read(reading: Reading, context: Context) -> list[NDArray[Any]]:  # noqa: ARG001  # one form for all tasks
    """Number, BM25's score and the network's of each candidate."""
    from polyculture.nets.reading.candidates import read_candidates

    return read_candidates(reading)


def settle(
    rows: pl.DataFrame, values: Sequence[NDArray[Any]], context: Context
) -> dict[str, float]:
    """The weight of the network beside BM25 with the best nDCG@10, where scores are joined."""
    import numpy as np

    from polyculture.stats.vectors.fusion import WEIGHT, best_weight

    if context.settings.fuse != "scores":
        return {}
    numbers, of_bm25, of_network = np.moveaxis(np.stack(values), 2, 0)

    def goodness(scores: NDArray[Any]) -> float:
        answers = in_order(rows, numbers.astype(np.int64), scores, context)
        return float(np.mean(near_answers.grade(rows, answers, context)))

    return {WEIGHT: best_weight(of_bm25, of_network, goodness)}


def decode(rows: pl.DataFrame, values: Sequence[NDArray[Any]], context: Context) -> pl.DataFrame:
    """The candidates, the most relevant first."""
    import numpy as np

    from polyculture.stats.vectors.fusion import fused

    numbers, of_bm25, of_network = np.moveaxis(np.stack(values), 2, 0)
    scores = fused(context.settings.fuse, of_bm25, of_network, context.inventory.settled)
    return in_order(rows, numbers.astype(np.int64), scores, context)


def in_order(
    rows: pl.DataFrame, numbers: NDArray[Any], scores: NDArray[Any], context: Context
) -> pl.DataFrame:
    """Answers from the numbers of the candidates and their scores, ``(rows, candidates)`` each."""
    import polars as pl

    from polyculture.stats.vectors.rankings import ranked

    ids = near_answers.names(context)
    found = [
        ranked(scores_of_row[None], [ids[number] for number in numbers_of_row])
        for numbers_of_row, scores_of_row in zip(numbers.tolist(), scores, strict=True)
    ]
    rankings = [one.names[0] for one in found]
    return pl.DataFrame(
        {
            "id": rows["id"],
            "answer": [ranking[0] for ranking in rankings],
            "relevance": [one.best[0] for one in found],
            "ranking": rankings,
        }
    )


def score(
    rows: pl.DataFrame,
    answers: pl.DataFrame,
    context: Context,
    *,
    split: str,
    notes: Mapping[str, str | int | float] | None = None,
) -> Scores:
    """nDCG@10 and MRR@10 over all that is relevant, and what the candidates allow."""
    from polyculture.stats.vectors.rankings import best_order

    settings = context.settings
    told = {"candidates": settings.candidates, "found_by": "BM25", "fused": settings.fuse}
    scores = near_answers.score(rows, answers, context, split=split, notes=told | dict(notes or {}))
    return scores.model_copy(
        update={"tables": (best_order(rows, rows["matches"].to_list(), answers),)}
    )


def bm25(_: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The candidates as BM25 has them."""
    from polyculture.nets.reading.candidates import ranked_by_bm25

    pool: Any = context.pool
    numbers, scores = ranked_by_bm25(rows["text"].to_list(), pool, context.settings.candidates)
    return in_order(rows, numbers, scores, context)


THINGS = ("apple", "boat", "lamp", "violin", "kite", "drum", "书", "茶")
SHOPS = ("shop with {}", "market for {} and more", "store: every {}")
SONGS = ("song of a {}", "poem about {} and rain", "tale: the {}")


def toy() -> Dataset:
    """Who sells a thing: shops do, songs with the very same words do not."""
    import numpy as np
    import polars as pl

    from polyculture.stats.toy_data import of_splits

    rng = np.random.default_rng(1)
    texts = [frame.format(thing) for thing in THINGS for frame in (*SHOPS, *SONGS)]
    names = [f"corpus-{number}" for number in range(len(texts))]
    splits = {"corpus": pl.DataFrame({"id": names, "text": texts})}
    asked = ("who sells a {}?", "where to buy {}", "{} wanted")
    for name, size in (("train", 240), ("valid", 60), ("test", 60)):
        things = [int(rng.integers(len(THINGS))) for _ in range(size)]
        splits[name] = pl.DataFrame(
            {
                "id": [f"{name}-{number}" for number in range(size)],
                "text": [str(rng.choice(asked)).format(THINGS[thing]) for thing in things],
                "matches": [names[6 * thing : 6 * thing + len(SHOPS)] for thing in things],
            }
        )
    return of_splits("toy-shops", splits)


PLUGIN = Task(
    settings=Relevance,
    output="numbers",
    model_class=dict.fromkeys(("encoder", "decoder"), "AutoModelForSequenceClassification"),
    columns={
        "text": Column(kind="text", usual=("query", "question")),
        "matches": Column(kind="labels", is_gold=True, is_optional=True),
    },
    prepare=prepare,
    learn=near_answers.learn,
    pool=lambda _: "corpus",
    reads_pool=False,
    pool_keeps=lambda _: ("text",),
    encode=encode,
    draw=draw,
    collate=collate,
    loss=loss,
    read=read,
    settle=settle,
    decode=decode,
    gold=near_answers.gold,
    steer="loss",
    grade=near_answers.grade,
    score=score,
    baselines={"bm25": bm25},
    table=near_answers.table,
    toy=toy,
)
