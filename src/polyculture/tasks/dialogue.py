"""Reply in a conversation: a decoder learns the replies of conversations, and nothing else of them.

There is no column of right answers: they are turns of the conversation. What is written answers the
turns before the last reply; that reply is ranked among replies of other rows, and its likelihood,
or that of all replies, is scored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from polyculture.core.errors import RowError
from polyculture.core.search import Search
from polyculture.core.task import Column, Inventory, Task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from torch import Tensor

    from polyculture.core.data import Dataset
    from polyculture.core.run import Scores
    from polyculture.core.task import Context, Encoded, Example
    from polyculture.nets.batch import Batch, Outputs, Reading
    from polyculture.nets.reading.replies import Replied
    from polyculture.stats.texts.rivals import Rivals


class Dialogue(Search):
    """Replies in conversations."""

    kind: Literal["dialogue"] = "dialogue"
    learns: Literal["all", "last"] = "all"
    """Which replies of a conversation are learnt, and counted in bits a byte and perplexity."""
    template: Literal["base", "plain"] = "base"
    """How turns are written: by the chat template of the base's tokenizer, or ``plain``, as in
    ``User: Hello``; plain too where the base has none."""
    candidates: int = Field(default=10, ge=2, le=1_000)
    """Replies that the right one is ranked among, itself included; drawn from the other rows."""
    beams: int = Field(default=1, ge=1, le=64)
    """Beams that are kept while a reply is written; 1 is greedy decoding."""
    longest_answer: int = Field(default=64, ge=1, le=1_000_000)
    """Longest reply to write, in tokens; the prompt leaves so much room."""


def prepare(rows: pl.DataFrame, where: str, settings: Dialogue) -> pl.DataFrame:  # noqa: ARG001  # one form for all tasks
    """Check the columns. Conversations to predict may end with any turn."""
    from polyculture.stats.rows import check_rows

    check_rows(rows, where, needed=("id", "messages"), filled=("id", "messages"))
    return rows


def learn(splits: Mapping[str, pl.DataFrame], settings: Dialogue) -> Inventory:  # noqa: ARG001  # one form for all tasks
    """Nothing has to be known before there is a network, but each row needs a reply at its end."""
    from polyculture.nets.reading.turns import has_answer, replies_of

    for split, rows in splits.items():
        for item, turns in rows.select("id", "messages").iter_rows():
            if has_answer(turns):
                continue
            reason = "the conversation has no assistant turn that replies to another"
            if replies_of(turns):
                reason = f"the conversation ends with a turn of the {turns[-1]['role']}"
            reason += ", so there is no last reply to learn. Let it end with one, or drop the row."
            raise RowError(reason, where=split, item=item)
    return Inventory()


def encode(rows: pl.DataFrame, context: Context) -> Encoded:
    """Whole conversations; long ones in windows, so that no reply is lost."""
    from polyculture.nets.reading.replies import encode_turns
    from polyculture.nets.reading.turns import has_answer

    conversations = rows["messages"].to_list()
    known = all(map(has_answer, conversations))
    return encode_turns(conversations, context, rivals(rows, context) if known else None)


def rivals(rows: pl.DataFrame, context: Context) -> list[Rivals]:
    """What the last reply of each row is ranked among."""
    from polyculture.stats.texts.rivals import draw_rivals

    return draw_rivals(asked(rows), gold(rows, context.settings), context.settings.candidates)


def asked(rows: pl.DataFrame) -> list[str]:
    """What is said before each last reply, in one text, without the system's instructions."""
    return [
        "\n".join(turn["content"] for turn in turns[:-1] if turn["role"] != "system")
        for turns in rows["messages"].to_list()
    ]


def collate(examples: Sequence[Example], context: Context) -> Batch:
    """Conversations padded to one length; targets are the tokens of replies alone."""
    from polyculture.nets.reading.replies import pad_turns

    return pad_turns(examples, context)


def loss(outputs: Outputs, batch: Batch, context: Context) -> Tensor:  # noqa: ARG001  # one form for all tasks
    """The sum of the cross-entropy of the replies' tokens, in nats."""
    from polyculture.nets.losses.token_outputs import token_loss

    return token_loss(outputs, batch.targets["tokens"])


def read(reading: Reading, context: Context) -> list[Replied]:
    """The loss of a row's replies, the rank of the last one, and the text that is written."""
    from polyculture.nets.reading.replies import read_replies

    return read_replies(reading, context)


def decode(rows: pl.DataFrame, replied: Sequence[Any], context: Context) -> pl.DataFrame:  # noqa: ARG001  # one form for all tasks
    """Answers are the replies as they were written, with their figures."""
    from polyculture.stats.texts.replies import table_of_replies

    return table_of_replies(rows, replied)


def gold(rows: pl.DataFrame, settings: Dialogue) -> list[str]:  # noqa: ARG001  # one form for all tasks
    """The last replies."""
    return [turns[-1]["content"] for turns in rows["messages"].to_list()]


