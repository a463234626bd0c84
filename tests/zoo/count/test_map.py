"""The map of architectures."""

from importlib.util import find_spec

import numpy as np
import pytest

from polyculture.zoo.count.likeness.kernel import Kernel
from polyculture.zoo.count.likeness.map import method, places, scaled

needs_sklearn = pytest.mark.skipif(find_spec("sklearn") is None, reason="needs scikit-learn")


def of(matrix: np.ndarray) -> Kernel:
    return Kernel(names=tuple(f"n{n:03}" for n in range(len(matrix))), matrix=matrix)


def points(kernel: Kernel) -> np.ndarray:
    return np.array([[place.x, place.y] for place in places(kernel)]).reshape(-1, 2)


def clusters(size: int) -> np.ndarray:
    """Three designs, much alike within and little between; no two cards equal."""
    kinds = np.repeat(np.arange(3), size)
    rng = np.random.default_rng(1)
    vectors = np.eye(3)[kinds] + rng.normal(scale=0.1, size=(3 * size, 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    matrix = np.clip(vectors @ vectors.T, 0, 1)
    np.fill_diagonal(matrix, 1)
    return matrix


def test_few_cards_keep_their_distances() -> None:
    """Three cards lie in a plane: every distance is the square root of 2 - 2k."""
    matrix = np.array([[1, 0.6, 0.1], [0.6, 1, 0.3], [0.1, 0.3, 1]])

    found = points(of(matrix))

    apart = np.linalg.norm(found[:, None] - found, axis=-1)
    assert apart == pytest.approx(np.sqrt(2 - 2 * matrix), abs=1e-3)
    assert found.mean(axis=0) == pytest.approx([0, 0], abs=1e-3)


@pytest.mark.parametrize("cards", [0, 1, 2, 5])
def test_cards_that_are_all_equal_lie_on_one_spot(cards: int) -> None:
    """No distance, no map, and no error."""
    assert (points(of(np.ones((cards, cards)))) == 0).all()


def test_cards_that_are_all_equal_need_no_neighbours() -> None:
    """Also where there are enough of them for t-SNE."""
    assert (points(of(np.ones((40, 40)))) == 0).all()


def test_the_sign_of_an_axis_is_settled() -> None:
    """The card farthest out lies on the positive side."""
    found = scaled(np.array([[1, 0.9, 0.1], [0.9, 1, 0.1], [0.1, 0.1, 1]]))

    assert np.abs(found[:, 0]).argmax() == found[:, 0].argmax() == 2


def test_cards_keep_their_names_and_order() -> None:
    """One place a card."""
    kernel = of(clusters(3))

    assert tuple(place.name for place in places(kernel)) == kernel.names


@needs_sklearn
@pytest.mark.slow
def test_designs_stay_together_on_a_large_map() -> None:
    """The ten nearest on the map are of the same design, and the map is the same each time."""
    kernel = of(clusters(40))
    found = points(kernel)

    apart = np.linalg.norm(found[:, None] - found, axis=-1)
    nearest = np.argsort(apart, axis=1)[:, 1:11]

    assert method(120) == "t-SNE"
    assert np.mean(nearest // 40 == np.arange(120)[:, None] // 40) > 0.98
    assert (points(kernel) == found).all()


@needs_sklearn
@pytest.mark.slow
def test_exact_copies_are_no_trouble_to_a_large_map() -> None:
    """A library holds families that are built exactly alike."""
    matrix = np.kron(np.array([[1, 0.2], [0.2, 1]]), np.ones((20, 20)))

    found = points(of(matrix))

    assert np.isfinite(found).all()
    assert len(found) == 40
