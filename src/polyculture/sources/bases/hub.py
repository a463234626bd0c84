"""A base on a model hub: its safetensors, configuration and tokenizer, at one commit."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from polyculture.core.errors import ModelError
from polyculture.core.plugins import Base, BaseSource
from polyculture.core.recipe import Settings
from polyculture.sources.bases.contents.plain import FILES, check_folder, digest_of
from polyculture.sources.hub import fetch_files, pin_note


class Hub(Settings):
    """Which model, and which state of it."""

    source: Literal["hub"] = "hub"
    name: str
    """``owner/name`` on the hub."""
    revision: str | None = None
    """Commit, tag or branch. Left out, the newest; the run says which commit that was."""
    lineage: tuple[str, ...] = ()
    """Names of known ancestors, the nearest first."""


def open_base(settings: Hub, texts: Sequence[Sequence[str]], work: Path, seed: int) -> Base:
    """Fetch the model, or find it in the hub's cache.

    Raises:
        ModelError: It cannot be had, or its weights are pickled only.
    """
    del texts, work, seed
    folder = fetch_files(settings.name, settings.revision, FILES, kind="model", error=ModelError)
    check_folder(folder, settings.name)
    return Base(
        name=settings.name,
        kind="transformers",
        folder=folder,
        lineage=(settings.name, *settings.lineage),
        digest=digest_of(folder),
        notes=pin_note(settings.name, settings.revision, folder),
    )


PLUGIN = BaseSource(settings=Hub, open=open_base)
