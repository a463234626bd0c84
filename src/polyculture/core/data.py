"""Datasets and probes: tables of examples with stable ids.

A task declares the columns that it reads, each with the kind of its cells; a source translates
outside names into these. The rows of every task may have three more:

=============  ============================================================================
``id``         text, unique within a dataset
``document``   rows of one document; they stay in one split
``group``      a domain or source, for reports by group
=============  ============================================================================

Cells by the kind of their column, in rows:

=============  ============================================================================
``text``       text
``words``      list of text
``tags``       list of IOB2 tags, one a word
``spans``      list of {start, end, label}, in characters of the text, the end excluded
``label``      text
``labels``     list of text
``number``     a finite number
``turns``      list of {role, content}, a conversation; roles are system, user and assistant
``numbers``    list of finite numbers, none where one is unknown
``file``       absolute path of a file; what it holds counts for the digest, not where it lies
``answers``    list of {text, start}: right texts, and the character of another text at which each
               starts, or null
``places``     list of whole numbers: characters of a text, counted from 0
=============  ============================================================================
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from polyculture.core.errors import DataError, RowError
from polyculture.core.parts import suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import polars as pl


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The files that the rows of a dataset were read from, for messages."""

    place: Callable[[str, str | None], str]
    """Split and id of a row to its file and line; for no id the file of the split."""
    columns: Callable[[str], Sequence[str]]
    """Split to the names of the columns of its file."""
    setting: Callable[[str], str] = str
    """A column of the task to the setting in ``[data]`` that says what the file calls it."""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Examples by split. A missing split is never replaced by another one."""

    name: str
    splits: Mapping[str, pl.DataFrame]
    """``train``, ``valid``, ``test``, as far as there are."""
    digest: str
    """SHA-256 over names and contents of all splits."""
    notes: tuple[str, ...] = field(default=())
    """What was dropped, merged or repaired, one sentence with counts each."""
    licence: str = ""
    is_restricted: bool = False
    """The text may not be copied: probes keep ids only and reports withhold it."""
    origin: Origin | None = field(default=None, compare=False, repr=False)
    """Files and lines of the rows; None for rows that were not read from files."""

    def where(self, split: str) -> str:
        """The file of a split, or its name where there is no file, for messages."""
        return f"{self.name} ({split})" if self.origin is None else self.origin.place(split, None)

    def tell(self, split: str, error: RowError) -> DataError:
        """A task's error about a row, with the row's file and line."""
        if self.origin is None:
            return RowError(error.reason, where=self.where(split), item=error.item)
        reason = error.reason
        if error.column is not None:
            near = suggestion(error.column, list(self.origin.columns(split)))
            reason = (
                f"there is no column {error.column!r}, which this task reads. {near} "
                f"Name it in [data], as in {self.origin.setting(error.column)} = 'its name'."
            )
        return DataError(f"{self.origin.place(split, error.item)}: {reason}")


@dataclass(frozen=True, kw_only=True)
class Probe:
    """A fixed set of items on which models are compared."""

    name: str
    items: pl.DataFrame
    """Rows in the columns of the task, with ``id``, gold and perhaps ``group``."""
    digest: str
    notes: tuple[str, ...] = field(default=())
    is_restricted: bool = False
