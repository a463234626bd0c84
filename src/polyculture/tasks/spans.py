"""Find spans of words and say what kind each is, such as names of people and places.

Rows hold words and IOB2 tags, or raw text and spans in characters. An answer is the JSON text of
the spans, ``[["PER",0,2]]``: type, first word, one past the last; in characters for raw text.
Every word is answered: a word that the model could not see counts as ``O`` against full gold.
"""

# ruff: noqa: ARG001  # one form for all tasks: some need neither settings nor labels
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from polyculture.core.errors import RowError
from polyculture.core.recipe import Settings
from polyculture.core.task import Column, Inventory, Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray
    from torch import Tensor

    from polyculture.core.data import Dataset
    from polyculture.core.run import Scores
    from polyculture.core.task import Context, Encoded, Example
    from polyculture.nets.batch import Batch, Outputs, Reading
    from polyculture.stats.entities import Span


IGNORED = -100
"""The target of a word whose type of span training does not have: it adds nothing to the loss."""
KINDS = ("type of span", "types of spans")


class Spans(Settings):
    """Which words belong together, and what they are."""

    kind: Literal["spans"] = "spans"
    only_legal: bool = False
    """Answer the best sequence of tags that IOB2 allows, instead of the best tag of each word.
    Other programs that open the saved model do the latter."""
    unseen: Literal["wrong", "refuse"] = "wrong"
    """Types of spans that train does not have: count them as missed (``wrong``), or refuse them."""


def prepare(rows: pl.DataFrame, where: str, settings: Spans) -> pl.DataFrame:
    """Check the columns; cut raw text into words. Rows without gold are fine to predict.

    Raw text gains ``tokens``, ``starts`` and ``ends``, and with ``spans`` also ``tags``,
    ``inside_words`` (spans that begin or end inside a word) and ``trimmed`` (spans that began or
    ended with a space).
    """
    from polyculture.stats.rows import check_rows

    if "tokens" in rows.columns:
        check_rows(rows, where, needed=("id",), filled=("id", "tokens", "tags"))
        if "tags" in rows.columns:
            _check_tags(rows, where)
        return rows
    check_rows(rows, where, needed=("id", "text"), filled=("id", "text", "spans"))
    return _in_words(rows, where)


def _check_tags(rows: pl.DataFrame, where: str) -> None:
    for item, tokens, tags in rows.select("id", "tokens", "tags").iter_rows():
        if len(tokens) != len(tags):
            reason = f"{len(tokens)} words have {len(tags)} tags. Give each word one tag."
            raise RowError(reason, where=where, item=item)
        odd = next((tag for tag in tags if not _is_tag(tag)), None)
        if odd is not None or None in tags:
            reason = f"expected a tag like 'O', 'B-PER' or 'I-PER', got {odd!r}. Correct it."
            raise RowError(reason, where=where, item=item)


def _is_tag(tag: str | None) -> bool:
    return tag == "O" or (tag is not None and tag[:2] in {"B-", "I-"} and len(tag) > 2)  # noqa: PLR2004


def _in_words(rows: pl.DataFrame, where: str) -> pl.DataFrame:
    import polars as pl

    from polyculture.nets.text_spans import spell

    has_gold = "spans" in rows.columns
    spans = rows["spans"].to_list() if has_gold else [[]] * len(rows)
    spelled = [
        spell(text, spans_of_row, f"{where}, item {item!r}")
        for item, text, spans_of_row in zip(rows["id"], rows["text"], spans, strict=True)
    ]
    place, words = pl.List(pl.Int64), pl.List(pl.String)
    added = [
        pl.Series("tokens", [row.tokens for row in spelled], words),
        pl.Series("starts", [row.starts for row in spelled], place),
        pl.Series("ends", [row.ends for row in spelled], place),
    ]
    if has_gold:
        kind = pl.List(pl.Struct({"start": pl.Int64, "end": pl.Int64, "label": pl.String}))
        added += [
            pl.Series("tags", [row.tags for row in spelled], words),
            pl.Series("spans", [row.spans for row in spelled], kind),
            pl.Series("inside_words", [row.inside_words for row in spelled], pl.Int64),
            pl.Series("trimmed", [row.trimmed for row in spelled], pl.Int64),
        ]
    return rows.with_columns(added)


