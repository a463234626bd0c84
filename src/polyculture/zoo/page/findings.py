"""Looking up what a survey found. Nothing here is computed."""

from collections.abc import Sequence

from polyculture.core.survey import Community, Concentration, Forest, Similarity, Survey, Trend
from polyculture.core.values import Known
from polyculture.page.numbers import SURE

FEWEST = 10
"""Members of a community that is named on the first screen."""


def concentration(survey: Survey, over: str, community: str = "") -> Concentration | None:
    """How cards spread over classes, each card counted once."""
    return next(
        (
            one
            for one in survey.concentrations
            if (one.over, one.community, one.weight) == (over, community, "count")
        ),
        None,
    )


def similarity(survey: Survey, community: str = "") -> Similarity | None:
    """How many different architectures there are."""
    return next((one for one in survey.similarities if one.community == community), None)


def forest(survey: Survey) -> Forest | None:
    """The lineage forest over every kind of inheritance."""
    return next((one for one in survey.forests if one.kind == "any"), None)


def trend(survey: Survey, figure: str, community: str = "") -> Trend | None:
    """How a figure moved over the years; none of a trait."""
    return next(
        (
            one
            for one in survey.trends
            if (one.figure, one.trait, one.community) == (figure, "", community)
        ),
        None,
    )


def largest_first(survey: Survey) -> Sequence[Community]:
    """Communities by number of members, then by name."""
    return sorted(survey.communities, key=lambda one: (-one.members, one.name))


def most_concentrated(survey: Survey) -> Concentration | None:
    """The community furthest below its chance, among those that chance would hardly give.

    The smallest are left out: of three models, two with one parent are no finding.
    """
    found = [
        (one.hill1.number / one.hill1.chance, one.community, one)
        for community in survey.communities
        if community.members >= FEWEST
        and (one := concentration(survey, "lineage", community.name)) is not None
        and isinstance(one.hill1, Known)
        and one.hill1.chance
        and isinstance(one.p_value, Known)
        and one.p_value.number < SURE
    ]
    return min(found)[2] if found else None


def level(survey: Survey) -> float:
    """The level of confidence of all intervals."""
    return float(survey.settings.get("confidence", 0.95))
