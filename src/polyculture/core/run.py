"""What happened in one training: the record that every later stage reads."""

from typing import Annotated, Any

from pydantic import AfterValidator, model_validator

from polyculture.core.names import checked_name
from polyculture.core.recipe import Recipe
from polyculture.core.record import Record
from polyculture.core.task import Inventory
from polyculture.core.values import Value


class Score(Record):
    """One figure of how well a model does, and how it was come by."""

    name: str
    """For example ``accuracy`` or ``entity_f1``."""
    value: Value
    headline: bool = False
    """This is the figure that training was steered by."""
    higher_is_better: bool = True
    in_percent: bool = True
    """It runs from 0 to 1, so pages show it in percent; other figures stand as they are."""


class Scores(Record):
    """All scores of one set of answers on one split, with their protocol."""

    split: str
    items: int
    scores: tuple[Score, ...]
    table: tuple[dict[str, str | int | float | None], ...]
    """One row a label: precision, recall, f1 (none where undefined), support."""
    tag_table: tuple[dict[str, str | int | float | None], ...] = ()
    """Spans: one row a tag, ``O`` included, then micro, macro and weighted averages."""
    protocol: dict[str, str | int | float]
    """Scorer, averaging, alignment, what was truncated: what must agree before comparing."""

    def headline(self) -> Score:
        """The score that training is steered by."""
        return next(score for score in self.scores if score.headline)


class Baseline(Record):
    """What a simple method reaches on the same rows, and whether the model is really better."""

    name: str
    scores: Scores
    better: Value
    """Two-sided p of the paired test of the items' grades, model against baseline: the exact
    McNemar test where grades are right or wrong, sign flips where an answer may be partly right."""
    model_only: int
    """Items that the model alone gets right, or on which its grade is the higher one."""
    baseline_only: int
    """Items that the baseline alone gets right, or on which its grade is the higher one."""


class Facts(Record):
    """What happened: the machine's choices, costs and versions."""

    versions: dict[str, str]
    base_digest: str
    data_digest: str
    lineage: tuple[str, ...]
    chosen: dict[str, str | int | float | bool | None]
    """What was chosen automatically: precision, attention, threads, batch tokens, rate."""
    seconds: float
    peak_memory_mb: float
    """The most that the process held during this training (Linux), or so far (elsewhere)."""
    steps: int
    epochs: float
    best_step: int
    stopped: str
    """Why training ended, a short sentence."""
    parameters: int
    trained_parameters: int
    rows: dict[str, int]
    inputs: tuple[str, ...] = ()
    """Columns that the model reads, in the names that its task declares."""
    pool_digest: str = ""
    """SHA-256 of the run's ``pool``: the rows that others are answered against, as the model reads
    them. Empty where there are none."""
    notes: tuple[str, ...]
    """What was dropped, cut or is worth knowing, one sentence each."""


class Run(Record):
    """One finished training: what was asked, what happened, how good it is."""

    schema_number: int = 2
    name: Annotated[str, AfterValidator(checked_name)]
    fingerprint: str
    """SHA-256 of recipe and data digest."""
    recipe: Recipe
    inventory: Inventory
    """What was learnt from the training rows before training."""
    facts: Facts
    valid: Scores
    test: Scores | None
    baselines: tuple[Baseline, ...]

    @model_validator(mode="before")
    @classmethod
    def _reads_schema_1(cls, record: Any) -> Any:
        """Runs of schema 1 hold ``labels`` where there is an inventory now."""
        is_old = isinstance(record, dict) and record.get("schema_number") == 1
        if not is_old or "labels" not in record:
            return record
        rest = {name: value for name, value in record.items() if name != "labels"}
        return {**rest, "schema_number": 2, "inventory": {"labels": record["labels"]}}

    @property
    def labels(self) -> tuple[str, ...]:
        """All answers, in the order of the network's outputs."""
        return self.inventory.labels
