"""What a part of each shelf offers: the facts and functions behind its ``PLUGIN``.

Measures have their own file, ``core/measure.py``. A plug-in is a frozen record of functions: to
read one part is to read all of its shelf.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import polars as pl

    from polyculture.core.cards import Cards
    from polyculture.core.data import Dataset
    from polyculture.core.recipe import Recipe, Settings
    from polyculture.core.task import Column, Output


@dataclass(frozen=True, kw_only=True)
class DataSource:
    """A kind of source of labelled rows."""

    settings: type[Settings]
    read: Callable[[Any, Mapping[str, Column]], Dataset]
    """(settings, columns of the task): rows in these columns, with ``id`` and perhaps ``document``
    and ``group``; a broken row is a ``DataError`` naming file and line."""
    read_inputs: Callable[[Path, Any], Any] | None = None
    """(file, settings): rows to answer, ``sources.rows.inputs.Inputs``, where several lines of a
    file make a row. Left out, files to answer are read row by row."""
    batches: Callable[[Any, Mapping[str, Column]], Iterator[tuple[str, pl.DataFrame]]] | None = None
    """(settings, columns of the task): split and some of its rows, a bounded number at a time, in
    the order of the files: before any is held out, ids not compared, and with tags as the files
    write them. For checks of data that may be larger than memory; None where it cannot be."""


@dataclass(frozen=True, kw_only=True)
class Base:
    """A base model, opened: where its files are and what it is derived from."""

    name: str
    kind: Literal["transformers", "convolutional", "tfidf"]
    """``transformers``: a plain Hugging Face folder; ``convolutional``: a network of our own;
    ``tfidf``: no network."""
    folder: Path | None
    """Configuration, safetensors weights and the settings of a reader; None for ``tfidf``."""
    lineage: tuple[str, ...]
    """The base's name, then its ancestors, the nearest first; empty if made from nothing."""
    digest: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BaseSource:
    """A kind of source of base models."""

    settings: type[Settings]
    open: Callable[[Any, Sequence[Sequence[Any]], Path, int], Base]
    """Settings, training rows (each a list of words, texts, paths of files or numbers), an empty
    work folder, seed. Only bases made from nothing look at the rows, to make their reader."""
    refuses: Callable[[Recipe], str | None] | None = None
    """Why the other parts of a recipe cannot be combined with this base, or None. It asks them for
    facts, such as ``freezes_body``, never for their names."""
    is_made: bool = False
    """The base is made when it is opened, which takes a while."""


@dataclass(frozen=True, kw_only=True)
class Head:
    """The layer from a base's vectors to a task's answers."""

    settings: type[Settings]
    gives: frozenset[Output]
    """What it can give; a task wants one of these."""
    make: Callable[..., Any] | None
    """(settings, width, labels, dropout): a torch module; None if the base's own standard head
    is used. A module that scores the words of a row together has ``loss(logits, targets, mask)``
    and ``best_path(logits, mask, allowed=...)``: the summed loss, and label codes of
    ``(rows, words)``."""
    is_standard: Callable[[Any, Output], bool] = lambda _, __: False
    """(settings, what the task wants): whether this is transformers' own class of the task."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast some weights of a network move, and from when on."""

    weights: tuple[Any, ...]
    """Parameters of the network."""
    factor: float = 1.0
    """Share of the peak learning rate."""
    start: float = 0.0
    """Share of the training, from 0 to 1, after which they begin to move."""


@dataclass(frozen=True, kw_only=True)
class Adaptation:
    """A way to update a base: which of its weights move, and how."""

    settings: type[Settings]
    learning_rate: float | None
    """Peak rate where the recipe names none; None if it follows the size of the base."""
    attach: Callable[[Any, Any], None]
    """(network, settings): freeze, unfreeze or add weights, in place. Called again when a run is
    opened, unless what was added was merged."""
    merge: Callable[[Any], None] | None = None
    """(network): merge what was added, so that the network is plain again. Without it, what is
    added (under names of its own) is saved beside the model, which stays plain too."""
    freezes_body: bool = False
    """Weights of the base stay as they are, so they must have been trained before."""
    paces: Callable[[Any, Any], Sequence[Pace]] = lambda _, __: ()
    """(network, settings): which of its weights move slower than the others, or later."""
    computed_once: Callable[[Any, Any], Sequence[Any]] | None = None
    """(network, settings): the first blocks of the body, which never change, so that what they say
    of an example is computed once and kept; an empty sequence for the whole body. Left out,
    everything runs at every step."""


@dataclass(frozen=True, kw_only=True)
class WeightGroup:
    """Weights that an optimizer moves alike."""

    weights: tuple[Any, ...]
    """Parameters of a network."""
    decays: bool
    """Whether they are matrices that weight decay pulls to zero; not tables, norms and biases."""
    weight_decay: float
    """How strongly; 0 where they do not decay."""
    is_head: bool
    """Whether they belong to the task."""
    peak: float
    """Their peak learning rate; the schedule gives the share of it at each step."""
    start: float = 0.0
    """Share of the training after which they begin to move."""

    def as_torch(self) -> dict[str, Any]:
        """A parameter group, as torch's optimizers take it."""
        return {
            "params": list(self.weights),
            "weight_decay": self.weight_decay,
            "peak": self.peak,
            "start": self.start,
        }

    def only(self, is_wanted: Callable[[Any], bool]) -> WeightGroup:
        """The same of some of the weights."""
        return replace(self, weights=tuple(w for w in self.weights if is_wanted(w)))


@dataclass(frozen=True, kw_only=True)
class Optimizer:
    """A way to move weights along their gradients."""

    settings: type[Settings]
    make: Callable[[Sequence[WeightGroup], Any, float], Any]
    """(groups, settings, peak rate): one of torch's optimizers, or what acts like one, with
    ``param_groups`` that keep ``peak`` and ``start``. What it remembers of a weight are tensors by
    names without a dot, and is made by its own first step: checkpoints keep it."""
    rate_factor: float = 1.0
    """How many times as high its usual peak rate is as AdamW's."""


@dataclass(frozen=True, kw_only=True)
class AnswerSource:
    """A kind of table of other people's answers."""

    read: Callable[..., Any]
    suffixes: tuple[str, ...] = field(default=())


@dataclass(frozen=True, kw_only=True)
class CardSource:
    """A kind of source of cards."""

    read: Callable[..., Cards]
    """(places, on_progress=..., **settings): all cards; ``places`` is empty if the source is called
    by its name; ``on_progress`` takes (done, of all, what is being read)."""
    accepts: Callable[[Path], bool] | None = None
    """Whether a path looks like this kind; None if the source is called by its name."""
    blind: tuple[str, ...] = field(default=())
    """What this kind of source cannot see, one sentence each."""
