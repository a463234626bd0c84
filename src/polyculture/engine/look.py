"""One evaluation on the validation rows, and whether it is the best so far."""

import math
from typing import Any

from polyculture.core.record import Record
from polyculture.engine.resume import Progress


class Look(Record):
    """What the validation rows say of the weights at one step."""

    score: float | None = None
    """The score that steers; None if undefined, which counts as no improvement."""
    name: str = "loss"
    """What the score is: ``"accuracy"``, ``"loss"``, …"""
    reason: str = ""
    """Why there is none."""
    higher_is_better: bool = True
    loss: float | None = None
    """Mean loss over the targets that count; None if there are none."""


def look_at_loss(loss: float | None) -> Look:
    """The look of a task that is steered by its loss.

    Example:
        >>> look_at_loss(1.5).score, look_at_loss(None).reason
        (1.5, 'no validation row has a target')
    """
    if loss is None:
        return Look(reason="no validation row has a target", higher_is_better=False)
    return Look(score=loss, loss=loss, higher_is_better=False)


def record_look(progress: Progress, look: Look) -> tuple[Progress, bool]:
    """Remember a look, and say whether it is the best. At equal scores the lower loss is better.

    Example:
        >>> progress, is_best = record_look(Progress(step=3), Look(score=0.5, loss=1.0))
        >>> is_best, progress.best_step
        (True, 3)
        >>> record_look(progress, Look(score=0.5, loss=1.5))[1]
        False
        >>> record_look(progress, Look(reason="there is neither gold nor an answer"))[1]
        False
    """
    best = Look(
        score=progress.best_score,
        loss=progress.best_loss,
        higher_is_better=look.higher_is_better,
    )
    is_best = not progress.evaluations or _rank(look) > _rank(best)
    changes: dict[str, Any] = {
        "evaluations": progress.evaluations + 1,
        "stale": 0 if is_best else progress.stale + 1,
        "loss_sum": 0.0,
        "loss_steps": 0,
    }
    if is_best:
        changes |= {"best_score": look.score, "best_loss": look.loss, "best_step": progress.step}
    return progress.model_copy(update=changes), is_best


def _rank(look: Look) -> tuple[float, float]:
    """A larger one is better; nothing is worse than no score."""
    score = look.score if look.higher_is_better or look.score is None else -look.score
    return (
        -math.inf if score is None else score,
        -math.inf if look.loss is None else -look.loss,
    )
