"""All entries of several places, each place read by its own layout."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from polyculture.core.errors import DataError
from polyculture.zoo.tables import ecosystem_graphs, epoch
from polyculture.zoo.tables.layouts import Entry, Layout, described, name_of
from polyculture.zoo.tables.records import Raw, files_of, records

KNOWN = (ecosystem_graphs.LAYOUT, epoch.LAYOUT)
Told = Callable[[int, int, str], None]


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """What the places hold, as it is written."""

    entries: tuple[Entry, ...]
    layouts: tuple[Layout, ...]
    titles: tuple[str, ...]
    """What each place is called: its collection and its file or folder."""
    broken: tuple[Raw, ...]
    nameless: tuple[str, ...]
    """Where a record without a name stands."""
    files: tuple[tuple[str, Path], ...]


@dataclass(frozen=True, kw_only=True)
class _Place:
    path: Path
    raws: tuple[Raw, ...]
    layout: Layout | None
    files: tuple[tuple[str, Path], ...]

    @property
    def columns(self) -> list[str]:
        return list(dict.fromkeys(column for raw in self.raws for column in raw.cells))


def gather(
    places: Sequence[Path], *, columns: Mapping[str, str] | None, on_progress: Told
) -> Gathered:
    """Read every record of every place.

    Args:
        places: Files and folders.
        columns: Field to column, for the places whose layout is not known; where the layouts of
            all are known, for all of them instead.
        on_progress: Told (done, of all, what).

    Raises:
        DataError: A place is missing, its columns are not known and not named, or nothing in it
            can be read.
    """
    read = _read(places, on_progress)
    override = columns is not None and all(place.layout for place in read)
    layouts = [
        described(columns, place.columns, str(place.path), _first_broken(place.raws))
        if place.layout is None or override
        else place.layout
        for place in read
    ]
    entries, nameless = _entries(read, layouts)
    return Gathered(
        entries=tuple(entries),
        layouts=tuple(layouts),
        titles=tuple(_title(one, place.path) for one, place in zip(layouts, read, strict=True)),
        broken=tuple(raw for place in read for raw in place.raws if raw.broken),
        nameless=tuple(nameless),
        files=tuple(file for place in read for file in place.files),
    )


def _read(places: Sequence[Path], on_progress: Told) -> list[_Place]:
    files = [(place, file) for place in places for file in files_of(place)]
    raws: dict[Path, list[Raw]] = {place: [] for place in places}
    for done, (place, file) in enumerate(files):
        on_progress(done, len(files), file.name)
        raws[place] += records(file, _name(place, file))
    on_progress(len(files), len(files), files[-1][1].name)
    return [
        _place(place, raws[place], [(_name(place, f), f) for p, f in files if p == place])
        for place in raws
    ]


def _place(path: Path, raws: list[Raw], files: list[tuple[str, Path]]) -> _Place:
    columns = frozenset(column for raw in raws for column in raw.cells)
    if not columns:
        why = f": {raws[0].place}: {raws[0].broken}" if raws else ""
        msg = f"{path} holds no record that can be read{why}. Give it at least one record."
        raise DataError(msg)
    layout = next((one for one in KNOWN if one.fits(columns)), None)
    return _Place(path=path, raws=tuple(raws), layout=layout, files=tuple(files))


def _name(place: Path, file: Path) -> str:
    return file.name if file == place else file.relative_to(place).as_posix()


def _first_broken(raws: Sequence[Raw]) -> str:
    first = next((raw for raw in raws if raw.broken), None)
    return f"{first.place} cannot be read ({first.broken})" if first else ""


def _title(layout: Layout, path: Path) -> str:
    return f"{layout.title or 'table'} ({path.name or path.resolve().name})"


def _entries(read: list[_Place], layouts: list[Layout]) -> tuple[list[Entry], list[str]]:
    entries, nameless = [], []
    for place, layout in zip(read, layouts, strict=True):
        whole = [raw for raw in place.raws if not raw.broken]
        names = frozenset(name_of(raw.cells.get(layout.name)) for raw in whole) - {""}
        for entry in (layout.entry(raw, names) for raw in whole):
            if entry.name:
                entries.append(entry)
            else:
                nameless.append(entry.place)
    return entries, nameless
