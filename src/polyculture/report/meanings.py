"""Names of measures and views on the page, and their meanings for newcomers.

What ships with the package is called and explained by the page's catalogues, in each language.
Everything else has its own name, and the first line of its own definition.
"""

from polyculture.core import parts
from polyculture.core.errors import RecipeError
from polyculture.report.language import Language

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

VIEWS = ("predictions", "architecture", "recipe", "head")
"""Views that the page knows, in the order of reading."""


def name_of(measure: str, language: Language) -> str:
    """A name on the page: of a measure, a score, a baseline or a column of a run's table.

    Example:
        >>> from polyculture.report.languages import CHINESE, ENGLISH
        >>> name_of("double_fault", ENGLISH), name_of("double_fault", CHINESE)
        ('Double fault', '双错率')
        >>> name_of("module_kinds", ENGLISH)
        'Module kinds'
    """
    if language.has(f"measure.{measure}"):
        return language.say(f"measure.{measure}")
    known = language.term(measure)
    return known if known != measure else measure.replace("_", " ").capitalize()


def heading(view: str, measure: str, language: Language) -> str:
    """The title of what shows one measure of one view.

    Example:
        >>> from polyculture.report.languages import ENGLISH
        >>> heading("architecture", "module_graph", ENGLISH)
        'Architecture: module graph'
        >>> heading("head", "head_similarity", ENGLISH)
        'Head similarity'
    """
    name, of_view = name_of(measure, language), view_name(view, language)
    if name.startswith(of_view):
        return name
    return language.say("heading", view=of_view, measure=within(measure, language))


def within(measure: str, language: Language) -> str:
    """A measure's name within a sentence.

    Example:
        >>> from polyculture.report.languages import ENGLISH
        >>> [within(name, ENGLISH) for name in ("double_fault", "cohen_kappa", "capa")]
        ['double fault', "Cohen's kappa", 'CAPA']
    """
    name = name_of(measure, language)
    if name.startswith(PROPER) or name[1:2].isupper():
        return name
    return name[:1].lower() + name[1:]


def meaning_of(view: str, measure: str, language: Language) -> str:
    """What a measure says, in a sentence; for unknown ones the first line of its own definition."""
    if language.has(f"measure.{measure}.is"):
        return language.say(f"measure.{measure}.is")
    try:
        definition = parts.load(f"measures.{view}", measure).compare.__doc__ or ""
    except RecipeError:
        return ""
    return str(definition.strip().partition("\n")[0])


def view_name(view: str, language: Language) -> str:
    """A view's name on the page."""
    return language.say(f"view.{view}") if view in VIEWS else view.capitalize()
