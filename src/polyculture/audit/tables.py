"""An audit as tables: one row a comparison, one row an item."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from polyculture.core.audit import Audit
from polyculture.core.values import Known
from polyculture.core.views import Evidence

COMPARISONS = {
    "a": pl.String,
    "b": pl.String,
    "view": pl.String,
    "measure": pl.String,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "chance": pl.Float64,
    "items": pl.Int64,
    "reason": pl.String,
}
"""``reason`` says why there is no value, or no interval; null where there are both."""


def comparison_table(audit: Audit) -> pl.DataFrame:
    """One row a pair and measure; what is undefined is null and has its reason."""
    rows = []
    for comparison in audit.comparisons:
        value = comparison.value
        row: dict[str, Any] = {
            "a": comparison.a,
            "b": comparison.b,
            "view": comparison.view,
            "measure": comparison.measure,
        }
        if isinstance(value, Known):
            row |= {"value": value.number, "low": value.low, "high": value.high}
            row |= {"chance": value.chance, "reason": value.no_interval}
        else:
            row["reason"] = value.reason
        rows.append({**dict.fromkeys(COMPARISONS), **row, "items": comparison.items})
    return pl.DataFrame(rows, schema=COMPARISONS)


def item_table(models: Sequence[Evidence], *, shows_text: bool) -> pl.DataFrame:
    """One row an item: id, group, document, text and right answer where known, then every answer.

    Args:
        models: Aligned evidence.
        shows_text: Texts may be part of it.
    """
    columns: dict[str, Any] = {"item": list(models[0].items)}
    groups = next((model.groups for model in models if model.groups is not None), None)
    documents = next((model.documents for model in models if model.documents is not None), None)
    texts = next((model.texts for model in models if model.texts is not None), None)
    if groups is not None:
        columns["group"] = list(groups)
    if documents is not None:
        columns["document"] = pl.Series(list(documents), dtype=pl.String)
    if texts is not None and shows_text:
        columns["text"] = list(texts)
    first = models[0].predictions
    names = [*(first.classes or _codes(models)), None]  # MISSING is -1, the last place
    if first.gold is not None:
        columns["gold"] = [names[code] for code in first.gold]
        columns["failures"] = np.sum([model.predictions.wrong for model in models], axis=0)
    for model in models:
        answers = [names[code] for code in model.predictions.labels]
        columns[f"answer: {model.model}"] = pl.Series(answers, dtype=pl.String)
    return pl.DataFrame(columns)


def _codes(models: Sequence[Evidence]) -> list[str]:
    arrays = [
        array for model in models for array in (model.predictions.labels, model.predictions.gold)
    ]
    highest = max(int(array.max(initial=-1)) for array in arrays if array is not None)
    return [str(code) for code in range(highest + 1)]
