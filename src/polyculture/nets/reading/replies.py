"""Replies to conversations: from rows to examples, and what a network makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polyculture.core.task import Encoded, Example
from polyculture.nets.reading.masks import sums_of_rows
from polyculture.nets.reading.texts import CHUNK
from polyculture.nets.reading.turns import PLAIN, Writer, has_answer, template_of
from polyculture.stats.texts.rivals import rank_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from polyculture.core.task import Context
    from polyculture.nets.batch import Batch, Reading
    from polyculture.nets.reading.turns import Turn, Window
    from polyculture.stats.texts.rivals import Rivals


class Replied(NamedTuple):
    """What was read of a row."""

    nats: float
    """Loss of the tokens of its replies, summed."""
    tokens: int
    """These tokens, those that end a reply among them; 0 where no reply is known."""
    bytes: int
    """Bytes of the replies that were read."""
    rank: int
    """Rank of the right reply among those drawn for the row; 0 where none are."""
    candidates: int
    """How many were ranked."""
    text: str
    """The reply that was written."""


def encode_turns(
    conversations: Sequence[Sequence[Turn]], context: Context, rivals: Sequence[Rivals] | None
) -> Encoded:
    """One example a window of each conversation; the last one of a row is that of its answer.

    Targets are the tokens of the replies, ``places["positions"]`` says behind which token each is
    to be said, and ``covers`` how many bytes they are; a conversation that does not end with a
    reply has no targets. ``places`` of a last window also hold ``prompt`` (tokens before the
    reply), and, where rivals are given, ``candidates`` (the tokens of the replies to rank, one
    behind the other), their ``lengths`` and the place of the ``right`` one.

    Args:
        conversations: The turns of each row.
        context: With the base's tokenizer, and settings as ``Writer`` wants them.
        rivals: What the reply of each row is ranked against; None where not all are known.
    """
    windows = windows_of(conversations, context)
    known = [has_answer(turns) for turns in conversations]
    examples: list[Example] = []
    for row, (found, knows) in enumerate(zip(windows, known, strict=True)):
        for window in found:
            places: dict[str, NDArray[Any]] = {}
            if window is found[-1]:
                places["prompt"] = np.array(window.prompt)
                if rivals is not None:
                    places |= _ranked([windows[n][-1] for n in rivals[row].rows], rivals[row].right)
            examples.append(_example(row, window, places, knows=knows))
    every = [window for found in windows for window in found]
    return Encoded(
        examples=examples,
        rows=len(conversations),
        notes=notes_on([found[-1] for found in windows], context),
        protocol={
            "cut_texts": sum(window.cut_prompt for window in every),
            "cut_replies": sum(window.cut_reply for window in every),
            "shortened_conversations": sum(found[-1].dropped > 0 for found in windows),
            "plain_template": int(template_of(context) == PLAIN),
        },
    )


def windows_of(conversations: Sequence[Sequence[Turn]], context: Context) -> list[list[Window]]:
    """The windows of each conversation; see ``Writer.windows``."""
    writer = Writer(context)
    found: list[list[Window]] = []
    for start in range(0, len(conversations), CHUNK):
        chunk = conversations[start : start + CHUNK]
        writer.know(text for turns in chunk for part in writer.parts(turns) for text in part)
        found += [writer.windows(turns) for turns in chunk]
        writer.forget()
    return found


def notes_on(windows: Sequence[Window], context: Context) -> tuple[str, ...]:
    """What of some conversations is not read.

    Args:
        windows: The last window of each conversation.
        context: How much is read at once.
    """
    counts = {
        f"did not fit into {context.longest} tokens: of the oldest turns, some are not read before "
        "the last reply": sum(window.dropped > 0 for window in windows),
        "have a prompt so long that its beginning is not read": sum(
            window.cut_prompt for window in windows
        ),
        "end with a reply whose end is not read; raise longest_answer or fit.max_length": sum(
            window.cut_reply for window in windows
        ),
    }
    return tuple(
        f"{count:,} of {len(windows):,} conversations {what}."
        for what, count in counts.items()
        if count
    )


def said(window: Window) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The tokens of the replies of a window, and behind which token each is to be said."""
    spans = [np.arange(begin, end) for begin, end in window.replies]
    places = np.concatenate([*spans, np.zeros(0, dtype=np.int64)]).astype(np.int64)
    return np.array(window.tokens, dtype=np.int64)[places], places - 1


def _example(row: int, window: Window, places: dict[str, NDArray[Any]], *, knows: bool) -> Example:
    tokens = np.array(window.tokens, dtype=np.int64)
    if not knows:
        return Example(row=row, inputs={"input_ids": tokens}, size=len(tokens), places=places)
    replies, positions = said(window)
    return Example(
        row=row,
        inputs={"input_ids": tokens},
        size=len(tokens),
        targets={"tokens": replies},
        places={"positions": positions, "covers": np.array(sum(window.covers)), **places},
    )


