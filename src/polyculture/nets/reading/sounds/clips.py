"""Read clips: from files to the numbers that a base hears.

A reader does what transformers' feature extractors do, by their own file of settings, with NumPy:
raw waves as wav2vec2 takes them, or the log-mel spectrograms of Whisper and of bases made here.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from math import gcd
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from polyculture.core.errors import DataError, ModelError, RowError
from polyculture.nets.reading.account import all_readable
from polyculture.nets.reading.sounds.files import opened_clip
from polyculture.nets.reading.sounds.letters import read_letters_file, write_letters_file
from polyculture.nets.reading.sounds.spectrogram import log_mel
from polyculture.store.weight_files import read_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray
    from transformers import PreTrainedTokenizerBase

FILE = "preprocessor_config.json"
GENERATION = "generation_config.json"
SIZES_A_SECOND = 50
"""A clip is measured in pieces of 20 ms, as wav2vec2's and Whisper's encoders cut it."""
LONGEST = 30
"""Seconds of a clip that are heard at most, unless the base's settings say otherwise."""
SHORTEST = 10
"""Waves that a second holds at most: of less than a tenth of a second wav2vec2 hears nothing."""
WHISPER_RANGE = 8.0
"""Powers of ten between the loudest and what counts as silence."""
LEAST_VARIANCE = 1e-7
HIGHEST_RATE = 16_000
WINDOW, HOP = 0.025, 0.010
"""Seconds of a frame of a base made here, and from one to the next."""
BANDS, WIDE_BANDS = 40, 64
"""Mel bands of a base made here, for clips of up to 8,000 samples a second and for others."""
LOOKED_AT = 2_000
"""Clips that stand for all."""
Kind = Literal["wave", "whisper", "frames"]
KINDS: dict[str, Kind] = {
    "Wav2Vec2FeatureExtractor": "wave",
    "WhisperFeatureExtractor": "whisper",
    "LogMelFrames": "frames",
}
"""What ``feature_extractor_type`` names; the last is our own."""


