"""What a person asks for: one recipe, one run.

A recipe names a part for each place (task, base, data, adaptation, head) and that part's own
settings. The settings record lives in the part's file; the finder brings it, so that a recipe is
checked against what is really on the shelf.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    SerializeAsAny,
    ValidationInfo,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from polyculture.core import parts
from polyculture.core.errors import RecipeError
from polyculture.core.names import checked_name
from polyculture.core.record import Asked
from polyculture.core.regularization import Regularization

if TYPE_CHECKING:
    from collections.abc import Callable


class Settings(Asked):
    """The settings of one part. Every subclass adds its tag: ``kind`` or, for data, ``source``."""


class OnShelf:
    """Marks a field of a recipe as "one of the parts of this shelf, with its settings".

    ``key`` is the word in the file that names the part (``kind`` or ``source``). A plain string
    stands for a part with default settings: ``task = "spans"``. A table that names no part is one
    of the ``default`` part, where the shelf has one.
    """

    def __init__(self, shelf: str, key: str = "kind", default: str | None = None) -> None:
        self.shelf = shelf
        self.key = key
        self.default = default

    def name_in(self, value: object) -> str | None:
        """The part that a string or a table in a file names, or the default one."""
        if isinstance(value, str):
            return value
        if not isinstance(value, dict):
            return None
        name = value.get(self.key, self.default)
        return None if name is None else str(name)

    def settings(self, name: str) -> type[Settings]:
        """The settings record of a part."""
        kind: type[Settings] = parts.load(self.shelf, name).settings
        return kind

    def read(self, value: object, info: ValidationInfo) -> Settings:
        """Turn what a file holds into the settings record of the part that it names."""
        if isinstance(value, Settings):
            return value
        name = self.name_in(value)
        if name is None:
            msg = f"expected a table with {self.key!r}, one of {', '.join(parts.names(self.shelf))}"
            raise ValueError(msg)
        try:
            settings = self.settings(name)
        except RecipeError as error:  # so that it comes with its place in the recipe
            raise ValueError(str(error)) from error
        table = value if isinstance(value, dict) else {}
        return settings.model_validate({**table, self.key: name}, context=info.context)

    def __get_pydantic_core_schema__(
        self, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            self.read,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda settings: settings.model_dump(mode="json")
            ),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        names = parts.names(self.shelf)
        tables = [self.settings(name).model_json_schema() for name in names]
        for name, table in zip(names, tables, strict=True):
            named = [] if name == self.default else [self.key]
            table["required"] = [*named, *table.get("required", ())]
        return {"anyOf": [{"enum": list(names)}, *tables]}


def _against_recipe_folder(path: Path, info: ValidationInfo) -> Path:
    folder = (info.context or {}).get("folder")
    return path if folder is None or path.is_absolute() else Path(folder) / path


class _Relative:
    """Makes a path relative to the recipe's folder absolute while the recipe is read."""

    def __get_pydantic_core_schema__(
        self, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.with_info_after_validator_function(
            _against_recipe_folder, handler(source)
        )


RecipePath = Annotated[Path, _Relative()]
"""A path in a recipe: relative to the folder of the recipe's file."""


DeviceName = Literal["auto", "cpu", "plain", "cuda", "mps"]


class Fit(Settings):
    """How the weights are trained, and when to stop."""

    learning_rate: float | None = Field(default=None, gt=0)
    """Peak learning rate. By default that of the adaptation, which the run records. For AdamW and
    ``full`` or ``last_layers`` it depends on the size of a pretrained base without its token
    embeddings: 2e-4 up to 15 million weights, 5e-5 up to 150 million, 2e-5 above; 1e-3 for a base
    made from nothing. Times 5 for ``adafactor``, 100 for ``sgd``."""
    head_learning_rate: float | None = Field(default=None, gt=0)
    """Peak learning rate of the head, whose weights are new. By default ``learning_rate``; if that
    is not set either, 1e-3 where the base is pretrained and adapted by ``full`` or ``last_layers``,
    times the same factor of the optimizer."""
    epochs: int = Field(default=4, ge=1, le=1_000_000)
    """Maximum number of passes over the training rows."""
    patience: int = Field(default=2, ge=1)
    """Early stopping: evaluations without a better validation score before training stops."""
    evaluations_per_epoch: int = Field(default=1, ge=1)
    """Evaluations on the validation rows in each epoch."""
    batch_tokens: int | None = Field(default=None, ge=16)
    """Padded tokens in one batch. By default 32 times the mean length of the training rows, or 256
    for tagged words; less, down to four rows, if there would be fewer than 180 steps and rows do
    not depend on one another, or if a language model's outputs would take more than 512 MB. Never
    less than the longest row needs."""
    weight_decay: float = Field(default=0.01, ge=0)
    """Decoupled weight decay of matrices, not of embeddings, norms and biases."""
    warmup: float = Field(default=0.1, ge=0, lt=1)
    """Share of all steps in which the learning rate rises from 0 to its peak."""
    schedule: Literal["linear", "cosine", "constant"] = "linear"
    """How the learning rate falls after the warm-up."""
    clip: float = Field(default=1.0, gt=0)
    """Gradient clipping: the largest norm of the gradient of a step."""
    max_length: int | None = Field(default=None, ge=8)
    """Longest input in tokens, or for clips in pieces of 20 ms. By default what the base allows,
    but 512 tokens at most. Truncated inputs are counted."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Arithmetic of matrix products. ``auto`` times both, once for each model and machine."""
    device: DeviceName = "auto"
    """Processor. ``auto`` takes CUDA or Apple's MPS where torch can use one, else the CPU.
    ``plain`` runs the code of these devices on a CPU, for comparison; it is slower than ``cpu``."""
    recompute: bool = False
    """Recompute activations in the backward pass (gradient checkpointing): less memory, about a
    third more time, the same weights."""
    threads: int | None = Field(default=None, ge=1, le=4_096)
    """CPU threads, at most 4 per core; by default, the cores that this process may use."""
    checkpoint_seconds: float = Field(default=60.0, gt=0)
    """Seconds between checkpoints, from which an interrupted training resumes."""


def _usual_head(task: Any) -> Settings:
    """``linear``, or the first head that gives what a task wants."""
    names = ["linear", *parts.names("heads")]
    heads = [parts.load("heads", name) for name in names]
    wanted = "labels" if task is None else parts.load("tasks", task.kind).output
    settings: Settings = next((h for h in heads if wanted in h.gives), heads[0]).settings()
    return settings


class Recipe(Asked):
    """One training, as it is asked for.

    Example:
        >>> recipe = Recipe.model_validate({
        ...     "task": "classification",
        ...     "base": {"source": "starter", "name": "minilm-l6"},
        ...     "data": {"source": "starter", "name": "reviews"},
        ... })
        >>> recipe.adaptation.kind, recipe.head.kind, recipe.seed
        ('full', 'linear', 1)
    """

    name: Annotated[str, AfterValidator(checked_name)] | None = None
    """Name and folder of the run; by default made from base, adaptation, head and seed."""
    task: Annotated[SerializeAsAny[Settings], OnShelf("tasks")]
    """What the model has to answer."""
    seed: int = Field(default=1, ge=0, lt=2**31)
    """Random seed of initial weights, order of the rows and dropout."""
    base: Annotated[SerializeAsAny[Settings], OnShelf("sources.bases", key="source")]
    """The model that is adapted."""
    data: Annotated[SerializeAsAny[Settings], OnShelf("sources.data", key="source")]
    """The rows with right answers, in splits."""
    adaptation: Annotated[SerializeAsAny[Settings], OnShelf("adaptations", default="full")] = Field(
        default_factory=lambda: parts.load("adaptations", "full").settings()
    )
    """Which weights of the base are trained, and how."""
    head: Annotated[SerializeAsAny[Settings], OnShelf("heads", default="linear")] = Field(
        default_factory=lambda found: _usual_head(found.get("task"))
    )
    """The layer from the base's vectors to answers. By default ``linear`` if that gives what the
    task wants, else the first head that does."""
    optimizer: Annotated[SerializeAsAny[Settings], OnShelf("optimizers", default="adamw")] = Field(
        default_factory=lambda: parts.load("optimizers", "adamw").settings()
    )
    """How weights follow their gradients."""
    fit: Fit = Fit()
    """How the weights are trained, and when to stop."""
    regularization: Regularization = Regularization()
    """Regularization against overfitting; off by default."""

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Self:
        reason = self._head_gives_what_the_task_wants()
        base: Any = self.base
        refuse: Callable[[Recipe], str | None] | None
        refuse = parts.load("sources.bases", base.source).refuses
        reason = reason or (refuse(self) if refuse else None)
        if reason:
            raise ValueError(reason)
        return self

    def _head_gives_what_the_task_wants(self) -> str | None:
        task: Any = self.task
        head: Any = self.head
        wanted = parts.load("tasks", task.kind).output
        if wanted in parts.load("heads", head.kind).gives:
            return None
        fitting = [
            name for name in parts.names("heads") if wanted in parts.load("heads", name).gives
        ]
        choice = " or ".join(repr(name) for name in fitting) or "another task"
        return (
            f"head {head.kind!r} does not give what the task {task.kind!r} wants "
            f"({wanted.replace('_', ' ')}). Choose {choice}"
        )
