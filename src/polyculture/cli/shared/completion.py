"""Names that a shell completes: parts by their files, starters by their lock table; quick to list.

A shell asks behind every tab, so nothing heavier than the record library is imported.
"""

from collections.abc import Iterable

READ = {"text", "vision", "speech"}
"""Fields of starters that a recipe can begin from."""


def tasks(incomplete: str) -> list[str]:
    """Tasks of the shelf.

    Example:
        >>> tasks("cl")
        ['classification']
    """
    from polyculture.core import parts

    return _beginning(incomplete, parts.names("tasks"))


def shelves(incomplete: str) -> list[str]:
    """Shelves of parts.

    Example:
        >>> shelves("head")
        ['heads']
    """
    from polyculture.api.parts import KNOWN

    return _beginning(incomplete, KNOWN)


def starters(incomplete: str) -> list[str]:
    """Models and data sets of the starter.

    Example:
        >>> starters("reviews")
        ['reviews', 'reviews-zh']
    """
    from polyculture.sources.starter import lock

    return _beginning(incomplete, (entry.name for entry in lock.starters()))


def bases(incomplete: str) -> list[str]:
    """Models of the starter that can be bases, and what can be made new.

    Example:
        >>> bases("tf")
        ['tfidf']
    """
    from polyculture.sources.starter import lock

    readable = (entry for entry in lock.starters() if entry.kind == "model" and entry.field in READ)
    models = (entry.name for entry in readable)
    return _beginning(
        incomplete, (*models, "transformer", "convolutional", "resnet", "tdnn", "tfidf")
    )


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
