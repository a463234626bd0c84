"""The starter's models as cards: real weights of text, chemistry, speech, voices and pictures."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from polyculture.core.cards import CARD_COLUMNS, PARENT_COLUMNS, TRAIT_COLUMNS, Cards
from polyculture.core.plugins import CardSource
from polyculture.sources.starter import cache
from polyculture.sources.starter.lock import models, survey
from polyculture.zoo.frames import frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from polyculture.core.views import Architecture
    from polyculture.sources.starter.entry import Starter
    from polyculture.zoo.saved.models import Traits

BLIND = (
    "The models are those that packages carry: a look at real weights, and no sample.",
    "Ancestors are those that the packages name; when a model was made is not told.",
    "Networks are built from the configuration beside the weights; what those learnt is not seen.",
    "Of an ancestor that is not a starter itself, the furthest one known is named as the parent.",
)
MAKER = re.compile(r"^([\w.-]+)/")
"""Whoever published the model behind a package, where its name says so."""


def read(
    places: Sequence[Path] = (),
    *,
    on_progress: Callable[[int, int, str], None] = lambda *_: None,
) -> Cards:
    """Read the starter: a card for each model, fetched or not. Nothing is fetched.

    Args:
        places: None; the starter is in the user's cache.
        on_progress: Is told (models done, of all, the model).

    Raises:
        MissingExtraError: Torch or the transformers library is not installed, and a model is there.
    """
    if places:
        msg = f"The starter lies in the user's cache, not at {places[0]}."
        raise ValueError(msg)
    entries = sorted((*models(), *survey()), key=lambda entry: entry.name)
    seen: dict[str, tuple[Architecture, Traits]] = {}
    reasons: dict[str, str] = {}
    for done, entry in enumerate(entries, 1):
        _see(entry, seen, reasons)
        on_progress(done, len(entries), entry.name)
    names = {entry.name for entry in entries}
    return Cards(
        source="starter",
        unit="model",
        table=frame((_row(entry, seen, reasons) for entry in entries), CARD_COLUMNS),
        parents=frame((edge for entry in entries for edge in _edges(entry, names)), PARENT_COLUMNS),
        traits=frame(_traits(seen), TRAIT_COLUMNS),
        graphs={name: graph for name, (graph, _) in seen.items()},
        listed=len(entries),
        blind=BLIND,
        notes=_notes(reasons, len(entries)),
        digest=_digest(entries),
    )


def _see(
    entry: Starter, seen: dict[str, tuple[Architecture, Traits]], reasons: dict[str, str]
) -> None:
    """Build one model's network, or note why it is not built."""
    if cache.mark_of(entry) is None:
        broken = cache.damage_of(entry)
        what = f"damaged: {broken}" if broken else "not fetched"
        reasons[entry.name] = f"{what}; polyculture starter fetch {entry.name}"
        return
    from polyculture.core.errors import need

    need("transformers", extra="train", purpose="Building the starter's networks")
    from polyculture.zoo.library.build_on_meta import reason_of
    from polyculture.zoo.saved.models import opened

    try:
        seen[entry.name] = opened(cache.folder_of(entry))
    except Exception as error:  # noqa: BLE001  # the library raises whatever it likes
        reasons[entry.name] = reason_of(error)


def _row(
    entry: Starter, seen: Mapping[str, tuple[Architecture, Traits]], reasons: Mapping[str, str]
) -> dict[str, object]:
    graph = seen[entry.name][0] if entry.name in seen else None
    maker = MAKER.match(entry.upstream)
    return {
        "name": entry.name,
        "communities": [entry.field],
        "maker": maker and maker[1],
        "licence": entry.licence,
        "library": graph and _library(graph),
        "parameters": graph and float(graph.parameters),
        "is_built": graph is not None,
        "reason": reasons.get(entry.name),
    }


def _library(graph: Architecture) -> str:
    """Whose code builds the network."""
    from polyculture.zoo.saved.models import OURS

    return "polyculture" if graph.configuration.get("model_type") in OURS else "transformers"


def _edges(entry: Starter, names: set[str]) -> Iterator[dict[str, object]]:
    if entry.lineage:
        parent = next((one for one in entry.lineage if one in names), entry.lineage[-1])
        yield {"child": entry.name, "parent": parent, "kind": "base", "count": 1}


def _traits(
    seen: Mapping[str, tuple[Architecture, Traits]],
) -> Iterator[dict[str, str]]:
    for name, (_, traits) in sorted(seen.items()):
        for trait, values in sorted(traits.items()):
            yield from ({"name": name, "trait": trait, "value": value} for value in values)


def _notes(reasons: Mapping[str, str], count: int) -> tuple[str, ...]:
    missing = sum(reason.startswith("not fetched") for reason in reasons.values())
    if not missing:
        return ()
    return (f"{missing} of {count} models are not fetched; their reasons say how to fetch them.",)


def _digest(entries: Sequence[Starter]) -> str:
    from polyculture.store.digest import of_json

    marks = {entry.name: cache.mark_of(entry) for entry in entries}
    return of_json({name: mark and mark.digest for name, mark in marks.items()})


PLUGIN = CardSource(read=read, accepts=None, blind=BLIND)
