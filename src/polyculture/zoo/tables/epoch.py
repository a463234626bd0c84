"""The layout of Epoch AI's table of models.

Source:
    Epoch AI, Data on AI Models, epoch.ai.
"""

from polyculture.zoo.tables.cells import items, plain, when
from polyculture.zoo.tables.layouts import (
    NO_COMMUNITY,
    Entry,
    Layout,
    name_of,
    numbers_of,
    today,
    traits_of,
)
from polyculture.zoo.tables.makers import organisations
from polyculture.zoo.tables.records import Raw

FOUNDATION = "foundation model"
"""The community of models that the table marks so."""


def _entry(raw: Raw, names: frozenset[str]) -> Entry:
    cells = raw.cells
    maker = plain(cells.get("Organization"))
    numbers, unread = numbers_of({"parameters": cells.get("Parameters")})
    return Entry(
        place=raw.place,
        name=name_of(cells.get("Model")),
        communities=_communities(raw),
        when=when(cells.get("Publication date"), today()),
        makers=organisations(maker),
        maker=maker,
        parents=_bases(plain(cells.get("Base model")), names),
        traits=traits_of(
            {
                "access": _lower(items(cells.get("Model accessibility"), ",")),
                "approach": _lower(items(cells.get("Approach"), ",")),
                "kind of maker": _lower(items(cells.get("Organization categorization"), ",")),
                "country": items(cells.get("Country (from Organization)"), ","),
                "training hardware": items(cells.get("Training hardware"), ","),
            }
        ),
        unread=unread,
        parameters=numbers["parameters"],
    )


def _communities(raw: Raw) -> tuple[str, ...]:
    domains = _lower(items(raw.cells.get("Domain"), ",")) or (NO_COMMUNITY,)
    marked = plain(raw.cells.get("Foundation model")) or ""
    return (*domains, FOUNDATION) if marked.casefold() == "true" else domains


def _bases(text: str | None, names: frozenset[str]) -> tuple[str, ...]:
    """The cell is a list, unless the whole of it is a model's name ("Mamba 2, 2.7B")."""
    return (text,) if text is not None and text in names else items(text, ",")


def _lower(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word.casefold() for word in words)


LAYOUT = Layout(
    title="Epoch AI",
    keys=frozenset({"Model", "Domain", "Organization", "Publication date"}),
    year_means="year of publication",
    blind=(
        (
            "Epoch AI's table favours notable models; an empty cell is unknown, not none, and most "
            "models name no base."
        ),
    ),
    entry=_entry,
    name="Model",
)
