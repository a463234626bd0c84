"""Embed texts so that those that belong together are near: search, nearest label, pairs.

The rows of a batch are one another's wrong answers; what is right for a row is never one of them.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from polyculture.core.recipe import Settings
from polyculture.core.task import Column, Task
from polyculture.stats.vectors import near_answers

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray
    from torch import Tensor

    from polyculture.core.data import Dataset
    from polyculture.core.task import Context, Encoded, Example
    from polyculture.nets.batch import Batch, Outputs, Reading

SPLITS = {"text": "corpus", "label": "train", "score": ""}
"""What rows are answered against."""


class Similarity(Settings):
    """Which texts belong together."""

    kind: Literal["similarity"] = "similarity"
    answer: Literal["text", "label", "score"] = "text"
    """``text``: the ids of the corpus, the best first; ``label``: the one whose training rows are
    nearest; ``score``: how alike ``text`` and ``text_b`` are, by their cosine."""
    loss: Literal["ranking", "triplet"] = "ranking"
    """``ranking``: the match among all texts of the batch; ``triplet``: the match nearer than the
    nearest wrong text. A ``score`` is learnt by the squared error of the cosine."""
    temperature: float = Field(default=0.05, gt=0)
    """Ranking: cosines are divided by it."""
    margin: float = Field(default=0.2, gt=0)
    """Triplet: by how much the match has to be nearer."""
    sizes: tuple[Annotated[int, Field(ge=1)], ...] = ()
    """Vectors are trained to be of use when cut to these sizes too (Matryoshka)."""
    fuse: Literal["no", "ranks", "scores"] = "no"
    """``text`` alone: how the order of BM25 and that of the cosines are joined. ``ranks``: by
    reciprocal ranks; ``scores``: by a weighted sum, whose weight is chosen on the validation
    rows."""

    @model_validator(mode="after")
    def _texts_alone_are_fused(self) -> Self:
        if self.fuse != "no" and self.answer != "text":
            msg = f"fuse joins rankings of texts, but answer is {self.answer!r}. Leave it out"
            raise ValueError(msg)
        return self


def prepare(rows: pl.DataFrame, where: str, settings: Similarity) -> pl.DataFrame:
    """Check the columns; whatever is there is filled."""
    from polyculture.stats.rows import check_names, check_rows

    needed = ("id", "text", *(("text_b",) if settings.answer == "score" else ()))
    check_rows(rows, where, needed=needed, filled=("id", *PLUGIN.columns))
    check_names(rows, where, "matches")
    return rows


def encode(rows: pl.DataFrame, context: Context) -> Encoded:
    """The text, or both texts of a pair; where it is known, with what belongs to it."""
    from polyculture.nets.reading.groups import encode_groups
    from polyculture.nets.reading.matches import belonging, encode_matches, partners

    known = {name: rows[name].to_list() for name in PLUGIN.columns if name in rows.columns}
    texts, labels = known["text"], known.get("label")
    if context.settings.answer == "score":
        pairs = list(zip(texts, known["text_b"], strict=True))
        scores = {"scores": near_answers.numbers(rows, context)} if "score" in known else {}
        return encode_groups(pairs, context, scores, at_once=2)
    if context.settings.answer == "label":
        matches = None if labels is None else partners(texts, labels)
        return encode_matches(texts, matches, context, names=labels)
    matches = belonging(known.get("matches"), known.get("match"), context.pool)
    return encode_matches(texts, matches, context, wrong=known.get("negative"))


def draw(example: Example, _: Context, rng: np.random.Generator) -> Example:
    """One of the texts that belong to a row, and its negative where it has one."""
    from polyculture.nets.reading.matches import draw_match

    return draw_match(example, rng)


def collate(examples: Sequence[Example], context: Context) -> Batch:
    """A row for each text, padded to one length."""
    from polyculture.nets.reading.matches import pad_matches

    return pad_matches(examples, context)


def loss(outputs: Outputs, batch: Batch, context: Context) -> Tensor:
    """The sum over rows; vectors that are cut to smaller sizes count as much as whole ones."""
    from polyculture.nets.losses import contrastive

    settings, targets = context.settings, batch.targets
    of_matches = partial(contrastive.ranking, temperature=settings.temperature)
    if settings.loss == "triplet":
        of_matches = partial(contrastive.triplet, margin=settings.margin)

    def of(vectors: Tensor) -> Tensor:
        if settings.answer == "score":
            return (contrastive.cosines_of_pairs(vectors) - targets["scores"]).square().sum()
        wrong = contrastive.others(targets["codes"], targets["right"])
        return of_matches(contrastive.candidates(vectors), wrong)

    vectors = contrastive.grouped(outputs["vectors"].float(), len(batch.rows))
    return contrastive.at_sizes(vectors, settings.sizes, of)


def read(reading: Reading, context: Context) -> list[NDArray[Any]]:
    """The vector of each text, or the cosine of a pair's."""
    from polyculture.nets.losses.contrastive import cosines_of_pairs, grouped

    vectors = grouped(reading.seen("vectors"), len(reading.batch.rows))
    values = cosines_of_pairs(vectors) if context.settings.answer == "score" else vectors[:, 0]
    return list(values.numpy())


