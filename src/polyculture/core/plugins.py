"""What a part of each shelf offers: the facts and functions behind its ``PLUGIN``.

Measures have their own file, ``core/measure.py``. A plug-in is a frozen record of functions: to
read one part is to read all of its shelf.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from polyculture.core.cards import Cards
    from polyculture.core.data import Dataset
    from polyculture.core.recipe import Recipe, Settings
    from polyculture.core.run import Scores


@dataclass(frozen=True, kw_only=True)
class TextSource:
    """A kind of place that texts with answers come from."""

    settings: type[Settings]
    read: Callable[[Any], Dataset]
    """Settings to dataset; a broken row is a ``DataError`` naming file and line."""


@dataclass(frozen=True, kw_only=True)
class Base:
    """A base model, opened: where its files lie and whose child it is."""

    name: str
    kind: Literal["transformers", "convolutional", "tfidf"]
    """``transformers``: a plain Hugging Face folder. ``sources/bases/new`` makes the others."""
    folder: Path | None
    """Configuration, safetensors weights and tokenizer; none for ``tfidf``."""
    lineage: tuple[str, ...]
    """The base's name, then its ancestors, the nearest first; empty if made from nothing."""
    digest: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BaseSource:
    """A kind of place that base models come from."""

    settings: type[Settings]
    open: Callable[[Any, Sequence[Sequence[str]], Path, int], Base]
    """Settings, training texts (each a list of words or one text), an empty work folder, seed.
    Only bases made from nothing look at the texts (to make their vocabulary)."""
    refuses: Callable[[Recipe], str | None] | None = None
    """Why a recipe cannot use this base, or none."""
    is_made: bool = False
    """The base is made when it is opened, which takes a while."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """A kind of question: its columns, labels, decoding and scores.

    Every function takes the task's settings last. ``labels`` is the inventory, in the order of
    the model's outputs.
    """

    settings: type[Settings]
    level: Literal["text", "word"]
    """One answer a text, or one a word."""
    model_class: str
    """transformers' class of the standard head: ``AutoModelForSequenceClassification``, ..."""
    prepare: Callable[[pl.DataFrame, str, Any], pl.DataFrame]
    """(rows, where, settings): check the columns and bring them to canonical form; ``where`` names
    the split or file in messages. For spans this adds ``tokens`` to rows of raw text."""
    labels: Callable[[Mapping[str, pl.DataFrame], Any], tuple[str, ...]]
    """(prepared splits, settings): all labels, from train alone. Labels that only another split has
    count as wrong there, or are a ``RowError`` where the settings say so."""
    unseen: Callable[[Mapping[str, pl.DataFrame], tuple[str, ...], Any], tuple[str, ...]] = (
        lambda _, __, ___: ()
    )
    """(prepared splits, labels, settings): notes on labels that only another split has."""
    targets: Callable[[pl.DataFrame, tuple[str, ...], Any], list[NDArray[Any]]]
    """One array a row: ``()`` int64 for one label, ``(labels,)`` float32 for several,
    ``(words,)`` int64 for tags. What is not among the labels is -100."""
    loss: Callable[[Any, Any, Any], Any]
    """(logits, targets, settings), torch tensors: the mean loss. Targets of -100 do not count."""
    decode: Callable[..., pl.DataFrame]
    """(rows, logits, labels, settings, paths=None): answers, one row a row of ``rows`` with columns
    ``id``, ``answer`` (text), ``probabilities`` (list of float, one a label; classification with
    one label) and, for spans, ``tags``. ``logits`` holds one array a row, ``(labels,)`` or
    ``(words, labels)``; ``paths`` label codes that were decoded together, ``(words,)`` a row."""
    gold: Callable[[pl.DataFrame, Any], list[str]]
    """(rows, settings): the right answers as text, in the very form that ``decode`` gives."""
    score: Callable[..., Scores]
    """(rows, answers, labels, settings, split=..., notes={}): all scores, from saved answers."""
    baselines: Mapping[str, Callable[..., pl.DataFrame]]
    """Name to (train rows, rows, labels, settings): answers of a simple method, as ``decode``."""
    allowed: Callable[[tuple[str, ...], Any], NDArray[np.bool_] | None] = lambda _, __: None
    """(labels, settings): which label may follow which, ``(before, after)``; what a row begins with
    is what may follow the first label. None where every answer stands alone."""
    toy: Callable[[], Dataset]
    """A small dataset of our own that a tiny model learns in seconds."""


@dataclass(frozen=True, kw_only=True)
class Head:
    """The layer from a base's vectors to a task's answers."""

    settings: type[Settings]
    make: Callable[..., Any] | None
    """(settings, width, labels, dropout): a torch module; none where the base's own standard head
    is used. A module that scores the words of a row together has ``loss(logits, targets, mask)``
    and ``best_path(logits, mask, allowed=...)``; the latter gives label codes ``(rows, words)``."""
    refuses: Callable[[Recipe], str | None] | None = None


@dataclass(frozen=True, kw_only=True)
class Adaptation:
    """A way to update a base: which of its weights move, and how."""

    settings: type[Settings]
    learning_rate: float | None
    """Peak rate where the recipe names none; none where it follows the size of the base."""
    apply: Callable[[Any, Any], None]
    """(network, settings): freeze, unfreeze or add weights, in place."""
    finish: Callable[[Any], None] | None = None
    """(network): merge what was added, so that the network is plain again."""
    caches_features: bool = False
    """The base never changes, so its outputs are computed once."""
    refuses: Callable[[Recipe], str | None] | None = None


@dataclass(frozen=True, kw_only=True)
class AnswerSource:
    """A kind of table of other people's answers."""

    read: Callable[..., Any]
    suffixes: tuple[str, ...] = field(default=())


@dataclass(frozen=True, kw_only=True)
class CardSource:
    """A kind of zoo that cards are read from."""

    read: Callable[..., Cards]
    """(places, on_progress=..., **settings): all cards of the paths, which are none where the
    source is called by its name; ``on_progress`` takes (done, of all, what is being read)."""
    accepts: Callable[[Path], bool] | None = None
    """Whether a path looks like this kind; none where the source is called by its name."""
    blind: tuple[str, ...] = field(default=())
    """What this kind of source cannot see, one sentence each."""
