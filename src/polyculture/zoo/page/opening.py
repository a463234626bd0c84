"""The first screen: one finding, and four questions answered."""

from polyculture.core.survey import Forest, Survey, Trend
from polyculture.core.values import Known, Value
from polyculture.page.blocks import Answer
from polyculture.page.numbers import SURE, Form, coefficient, diversity, effective, level, share
from polyculture.zoo.page import findings
from polyculture.zoo.page.language import Language, shown

NEXT = 3
"""Ancestors, or outliers, named on the first screen."""


def verdict(survey: Survey, language: Language) -> str:
    """The finding in one sentence: different architectures, or else effective lineages."""
    alike = findings.similarity(survey)
    if alike is not None and isinstance(alike.d1, Known):
        return language.say(
            "verdict.architectures",
            cards=language.counted(alike.built, survey.unit),
            number=diversity(alike.d1.number),
            aside=aside(survey, language, alike.d1, diversity),
        )
    lineage = findings.concentration(survey, "lineage")
    if lineage is not None and isinstance(lineage.hill1, Known):
        return language.say(
            "verdict.lineages",
            cards=language.counted(lineage.members, survey.unit),
            number=effective(lineage.hill1.number),
            aside=aside(survey, language, lineage.hill1, effective),
        )
    return language.say("verdict.none", cards=language.counted(survey.cards, survey.unit))


def aside(survey: Survey, language: Language, value: Known, form: Form) -> str:
    """The interval in brackets, named as what it is; empty where there is none."""
    if value.low is None:
        return ""
    ends = language.interval(value, form)
    if survey.is_census:
        return language.say("aside.census", interval=ends)
    return language.say("aside.sample", level=level(findings.level(survey)), interval=ends)


def deck(survey: Survey, language: Language) -> str:
    """What was counted."""
    said = language.say(
        "deck",
        cards=language.counted(survey.cards, survey.unit),
        communities=language.counted(len(survey.communities), "community"),
        sources=language.listed([shown(source) for source in survey.sources]),
    )
    if not survey.buildable:
        return said + language.say("deck.unbuilt")
    return said + language.say("deck.built", built=f"{survey.built:,}", all=f"{survey.cards:,}")


def answers(survey: Survey, language: Language) -> tuple[Answer, ...]:
    """The questions that a reader comes with."""
    return (
        _concentrated(survey, language),
        _since(survey, language),
        _inherited(survey, language),
        _diverse(survey, language),
    )


def _concentrated(survey: Survey, language: Language) -> Answer:
    question = language.say("answer.concentrated")
    found = findings.concentration(survey, "lineage")
    if found is None or not isinstance(found.hill1, Known):
        reason = _reason(found.hill1 if found else None, language, "no.lineage")
        return Answer(question=question, sentences=(language.say("nobody", reason=reason),))
    sentences = [
        language.say(
            "answer.concentrated.top",
            name=shown(found.top),
            share=share(found.top_share.number),
            aside=aside(survey, language, found.top_share, share),
        )
        if isinstance(found.top_share, Known)
        else ""
    ]
    return Answer(
        question=question,
        figure=effective(found.hill1.number),
        unit=language.say(
            "answer.concentrated.unit", cards=language.counted(found.members, survey.unit)
        ),
        sentences=tuple(filter(None, sentences)),
        details=_against_chance(survey, language, found.hill1, found.p_value),
    )


def _against_chance(
    survey: Survey, language: Language, hill1: Known, p_value: Value
) -> tuple[str, ...]:
    details = []
    if hill1.chance is not None:
        chance = effective(hill1.chance)
        details.append(
            language.say("answer.concentrated.chance", chance=chance, p=language.p(p_value))
        )
    one = findings.most_concentrated(survey)
    if one is not None and isinstance(one.hill1, Known) and one.hill1.chance is not None:
        details.append(
            language.say(
                "answer.concentrated.community",
                community=language.name_of(one.community),
                number=effective(one.hill1.number),
                chance=effective(one.hill1.chance),
                p=language.p(one.p_value),
            )
        )
    return tuple(details)


def _reason(value: Value | None, language: Language, otherwise: str) -> str:
    if value is None or isinstance(value, Known):
        return language.say(otherwise)
    return language.reason(value.reason)