def learn(splits: Mapping[str, pl.DataFrame], settings: Spans) -> Inventory:
    """``O``, then ``B-`` and ``I-`` of each type of the training rows, in code-point order.

    Raises:
        RowError: There is nothing to learn, or the settings refuse a type that train lacks.
    """
    from polyculture.stats.unseen import refuse_unseen

    types = _types_of_splits(splits)
    kinds = sorted({kind for _, kind in types["train"]})
    if not kinds:
        reason = "there are no spans, so there is nothing to learn. Give examples with spans."
        raise RowError(reason, where="train")
    if settings.unseen == "refuse":
        refuse_unseen(types, kinds, KINDS)
    return Inventory(labels=("O", *(f"{prefix}-{kind}" for kind in kinds for prefix in "BI")))


def remarks(
    splits: Mapping[str, pl.DataFrame], inventory: Inventory, settings: Spans
) -> tuple[str, ...]:
    """What is worth knowing about types that only validation or test has."""
    from polyculture.stats.unseen import note_on_unseen

    return note_on_unseen(_types_of_splits(splits), named(inventory), KINDS)


def named(inventory: Inventory) -> tuple[str, ...]:
    """The types of spans that training has."""
    from polyculture.stats.entities import kinds_of

    return tuple(kinds_of(inventory.labels))


def _types_of_splits(splits: Mapping[str, pl.DataFrame]) -> dict[str, list[tuple[str, str]]]:
    """Rows and the types of their spans, for each split."""
    return {
        name: [
            (item, kind)
            for item, spans in zip(rows["id"], _gold_spans(rows, name), strict=True)
            for kind, _, _ in spans
        ]
        for name, rows in splits.items()
    }


def _gold_spans(rows: pl.DataFrame, where: str) -> list[list[Span]]:
    """The right spans of each row, in characters for raw text and in words otherwise."""
    from polyculture.stats.entities import conlleval_spans

    if "starts" not in rows.columns:
        return [conlleval_spans(tags) for tags in _tags(rows, where)]
    return [
        [(span["label"], span["start"], span["end"]) for span in spans]
        for spans in _column(rows, "spans", where)
    ]


def _column(rows: pl.DataFrame, name: str, where: str) -> list[Any]:
    from polyculture.stats.rows import check_rows

    check_rows(rows, where, needed=(name,), filled=())
    return rows[name].to_list()


def _tags(rows: pl.DataFrame, where: str) -> list[list[str]]:
    """The tags of each row; raw text without spans has none."""
    name = "spans" if "starts" in rows.columns and "tags" not in rows.columns else "tags"
    return _column(rows, name, where)


def encode(rows: pl.DataFrame, context: Context) -> Encoded:
    """One example a sentence; a long one is read in windows, and no word of it is left out."""
    from polyculture.nets.reading.words import encode_words

    known = {"tags", "spans"} & set(rows.columns)
    return encode_words(rows, context, codes(rows, context.labels) if known else None)


def codes(rows: pl.DataFrame, labels: Sequence[str]) -> list[NDArray[np.int64]]:
    """The code of each word's tag, ``(words,)``; -100 for the tags of types that train lacks."""
    import numpy as np

    code = {label: place for place, label in enumerate(labels)}
    return [
        np.array([code.get(tag, IGNORED) for tag in tags], dtype=np.int64)
        for tags in _tags(rows, "the data")
    ]


def collate(examples: Sequence[Example], context: Context) -> Batch:
    """Sentences padded to one length."""
    from polyculture.nets.reading.padding import pad_words

    return pad_words(examples, context)


