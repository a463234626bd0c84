"""What things are called on the page, and what each measure means to a newcomer."""

import unicodedata
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


def listed(words: list[str] | tuple[str, ...]) -> str:
    """Words in a row, the last one after "and".

    Example:
        >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
        ('a', 'a and b', 'a, b and c')
    """
    if len(words) < 2:  # noqa: PLR2004
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def plural(number: int, word: str) -> str:
    """A number with its noun.

    Example:
        >>> plural(1, "item"), plural(1200, "item")
        ('1 item', '1,200 items')
    """
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


SPELLED = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def spelled(number: int) -> str:
    """A number in words as far as that reads well.

    Example:
        >>> spelled(6), spelled(1200)
        ('six', '1,200')
    """
    return SPELLED[number] if number < len(SPELLED) else f"{number:,}"


def all_of(number: int) -> str:
    """All models, in words.

    Example:
        >>> all_of(2), all_of(6)
        ('both', 'all six')
    """
    return "both" if number == 2 else f"all {spelled(number)}"  # noqa: PLR2004


def isolated(name: str) -> str:
    """A name from outside, fenced so that right-to-left text cannot reorder the sentence around it.

    Example:
        >>> isolated("rasa")
        'rasa'
    """
    if any(unicodedata.bidirectional(letter) in {"R", "AL", "AN"} for letter in name):
        return f"\u2068{name}\u2069"
    return name


def wide(text: str) -> int:
    """Columns that a text takes, wide letters counting twice.

    Example:
        >>> wide("bert"), wide("小模型")
        (4, 6)
    """
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def short(text: str, limit: int = 26) -> str:
    """A name for a chart: its middle left out where it is long.

    Example:
        >>> short("minilm-l6"), short("a" * 40, 9)
        ('minilm-l6', 'aaaa…aaaa')
    """
    text = " ".join(text.split())
    if wide(text) <= limit:
        return text
    half = (limit - 1) // 2
    start, end = text, text
    while wide(start) > half:
        start = start[:-1]
    while wide(end) > half:
        end = end[1:]
    return f"{start}…{end}"
