"""Made-up views for checks of measures: strangers, kin, guessers, and cases at the edge."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyculture.core.views import MISSING, Architecture, HeadView, Module, Predictions, RecipeView

ITEMS = 400
CLASSES = 4
GOLD = np.random.default_rng(0).integers(CLASSES, size=ITEMS)
OPERATORS = ("linear", "embedding", "layer_norm", "gelu", "dropout", "conv1d")


def view(name: str, seed: int, *, cause: int | None = None) -> Any:
    """A made-up view of one kind.

    Args:
        name: ``predictions``, ``architecture``, ``recipe`` or ``head``.
        seed: What is the model's own.
        cause: What it shares with all models of the same cause; None for a stranger.
    """
    makers: dict[str, Callable[[int, int | None], Any]] = {
        "predictions": _predictions,
        "architecture": _architecture,
        "recipe": _recipe,
        "head": _head,
    }
    return makers[name](seed, cause)


def guesser(seed: int) -> Predictions:
    """A model whose answers, right or wrong, have nothing to do with anything."""
    rng = np.random.default_rng(seed)
    table = rng.dirichlet(np.ones(CLASSES), size=ITEMS)
    return Predictions(labels=rng.integers(CLASSES, size=ITEMS), gold=GOLD, probabilities=table)


def repeated(model: Predictions, counts: NDArray[Any]) -> Predictions:
    """The same answers with each item as often as counted."""
    rows = np.repeat(np.arange(len(counts)), counts.astype(np.int64))
    return model.at(rows)


def degenerate(name: str) -> list[list[Any]]:
    """Sets of three models at the edge of what has a value."""
    if name == "predictions":
        return _degenerate_predictions()
    empty: dict[str, Any] = {
        "architecture": Architecture(modules=(), parameters=0, configuration={}),
        "recipe": RecipeView(settings={}),
        "head": HeadView(modules=(), parameters=0, labels=(), kind="linear"),
    }
    return [[empty[name]] * 3, [empty[name], view(name, 1), view(name, 2)]]


def _predictions(seed: int, cause: int | None) -> Predictions:
    rng = np.random.default_rng([1, seed])
    scores = rng.normal(size=(ITEMS, CLASSES))
    scores[np.arange(ITEMS), GOLD] += 1
    if cause is not None:
        scores += np.random.default_rng([2, cause]).normal(size=(ITEMS, CLASSES))
    table = np.exp(scores)
    table /= table.sum(axis=1, keepdims=True)
    return Predictions(labels=table.argmax(axis=1), gold=GOLD, probabilities=table)


def _degenerate_predictions() -> list[list[Predictions]]:
    def model(labels: Sequence[int], gold: Sequence[int] | None) -> Predictions:
        codes = np.array(labels, dtype=np.int64)
        table = np.zeros((len(codes), 3))
        table[codes != MISSING, codes[codes != MISSING]] = 1
        right = None if gold is None else np.array(gold, dtype=np.int64)
        return Predictions(labels=codes, gold=right, probabilities=table)

    gold = [0, 1, 2, 0]
    wrong, half, gone = [1, 2, 0, 1], [0, 1, 0, 1], [MISSING] * 4
    one_class = replace(model([0] * 4, [0] * 4), probabilities=np.ones((4, 1)))
    sets = [
        [model(labels, gold) for labels in answers]
        for answers in (
            [gold] * 3,
            [wrong] * 3,
            [wrong, [2, 0, 1, 2], wrong],
            [gold, wrong, half],
            [gold, half, half],
            [gone] * 3,
            [gone, gold, half],
            [[MISSING, 1, 2, 0], half, wrong],
            [[0, 1, 2, 1], [0, 1, 1, 0], [1, 1, 2, 0]],  # each fails where the others do not
        )
    ]
    return [
        *sets,
        [one_class] * 3,
        [model(half, None) for _ in range(3)],
        [model([0], [0]), model([1], [0]), model([MISSING], [0])],
        [model([], []) for _ in range(3)],
    ]


def _tree(rng: np.random.Generator, cause: int | None) -> tuple[Module, ...]:
    shared = np.random.default_rng([3, cause or 0])
    modules = [Module(kind="block")]
    for _ in range(int(rng.integers(1, 4))):
        block = len(modules)
        modules.append(Module(kind="block", parents=(0,)))
        for source in (rng, shared) if cause is not None else (rng,):
            kinds = source.choice(OPERATORS, size=3)
            width = int(source.integers(1, 64))
            modules += [Module(kind=str(kind), parents=(block,), shape=(width,)) for kind in kinds]
    return tuple(modules)


def _architecture(seed: int, cause: int | None) -> Architecture:
    rng = np.random.default_rng([4, seed])
    return Architecture(
        modules=_tree(rng, cause),
        parameters=int(rng.integers(1, 10_000)),
        configuration=_settings(rng),
    )


def _recipe(seed: int, cause: int | None) -> RecipeView:
    rng = np.random.default_rng([5, seed])
    return RecipeView(settings={**_settings(rng), "base.name": f"base {cause}", "seed": seed})


def _head(seed: int, cause: int | None) -> HeadView:
    rng = np.random.default_rng([6, seed])
    return HeadView(
        modules=_tree(rng, cause),
        parameters=int(rng.integers(1, 10_000)),
        labels=tuple(f"label {n}" for n in range(int(rng.integers(2, 6)))),
        kind=str(rng.choice(["linear", "mlp", "crf"])),
    )


def _settings(rng: np.random.Generator) -> dict[str, str | int | float | bool | None]:
    return {
        "width": int(rng.integers(1, 512)),
        "rate": float(10 ** -rng.uniform(1, 5)),
        "offset": float(rng.normal()),
        "act": str(rng.choice(["gelu", "relu"])),
        "tied": bool(rng.integers(2)),
        "limit": None if rng.integers(2) else 128,
    }


def _new_names_of_classes(models: list[Any], rng: np.random.Generator) -> list[Any]:
    new = np.append(rng.permutation(CLASSES), MISSING)
    back = np.argsort(new[:-1])
    return [
        replace(
            model,
            labels=new[model.labels],
            gold=new[model.gold],
            probabilities=model.probabilities[:, back],
        )
        for model in models
    ]


def _new_order_of_items(models: list[Any], rng: np.random.Generator) -> list[Any]:
    order = rng.permutation(ITEMS)
    return [model.at(order) for model in models]


def _new_order_of_modules(models: list[Any], rng: np.random.Generator) -> list[Any]:
    def shuffled(modules: tuple[Module, ...]) -> tuple[Module, ...]:
        order = rng.permutation(len(modules))
        place = np.argsort(order)
        return tuple(
            modules[old].model_copy(
                update={"parents": tuple(int(place[parent]) for parent in modules[old].parents)}
            )
            for old in order
        )

    return [model.model_copy(update={"modules": shuffled(model.modules)}) for model in models]


def _new_sizes(models: list[Any], rng: np.random.Generator) -> list[Any]:
    def grown(modules: tuple[Module, ...]) -> tuple[Module, ...]:
        return tuple(
            module.model_copy(update={"shape": (int(rng.integers(1, 99)),)}) for module in modules
        )

    return [
        model.model_copy(update={"modules": grown(model.modules), "parameters": 7})
        for model in models
    ]


def _new_order_of_fields(models: list[Any], rng: np.random.Generator) -> list[Any]:
    changed = []
    for model in models:
        field = "settings" if isinstance(model, RecipeView) else "configuration"
        pairs = list(getattr(model, field).items())
        mixed = dict(pairs[number] for number in rng.permutation(len(pairs)))
        changed.append(model.model_copy(update={field: mixed}))
    return changed


CHANGES: dict[str, Callable[[list[Any], np.random.Generator], list[Any]]] = {
    "class_names": _new_names_of_classes,
    "item_order": _new_order_of_items,
    "module_order": _new_order_of_modules,
    "sizes": _new_sizes,
    "field_order": _new_order_of_fields,
}
"""What a measure may declare to be unchanged by, and how that change is made."""
