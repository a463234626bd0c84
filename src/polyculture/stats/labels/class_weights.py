"""How much each label counts in the loss, so that rare ones are not drowned."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator

from polyculture.core.errors import RecipeError
from polyculture.core.parts import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from polyculture.stats.scores import Numbers

PREFIX = "weight"


def checked_weights(value: Any) -> Any:
    """What a recipe says of weights, if it can be used.

    Raises:
        ValueError: It is neither a word that is known nor a table of weights.
    """
    if value in ("none", "auto"):
        return value
    if isinstance(value, dict) and value and all(map(_is_weight, value.values())):
        return value
    msg = (
        "expected 'none', 'auto' or a table of weights above 0, such as { bad = 2.0 }, got "
        f"{value!r}"
    )
    raise ValueError(msg)


def _is_weight(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


ClassWeights = Annotated[
    Literal["none", "auto"] | dict[str, float], BeforeValidator(checked_weights)
]
"""A setting: how much the rows of a label count in the loss."""


def label_weights(
    wanted: ClassWeights,
    labels: Sequence[str],
    gold: Iterable[Iterable[str]],
    *,
    several: bool = False,
) -> dict[str, float]:
    """Numbers of the inventory, ``weight:LABEL``; none where all labels count the same.

    Args:
        wanted: ``auto``: rows / (labels * rows of the label), as scikit-learn's ``balanced``; with
            several labels a row, for each label the rows without it / those with it, which weigh
            its rows against all others. Or a weight by label, where the others count 1.
        labels: The inventory.
        gold: The labels of each training row.
        several: A row may have several labels, or none.

    Raises:
        RecipeError: A weight is for a label that training does not have.

    Example:
        >>> label_weights("auto", ["a", "b"], [["a"], ["a"], ["a"], ["b"]])
        {'weight:a': 0.6666666666666666, 'weight:b': 2.0}
    """
    if wanted == "none":
        return {}
    if isinstance(wanted, str):
        rows = [set(names) for names in gold]
        counts = Counter(name for names in rows for name in names)
        if several:
            return {f"{PREFIX}:{x}": (len(rows) - counts[x]) / counts[x] or 1.0 for x in labels}
        return {f"{PREFIX}:{x}": len(rows) / (len(labels) * counts[x]) for x in labels}
    for label in wanted:
        if label not in labels:
            hint = suggestion(label, list(labels))
            msg = (
                f"task.class_weights has a weight for {label!r}, a label that no training row has. "
                f"{hint}"
            )
            raise RecipeError(msg)
    return {f"{PREFIX}:{label}": wanted.get(label, 1.0) for label in labels}


def weights_of(numbers: Mapping[str, float], labels: Sequence[str]) -> Numbers | None:
    """The weight of each label, ``(labels,)``; None where all count the same.

    Example:
        >>> weights_of({"weight:b": 2.0}, ["a", "b"]).tolist()
        [1.0, 2.0]
    """
    if not numbers:
        return None
    import numpy as np

    weights = np.array([numbers.get(f"{PREFIX}:{label}", 1.0) for label in labels])
    return None if (weights == 1).all() else weights