def decode(rows: pl.DataFrame, values: Sequence[NDArray[Any]], context: Context) -> pl.DataFrame:
    """The nearest texts or labels, or the cosine; where that is asked, fused with BM25's ranks."""
    from polyculture.stats.vectors.fusion import fused

    how = context.settings.fuse
    if how == "no":
        return near_answers.decode(rows, values, context)
    alike = fused(how, *both(rows, values, context), context.inventory.settled)
    return near_answers.of_alike(rows, alike, context)


def both(
    rows: pl.DataFrame, values: Sequence[NDArray[Any]], context: Context
) -> tuple[NDArray[Any], NDArray[Any]]:
    """BM25's scores of all texts of the pool, and their cosines, ``(rows, texts)``."""
    import numpy as np

    from polyculture.nets.lexical import bm25 as words

    pool: Any = context.pool
    of_bm25 = words.bm25(pool.rows["text"].to_list(), rows["text"].to_list())
    return of_bm25, np.stack(values) @ pool.read.T


def settle(
    rows: pl.DataFrame, values: Sequence[NDArray[Any]], context: Context
) -> dict[str, float]:
    """The weight of the cosines beside BM25 with the best nDCG@10, where scores are joined."""
    import numpy as np

    from polyculture.stats.vectors.fusion import WEIGHT, best_weight

    if context.settings.fuse != "scores":
        return {}

    def goodness(scores: NDArray[Any]) -> float:
        answers = near_answers.of_alike(rows, scores, context)
        return float(np.mean(near_answers.grade(rows, answers, context)))

    return {WEIGHT: best_weight(*both(rows, values, context), goodness)}


def bm25(_: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Words in common, weighed by BM25; of a pair as a share of the first text's with itself."""
    from polyculture.nets.lexical import bm25 as words
    from polyculture.stats.vectors.number_answers import answers_of_numbers

    texts, pool = rows["text"].to_list(), context.pool
    if pool is None:
        return answers_of_numbers(rows, words.scores_of_pairs(texts, rows["text_b"].to_list()))
    alike = words.bm25(pool.rows["text"].to_list(), texts)
    return near_answers.of_alike(rows, alike, context)


TOPICS = (
    "cat kitten purr whiskers 猫 喵",
    "rain cloud storm drizzle 雨 云",
    "bread flour oven bakery 面包 烤",
    "train rail station carriage 火车 站",
    "violin song choir melody 歌 琴",
    "doctor nurse clinic fever 医生 病",
)
FRAMES = ("about {}", "tell me of {} today", "the {} again", "{} and so on", "关于{}的事")


def toy() -> Dataset:
    """Questions of one word and texts of two that are seldom the same, of six topics."""
    import numpy as np
    import polars as pl

    from polyculture.stats.toy_data import of_splits

    rng = np.random.default_rng(1)
    words = [topic.split() for topic in TOPICS]
    splits: dict[str, pl.DataFrame] = {}
    for name, size in (("train", 240), ("valid", 60), ("test", 60), ("corpus", 24)):
        topics = [number % len(words) for number in range(size)]
        several = [rng.permutation(words[topic])[: 1 + (name == "corpus")] for topic in topics]
        texts = [str(rng.choice(FRAMES)).format(" ".join(chosen)) for chosen in several]
        columns: dict[str, Any] = {"id": [f"{name}-{n}" for n in range(size)], "text": texts}
        if name != "corpus":
            columns["label"] = [words[topic][0] for topic in topics]
            columns["matches"] = [[f"corpus-{n}" for n in range(t, 24, len(words))] for t in topics]
        splits[name] = pl.DataFrame(columns)
    return of_splits("toy-topics", splits)


TEXT = Column(kind="text", is_optional=True, is_gold=True)
PLUGIN = Task(
    settings=Similarity,
    output="vectors",
    model_class=dict.fromkeys(("encoder", "decoder"), "AutoModel"),
    columns={
        "text": Column(kind="text", usual=("sentence", "sentence1", "query", "question")),
        "text_b": Column(kind="text", usual=("sentence2",), is_optional=True),
        "match": replace(TEXT, usual=("positive",)),
        "negative": TEXT,
        "matches": Column(kind="labels", is_optional=True, is_gold=True),
        "label": Column(kind="label", is_optional=True, is_gold=True),
        "score": Column(kind="number", is_optional=True, is_gold=True),
    },
    prepare=prepare,
    learn=near_answers.learn,
    pool=lambda settings: SPLITS[settings.answer],
    pool_keeps=lambda settings: () if settings.fuse == "no" else ("text",),
    encode=encode,
    draw=draw,
    collate=collate,
    loss=loss,
    couples_rows=True,
    read=read,
    settle=settle,
    decode=decode,
    gold=near_answers.gold,
    steer="loss",
    grade=near_answers.grade,
    score=near_answers.score,
    baselines={"majority": near_answers.majority, "bm25": bm25},
    table=near_answers.table,
    toy=toy,
)
