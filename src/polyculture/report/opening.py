"""The first screen: one finding, and four questions answered."""

from polyculture.core.audit import Audit, Comparison, JointOutcome
from polyculture.core.report_input import ReportInput
from polyculture.core.values import Known
from polyculture.page.blocks import Answer
from polyculture.page.numbers import Form, coefficient, effective, interval, ratio, share, told
from polyculture.page.words import all_of, isolated, listed, plural, short, spelled
from polyculture.report.findings import (
    behaviour_of,
    group_value,
    levels,
    ranked,
    times_as_often,
    undefined_results,
)
from polyculture.report.meanings import within

SHOWN_ADVICE = 2
FIRST_TOPICS = ("vote", "least_alike", "joint_failure", "leave_out", "most_alike")
"""What the first screen says first; joint failure has an answer of its own there."""
LONGEST_NAME = 60


def verdict(audit: Audit) -> str:
    """The finding in one sentence."""
    votes = group_value(audit, "effective_votes")
    together = _together_in_words(audit.all_fail, len(audit.models))
    if isinstance(votes, Known):
        number = spelled(len(audit.models)).capitalize()
        count_as = f"{number} models count as {effective(votes.number)} independent votes"
        return f"{count_as}, and {together}." if together else f"{count_as}."
    if together:
        return f"Of {spelled(len(audit.models))} models, {together}."
    return _verdict_on_pairs(audit)


def _together_in_words(outcome: JointOutcome, number: int) -> str:
    """Joint failure in half a sentence; empty where nothing can be said."""
    every = all_of(number).partition(" ")[0]
    if isinstance(outcome.observed, Known) and outcome.observed.number == 0:
        return f"no item is failed by {every}"
    if isinstance(outcome.ratio, Known):
        return f"{every} fail together {times_as_often(outcome)}"
    return ""


def _verdict_on_pairs(audit: Audit) -> str:
    measure = behaviour_of(audit)
    if measure is None:
        number = spelled(len(audit.models)).capitalize()
        return f"{number} models whose likeness cannot be told from these answers."
    best, value = ranked(audit, measure)[0]
    pair = " and ".join(isolated(short(name, LONGEST_NAME)) for name in (best.a, best.b))
    name = within(measure)
    return (
        f"Of {spelled(len(audit.models))} models, {pair} are most alike: "
        f"{name} {_number(measure, value)}."
    )


def _number(measure: str, value: Known) -> str:
    return share(value.number) if measure == "agreement" else coefficient(value.number)


def answers(content: ReportInput) -> tuple[Answer, ...]:
    """The questions that a reader comes with."""
    audit = content.audit
    return (_alike(audit), _together(audit), _sure(audit), _advice(audit))


def _aside(audit: Audit, value: Known, form: Form) -> str:
    """The interval of a value in parentheses, or why there is none; empty where nothing is said."""
    words = interval(value, form)
    named = f"{levels(audit)} {words}" if value.low is not None else words
    return f" ({named})" if words else ""


def _alike(audit: Audit) -> Answer:
    question = "How alike are these models?"
    details = _extremes(audit)
    votes = group_value(audit, "effective_votes")
    number = len(audit.models)
    if isinstance(votes, Known):
        sure = _aside(audit, votes, effective)
        kind = "so alike that they count for no more"
        if (votes.high or votes.number) >= number:
            kind = "no more alike than those of independent models"
        sentence = f"Their errors are {kind}{sure}."
        unit = f"independent votes from {number} models"
        return Answer(
            question=question,
            figure=effective(votes.number),
            unit=unit,
            sentences=(sentence,),
            details=details,
        )
    if votes is not None:
        details = (*details, f"The number of independent votes is undefined: {votes.reason}.")
    return Answer(
        question=question,
        figure=f"{number}",
        unit="models compared",
        sentences=details[:1],
        details=details[1:],
    )


def _extremes(audit: Audit) -> tuple[str, ...]:
    measure = behaviour_of(audit)
    if measure is None:
        return ("No measure of behaviour has a value here.",)
    pairs = ranked(audit, measure)
    sentences = [_pair("Most alike", measure, *pairs[0])]
    if len(pairs) > 1:
        sentences.append(_pair("Least alike", measure, *pairs[-1]))
    return tuple(sentences)


