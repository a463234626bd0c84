"""Open the file of a clip: one channel of sound, and a sentence where there is none.

libsndfile reads WAV, FLAC, OGG and MP3. What it reads without a word although the end is missing
is found here: a clip that was copied half-way would be learnt from as if it were whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import numpy as np

from polyculture.core.errors import DataError, need

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

PURPOSE = "Reading clips"
SLACK = 0.02
"""Seconds by which a clip may end behind its file."""
LOOKED_THROUGH = 1 << 20
"""Bytes of an MP3 in which its table of frames begins, also behind a picture in its tags."""
UNKNOWN_LENGTH = 0x7FFF0000
LONGEST_KNOWN = 1 << 40
"""Samples: a FLAC that does not know its length promises more, and cannot be sought in."""
"""Bytes of a WAV's sound from which on the number stands for one that was not known."""


def opened_clip(
    path: Path, *, start: float | None = None, end: float | None = None
) -> tuple[NDArray[np.float32], int]:
    """A file's sound in one channel, ``(samples,)``, and its samples a second.

    Args:
        path: WAV, FLAC, OGG or MP3.
        start: Second of the file at which the clip begins; None for its beginning.
        end: Second at which it ends; None for its end.

    Raises:
        DataError: The file is missing, holds no sound, or not what is between the two.
    """
    sound = need("soundfile", extra="train", purpose=PURPOSE)
    if not path.is_file():
        msg = f"There is no clip {path}. Check the path."
        raise DataError(msg)
    try:
        with sound.SoundFile(path) as file:
            rate, samples = int(file.samplerate), int(file.frames)
            if samples >= LONGEST_KNOWN:
                msg = (
                    f"{path} does not say how long it is, since it was written into a pipe. "
                    "Convert it into a file, as WAV or FLAC."
                )
                raise DataError(msg)
            first, last = _between(path, start, end, seconds=samples / rate)
            file.seek(round(first * rate))
            count = round(last * rate) - round(first * rate)
            channels = file.read(count, dtype="float32", always_2d=True)
            if len(channels) < count and _tells_length(path, file.format):
                _refuse_cut_off(path, seconds=(round(first * rate) + len(channels)) / rate)
            if file.format in {"WAV", "WAVEX"} and _wave_is_cut_off(path):
                _refuse_cut_off(path, seconds=samples / rate)
    except (RuntimeError, OSError) as error:  # libsndfile's are RuntimeErrors
        reason = " ".join(str(error).partition(": ")[2].split()).rstrip(".") or "it is damaged"
        msg = f"{path} holds no sound that can be read: {reason}. Save it as WAV, FLAC or OGG."
        raise DataError(msg) from error
    wave = channels.mean(axis=1, dtype=np.float32)
    if not len(wave):
        msg = f"{path} holds no sample between its start and its end. Leave the row out."
        raise DataError(msg)
    if not np.isfinite(wave).all():
        msg = (
            f"{path} holds samples that are NaN or infinite. Save the clip again, or leave it out."
        )
        raise DataError(msg)
    return wave, rate


def _tells_length(path: Path, form: str) -> bool:
    """Whether a file says how long it is: an MP3 without a table of its frames is estimated."""
    if form != "MP3":
        return True
    with path.open("rb") as file:
        start = file.read(LOOKED_THROUGH)
    return b"Xing" in start or b"Info" in start


def _wave_is_cut_off(path: Path) -> bool:
    """Whether a WAV promises more bytes of sound than follow: libsndfile reads what is there.

    Programs that write into a pipe do not know the length beforehand, and promise the most.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(4) != b"RIFF":  # or its bytes are swapped, or it is larger than 4 GB
            return False
        file.seek(12)
        while len(head := file.read(8)) == 8:  # noqa: PLR2004  # a name and a number, four bytes each
            promised = int.from_bytes(head[4:], "little")
            if head[:4] == b"data":
                return promised < UNKNOWN_LENGTH and file.tell() + promised > size
            file.seek(promised + promised % 2, 1)
    return False


def _refuse_cut_off(path: Path, *, seconds: float) -> NoReturn:
    msg = f"{path} is cut off after {seconds:.2f} s. Copy the file again, or leave the row out."
    raise DataError(msg)


def _between(
    path: Path, start: float | None, end: float | None, *, seconds: float
) -> tuple[float, float]:
    first, last = start or 0.0, seconds if end is None else end
    if not seconds:
        msg = f"{path} holds no sample. Record the clip again, or leave the row out."
        raise DataError(msg)
    if not 0 <= first < last <= seconds + SLACK:
        msg = (
            f"{path} is {seconds:.2f} s long, but the clip goes from {first:g} to {last:g} s. "
            "Correct 'start' and 'end'."
        )
        raise DataError(msg)
    return first, min(last, seconds)
