"""The speaker encoder computes what its paper says."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from polyculture.nets.bodies.speaker import SpeakerEncoder

Array = NDArray[np.floating[Any]]


def by_hand(encoder: SpeakerEncoder, mels: Array) -> Array:
    """One layer's recurrence with four gates, the linear layer, ReLU and length 1, in NumPy."""
    get = {name: value.detach().numpy() for name, value in encoder.state_dict().items()}
    width = len(get["linear.bias"])
    state = memory = np.zeros(width)

    def squashed(x: Array) -> Array:
        y: Array = 1 / (1 + np.exp(-x))
        return y

    for frame in mels:
        gates = (
            get["lstm.weight_ih_l0"] @ frame
            + get["lstm.bias_ih_l0"]
            + get["lstm.weight_hh_l0"] @ state
            + get["lstm.bias_hh_l0"]
        )
        enter, forget, new, leave = gates.reshape(4, width)
        memory = squashed(forget) * memory + squashed(enter) * np.tanh(new)
        state = squashed(leave) * np.tanh(memory)
    voice: Array = np.maximum(get["linear.weight"] @ state + get["linear.bias"], 0)
    voice /= np.linalg.norm(voice)
    return voice


def test_a_voice_is_the_last_state_made_one_long() -> None:
    """The same numbers as the recurrence written out."""
    torch.manual_seed(1)
    encoder = SpeakerEncoder(channels=3, width=16, layers=1)
    mels = torch.randn(2, 7, 3)

    with torch.no_grad():
        voices = encoder(mels).numpy()

    for voice, mel in zip(voices, mels.numpy(), strict=True):
        np.testing.assert_allclose(voice, by_hand(encoder, mel), atol=1e-6)


def test_a_folder_tells_the_sizes(tmp_path: Path) -> None:
    """What else the configuration says does not matter."""
    config = {"channels": 5, "width": 8, "layers": 2, "sampling_rate": 16_000}
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")

    encoder = SpeakerEncoder.of_folder(tmp_path)

    assert encoder.lstm.weight_ih_l0.shape == (32, 5)
    assert encoder.lstm.num_layers == 2


def test_the_published_size_is_met() -> None:
    """1,423,616 weights, as the package's encoder has."""
    with torch.device("meta"):
        encoder = SpeakerEncoder()

    assert sum(weight.numel() for weight in encoder.parameters()) == 1_423_616
