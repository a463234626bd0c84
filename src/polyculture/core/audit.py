"""All comparisons of a set of models, as records: what an audit writes and a report reads."""

from typing import Literal

from polyculture.core.record import Record
from polyculture.core.values import Undefined, Value

MOST_NEVER = 3
"""Answers never given that a sentence names."""


class Comparison(Record):
    """One measure on two models."""

    a: str
    b: str
    view: str
    measure: str
    value: Value
    items: int


class JointOutcome(Record):
    """How often all models share one outcome, against independence."""

    observed: Value
    expected: Value
    """Product of the models' own rates."""
    ratio: Value
    difference: Value


class GroupResult(Record):
    """One measure on all models at once."""

    measure: str
    view: str
    value: Value
    note: str = ""


class Clustering(Record):
    """Hierarchical clustering of the models by one measure."""

    view: str
    measure: str
    order: tuple[str, ...]
    merges: tuple[tuple[int, int, float, int], ...]
    """SciPy's linkage rows: the two clusters, their distance, size of the new one."""


class Concordance(Record):
    """Correlation of similarity in one view with similarity of behaviour, over pairs of models."""

    view: str
    measure: str
    behaviour: str
    """The behavioural measure, for example ``error_consistency``."""
    value: Value
    """Spearman correlation over pairs."""
    p_value: Value
    """Mantel permutation test."""
    note: str = ""
    """Models that were left out because they lack the view."""


class ModelResult(Record):
    """What one model did on the probe."""

    name: str
    accuracy: Value
    errors: int | None
    missing: int
    lineage: tuple[str, ...] = ()
    f1_kind: Literal["macro_f1", "entity_f1"] = "macro_f1"
    f1: Value = Undefined(reason="it was not computed")
    """Plain mean of F1 over the right answers that occur; for spans, F1 of entities."""
    never_answered: tuple[str, ...] = ()
    """Right answers (types, for spans) that the model never gives."""
    learned_items: int | None = None
    """Items whose text is among the rows that the model learned from; None if unknown."""

    def never(self, who: str) -> str:
        """A clause on the answers that the model never gives; empty if it gives all.

        Example:
            >>> nothing = Undefined(reason="no answers")
            >>> ModelResult(
            ...     name="a", accuracy=nothing, errors=0, missing=0, never_answered=("ABBR",)
            ... ).never(", although it")
            ", although it never answers 'ABBR'"
        """
        if not self.never_answered:
            return ""
        named = ", ".join(map(repr, self.never_answered[:MOST_NEVER]))
        more = len(self.never_answered) - MOST_NEVER
        return f"{who} never answers {named}" + (f" and {more:,} more" if more > 0 else "")


class Contest(Record):
    """The exact paired test of two models on the probe's items or documents."""

    a: str
    """The one that is right more often; at a tie, the one that comes first."""
    b: str
    a_only: int
    """Items that only ``a`` gets right."""
    b_only: int
    p_value: Value
    """Two-sided: the chance of so uneven a split if neither were better."""
    p_corrected: Value
    """After Holm's correction over all pairs of the audit."""


class Stratum(Record):
    """Joint failure within one group of items."""

    name: str
    items: int
    all_fail: JointOutcome


class Advice(Record):
    """A recommendation computed from the audit, as one sentence."""

    topic: Literal["joint_failure", "vote", "least_alike", "most_alike", "leave_out"]
    models: tuple[str, ...]
    """The models that it is about."""
    sentence: str
    """What was found and what to do; says so where it was chosen in-sample."""


class Audit(Record):
    """How alike a set of models is on one probe."""

    schema_number: int = 1
    probe: str
    digest: str
    items: int
    models: tuple[ModelResult, ...]
    comparisons: tuple[Comparison, ...]
    all_fail: JointOutcome
    all_correct: JointOutcome
    failures_by_count: tuple[int, ...]
    """Items failed by exactly 0, 1, ..., k models; empty without gold."""
    expected_by_count: tuple[float, ...]
    """The same under independence (Poisson-binomial), in items."""
    strata: tuple[Stratum, ...]
    all_fail_within_strata: JointOutcome | None
    """Expected within groups of items, where the probe has groups: shared difficulty taken out."""
    all_fail_within_gold: JointOutcome | None = None
    """Expected within gold labels: what is shared because some answers are hard is taken out."""
    shared_refusals: int = 0
    """Items that no model answered; they count as failed by all."""
    group: tuple[GroupResult, ...]
    contests: tuple[Contest, ...] = ()
    """Every pair of models; empty without gold."""
    clusterings: tuple[Clustering, ...]
    concordance: tuple[Concordance, ...]
    advice: tuple[Advice, ...] = ()
    caveats: tuple[str, ...] = ()
    """What a reader must know before any number, such as a probe that models learned from."""
    notes: tuple[str, ...]
    settings: dict[str, str | int | float | bool]
    kind: Literal["audit"] = "audit"
