"""Prefer one of two replies: a decoder learns from pairs, by direct preference optimisation (DPO).

What the base says of both replies before the first step is computed once; training makes the
chosen reply likelier, compared with that, than the rejected one. An answer is the name of the
reply that the model finds likelier, token by token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from polyculture.core.errors import RowError
from polyculture.core.recipe import Settings
from polyculture.core.task import Column, Inventory, Task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from torch import Tensor

    from polyculture.core.data import Dataset
    from polyculture.core.run import Scores
    from polyculture.core.task import Context, Encoded, Example
    from polyculture.nets.batch import Batch, Outputs, Reading
    from polyculture.nets.reading.pairs import Weighed


class Preferences(Settings):
    """Which of two replies is better."""

    kind: Literal["preferences"] = "preferences"
    beta: float = Field(default=0.1, gt=0)
    """How much the model is held to the base: the larger, the less it moves for the same margin."""
    label_smoothing: float = Field(default=0.0, ge=0, lt=0.5)
    """Share of pairs that are expected to be the wrong way round."""
    template: Literal["base", "plain"] = "base"
    """How turns are written: by the chat template of the base's tokenizer, or ``plain``, as in
    ``User: Hello``; plain too where the base has none."""
    longest_answer: int = Field(default=128, ge=1, le=1_000_000)
    """Tokens of a reply that the prompt leaves room for; a longer one may lose its end."""


def prepare(rows: pl.DataFrame, where: str, settings: Preferences) -> pl.DataFrame:  # noqa: ARG001  # one form for all tasks
    """Check the columns: a conversation that asks, and two replies that differ."""
    from polyculture.stats.rows import check_rows

    names = ("id", "messages", "chosen", "rejected")
    check_rows(rows, where, needed=names, filled=names)
    for item, turns, chosen, rejected in rows.select(names).iter_rows():
        reason = ""
        if turns[-1]["role"] == "assistant":
            reason = (
                "'messages' ends with an assistant turn, but both replies follow it. Drop that "
                "turn."
            )
        elif chosen.strip() == rejected.strip():
            reason = "both replies are the same, so neither is preferred. Drop the row."
        elif any(text.startswith("[{") and '"role"' in text for text in (chosen, rejected)):
            reason = "a reply holds whole turns. Give its text alone, the turns in 'messages'."
        if reason:
            raise RowError(reason, where=where, item=item)
    return rows


def learn(splits: Mapping[str, pl.DataFrame], settings: Preferences) -> Inventory:  # noqa: ARG001  # one form for all tasks
    """Nothing has to be known before there is a network."""
    return Inventory()


def before(rows: pl.DataFrame, weighed: Sequence[Any], context: Context) -> pl.DataFrame:  # noqa: ARG001  # one form for all tasks
    """The rows with the log-probabilities of both replies before training."""
    import polars as pl

    from polyculture.stats.texts.preferences import REFERENCE

    columns = zip(REFERENCE, zip(*(row.nats for row in weighed), strict=True), strict=True)
    return rows.with_columns(
        pl.Series(name, [-nats for nats in values], dtype=pl.Float64) for name, values in columns
    )


def encode(rows: pl.DataFrame, context: Context) -> Encoded:
    """Both replies behind the end of the conversation; what does not fit is cut, and counted."""
    from polyculture.nets.reading.pairs import encode_pairs
    from polyculture.stats.texts.preferences import REFERENCE

    known = set(REFERENCE) <= set(rows.columns)
    return encode_pairs(
        rows["messages"].to_list(),
        rows["chosen"].to_list(),
        rows["rejected"].to_list(),
        context,
        rows.select(REFERENCE).to_numpy() if known else None,
    )


def collate(examples: Sequence[Example], context: Context) -> Batch:
    """A row for each reply, padded to one length."""
    from polyculture.nets.reading.pairs import pad_pairs

    return pad_pairs(examples, context)


def loss(outputs: Outputs, batch: Batch, context: Context) -> Tensor:
    """The sum over pairs; see ``nets/losses/preference.py``."""
    from polyculture.nets.losses.preference import margins, preference_loss
    from polyculture.nets.reading.pairs import log_probabilities

    values, settings = log_probabilities(outputs, batch), context.settings
    margin = margins(values, batch.places["reference"], settings.beta)
    return preference_loss(margin, settings.label_smoothing)


def read(reading: Reading, context: Context) -> list[Weighed]:  # noqa: ARG001  # one form for all tasks
    """The loss, tokens and bytes of both replies of each row."""
    from polyculture.nets.reading.pairs import read_pairs

    return read_pairs(reading)


def decode(rows: pl.DataFrame, weighed: Sequence[Any], context: Context) -> pl.DataFrame:  # noqa: ARG001  # one form for all tasks
    """The name of the preferred reply, with what it comes from."""
    from polyculture.stats.texts.preferences import table_of_pairs

    return table_of_pairs(rows, weighed)


def gold(rows: pl.DataFrame, settings: Preferences) -> list[str]:  # noqa: ARG001  # one form for all tasks
    """The chosen reply is the right one, by its name."""
    from polyculture.stats.texts.preferences import CHOSEN

    return [CHOSEN] * len(rows)


def score(
    rows: pl.DataFrame,
    answers: pl.DataFrame,
    context: Context,
    *,
    split: str,
    notes: Mapping[str, str | int | float] | None = None,
) -> Scores:
    """Accuracy before and after, rewards, and what they cost in likelihood; see the scorer."""
    from polyculture.stats.texts.preferences import score_preferences

    return score_preferences(
        rows,
        rows["chosen"].str.len_bytes().to_list(),
        answers,
        beta=context.settings.beta,
        split=split,
        notes={"scorer": "polyculture preferences 1", **(notes or {})},
    )


def longer(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:  # noqa: ARG001  # one form for all tasks
    """Prefers the longer reply, in characters."""
    return _by_length(rows, longer=True)


def shorter(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:  # noqa: ARG001  # one form for all tasks
    """Prefers the shorter reply, in characters."""
    return _by_length(rows, longer=False)


def _by_length(rows: pl.DataFrame, *, longer: bool) -> pl.DataFrame:
    from polyculture.stats.texts.preferences import table_of_names

    chosen, rejected = (rows[name].str.len_chars() for name in ("chosen", "rejected"))
    return table_of_names(rows, (chosen > rejected if longer else chosen < rejected).to_list())


def words(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:  # noqa: ARG001  # one form for all tasks
    """Prefers the reply whose words are likelier among the chosen replies of train."""
    from polyculture.nets.lexical.preferred_words import prefers_by_words
    from polyculture.stats.texts.preferences import table_of_names

    pairs = rows.select("chosen", "rejected").rows()
    learnt = (train["chosen"].to_list(), train["rejected"].to_list())
    return table_of_names(rows, prefers_by_words(*learnt, pairs))


def table(rows: pl.DataFrame, answers: pl.DataFrame, context: Context) -> pl.DataFrame:  # noqa: ARG001  # one form for all tasks
    """Which reply is preferred, and the log-probabilities of both."""
    return answers.select("answer", "log_chosen", "log_rejected")


def toy() -> Dataset:
    """Requests that should be granted politely, in English and Chinese."""
    import numpy as np
    import polars as pl

    from polyculture.stats.toy_data import of_splits

    rng = np.random.default_rng(1)
    english = (["some {} for you, please", "gladly, {} 🙂"], ["no {} here", "{}? go and buy it"])
    chinese = (["好的，给您{}", "{}，请慢用"], ["没有{}", "不给你{}，快走吧"])
    things = {"tea": english, "soup": english, "rice": english, "茶": chinese, "汤": chinese}

    def row(item: str) -> dict[str, Any]:
        thing = str(rng.choice([*things]))
        polite, rude = (str(rng.choice(texts)).format(thing) for texts in things[thing])
        turns = [{"role": "user", "content": f"{thing}!"}]
        return {"id": item, "messages": turns, "chosen": polite, "rejected": rude}

    splits = {
        name: pl.DataFrame([row(f"{name}-{n}") for n in range(size)])
        for name, size in (("train", 240), ("valid", 60), ("test", 60))
    }
    return of_splits("toy-requests", splits)


PLUGIN = Task(
    settings=Preferences,
    output="tokens",
    model_class={"decoder": "AutoModelForCausalLM"},
    columns={
        "messages": Column(kind="turns", usual=("prompt",)),
        "chosen": Column(kind="text"),
        "rejected": Column(kind="text"),
    },
    prepare=prepare,
    learn=learn,
    before=before,
    encode=encode,
    collate=collate,
    loss=loss,
    read=read,
    decode=decode,
    gold=gold,
    steer="loss",
    score=score,
    baselines={"longer": longer, "shorter": shorter, "words": words},
    table=table,
    toy=toy,
)
