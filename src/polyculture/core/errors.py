"""Errors for users, each one clear sentence.

The command line prints a ``PolycultureError`` without a traceback and exits with status 2. Any
other exception is a bug of ours and keeps its traceback.
"""

from importlib import import_module
from typing import Any


class PolycultureError(Exception):
    """What was expected, what was got, where, and what to do, in one or two sentences."""


class RecipeError(PolycultureError):
    """A recipe or study asks for something that does not exist or cannot be combined."""


class DataError(PolycultureError):
    """A data file cannot be read as what it should be. The message names file and line."""


class RowError(DataError):
    """A row, or a whole split, is not what a task can use.

    A task knows splits and ids; a dataset knows files and lines, see ``Dataset.tell``.
    """

    def __init__(
        self, reason: str, *, where: str, item: str | None = None, column: str | None = None
    ) -> None:
        super().__init__(f"{where}{'' if item is None else f', item {item!r}'}: {reason}")
        self.where = where
        """Split or file."""
        self.reason = reason
        """What was expected, what was got, what to do."""
        self.item = item
        """Id of the row; None if the whole split is meant."""
        self.column = column
        """The missing column, if that is the reason."""


class ProbeMismatchError(PolycultureError):
    """Models that should be compared on the same items did not answer the same items."""


class StoreError(PolycultureError):
    """A folder or file cannot be written or is not what it should be."""


class StarterError(PolycultureError):
    """A starter package cannot be found, fetched or trusted."""


class ModelError(PolycultureError):
    """A base model or a run cannot be loaded as what it should be."""


class MissingExtraError(PolycultureError):
    """A library of an optional extra is not installed."""


class UndefinedError(PolycultureError):
    """A measure has no value here. The message is the reason; audits turn it into ``Undefined``."""


def need(module: str, *, extra: str, purpose: str) -> Any:
    """Import an optional library, or raise an error that says how to install it.

    Only the missing name itself is caught: an error inside the library stays what it is.

    Example:
        >>> need("json", extra="train", purpose="Training").dumps([1])
        '[1]'
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise
        msg = (
            f"{purpose} needs {module!r}, which is not installed. "
            f"Install it with: pip install 'polyculture[{extra}]'"
        )
        raise MissingExtraError(msg) from error
