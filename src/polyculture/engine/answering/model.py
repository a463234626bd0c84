"""A trained model, opened from its folder, and its answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, get_args

import polars as pl

from polyculture.core import parts
from polyculture.core.errors import ModelError, RowError
from polyculture.core.recipe import Recipe
from polyculture.core.run import Run
from polyculture.core.task import (
    Context,
    Encoded,
    Form,
    Inventory,
    Pool,
    Reads,
    Task,
    WordSpaces,
    task_of,
)
from polyculture.engine.answering.read import decoded, read_rows
from polyculture.engine.counts import answer_rows
from polyculture.engine.device import Device
from polyculture.nets.build import (
    BARE,
    form_of,
    has_class,
    labels_of,
    load_head,
    open_network,
    open_reader,
    reads_of,
)
from polyculture.nets.lexical.saved_counts import load_counts
from polyculture.nets.lexical.tfidf import Tfidf
from polyculture.nets.network import Network
from polyculture.nets.reading.account import refuse_unreadable
from polyculture.nets.saved.added import attach_saved
from polyculture.nets.saved.weights_fit import check_tokens, refuse_untrained
from polyculture.sources.bases.contents.plain import check_folder
from polyculture.store.pools import read_pool
from polyculture.store.runs import read_run

if TYPE_CHECKING:
    from polyculture.core.plugins import Head

FORMS: dict[Form, str] = {
    "encoder": "an encoder",
    "decoder": "a decoder",
    "encoder_decoder": "an encoder with a decoder behind it",
}
"""Forms of bases, in words."""
EXAMPLES: dict[Reads, dict[Form, str]] = {
    "text": {"encoder": "BERT", "decoder": "Llama", "encoder_decoder": "T5"},
    "pictures": {"encoder": "ViT"},
    "series": {"encoder": "PatchTST"},
    "sounds": {"encoder": "wav2vec2", "encoder_decoder": "Whisper"},
}
"""Bases of each form, by what they read."""
MADE: dict[Reads, str] = {"pictures": "resnet", "series": "patch_transformer", "sounds": "tdnn"}
"""Bases made from nothing that read something other than text."""


@dataclass(frozen=True, kw_only=True)
class Predictor:
    """A finished run, ready to answer.

    Example: ``open_run(Path("runs/ner")).answer(rows)``.
    """

    recipe: Recipe
    context: Context
    network: Network | Tfidf
    device: Device | None = None
    """Where the network is; None for the CPU with all cores of this process."""

    @property
    def labels(self) -> tuple[str, ...]:
        """All answers, in the order of the network's outputs."""
        return self.context.labels

    def answer(self, rows: pl.DataFrame, where: str = "the input") -> tuple[pl.DataFrame, Encoded]:
        """Answers to rows in the columns of the task, and what was cut on the way.

        Args:
            rows: With ``id`` and the task's inputs; answers are not needed.
            where: What the rows are, for messages.
        """
        if isinstance(self.network, Tfidf):
            return answer_rows(self.network, self.context, rows, where)
        values, encoded = self.read(rows, where)
        return self.decode(rows, values), encoded

    def decode(self, rows: pl.DataFrame, values: Sequence[Any]) -> pl.DataFrame:
        """Answers, from what ``read`` gave of each row."""
        return decoded(task_of(self.recipe.task), rows, values, self.context)

    def read(self, rows: pl.DataFrame, where: str) -> tuple[list[Any], Encoded]:
        """What the task's ``read`` gives of each row without its gold, and what was cut."""
        if isinstance(self.network, Tfidf):
            msg = f"{where}: word counts have no network to read with. Choose another base."
            raise ModelError(msg)
        task = task_of(self.recipe.task)
        try:
            encoded = task.encode(without_gold(rows, task), self.context)
        except RowError as error:
            raise RowError(error.reason, where=where, item=error.item) from error
        refuse_unreadable(encoded, where)
        read = read_rows(self.network, encoded, task, self.context, device=self.device)
        return read.rows, encoded


def without_gold(rows: pl.DataFrame, task: Task) -> pl.DataFrame:
    """The rows without their gold columns."""
    return rows.drop([name for name in rows.columns if _is_gold(task, name)])


def _is_gold(task: Task, name: str) -> bool:
    return name in task.columns and task.columns[name].is_gold


def network_of(folder: Path, recipe: Recipe, inventory: Inventory) -> Network:
    """A base, or a trained model's folder, with the head that a recipe asks for."""
    settings: Any = recipe.head
    task = task_of(recipe.task)
    head: Head = parts.load("heads", settings.kind)
    make_head = None if head.is_standard(settings, task.output) else head.make
    _refuse_other_sense(task, recipe, folder)
    model_class = _model_class(task, form_of(folder), recipe, folder)
    if make_head is None and not has_class(folder, model_class):
        _refuse_missing_head(task, folder, model_class)
    return open_network(
        folder,
        labels=inventory.labels,
        output=task.output,
        model_class=model_class,
        make_head=None
        if make_head is None
        else lambda width, count, dropout: make_head(settings, width, count, dropout),
        pooling=getattr(settings, "pooling", "mean"),
    )


