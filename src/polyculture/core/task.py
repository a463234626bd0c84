"""What a task is: a frozen record of functions, in the order in which a training calls them.

    rows      ─ prepare ─ learn ─▶ Inventory, what is known before there is a network
    numbers   ─ encode ─▶ Examples ─ (draw) ─ collate ─▶ Batch ─ network ─▶ Outputs ─ loss
    answers   ─ read ─▶ one small thing a row ─ decode ─▶ a table of answers
    settled   ─ settle: numbers that decode needs, chosen on the validation rows (a threshold)
    scores    ─ gold, grade, score, baselines                 from saved answers, without torch

Whoever wants to know what happens to a row reads the record from top to bottom. The engine owns the
order, the batches, the threads, the precision and the disk; it knows no task by name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from polyculture.core.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray
    from torch import Tensor

    from polyculture.core.data import Dataset
    from polyculture.core.recipe import Settings
    from polyculture.core.run import Scores
    from polyculture.nets.batch import Batch, Outputs, Reading

Output = Literal["labels", "word_labels", "positions", "tokens", "vectors", "numbers"]
"""What a network has to give for an answer. A task wants one of these, a head gives some of them.

``labels``: numbers for each label of a row; ``word_labels``: for each label of each word;
``positions``: two for each token: an answer starts there, and ends there; ``tokens``: for each
token of a vocabulary; ``vectors``: one vector a row; ``numbers``: one number a row, or one for each
name in ``Inventory.labels``.
"""
Form = Literal["encoder", "decoder", "encoder_decoder"]
"""How a base reads: all tokens at once, from left to right, or the one and then the other."""
Reads = Literal["text", "pictures", "sounds", "series"]
"""What a base takes in, and so what a task can give it."""
WordSpaces = Literal["as_in_text", "every_word"]
"""Which words are read with a space before them. ``every_word``: all; only byte-level tokenizers
have none before letters of scripts without spaces, but one before their punctuation."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column that a task reads. Sources map the columns of files to these; they know no task."""

    kind: Literal[
        "text",
        "words",
        "tags",
        "spans",
        "label",
        "labels",
        "file",
        "number",
        "turns",
        "answers",
        "places",
        "numbers",
    ]
    """What a cell holds, which says how it is read. In rows, ``file`` is an absolute path.
    ``answers``: texts that are right, each perhaps with the character of another text at which it
    starts; ``places``: such characters alone."""
    usual: tuple[str, ...] = ()
    """Its usual names in other people's files, tried if our own is absent."""
    is_gold: bool = False
    """It holds the right answer, so rows to predict go without it."""
    is_optional: bool = False
    """The data may lack it. Where they have it, no cell is empty."""
    unless: str = ""
    """Not read if the data have a column of this name."""


