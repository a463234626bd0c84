"""The kernel of all pairs is the pair measure, and grakel's where notes have its figures."""

import time

import numpy as np
import pytest

from polyculture.core.views import Architecture, Module
from polyculture.measures.architecture.module_graph import module_graph, neighbourhoods
from polyculture.zoo.count.likeness.kernel import Kernel, kernel


def network(*modules: Module) -> Architecture:
    return Architecture(modules=modules, parameters=0, configuration={})


def chain(*kinds: str) -> Architecture:
    """Modules of these kinds, each within the one before."""
    return network(*(Module(kind=k, parents=(n - 1,) if n else ()) for n, k in enumerate(kinds)))


def stack(layers: int, *kinds: str) -> Architecture:
    """A root with so many equal layers of these leaves."""
    modules = [Module(kind="block"), Module(kind="embedding", parents=(0,))]
    for _ in range(layers):
        block = len(modules)
        modules.append(Module(kind="block", parents=(0,)))
        modules += [Module(kind=kind, parents=(block,)) for kind in kinds]
    return network(*modules)


def tree(seed: int, size: int) -> Architecture:
    rng = np.random.default_rng(seed)
    kinds = rng.choice(["block", "linear", "gelu", "layer_norm"], size=size)
    return network(
        *(
            Module(kind=str(kind), parents=(int(rng.integers(place)),) if place else ())
            for place, kind in enumerate(kinds)
        )
    )


def test_every_pair_is_what_the_measure_says() -> None:
    """A survey and an audit agree on how alike two architectures are."""
    graphs = {f"tree {seed}": tree(seed, 5 + 7 * seed) for seed in range(9)}
    graphs |= {"deep": stack(24, "linear", "gelu"), "shallow": stack(2, "linear", "gelu")}

    found = kernel(graphs)

    assert found.names == tuple(sorted(graphs))
    for row, a in enumerate(found.names):
        for column, b in enumerate(found.names):
            assert found.matrix[row, column] == pytest.approx(module_graph(graphs[a], graphs[b]))


@pytest.mark.parametrize(("rounds", "value"), [(1, 0.625), (2, 5 / 12), (3, 0.3125)])
def test_chains_of_the_notes(rounds: int, value: float) -> None:
    """The package grakel gives these figures for chains that differ in the order of their ends."""
    a, b = (
        neighbourhoods(chain(*kinds), rounds)
        for kinds in (("emb", "attn", "mlp", "norm"), ("emb", "attn", "norm", "mlp"))
    )
    shared = sum(count * b[label] for label, count in a.items())

    own = sum(count**2 for count in a.values())

    assert (shared, own) == (5, 4 * (rounds + 1))
    assert shared / own == pytest.approx(value)


def test_the_same_chains_through_the_kernel() -> None:
    """Three rounds, as the measure has; a chain of other operators has nothing in common."""
    found = kernel(
        {
            "A": chain("emb", "attn", "mlp", "norm"),
            "B": chain("emb", "attn", "norm", "mlp"),
            "D": chain("conv", "bn", "relu", "conv"),
        }
    )

    assert found.matrix[0].tolist() == pytest.approx([1, 0.3125, 0])


def test_it_is_a_kernel() -> None:
    """Ones on the diagonal, symmetric, from 0 to 1, positive semidefinite."""
    found = kernel({f"{seed}": tree(seed, 30) for seed in range(25)}).matrix

    assert (found.diagonal() == 1).all()
    assert (found == found.T).all()
    assert found.min() >= 0
    assert found.max() <= 1
    assert np.linalg.eigvalsh(found)[0] > -1e-12


def test_renamed_copies_are_exactly_alike() -> None:
    """The order in which modules were registered does not matter either."""
    one = network(
        Module(kind="block"), Module(kind="gelu", parents=(0,)), Module(kind="linear", parents=(0,))
    )
    other = network(
        Module(kind="block"), Module(kind="linear", parents=(0,)), Module(kind="gelu", parents=(0,))
    )

    assert (kernel({"a": one, "b": one, "c": other}).matrix == 1).all()


def test_a_card_without_modules_is_left_out() -> None:
    """Nothing can be said of an empty graph."""
    found = kernel({"full": chain("linear"), "empty": network()})

    assert found.names == ("full",)
    assert kernel({}).matrix.shape == kernel({"empty": network()}).matrix.shape == (0, 0)


def test_rows_of_names() -> None:
    """A community's cards that were not built have no row."""
    found = Kernel(names=("a", "b", "c"), matrix=np.eye(3))

    assert found.rows(["c", "never built", "a", "c"]).tolist() == [0, 2]
    assert found.rows([]).tolist() == []


@pytest.mark.slow
def test_a_whole_library_takes_seconds() -> None:
    """550 networks of up to several thousand modules, all different."""
    kinds = ("linear", "linear", "gelu", "layer_norm", "dropout", "softmax")
    graphs = {
        f"{number}": stack(8 + number % 400, *kinds, f"own {number}") for number in range(550)
    }
    start = time.process_time()

    found = kernel(graphs)

    assert found.matrix.shape == (550, 550)
    assert time.process_time() - start < 30