def grade(rows: pl.DataFrame, answers: pl.DataFrame, context: Context) -> list[float]:  # noqa: ARG001  # one form for all tasks
    """One over the rank of the right reply."""
    from polyculture.stats.texts.replies import reciprocal_ranks

    return reciprocal_ranks(rows, answers)


def score(
    rows: pl.DataFrame,
    answers: pl.DataFrame,
    context: Context,
    *,
    split: str,
    notes: Mapping[str, str | int | float] | None = None,
) -> Scores:
    """Recall of the right reply, bits a byte, perplexity and chrF2; see the scorer."""
    from polyculture.stats.texts.replies import score_replies

    settings = context.settings
    covers = [sum(len(text.encode()) for text in texts) for texts in replies(rows, settings)]
    facts = {"learns": settings.learns, "template": settings.template}
    return score_replies(
        rows,
        gold(rows, settings),
        covers,
        answers,
        candidates=settings.candidates,
        split=split,
        notes={"scorer": "polyculture dialogue 1", **facts, **(notes or {})},
    )


def replies(rows: pl.DataFrame, settings: Dialogue) -> list[list[str]]:
    """The replies of each row that are learnt and counted."""
    from polyculture.nets.reading.turns import replies_of

    kept = slice(None) if settings.learns == "all" else slice(-1, None)
    return [
        [turns[n]["content"] for n in replies_of(turns)[kept]]
        for turns in rows["messages"].to_list()
    ]


def similar(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The reply of the most similar training context (BM25); ranks by words shared with it."""
    from polyculture.nets.lexical.retrieved import nearest, ranks_by_words

    found = gold(train[nearest(asked(train), asked(rows))], context.settings)
    ranks = ranks_by_words(found, gold(rows, context.settings), rivals(rows, context))
    read = [(None, 0, 0, *rank, text) for rank, text in zip(ranks, found, strict=True)]
    return decode(rows, read, context)


def unigram(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The most frequent training reply; likelihood and ranks by how frequent each word is."""
    from polyculture.nets.lexical.retrieved import costs_of, most_frequent, ranks_by_costs, words_of
    from polyculture.nets.text.word_costs import WordCosts

    settings = context.settings
    learnt = [text for texts in replies(train, settings) for text in texts]
    costs = WordCosts.of(word for text in learnt for word in words_of(text))
    ranks = ranks_by_costs(costs, gold(rows, settings), rivals(rows, context))
    usual = most_frequent(gold(train, settings))
    read = []
    for rank, texts in zip(ranks, replies(rows, settings), strict=True):
        nats, words = map(sum, zip(*costs_of(costs, texts), strict=True))
        read.append((nats, words, sum(len(text.encode()) for text in texts), *rank, usual))
    return decode(rows, read, context)


def table(rows: pl.DataFrame, answers: pl.DataFrame, context: Context) -> pl.DataFrame:  # noqa: ARG001  # one form for all tasks
    """The reply, and the bits a byte of those that the conversation has."""
    from polyculture.stats.texts.token_losses import bits_per_byte

    return answers.select("answer", bits_per_byte=bits_per_byte())


def toy() -> Dataset:
    """Short talks, English and Chinese, in which what is asked decides what is replied."""
    import numpy as np
    import polars as pl

    from polyculture.stats.toy_data import of_splits

    things = {"tea": "hot", "snow": "cold", "coal": "black", "milk": "white", "grass": "green"}
    words = {"猫": "鱼", "狗": "骨头", "兔": "草"}
    asks = ("what is {} like", "tell me about {}", "{} please")
    rng = np.random.default_rng(1)

    def exchange() -> list[dict[str, str]]:
        thing = str(rng.choice([*things, *words]))
        if thing in words:
            ask, reply = f"{thing}吃什么", f"{thing}吃{words[thing]}"
        else:
            ask, reply = str(rng.choice(asks)).format(thing), f"{thing} is {things[thing]} 🙂"
        return [{"role": "user", "content": ask}, {"role": "assistant", "content": reply}]

    def talk() -> list[dict[str, str]]:
        turns = [turn for _ in range(int(rng.integers(1, 3))) for turn in exchange()]
        rules = [{"role": "system", "content": "be short"}] if rng.random() < 1 / 3 else []
        return [*rules, *turns]

    splits = {
        name: pl.DataFrame(
            {"id": [f"{name}-{n}" for n in range(size)], "messages": [talk() for _ in range(size)]}
        )
        for name, size in (("train", 300), ("valid", 60), ("test", 60))
    }
    return of_splits("toy-talks", splits)


PLUGIN = Task(
    settings=Dialogue,
    output="tokens",
    model_class={"decoder": "AutoModelForCausalLM"},
    columns={"messages": Column(kind="turns", usual=("conversation", "conversations"))},
    prepare=prepare,
    learn=learn,
    encode=encode,
    collate=collate,
    loss=loss,
    read=read,
    decode=decode,
    gold=gold,
    steer="loss",
    grade=grade,
    score=score,
    baselines={"similar": similar, "unigram": unigram},
    table=table,
    toy=toy,
)
