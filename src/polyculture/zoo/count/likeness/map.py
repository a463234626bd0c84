"""A map of architectures: cards that are built alike lie together."""

from importlib import import_module
from importlib.util import find_spec
from typing import Literal

import numpy as np

from polyculture.core.survey import Place
from polyculture.stats.scores import Numbers
from polyculture.zoo.count.likeness.kernel import Kernel

FEWEST = 30
"""Up to so many cards, scaling alone shows the whole."""
PERPLEXITY = 30.0
"""About so many neighbours of each card are kept near."""
SPREAD = 1e-4
"""Of the start: small, as its authors advise, so that clusters can still pass one another."""
DIGITS = 4
SEED = 1


def method(cards: int) -> Literal["classical scaling", "t-SNE"]:
    """How ``places`` makes the map of so many cards in this installation.

    t-SNE comes with scikit-learn, which the base install lacks.

    Example:
        >>> method(10)
        'classical scaling'
    """
    return "t-SNE" if cards > FEWEST and find_spec("sklearn") else "classical scaling"


def places(kernel: Kernel) -> tuple[Place, ...]:
    r"""Where each built card stands on a map in two dimensions, without unit.

    The distance of two cards is \(\sqrt{2 - 2k}\), as of points in the kernel's own space.
    Classical scaling keeps large distances as well as a plane can; t-SNE starts from it and keeps
    neighbours. On a map by t-SNE only who lies beside whom has a meaning: neither the size of a
    cluster nor the way from one to another.

    Args:
        kernel: Similarities of the built cards.

    Returns:
        One place a card, in the order of the kernel; always the same for the same kernel.

    Example:
        >>> two = Kernel(names=("a", "b"), matrix=np.array([[1.0, 0.5], [0.5, 1.0]]))
        >>> [(place.x, place.y) for place in places(two)]
        [(0.5, 0.0), (-0.5, 0.0)]

    Source:
        Torgerson 1952; van der Maaten and Hinton 2008, Visualizing data using t-SNE.
    """
    flat = scaled(kernel.matrix)
    spread = float(flat[:, 0].std()) if len(flat) else 0.0
    if method(len(flat)) == "t-SNE" and spread > 0:
        flat = _neighbours(kernel.matrix, flat / spread * SPREAD)
    flat = np.round(flat, DIGITS) + 0.0  # no -0.0
    return tuple(
        Place(name=name, x=float(x), y=float(y))
        for name, (x, y) in zip(kernel.names, flat, strict=True)
    )


def scaled(matrix: Numbers) -> Numbers:
    """Classical scaling to two dimensions, ``(n, 2)``, centred.

    The sign of an axis has no meaning: the card farthest out lies on its positive side (the first
    of several).

    Args:
        matrix: Similarities, ``(n, n)``, positive semidefinite with ones on the diagonal.

    Example:
        >>> (scaled(np.array([[1.0, 0.5], [0.5, 1.0]])).round(6) + 0.0).tolist()
        [[0.5, 0.0], [-0.5, 0.0]]

    Source:
        Torgerson 1952, Multidimensional scaling: theory and method.
    """
    cards = len(matrix)
    flat = np.zeros((cards, 2))
    if cards <= 1:
        return flat
    centred = matrix - matrix.mean(axis=0) - matrix.mean(axis=1)[:, None] + matrix.mean()
    values, vectors = np.linalg.eigh(centred)
    rounding = cards * np.finfo(np.float64).eps
    for axis, place in enumerate((-1, -2)):
        if values[place] > rounding:
            flat[:, axis] = _turned(vectors[:, place]) * np.sqrt(values[place])
    return flat


def _turned(vector: Numbers) -> Numbers:
    farthest = int(np.round(np.abs(vector), DIGITS + DIGITS).argmax())
    return np.asarray(vector * np.sign(vector[farthest]))


def _neighbours(matrix: Numbers, start: Numbers) -> Numbers:
    from sklearn.manifold import TSNE

    apart = np.sqrt(np.maximum(2 - 2 * matrix, 0.0))
    embedding = TSNE(
        metric="precomputed",
        init=start,
        perplexity=min(PERPLEXITY, (len(matrix) - 1) / 3),
        random_state=SEED,
    )
    threads = import_module("threadpoolctl")  # comes with scikit-learn
    with threads.threadpool_limits(limits=1):  # sums in one order, whatever the number of cores
        flat: Numbers = np.asarray(embedding.fit_transform(apart), dtype=np.float64)
    return flat
