"""A survey in few keys, for programs: what ``polyculture survey --json`` prints."""

from typing import Any

from polyculture.core.survey import Concentration, Forest, Similarity, Survey, YearCheck
from polyculture.core.values import Known, Value

SCHEMA_NUMBER = 1
NOT_BUILT = {"reason": "no card of it was built"}


def summary(survey: Survey) -> dict[str, Any]:
    """The survey as plain JSON values; ``docs/survey-json.md`` describes them.

    Whatever is undefined is ``{"reason": ...}`` instead of a number.
    """
    return {
        "schema_number": SCHEMA_NUMBER,
        "sources": list(survey.sources),
        "unit": survey.unit,
        "digest": survey.digest,
        "listed": survey.listed,
        "cards": survey.cards,
        "built": survey.built,
        "not_built": survey.reasons,
        "all": _figures(survey, "", survey.cards, survey.built),
        "communities": {
            one.name: _figures(survey, one.name, one.members, one.built)
            for one in survey.communities
        },
        "lineage": _parents(survey, "base"),
        "copies": _parents(survey, "copy"),
        "forests": {one.kind: _forest(one) for one in survey.forests},
        "concentrations": [_concentration(one) for one in survey.concentrations],
        "distances": [
            {"a": one.a, "b": one.b}
            | {
                name: number(getattr(one, name))
                for name in ("jensen_shannon", "jensen_shannon_q", "kernel", "kernel_q")
            }
            for one in survey.distances
        ],
        "trends": [
            {
                "figure": one.figure,
                "trait": one.trait,
                "community": one.community,
                "tau": number(one.tau),
                "p_value": number(one.p_value),
                "points": {str(point.year): number(point.value) for point in one.points},
            }
            for one in survey.trends
        ],
        "years": _years(survey.year_check),
        "outliers": [one.name for one in survey.outliers],
        "notes": list(survey.notes),
    }


def _years(check: YearCheck | None) -> dict[str, Any]:
    if check is None:
        return {"reason": "no other table of years was given"}
    return {
        "against": check.against,
        "matched": check.matched,
        "median_lag": number(check.median_lag),
        "largest": {name: {"here": here, "there": there} for name, here, there in check.largest},
    }


def number(value: Value) -> float | dict[str, str]:
    """A number, or why there is none.

    Example:
        >>> number(Known(number=0.5))
        0.5
    """
    return value.number if isinstance(value, Known) else {"reason": value.reason}


def lineage_of(survey: Survey, community: str) -> Concentration:
    """The concentration of a community over root lineages; all cards for an empty name.

    Where nothing is known of any lineage there is one entry, of all cards, with the reason.
    """
    found = {
        one.community: one
        for one in survey.concentrations
        if (one.over, one.weight) == ("lineage", "count")
    }
    return found.get(community, found[""])


def similarity_of(survey: Survey, community: str) -> Similarity | None:
    """The effective number of architectures of a community; all cards for an empty name."""
    return next((one for one in survey.similarities if one.community == community), None)


def _figures(survey: Survey, community: str, members: int, built: int) -> dict[str, Any]:
    lineage, alike = lineage_of(survey, community), similarity_of(survey, community)
    return {
        "families": members,
        "built": built,
        "hill1": number(lineage.hill1),
        "hhi": number(lineage.hhi),
        "similarity_sensitive": NOT_BUILT if alike is None else number(alike.d1),
    }


def _parents(survey: Survey, kind: str) -> dict[str, int]:
    """Parent to direct heirs; with one kind of inheritance there is one forest, of that kind."""
    forests = {one.kind: one for one in survey.forests}
    if kind in forests:
        return forests[kind].parents
    only = "base" if any(one.parents for one in survey.members) else "copy"
    return forests["any"].parents if kind == only else {}


def _forest(forest: Forest) -> dict[str, Any]:
    return {
        "roots": forest.roots,
        "alone": forest.alone,
        "depth": forest.depth,
        "edges": forest.edges,
        "largest_share": number(forest.largest),
        "mended": list(forest.mended),
        "ancestors": {
            one.name: {"descendants": one.descendants, "share": one.share}
            for one in forest.ancestors
        },
    }


def _concentration(one: Concentration) -> dict[str, Any]:
    named: dict[str, Any]
    named = {"over": one.over, "community": one.community, "weight": one.weight}
    named |= {"members": one.members, "classes": one.classes, "top": one.top}
    figures = ("hhi", "hhi_unbiased", "hill1", "hill2", "gini", "top_share", "p_value")
    return named | {name: number(getattr(one, name)) for name in figures}