def loss(outputs: Outputs, batch: Batch, context: Context) -> Tensor:
    """The sum of the cross-entropy over words; targets of -100 do not count."""
    from torch.nn import functional

    logits, targets = outputs["logits"].float(), batch.targets["labels"]
    return functional.cross_entropy(
        logits.flatten(0, -2), targets.flatten(), ignore_index=IGNORED, reduction="sum"
    )


def allowed(labels: tuple[str, ...], settings: Spans) -> NDArray[np.bool_] | None:
    """``I-X`` follows ``B-X`` and ``I-X`` only, where the recipe holds answers to that.

    Example:
        >>> allowed(("O", "B-A", "I-A"), Spans(only_legal=True)).astype(int).tolist()
        [[1, 1, 0], [1, 1, 1], [1, 1, 1]]
    """
    import numpy as np

    if not settings.only_legal:
        return None
    kinds = [label.partition("-")[2] for label in labels]
    return np.array([[x[:2] != "I-" or kind == x[2:] for x in labels] for kind in kinds])


def read(reading: Reading, context: Context) -> list[NDArray[np.int64]]:
    """The label codes of each row's words, ``(words,)``; -1 for a word that no window answers."""
    from polyculture.nets.reading.words import read_words

    return read_words(reading, allowed(context.labels, context.settings))


def decode(
    rows: pl.DataFrame, codes: Sequence[NDArray[np.int64]], context: Context
) -> pl.DataFrame:
    """Answers, tags, and how many words the model could not see.

    Args:
        rows: Prepared rows.
        codes: Label codes of each row's words, ``(words,)``. A word that the model could not see
            has -1, or the array ends before it: its tag is ``O`` and it counts as unseen.
        context: With the inventory.

    Returns:
        Columns ``id``, ``answer``, ``tags`` and ``unseen``.
    """
    labels = context.labels
    tags, unseen = [], []
    for tokens, row in zip(rows["tokens"].to_list(), codes, strict=True):
        known = [labels[code] if code >= 0 else "O" for code in row]
        tags.append([*known, *["O"] * (len(tokens) - len(known))])
        unseen.append(len(tokens) - sum(int(code) >= 0 for code in row))
    return _answers(rows, tags, unseen)


def _answers(
    rows: pl.DataFrame, tags: Sequence[Sequence[str]], unseen: Sequence[int]
) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame(
        {
            "id": rows["id"],
            "answer": pl.Series(_texts(rows, tags), dtype=pl.String),
            "tags": pl.Series(tags, dtype=pl.List(pl.String)),
            "unseen": pl.Series(unseen, dtype=pl.Int64),
        }
    )


def _texts(rows: pl.DataFrame, tags: Iterable[Sequence[str]]) -> list[str]:
    from polyculture.stats.entities import conlleval_spans, to_text
    from polyculture.stats.span_scores import of_words

    if "starts" not in rows.columns:
        return [to_text(conlleval_spans(row)) for row in tags]
    places = zip(tags, rows["starts"].to_list(), rows["ends"].to_list(), strict=True)
    return [to_text(of_words(*row)) for row in places]


def gold(rows: pl.DataFrame, settings: Spans) -> list[str]:
    """The right answers, in the form of ``decode``."""
    from polyculture.stats.entities import to_text

    return [to_text(spans) for spans in _gold_spans(rows, "the data")]


def score(
    rows: pl.DataFrame,
    answers: pl.DataFrame,
    context: Context,
    *,
    split: str,
    notes: Mapping[str, str | int | float] | None = None,
) -> Scores:
    """Entity scores equal to conlleval's, with intervals; tables of types and of tags."""
    from polyculture.stats.span_scores import score_spans

    right = gold(rows, context.settings)
    return score_spans(rows, right, answers, context.labels, split=split, notes=notes or {})


