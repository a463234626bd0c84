"""A model of the embedded starter set, from the user's cache."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from polyculture.core.plugins import Base, BaseSource
from polyculture.core.recipe import Settings
from polyculture.sources.starter import cache
from polyculture.sources.starter.lock import find


class Starter(Settings):
    """Which model; ``polyculture starter list`` shows what there is."""

    source: Literal["starter"] = "starter"
    name: str
    """As the list has it, for example ``minilm-l6``."""


def open_base(settings: Starter, texts: Sequence[Sequence[str]], work: Path, seed: int) -> Base:
    """Find the model in the cache.

    Raises:
        StarterError: There is no such model, or it is not fetched; the message says how to.
    """
    del texts, work, seed
    entry = find(settings.name, "model")
    folder, mark = cache.need(entry)
    return Base(
        name=entry.name,
        kind="transformers",
        folder=folder,
        lineage=(entry.name, *entry.lineage),
        digest=mark.digest,
        notes=mark.notes,
    )


PLUGIN = BaseSource(settings=Starter, open=open_base)
