"""Do two networks have the same sizes and switches?"""

from polyculture.core.measure import PairMeasure
from polyculture.core.views import Architecture
from polyculture.stats.groups.similarity import gower


def configuration_similarity(a: Architecture, b: Architecture) -> float:
    r"""Mean likeness of the settings that two networks' configurations both have.

    \[ \frac{1}{|F|} \sum_{f \in F} s_f, \qquad s_f = \begin{cases}
       \min(x, y) / \max(x, y) & \text{numbers} \\ 1[x = y] & \text{all else} \end{cases} \]

    where F holds the fields (width, layers, activation, ...) that both configurations have. Fields
    that only one has are skipped: they are unknown, not different. So networks of unlike kinds are
    compared on few fields, and ``module_graph`` says more about them.

    Returns:
        A mean from 0 (no shared field is alike) to 1 (all shared fields are equal).

    Raises:
        UndefinedError: The configurations have no field in common.

    Example:
        >>> def network(**configuration):
        ...     return Architecture(modules=(), parameters=0, configuration=configuration)
        >>> configuration_similarity(network(layers=6, act="gelu"), network(layers=3, act="gelu"))
        0.75

    Source:
        Gower 1971, A general coefficient of similarity and some of its properties.
    """
    return gower(a.configuration, b.configuration)


PLUGIN = PairMeasure(
    compare=configuration_similarity,
    low=0.0,
    high=1.0,
    same=1.0,
    chance=None,
    no_interval="it is read from the configurations and does not depend on the items",
    unchanged_by=frozenset({"field_order"}),
    source="Gower 1971, A general coefficient of similarity",
)
