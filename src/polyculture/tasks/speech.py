"""Recognise speech: what is said in a clip.

A base that is an encoder with a decoder (Whisper) writes it; an encoder spells it, a letter or none
for each piece of the clip.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from polyculture.core.clip_changes import ClipChanges
from polyculture.core.search import Search
from polyculture.core.task import Column, Inventory, Task
from polyculture.nets import writing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import polars as pl
    from torch import Tensor

    from polyculture.core.data import Dataset
    from polyculture.core.run import Scores
    from polyculture.core.task import Context, Encoded, Example
    from polyculture.nets.batch import Batch, Outputs, Reading
    from polyculture.stats.texts.transcripts import Unit


class Speech(ClipChanges, Search):
    """What is said in a clip."""

    kind: Literal["speech"] = "speech"
    beams: int = Field(default=1, ge=1, le=64)
    """Beams that are kept while a text is generated; 1 is greedy decoding. What is spelt is always
    decoded greedily."""
    language: str = ""
    """Of the clips, as Whisper names it: ``en``, ``zh``, ...; needed where the base knows many."""
    normalise: Literal["none", "lower", "whisper", "whisper_english"] = "lower"
    """What is done to both texts before errors are counted. ``lower``: lower case, no punctuation.
    ``whisper``, ``whisper_english``: Whisper's normalisers."""


def prepare(rows: pl.DataFrame, where: str, _: Speech) -> pl.DataFrame:
    """Check the columns. Rows without texts are fine to predict."""
    from polyculture.stats.rows import check_rows

    check_rows(rows, where, needed=("id", "audio"), filled=("id", "audio", "start", "end", "text"))
    return rows


def learn(splits: Mapping[str, pl.DataFrame], _: Speech) -> Inventory:
    """The letters of the training texts, and the share of them whose script has no spaces.

    Raises:
        RowError: The training rows lack texts.
    """
    from polyculture.nets.text.words import unspaced_share
    from polyculture.stats.rows import check_rows

    check_rows(splits["train"], "train", needed=("text",), filled=())
    texts = [" ".join(text.split()) for text in splits["train"]["text"]]
    letters = sorted({sign for text in texts for sign in text})
    return Inventory(labels=tuple(letters), numbers={"unspaced": unspaced_share(texts)})


def encode(rows: pl.DataFrame, context: Context) -> Encoded:
    """One example a row, or one for each window of a long clip whose text is not known."""
    from polyculture.nets.reading.sounds.spoken import encode_spoken

    texts = rows["text"].to_list() if "text" in rows.columns else None
    return encode_spoken(rows, texts, context)


def pack(encoded: Encoded, _: Context, __: np.random.Generator) -> Encoded:
    """The clips that can be learnt from."""
    from polyculture.nets.reading.sounds.spoken import learnable

    return learnable(encoded)


def draws(settings: Speech) -> Literal["training", "never"]:
    """Clips that are only read stay as they are."""
    return "training" if settings.changes_clips else "never"


def draw(example: Example, context: Context, chance: np.random.Generator) -> Example:
    """The clip moved, louder or softer, and partly hidden, as the settings say."""
    from polyculture.nets.reading.sounds.examples import changed

    return changed(example, context, chance)


def collate(examples: Sequence[Example], context: Context) -> Batch:
    """Clips padded to one length, and what is to be said of them."""
    from polyculture.nets.reading.sounds.spoken import batch_spoken

    return batch_spoken(examples, context)


def loss(outputs: Outputs, batch: Batch, context: Context) -> Tensor:
    """The sum of the cross-entropy of tokens, or of the CTC loss of texts that are spelt."""
    if context.form == "encoder_decoder":
        from torch.nn import functional

        logits, tokens = outputs["logits"].float(), batch.targets["tokens"]
        return functional.cross_entropy(logits.flatten(0, 1), tokens.flatten(), reduction="sum")
    from polyculture.nets.losses.ctc import ctc_loss
    from polyculture.nets.reading.sounds.spoken import blank_of

    return ctc_loss(outputs, batch, blank=blank_of(context))


def read(reading: Reading, context: Context) -> list[str]:
    """What is said in each clip."""
    from polyculture.nets.reading.sounds.spoken import read_spoken

    return read_spoken(reading, context)


def gold(rows: pl.DataFrame, _: Speech) -> list[str]:
    """The right texts."""
    return rows["text"].to_list()