class Inventory(Record):
    """What a run knows beside its network. Saved in the run.

    ``labels`` and ``numbers`` come from the training rows, before there is a network; ``settled``
    from the validation rows, after training.
    """

    labels: tuple[str, ...] = ()
    """What the network's outputs are called, in their order: all answers where one is chosen, or
    several numbers; empty for one number, and where there is nothing to call."""
    numbers: dict[str, float] = Field(default_factory=dict)
    """Other facts by name: the mean and scale of a series, the rate of a clip."""
    settled: dict[str, float] = Field(default_factory=dict)
    """What the task's ``settle`` chose on the validation rows, as ``name`` or ``name:what of``
    (``temperature``, ``threshold:sport``). Empty until a model is trained."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """What a network reads at once: a text, a window of a sentence, a pair, a picture."""

    row: int
    """Number of the row that it belongs to. A row has one example, or several windows. In training
    a batch may hold some of a row's windows alone; whole rows are promised to ``read``. Inputs that
    a loss joins, such as the choices of a question, are therefore one example, which ``collate``
    may make several rows of the network of (``nets/reading/groups.py``)."""
    inputs: Mapping[str, NDArray[Any]]
    """Arguments of the network by its own names, such as ``input_ids``, unpadded."""
    size: int
    """What the budget of a batch counts: tokens in and out, patches, frames."""
    targets: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    """The right answers as numbers; empty if unknown."""
    places: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    """How outputs map back to the row, such as the token at which a word begins."""
    asked: int | None = None
    """At how many tokens the head of a language model is asked at once, which bounds the memory of
    its logits; None for those of ``places["positions"]`` or, where there are none, for all."""


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """All examples of some rows, in the order of the rows, with an account of what did not fit."""

    examples: Sequence[Example]
    rows: int
    notes: tuple[str, ...] = ()
    """What was cut or could not be read, as in "12 of 400 texts were cut at 512 tokens."."""
    protocol: Mapping[str, str | int] = field(default_factory=dict)
    """What a score has to name: counts, such as ``cut_texts``, or facts about the reader in words,
    such as the digest of a tokenizer."""
    unreadable: str = ""
    """Why no row at all can be read; empty if some can."""

    @property
    def sizes(self) -> NDArray[np.int64]:
        """The size of each example, ``(examples,)``."""
        import numpy as np

        return np.array([example.size for example in self.examples], dtype=np.int64)


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Rows that all others are answered against, such as the texts that a search finds."""

    rows: pl.DataFrame
    """Prepared; of a finished run ``id``, the gold columns and those of ``Task.pool_keeps``."""
    read: NDArray[Any] | None = None
    """What the task's ``read`` gave of each, ``(rows, ...)``; None before a model is finished, and
    where rows of the pool are not read by themselves."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """What every function of a task may look at."""

    settings: Any
    """The task's own."""
    inventory: Inventory
    reader: Any = None
    """Tokenizer or image processor of the base; None if only answers are looked at."""
    longest: int = 0
    """Longest input, in units of ``Example.size``."""
    word_spaces: WordSpaces = "as_in_text"
    """Text: which words are read with a space before them."""
    pool: Pool | None = None
    """What rows are answered against; None if they are answered alone."""
    form: Form = "encoder"
    """How the base reads."""
    even_widths: bool = False
    """Batches of texts are padded to few different widths, for libraries that make a kernel for
    each shape."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the inventory."""
        return self.inventory.labels

    @property
    def longest_answer(self) -> int:
        """Longest generated text in tokens, within what the base allows.

        A decoder reads and writes within one length. 0 for settings without ``core/search``.
        """
        most = self.longest // 2 if self.form == "decoder" else self.longest
        return min(most, int(getattr(self.settings, "longest_answer", 0)))


def _equal(rows: pl.DataFrame, answers: pl.DataFrame, context: Context) -> list[float]:
    """1 for an answer that equals the gold, 0 for any other and for none."""
    task = task_of(context.settings)
    answered = answers["answer"].to_list()
    return [float(a == b) for a, b in zip(task.gold(rows, context.settings), answered, strict=True)]


