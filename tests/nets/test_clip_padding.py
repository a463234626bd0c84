"""A clip is heard as it is heard alone, whatever stands beside it in its batch."""

import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from transformers import Data2VecAudioConfig, SEWConfig
from transformers.models.auto.modeling_auto import AutoModel

from polyculture.checks.families.sounds import waves
from polyculture.checks.tiny import tiny_base
from polyculture.core.errors import ModelError
from polyculture.nets.build import bare_body
from polyculture.nets.clip_padding import ClipNorm

SAMPLES = (4_000, 2_500, 1_001)


def padded() -> tuple[Tensor, Tensor]:
    """Noise of several lengths, and where it is."""
    mask = torch.arange(SAMPLES[0]) < torch.tensor(SAMPLES)[:, None]
    return torch.randn(mask.shape, generator=torch.Generator().manual_seed(2)) * mask, mask.long()


@pytest.mark.parametrize("kind", ["wav2vec2", "hubert"])
def test_padding_changes_nothing(kind: str, tmp_path: Path) -> None:
    """With norms over the whole clip, as with norms of each vector."""
    body, _ = bare_body(tiny_base(tmp_path / kind, kind))
    clips, mask = padded()

    with torch.no_grad():
        together = body.eval()(input_values=clips, attention_mask=mask)[0]
        alone = [body(input_values=clips[row : row + 1, :n])[0][0] for row, n in enumerate(SAMPLES)]

    for row, vectors in enumerate(alone):
        torch.testing.assert_close(together[row, : len(vectors)], vectors, rtol=1e-4, atol=1e-5)


def test_a_clip_alone_is_heard_as_transformers_hears_it(tmp_path: Path) -> None:
    """What is replaced keeps its weights."""
    folder = tiny_base(tmp_path / "wav2vec2", "wav2vec2")
    clips, _ = padded()

    ours, theirs = bare_body(folder)[0].eval(), AutoModel.from_pretrained(folder).eval()

    with torch.no_grad():
        torch.testing.assert_close(ours(clips[:1])[0], theirs(clips[:1])[0])


@pytest.mark.parametrize("kind", [Data2VecAudioConfig, SEWConfig])
def test_a_base_that_hears_padding_all_the_same_is_refused(kind: Any, tmp_path: Path) -> None:
    """By trying it: transformers' code does not leave padding out of all that it computes."""
    AutoModel.from_config(kind(**waves(conv_pos_kernel_size=3))).save_pretrained(tmp_path / "base")

    with pytest.raises(ModelError, match=r"base \((sew|data2vec-audio)\) hears the padding behind"):
        bare_body(tmp_path / "base")


def test_each_thread_has_clips_of_its_own() -> None:
    """A thread that was given none, as torch's own are, has those that were given last."""
    norm = ClipNorm(nn.GroupNorm(1, 1))
    frames = torch.tensor([[[1.0, 3.0, 9.0, 9.0]]])
    norm.give(torch.tensor([2]))
    heard: list[float] = []

    def hear(*lengths: int) -> None:
        if lengths:
            norm.give(torch.tensor(lengths))
        heard.append(round(float(norm(frames)[0, 0, 0].detach()), 2))

    for lengths in ((), (3,)):
        thread = threading.Thread(target=hear, args=lengths)
        thread.start()
        thread.join()
    hear()

    assert heard[0] == heard[2] == -1
    assert heard[1] != -1
