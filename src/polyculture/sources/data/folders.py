"""Files in folders named as their labels, such as pictures by what they show."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from polyculture.core.data import Dataset
from polyculture.core.errors import DataError, RecipeError
from polyculture.core.plugins import DataSource
from polyculture.core.recipe import RecipePath
from polyculture.core.task import Column
from polyculture.sources.rows.dataset import dataset_of, origin_of
from polyculture.sources.rows.files import Files, name_of, split_as_asked

if TYPE_CHECKING:
    import polars as pl


class Folders(Files):
    """A folder for each split, in which each label has a folder of its files."""

    source: Literal["folders"] = "folders"
    train: RecipePath | None = None
    """The folder to learn from."""
    valid: RecipePath | None = None
    """The folder by which the best weights are chosen."""
    test: RecipePath | None = None
    """The folder that is answered once, at the end."""


def read(settings: Folders, columns: Mapping[str, Column]) -> Dataset:
    """List the files; hidden ones are left out, and those that lie beside the folders of labels.

    Raises:
        RecipeError: The task reads something other than one file with one label.
        DataError: A folder is missing, or holds no folder of a label with a file in it.
    """
    file, label = _file_and_label(columns)
    files = {split: _files_of(path) for split, path in settings.paths.items()}
    splits = {
        split: _rows(split, settings.paths[split], paths, file, label)
        for split, paths in files.items()
    }
    origin = origin_of(
        settings.paths,
        {split: rows["id"].to_list() for split, rows in splits.items()},
        lambda split, row: str(files[split][row]),
        dict.fromkeys(files, (file, label)),
    )
    splits, held = split_as_asked(splits, columns, settings, lambda row: str(files["train"][row]))
    notes = tuple(note for path in settings.paths.values() for note in _on_others(path))
    name = name_of(next(iter(settings.paths.values())))
    return dataset_of(name, splits, columns, notes=(*notes, *held), origin=origin)


def _file_and_label(columns: Mapping[str, Column]) -> tuple[str, str]:
    needed = {name: c.kind for name, c in columns.items() if not c.is_optional}
    files = [name for name, kind in needed.items() if kind == "file"]
    labels = [name for name, kind in needed.items() if kind == "label"]
    if sorted(needed.values()) != ["file", "label"]:
        reads = ", ".join(map(repr, columns))
        msg = (
            "source = 'folders' gives a file and its label, but this task reads "
            f"{reads}. Choose another source."
        )
        raise RecipeError(msg)
    return files[0], labels[0]


def _files_of(folder: Path) -> list[Path]:
    """All files in the folders of labels, sorted by path."""
    if not folder.is_dir():
        msg = f"There is no folder {folder}. Check the path."
        raise DataError(msg)
    labels = [path for path in sorted(folder.iterdir()) if path.is_dir() and not _is_hidden(path)]
    files = [
        path
        for label in labels
        for path in sorted(label.rglob("*"))
        if path.is_file() and not any(map(_is_hidden, _inside(path, label)))
    ]
    odd = next((path for path in files if not _is_unicode(path)), None)
    if odd is not None:
        msg = f"The file name {str(odd)!a} is not UTF-8. Rename the file."
        raise DataError(msg)
    if not files:
        msg = (
            f"{folder} holds no folder with files. Make a folder for each label in it, and put the "
            "label's files there."
        )
        raise DataError(msg)
    return files


def _inside(path: Path, folder: Path) -> Iterator[Path]:
    """A path, and the folders around it that lie in a folder."""
    while path != folder:
        yield path
        path = path.parent


def _is_hidden(path: Path) -> bool:
    return path.name.startswith(".")


def _is_unicode(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:  # bytes that are no UTF-8 are kept as surrogates
        return False
    return True


def _rows(split: str, folder: Path, files: list[Path], file: str, label: str) -> "pl.DataFrame":
    import polars as pl

    inside = [path.relative_to(folder) for path in files]
    return pl.DataFrame(
        {
            "id": [f"{split}/{path.as_posix()}" for path in inside],
            file: [str(path.absolute()) for path in files],
            label: [path.parts[0] for path in inside],
        }
    )


def _on_others(folder: Path) -> tuple[str, ...]:
    """What is said of files that have no label."""
    others = [path for path in sorted(folder.iterdir()) if path.is_file() and not _is_hidden(path)]
    if not others:
        return ()
    more = f" and {len(others) - 1:,} more" if len(others) > 1 else ""
    return (f"{others[0]}{more} lies in no folder of a label, and is left out.",)


PLUGIN = DataSource(settings=Folders, read=read)
