"""The order of the batches follows seed and epoch, and is drawn when it is wanted."""

import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from polyculture.engine import plan as plans
from polyculture.engine.batches import shuffled
from polyculture.engine.plan import Plan


def all_at_once(
    lengths: NDArray[np.int64], budget: int, epochs: int, seed: int
) -> list[NDArray[np.int64]]:
    batches = []
    for epoch in range(epochs):
        batches += shuffled(lengths, budget, np.random.default_rng([seed, epoch]))
    return batches


@settings(max_examples=30)
@given(
    lengths=st.lists(st.integers(1, 60), min_size=1, max_size=80),
    budget=st.integers(16, 200),
    epochs=st.integers(1, 5),
    seed=st.integers(0, 9),
)
def test_a_plan_is_the_list_of_all_epochs(
    lengths: list[int], budget: int, epochs: int, seed: int
) -> None:
    """Each step has the batch that it would have if all epochs were drawn beforehand."""
    tokens = np.array(lengths)
    wanted = all_at_once(tokens, budget, epochs, seed)

    plan = Plan(tokens, budget=budget, epochs=epochs, seed=seed)

    assert len(plan) == len(wanted)
    assert [batch.tolist() for batch in plan] == [batch.tolist() for batch in wanted]
    assert plan[len(wanted) // 2].tolist() == wanted[len(wanted) // 2].tolist()
    assert plan.steps_per_epoch == len(wanted) / epochs


def test_a_training_may_go_on_in_the_midst_of_a_plan() -> None:
    """A step far into it is the same, whether the steps before were asked for or not."""
    lengths = np.random.default_rng(0).integers(5, 40, 50)

    fresh = Plan(lengths, budget=200, epochs=40, seed=2)
    wanted = all_at_once(lengths, 200, 40, 2)

    assert [fresh[step].tolist() for step in (200, 7, -1)] == [
        wanted[step].tolist() for step in (200, 7, -1)
    ]


@pytest.mark.slow
def test_a_million_epochs_begin_at_once() -> None:
    """Neither time nor memory grows with epochs that may never be reached."""
    lengths = np.random.default_rng(0).integers(5, 40, 1_000)
    tracemalloc.start()
    began = time.process_time()

    plan = Plan(lengths, budget=500, epochs=1_000_000, seed=1)

    assert time.process_time() - began < 20
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()
    assert len(plan) == pytest.approx(plan.steps_per_epoch * 1_000_000)


def test_an_uncounted_plan_has_the_same_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the number of all steps is reckoned; what each step reads is not."""
    lengths = np.random.default_rng(0).integers(5, 40, 50)
    exact = Plan(lengths, budget=200, epochs=40, seed=2)
    monkeypatch.setattr(plans, "COUNTED", 1_000)

    reckoned = Plan(lengths, budget=200, epochs=40, seed=2)

    assert len(reckoned) == pytest.approx(len(exact), rel=0.05)
    shared = min(len(reckoned), len(exact))
    assert [batch.tolist() for batch in reckoned[:shared]] == [
        batch.tolist() for batch in exact[:shared]
    ]


def test_there_is_no_step_beyond_the_last() -> None:
    """As in every sequence."""
    with pytest.raises(IndexError, match="there are 2 steps"):
        Plan(np.array([3, 4, 2]), budget=6, epochs=1, seed=1)[2]
