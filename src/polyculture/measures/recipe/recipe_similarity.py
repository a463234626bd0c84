"""Were two models made the same way?"""

from collections.abc import Mapping

from polyculture.core.measure import PairMeasure
from polyculture.core.views import RecipeView
from polyculture.stats.groups.similarity import Plain, gower


def recipe_similarity(a: RecipeView, b: RecipeView) -> float:
    r"""Mean likeness of the settings that two models' recipes both have.

    \[ \frac{1}{|F|} \sum_{f \in F} s_f, \qquad s_f = \begin{cases}
       \min(x, y) / \max(x, y) & \text{numbers} \\ 1[x = y] & \text{all else} \end{cases} \]

    where F holds the settings (base, data, adaptation, head, rates, sizes, ...) of both recipes. A
    ratio is a distance on a log scale, as rates and sizes want it. A seed is a name, not an
    amount. Settings that only one recipe has are skipped: unknown is not different.

    Every setting weighs the same, so a shared base is one among many here, though it matters most.

    Returns:
        A mean from 0 (no shared setting is alike) to 1 (all shared settings are equal).

    Raises:
        UndefinedError: The recipes have no setting in common.

    Example:
        >>> a = RecipeView(settings={"base.name": "small", "fit.learning_rate": 1e-4, "seed": 1})
        >>> b = RecipeView(settings={"base.name": "small", "fit.learning_rate": 2e-4, "seed": 2})
        >>> recipe_similarity(a, b)
        0.5

    Source:
        Gower 1971, A general coefficient of similarity and some of its properties.
    """
    return gower(_seeds_as_names(a.settings), _seeds_as_names(b.settings))


def _seeds_as_names(settings: Mapping[str, Plain]) -> dict[str, Plain]:
    return {
        name: str(value) if name.rpartition(".")[2] == "seed" else value
        for name, value in settings.items()
    }


PLUGIN = PairMeasure(
    compare=recipe_similarity,
    low=0.0,
    high=1.0,
    same=1.0,
    chance=None,
    no_interval="it is read from the recipes and does not depend on the items",
    unchanged_by=frozenset({"field_order"}),
    source="Gower 1971, A general coefficient of similarity",
)
