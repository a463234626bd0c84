"""Joint failure as a multiple of what independent models would show."""

from collections.abc import Sequence

import numpy as np

from polyculture.core.errors import UndefinedError
from polyculture.core.measure import GroupMeasure
from polyculture.core.views import Predictions
from polyculture.stats.groups.agreement import wrong_of
from polyculture.stats.groups.panel import Floats, Panel
from polyculture.stats.scores import ratio


def outcome_homogenization(models: Sequence[Predictions]) -> float:
    r"""Share of items that all models fail, over the share that independent models would fail.

    \[ H = P(\text{all } k \text{ wrong}) \,/\, \prod_{m=1}^{k} P(m \text{ wrong}) \]

    Read it beside the share of items that all models fail: with small error rates the
    product is tiny, so one shared failure can make H large.

    Returns:
        A ratio without unit, 0 or more, with no upper limit. 1 is what independent models
        would show; above 1, a person failed by one model tends to be failed by all.

    Raises:
        UndefinedError: A model made no error, so independent models would share none; or no
            right answers are known.

    Example:
        Of ten items, one is failed by all three models.

        >>> import numpy as np
        >>> from polyculture.core.views import Predictions
        >>> gold = np.zeros(10, dtype=int)
        >>> fails = [[0, 1], [0, 2], [0, 1, 2]]
        >>> models = [Predictions(labels=np.isin(np.arange(10), f) * 1, gold=gold) for f in fails]
        >>> round(outcome_homogenization(models), 4)
        8.3333

    Source:
        Bommasani et al. 2022, Picking on the Same Person, arXiv:2211.13972.
    """
    wrong = wrong_of(*models)  # (models, items)
    rates = wrong.mean(axis=1)  # (models,)
    if not rates.all():
        perfect = int((rates == 0).sum())
        msg = f"independent models would share no failure, as {perfect} of them made none"
        raise UndefinedError(msg)
    return float(wrong.all(axis=0).mean() / rates.prod())


def outcome_homogenization_of_rounds(panel: Panel) -> Floats:
    """The same for all rounds, ``(rounds,)``."""
    together = panel.mean_of(np.all(panel.wrong, axis=0))
    return ratio(together, panel.error_rates.prod(axis=0))


PLUGIN = GroupMeasure(
    compare=outcome_homogenization,
    weighted=outcome_homogenization_of_rounds,
    reads="predictions",
    low=0.0,
    high=float("inf"),
    chance=1.0,
    needs=frozenset({"gold"}),
    unchanged_by=frozenset({"class_names", "item_order"}),
    source="Bommasani et al. 2022, arXiv:2211.13972",
)
