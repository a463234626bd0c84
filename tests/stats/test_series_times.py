"""Time stamps become whole numbers, and steps are equal in time or in the calendar."""

import numpy as np
import pytest

from polyculture.stats.series.times import UNITS, Stamps, Step, read_stamps


def stamps(*cells: str) -> Stamps:
    found = read_stamps(cells)
    assert isinstance(found, Stamps)
    return found


def seen(*cells: str) -> Step:
    found = stamps(*cells)
    step = Step.seen_in([found.values], is_clock=found.is_clock)
    assert step is not None
    return step


def test_times_of_every_usual_form_are_read() -> None:
    """With and without seconds, T or space, a zone or none."""
    same = ("2024-02-29 14:30", "2024-02-29T14:30:00", "2024-02-29 14:30:00.000")
    assert len(set(stamps(*same).values.tolist())) == 1

    zoned = stamps("2024-02-29T14:30:00+02:00", "2024-02-29T12:30:00Z")

    assert zoned.values[0] == zoned.values[1]
    assert zoned.shown(int(zoned.values[0])) == "2024-02-29 12:30Z"


@pytest.mark.parametrize(
    ("cells", "place"),
    [
        (["2024-02-30"], 0),
        (["2024-01-01", "1"], 1),
        (["1", "2", "2024-01-01"], 2),
        (["2024-01-01", "2024-01-02Z"], 1),
        (["2024-01-01", "2024-01-02T00:00Z"], 1),
        (["明天"], 0),
        ([""], 0),
    ],
)
def test_a_cell_that_is_no_such_time_is_found(cells: list[str], place: int) -> None:
    """The first one that differs in kind from the first cell."""
    assert read_stamps(cells) == place


@pytest.mark.parametrize(
    ("cells", "step"),
    [
        (["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-05"], "1d"),
        (["2024-01-31 23:55", "2024-02-01 00:00"], "5m"),
        (["2023-12-01", "2024-01-01", "2024-02-01", "2024-03-01"], "1mo"),
        (["2023-11-15", "2024-02-15", "2024-05-15"], "3mo"),
        (["2022-01-01", "2023-01-01", "2024-01-01"], "1y"),
        (["2024-01-01", "2024-01-08", "2024-01-15"], "1w"),
        (["10", "12", "14", "18"], "2"),
    ],
)
def test_the_step_is_the_most_frequent_distance(cells: list[str], step: str) -> None:
    """Months are months, however many days they have; all of these stamps fit in."""
    found = seen(*cells)

    assert str(found) == step
    assert found.fits(stamps(*cells).values).all()
    values = stamps(*cells).values
    assert [found.stamp(int(number)) for number in found.numbers(values)] == values.tolist()


def test_a_stamp_between_two_steps_does_not_fit() -> None:
    """In time and in the calendar."""
    assert not seen("2024-01-01", "2024-01-02").fits(stamps("2024-01-03 01:00").values).any()
    assert not seen("2023-12-01", "2024-01-01").fits(stamps("2024-02-02").values).any()


def test_weeks_begin_on_monday_and_days_at_midnight() -> None:
    """So that whoever reads a time knows what it covers."""
    sunday = stamps("2024-06-02 23:59").values

    for written, begins in (("1w", "2024-05-27 00:00"), ("1d", "2024-06-02 00:00")):
        step = Step.of(written)
        first = step.stamp(int(step.numbers(sunday)[0]))
        assert stamps("2024-01-01").shown(first) == begins


@pytest.mark.parametrize("written", ["", "0h", "h", "1.5h", "-1d", "1q", "一天"])
def test_a_step_that_nobody_can_read_is_refused(written: str) -> None:
    """Naming what is expected."""
    with pytest.raises(ValueError, match="such as 30m"):
        Step.of(written)


def test_no_step_is_seen_in_single_values() -> None:
    """Nor in no series at all."""
    assert Step.seen_in([], is_clock=True) is None
    assert Step.seen_in([np.array([5 * UNITS["h"]])], is_clock=True) is None
