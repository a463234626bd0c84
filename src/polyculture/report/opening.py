"""The first screen: one finding, and four questions answered."""

from polyculture.core.audit import Audit, Comparison, JointOutcome
from polyculture.core.report_input import ReportInput
from polyculture.core.values import Known
from polyculture.page.blocks import Answer
from polyculture.page.numbers import Form, coefficient, effective, share
from polyculture.page.words import isolated, short
from polyculture.report.findings import (
    behaviour_of,
    group_value,
    levels,
    ranked,
    times_as_often,
    undefined_results,
)
from polyculture.report.language import Language
from polyculture.report.meanings import within

SHOWN_ADVICE = 2
FIRST_TOPICS = ("vote", "least_alike", "joint_failure", "leave_out", "most_alike")
"""What the first screen says first; joint failure has an answer of its own there."""
LONGEST_NAME = 60
MOST_NAMES = 8
"""Models that the line below the headline names."""


def verdict(audit: Audit, language: Language) -> str:
    """The finding in one sentence."""
    votes = group_value(audit, "effective_votes")
    together = _together_in_words(audit.all_fail, len(audit.models), language)
    number = language.spelled(len(audit.models))
    if isinstance(votes, Known):
        counted = {"Number": number.capitalize(), "votes": effective(votes.number)}
        if not together:
            return language.say("verdict.votes", **counted)
        return language.say("verdict.votes.together", together=together, **counted)
    if together:
        return language.say("verdict.together", number=number, together=together)
    return _verdict_on_pairs(audit, language)


def _together_in_words(outcome: JointOutcome, number: int, language: Language) -> str:
    """Joint failure in half a sentence; empty where nothing can be said."""
    every = language.say("every.two" if number == 2 else "every.short")  # noqa: PLR2004
    if isinstance(outcome.observed, Known) and outcome.observed.number == 0:
        return language.say("together.never", every=every)
    if isinstance(outcome.ratio, Known):
        times = times_as_often(outcome, language)
        return language.say("together.often", every=every, times=times)
    return ""


def _verdict_on_pairs(audit: Audit, language: Language) -> str:
    measure = behaviour_of(audit)
    number = language.spelled(len(audit.models))
    if measure is None:
        return language.say("verdict.unknown", Number=number.capitalize())
    best, value = ranked(audit, measure)[0]
    return language.say(
        "verdict.pair",
        number=number,
        pair=_names(best, language),
        measure=within(measure, language),
        value=_pair_form(measure)(value.number),
    )


def _pair_form(measure: str) -> Form:
    return share if measure == "agreement" else coefficient


def _names(pair: Comparison, language: Language) -> str:
    return language.listed([isolated(short(name, LONGEST_NAME)) for name in (pair.a, pair.b)])


def answers(content: ReportInput, language: Language) -> tuple[Answer, ...]:
    """The questions that a reader comes with."""
    audit = content.audit
    return (
        _alike(audit, language),
        _together(audit, language),
        _sure(audit, language),
        _advice(audit, language),
    )


def _aside(audit: Audit, value: Known, form: Form, language: Language) -> str:
    """The interval of a value in parentheses, or why there is none; empty where nothing is said."""
    words = language.interval(value, form)
    if not words:
        return ""
    if value.low is None:
        return language.say("aside", interval=words)
    return language.say("aside.level", level=levels(audit, language), interval=words)


def _alike(audit: Audit, language: Language) -> Answer:
    question = language.say("answer.alike")
    details = _extremes(audit, language)
    votes = group_value(audit, "effective_votes")
    number = len(audit.models)
    if isinstance(votes, Known):
        is_apart = (votes.high or votes.number) >= number
        aside = _aside(audit, votes, effective, language)
        key = "answer.alike.apart" if is_apart else "answer.alike.close"
        return Answer(
            question=question,
            figure=effective(votes.number),
            unit=language.say("answer.alike.votes", number=number),
            sentences=(language.say(key, aside=aside),),
            details=details,
        )
    if votes is not None:
        reason = language.reason(votes.reason)
        details = (*details, language.say("answer.alike.undefined", reason=reason))
    return Answer(
        question=question,
        figure=f"{number}",
        unit=language.say("answer.alike.models"),
        sentences=details[:1],
        details=details[1:],
    )


def _extremes(audit: Audit, language: Language) -> tuple[str, ...]:
    measure = behaviour_of(audit)
    if measure is None:
        return (language.say("answer.alike.none"),)
    pairs = ranked(audit, measure)
    sentences = [_pair_sentence("most", measure, *pairs[0], language)]
    if len(pairs) > 1:
        sentences.append(_pair_sentence("least", measure, *pairs[-1], language))
    return tuple(sentences)


