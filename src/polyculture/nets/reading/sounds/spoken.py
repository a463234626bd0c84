"""Clips with what is said in them: for bases that write it, and for bases that spell it.

A clip that is longer than what the base hears at once is answered in windows of one length, and
teaches nothing, since nobody knows which window says which words.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from polyculture.core.errors import ModelError, RowError
from polyculture.core.task import Encoded
from polyculture.nets.reading.sounds.clips import waves_of
from polyculture.nets.reading.sounds.examples import (
    clip_example,
    clip_inputs,
    of_long_clips,
    samples_of,
)
from polyculture.nets.reading.sounds.letters import BLANK, pieces_needed, spelt, vocabulary_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from numpy.typing import NDArray

    from polyculture.core.task import Context, Example
    from polyculture.nets.batch import Batch, Reading
    from polyculture.nets.reading.sounds.clips import SoundReader

START, END = "<|startoftranscript|>", "<|endoftext|>"
WRITE, UNTIMED = "<|transcribe|>", "<|notimestamps|>"
"""What Whisper is told to do: write what it hears, without times."""
SHOWN = 5
"""Letters that a note names."""


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    """What is to be said of some clips."""

    codes: list[NDArray[np.int64]]
    """Tokens with their end, or letters, of each row."""
    notes: tuple[str, ...]
    spells: bool

    def fits(self, row: int, size: int, reader: SoundReader) -> bool:
        """Whether a clip of so many pieces of 20 ms can say it; a wave may have one fewer."""
        pieces = size - (reader.kind == "wave")
        return not self.spells or pieces_needed(self.codes[row].tolist()) <= pieces


def encode_spoken(rows: pl.DataFrame, texts: Sequence[str] | None, context: Context) -> Encoded:
    """One example a row; without texts one for each window of a clip.

    Args:
        rows: With ``id`` and ``audio``, and perhaps ``start`` and ``end``.
        texts: What is said; None if unknown.
        context: With the base's reader.

    Raises:
        RowError: A clip cannot be read.
        ModelError: The base cannot be told what to do.
    """
    reader, most = context.reader, samples_of(context)
    wanted = None if texts is None else _wanted(texts, context)
    examples: list[Example] = []
    long = crowded = 0
    for row, wave in enumerate(waves_of(rows, reader.rate)):
        windows = np.array_split(wave, -(-len(wave) // most))
        long += len(windows) > 1
        if wanted is None:
            examples += [clip_example(row, window, reader, {}) for window in windows]
            continue
        size = reader.size(windows[0])
        fits = wanted.fits(row, size, reader)
        crowded += len(windows) == 1 and not fits
        known = {"tokens": wanted.codes[row]} if fits and len(windows) == 1 else {}
        examples.append(clip_example(row, windows[0], reader, known))
    if wanted is None:
        notes = of_long_clips(long, len(rows), context, "are longer than, and read in windows of,")
        return Encoded(
            examples=examples,
            rows=len(rows),
            notes=notes,
            protocol={"clips_in_windows": long},
        )
    return Encoded(
        examples=examples,
        rows=len(rows),
        notes=(
            *of_long_clips(long, len(rows), context, "teach nothing, being longer than"),
            *_of_crowded(crowded, len(rows)),
            *wanted.notes,
        ),
        protocol={"clips_in_windows": long},
    )


def learnable(encoded: Encoded) -> Encoded:
    """The clips that say their texts, without those that teach nothing.

    Raises:
        RowError: There is none.
    """
    examples = [example for example in encoded.examples if "tokens" in example.targets]
    if not examples:
        reason = f"there is nothing to learn. {' '.join(encoded.notes)}"
        raise RowError(reason, where="train")
    return replace(encoded, examples=examples)


def _of_crowded(count: int, rows: int) -> list[str]:
    what = "clips teach nothing: their texts have more letters than they have pieces of 20 ms"
    return [f"{count:,} of {rows:,} {what}."] if count else []


def _wanted(texts: Sequence[str], context: Context) -> _Wanted:
    if context.form == "encoder_decoder":
        return _tokens(texts, context)
    places = {letter: code for code, letter in enumerate(context.labels)}
    plain = [" ".join(text.split()) for text in texts]
    new = sorted({sign for text in plain for sign in text} - {*places})
    codes = [np.array([places[s] for s in text if s in places], np.int64) for text in plain]
    shown = ", ".join(map(repr, new[:SHOWN])) + (", …" if len(new) > SHOWN else "")
    note = f"Letters that the training texts lack are left out of what is to be said: {shown}."
    return _Wanted(codes=codes, notes=(note,) if new else (), spells=True)


def _tokens(texts: Sequence[str], context: Context) -> _Wanted:
    tokenizer, most = context.reader.tokenizer, longest_text(context)
    # as Whisper learnt to write, with a space before the first word
    found = tokenizer([f" {text.strip()}" for text in texts], add_special_tokens=False)["input_ids"]
    ended = [np.array([*tokens, _code(END, context)], dtype=np.int64) for tokens in found]
    cut = sum(len(tokens) > most for tokens in ended)
    note = f"To be said: {cut:,} of {len(texts):,} texts were cut at {most} tokens."
    codes = [tokens[:most] for tokens in ended]
    return _Wanted(codes=codes, notes=(note,) if cut else (), spells=False)


def longest_text(context: Context) -> int:
    """Tokens that are written at most: what the settings say, within what the base has room for."""
    room: int = context.reader.longest_text - len(prompt_of(context))
    return min(room, int(context.settings.longest_answer))


def prompt_of(context: Context) -> list[int]:
    """The tokens that tell Whisper what to write.

    Raises:
        ModelError: The base is no Whisper, or knows no such language.
    """
    reader, language = context.reader, context.settings.language
    if reader.kind != "whisper":
        msg = "Of the bases that write what they hear, only Whisper is supported. Choose another."
        raise ModelError(msg)
    if not reader.is_multilingual:
        if language not in {"", "en"}:
            msg = f"The base knows only English, but language = {language!r}. Choose another base."
            raise ModelError(msg)
        return [_code(START, context), _code(UNTIMED, context)]
    if not language:
        msg = "The base knows many languages. Name that of the clips: [task] language = 'en'."
        raise ModelError(msg)
    return [_code(token, context) for token in (START, f"<|{language}|>", WRITE, UNTIMED)]


def _code(token: str, context: Context) -> int:
    tokenizer = context.reader.tokenizer
    code = tokenizer.get_vocab().get(token)
    if code is None:
        msg = f"The base's tokenizer knows no {token}, which Whisper's have. Check the language."
        raise ModelError(msg)
    return int(code)


def batch_spoken(examples: Sequence[Example], context: Context) -> Batch:
    """Clips padded to one length, and what is to be said of them.

    Where the base writes, ``decoder_input_ids`` begin with what it is told, the ``prompt`` of
    ``places``. Where it spells, targets are outputs of its head, with their ``lengths``.
    """
    from polyculture.nets.batch import Batch

    batch = Batch(
        inputs=clip_inputs(examples, context.reader),
        rows=tuple(example.row for example in examples),
        size=sum(example.size for example in examples),
    )
    said = [example.targets.get("tokens") for example in examples]
    fill = _to_write if context.form == "encoder_decoder" else _to_spell
    fill(batch, said, context)
    return batch


def _to_write(batch: Batch, said: list[NDArray[Any] | None], context: Context) -> None:
    import torch

    from polyculture.nets.batch import IGNORED
    from polyculture.nets.reading.padding import padded

    told = prompt_of(context)
    given = [[*told, *([] if tokens is None else tokens[:-1])] for tokens in said]
    read, _ = padded([np.array(tokens) for tokens in given], _code(END, context))
    batch.inputs["decoder_input_ids"] = read
    batch.places["prompt"] = torch.full((len(said),), len(told))
    count = sum(len(tokens) for tokens in said if tokens is not None)
    if count:
        silent = [IGNORED] * (len(told) - 1)
        wanted = [[*silent, *([IGNORED] if tokens is None else tokens)] for tokens in said]
        batch.targets["tokens"], _ = padded([np.array(tokens) for tokens in wanted], IGNORED)
        batch.count = count


def _to_spell(batch: Batch, said: list[NDArray[Any] | None], context: Context) -> None:
    import torch

    from polyculture.nets.batch import IGNORED
    from polyculture.nets.reading.padding import padded

    known = [tokens for tokens in said if tokens is not None]
    if not known:
        return
    output_of: dict[str, int] = {}
    for place, letter in enumerate(vocabulary(context)):
        output_of.setdefault(letter, place)
    places = np.array([output_of[letter] for letter in context.labels], dtype=np.int64)
    nothing = np.array([], dtype=np.int64)
    codes = [nothing if tokens is None else places[tokens] for tokens in said]
    batch.targets["tokens"], _ = padded(codes, IGNORED)
    batch.targets["lengths"] = torch.tensor([-1 if t is None else len(t) for t in said])
    batch.count = sum(max(1, len(tokens)) for tokens in known)  # silence teaches something too


def vocabulary(context: Context) -> tuple[str, ...]:
    """What the outputs of a head that spells stand for."""
    return vocabulary_of(context.reader.letters, context.labels)


def blank_of(context: Context) -> int:
    """The output of a head that spells nothing."""
    return vocabulary(context).index(BLANK)


def read_spoken(reading: Reading, context: Context) -> list[str]:
    """What is said in each row; windows of one clip are joined by spaces."""
    says = _written if context.form == "encoder_decoder" else _spelt
    parts: dict[int, list[str]] = {row: [] for row in reading.rows}
    for row, text in zip(reading.batch.rows, says(reading, context), strict=True):
        parts[row].append(text)
    return [" ".join(" ".join(texts).split()) for texts in parts.values()]


def _written(reading: Reading, context: Context) -> list[str]:
    tokenizer = context.reader.tokenizer
    written: list[list[int]] = reading.network.write(
        reading.batch,
        context.settings,
        longest=longest_text(context),
        stop=_code(END, context),
    )
    return [str(tokenizer.decode(tokens, skip_special_tokens=True)) for tokens in written]


def _spelt(reading: Reading, _: Context) -> list[str]:
    likeliest = reading.outputs["logits"].argmax(dim=-1).cpu().numpy()
    heard = reading.outputs["heard"].cpu().tolist()
    letters = reading.network.letters
    return [
        spelt(codes[:pieces].tolist(), letters)
        for codes, pieces in zip(likeliest, heard, strict=True)
    ]
