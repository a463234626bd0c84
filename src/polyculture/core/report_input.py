"""The input of a report: an audit, its items, and how they were made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from polyculture.core.audit import Audit
    from polyculture.core.run import Run


@dataclass(frozen=True, kw_only=True)
class ReportInput:
    """Everything a report may say. The report computes layout and wording, no new findings."""

    title: str
    audit: Audit
    items: pl.DataFrame
    """One row an item, in the probe's order: ``item``, perhaps ``group``, ``text`` and ``gold``,
    ``failures`` (how many models fail it, absent without gold), then one column a model, named
    ``answer: <model>``, with its answer as text (null where missing)."""
    runs: tuple[Run, ...] = ()
    """The trainings behind the models, in the audit's order; empty for outside answers."""
    asked: dict[str, str] = field(default_factory=dict)
    """What was asked: short label to plain value (file or study, probe, gold column, ...)."""
    command: str = ""
    """The command that reproduces the audit."""
    shows_text: bool = True
    """Texts of items may be shown; false where the source forbids it and nobody asked for it."""
