"""What every source of data and every source of bases promises.

Run these on your own; our tests run them on ours. A source of data is checked with settings that
can be read, with settings whose files hold one broken row, and with the columns of a task that can
use them; a source of bases with settings that can be opened, and some training texts.

Example:
    ``for check in DATA_CHECKS: check(load("sources.data", "table"), settings, task.columns)``.
"""

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import polars as pl

from polyculture.core.columns import ALWAYS, alternatives
from polyculture.core.errors import DataError, PolycultureError
from polyculture.core.plugins import Base, BaseSource, DataSource
from polyculture.core.task import Column
from polyculture.nets.build import open_network, open_tokenizer

if TYPE_CHECKING:
    from polyculture.core.data import Dataset

Columns = Mapping[str, Column]
"""What a task declares."""
SPAN = pl.Struct({"start": pl.Int64, "end": pl.Int64, "label": pl.String})
TURN = pl.Struct({"role": pl.String, "content": pl.String})
TYPES: dict[str, pl.DataType | type[pl.DataType]] = {
    "text": pl.String,
    "words": pl.List(pl.String),
    "tags": pl.List(pl.String),
    "spans": pl.List(SPAN),
    "label": pl.String,
    "labels": pl.List(pl.String),
    "number": pl.Float64,
    "numbers": pl.List(pl.Float64),
    "file": pl.String,
    "turns": pl.List(TURN),
    "answers": pl.List(pl.Struct({"text": pl.String, "start": pl.Int64})),
    "places": pl.List(pl.Int64),
}
"""What a cell of each kind of column is, as ``core.data`` describes it."""


@contextmanager
def without_network() -> Iterator[None]:
    """Every connection to another machine, or this one, fails."""

    def refuse(*_: Any) -> None:
        msg = "something tried to reach a network"
        raise AssertionError(msg)

    ways = ("connect", "connect_ex", "sendto")
    look_up = socket.getaddrinfo
    for way in ways:
        setattr(socket.socket, way, refuse)  # which hides that of its C base
    socket.getaddrinfo = refuse  # type: ignore[assignment]
    try:
        yield
    finally:
        for way in ways:
            delattr(socket.socket, way)
        socket.getaddrinfo = look_up


def refusal(action: Callable[[], object], kind: type[PolycultureError]) -> str:
    """What the error says that an action must end with."""
    try:
        action()
    except kind as error:
        return str(error)
    msg = "what is broken was taken as if it were whole"
    raise AssertionError(msg)


def gives_the_same_digest_twice(source: DataSource, settings: Any, columns: Columns) -> None:
    """What is read again is the same, rows and digest."""
    first, second = source.read(settings, columns), source.read(settings, columns)

    assert first.digest == second.digest
    assert all(first.splits[split].equals(second.splits[split]) for split in first.splits)


def gives_every_row_an_id_of_its_own(source: DataSource, settings: Any, columns: Columns) -> None:
    """No id stands twice, within a split or across them."""
    splits = source.read(settings, columns).splits
    ids = [key for rows in splits.values() for key in rows["id"]]

    assert len(set(ids)) == len(ids) > 0


def keeps_splits_apart(source: DataSource, settings: Any, columns: Columns) -> None:
    """No document has rows in two splits."""
    dataset: Dataset = source.read(settings, columns)
    keys = {
        split: set(rows["document" if "document" in rows.columns else "id"])
        for split, rows in dataset.splits.items()
    }

    for split, other in combinations(keys, 2):
        assert not keys[split] & keys[other], f"{split} and {other} share documents"