@dataclass(frozen=True, kw_only=True)
class Task:
    """A kind of question. The fields stand in the order in which a training calls them."""

    settings: type[Settings]
    output: Output
    """What a head has to give."""
    model_class: Mapping[Form, str]
    """transformers' class of the standard head for each form of base that can do this."""
    reads: Reads = "text"
    """What a base has to take in."""
    columns: Mapping[str, Column]
    """What the rows hold, beside ``id``, ``document`` and ``group``, which every task may have."""

    # rows
    prepare: Callable[[pl.DataFrame, str, Any], pl.DataFrame]
    """(rows, where, settings): check the columns and bring them to canonical form; ``where`` names
    the split or file in messages. Gold columns may be missing."""
    learn: Callable[[Mapping[str, pl.DataFrame], Any], Inventory]
    """(prepared splits, settings): what training can answer, from ``train`` alone.
    ``RowError`` where there is nothing to learn, or where the settings refuse what train lacks."""
    remarks: Callable[[Mapping[str, pl.DataFrame], Inventory, Any], tuple[str, ...]] = (
        lambda _, __, ___: ()
    )
    """(prepared splits, inventory, settings): what is worth knowing about the splits together."""

    pool: Callable[[Any], str] = lambda _: ""
    """(settings): the split whose rows all others are answered against; empty where there is none.
    ``encode`` and baselines find its rows in ``Context.pool``; ``decode`` finds what ``read`` gave
    of them, arrays of one shape. The finished model reads them once, and the run keeps that. Such a
    task is steered by its loss."""
    reads_pool: bool = True
    """The finished model reads each row of the pool by itself, and the run keeps what was read.
    False: rows of the pool are only read together with a row, as candidates are."""
    pool_keeps: Callable[[Any], tuple[str, ...]] = lambda _: ()
    """(settings): other columns of the pool that answers need, such as the texts of candidates. The
    run holds a copy of them, which its notes tell."""

    before: Callable[[pl.DataFrame, Sequence[Any], Context], pl.DataFrame] | None = None
    """(rows, what ``read`` gave of each): the rows with columns of what the base says of them as it
    stands, such as log-probabilities that a loss compares its own with. Every split is read once
    before the first step, in float32, and what is added is kept beside the checkpoints: a resumed
    training compares with the same numbers. ``encode``, ``score`` and the saved predictions have
    it; rows of other files lack it, and answers do not depend on it, as a finished run holds no
    base. None where nothing is compared."""

    # numbers
    encode: Callable[[pl.DataFrame, Context], Encoded]
    """Prepared rows to examples; with targets where the gold is there. ``RowError`` where a row
    cannot be read; the engine adds file and line."""
    draw: Callable[[Example, Context, np.random.Generator], Example] | None = None
    """What is drawn anew each time that an example is trained on (masks, crops). The generator
    follows the training's seed, the step and the example, so neither threads nor a resumed training
    change what is drawn; where rows are only read it follows what the example holds alone."""
    draws: Callable[[Any], Literal["always", "training", "never"]] = lambda _: "always"
    """(settings): when ``draw`` is called. ``training``: only for what is learnt from (crops), so
    that rows are read as they are. A base that never changes is read in advance where nothing is
    drawn."""
    pack: Callable[[Encoded, Context, np.random.Generator], Encoded] | None = None
    """(the encoded training rows, context, generator): what is learnt from in their place, such as
    blocks of several rows; the ``row`` of an example is then that of its first target. The
    generator follows the training's seed. Rows that are only read stay as ``encode`` gave them."""
    collate: Callable[[Sequence[Example], Context], Batch]
    """Examples to one padded batch."""
    loss: Callable[[Outputs, Batch, Context], Tensor]
    """The *sum* of the loss over the ``batch.count`` targets."""
    couples_rows: bool = False
    """The loss of a row depends on the other rows of its batch (in-batch negatives), so it is taken
    of the whole batch, however many threads compute the outputs. The rows of every output stand in
    the order of the examples."""

    # answers
    read: Callable[[Reading, Context], list[Any]]
    """Without gradient: one small thing for each row of the batch, in the order of ``batch.rows``.
    No logits of a vocabulary leave it."""
    settle: Callable[[pl.DataFrame, Sequence[Any], Context], Mapping[str, float]] | None = None
    """(validation rows, what was read of each, context): numbers that ``decode`` finds in
    ``Inventory.settled`` from then on, such as a temperature or a threshold. Called once, of the
    finished model; until then, and for baselines, there are none, so ``decode`` and ``score`` need
    a default for each. They must not depend on the order of the rows. What has no sensible value
    is left out; ``remarks`` can say why. The protocol of every score names them."""
    decode: Callable[[pl.DataFrame, Sequence[Any], Context], pl.DataFrame]
    """(rows, what was read of each): answers, one row a row, with columns ``id``, ``answer`` (text)
    and the task's own."""

    # scores
    gold: Callable[[pl.DataFrame, Any], list[str]]
    """(rows, settings): the right answers as text, in the very form that ``decode`` gives."""
    steer: Literal["score", "loss"] = "score"
    """By what the best weights are chosen: the headline's score on the validation rows, or their
    mean loss, where answers take long to make or there are none."""
    grade: Callable[[pl.DataFrame, pl.DataFrame, Context], list[float]] = _equal
    """(rows, answers): from 0, wrong, to 1, right, for each row; no answer is 0."""
    score: Callable[..., Scores]
    """(rows, answers, context, split=..., notes={}): all scores, from saved answers."""
    baselines: Mapping[str, Callable[[pl.DataFrame, pl.DataFrame, Context], pl.DataFrame]]
    """Name to (train rows, rows, context): answers of a simple method, as ``decode`` gives them."""
    named: Callable[[Inventory], Sequence[str]] = lambda inventory: inventory.labels
    """What the rows of a score's table are called, as far as training knows them."""
    codes: Callable[[pl.DataFrame, Context], list[NDArray[Any]]] | None = None
    """The right answer of each row as a number (or as 0 and 1 for each label): what a model of word
    counts learns from. None where one cannot."""

    # people
    table: Callable[[pl.DataFrame, pl.DataFrame, Context], pl.DataFrame]
    """(rows, answers): the columns that ``polyculture predict`` gives for each row."""
    toy: Callable[[], Dataset]
    """A small dataset of our own that a tiny model learns in seconds."""


def pool_of(settings: Any, rows: Mapping[str, pl.DataFrame]) -> Pool | None:
    """The prepared rows that a task answers all others against; None if there are none."""
    split = task_of(settings).pool(settings)
    return Pool(rows=rows[split]) if split in rows else None


def task_of(settings: Any) -> Task:
    """The task that some settings belong to."""
    from polyculture.core import parts

    part: Task = parts.load("tasks", settings.kind)
    return part