def _refuse_other_sense(task: Task, recipe: Recipe, folder: Path) -> None:
    """Refuse a base that does not take in what the task gives it."""
    reads = reads_of(folder)
    if reads != task.reads:
        settings: Any = recipe.task
        msg = (
            f"{folder.name} reads {reads}, but the task {settings.kind!r} needs a base that reads "
            f"{task.reads}, such as {_able(task)}. Choose another base."
        )
        raise ModelError(msg)


def _able(task: Task) -> str:
    """Bases that read what a task gives them, in a form that can do it."""
    names = [EXAMPLES[task.reads][form] for form in task.model_class]
    made = MADE.get(task.reads)
    return " or ".join([*names, *([f"kind = {made!r} made from nothing"] if made else [])])


def _refuse_missing_head(task: Task, folder: Path, model_class: str) -> NoReturn:
    """Say which heads of ours do what transformers has no standard head for."""
    heads = {name: parts.load("heads", name) for name in parts.names("heads")}
    ours = [
        name
        for name, head in heads.items()
        if task.output in head.gives and not head.is_standard(head.settings(), task.output)
    ]
    choice = f"[head] kind = {' or '.join(map(repr, ours))}" if ours else "another base"
    kind = "for this task" if model_class == BARE else f"of this kind ({model_class})"
    msg = (
        f"transformers has no standard head {kind} for the family of {folder.name}. Choose "
        f"{choice}."
    )
    raise ModelError(msg)


def _model_class(task: Task, form: Form, recipe: Recipe, folder: Path) -> str:
    """Transformers' class of the standard head.

    Raises:
        ModelError: No base of this form can do the task.
    """
    if form in task.model_class:
        return task.model_class[form]
    settings: Any = recipe.task
    able = " or ".join(_told(form, task) for form in task.model_class)
    msg = (
        f"{folder.name} is {_told(form, task)}, but the task {settings.kind!r} needs {able}. "
        "Choose another base."
    )
    raise ModelError(msg)


def _told(form: Form, task: Task) -> str:
    example = EXAMPLES[task.reads].get(form)
    return f"{FORMS[form]}, such as {example}" if example else FORMS[form]


def open_run(folder: Path, *, device: Device | None = None) -> Predictor:
    """Load a run so that it answers.

    Args:
        folder: The run's.
        device: Where it will answer; the CPU where left out.

    Raises:
        StoreError: The folder holds no finished run.
        ModelError: Its model cannot be opened.
    """
    run = read_run(folder)
    length = int(run.facts.chosen["max_length"] or 0)
    return open_model(
        folder / "model",
        run.recipe,
        run.inventory,
        max_length=length,
        word_spaces=_word_spaces(run, folder),
        device=device,
        pool=_pool(run, folder),
    )


def _pool(run: Run, folder: Path) -> Pool | None:
    """What the run answers rows against, as it was read when the run was trained."""
    digest = run.facts.pool_digest
    if not digest:
        return None
    rows, read = read_pool(folder, digest)
    return Pool(rows=rows, read=read)


def _word_spaces(run: Run, folder: Path) -> WordSpaces:
    """Older runs have no record of it and put a space before every word."""
    recorded = run.facts.chosen.get("word_spaces", "every_word")
    for known in get_args(WordSpaces):
        if recorded == known:
            return known  # type: ignore[no-any-return]
    msg = (
        f"{folder / 'run.json'}: word_spaces is one of {', '.join(get_args(WordSpaces))}, got "
        f"{recorded!r}. Train the run again."
    )
    raise ModelError(msg)


def open_model(
    folder: Path,
    recipe: Recipe,
    inventory: Inventory,
    *,
    max_length: int,
    word_spaces: WordSpaces,
    device: Device | None = None,
    pool: Pool | None = None,
) -> Predictor:
    """Load a run's ``model`` folder.

    Args:
        folder: The model's.
        recipe: How it was made.
        inventory: What it learnt before training.
        max_length: Longest input in tokens; ignored for TF-IDF.
        word_spaces: Which words it was trained to see with a space before them; likewise.
        device: Where it will answer; the CPU where left out.
        pool: What it answers rows against.

    Raises:
        ModelError: A file is missing or damaged, is code, or belongs to another run.
    """
    if not folder.is_dir():
        msg = f"The run {folder.parent} is damaged: its folder 'model' is missing. Train it again."
        raise ModelError(msg)
    if Tfidf.lies_in(folder):
        context = Context(settings=recipe.task, inventory=inventory, longest=max_length)
        counts = load_counts(folder, inventory.labels)
        return Predictor(recipe=recipe, context=context, network=counts)
    check_folder(folder, str(folder))
    network = network_of(folder, recipe, inventory)
    if network.untrained:
        refuse_untrained(folder, network, labels_of(folder), inventory.labels)
    load_head(network, folder)
    adaptation: Any = recipe.adaptation
    attach_saved(network, parts.load("adaptations", adaptation.kind), adaptation, folder)
    reader = open_reader(folder)
    check_tokens(folder, network, reader)
    context = Context(
        settings=recipe.task,
        inventory=inventory,
        reader=reader,
        longest=max_length,
        word_spaces=word_spaces,
        pool=pool,
        form=form_of(folder),
    )
    if device is not None:
        device.move(network)
    return Predictor(recipe=recipe, context=context, network=network, device=device)