def _since(survey: Survey, language: Language) -> Answer:
    question = language.say("answer.since")
    moved = tuple(
        said
        for figure in ("mean similarity", "same lineage")
        if (said := _movement(findings.trend(survey, figure), language))
    )
    dated = [one for one in survey.histories if one.first_year is not None]
    if not dated:
        sentences = moved or (language.say("nobody", reason=language.say("no.years")),)
        return Answer(question=question, sentences=sentences)
    # What was uniform from the first year on tells nothing of a change.
    first = min(one.first_year or 0 for one in dated)
    later = [one for one in dated if one.first_year != first] or dated
    one = max(later, key=lambda history: history.share)
    uniform = {"trait": language.term(one.trait), "value": language.term(one.value)}
    return Answer(
        question=question,
        figure=f"{one.first_year}",
        unit=language.say("answer.since.unit", **uniform),
        sentences=(
            language.say("answer.since.share", share=share(one.share), **uniform),
            *moved[:1],
        ),
        details=(
            *(_agreement(survey, language) or moved[1:]),
            language.say("answer.since.means", means=language.term(survey.year_means)),
        ),
    )


def _agreement(survey: Survey, language: Language) -> tuple[str, ...]:
    """The traits in which the cards of a year agree more often, or less, than those before."""
    ways: dict[str, list[str]] = {"less": [], "more": []}
    for one in survey.trends:
        if one.figure == "same trait" and not one.community and _is_clear(one):
            way = "less" if isinstance(one.tau, Known) and one.tau.number < 0 else "more"
            ways[way].append(language.term(one.trait))
    return tuple(
        language.say(f"answer.since.{way}", traits=language.listed(traits))
        for way, traits in ways.items()
        if traits
    )


def _is_clear(trend: Trend) -> bool:
    return isinstance(trend.p_value, Known) and trend.p_value.number < SURE


def _movement(trend: Trend | None, language: Language) -> str:
    """Which way a figure goes, if it can be told from no movement at all."""
    if trend is None or not isinstance(trend.tau, Known):
        return ""
    way = "level" if not _is_clear(trend) else "up" if trend.tau.number > 0 else "down"
    return language.say(
        f"trend.{way}",
        figure=language.say(f"figure.{trend.figure}.within"),
        tau=coefficient(trend.tau.number),
        p=language.p(trend.p_value),
    )


def _inherited(survey: Survey, language: Language) -> Answer:
    question = language.say("answer.inherited")
    found = findings.forest(survey)
    if found is None or not found.ancestors:
        reason = language.say("no.parents")
        return Answer(question=question, sentences=(language.say("nobody", reason=reason),))
    top, *others = found.ancestors[: 1 + NEXT]
    sentences = [language.say("answer.inherited.flaw", name=shown(top.name))]
    if others:
        named = [
            language.say("told", number=shown(one.name), aside=share(one.share)) for one in others
        ]
        sentences.append(language.say("answer.inherited.next", names=language.listed(named)))
    return Answer(
        question=question,
        figure=share(top.share),
        unit=language.say("answer.inherited.unit", name=shown(top.name)),
        sentences=tuple(sentences),
        details=_points_of_failure(found, survey, language),
        is_alarming=True,
    )


def _points_of_failure(found: Forest, survey: Survey, language: Language) -> tuple[str, ...]:
    top = found.ancestors[0]
    said = [
        language.say(
            "answer.inherited.sole",
            sole=language.counted(top.sole, survey.unit),
            all=f"{top.descendants:,}",
        )
    ]
    if isinstance(found.largest, Known) and found.largest.chance is not None:
        chance = share(found.largest.chance)
        said.append(language.say("answer.inherited.chance", chance=chance))
    return tuple(said)


def _diverse(survey: Survey, language: Language) -> Answer:
    sentences = []
    if survey.outliers:
        named = [shown(one.name) for one in survey.outliers[:NEXT]]
        sentences.append(language.say("answer.diverse.outliers", names=language.listed(named)))
    alike = findings.similarity(survey)
    if alike is not None and isinstance(alike.mean, Known):
        mean = language.told(alike.mean, coefficient)
        sentences.append(language.say("answer.diverse.mean", mean=mean))
    sentences.append(language.say("sure.census" if survey.is_census else "sure.sample"))
    return Answer(
        question=language.say("answer.diverse"),
        figure=_basis(survey),
        unit=language.say(
            "answer.diverse.built" if survey.buildable else "answer.diverse.counted",
            cards=language.counted(survey.cards, survey.unit),
        ),
        sentences=tuple(sentences),
        details=(language.say("answer.diverse.limits"),),
    )


def _basis(survey: Survey) -> str:
    return share(survey.built / survey.cards) if survey.buildable else f"{survey.cards:,}"
