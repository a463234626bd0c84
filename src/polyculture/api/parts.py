"""List the parts of all shelves, by the names that recipes and audits use."""

from polyculture.core import parts
from polyculture.core.errors import RecipeError

SHELVES = (
    "tasks",
    "sources.data",
    "sources.bases",
    "adaptations",
    "heads",
    "optimizers",
    "measures.predictions",
    "measures.architecture",
    "measures.recipe",
    "measures.head",
    "measures.group",
    "sources.answers",
    "zoo.sources",
    "datacheck.findings",
)
KINDS = tuple(dict.fromkeys(shelf.partition(".")[0] for shelf in SHELVES))
KNOWN = tuple(dict.fromkeys((*KINDS, *SHELVES)))


def list_parts(shelf: str = "") -> list[str]:
    """Dotted names of all parts on a shelf; all shelves without a name.

    Raises:
        RecipeError: There is no such shelf.

    Example:
        >>> "measures.predictions.error_consistency" in list_parts("measures")
        True
    """
    former = {shelf, f"sources.{shelf}"} & parts.FORMER.keys()
    shelf = parts.FORMER[former.pop()] if former else shelf
    wanted = [s for s in SHELVES if shelf in {"", s, s.split(".")[0], s.split(".")[-1]}]
    if not wanted:
        msg = f"There is no shelf {shelf!r}. {parts.suggestion(shelf, KNOWN)}"
        raise RecipeError(msg)
    return [f"{name}.{part}" for name in wanted for part in parts.names(name)]
