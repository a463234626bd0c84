"""A speaker encoder: one vector for a voice, whatever it says.

After Wan, Wang, Papir and Lopez Moreno 2018, Generalized End-to-End Loss for Speaker Verification,
arXiv:1710.10467: recurrent layers over a mel spectrogram, and the last state turned into a vector
of length 1.
"""

import json
from pathlib import Path

from torch import Tensor, nn

MODEL_TYPE = "ge2e_speaker_encoder"


class SpeakerEncoder(nn.Module):
    """Voices ``(rows, width)`` of mel spectrograms ``(rows, frames, channels)``.

    Example:
        >>> import torch
        >>> encoder = SpeakerEncoder(channels=4, width=8, layers=1)
        >>> voices = encoder(torch.ones(2, 5, 4))
        >>> voices.shape, torch.allclose(voices.norm(dim=1), torch.ones(2))
        (torch.Size([2, 8]), True)
    """

    def __init__(self, *, channels: int = 40, width: int = 256, layers: int = 3) -> None:
        super().__init__()
        self.lstm = nn.LSTM(channels, width, num_layers=layers, batch_first=True)
        self.linear = nn.Linear(width, width)
        self.activation = nn.ReLU()

    def forward(self, mels: Tensor) -> Tensor:
        """One vector of length 1 a row; no number is negative."""
        _, (states, _) = self.lstm(mels)
        voices = self.activation(self.linear(states[-1]))
        return nn.functional.normalize(voices, dim=1)

    @classmethod
    def of_folder(cls, folder: Path) -> "SpeakerEncoder":
        """An encoder of the sizes in a folder's ``config.json``, weights not yet loaded."""
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return cls(channels=config["channels"], width=config["width"], layers=config["layers"])
