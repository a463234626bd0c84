"""A base in a local folder: a plain Hugging Face folder, or the model of a finished run."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from polyculture.core.errors import ModelError
from polyculture.core.plugins import Base, BaseSource
from polyculture.core.recipe import RecipePath, Settings
from polyculture.sources.bases.contents.plain import check_folder, digest_of
from polyculture.store.weight_files import ADDED


class Folder(Settings):
    """Where the folder is."""

    source: Literal["folder"] = "folder"
    path: RecipePath
    """The folder: ``config.json``, safetensors weights, and a tokenizer or the settings of a reader
    of pictures or sounds."""
    lineage: tuple[str, ...] = ()
    """Names of known ancestors, the nearest first. A run's model knows its own."""


def open_base(settings: Folder, texts: Sequence[Sequence[str]], work: Path, seed: int) -> Base:
    """Check the folder; nothing of it is run.

    Raises:
        ModelError: It lacks something, its weights are pickled only, or an adaptation lies beside
            them.
    """
    del texts, work, seed
    folder = settings.path
    _refuse_added(folder)
    check_folder(folder, str(folder))
    from polyculture.nets.bodies.own_bodies import own_body

    run_name, ancestors = _told_by_run(folder)
    name = run_name or folder.absolute().name
    return Base(
        name=name,
        kind="transformers" if own_body(folder) is None else "convolutional",
        folder=folder,
        lineage=(name, *(settings.lineage or ancestors)),
        digest=digest_of(folder),
    )


def _refuse_added(folder: Path) -> None:
    """Refuse the model of a run whose adaptation lies beside its weights.

    Without it the base would not be what the run answers with.
    """
    if (folder / ADDED).exists():
        msg = (
            f"{folder} is the model of a run that was adapted by weights beside the base's "
            f"({ADDED}), which another training cannot start from. Name the run's own base, or "
            "train the run with adaptation 'full' or 'low_rank'."
        )
        raise ModelError(msg)


def _told_by_run(folder: Path) -> tuple[str | None, tuple[str, ...]]:
    """Name and ancestors of the run whose model this is, where it is one."""
    try:
        run = json.loads((folder.absolute().parent / "run.json").read_text(encoding="utf-8"))
        return str(run["name"]), tuple(run["facts"]["lineage"])
    except (OSError, ValueError, KeyError, TypeError):
        return None, ()


PLUGIN = BaseSource(settings=Folder, open=open_base)
