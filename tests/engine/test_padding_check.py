"""A base that says something else of a text beside a longer one is told from one that does not."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn
from transformers import AutoModel, XLNetConfig

from polyculture.checks.families.family import HEADS, LAYERS, WIDTH
from polyculture.checks.tiny import tiny_base
from polyculture.core.errors import ModelError
from polyculture.engine.opened import open_base
from polyculture.engine.padding_check import note_on_padding
from polyculture.engine.training import Training

Begin = Callable[..., Training]


def said(training: Training, change: Callable[[nn.Module], object] = lambda _: None) -> str:
    """The note on a base, after a change of its body."""
    opened = open_base(training)
    change(opened.network.body)
    return note_on_padding(opened, opened.encode(training, "train"), training.task)


@pytest.mark.parametrize("task", ["classification", "spans"])
def test_a_base_that_leaves_padding_out_is_not_noted(begin: Begin, task: str) -> None:
    """Its outputs are equal but for rounding."""
    assert said(begin(task)) == ""


def test_a_base_that_reaches_into_padding_is_noted(begin: Begin) -> None:
    """As a convolution over the tokens does."""

    def blur(body: nn.Module) -> None:
        body.register_forward_hook(_blurred)

    assert "answers depend on which texts are read together." in said(begin("spans"), blur)


def _blurred(_: nn.Module, __: object, output: object) -> None:
    hidden: torch.Tensor = output.last_hidden_state  # type: ignore[attr-defined]
    hidden[:, :-2] += 0.1 * hidden[:, 2:]


def test_a_head_that_reads_padding_is_refused(begin: Begin, tmp_path: Path) -> None:
    """XLNet's reads the last place, where texts of one batch are padded here."""
    texts = ["a b c", "good film", "bad plot that never ends"]
    folder = tiny_base(tmp_path / "xlnet", "llama", texts)
    config = XLNetConfig(
        vocab_size=1_000, d_model=WIDTH, n_layer=LAYERS, n_head=HEADS, d_inner=2 * WIDTH
    )
    AutoModel.from_config(config).save_pretrained(folder)

    training = begin("classification", base={"source": "folder", "path": str(folder)})
    with pytest.raises(ModelError, match=r"Padding changes .* Choose \[head\] kind = 'linear'"):
        said(training)
