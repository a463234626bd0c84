"""Snapshots of a hub: ``polyculture snapshot hub``, read again without a network.

Any Parquet with the columns ``id``, ``parents`` (lists of text) and ``community`` is one; licences,
libraries, downloads and dates are taken where they are.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from polyculture.core.cards import Cards
from polyculture.core.errors import DataError
from polyculture.core.plugins import CardSource
from polyculture.zoo.hub.notes import notes_of, taken, told

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    import polars as pl

NEEDED = frozenset({"id", "parents", "community"})
TYPES = {
    "id": ("String",),
    "community": ("String",),
    "parents": ("List(String)", "List(Null)"),
    "relations": ("List(String)", "List(Null)"),
    "licence": ("String",),
    "library": ("String",),
    "downloads": ("Int64", "Float64", "UInt64", "Int32", "UInt32"),
    "created": ("Date", "Datetime", "String"),
}
"""Columns that are read, and the types they may have. One that is null throughout is as none."""
BLIND = (
    "A base model is known only where the uploader or the hub named it; undeclared ones are not.",
    "What was distilled from a model, or trained on its texts, is not seen.",
    "Private models, models behind an interface and models on other hubs are not in it.",
    "Downloads are counts of the hub for a recent time, made by machines too: they are not use.",
    "The community is the one task that a repository names; many name none.",
    "The maker is the account that uploaded, which need not be who trained.",
    "A repository may hold several models, or files that are none.",
    "The year is that of the upload; the largest hub keeps dates only since March 2022.",
)


def accepts(path: Path) -> bool:
    """Whether a path is a Parquet file with the columns of a snapshot."""
    import polars as pl

    if path.suffix.lower() != ".parquet" or not path.is_file():
        return False
    try:
        return set(pl.read_parquet_schema(path)) >= NEEDED
    except pl.exceptions.PolarsError:
        return False


def read(
    places: Sequence[str | Path], *, on_progress: Callable[[int, int, str], None] | None = None
) -> Cards:
    """Read snapshots as cards, one a repository.

    Args:
        places: Parquet files; a repository of several of them is taken from the first.
        on_progress: Told (done, of all, what is being read).

    Raises:
        DataError: A file is missing, is no snapshot, or has columns of another type.
    """
    import polars as pl

    paths = [Path(place) for place in places]
    tell = on_progress or (lambda *_: None)
    tell(0, 2, "reading the snapshot")
    rows = pl.concat([_rows(path) for path in paths])
    named = rows.filter(pl.col("id").is_not_null())
    kept = named.filter(pl.col("id").is_first_distinct()).sort("id")
    if kept.is_empty():
        msg = f"{paths[0]} has no rows with an id. Give it at least one."
        raise DataError(msg)
    tell(1, 2, "sorting models and their bases")
    today = datetime.now(tz=UTC).date()
    edges = _edges(kept)
    lost = {
        "Rows without an id, dropped": len(rows) - len(named),
        "Rows with an id that came before, dropped": len(named) - len(kept),
    }
    cards = Cards(
        source=f"hub snapshot {', '.join(path.name for path in paths)}",
        unit="repository",
        table=_table(kept, today),
        parents=edges.unique()
        .sort("child", "parent")
        .with_columns(kind=pl.lit("base"), count=pl.lit(1, dtype=pl.Int32)),
        traits=pl.DataFrame(schema=dict.fromkeys(("name", "trait", "value"), pl.String)),
        listed=len(rows),
        year_means="year of the upload",
        blind=BLIND,
        notes=(*taken(paths), *told(lost), *notes_of(kept, edges, today)),
        digest=_digest(paths),
    )
    tell(2, 2, "read")
    return cards


PLUGIN = CardSource(read=read, accepts=accepts, blind=BLIND)


def _rows(path: Path) -> pl.DataFrame:
    """The columns that are used, empty text made null."""
    import polars as pl

    if not path.is_file():
        msg = f"There is no file {path}. Check the path."
        raise DataError(msg)
    try:
        schema = pl.read_parquet_schema(path)
        _check(path, schema)
        return pl.scan_parquet(path).select(_column(name, schema) for name in TYPES).collect()
    except pl.exceptions.PolarsError as error:
        msg = f"{path} cannot be read as Parquet: {error}."
        raise DataError(msg) from error


def _check(path: Path, schema: dict[str, pl.DataType]) -> None:
    missing = sorted(NEEDED - set(schema))
    if missing:
        msg = (
            f"{path} is no snapshot of a hub: it lacks {', '.join(map(repr, missing))}; its "
            f"columns are {', '.join(map(repr, schema))}. Take one with: polyculture snapshot hub"
        )
        raise DataError(msg)
    for name, allowed in TYPES.items():
        kind = str(schema[name]) if name in schema else "Null"
        if kind != "Null" and not kind.startswith(allowed):
            wanted = " or ".join(allowed)
            msg = f"{path}, column {name!r}: expected {wanted}, but it holds {kind}."
            raise DataError(msg)


def _column(name: str, schema: dict[str, pl.DataType]) -> pl.Expr:
    """One column in the type it is used in; null where the file has none."""
    import polars as pl

    column = pl.col(name) if name in schema else pl.lit(None).alias(name)
    if name in {"parents", "relations"}:
        return column.cast(pl.List(pl.String))
    if name == "downloads":
        return column.cast(pl.Float64)
    if name == "created":
        if schema.get(name) == pl.String:
            return column.str.head(10).str.to_date("%Y-%m-%d", strict=False)
        return column.cast(pl.Date)
    text = column.cast(pl.String)
    return pl.when(text != "").then(text).alias(name)


def _table(kept: pl.DataFrame, today: date) -> pl.DataFrame:
    import polars as pl

    nothing = pl.lit(None)
    return kept.select(
        name="id",
        communities=pl.concat_list("community").list.drop_nulls(),
        year=pl.when(pl.col("created") <= today).then(pl.col("created").dt.year()).cast(pl.Int32),
        maker=pl.col("id").str.extract("^([^/]+)/"),
        licence="licence",
        library="library",
        downloads=pl.when(pl.col("downloads") >= 0).then("downloads"),
        parameters=nothing.cast(pl.Float64),
        is_built=pl.lit(value=False),
        reason=nothing.cast(pl.String),
    )


def _edges(kept: pl.DataFrame) -> pl.DataFrame:
    """Child and parent, as often as the snapshot says so."""
    import polars as pl

    some = kept.filter(pl.col("parents").list.len() > 0)
    edges = some.select(child="id", parent="parents").explode("parent")
    return edges.filter(pl.col("parent") != "")


def _digest(paths: list[Path]) -> str:
    from polyculture.store.digest import of_file, of_json

    digests = [of_file(path) for path in paths]
    return digests[0] if len(digests) == 1 else of_json(digests)
