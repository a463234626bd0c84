"""One seam to processors: the plain path of a GPU trains, resumes and answers on a CPU too."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from polyculture import api
from polyculture.checks.killed import Cut, cut_after
from polyculture.core import parts
from polyculture.core.errors import RecipeError
from polyculture.core.recipe import Fit, Recipe
from polyculture.core.task import task_of
from polyculture.engine.answering.model import open_run
from polyculture.engine.choices.chosen import Chosen
from polyculture.engine.choices.precision import Kernels
from polyculture.engine.device import device_of, found_here
from polyculture.engine.devices.cpu import Cpu
from polyculture.engine.devices.plain import Plain
from polyculture.engine.prepare import prepare_training
from polyculture.engine.step import Shares
from polyculture.engine.thread_team import Team
from polyculture.engine.training import Training
from polyculture.nets.network import trainable

Make = Callable[..., Recipe]
Begin = Callable[..., Training]
PLAIN = {"epochs": 2, "device": "plain", "learning_rate": 3e-3, "precision": "float32"}
HERE = pytest.param("plain", id="plain")
GPU = pytest.param(
    "cuda",
    marks=[
        pytest.mark.gpu,
        pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device is here"),
    ],
)


@pytest.mark.slow
@pytest.mark.parametrize("name", [HERE, GPU])
@pytest.mark.parametrize(
    "case",
    [
        ("classification", {}),
        ("classification", {"adaptation": "head_only", "head": "mlp"}),
        ("classification", {"adaptation": "low_rank"}),
        ("spans", {"head": {"kind": "crf", "shapes": True}}),
    ],
)
def test_a_run_is_resumed_to_the_same_bytes_and_answers_again(
    name: str,
    case: tuple[str, dict[str, object]],
    make_recipe: Make,
    pretrained: dict[str, str],
    tmp_path: Path,
) -> None:
    """As on the CPU: weights after a kill are those without one, and the run opens again."""
    task, changes = case
    data = task_of(parts.load("tasks", task).settings()).toy()
    fit = {**PLAIN, "device": name, "checkpoint_seconds": 1e-6}
    recipe = make_recipe(task, base=pretrained, fit=fit, **changes)
    run, whole = api.train(recipe, tmp_path / "whole", dataset=data)
    with suppress(Cut):
        api.train(recipe, tmp_path / "cut", dataset=data, on_tick=cut_after(3))

    _, cut = api.train(recipe, tmp_path / "cut", dataset=data)

    assert run.facts.chosen["device"] == name
    for weights in whole.glob("model/*.safetensors"):
        assert weights.read_bytes() == (cut / "model" / weights.name).read_bytes()
    assert run.test is not None
    assert open_run(cut).context.labels == run.labels


@pytest.mark.parametrize("name", [HERE, GPU])
def test_gradients_are_those_of_the_cpu(name: str, begin: Begin) -> None:
    """Without dropout there is one right answer, whatever computes it."""
    training = begin(fit={**PLAIN, "threads": 2})

    def gradients(device: str) -> dict[str, torch.Tensor]:
        fit = training.recipe.fit.model_copy(update={"device": device})
        recipe = training.recipe.model_copy(update={"fit": fit})
        prepared = prepare_training(replace(training, recipe=recipe), None)
        for module in prepared.network.modules():
            if hasattr(module, "p"):
                setattr(module, "p", 0.0)  # noqa: B010  # torch's modules have no such type
        weights = trainable(prepared.network)
        with Team(prepared.device.lanes) as team:
            shares = Shares(
                network=prepared.network,
                weights=list(weights.values()),
                batch_of=prepared.work.batch_of,
                loss_of=prepared.work.loss_of,
                precision="float32",
                device=prepared.device,
                team=team,
                seed=1,
            )
            shares.gradients(prepared.work.plan[0], 0)
        table = "model.bert.embeddings.word_embeddings.weight"  # compact on the CPU
        return {n: w.grad.cpu() for n, w in weights.items() if n != table and w.grad is not None}

    ours, theirs = gradients("cpu"), gradients(name)

    assert ours.keys() == theirs.keys()
    for weight, gradient in ours.items():
        torch.testing.assert_close(theirs[weight], gradient, atol=1e-5, rtol=1e-3)


def test_what_is_not_here_is_refused_with_what_is() -> None:
    """And what is chosen is the fastest that torch can use."""
    missing = next((n for n in ("mps", "cuda") if n not in _there()), None)
    if missing is not None:
        with pytest.raises(RecipeError, match=f"torch cannot use one here.*{found_here()!r}"):
            device_of(Fit(device=missing))
    assert isinstance(device_of(Fit(device="cpu", threads=1)), Cpu)
    assert isinstance(device_of(Fit(device="plain")), Plain)
    assert device_of(Fit()).name == found_here()


def _there() -> set[str]:
    cuda = {"cuda"} if torch.cuda.is_available() else set()
    return cuda | ({"mps"} if torch.backends.mps.is_available() else set())


def test_a_training_goes_on_where_it_began() -> None:
    """Threads and processor of an interrupted training hold, whatever the recipe leaves open."""
    earlier = Chosen(
        kernels=Kernels(precision="float32", attention=""),
        threads=3,
        device="plain",
        batch_tokens=64,
        learning_rate=1e-3,
        max_length=32,
    )

    assert device_of(Fit(), earlier).name == "plain"
    on_cpu = earlier.model_copy(update={"device": "cpu"})
    assert device_of(Fit(threads=1), on_cpu).lanes == 3
