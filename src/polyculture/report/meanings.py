"""What measures and views are called on the page, and what they mean to a newcomer."""

from typing import NamedTuple

from polyculture.core import parts
from polyculture.core.errors import RecipeError


class Meaning(NamedTuple):
    """A measure in words."""

    label: str
    sentence: str


BEHAVIOUR = (
    "error_consistency",
    "agreement",
    "capa",
    "cohen_kappa",
    "error_correlation",
    "same_wrong_answer",
    "double_fault",
)
"""Measures of behaviour; the first of these that has a value stands for it."""

PROPER = ("Cohen", "Vendi")

STANDS_FOR_VIEW = ("error_consistency", "module_graph")
"""Measures that come first in their view."""

VIEWS = {
    "predictions": "Behaviour",
    "architecture": "Architecture",
    "recipe": "Recipe",
    "head": "Head",
}

NAMES = {"tfidf": "TF-IDF", "majority": "Majority answer", "f1": "F1"}
"""What stands on the page for names of baselines and scores."""

MEASURES = {
    "error_consistency": Meaning(
        "Error consistency",
        "Do two models fail on the same items, beyond what their accuracies alone would give? "
        "0 is chance, 1 means exactly the same items.",
    ),
    "agreement": Meaning(
        "Agreement", "The share of items to which two models give the same answer, right or wrong."
    ),
    "cohen_kappa": Meaning(
        "Cohen's kappa",
        "Agreement beyond chance: 0 is what two models with these habits would agree on by "
        "accident, 1 means the same answers throughout.",
    ),
    "capa": Meaning(
        "CAPA",
        "Agreement beyond what two accuracies alone would give, counting probabilities and "
        "whether wrong answers are the same. 0 is chance.",
    ),
    "double_fault": Meaning("Double fault", "The share of items that both models get wrong."),
    "error_correlation": Meaning(
        "Error correlation",
        "The correlation of being wrong, item by item. 0 is chance, 1 means the same items.",
    ),
    "same_wrong_answer": Meaning(
        "Same wrong answer",
        "Where both models are wrong, the share of items on which they give the same wrong answer.",
    ),
    "module_graph": Meaning(
        "Module graph",
        "Do two networks hold the same kinds of operators, wired alike? Names of classes do not "
        "count. 1 means the same graph.",
    ),
    "module_overlap": Meaning(
        "Module overlap",
        "Of the operators in either network, the share that both have, wiring left aside.",
    ),
    "configuration_similarity": Meaning(
        "Configuration similarity",
        "How alike the settings are that shape two networks: width, layers, activation and so on.",
    ),
    "recipe_similarity": Meaning(
        "Recipe similarity",
        "How alike the settings are by which two models were made: base, data, adaptation, "
        "learning rate and so on.",
    ),
    "head_similarity": Meaning(
        "Head similarity",
        "How alike two task heads are in kind, size and labels. Their weights do not count.",
    ),
    "effective_votes": Meaning(
        "Effective votes",
        "How many independent models would have a mean error as unsteady as that of these, "
        "given how their errors correlate.",
    ),
    "vote_gain": Meaning(
        "Gain of the vote, in points",
        "Accuracy of the plurality vote less that of the best single model, held out. Above 0 "
        "the vote is worth its cost.",
    ),
    "plurality_accuracy": Meaning(
        "Accuracy of the plurality vote", "The models vote on each item; the commonest answer wins."
    ),
    "best_accuracy": Meaning(
        "Accuracy of the best single model",
        "Chosen on the same items it is scored on, so it flatters a little.",
    ),
    "best_accuracy_held_out": Meaning(
        "Accuracy of the best single model, held out",
        "Chosen on one part of the items and scored on the other.",
    ),
    "vendi_score": Meaning(
        "Vendi score",
        "The effective number of different models, from the likeness of every pair: 1 if all are "
        "copies, the number of models if none is like another.",
    ),
}


def name_of(measure: str) -> str:
    """A measure's name on the page.

    Example:
        >>> name_of("double_fault"), name_of("module_kinds")
        ('Double fault', 'Module kinds')
    """
    known = MEASURES.get(measure)
    if known:
        return known.label
    return NAMES.get(measure) or measure.replace("_", " ").capitalize()


def heading(view: str, measure: str) -> str:
    """The title of what shows one measure of one view.

    Example:
        >>> heading("architecture", "module_graph"), heading("head", "head_similarity")
        ('Architecture: module graph', 'Head similarity')
    """
    name = name_of(measure)
    return name if name.startswith(view_name(view)) else f"{view_name(view)}: {within(measure)}"


def within(measure: str) -> str:
    """A measure's name within a sentence.

    Example:
        >>> within("double_fault"), within("cohen_kappa"), within("capa")
        ('double fault', "Cohen's kappa", 'CAPA')
    """
    name = name_of(measure)
    if name.startswith(PROPER) or name[1:2].isupper():
        return name
    return name[:1].lower() + name[1:]


def meaning_of(view: str, measure: str) -> str:
    """What a measure says, in a sentence; for unknown ones the first line of its own definition."""
    known = MEASURES.get(measure)
    if known:
        return known.sentence
    try:
        definition = parts.load(f"measures.{view}", measure).compare.__doc__ or ""
    except RecipeError:
        return ""
    return str(definition.strip().partition("\n")[0])


def view_name(view: str) -> str:
    """A view's name on the page."""
    return VIEWS.get(view, view.capitalize())
