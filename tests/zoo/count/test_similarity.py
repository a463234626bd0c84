"""How many architectures a community amounts to: closed forms, nulls and intervals."""

import numpy as np
import pytest

from polyculture.core.survey import Similarity
from polyculture.core.values import Known, Undefined, Value
from polyculture.zoo.count.likeness.kernel import Kernel
from polyculture.zoo.count.likeness.similarity import sensitivity, similarities


def known(value: Value) -> Known:
    assert isinstance(value, Known), value
    return value


def names(*blocks: int) -> tuple[str, ...]:
    """Names of cards of several designs: ``a0, a1, ..., b0, ...``."""
    return tuple(
        f"{letter}{n:03}"
        for letter, size in zip("abcdefghij", blocks, strict=False)
        for n in range(size)
    )


def designs(*blocks: int, across: float = 0.0) -> Kernel:
    """Cards of several designs: equal within one, alike by ``across`` between two."""
    kinds = np.repeat(np.arange(len(blocks)), blocks)
    matrix = np.where(kinds[:, None] == kinds, 1.0, across)
    return Kernel(names=names(*blocks), matrix=matrix)


def points(cards: int, seed: int = 1) -> Kernel:
    places = np.random.default_rng(seed).normal(size=(cards, 2))
    matrix = np.exp(-((places[:, None] - places) ** 2).sum(axis=-1))
    return Kernel(names=tuple(f"n{n:03}" for n in range(cards)), matrix=matrix)


def test_copies_of_three_designs_are_three() -> None:
    """Forty cards of each of three designs: three architectures, of every order."""
    [whole] = similarities(designs(40, 40, 40), {}, resamples=50)

    assert whole.community == ""
    assert whole.built == 120
    assert [known(v).number for v in (whole.d0, whole.d1, whole.d2)] == pytest.approx([3, 3, 3])
    assert known(whole.mean).number == pytest.approx(39 / 119)


def test_cards_that_are_all_different_count_in_full() -> None:
    """Nothing alike: as many architectures as cards, and a mean similarity of 0."""
    kernel = Kernel(names=names(6), matrix=np.eye(6))

    [whole] = similarities(kernel, {}, resamples=50)

    assert known(whole.d1).number == pytest.approx(6)
    assert known(whole.mean).number == 0


def test_a_uniform_community_stands_out_from_its_library() -> None:
    """Twenty cards of one design among a hundred of ten: chance gives far more than one."""
    kernel = designs(*[20] * 5)
    community = {"uniform": names(20), "mixed": names(*[20] * 5)[::5]}

    _, uniform, mixed = similarities(kernel, community, draws=200, resamples=50)

    assert known(uniform.d1).number == pytest.approx(1)
    assert known(uniform.p_value).number == pytest.approx(1 / 201)
    assert known(mixed.p_value).number > 0.9
    assert 4 < (known(uniform.d1).chance or 0) < 5


def test_chance_is_the_mean_over_all_sets() -> None:
    """Of three cards from five there are ten sets; the drawn mean nears theirs."""
    kernel = points(5)
    sets = [[a, b, c] for a in range(5) for b in range(a) for c in range(b)]
    exact = np.mean(
        [(kernel.matrix[np.ix_(s, s)].sum() - 3) / 6 for s in sets]  # pairs of different cards
    )

    _, own = similarities(kernel, {"x": kernel.names[:3]}, draws=4_000, resamples=50)

    assert known(own.mean).chance == pytest.approx(float(exact), abs=0.01)


def test_all_cards_together_have_no_null() -> None:
    """There is nothing to draw them from; a community of all cards is no different."""
    kernel = points(8)

    for one in similarities(kernel, {"everything": kernel.names}, resamples=50):
        assert isinstance(one.p_value, Undefined)
        assert "nothing to draw" in one.p_value.reason
        assert known(one.d1).chance is None


def test_every_figure_lies_inside_its_interval() -> None:
    """Resampled effective numbers fall short; the interval is freed of that."""
    kernel = points(60)
    community = {f"{k}": kernel.names[:k] for k in (3, 5, 20, 50)}

    for one in similarities(kernel, community, draws=50, resamples=200):
        bounds = {"d0": (1, one.built), "d1": (1, one.built), "d2": (1, one.built), "mean": (0, 1)}
        for name, (low, high) in bounds.items():
            value = known(getattr(one, name))
            if value.low is not None and value.high is not None:
                assert low <= value.low <= value.number <= value.high <= high
            else:
                assert value.no_interval


def test_the_interval_is_reflected_about_the_figure() -> None:
    """A long tail of the rounds below shows as room above."""
    rounds = np.concatenate([np.full(90, 9.0), np.full(10, 4.0)])  # mean 8.5

    assert sensitivity(10.0, rounds, low=1, high=100) == (9.5, 14.5)
    assert sensitivity(10.0, rounds, low=1, high=12) == (9.5, 12)
    assert sensitivity(10.0, np.array([9.0] + [np.nan] * 9), low=1, high=12) is None


def test_a_library_of_one_design_has_no_spread() -> None:
    """All rounds give 1; an interval without width would promise too much."""
    [whole] = similarities(designs(9), {}, resamples=50)

    value = known(whole.d1)
    assert (value.number, value.low) == (1, None)
    assert value.no_interval is not None
    assert "without width" in value.no_interval


@pytest.mark.parametrize("built", [0, 1, 2])
def test_too_few_cards_are_told(built: int) -> None:
    """Below three built cards each figure is a reason."""
    kernel = points(9)

    _, own = similarities(kernel, {"small": [*kernel.names[:built], "not built"]}, resamples=10)

    assert own.built == built
    for name in ("d0", "d1", "d2", "mean", "p_value"):
        value = getattr(own, name)
        assert isinstance(value, Undefined)
        assert value.reason == f"it takes at least 3 built cards, but there are {built}"


def test_nothing_built_is_no_error() -> None:
    """A source without architectures gives reasons."""
    found = similarities(Kernel(names=(), matrix=np.zeros((0, 0))), {"any": ["a"]})

    assert [one.built for one in found] == [0, 0]
    assert all(isinstance(one.d1, Undefined) for one in found)


def test_a_community_keeps_its_numbers_whatever_others_there_are() -> None:
    """Chance is drawn for each community by itself, and the same each time."""
    kernel = points(30)

    def of(*communities: str) -> dict[str, Similarity]:
        members = {name: kernel.names[: 5 + len(name)] for name in communities}
        return {s.community: s for s in similarities(kernel, members, draws=50, resamples=50)}

    assert of("vision")["vision"] == of("speech 语音", "vision")["vision"]