def _pair_sentence(
    rank: str, measure: str, pair: Comparison, value: Known, language: Language
) -> str:
    return language.say(
        f"answer.alike.{rank}",
        pair=_names(pair, language),
        measure=within(measure, language),
        value=language.told_whole(value, _pair_form(measure)),
    )


def _together(audit: Audit, language: Language) -> Answer:
    question = language.say("answer.together")
    observed, expected = audit.all_fail.observed, audit.all_fail.expected
    if not isinstance(observed, Known):
        reason = language.reason(observed.reason)
        return Answer(question=question, sentences=(language.say("nobody", reason=reason),))
    failed, every = audit.failures_by_count[-1], language.every(len(audit.models))
    sentence = language.say(
        "answer.together.failed" if failed else "answer.together.none",
        every=every,
        Every=every.capitalize(),
        failed=f"{failed:,}",
        items=language.counted(audit.items, "item"),
        aside=_aside(audit, observed, share, language),
    )
    details = []
    if isinstance(expected, Known):
        details.append(language.say("answer.together.expected", share=share(expected.number)))
    details += _within(audit, language) if failed else []
    return Answer(
        question=question,
        figure=share(observed.number),
        unit=language.say("answer.together.share"),
        sentences=(sentence,),
        details=tuple(details),
        is_alarming=True,
    )


def _within(audit: Audit, language: Language) -> list[str]:
    """What remains when shared difficulty is taken out."""
    sentences = []
    for outcome, what in (
        (audit.all_fail_within_strata, "strata"),
        (audit.all_fail_within_gold, "gold"),
    ):
        if outcome is None or not isinstance(outcome.ratio, Known):
            continue
        times = outcome.ratio.number
        key = f"answer.together.{what}" if times > 1 else f"answer.together.{what}.chance"
        sentences.append(language.say(key, ratio=language.ratio(times)))
    return sentences


def _drawn(audit: Audit, language: Language) -> str:
    """What a round of the bootstrap draws."""
    if audit.settings.get("resampled") != "documents":
        return language.say("answer.sure.drawn")
    return language.say("answer.sure.documents", number=f"{audit.settings['units']:,}")


def _sure(audit: Audit, language: Language) -> Answer:
    sentences = _intervals(audit, language)
    undefined = undefined_results(audit)
    every = len(audit.comparisons) + len(audit.group)
    details = [language.say("defined")]
    if undefined:
        numbers = {"undefined": f"{len(undefined):,}", "all": f"{every:,}"}
        details = [language.say("answer.sure.undefined", **numbers)]
    missing = sum(model.missing for model in audit.models)
    if missing:
        so = "apart" if audit.models[0].errors is None else "wrong"
        counted = language.counted(missing, "missing")
        details.append(language.say(f"answer.sure.{so}", missing=counted))
    return Answer(
        question=language.say("answer.sure"),
        figure=f"{audit.items:,}",
        unit=language.say("answer.sure.items"),
        sentences=tuple(sentences) or (language.say("answer.sure.none"),),
        details=tuple(details),
    )


def _intervals(audit: Audit, language: Language) -> list[str]:
    """What the intervals rest on, and how far joint failure may be off."""
    resamples = audit.settings.get("resamples")
    sentences = []
    if resamples:
        sentences.append(
            language.say(
                "answer.sure.resamples",
                interval=levels(audit, language),
                resamples=f"{resamples:,}",
                drawn=_drawn(audit, language),
            )
        )
    value = audit.all_fail.ratio
    if isinstance(value, Known) and value.low is not None and value.number > 0:
        ends = language.interval(value, language.ratio)
        times = language.ratio(value.number)
        sentences.append(language.say("answer.sure.times", ratio=times, interval=ends))
    return sentences


def _advice(audit: Audit, language: Language) -> Answer:
    first = sorted(audit.advice, key=lambda advice: FIRST_TOPICS.index(advice.topic))
    sentences = tuple(language.recorded(advice.sentence) for advice in first)
    more = len(sentences) - SHOWN_ADVICE
    others = language.counted(more, "sentence")
    return Answer(
        question=language.say("answer.do"),
        sentences=sentences[:SHOWN_ADVICE] or (language.say("answer.do.none"),),
        details=(language.say("answer.do.more", more=others),) if more > 0 else (),
    )


def deck(content: ReportInput, language: Language) -> str:
    """What was compared, on what."""
    audit = content.audit
    names = [isolated(short(model.name, LONGEST_NAME)) for model in audit.models]
    if len(names) > MOST_NAMES:
        shown = MOST_NAMES - 1
        names = [*names[:shown], language.say("deck.more", number=len(names) - shown)]
    items = language.counted(audit.items, "item")
    return language.say(
        "deck", models=language.listed(names), items=items, probe=isolated(audit.probe)
    )
