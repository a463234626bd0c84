"""Snapshots of a public list of models, for offline use later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from polyculture.core.errors import StoreError
from polyculture.core.record import Record
from polyculture.zoo.hub import snapshot
from polyculture.zoo.hub.listing import Manners, Wish, this_hub

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Snapshot(Record):
    """The result of taking a snapshot."""

    models: int
    """Rows of the file."""
    hub: str
    notes: tuple[str, ...]
    """What was dropped or could not be read, one sentence each."""


def snapshot_hub(
    out: Path,
    *,
    communities: Sequence[str] = (),
    library: str | None = None,
    sort: Literal["downloads", "created"] = "downloads",
    limit: int | None = None,
    replace: bool = False,
    pause: float = 0.5,
    watch: snapshot.Watch | None = None,
) -> Snapshot:
    """List the models of the hub of ``HF_ENDPOINT`` into one Parquet file.

    Resumes an unfinished snapshot of the same file.

    Args:
        out: The file; its name ends in ``.parquet``. Pages lie beside it until it is whole.
        communities: Tags of tasks, such as ``fill-mask``; all models for none.
        library: Only models of this library.
        sort: The most downloaded first, or the newest.
        limit: At most so many; with communities, so many of each.
        replace: Replace a file that exists.
        pause: Seconds between two pages.
        watch: Told often (models so far, of how many at most, what is going on).

    Raises:
        HubError: The hub cannot be reached, refuses, or is not a hub; finished pages are kept.
        StoreError: The file exists, its name has another ending, an unfinished snapshot there was
            asked for differently, or the disk is full.
        MissingExtraError: The libraries that reach a hub are not installed.
    """
    if out.suffix.lower() != ".parquet":
        msg = f"Unsupported file type: {out}. Use .parquet."
        raise StoreError(msg)
    facts = snapshot.take(
        this_hub(),
        Wish(communities=tuple(communities), library=library, sort=sort, limit=limit),
        out,
        manners=Manners(pause=pause),
        watch=watch or (lambda *_: None),
        replace=replace,
    )
    models = facts.listed - facts.malformed - facts.private - facts.repeated
    return Snapshot(models=models, hub=facts.hub, notes=notes_of(facts))


def notes_of(facts: snapshot.Facts) -> tuple[str, ...]:
    """What a person should know of a snapshot, one sentence each."""
    notes = []
    if facts.malformed:
        shown = "; ".join(facts.examples)
        notes.append(f"Without a name, dropped: {facts.malformed:,} (such as {shown}).")
    if facts.private:
        notes.append(f"Private to whoever asked, dropped: {facts.private:,}.")
    if facts.unreadable:
        notes.append(f"With a field of the wrong kind, which is left empty: {facts.unreadable:,}.")
    if facts.repeated:
        notes.append(f"Given more than once, the first kept: {facts.repeated:,}.")
    return tuple(notes)
