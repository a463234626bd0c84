"""What a reader must know before any number of an audit."""

from collections.abc import Sequence

from polyculture.audit.advice import percent
from polyculture.core.views import Evidence

SMALL = 0.05
"""Share of the items below which texts that were learned from are a note: texts do repeat."""
MOST_NAMED = 12


def caveats(models: Sequence[Evidence]) -> tuple[str, ...]:
    """Which models learned from the probe, and what else makes their figures flatter."""
    return (
        *_items_learned_from(models, is_small=False),
        *shared([model.caveats for model in models], models),
    )


def learned_a_little(models: Sequence[Evidence]) -> tuple[str, ...]:
    """The same where it is few items: for the notes."""
    return tuple(_items_learned_from(models, is_small=True))


def shared(sentences: Sequence[Sequence[str]], models: Sequence[Evidence]) -> list[str]:
    """Sentences about every model once, without a name; then those about some, with their names.

    Args:
        sentences: Of each model.
        models: In the same order.
    """
    names: dict[str, list[str]] = {}
    for model, said_of_model in zip(models, sentences, strict=True):
        for sentence in said_of_model:
            names.setdefault(sentence, []).append(model.model)
    of_all = [sentence for sentence, whose in names.items() if len(whose) == len(models)]
    return [
        *of_all,
        *(
            f"{_listed(whose)}: {sentence}"
            for sentence, whose in names.items()
            if sentence not in of_all
        ),
    ]


def _items_learned_from(models: Sequence[Evidence], *, is_small: bool) -> list[str]:
    items = len(models[0].items)
    by_count: dict[int, list[str]] = {}
    for model in models:
        if model.learned_items and (model.learned_items < SMALL * items) == is_small:
            by_count.setdefault(model.learned_items, []).append(model.model)
    sentences = []
    for count, names in sorted(by_count.items(), reverse=True):
        who = "Every model" if len(names) == len(models) else _listed(names)
        sentence = (
            f"{who} learned from {count:,} of the {items:,} items ({percent(count / items)}): "
            "these texts are among the training rows."
        )
        if not is_small:
            sentence += " Its scores and its likeness here say little about new texts."
        sentences.append(sentence)
    return sentences


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