def majority(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Every word is ``O``: no span at all."""
    tags = [["O"] * len(tokens) for tokens in rows["tokens"].to_list()]
    return _answers(rows, tags, [0] * len(tags))


def most_frequent_tag(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Each word has the tag it had most often in training; a word that is new is ``O``."""
    from collections import Counter

    counts: dict[str, Counter[str]] = {}
    for tokens, tags in zip(train["tokens"].to_list(), _tags(train, "train"), strict=True):
        for token, tag in zip(tokens, tags, strict=True):
            counts.setdefault(token, Counter())[tag] += 1
    place = {label: number for number, label in enumerate(context.labels)}
    usual = {
        word: min(tags, key=lambda tag: (-tags[tag], place[tag])) for word, tags in counts.items()
    }
    predicted = [[usual.get(token, "O") for token in tokens] for tokens in rows["tokens"].to_list()]
    return _answers(rows, predicted, [0] * len(predicted))


def table(rows: pl.DataFrame, answers: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Spans with their text: in characters of raw text, in words otherwise."""
    import json

    import polars as pl

    has_text = "text" in rows.columns
    inputs: Any = rows["text" if has_text else "tokens"].to_list()
    spans_of_rows = [
        [
            {
                "start": start,
                "end": end,
                "label": label,
                "text": content[start:end] if has_text else " ".join(content[start:end]),
            }
            for label, start, end in json.loads(answer)
        ]
        for answer, content in zip(answers["answer"].to_list(), inputs, strict=True)
    ]
    numbers = dict.fromkeys(("start", "end"), pl.Int64)
    kind = pl.List(pl.Struct({**numbers, "label": pl.String, "text": pl.String}))
    return pl.DataFrame({"spans": pl.Series(spans_of_rows, dtype=kind)})


def toy() -> Dataset:
    """Short English and Chinese sentences about people and places, with spans in characters."""
    import numpy as np
    import polars as pl

    from polyculture.core.data import Dataset
    from polyculture.store import digest

    rng = np.random.default_rng(1)
    names = {
        "PER": ("Ada Berg", "Tom Reed", "Mia", "李小明", "王芳"),
        "LOC": ("Oslo", "Port Ellen", "Rome", "北京", "青岛"),
    }
    sentences = (
        "{PER} lives in {LOC} .",
        "we met {PER} today",
        "{LOC} is far from {LOC}",
        "it rains again",
        "{PER}住在{LOC}。",
        "昨天我见到{PER}了",
        "从{LOC}到{LOC}很远",
        "今天下雨了",
    )
    splits = {}
    for name, size in (("train", 240), ("valid", 60), ("test", 60)):
        examples = [_filled(str(rng.choice(sentences)), names, rng) for _ in range(size)]
        splits[name] = pl.DataFrame(
            {
                "id": [f"{name}-{number}" for number in range(size)],
                "text": [text for text, _ in examples],
                "spans": [spans for _, spans in examples],
            }
        )
    total = digest.of_json({name: digest.of_frame(rows) for name, rows in splits.items()})
    return Dataset(name="toy-names", splits=splits, digest=total, licence="Apache-2.0")


def _filled(
    sentence: str, names: Mapping[str, Sequence[str]], rng: Any
) -> tuple[str, list[dict[str, Any]]]:
    text, spans = "", []
    for piece in sentence.replace("{", "}").split("}"):
        word = str(rng.choice(names[piece])) if piece in names else piece
        if piece in names:
            spans.append({"start": len(text), "end": len(text) + len(word), "label": piece})
        text += word
    return text, spans


PLUGIN = Task(
    settings=Spans,
    output="word_labels",
    model_class=dict.fromkeys(("encoder", "decoder"), "AutoModelForTokenClassification"),
    columns={
        "tokens": Column(kind="words"),
        "tags": Column(kind="tags", usual=("ner_tags",), is_gold=True),
        "text": Column(kind="text", usual=("sentence", "sentence1"), unless="tokens"),
        "spans": Column(kind="spans", is_gold=True, unless="tokens"),
    },
    prepare=prepare,
    learn=learn,
    remarks=remarks,
    encode=encode,
    collate=collate,
    loss=loss,
    read=read,
    decode=decode,
    gold=gold,
    score=score,
    baselines={"majority": majority, "most_frequent_tag": most_frequent_tag},
    named=named,
    table=table,
    toy=toy,
)
