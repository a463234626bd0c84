"""Place texts so that what belongs together is near: search, the nearest label, cosines of pairs.

The rows of a batch are one another's wrong answers; what is right for a row is never one of them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from polyculture.core.errors import RowError
from polyculture.core.recipe import Settings
from polyculture.core.task import Column, Encoded, Example, Inventory, Task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray
    from torch import Tensor

    from polyculture.core.data import Dataset
    from polyculture.core.run import Scores
    from polyculture.core.task import Context
    from polyculture.nets.batch import Batch, Outputs, Reading

GOLD = {"text": "matches", "label": "label", "score": "score"}
"""The column of right answers, by what is answered."""
SPLITS = {"text": "corpus", "label": "train", "score": ""}
"""What rows are answered against."""
CHUNK = 1_000
"""Rows that are ranked at a time."""


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
    sizes: tuple[int, ...] = ()
    """Vectors are trained to be of use when cut to these sizes too (Matryoshka)."""


def prepare(rows: pl.DataFrame, where: str, settings: Similarity) -> pl.DataFrame:
    """Check the columns; whatever is there is filled."""
    from polyculture.stats.rows import check_rows

    needed = ("id", "text", *(("text_b",) if settings.answer == "score" else ()))
    check_rows(rows, where, needed=needed, filled=("id", *PLUGIN.columns))
    if "matches" in rows.columns:
        for item, matches in rows.select("id", "matches").iter_rows():
            if not matches:
                reason = "no text of the corpus matches. Name one id at least, or drop the row."
                raise RowError(reason, where=where, item=item)
    return rows


def learn(splits: Mapping[str, pl.DataFrame], settings: Similarity) -> Inventory:
    """The labels of the training rows, or the range of their scores; ids have to be known.

    Raises:
        RowError: A gold column is missing, an id is unknown, or all answers are one.
    """
    from polyculture.stats.rows import check_rows

    for split, rows in splits.items():
        trains = split == "train" and settings.answer == "text" and "match" in rows.columns
        if split != "corpus" and not trains:
            check_rows(rows, split, needed=(GOLD[settings.answer],), filled=())
    if settings.answer == "text":
        return _refuse_unknown(splits)
    values = splits["train"][GOLD[settings.answer]].unique().sort().to_list()
    if len(values) == 1:
        reason = f"every {settings.answer} is {values[0]!r}, so there is nothing to learn."
        raise RowError(reason + " Give examples of at least two.", where="train")
    if settings.answer == "label":
        return Inventory(labels=tuple(values))
    return Inventory(numbers={"lowest": values[0], "highest": values[-1]})


def _refuse_unknown(splits: Mapping[str, pl.DataFrame]) -> Inventory:
    known = set(splits["corpus"]["id"])
    for split, rows in splits.items():
        if "matches" in rows.columns:
            for item, matches in rows.select("id", "matches").iter_rows():
                if unknown := sorted({*matches} - known):
                    reason = f"the corpus has no text {unknown[0]!r}. Add it, or correct the id."
                    raise RowError(reason, where=split, item=item)
    return Inventory()


def encode(rows: pl.DataFrame, context: Context) -> Encoded:
    """The text, or both texts of a pair; where it is known, with what belongs to it."""
    from polyculture.nets.reading.groups import encode_groups, encode_matches

    texts, answer = rows["text"].to_list(), context.settings.answer
    if answer == "score":
        pairs = list(zip(texts, rows["text_b"].to_list(), strict=True))
        known = {"scores": _scaled(rows, context)} if "score" in rows.columns else {}
        return encode_groups(pairs, context, known, at_once=2)
    matches = _belonging(rows, context)
    if matches is None:
        return encode_groups([[text] for text in texts], context, {})
    if answer == "label":
        return encode_matches(texts, matches, context, names=rows["label"].to_list())
    wrong = rows["negative"].to_list() if "negative" in rows.columns else None
    return encode_matches(texts, matches, context, wrong=wrong)


def _belonging(rows: pl.DataFrame, context: Context) -> list[list[str]] | None:
    """The texts that belong to each row; none where nobody knows them."""
    from polyculture.nets.reading.groups import partners

    answer, pool = context.settings.answer, context.pool
    if answer == "label" and "label" in rows.columns:
        return partners(rows["text"].to_list(), rows["label"].to_list())
    if answer == "text" and "matches" in rows.columns and pool is not None:
        text_of = dict(pool.rows.select("id", "text").iter_rows())
        return [[text_of[name] for name in names] for names in rows["matches"].to_list()]
    is_known = answer == "text" and "match" in rows.columns
    return [[text] for text in rows["match"]] if is_known else None


def _scaled(rows: pl.DataFrame, context: Context) -> list[NDArray[Any]]:
    """Scores from 0, the lowest of the training rows, to 1, the highest."""
    import numpy as np

    lowest, highest = (context.inventory.numbers[name] for name in ("lowest", "highest"))
    scaled = (rows["score"].to_numpy() - lowest) / (highest - lowest)
    return list(np.clip(scaled, 0, 1).astype(np.float32))


def draw(example: Example, _: Context, rng: np.random.Generator) -> Example:
    """One of the texts that belong to a row, and its negative where it has one."""
    from polyculture.nets.reading.groups import draw_match

    return draw_match(example, rng)


def collate(examples: Sequence[Example], context: Context) -> Batch:
    """A row for each text, padded to one length."""
    from polyculture.nets.reading.groups import pad_matches

    return pad_matches(examples, context)


def loss(outputs: Outputs, batch: Batch, context: Context) -> Tensor:
    """The sum over rows; vectors that are cut to smaller sizes count as much as whole ones."""
    from polyculture.nets import contrastive

    settings, targets = context.settings, batch.targets

    def of(vectors: Tensor) -> Tensor:
        if settings.answer == "score":
            cosines = (vectors[:, 0] * vectors[:, 1]).sum(dim=-1)
            return (cosines - targets["scores"]).square().sum()
        alike = vectors[:, 0] @ vectors[:, 1:].transpose(0, 1).flatten(0, 1).T
        wrong = contrastive.others(targets["codes"], targets["right"])
        if settings.loss == "triplet":
            return contrastive.triplet(alike, wrong, margin=settings.margin)
        return contrastive.ranking(alike, wrong, temperature=settings.temperature)

    vectors = outputs["vectors"].float().unflatten(0, (len(batch.rows), -1))
    return contrastive.at_sizes(vectors, settings.sizes, of)


def read(reading: Reading, context: Context) -> list[NDArray[Any]]:
    """The vector of each text, or the cosine of a pair's."""
    vectors = reading.seen("vectors").unflatten(0, (len(reading.batch.rows), -1))
    if context.settings.answer == "score":
        return list((vectors[:, 0] * vectors[:, 1]).sum(dim=-1).numpy())
    return list(vectors[:, 0].numpy())


