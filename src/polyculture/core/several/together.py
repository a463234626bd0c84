"""Several tasks learnt by one body: what a person asks for, and the recipe of each part.

The parts share base, adaptation, seed and schedule. Each has its own task, data and head, and ends
as a run of its own.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, SerializeAsAny, model_validator

from polyculture.core import parts
from polyculture.core.names import checked_name
from polyculture.core.recipe import Fit, OnShelf, Recipe, Settings
from polyculture.core.record import Asked
from polyculture.core.regularization import Regularization
from polyculture.core.task import Task, task_of

Name = Annotated[str, AfterValidator(checked_name)]


def _own_head(task: Any) -> Settings:
    """The first head that gives what a task wants and is no standard head; ``linear`` comes first.

    Where no head is, the usual one, which is then refused with a reason.
    """
    wanted = "labels" if task is None else task_of(task).output
    for name in ("linear", *parts.names("heads")):
        head = parts.load("heads", name)
        pooled = {"pooling": "mean"} if "pooling" in head.settings.model_fields else {}
        settings: Settings = head.settings(**pooled)
        if wanted in head.gives and not head.is_standard(settings, wanted):
            return settings
    usual: Settings = parts.load("heads", "linear").settings()
    return usual


class Part(Asked):
    """One of the tasks."""

    task: Annotated[SerializeAsAny[Settings], OnShelf("tasks")]
    """What is answered."""
    data: Annotated[SerializeAsAny[Settings], OnShelf("sources.data", key="source")]
    """The rows with right answers, in splits."""
    head: Annotated[SerializeAsAny[Settings], OnShelf("heads", default="linear")] = Field(
        default_factory=lambda found: _own_head(found.get("task"))
    )
    """The layer from the shared body to the answers: one of ours, since a standard head comes with
    a body of its own. Left out, ``linear`` on the mean of the tokens, ``crf`` for words, or
    ``biaffine`` for ``answers``."""
    weight: float = Field(default=1.0, gt=0)
    """Its losses are multiplied by this."""


class Together(Asked):
    """One training of several tasks.

    Example:
        >>> reviews = {"task": "classification", "data": {"source": "starter", "name": "reviews"}}
        >>> names = {"task": "spans", "data": {"source": "starter", "name": "conll2003"}}
        >>> asked = Together.model_validate({
        ...     "name": "both",
        ...     "base": {"source": "starter", "name": "minilm-l6"},
        ...     "parts": {"reviews": reviews, "names": names},
        ... })
        >>> [(name, recipe.name, recipe.head.kind) for name, recipe in asked.recipes().items()]
        [('reviews', 'both-reviews', 'linear'), ('names', 'both-names', 'crf')]
    """

    name: Name
    """Folder of the runs, which lie in it under the names of the parts."""
    seed: int = Field(default=1, ge=0, lt=2**31)
    """Random seed of initial weights, order of the rows and dropout."""
    base: Annotated[SerializeAsAny[Settings], OnShelf("sources.bases", key="source")]
    """The model that is adapted."""
    adaptation: Annotated[SerializeAsAny[Settings], OnShelf("adaptations", default="full")] = Field(
        default_factory=lambda: parts.load("adaptations", "full").settings()
    )
    """Which weights of the base are trained, and how."""
    fit: Fit = Fit()
    """How the weights are trained, and when to stop."""
    optimizer: Annotated[SerializeAsAny[Settings], OnShelf("optimizers", default="adamw")] = Field(
        default_factory=lambda: parts.load("optimizers", "adamw").settings()
    )
    """How weights follow their gradients."""
    regularization: Regularization = Regularization()
    """Regularization against overfitting; off by default."""
    sampling: Literal["proportional", "equal"] | Annotated[float, Field(gt=1)] = "proportional"
    """How often examples of each part are drawn in an epoch. ``proportional``: each once;
    ``equal``: as many of every part; a number T: as many as their number to the power of 1/T, so
    that small parts come more often. An epoch has as many examples as there are in all."""
    parts: dict[Name, Part] = Field(min_length=2)
    """The tasks, by name."""

    @model_validator(mode="after")
    def _parts_can_share_a_body(self) -> Self:
        for name, recipe in self.recipes().items():
            reason = _why_not_shared(task_of(recipe.task), recipe)
            if reason:
                msg = f"part {name!r}: {reason}"
                raise ValueError(msg)
        return self

    def recipes(self) -> dict[str, Recipe]:
        """What each part would be as a training of its own."""
        names = ("seed", "base", "adaptation", "fit", "optimizer", "regularization")
        shared = {name: getattr(self, name) for name in names}
        return {
            name: Recipe.model_validate(
                {
                    **shared,
                    "name": f"{self.name}-{name}",
                    "task": part.task,
                    "data": part.data,
                    "head": part.head,
                }
            )
            for name, part in self.parts.items()
        }

    def drawn(self, examples: dict[str, int]) -> dict[str, int]:
        """How many examples of each part an epoch draws.

        Args:
            examples: How many each part has.

        Example:
            >>> asked = Together.model_construct(sampling="equal")
            >>> asked.drawn({"a": 900, "b": 100})
            {'a': 500, 'b': 500}
            >>> Together.model_construct(sampling=2.0).drawn({"a": 900, "b": 100})
            {'a': 750, 'b': 250}
        """
        if self.sampling == "proportional":
            return examples
        power = 0.0 if self.sampling == "equal" else 1 / float(self.sampling)
        shares = {name: count**power for name, count in examples.items()}
        whole = sum(examples.values()) / sum(shares.values())
        return {name: max(1, round(whole * share)) for name, share in shares.items()}


def _why_not_shared(task: Task, recipe: Recipe) -> str:
    settings: Any = recipe.task
    head: Any = recipe.head
    if task.output == "tokens":
        return (
            f"the task {settings.kind!r} uses the head of a language model, so it is trained alone"
        )
    if parts.load("heads", head.kind).is_standard(head, task.output):
        return (
            f"head {head.kind!r} is the base's own here, with a body of its own. Set pooling = "
            "'mean', or kind = 'mlp' or 'crf'"
        )
    if task.pool(settings) or task.couples_rows:
        return f"the task {settings.kind!r} needs rows beside its own, so it is trained alone"
    return ""
