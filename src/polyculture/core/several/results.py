"""A table of results: which recipes it is made of, what each should reach, and what it reached."""

from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from polyculture.core.names import checked_name
from polyculture.core.record import Asked, Record
from polyculture.core.values import Known, Value

Seed = Annotated[int, Field(ge=0, lt=2**31)]


class Goal(Asked):
    """What a score should reach."""

    score: str = ""
    """Its name; the task's headline where left out."""
    at_least: float | None = None
    """It should not be lower."""
    at_most: float | None = None
    """It should not be higher."""

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if (self.at_least is None) == (self.at_most is None):
            msg = "a goal needs either at_least or at_most"
            raise ValueError(msg)
        return self

    def is_met(self, value: float) -> bool:
        """Whether a value reaches it.

        Example:
            >>> Goal(at_least=0.9).is_met(0.91), Goal(at_most=1.0).is_met(1.2)
            (True, False)
        """
        if self.at_least is not None:
            return value >= self.at_least
        return self.at_most is not None and value <= self.at_most

    def __str__(self) -> str:
        """As in a table: ``accuracy ≥ 0.9``."""
        limit = self.at_least if self.at_least is not None else self.at_most
        return f"{self.score} {'≥' if self.at_least is not None else '≤'} {limit:g}".strip()


class ResultRow(Asked):
    """One row: a recipe, trained once with each seed."""

    name: Annotated[str, AfterValidator(checked_name)]
    """Of the row, and of its runs."""
    recipe: str
    """The recipe's file, relative to the table's."""
    changes: tuple[str, ...] = ()
    """Settings that differ from the file, as ``fit.epochs=4``."""
    quick: tuple[str, ...] = ()
    """Settings that differ beside those with ``--quick``."""
    seeds: tuple[Seed, ...] = Field(default=(1,), min_length=1)
    """Train once with each; the row shows their mean."""
    trained_as: str = ""
    """A row before this one whose models are tested here on other rows, where nothing is trained
    anew; its recipe is the same but for the test rows."""
    goals: tuple[Goal, ...] = ()
    """What it should reach."""
    note: str = ""
    """What a reader has to know, one sentence."""


class ResultList(Asked):
    """All rows of a table."""

    title: str = "Results"
    rows: tuple[ResultRow, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_are_distinct(self) -> Self:
        names = [row.name for row in self.rows]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            msg = f"two rows are named {twice!r}; give each its own name"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _models_are_trained_before(self) -> Self:
        trained: dict[str, tuple[int, ...]] = {}
        for row in self.rows:
            if not row.trained_as:
                trained[row.name] = row.seeds
            elif not set(row.seeds) <= set(trained.get(row.trained_as, ())):
                msg = (
                    f"row {row.name!r} tests the models of {row.trained_as!r}, so that has to be "
                    "a row before it, trained with the same seeds"
                )
                raise ValueError(msg)
        return self


class Reached(Record):
    """What one training reached."""

    seed: int
    run: str
    """Name of the run's folder."""
    split: str
    """The rows that were scored: ``test``, or ``valid`` where there is no test."""
    items: int
    headline: str
    """Name of the score that stands for all of them."""
    scores: dict[str, Value]
    """Every score of the task by name."""
    baselines: dict[str, Value]
    """The headline score of each simple method."""
    seconds: float
    """Of training, looks at the validation rows included, testing left out."""
    peak_memory_mb: float
    protocol: dict[str, str | int | float]
    """What has to agree before the headline is compared with another's."""
    versions: dict[str, str]
    """What it was trained with."""
    machine: str
    """Processor and threads, since seconds depend on them."""
    recipe: dict[str, Any]
    """What was trained, its paths told from the table's folder: by it a later table knows whether
    its row asks for the same."""


class ResultOutcome(Record):
    """A row of the table, after its trainings."""

    name: str
    recipe: str
    changes: tuple[str, ...]
    task: str
    base: str
    adaptation: str
    headline: str
    """Name of the headline score; empty where nothing was trained."""
    reached: tuple[Reached, ...]
    trained_as: str = ""
    """The row whose models these are, where nothing was trained for this one."""
    goals: tuple[Goal, ...]
    note: str
    reason: str
    """Why nothing, or not everything, was trained; empty if all was."""

    def mean(self, score: str) -> float | None:
        """The mean of a score over the seeds; None where a seed has no value."""
        values = [one.scores.get(score) for one in self.reached]
        numbers = [value.number for value in values if isinstance(value, Known)]
        return sum(numbers) / len(numbers) if numbers and len(numbers) == len(values) else None

    def missed(self) -> list[Goal]:
        """Goals that the mean over the seeds does not reach, or for which there is none."""
        means = [(goal, self.mean(goal.score or self.headline)) for goal in self.goals]
        return [goal for goal, mean in means if mean is None or not goal.is_met(mean)]


class Results(Record):
    """The whole table."""

    schema_number: int = 1
    title: str
    is_quick: bool
    command: str
    rows: tuple[ResultOutcome, ...]
