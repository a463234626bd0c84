"""Measures give the numbers of papers and of other people's packages."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from polyculture.core import parts
from polyculture.core.errors import UndefinedError
from polyculture.core.views import Architecture, Module, Predictions
from polyculture.measures.architecture.module_graph import neighbourhoods

A = [[0.7, 0.1, 0.1, 0.1], [0.25] * 4, [0.1, 0.6, 0.2, 0.1], [0.05, 0.05, 0.8, 0.1]]
B = [[0.6, 0.2, 0.1, 0.1], [0.1, 0.4, 0.4, 0.1], [0.2, 0.5, 0.2, 0.1], [0.7, 0.1, 0.1, 0.1]]


def pair(name: str, *models: Predictions) -> float:
    value: float = parts.load("measures.predictions", name).compare(*models)
    return value


def group(name: str, models: Sequence[Predictions]) -> float:
    value: float = parts.load("measures.group", name).compare(models)
    return value


def answers(labels: list[int], gold: list[int], classes: int = 0) -> Predictions:
    codes = np.array(labels)
    table = np.eye(classes)[codes] if classes else None
    return Predictions(labels=codes, gold=np.array(gold), probabilities=table)


def soft(table: list[list[float]]) -> Predictions:
    values = np.array(table)
    return Predictions(labels=values.argmax(axis=1), gold=np.arange(4), probabilities=values)


def test_capa_of_soft_answers_is_that_of_its_authors() -> None:
    """lm-sim 0.1.1 on the same probabilities; a soft model with itself is below 1."""
    assert pair("capa", soft(A), soft(B)) == pytest.approx(0.06218487394957985, rel=1e-12)
    assert pair("capa", soft(A), soft(A)) == pytest.approx(0.2766433566433567, rel=1e-12)


def test_capa_and_error_consistency_of_hard_answers() -> None:
    """One shared mistake and one of its own."""
    a, b = (answers(labels, [0, 1, 2, 3], 4) for labels in ([0, 1, 2, 0], [0, 1, 1, 0]))

    assert pair("capa", a, b) == pytest.approx(0.5714285714285715)
    assert pair("error_consistency", a, b) == 0.5
    assert pair("same_wrong_answer", a, b) == 1


def test_always_wrong_models_are_alike_or_not_by_which_wrong_answer() -> None:
    """Error consistency cannot say; CAPA can."""
    gold = [0, 1, 2, 3]
    a, b = answers([1, 2, 3, 0], gold, 4), answers([2, 3, 0, 1], gold, 4)

    assert pair("capa", a, a) == pytest.approx(1)
    assert pair("capa", a, b) == pytest.approx(-0.5)
    with pytest.raises(UndefinedError, match="both models are wrong on all 4 items"):
        pair("error_consistency", a, b)


def test_two_perfect_models_have_neither() -> None:
    """The reason says so; other packages answer NaN or 1."""
    perfect = answers([0, 1, 2, 3], [0, 1, 2, 3], 4)

    with pytest.raises(UndefinedError, match="certain of the right answer on all 4 items"):
        pair("capa", perfect, perfect)
    with pytest.raises(UndefinedError, match="both models are right on all 4 items"):
        pair("error_consistency", perfect, perfect)


def three_systems() -> list[Predictions]:
    fails = [[0, 1], [0, 2], [0, 1, 2]]
    return [answers([int(i in f) for i in range(10)], [0] * 10) for f in fails]


def test_joint_failure_of_three_systems_is_that_of_bommasani() -> None:
    """Ten people, one of whom all three systems fail."""
    models = three_systems()

    assert group("all_fail", models) == pytest.approx(0.1)
    assert group("all_correct", models) == pytest.approx(0.7)
    assert group("outcome_homogenization", models) == pytest.approx(8.333333333333334)
    assert group("effective_votes", models) == pytest.approx(1.322547, abs=1e-6)


def test_pairs_of_the_three_systems() -> None:
    """Correlations and kappas of their errors."""
    models = three_systems()
    pairs = [(0, 1), (0, 2), (1, 2)]

    def all_pairs(name: str) -> list[float]:
        return [pair(name, models[i], models[j]) for i, j in pairs]

    assert all_pairs("error_correlation") == pytest.approx([0.375, 0.763763, 0.763763], abs=1e-6)
    assert all_pairs("error_consistency") == pytest.approx([0.375, 0.736842, 0.736842], abs=1e-6)
    assert np.mean(all_pairs("double_fault")) == pytest.approx(1 / 6)


def test_a_perfect_system_leaves_no_joint_failure_to_expect() -> None:
    """The ratio is undefined and says how many made no error."""
    models = [*three_systems()[:2], answers([0] * 10, [0] * 10)]

    with pytest.raises(UndefinedError, match="1 of them made none"):
        group("outcome_homogenization", models)


@pytest.mark.parametrize(
    ("gold", "a", "b", "correlation", "double_fault"),
    [
        (
            [0, 0, 1, 0, 0, 0, 0, 1, 1, 1],
            [0, 0, 0, 1, 0, 1, 0, 0, 0, 0],
            [1, 0, 0, 1, 1, 0, 0, 0, 1, 1],
            0,
            0.3,
        ),
        ([0, 0, 0, 0, 1, 1, 1], [1, 0, 1, 0, 0, 0, 0], [1, 0, 0, 0, 1, 0, 0], 0.5477225575, 3 / 7),
    ],
)
def test_pairs_of_classifiers_are_those_of_deslib(
    gold: list[int], a: list[int], b: list[int], correlation: float, double_fault: float
) -> None:
    """The cases in DESlib's own tests."""
    models = answers(a, gold), answers(b, gold)

    assert pair("error_correlation", *models) == pytest.approx(correlation, abs=1e-9)
    assert pair("double_fault", *models) == pytest.approx(double_fault)


def test_models_that_fail_apart_share_no_failure() -> None:
    """All ones against all zeros: double fault 0, and nothing to correlate twice over."""
    gold = [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0]
    ones, zeros = answers([1] * 15, gold), answers([0] * 15, gold)

    assert pair("double_fault", ones, zeros) == 0
    assert pair("double_fault", ones, ones) == pytest.approx(9 / 15)
    assert pair("double_fault", zeros, zeros) == pytest.approx(6 / 15)
    assert pair("error_correlation", ones, zeros) == pytest.approx(-1)
    with pytest.raises(UndefinedError):
        pair("same_wrong_answer", ones, zeros)


def chain(*kinds: str) -> Architecture:
    made = [Module(kind=kind, parents=(n - 1,) if n else ()) for n, kind in enumerate(kinds)]
    return Architecture(modules=tuple(made), parameters=0, configuration={})


def test_the_graph_kernel_is_that_of_grakel() -> None:
    """Raw and normalised values on three chains, after one, two and three rounds."""
    a, b = chain("emb", "attn", "mlp", "norm"), chain("emb", "attn", "norm", "mlp")
    d = chain("conv", "bn", "relu", "conv")

    def product(x: Architecture, y: Architecture, rounds: int) -> int:
        own, other = neighbourhoods(x, rounds), neighbourhoods(y, rounds)
        return sum(count * other[label] for label, count in own.items())

    assert [product(a, a, h) for h in (1, 2, 3)] == [8, 12, 16]
    assert [product(a, b, h) for h in (1, 2, 3)] == [5, 5, 5]
    assert [product(d, d, h) for h in (1, 2, 3)] == [10, 14, 18]
    graph: Any = parts.load("measures.architecture", "module_graph").compare
    assert graph(a, b) == pytest.approx(0.3125)
    assert graph(a, d) == 0