def decode(rows: pl.DataFrame, values: Sequence[NDArray[Any]], context: Context) -> pl.DataFrame:
    """The best hundred of the corpus, or labels by the mean of their rows; or the cosine."""
    import numpy as np
    import polars as pl

    if context.settings.answer == "score":
        return _numbers(rows, values)
    pool: Any = context.pool
    near = pool.read
    if context.settings.answer == "label":  # of length 1, or labels of few words would win
        near = _by_label(near, context)
        near /= np.linalg.norm(near, axis=1, keepdims=True)
    found = [
        _ranked(rows[n : n + CHUNK], np.stack(values[n : n + CHUNK]) @ near.T, context)
        for n in range(0, len(rows), CHUNK)
    ]
    return pl.concat(found)


def _by_label(values: NDArray[Any], context: Context) -> NDArray[Any]:
    """The mean of the training rows of each label, ``(labels, ...)``."""
    import numpy as np

    pool: Any = context.pool
    member = np.array(context.labels)[:, None] == pool.rows["label"].to_numpy()
    means: NDArray[Any] = member.astype(np.float32) @ values / member.sum(axis=1, keepdims=True)
    return means


def _numbers(rows: pl.DataFrame, values: Sequence[Any]) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame({"id": rows["id"], "answer": [str(float(value)) for value in values]})


def _ranked(rows: pl.DataFrame, alike: NDArray[Any], context: Context) -> pl.DataFrame:
    """Answers from how near each text of the corpus, or each label, is: ``(rows, texts)``."""
    import polars as pl

    from polyculture.stats.rankings import ranked

    pool: Any = context.pool
    found = ranked(alike, context.labels or pool.rows["id"].to_list())
    best = [ranking[0] for ranking in found.names]
    return pl.DataFrame(
        {"id": rows["id"], "answer": best, "similarity": found.best, "ranking": found.names}
    )


def gold(rows: pl.DataFrame, settings: Similarity) -> list[str]:
    """The right ids, joined by a bar where there are several; the label; the score as text."""
    if settings.answer == "text":
        return ["|".join(names) for names in rows["matches"].to_list()]
    return [str(value) for value in rows[GOLD[settings.answer]]]