def compared(
    rows: pl.DataFrame, answers: pl.DataFrame, context: Context
) -> tuple[list[str], list[str | None], Unit]:
    """Right texts and answers in one form, and what errors are counted in.

    In scripts without spaces characters are counted, and spaces between them are dropped.
    """
    from polyculture.nets.text.normalised import normalised
    from polyculture.stats.answers import aligned_answers

    rule = context.settings.normalise
    right = [text or "" for text in normalised(gold(rows, context.settings), rule)]
    said = normalised(aligned_answers(rows, answers)["answer"].to_list(), rule)
    if not round(context.inventory.numbers["unspaced"]):
        return right, said, "wer"
    bare = [None if text is None else "".join(text.split()) for text in said]
    return ["".join(text.split()) for text in right], bare, "cer"


def grade(rows: pl.DataFrame, answers: pl.DataFrame, context: Context) -> list[float]:
    """1 less the error rate of each row, 0 at least."""
    from polyculture.stats.texts.transcripts import transcript_grades

    return transcript_grades(*compared(rows, answers, context))


def score(
    rows: pl.DataFrame,
    answers: pl.DataFrame,
    context: Context,
    *,
    split: str,
    notes: Mapping[str, str | int | float] | None = None,
) -> Scores:
    """Word and character error rate, with intervals and the normaliser's name."""
    from polyculture.nets.text.normalised import TOLD
    from polyculture.stats.texts.transcripts import score_transcripts

    right, said, leads = compared(rows, answers, context)
    told = {"normaliser": TOLD[context.settings.normalise], **(notes or {})}
    return score_transcripts(rows, right, said, leads=leads, split=split, notes=told)


def frequent(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The most frequent text of the training rows, the first in code-point order of several."""
    from polyculture.nets.lexical.retrieved import most_frequent

    return writing.decode(rows, [most_frequent(train["text"].to_list())] * len(rows), context)


def nearest(train: pl.DataFrame, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The text of the training clip that sounds most alike."""
    from polyculture.nets.reading.sounds.baselines import nearest_clips

    texts = train["text"].to_list()
    return writing.decode(rows, [texts[place] for place in nearest_clips(train, rows)], context)


def toy() -> Dataset:
    """Tones of four pitches with pauses between them, each a letter."""
    import numpy as np

    from polyculture.nets.reading.sounds.baselines import RATE, clip_dataset

    rng = np.random.default_rng(1)
    pitches = {"a": 400, "é": 700, "鸟": 1_200, "z": 2_000, " ": 0}

    def clip() -> tuple[np.ndarray, str]:
        """Two to four letters in one or two words."""
        signs = "".join(rng.choice([*"aé鸟z"], int(rng.integers(2, 5))))
        text = f"{signs[:1]} {signs[1:]}" if rng.random() < 0.5 else signs  # noqa: PLR2004  # half
        waves = []
        for sign in text:
            time = np.arange(int(rng.integers(RATE // 10, RATE // 6))) / RATE
            waves += [0.3 * np.sin(2 * np.pi * pitches[sign] * time), np.zeros(RATE // 20)]
        wave = np.concatenate(waves)
        return (wave + 0.02 * rng.normal(size=len(wave))).astype(np.float32), text

    sizes = {"train": 200, "valid": 40, "test": 60}
    clips = {split: [clip() for _ in range(size)] for split, size in sizes.items()}
    return clip_dataset("toy-melodies", clips, "text")


PLUGIN = Task(
    settings=Speech,
    output="tokens",
    model_class={"encoder_decoder": "AutoModelForSpeechSeq2Seq", "encoder": "AutoModelForCTC"},
    reads="sounds",
    columns={
        "audio": Column(kind="file", usual=("file", "path", "audio_path", "sound")),
        "start": Column(kind="number", is_optional=True),
        "end": Column(kind="number", is_optional=True),
        "text": Column(kind="text", usual=("transcript", "transcription"), is_gold=True),
    },
    prepare=prepare,
    learn=learn,
    encode=encode,
    pack=pack,
    draw=draw,
    draws=draws,
    collate=collate,
    loss=loss,
    read=read,
    decode=writing.decode,
    gold=gold,
    steer="loss",
    grade=grade,
    score=score,
    baselines={"frequent": frequent, "nearest": nearest},
    named=lambda _: (),
    table=writing.table,
    toy=toy,
)
