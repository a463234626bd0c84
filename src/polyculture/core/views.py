"""Views: one aspect of one model, as plain data that any measure can read without torch."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from polyculture.core.record import Record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MISSING = -1
"""The label of an answer that was not given. It is wrong, and agrees with nothing."""
PASS_MARK = 0.5
"""The grade from which an answer counts as right, where answers may be partly right."""


@dataclass(frozen=True, kw_only=True)
class Predictions:
    """Answers of one model to the items of a probe.

    Measures take those of two models, or of k models, 2 at least, to the same items in the same
    order and in one coding of the classes.

    Example:
        >>> import numpy as np
        >>> Predictions(labels=np.array([0, 1]), gold=np.array([0, 0])).wrong
        array([False,  True])
    """

    labels: NDArray[np.int64]
    """Code of the answer to each item, ``(items,)``; ``MISSING`` where none was given."""
    gold: NDArray[np.int64] | None = None
    """Code of the right answer, ``(items,)``, or None if unknown."""
    probabilities: NDArray[np.floating[Any]] | None = None
    """Probability of each class, ``(items, classes)``; class c is the answer with code c. An answer
    that is missing has probability 0 everywhere."""
    classes: tuple[str, ...] = ()
    """The answers that the codes stand for; empty in small examples."""
    items: tuple[str, ...] = ()
    """Ids of the items; empty in small examples."""
    grades: NDArray[np.float64] | None = None
    """How right each answer is, from 0 to 1, ``(items,)``, where its task grades answers (a
    translation, a ranking). None: an answer is right if it equals the gold."""
    pass_mark: float = PASS_MARK
    """The grade from which an answer counts as right."""

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """Which items the model gets wrong, ``(items,)``. A missing answer is wrong.

        Example:
            >>> import numpy as np
            >>> codes, grades = np.array([0, 1, -1]), np.array([0.9, 0.2, 0.0])
            >>> Predictions(labels=codes, gold=np.array([2, 3, 4]), grades=grades).wrong.tolist()
            [False, True, True]
        """
        if self.gold is None:
            from polyculture.core.errors import UndefinedError

            msg = "no right answers (gold) are known"
            raise UndefinedError(msg)
        equals_gold: NDArray[np.bool_] = self.labels == self.gold
        passes = equals_gold if self.grades is None else self.grades >= self.pass_mark
        return ~passes | self.missing

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Which items the model did not answer, ``(items,)``."""
        missing: NDArray[np.bool_] = self.labels == MISSING
        return missing

    def at(self, places: NDArray[np.int64]) -> Predictions:
        """The same of some items, in the order of ``places``, ``(items,)``.

        Example:
            >>> import numpy as np
            >>> Predictions(labels=np.array([4, 5]), items=("x", "y")).at(np.array([1, 0])).items
            ('y', 'x')
        """
        arrays = ("labels", "gold", "probabilities", "grades")
        known = {name: getattr(self, name) for name in arrays}
        taken: dict[str, Any] = {
            name: None if array is None else array[places] for name, array in known.items()
        }
        items = tuple(self.items[place] for place in places) if self.items else ()
        return replace(self, items=items, **taken)


class Module(Record):
    """One module of a network: a node of its graph."""

    kind: str
    """What it computes: ``linear``, ``embedding``, ``layer_norm``, ``gelu``, ... for a leaf,
    ``block`` for what only holds others. Never a class name, so renaming changes nothing."""
    parents: tuple[int, ...] = ()
    """Positions, in ``Architecture.modules``, of the modules this one lies in (one, or none)."""
    shape: tuple[int, ...] = ()
    """Shape of its main weight, empty without one."""


class Architecture(Record):
    """The module graph of a network and its configuration."""

    modules: tuple[Module, ...]
    """In the order of registration, the root first."""
    parameters: int
    """Number of weights."""
    configuration: dict[str, str | int | float | bool | None]
    """Flat facts that shape the network (width, layers, activation, ...)."""


class RecipeView(Record):
    """How a model was made: dotted setting to plain value."""

    settings: dict[str, str | int | float | bool | None]


class HeadView(Record):
    """The structure of a model's task head."""

    modules: tuple[Module, ...]
    parameters: int
    labels: tuple[str, ...]
    kind: str


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One model's views on one probe.

    A missing view is None; a measure that needs it is then undefined, with a reason.
    """

    model: str
    """Name, unique within an audit."""
    probe: str
    """Name of the probe."""
    digest: str
    """Digest of the probe's items and gold; equal for all models of an audit."""
    items: tuple[str, ...]
    """Ids of the items, in the order of the arrays."""
    predictions: Predictions
    architecture: Architecture | None = None
    recipe: RecipeView | None = None
    head: HeadView | None = None
    lineage: tuple[str, ...] = ()
    """Names of the base and its ancestors, the nearest first."""
    groups: tuple[str, ...] | None = None
    """Group of each item (a domain, a source), where the probe has them."""
    documents: tuple[str | None, ...] | None = None
    """Document (or user, or thread) of each item: items of one are not independent, so a bootstrap
    draws them together. An entry is None if the item stands alone; the field is None if all do."""
    texts: tuple[str, ...] | None = None
    """What was asked, for the report; None if the text must stay where it is."""
    notes: tuple[str, ...] = field(default=())
    """What was cut, dropped or missing, one sentence each."""
    learned_items: int | None = None
    """Items whose text is among the rows that the model learned from; None if unknown."""
    caveats: tuple[str, ...] = field(default=())
    """What a reader has to know before any number, one sentence each."""
