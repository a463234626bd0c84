"""A snapshot of a hub's list of models: page by page into a work folder, then one Parquet.

The work folder lies beside the snapshot and holds each finished page and where to go on, so that a
snapshot killed at any moment goes on after its last whole page.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import ValidationError

from polyculture.core.errors import StoreError
from polyculture.core.record import Record
from polyculture.store.writing.folder import output_file, whole_file, write_text
from polyculture.store.writing.outputs import check_output
from polyculture.zoo.hub import entries
from polyculture.zoo.hub.listing import (
    Hub,
    HubError,
    Manners,
    Page,
    Wish,
    first_query,
    pages,
    public_address,
)

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

STATE = "state.json"
OURS = re.compile(r"state\.json|page-\d{6}\.parquet|\..*\.polyculture-.*")
"""Names of what lies in a work folder."""
EXAMPLES = 5
"""Malformed entries that are shown; all are counted."""
METADATA = "polyculture.snapshot"
"""Key of the ``Facts`` in the Parquet file."""


Watch = Callable[[int, int | None, str], None]
"""Told often: models so far, of how many at most, what is going on."""


class Facts(Record):
    """How a snapshot was taken; it lies in the file as JSON."""

    schema_number: int = 1
    hub: str
    wish: Wish
    taken: str
    """Day of the last page, in UTC."""
    pages: int
    listed: int
    """Entries that the hub gave."""
    malformed: int
    """Entries without a name, which were dropped."""
    examples: tuple[str, ...]
    """The beginnings of the first malformed ones."""
    private: int
    """Entries that only the asker may see, which were dropped."""
    unreadable: int
    """Rows with a field of the wrong kind, which is null."""
    repeated: int
    """Entries that the hub gave again, mostly since its order changed between pages."""


class _State(Record):
    """How far a snapshot is, always after a whole page."""

    schema_number: int = 1
    hub: str
    wish: Wish
    community: int = 0
    """Position of the community being listed; their number when all are done."""
    following: str | None = None
    """The query to go on with; none at the beginning of a community."""
    here: int = 0
    """Entries of this community so far."""
    pages: int = 0
    listed: int = 0
    malformed: int = 0
    examples: tuple[str, ...] = ()
    private: int = 0
    unreadable: int = 0

    @property
    def communities(self) -> tuple[str | None, ...]:
        return self.wish.communities or (None,)

    @property
    def is_done(self) -> bool:
        return self.community == len(self.communities)


def work_folder(out: Path) -> Path:
    """Where the pages of an unfinished snapshot lie.

    Example:
        >>> from pathlib import Path
        >>> str(work_folder(Path("models.parquet")))
        'models.parquet.unfinished'
    """
    return out.with_name(f"{out.name}.unfinished")


def take(
    hub: Hub, wish: Wish, out: Path, *, manners: Manners, watch: Watch, replace: bool = False
) -> Facts:
    """List a hub's models into one Parquet file; go on where an earlier try ended.

    Args:
        hub: Whom to ask.
        wish: What to list.
        out: The file, whole or not at all; its columns are those of ``entries.columns``.
        manners: How patiently to ask.
        watch: Told after each page, and before each long wait.
        replace: Replace a file that exists.

    Raises:
        HubError: The hub cannot be reached, refuses, or is no hub; finished pages are kept.
        StoreError: ``out`` exists, an unfinished snapshot is of another wish, or the disk is full.
    """
    check_output(out, kind="snapshot", replace=replace)
    folder = work_folder(out)
    state = _begin(folder, _State(hub=public_address(hub), wish=wish), out)
    try:
        while not state.is_done:
            state = _list_community(hub, folder, state, manners, watch)
    except HubError as error:
        kept = _read_state(folder)
        if not kept or not kept.pages:
            raise
        msg = f"{error} {_count(kept.pages)} kept: the same command resumes from there."
        raise HubError(msg) from error
    facts = _join(folder, state, out, replace=replace)
    _clear(folder)
    return facts


def _count(pages: int) -> str:
    return "One page is" if pages == 1 else f"{pages:,} pages are"


def _begin(folder: Path, fresh: _State, out: Path) -> _State:
    """The state to go on from: what lies there, if it was of the same wish."""
    _refuse_foreign(folder)
    found = _read_state(folder)
    if found and found.is_done and out.exists():  # killed between writing and cleaning up
        _clear(folder)
        return fresh
    if found is None:
        return fresh
    if (found.hub, found.wish) != (fresh.hub, fresh.wish):
        msg = (
            f"{folder} holds an unfinished snapshot that was asked for differently "
            f"({found.hub}: {_words(found.wish)}). Ask for that, choose another --out, or delete "
            "the folder."
        )
        raise StoreError(msg)
    return found


def _refuse_foreign(folder: Path) -> None:
    """See that a work folder holds pages of a snapshot and nothing else."""
    if folder.exists() and not folder.is_dir():
        msg = f"{folder} is a file, but pages are kept there. Move it, or choose another --out."
        raise StoreError(msg)
    names = [path.name for path in folder.iterdir()] if folder.exists() else []
    odd = next((name for name in names if not OURS.fullmatch(name)), None)
    if odd is not None:
        msg = (
            f"{folder} holds {odd!r}, which is not part of a snapshot. Move it, or choose another "
            "--out."
        )
        raise StoreError(msg)


def _clear(folder: Path) -> None:
    """Remove the pages; anything that was put beside them meanwhile stays."""
    for path in folder.iterdir():
        if OURS.fullmatch(path.name):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    with suppress(OSError):
        folder.rmdir()


def _words(wish: Wish) -> str:
    """A wish as it was typed."""
    said = [f"--community {tag}" for tag in wish.communities]
    said += [f"--library {wish.library}"] if wish.library else []
    said += [f"--limit {wish.limit}"] if wish.limit else []
    return " ".join([*said, f"--sort {wish.sort}"])


def _read_state(folder: Path) -> _State | None:
    """What is known of an unfinished snapshot; none where there is none or its file is broken."""
    try:
        return _State.model_validate_json((folder / STATE).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def _list_community(
    hub: Hub, folder: Path, state: _State, manners: Manners, watch: Watch
) -> _State:
    """Go on with one community to its end."""
    if state.pages:
        time.sleep(manners.pause)
    number, limit = state.community, state.wish.limit
    tag = state.communities[number]
    total = None if limit is None else limit * len(state.communities)
    query = state.following or first_query(state.wish, tag)

    def wait(reason: str) -> None:
        watch(state.listed, total, reason)

    for page in pages(hub, query, manners=manners, watch=wait):
        state = _keep(folder, state, page)
        watch(state.listed, total, tag or "all models")
        if state.community != number:
            break
    return state


def _keep(folder: Path, state: _State, page: Page) -> _State:
    """Write a page, then where to go on: a kill between the two asks for the page again."""
    limit = state.wish.limit
    taken = page.entries if limit is None else page.entries[: limit - state.here]
    read = entries.read(taken)
    with whole_file(_page_path(folder, state.pages)) as unfinished:
        read.rows.write_parquet(unfinished, compression="zstd")
    here = state.here + len(taken)
    is_last = page.following is None or (limit is not None and here >= limit)
    state = state.model_copy(
        update={
            "community": state.community + is_last,
            "following": None if is_last else page.following,
            "here": 0 if is_last else here,
            "pages": state.pages + 1,
            "listed": state.listed + len(taken),
            "malformed": state.malformed + len(read.malformed),
            "examples": (*state.examples, *read.malformed)[:EXAMPLES],
            "private": state.private + read.private,
            "unreadable": state.unreadable + read.unreadable,
        }
    )
    write_text(folder / STATE, state.model_dump_json())
    return state


def _page_path(folder: Path, number: int) -> Path:
    return folder / f"page-{number:06}.parquet"


def _join(folder: Path, state: _State, out: Path, *, replace: bool) -> Facts:
    """Make one file of all pages; of entries given twice the first is kept."""
    import polars as pl

    paths = [_page_path(folder, number) for number in range(state.pages)]
    missing = next((path for path in paths if not path.exists()), None)
    if missing is not None:
        msg = f"{missing} is gone. Delete its folder, then start again with the same command."
        raise StoreError(msg)
    frame = pl.concat([pl.read_parquet(path) for path in paths])
    if frame.is_empty():
        _clear(folder)
        msg = f"{state.hub} lists no models for {_words(state.wish)}. Check the spelling of tags."
        raise HubError(msg)
    kept = frame.filter(pl.col("id").is_first_distinct())
    facts = _facts(state, repeated=len(frame) - len(kept))
    _write(kept, facts, out, replace=replace)
    return facts


def _facts(state: _State, *, repeated: int) -> Facts:
    return Facts(
        hub=state.hub,
        wish=state.wish,
        taken=datetime.now(tz=UTC).date().isoformat(),
        pages=state.pages,
        listed=state.listed,
        malformed=state.malformed,
        examples=state.examples,
        private=state.private,
        unreadable=state.unreadable,
        repeated=repeated,
    )


def _write(frame: pl.DataFrame, facts: Facts, out: Path, *, replace: bool) -> None:
    with output_file(out, kind="snapshot", replace=replace) as unfinished:
        frame.write_parquet(
            unfinished, compression="zstd", metadata={METADATA: facts.model_dump_json()}
        )
