"""A model of the embedded starter set, from the user's cache."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from polyculture.core.errors import ModelError, StarterError
from polyculture.core.plugins import Base, BaseSource
from polyculture.core.recipe import Settings
from polyculture.sources.starter import cache
from polyculture.sources.starter.lock import find
from polyculture.store.weight_files import stored_tensors

READING = ("text", "chemistry", "vision", "speech")
"""Fields whose models read text (lines of characters, at any rate), pictures or sounds."""


class Starter(Settings):
    """Which model; ``polyculture starter list`` shows what there is."""

    source: Literal["starter"] = "starter"
    name: str
    """As the list has it, for example ``minilm-l6``."""


def open_base(settings: Starter, texts: Sequence[Sequence[str]], work: Path, seed: int) -> Base:
    """Find the model in the cache.

    Raises:
        StarterError: There is no such model, it cannot be a base, or it is not
            fetched; the message says what to do.
    """
    del texts, work, seed
    entry = find(settings.name, "model")
    if entry.field not in READING:
        msg = (
            f"{entry.name!r} is a model of {entry.field}, but a base has to read text, pictures or "
            "speech. Choose another: polyculture starter list"
        )
        raise StarterError(msg)
    folder, mark = cache.need(entry)
    try:
        stored_tensors(folder)  # what was fetched may have been cut off since
    except ModelError as error:
        msg = f"{error} It is the starter {entry.name!r}: polyculture starter fetch {entry.name}"
        raise StarterError(msg) from error
    from polyculture.nets.bodies.own_bodies import own_body

    return Base(
        name=entry.name,
        kind="transformers" if own_body(folder) is None else "convolutional",
        folder=folder,
        lineage=(entry.name, *entry.lineage),
        digest=mark.digest,
        notes=mark.notes,
    )


PLUGIN = BaseSource(settings=Starter, open=open_base)
