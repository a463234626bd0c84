"""Tables of cards: CSV, TSV, JSON lines, Parquet, and YAML files, one or a folder of them.

Ecosystem Graphs and Epoch AI's table of models are known by their columns. Of any other table a
person says which column is which field, or names the columns as our fields.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from polyculture.core.cards import Cards
from polyculture.core.errors import DataError
from polyculture.core.plugins import CardSource
from polyculture.store.digest import of_file, of_json
from polyculture.zoo.tables.frames import card_frame, parent_frame, trait_frame
from polyculture.zoo.tables.layouts import Entry
from polyculture.zoo.tables.lineage import lineage
from polyculture.zoo.tables.names import read_aliases
from polyculture.zoo.tables.notes import told
from polyculture.zoo.tables.read_tables import Gathered, Told, gather
from polyculture.zoo.tables.records import TABLES, YAML
from polyculture.zoo.tables.repeats import Repeats, without_repeats
from polyculture.zoo.tables.resolve_names import named

BLIND = (
    (
        "A table knows what its editors wrote down: a parent that is not named is not seen, and "
        "models that nobody listed are not counted."
    ),
)


def accepts(path: Path) -> bool:
    """Whether a path looks like a table of cards, by its name or by what it holds.

    Example:
        >>> accepts(Path("no/such/table.csv"))
        False
    """
    if path.is_dir():
        return any(one.suffix.lower() in YAML for one in path.rglob("*.y*ml")) or any(
            one.suffix.lower() in TABLES for one in path.iterdir()
        )
    return path.is_file() and path.suffix.lower() in (*TABLES, *YAML)


def read(
    places: Sequence[Path],
    *,
    on_progress: Told = lambda *_: None,
    columns: Mapping[str, str] | None = None,
    aliases: Path | None = None,
    kinds: Sequence[str] = ("model",),
    resolve: bool = True,
    repeats: Repeats = "join",
) -> Cards:
    """Read tables of cards as one zoo.

    Args:
        places: Files (.csv, .tsv, .jsonl, .parquet, .yaml, .yml), or folders: of a folder its YAML
            files at any depth, or where there are none, the tables in it.
        on_progress: Told (done, of all, what) for each file.
        columns: Card field to column, for tables whose layout is not known: ``name``,
            ``communities``, ``year``, ``maker``, ``licence``, ``library``, ``downloads``,
            ``parameters``, ``parents``, ``copied_from``, and ``traits.NAME`` for the trait NAME.
            Lists are JSON lists or have "|" between their words.
        aliases: Names as they are written to names as they are counted: a TOML file, or a CSV
            file with the columns ``as_written`` and ``counted_as``. A name that is counted as
            itself stays apart from what is spelled nearly like it.
        kinds: Of Ecosystem Graphs, which records are cards: ``model``, ``dataset``,
            ``application``.
        resolve: Take makers, licences and parents for one where they are one name in two
            spellings, and of several makers the first. Without it they stay as they stand.
        repeats: ``join``: records of one name are one model where they share their maker or their
            day. ``keep``: each record is a card, numbered after the first.

    Raises:
        DataError: There is no place, it is missing, its columns are not known, or no record of it
            can be read. A single record that cannot be read is counted in ``notes`` instead.
    """
    if not places:
        msg = "A table of cards needs a path. Name a file or a folder: polyculture survey cards.csv"
        raise DataError(msg)
    renamed = read_aliases(aliases)
    gathered = gather([Path(place) for place in places], columns=columns, on_progress=on_progress)
    chosen = _chosen(gathered, kinds)
    names = named(chosen.cards, renamed, resolve=resolve)
    unique = without_repeats(names.entries, repeats)
    family = lineage(unique, chosen.others, renamed, resolve=resolve, keeps_data="dataset" in kinds)
    return Cards(
        source=", ".join(gathered.titles),
        unit="model" if tuple(kinds) == ("model",) else "asset",
        table=card_frame(unique.entries),
        parents=parent_frame(family.parents),
        traits=trait_frame(unique.entries),
        listed=len(chosen.cards) + len(gathered.broken) + len(gathered.nameless),
        year_means=" or ".join(dict.fromkeys(one.year_means for one in gathered.layouts)),
        blind=(*BLIND, *dict.fromkeys(line for one in gathered.layouts for line in one.blind)),
        notes=told(gathered, names, unique, family, others=len(chosen.others)),
        joined=tuple(sorted({*names.joined, *family.joined})),
        digest=of_json([(name, of_file(path)) for name, path in gathered.files]),
    )


@dataclass(frozen=True, kw_only=True)
class _Chosen:
    cards: list[Entry]
    others: list[Entry]


def _chosen(gathered: Gathered, kinds: Sequence[str]) -> _Chosen:
    chosen = _Chosen(
        cards=[entry for entry in gathered.entries if entry.kind in kinds],
        others=[entry for entry in gathered.entries if entry.kind not in kinds],
    )
    if chosen.cards:
        return chosen
    found = sorted({entry.kind for entry in gathered.entries})
    what = f"records of kind {', '.join(found)}" if found else "records without a name"
    msg = (
        f"Expected records of kind {', '.join(kinds)} in {', '.join(gathered.titles)}, but "
        f"{what} came. Look at the kinds, or at the column of names."
    )
    raise DataError(msg)


PLUGIN = CardSource(read=read, accepts=accepts, blind=BLIND)
