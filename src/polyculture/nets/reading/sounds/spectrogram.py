"""Log-mel spectrograms with NumPy: what a sound holds at each time and pitch.

The mel scale and its triangles are Slaney's, as in Whisper (Radford et al. 2022, arXiv:2212.04356)
and librosa: linear below 1 kHz, logarithmic above, each triangle of the same area.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST = 1e-10
"""Power that counts as silence: -10 on the scale of the spectrograms."""
HERTZ_A_MEL = 200 / 3
LINEAR_TO = 1_000.0
"""Hertz up to which the scale is linear."""
LOG_STEP = np.log(6.4) / 27
"""Above, 27 mels multiply the frequency by 6.4."""


def log_mel(
    wave: NDArray[np.float32], *, rate: int, window: int, hop: int, bands: int
) -> NDArray[np.float32]:
    """Logarithm (base 10) of the power in each band, ``(frames, bands)``.

    Frames are centred at multiples of ``hop``; beyond its ends the sound is mirrored, or silent
    where it is too short for that.

    Args:
        wave: The sound, ``(samples,)``, from -1 to 1; one sample at least.
        rate: Samples a second.
        window: Samples of a frame, weighed by a Hann window.
        hop: Samples from one frame to the next.
        bands: Number of mel bands.

    Example:
        >>> tone = np.sin(np.arange(800) * 2 * np.pi * 1_000 / 8_000).astype(np.float32)
        >>> found = log_mel(tone, rate=8_000, window=200, hop=80, bands=40)
        >>> found.shape, np.unique(found.argmax(axis=1)).tolist()
        ((10, 40), [16, 17])
    """
    half = window // 2
    mode: Any = "reflect" if len(wave) > half else "constant"
    padded = np.pad(wave.astype(np.float64), half, mode=mode)
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop][: -(-len(wave) // hop)]
    shape = np.hanning(window + 1)[:-1]
    power = np.abs(np.fft.rfft(frames * shape, axis=1)) ** 2
    energy = power @ mel_filters(rate=rate, window=window, bands=bands)
    return np.log10(np.maximum(energy, LEAST)).astype(np.float32)


@lru_cache(maxsize=8)
def mel_filters(*, rate: int, window: int, bands: int) -> NDArray[np.float64]:
    """Weight of each frequency in each band, ``(window // 2 + 1, bands)``."""
    frequencies = np.fft.rfftfreq(window, 1 / rate)
    corners = _hertz(np.linspace(0, _mels(np.array(rate / 2)), bands + 2))
    slopes = np.diff(corners)
    distance = corners[None, :] - frequencies[:, None]
    rising, falling = -distance[:, :-2] / slopes[:-1], distance[:, 2:] / slopes[1:]
    triangles: NDArray[np.float64] = np.maximum(0, np.minimum(rising, falling))
    return triangles * (2 / (corners[2:] - corners[:-2]))


def _mels(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    above = LINEAR_TO / HERTZ_A_MEL + np.log(np.maximum(hertz, LINEAR_TO) / LINEAR_TO) / LOG_STEP
    return np.where(hertz < LINEAR_TO, hertz / HERTZ_A_MEL, above)


def _hertz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    above = LINEAR_TO * np.exp(LOG_STEP * (mels - LINEAR_TO / HERTZ_A_MEL))
    return np.where(mels < LINEAR_TO / HERTZ_A_MEL, mels * HERTZ_A_MEL, above)
