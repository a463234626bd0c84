"""An audit that would not come to an end is refused before it begins."""

import pytest

from polyculture.audit.cost import MOST_RESAMPLES, Cost, refuse_too_much
from polyculture.core.errors import PolycultureError


@pytest.mark.parametrize(
    ("models", "items", "resamples", "sentence"),
    [
        (100_000, 20, 1000, r"GB are there\. Compare fewer models \(--models\)\.$"),
        (1000, 100, 100_000, r"fewer models \(--models\) or set fewer --resamples\.$"),
        (200, 10_000_000, 1000, r"take about 5 days\. Compare fewer models"),
        (2, 10, MOST_RESAMPLES + 1, r"more than the 1,000,000 .* Lower --resamples\.$"),
    ],
)
def test_too_much_is_refused_with_what_would_do(
    models: int, items: int, resamples: int, sentence: str
) -> None:
    """Memory, time, or resamples that change nothing."""
    with pytest.raises(PolycultureError, match=sentence):
        refuse_too_much(Cost(models=models, items=items, resamples=resamples), memory=64e9)


@pytest.mark.parametrize(("models", "items", "resamples"), [(7, 2000, 1000), (200, 1000, 1000)])
def test_what_people_do_is_not_refused(models: int, items: int, resamples: int) -> None:
    """A laptop has room for it."""
    refuse_too_much(Cost(models=models, items=items, resamples=resamples), memory=8e9)


def test_the_cost_is_told_in_words() -> None:
    """For the line that is printed before a long audit."""
    assert Cost(models=100, items=1000, resamples=1000).sentence == (
        "4,950 pairs of models under 1,000 resamples of 1,000 items: about 25 seconds"
    )