def _pair(rank: str, measure: str, pair: Comparison, value: Known) -> str:
    form = share if measure == "agreement" else coefficient
    names = " and ".join(isolated(short(name, LONGEST_NAME)) for name in (pair.a, pair.b))
    return f"{rank}: {names}, {within(measure)} {told(value, form)}."


def _together(audit: Audit) -> Answer:
    question = "Where do they fail together?"
    observed, expected = audit.all_fail.observed, audit.all_fail.expected
    if not isinstance(observed, Known):
        return Answer(question=question, sentences=(f"Nobody can say: {observed.reason}.",))
    failed = audit.failures_by_count[-1]
    sure = _aside(audit, observed, share)
    every = all_of(len(audit.models))
    sentence = f"{every.capitalize()} fail on {failed:,} of {plural(audit.items, 'item')}{sure}."
    if not failed:
        sentence = f"Not one of {plural(audit.items, 'item')} is failed by {every}{sure}."
    details = []
    if isinstance(expected, Known):
        details.append(f"Independent models of these accuracies: {share(expected.number)}.")
    details += _within(audit) if failed else []
    return Answer(
        question=question,
        figure=share(observed.number),
        unit="of the items: every model fails",
        sentences=(sentence,),
        details=tuple(details),
        is_alarming=True,
    )


def _within(audit: Audit) -> list[str]:
    """What remains when shared difficulty is taken out."""
    sentences = []
    for outcome, what in (
        (audit.all_fail_within_strata, "groups of items"),
        (audit.all_fail_within_gold, "right answers"),
    ):
        if outcome is None or not isinstance(outcome.ratio, Known):
            continue
        times = outcome.ratio.number
        much = f"still {ratio(times)} times the expected" if times > 1 else "no more than expected"
        sentences.append(f"Some {what} are hard for all models; with that counted in, {much}.")
    return sentences


def _drawn(audit: Audit) -> str:
    """What a round of the bootstrap draws."""
    if audit.settings.get("resampled") != "documents":
        return "items"
    return f"{audit.settings['units']:,} documents that the items come from"


def _sure(audit: Audit) -> Answer:
    resamples = audit.settings.get("resamples")
    sentences = []
    if resamples:
        sentences.append(
            f"Each {levels(audit)} comes from {resamples:,} resamples of the {_drawn(audit)}. It "
            "says what other items like these might show, not what other models would."
        )
    value = audit.all_fail.ratio
    if isinstance(value, Known) and value.low is not None and value.number > 0:
        sentences.append(
            f"The {ratio(value.number)} times of joint failure may be {interval(value, ratio)}."
        )
    undefined = undefined_results(audit)
    every = len(audit.comparisons) + len(audit.group)
    details = [
        f"{len(undefined):,} of {every:,} results are undefined; each says why."
        if undefined
        else "Every result has a value."
    ]
    missing = sum(model.missing for model in audit.models)
    if missing:
        so = "agreeing with nothing" if audit.models[0].errors is None else "counted as wrong"
        details.append(f"{plural(missing, 'missing answer')} {so}.")
    return Answer(
        question="How sure are we?",
        figure=f"{audit.items:,}",
        unit="items behind every number",
        sentences=tuple(sentences) or ("No intervals were computed.",),
        details=tuple(details),
    )


def _advice(audit: Audit) -> Answer:
    first = sorted(audit.advice, key=lambda advice: FIRST_TOPICS.index(advice.topic))
    sentences = tuple(advice.sentence for advice in first)
    more = len(sentences) - SHOWN_ADVICE
    return Answer(
        question="What should I do?",
        sentences=sentences[:SHOWN_ADVICE]
        or ("Nothing in this audit points to a step that is worth taking.",),
        details=(f"{plural(more, 'more sentence')} under “What to do”.",) if more > 0 else (),
    )


def deck(content: ReportInput) -> str:
    """What was compared, on what."""
    audit = content.audit
    names = [isolated(short(model.name, LONGEST_NAME)) for model in audit.models]
    shown = names if len(names) <= 8 else [*names[:7], f"{len(names) - 7} more"]  # noqa: PLR2004
    return f"{listed(shown)}, on {plural(audit.items, 'item')} of {isolated(audit.probe)}."
