"""Precision and attention are chosen by timing once, then remembered."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from polyculture.checks.tiny import tiny_base
from polyculture.engine.choices import precision
from polyculture.engine.choices.precision import Kernels, choose, has_fused_attention
from polyculture.nets.batch import Batch, Outputs
from polyculture.nets.build import open_network
from polyculture.nets.efficiency import attention
from polyculture.nets.efficiency.dropout import set_dropout
from polyculture.nets.network import Network


def tagger(folder: str) -> Network:
    return open_network(
        Path(folder),
        labels=("a", "b"),
        output="labels",
        model_class="AutoModelForSequenceClassification",
    )


def batch() -> Batch:
    tokens = torch.randint(5, 50, (4, 8))
    return Batch(
        inputs={"input_ids": tokens, "attention_mask": torch.ones_like(tokens)},
        targets={"labels": torch.tensor([0, 1, 0, 1])},
        rows=(0, 1, 2, 3),
        count=4,
        size=32,
    )


def loss_of(outputs: Outputs, one: Batch) -> torch.Tensor:
    logits, targets = outputs["logits"].float(), one.targets["labels"]
    return torch.nn.functional.cross_entropy(logits, targets, reduction="sum")


def test_a_choice_is_made_once_and_remembered(
    pretrained: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second training takes no timings, so that it computes the same numbers."""
    network = tagger(pretrained["path"])

    first = choose(network, batch(), loss_of, wanted="float32", threads=1)
    monkeypatch.setattr(precision, "_fastest", None)  # calling it would fail
    second = choose(network, batch(), loss_of, wanted="float32", threads=1)

    assert first == second
    assert first.precision == "float32"


def test_what_was_chosen_without_dropout_is_not_remembered_with_it(tmp_path: Path) -> None:
    """Torch's kernel draws masks from a generator that threads share."""
    folder = tiny_base(tmp_path / "llama", "llama", ["Ada Berg lives in Oslo today"] * 8)
    network = tagger(str(folder))
    place = precision._fingerprint(network, "float32", 2)

    set_dropout(network, 0.3)

    assert precision._fingerprint(network, "float32", 2) != place
    chosen = choose(network, batch(), loss_of, wanted="float32", threads=2)
    assert chosen.attention == attention.NAME


def test_a_broken_note_is_made_anew(
    pretrained: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a file of a kill stops no training until somebody deletes it."""
    monkeypatch.setenv("POLYCULTURE_HOME", str(tmp_path))
    network = tagger(pretrained["path"])
    first = choose(network, batch(), loss_of, wanted="float32", threads=1)
    (note,) = (tmp_path / "machine").iterdir()
    note.write_text("{", encoding="utf-8")

    choose(network, batch(), loss_of, wanted="float32", threads=1)

    assert Kernels.model_validate_json(note.read_bytes()).precision == first.precision


def test_choosing_leaves_weights_and_chance_as_they_were(pretrained: dict[str, str]) -> None:
    """Timed steps are not training."""
    network = tagger(pretrained["path"])
    one = batch()
    before = {name: weight.clone() for name, weight in network.state_dict().items()}
    chance = torch.get_rng_state()

    choose(network, one, loss_of, wanted="auto", threads=1)

    assert torch.equal(chance, torch.get_rng_state())
    for name, weight in network.state_dict().items():
        assert torch.equal(weight, before[name])
    assert all(weight.grad is None for weight in network.parameters())


def test_both_kernels_and_precisions_give_nearly_the_same_answers(
    pretrained: dict[str, str],
) -> None:
    """What is chosen changes speed, not meaning."""
    network = tagger(pretrained["path"]).eval()
    one = batch()
    answers = []

    for kernels in (
        Kernels(precision="float32", attention="polyculture"),
        Kernels(precision="float32", attention="sdpa"),
        Kernels(precision="bfloat16", attention="polyculture"),
    ):
        precision.use(network, kernels)
        with torch.no_grad(), precision.arithmetic(kernels.precision):
            answers.append(network(one)["logits"].float())

    torch.testing.assert_close(answers[0], answers[1], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(answers[0], answers[2], atol=3e-2, rtol=3e-2)


@pytest.mark.slow
def test_without_fast_bfloat16_instructions_float32_is_chosen(tmp_path: Path) -> None:
    """Processor flags mislead; here the library is held to instructions without bfloat16."""
    program = (
        "import torch\n"
        "from polyculture.engine.choices.precision import _pays\n"
        "from polyculture.nets.batch import Batch\n"
        "torch.set_num_threads(1)\n"
        "net = torch.nn.Linear(384, 1536)\n"
        "print(_pays(net, Batch(inputs={'input_ids': torch.ones(16, 32)}, size=512)))\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "ONEDNN_MAX_CPU_ISA": "AVX2",
            "POLYCULTURE_HOME": str(tmp_path),
        },
    )

    assert done.stdout.split()[-1] == "False"


def test_threads_are_asked_to_sleep_before_torch_is_loaded() -> None:
    """Spinning threads starve a training on a busy machine; a user's own setting stays."""
    program = (
        "import os, sys\n"
        "from polyculture.nets.efficiency import threads\n"
        "threads.be_polite()\n"
        "assert 'torch' not in sys.modules\n"
        "print(os.environ['OMP_WAIT_POLICY'])\n"
    )

    def policy(**given: str) -> str:
        kept = {key: value for key, value in os.environ.items() if key != "OMP_WAIT_POLICY"}
        done = subprocess.run(
            [sys.executable, "-c", program],
            check=True,
            capture_output=True,
            text=True,
            env={**kept, **given},
        )
        return done.stdout.strip()

    assert policy() == "PASSIVE"
    assert policy(OMP_WAIT_POLICY="ACTIVE") == "ACTIVE"


def test_a_network_of_convolutions_has_no_kernel_of_attention(tmp_path: Path) -> None:
    """Torch's own would be refused by transformers; a ViT has it."""
    fused = {
        kind: has_fused_attention(
            open_network(
                tiny_base(tmp_path / kind, kind),
                labels=("a", "b"),
                output="labels",
                model_class="AutoModelForImageClassification",
            )
        )
        for kind in ("resnet", "vit")
    }

    assert fused == {"resnet": False, "vit": True}
