"""The organisations that one cell names."""

import re

from polyculture.zoo.tables.cells import items
from polyculture.zoo.tables.names import LEGAL_FORMS


def organisations(text: str | None) -> tuple[str, ...]:
    """Each organisation of a list with commas; "Runway AI, Inc." is one.

    Example:
        >>> organisations("Runway AI, Inc., Meta"), organisations("ByteDance and Tsinghua")
        (('Runway AI, Inc.', 'Meta'), ('ByteDance and Tsinghua',))
    """
    found: list[str] = []
    for part in items(text, ","):
        if found and re.sub(r"\W", "", part).casefold() in LEGAL_FORMS:
            found[-1] += f", {part}"
        else:
            found.append(part)
    return tuple(found)