def grade(rows: pl.DataFrame, answers: pl.DataFrame, context: Context) -> list[float]:
    """nDCG@10; 1 for the right label; 1 less how far a cosine is from the scaled score."""
    from polyculture.stats.rankings import gain

    given = answers["answer"].to_list()
    if context.settings.answer == "label":
        return [float(a == b) for a, b in zip(rows["label"], given, strict=True)]
    if context.settings.answer == "score":
        pairs = zip(_scaled(rows, context), given, strict=True)
        return [0.0 if a is None else max(0.0, 1 - abs(float(s) - float(a))) for s, a in pairs]
    rankings = answers["ranking"].to_list()
    return [gain(r, names) for r, names in zip(rankings, rows["matches"].to_list(), strict=True)]


def score(
    rows: pl.DataFrame,
    answers: pl.DataFrame,
    context: Context,
    *,
    split: str,
    notes: Mapping[str, str | int | float] | None = None,
) -> Scores:
    """nDCG@10, MRR@10 and recall@100; accuracy and F1 of labels; Spearman's correlation."""
    from polyculture.stats.correlations import score_order
    from polyculture.stats.labelled import score_one
    from polyculture.stats.rankings import score_rankings

    told: Any = {"split": split, "notes": notes or {}}
    if context.settings.answer == "label":
        right = gold(rows, context.settings)
        return score_one(rows, right, answers, context.labels, **told)
    if context.settings.answer == "score":
        return score_order(rows, rows["score"].to_list(), answers, **told)
    return score_rankings(rows, rows["matches"].to_list(), answers, **told)


def majority(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """What the training rows have most often, for every row; of scores their mean."""
    import numpy as np

    if context.settings.answer == "score":
        return _numbers(rows, [np.mean(_scaled(train, context))] * len(rows))
    pool: Any = context.pool
    names = context.labels or pool.rows["id"].to_list()
    column = GOLD[context.settings.answer]
    given = train[column].explode().to_list() if column in train.columns else []
    often = Counter(given)
    return _ranked(rows, np.tile([float(often[name]) for name in names], (len(rows), 1)), context)


def bm25(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:  # noqa: ARG001  # one form for all tasks
    """Words in common, weighed by BM25; of a pair as a share of the first text's with itself."""
    import numpy as np

    from polyculture.core.errors import need

    need("bm25s", extra="train", purpose="The BM25 baseline")
    from polyculture.nets.bm25 import bm25 as found

    texts = rows["text"].to_list()
    if context.settings.answer != "score":
        pool: Any = context.pool
        near = found(pool.rows["text"].to_list(), texts)
        by_label = context.settings.answer == "label"
        return _ranked(rows, _by_label(near.T, context).T if by_label else near, context)
    alike = found([*rows["text_b"], *texts], texts)
    own, itself = np.diag(alike), np.diag(alike, len(texts))
    return _numbers(rows, np.clip(own / np.maximum(itself, 1e-9), 0, 1).tolist())


def table(rows: pl.DataFrame, answers: pl.DataFrame, context: Context) -> pl.DataFrame:  # noqa: ARG001  # one form for all tasks
    """The answer; of rankings also how near it is, and the best hundred."""
    return answers.drop("id")


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

    from polyculture.core.data import Dataset
    from polyculture.store import digest

    rng = np.random.default_rng(1)
    words = [topic.split() for topic in TOPICS]
    splits: dict[str, pl.DataFrame] = {}
    for name, size in (("train", 240), ("valid", 60), ("test", 60), ("corpus", 24)):
        topics = [number % len(words) for number in range(size)]
        several = [rng.permutation(words[topic])[: 1 + (name == "corpus")] for topic in topics]
        texts = [str(rng.choice(FRAMES)).format(" ".join(own)) for own in several]
        columns: dict[str, Any] = {"id": [f"{name}-{n}" for n in range(size)], "text": texts}
        if name != "corpus":
            columns["label"] = [words[topic][0] for topic in topics]
            columns["matches"] = [[f"corpus-{n}" for n in range(t, 24, len(words))] for t in topics]
        splits[name] = pl.DataFrame(columns)
    total = digest.of_json({name: digest.of_frame(rows) for name, rows in splits.items()})
    return Dataset(name="toy-topics", splits=splits, digest=total, licence="Apache-2.0")


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
    learn=learn,
    pool=lambda settings: SPLITS[settings.answer],
    encode=encode,
    draw=draw,
    collate=collate,
    loss=loss,
    couples_rows=True,
    read=read,
    decode=decode,
    gold=gold,
    steer="loss",
    grade=grade,
    score=score,
    baselines={"majority": majority, "bm25": bm25},
    table=table,
    toy=toy,
)
