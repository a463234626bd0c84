"""Corrections for many tests, against the notes, SciPy and the definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from polyculture.stats.inference.multiple_tests import benjamini_hochberg, holm

P = np.array([0.001, 0.01, 0.02, 0.04, 0.3])

p_values = st.lists(st.floats(0.0001, 1), min_size=1, max_size=30)


def test_the_corrections_of_the_notes() -> None:
    """Five p values, corrected by hand."""
    assert holm(P).tolist() == pytest.approx([0.005, 0.04, 0.06, 0.08, 0.3])
    assert benjamini_hochberg(P).tolist() == pytest.approx([0.005, 0.025, 1 / 30, 0.05, 0.3])


@given(p_values)
def test_false_discovery_is_controlled_as_scipy_does(found: list[float]) -> None:
    """SciPy corrects by the same method."""
    corrected = benjamini_hochberg(np.array(found))

    assert corrected.tolist() == pytest.approx(false_discovery_control(found).tolist())


@given(p_values)
def test_holm_is_its_step_down_definition(found: list[float]) -> None:
    """The largest p among those as small, each times the tests not yet passed."""
    corrected = holm(np.array(found)).tolist()

    ordered = sorted(found)
    for p, q in zip(found, corrected, strict=True):
        steps = [(len(ordered) - rank) * x for rank, x in enumerate(ordered) if x <= p]
        assert q == pytest.approx(min(1.0, max(steps)))


@given(p_values)
def test_a_correction_never_helps(found: list[float]) -> None:
    """Holm is the stricter; neither goes below the p itself nor above 1."""
    strict, mild = holm(np.array(found)), benjamini_hochberg(np.array(found))

    assert (mild >= np.array(found) - 1e-12).all()
    assert (strict >= mild - 1e-12).all()
    assert strict.max() <= 1


def test_no_tests_need_no_correction() -> None:
    """Nothing in, nothing out."""
    assert len(holm(np.zeros(0))) == len(benjamini_hochberg(np.zeros(0))) == 0
