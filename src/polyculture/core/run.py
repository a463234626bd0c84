"""What happened in one training: the record that every later stage reads."""

from collections.abc import Collection
from typing import Annotated, Any

from pydantic import AfterValidator, model_validator

from polyculture.core.names import checked_name
from polyculture.core.recipe import Recipe
from polyculture.core.record import Record
from polyculture.core.task import Inventory
from polyculture.core.values import Value

Row = dict[str, str | int | float | None]
"""A row of a table: what it is about, and its figures by name; none where one is undefined."""
AVERAGES = ("micro", "macro", "weighted")
"""How the rows of means below a table of labels are called."""


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


class ScoreTable(Record):
    """Figures beside the scores, row by row: of each label, type of span, tag, language."""

    name: str
    """For example ``labels``; pages have words for those that they know."""
    title: str
    """What has a row, for pages that do not: "every label"."""
    unit: str = "row"
    """What is counted in it, where something is: rows, spans, words; in the singular."""
    rows: tuple[Row, ...]
    averages: tuple[Row, ...] = ()
    """Means over the rows."""


class Scores(Record):
    """All scores of one set of answers on one split, with their protocol."""

    split: str
    items: int
    scores: tuple[Score, ...]
    tables: tuple[ScoreTable, ...] = ()
    """What the scores are made of, in any number of tables."""
    protocol: dict[str, str | int | float]
    """Scorer, averaging, alignment, what was truncated: what must agree before comparing."""

    @model_validator(mode="before")
    @classmethod
    def _reads_schema_2(cls, record: Any) -> Any:
        """Runs of schemas 1 and 2 hold ``table``, a row a label, and ``tag_table``, a row a tag."""
        if not isinstance(record, dict) or not record.keys() & {"table", "tag_table"}:
            return record
        rest = {name: rows for name, rows in record.items() if name not in {"table", "tag_table"}}
        return {**rest, "tables": _tables(record.get("table", ()), record.get("tag_table", ()))}

    def headline(self) -> Score:
        """The score that training is steered by."""
        return next(score for score in self.scores if score.headline)

    def rows_of(self, labels: Collection[str]) -> tuple[Row, ...]:
        """Rows of the first table with a row for each of these labels; none where there is none."""
        for table in self.tables if labels else ():
            if {row.get("label") for row in table.rows} >= set(labels):
                return table.rows
        return ()


def _tables(labels: Any, tags: Any) -> list[dict[str, Any]]:
    """The two tables of a run of schema 2, in the form of today."""
    if not tags:
        return [{"name": "labels", "title": "every label", "rows": labels}] if labels else []
    every = tags if isinstance(tags, list | tuple) else [tags]  # what is damaged is told as such
    means = [row for row in every if isinstance(row, dict) and row.get("label") in AVERAGES]
    rows = [row for row in every if row not in means]
    return [
        {"name": "types", "title": "every type of span", "unit": "span", "rows": labels},
        {"name": "tags", "title": "every tag", "unit": "word", "rows": rows, "averages": means},
    ]


class Baseline(Record):
    """What a simple method reaches on the same rows, and whether the model is really better."""

    name: str
    scores: Scores
    better: Value
    """Two-sided p of the paired test of the items' grades, model against baseline: the exact
    McNemar test where grades are right or wrong, sign flips where an answer may be partly right or
    items come from documents, which are then the unit."""
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
    together: tuple[str, ...] = ()
    """The runs that were trained together with this one, on one body; empty if it was trained
    alone."""
    model_of: str = ""
    """Fingerprint of the run whose model this is, where it was tested on other rows and nothing was
    trained; else empty."""
    inputs: tuple[str, ...] = ()
    """Columns that the model reads, in the names that its task declares."""
    pool_digest: str = ""
    """SHA-256 of the run's ``pool``: the rows that others are answered against, as the model reads
    them. Empty where there are none."""
    notes: tuple[str, ...]
    """What was dropped, cut or is worth knowing, one sentence each."""


class Run(Record):
    """One finished training: what was asked, what happened, how good it is."""

    schema_number: int = 3
    name: Annotated[str, AfterValidator(checked_name)]
    fingerprint: str
    """SHA-256 of recipe and data digest."""
    recipe: Recipe
    inventory: Inventory
    """What it knows beside its network; see ``Inventory``."""
    facts: Facts
    valid: Scores
    test: Scores | None
    baselines: tuple[Baseline, ...]

    @model_validator(mode="before")
    @classmethod
    def _reads_older(cls, record: Any) -> Any:
        """Runs of schema 1 hold ``labels`` where there is an inventory now.

        What schema 2 had in another form stands in ``Scores``.
        """
        number = record.get("schema_number") if isinstance(record, dict) else None
        if number == 1 and "labels" in record:
            rest = {name: value for name, value in record.items() if name != "labels"}
            return {**rest, "schema_number": 3, "inventory": {"labels": record["labels"]}}
        return {**record, "schema_number": 3} if number == 2 else record  # noqa: PLR2004  # a schema

    @property
    def scores(self) -> Scores:
        """Of the test rows, or of the validation rows where there is no test."""
        return self.test or self.valid

    @property
    def labels(self) -> tuple[str, ...]:
        """All answers, in the order of the network's outputs."""
        return self.inventory.labels