def speaks_the_columns_of_the_task(source: DataSource, settings: Any, columns: Columns) -> None:
    """Columns are those that are declared, in their types; no input lacks and no split is empty."""
    dataset: Dataset = source.read(settings, columns)
    kinds = dict.fromkeys(ALWAYS, "text") | {name: c.kind for name, c in columns.items()}

    assert set(dataset.splits) <= {"train", "valid", "test"}
    for rows in dataset.splits.values():
        assert len(rows)
        for group in alternatives(columns):
            assert set(group) & set(rows.columns), f"none of {group} is there"
        for name, kind in rows.schema.items():
            assert kind == TYPES[kinds[name]], f"{name} is {kind}"
        files = [name for name in rows.columns if kinds[name] == "file"]
        for path in (Path(cell) for name in files for cell in rows[name]):
            assert path.is_absolute()
            assert path.is_file()


def needs_no_network_once_fetched(source: DataSource, settings: Any, columns: Columns) -> None:
    """A second read makes no network connection."""
    source.read(settings, columns)

    with without_network():
        source.read(settings, columns)


def names_a_broken_row(source: DataSource, broken: Any, columns: Columns, place: str) -> None:
    """The error is one for people, and says in which file and line to look."""
    message = refusal(lambda: source.read(broken, columns), DataError)

    assert place in message, f"{place!r} is not in {message!r}"


def opens_the_same_base_twice(source: BaseSource, settings: Any, texts: Sequence[Any]) -> None:
    """The same settings, texts and seed give the same bytes."""
    with TemporaryDirectory() as place, TemporaryDirectory() as other_place:
        first = source.open(settings, texts, Path(place), 1)
        second = source.open(settings, texts, Path(other_place), 1)

    assert first.digest == second.digest
    assert first.lineage == second.lineage


def can_be_opened_as_a_network(source: BaseSource, settings: Any, texts: Sequence[Any]) -> None:
    """The folder opens with a head, and its tokenizer reads words that come one by one."""
    with TemporaryDirectory() as work:
        base: Base = source.open(settings, texts, Path(work), 1)
        if base.folder is None:
            assert base.kind == "tfidf"
            return
        words = open_tokenizer(base.folder)(["Oslo", "今天", "!"], is_split_into_words=True)
        network = open_network(
            base.folder, labels=("a", "b"), output="labels", model_class="", make_head=_no_head
        )

    assert {0, 1, 2} <= set(words.word_ids())
    assert sum(weight.numel() for weight in network.parameters()) > 0


def _no_head(width: int, labels: int, dropout: float) -> Any:
    from polyculture.nets.layers import LinearHead

    return LinearHead(width, labels, dropout=dropout)


def starts_its_lineage_with_itself(source: BaseSource, settings: Any, texts: Sequence[Any]) -> None:
    """A base comes before its ancestors; one made from nothing has none."""
    with TemporaryDirectory() as work:
        base: Base = source.open(settings, texts, Path(work), 1)

    assert base.lineage == () or base.lineage[0] == base.name
    assert len(set(base.lineage)) == len(base.lineage)


def opens_without_a_network(source: BaseSource, settings: Any, texts: Sequence[Any]) -> None:
    """What is on this machine is enough."""
    with TemporaryDirectory() as work, without_network():
        source.open(settings, texts, Path(work), 1)


def refuses_in_one_sentence(source: BaseSource, broken: Any) -> None:
    """What cannot be opened is said for people, without a library's traceback."""
    with TemporaryDirectory() as work:
        message = refusal(lambda: source.open(broken, (), Path(work), 1), PolycultureError)

    assert len(message.splitlines()) == 1


DataCheck = Callable[[DataSource, Any, Columns], None]
DATA_CHECKS: tuple[DataCheck, ...] = (
    gives_the_same_digest_twice,
    gives_every_row_an_id_of_its_own,
    keeps_splits_apart,
    speaks_the_columns_of_the_task,
    needs_no_network_once_fetched,
)
BaseCheck = Callable[[BaseSource, Any, Sequence[Any]], None]
BASE_CHECKS: tuple[BaseCheck, ...] = (
    opens_the_same_base_twice,
    can_be_opened_as_a_network,
    starts_its_lineage_with_itself,
    opens_without_a_network,
)
