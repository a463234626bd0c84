"""What a table of results would take on this machine: every row is checked, none is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyculture.api.results.asked import read_asked
from polyculture.api.runs import Check, check
from polyculture.api.shared import Shared
from polyculture.core.errors import PolycultureError
from polyculture.core.record import Record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from polyculture.api.studies import Watcher


class RowCheck(Record):
    """What the trainings of one row would do.

    Example:
        >>> row = RowCheck(name="digits", trainings=0, trained_as="", check=None, reason="gone")
        >>> row.seconds_low, row.seconds_high
        (0.0, 0.0)
    """

    name: str
    trainings: int
    """One for each seed; none where another row's models are tested."""
    trained_as: str
    """The row whose models are tested; empty where the row trains its own."""
    check: Check | None
    """Of its first seed, which stands for all; None where nothing is trained, or could be."""
    reason: str
    """Why it could not be trained; empty where it could."""

    @property
    def seconds_low(self) -> float:
        """Estimated for all its trainings, testing included, if nothing else runs."""
        return self.trainings * self.check.seconds_low if self.check else 0.0

    @property
    def seconds_high(self) -> float:
        """The same, beside other programs."""
        return self.trainings * self.check.seconds_high if self.check else 0.0


def check_results(
    path: Path, *, watcher: Watcher, only: Sequence[str] = (), quick: bool = False
) -> tuple[RowCheck, ...]:
    """Check every row of a table and estimate its time, without training.

    Args:
        path: The table's TOML file.
        watcher: Told which row is looked at.
        only: Names of rows; all where left out.
        quick: Check with each row's ``quick`` settings.

    Raises:
        PolycultureError: The table or one of its recipes cannot be used; data and bases that are
            not there are told in their row.
    """
    wanted, asked = read_asked(path, only, quick=quick)
    found = []
    for row in wanted.rows:
        if only and row.name not in only:
            continue
        checked, reason = None, ""
        if not row.trained_as:
            watcher.begin(row.name)
            try:
                checked = check(asked[row.name][0].recipe, watcher.say, shared=Shared())
            except PolycultureError as error:
                reason = str(error)
        found.append(
            RowCheck(
                name=row.name,
                trainings=0 if row.trained_as else len(asked[row.name]),
                trained_as=row.trained_as,
                check=checked,
                reason=reason,
            )
        )
    return tuple(found)