@dataclass(frozen=True, kw_only=True)
class SoundReader:
    """How a base hears a clip.

    Example:
        >>> reader = SoundReader(kind="wave", rate=8_000, settings={"do_normalize": False})
        >>> reader.size(np.zeros(4_000, dtype=np.float32))
        25
    """

    kind: Kind
    rate: int
    """Samples a second."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """The base's own, by transformers' names."""
    tokenizer: PreTrainedTokenizerBase | None = None
    """Of a base that writes."""
    is_multilingual: bool = False
    """Of a base that writes: it has to be told the language."""
    longest_text: int = 0
    """Of a base that writes: tokens at most, those that it is given first among them."""
    letters: tuple[str, ...] = ()
    """What each output of a head that spells stands for; see ``nets/reading/sounds/letters.py``."""

    @classmethod
    def of_folder(
        cls, folder: Path, tokenizer: PreTrainedTokenizerBase | None = None
    ) -> SoundReader:
        """The reader that a base's folder describes.

        Raises:
            ModelError: It describes none, or one that is not known here.
        """
        file = folder / FILE
        if not file.is_file():
            msg = f"{folder} has no {FILE}, which says how clips go in. Save it into the folder."
            raise ModelError(msg)
        settings = read_object(file)
        name = str(settings.get("feature_extractor_type"))
        rate = settings.get("sampling_rate")
        if name not in KINDS:
            msg = (
                f"{file}: clips are read as {', '.join(KINDS)} do, but feature_extractor_type is "
                f"{name!r}. Choose another base."
            )
            raise ModelError(msg)
        if not isinstance(rate, int) or rate < 1:
            msg = f"{file}: expected samples a second in 'sampling_rate', got {rate!r}."
            raise ModelError(msg)
        speaks, config = (
            read_object(folder / name) if (folder / name).is_file() else {}
            for name in (GENERATION, "config.json")
        )
        return cls(
            kind=KINDS[name],
            rate=rate,
            settings=settings,
            tokenizer=tokenizer,
            is_multilingual=bool(speaks.get("is_multilingual")),
            longest_text=int(config.get("max_target_positions") or 0),
            letters=read_letters_file(folder) if tokenizer is None else (),
        )

    def save_pretrained(self, folder: Path) -> None:
        """Write settings, tokenizer and letters, so that ``of_folder`` gives the same reader."""
        (folder / FILE).write_text(json.dumps(dict(self.settings), indent=1), encoding="utf-8")
        if self.tokenizer is not None:
            self.tokenizer.save_pretrained(folder)
        if self.letters:
            write_letters_file(self.letters, folder)

    @property
    def window(self) -> int:
        """The longest clip, in pieces of 20 ms."""
        return int(self.settings.get("chunk_length", LONGEST)) * SIZES_A_SECOND

    def longest(self, wanted: int | None) -> int:
        """What is heard of a clip at most: what the recipe wants, within the base's window."""
        return min(wanted or self.window, self.window)

    def size(self, wave: NDArray[np.float32]) -> int:
        """What a clip adds to the size of a batch; Whisper always computes its whole window."""
        if self.kind == "whisper":
            return self.window
        return max(1, -(-len(wave) * SIZES_A_SECOND // self.rate))

    @property
    def input_name(self) -> str:
        """The argument of the network that takes the numbers."""
        return "input_values" if self.kind == "wave" else "input_features"

    @property
    def gives_mask(self) -> bool:
        """Whether the network is told where a clip ends; Whisper always hears a whole window.

        A base whose own reader makes no mask is told too, so that it hears each clip as it hears it
        alone; see ``nets/clip_padding.py``.
        """
        return self.kind != "whisper"

    def numbers(self, wave: NDArray[np.float32]) -> NDArray[np.float32]:
        """A wave as the network wants it: ``(samples,)``, or ``(frames, bands)``.

        Whisper's silence behind the clip is left out but for a frame or two; the lowest number
        stands for it. A wave of less than a tenth of a second is followed by silence: wav2vec2
        cannot hear it alone.
        """
        if self.kind == "wave":
            wave = np.pad(wave, (0, max(0, self.rate // SHORTEST - len(wave))))
            if not self.settings.get("do_normalize", True):
                return wave
            level, spread = wave.mean(), np.sqrt(wave.var() + LEAST_VARIANCE)
            return ((wave - level) / spread).astype(np.float32)  # type: ignore[no-any-return]
        if self.kind == "whisper":
            return self._for_whisper(wave)
        found = log_mel(wave, rate=self.rate, **_cut(self.settings))
        mean, deviation = (np.float32(self.settings[name]) for name in ("mean", "std"))
        return (found - mean) / deviation

    def _for_whisper(self, wave: NDArray[np.float32]) -> NDArray[np.float32]:
        cut = _cut(self.settings)
        most = self.window * self.rate // SIZES_A_SECOND
        silence = np.zeros(min(cut["window"], most - len(wave)), dtype=np.float32)
        found = log_mel(np.concatenate([wave, silence]), rate=self.rate, **cut)
        loud: NDArray[np.float32] = np.maximum(found, found.max() - WHISPER_RANGE)
        return (loud + np.float32(4)) / np.float32(4)


def _cut(settings: Mapping[str, Any]) -> dict[str, int]:
    """How a wave is cut into frames; where transformers leaves these out, Whisper's."""
    return {
        "window": int(settings.get("n_fft", 400)),
        "hop": int(settings.get("hop_length", 160)),
        "bands": int(settings.get("feature_size", 80)),
    }


def resampled(wave: NDArray[np.float32], rate: int, wanted: int) -> NDArray[np.float32]:
    """The same sound at another number of samples a second.

    Example:
        >>> tone = np.sin(np.arange(800) / 8).astype(np.float32)
        >>> resampled(tone, 8_000, 16_000).shape
        (1600,)
    """
    if rate == wanted:
        return wave
    from scipy.signal import resample_poly

    common = gcd(rate, wanted)
    found: NDArray[np.float32] = resample_poly(wave, wanted // common, rate // common)
    return found.astype(np.float32)


def waves_of(rows: pl.DataFrame, rate: int) -> Iterator[NDArray[np.float32]]:
    """The clip of each row, one after the other, at one rate.

    Args:
        rows: With ``id`` and ``audio``, and perhaps ``start`` and ``end``.
        rate: Samples a second.

    Raises:
        RowError: A clip cannot be read.
    """
    nothing = [None] * len(rows)
    places = (
        rows[name].to_list() if name in rows.columns else nothing for name in ("start", "end")
    )
    for item, path, start, end in zip(rows["id"], rows["audio"], *places, strict=True):
        try:
            wave, own = opened_clip(Path(path), start=start, end=end)
        except DataError as error:
            raise RowError(str(error), where="the rows", item=item) from error
        yield resampled(wave, own, rate)


def learned_reader(paths: Sequence[str]) -> SoundReader:
    """A reader of clips like some: at the rate of most, with the mean and deviation of each band.

    A clip that cannot be read is passed over here; its row is named when it is encoded.

    Raises:
        DataError: No clip can be read.
    """
    step = max(1, len(paths) // LOOKED_AT)
    seen = all_readable(paths[::step], _rate_of, "clips")  # opened twice: all may be many GB
    usual = min(Counter(rate for _, rate in seen).items(), key=lambda pair: (-pair[1], pair[0]))[0]
    rate = min(usual, HIGHEST_RATE)
    settings: dict[str, Any] = {
        "feature_extractor_type": "LogMelFrames",
        "sampling_rate": rate,
        "n_fft": round(WINDOW * rate),
        "hop_length": round(HOP * rate),
        "feature_size": BANDS if rate <= HIGHEST_RATE // 2 else WIDE_BANDS,
    }
    cut = _cut(settings)
    frames = np.concatenate(
        [
            log_mel(resampled(opened_clip(path)[0], own, rate), rate=rate, **cut)
            for path, own in seen
        ]
    )
    mean, deviation = frames.mean(axis=0), np.maximum(frames.std(axis=0), 0.01)
    settings |= {
        "mean": [round(float(value), 4) for value in mean],
        "std": [round(float(value), 4) for value in deviation],
    }
    return SoundReader(kind="frames", rate=rate, settings=settings)


def _rate_of(path: Path) -> tuple[Path, int]:
    return path, opened_clip(path)[1]