def _ranked(windows: Sequence[Window], right: int) -> dict[str, NDArray[Any]]:
    replies = [window.tokens[slice(*window.replies[-1])] for window in windows]
    return {
        "candidates": np.concatenate([np.array(reply, dtype=np.int64) for reply in replies]),
        "lengths": np.array([len(reply) for reply in replies]),
        "right": np.array(right),
    }


def pad_turns(examples: Sequence[Example], context: Context) -> Batch:
    """A batch of windows.

    ``places`` hold ``positions`` of ``(examples, tokens of replies)``; ``covers``, ``prompt`` (0
    where no reply is to be written) and ``right`` of ``(examples,)``; and, where there are any,
    ``candidates`` of ``(examples, replies, tokens)``, padded with -100.
    """
    import torch

    from polyculture.nets.batch import IGNORED
    from polyculture.nets.reading.padding import padded, token_batch

    nothing = np.zeros(0, dtype=np.int64)
    batch = token_batch(examples, context)
    wanted = [example.targets.get("tokens", nothing) for example in examples]
    batch.count = sum(map(len, wanted))
    if batch.count:
        batch.targets["tokens"], _ = padded(wanted, IGNORED)
        positions = [example.places.get("positions", nothing) for example in examples]
        batch.places["positions"], _ = padded(positions, 0)
    for name in ("covers", "prompt", "right"):
        batch.places[name] = torch.tensor([int(e.places.get(name, 0)) for e in examples])
    if any("candidates" in example.places for example in examples):
        batch.places["candidates"] = _padded_candidates(examples)
    return batch


def _padded_candidates(examples: Sequence[Example]) -> Tensor:
    """``(examples, replies, tokens)``, padded with -100."""
    import torch

    from polyculture.nets.batch import IGNORED
    from polyculture.nets.reading.padding import padded

    none = np.zeros(0, dtype=np.int64)
    lengths = [example.places.get("lengths", none) for example in examples]
    most = max(map(len, lengths))
    replies: list[NDArray[Any]] = []
    for example, ends in zip(examples, map(np.cumsum, lengths), strict=True):
        mine = np.split(example.places["candidates"], ends[:-1]) if len(ends) else []
        replies += [*mine, *[none] * (most - len(mine))]
    tokens, _ = padded(replies, IGNORED)
    return tokens.view(len(examples), most, -1).to(torch.int64)


def read_replies(reading: Reading, context: Context) -> list[Replied]:
    """The loss of each row's replies, the rank of the right one, and the reply that is written."""
    batch = reading.batch
    figures = sums_of_rows(figures_of(reading), batch.rows)
    asked = [place for place, prompt in enumerate(batch.places["prompt"].tolist()) if prompt]
    ranks = [_rank(reading, place, context) for place in asked]
    texts = _written(reading, asked, context)
    return [
        Replied(float(row[0]), int(row[1]), int(row[2]), *rank, text)
        for row, rank, text in zip(figures, ranks, texts, strict=True)
    ]


def figures_of(reading: Reading) -> NDArray[np.float64]:
    """Loss, tokens and bytes of the replies of each example, ``(examples, 3)``."""
    import torch

    from polyculture.nets.losses.token_outputs import token_nats

    batch = reading.batch
    nats = torch.zeros(len(batch.rows), dtype=torch.float64)
    tokens = torch.zeros_like(nats)
    if batch.count:
        logits, targets = reading.outputs["logits"].float(), batch.targets["tokens"]
        nats = token_nats(logits, targets).double().sum(dim=1).cpu()
        tokens = (targets >= 0).double().sum(dim=1).cpu()
    columns = (nats, tokens, batch.places["covers"].double().cpu())
    return np.asarray(torch.stack(columns, dim=1).numpy())


def _rank(reading: Reading, place: int, context: Context) -> tuple[int, int]:
    """The rank of a row's right reply by the mean loss of a token, and among how many."""
    candidates = reading.batch.places.get("candidates")
    if candidates is None:
        return 0, 0
    prompt = int(reading.batch.places["prompt"][place])
    room = context.longest - prompt
    replies = [reply[reply >= 0][:room] for reply in candidates[place]]
    replies = [reply for reply in replies if len(reply)]
    if not replies:
        return 0, 0
    given = reading.batch.inputs["input_ids"][place, :prompt]
    means = reading.network.mean_log_probabilities(given, replies)
    return rank_of(means, int(reading.batch.places["right"][place])), len(replies)


def _written(reading: Reading, asked: Sequence[int], context: Context) -> list[str]:
    from polyculture.nets.batch import Batch

    batch = reading.batch
    prompts = Batch(
        inputs={name: values[[*asked]] for name, values in batch.inputs.items()},
        places={"prompt": batch.places["prompt"][[*asked]]},
    )
    written: list[Any] = reading.network.write(
        prompts, context.settings, longest=context.longest_answer, stop=Writer(context).stop
    )
    return [context.reader.decode(tokens, skip_special_tokens=True).strip() for tokens in written]
