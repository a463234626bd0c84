"""What a report says, before it is drawn."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import polars as pl
import pytest

from polyculture.core.audit import JointOutcome
from polyculture.core.report_input import ReportInput
from polyculture.core.run import Score
from polyculture.core.values import Known, Undefined
from polyculture.page.blocks import Block, Chart, Charts, Failures, Fold, Report, Section, Table
from polyculture.page.html import to_html
from polyculture.report.content import report_of
from polyculture.report.languages import ENGLISH

Make = Callable[..., ReportInput]


def english_of(content: ReportInput) -> Report:
    return report_of(content, (ENGLISH,))


def section(report: Report, key: str) -> Section:
    return next(section for section in report.sections if section.key == key)


def blocks(within: Sequence[Block]) -> Iterator[Block]:
    """All blocks, also those in folds, groups of charts, and tables of charts."""
    for block in within:
        yield block
        if isinstance(block, Fold):
            yield from blocks(block.blocks)
        if isinstance(block, Charts):
            yield from blocks(block.charts)
        if isinstance(block, Chart) and block.table:
            yield block.table


def tables(report: Report, key: str) -> list[Table]:
    return [b for b in blocks(section(report, key).blocks) if isinstance(b, Table)]


def row(table: Table, name: str) -> list[str]:
    return next([cell.text for cell in cells] for cells in table.rows if cells[0].text == name)


def without_gold(content: ReportInput) -> ReportInput:
    reason = Undefined(reason="no right answers (gold) are known")
    nothing = JointOutcome(observed=reason, expected=reason, ratio=reason, difference=reason)
    audit = content.audit.model_copy(
        update={
            "all_fail": nothing,
            "all_correct": nothing,
            "failures_by_count": (),
            "expected_by_count": (),
            "strata": (),
            "all_fail_within_strata": None,
            "group": (),
            "concordance": (),
            "models": tuple(
                model.model_copy(update={"accuracy": reason, "errors": None})
                for model in content.audit.models
            ),
            "comparisons": tuple(
                c if c.measure == "agreement" else c.model_copy(update={"value": reason})
                for c in content.audit.comparisons
                if c.view == "predictions"
            ),
        }
    )
    items = content.items.drop("gold", "failures")
    return ReportInput(title=content.title, audit=audit, items=items)


def test_the_first_screen_answers_four_questions_with_intervals(plain: Report) -> None:
    """Alike, together, sure, and what to do: each has its number and its interval."""
    report = plain
    alike, together, sure, advice = report.answers

    assert report.verdict.startswith("Six models count as 1.9 independent votes, and all fail ")
    assert alike.figure == "1.9"
    assert "95% interval 1.7 to 2.1" in alike.sentences[0]
    assert together.sentences[0].startswith("All six fail on ")
    assert "1,000 resamples" in sure.sentences[0]
    assert advice.sentences[1].startswith("Pair minilm-l6 full with convolutional")


def test_a_ratio_whose_interval_holds_one_is_not_called_more_often(make: Make) -> None:
    """Where independence is among what is possible, the verdict says so."""
    content = make()
    ratio = Known(number=1.3, low=0.7, high=2.1)
    joint = content.audit.all_fail.model_copy(update={"ratio": ratio})

    report = english_of(make(audit=content.audit.model_copy(update={"all_fail": joint})))

    assert "about as often as independent models would (1.30 times)" in report.verdict


def test_no_joint_failure_is_said_in_plain_words(make: Make) -> None:
    """A ratio of zero tells nothing; that nothing was failed by all does."""
    content = make()
    nothing = Known(number=0.0, low=0.0, high=0.009)
    joint = content.audit.all_fail.model_copy(update={"observed": nothing, "ratio": nothing})
    counts = (*content.audit.failures_by_count[:-1], 0)
    changes = {"all_fail": joint, "failures_by_count": counts}

    report = english_of(make(audit=content.audit.model_copy(update=changes)))

    assert report.verdict.endswith(", and no item is failed by all.")
    said = report.answers[1].sentences[0]
    assert said == "Not one of 400 items is failed by all six (95% interval 0% to 0.90%)."
    assert section(report, "together").lead == "No item is failed by all six models."


def test_answers_without_gold_still_make_a_report(make: Make) -> None:
    """Nobody can say who fails; agreement can be said, and so it is."""
    report = english_of(without_gold(make()))

    assert report.verdict.startswith("Of six models, ")
    assert "agreement" in report.verdict
    assert "no right answers (gold) are known" in report.answers[1].sentences[0]
    assert "nobody can say which items fail" in section(report, "failures").lead


def test_trainings_stand_beside_their_baselines(trained: ReportInput) -> None:
    """The exact paired test says whether a model is really better than words counted."""
    table = next(t for t in tables(english_of(trained), "scores") if "simple methods" in t.caption)

    assert [column.label for column in table.columns][2:] == [
        "Better than TF-IDF?",
        "Better than majority answer?",
    ]
    assert row(table, "smollm2 head")[1:] == [
        "75.0%",
        "yes, p < 0.001",
        "undefined: the rows were not paired",
    ]
    note = "it reaches 76.0% (73.0% to 79.0%); right alone: 71 against 18"
    assert table.rows[0][2].note == note


def test_a_score_that_is_no_share_stands_as_it_is(trained: ReportInput) -> None:
    """34 BLEU are not 3,400%."""
    run = trained.runs[0]
    bleu = Score(name="bleu", value=Known(number=34.2), headline=True, in_percent=False)
    written = run.model_copy(update={"test": run.valid.model_copy(update={"scores": (bleu,)})})
    content = dataclasses.replace(trained, runs=(written, *trained.runs[1:]))

    table = next(t for t in tables(english_of(content), "scores") if "simple methods" in t.caption)

    assert row(table, run.name)[1] == "34.20"


def test_an_undefined_score_of_a_label_is_a_dash_and_never_a_zero(trained: ReportInput) -> None:
    """F1 of a label that was never given or sought has no value."""
    table = next(t for t in tables(english_of(trained), "scores") if "every label" in t.caption)

    assert row(table, "negative") == ["negative", "0.85", "0.83", "–", "200"]


def test_joint_failure_is_shown_against_independence(make: Make) -> None:
    """Counts observed stand beside counts expected, and add up to all items."""
    content = make()
    by_count, outcomes, groups, _ = tables(english_of(content), "together")

    seen = [int(cells[1].text) for cells in by_count.rows]
    assert seen == list(content.audit.failures_by_count)
    assert sum(seen) == content.audit.items
    assert [cells[0].text for cells in outcomes.rows] == ["All fail", "All are right", "All fail"]
    assert [cells[0].text for cells in groups.rows] == ["movies", "amazon", "nyt", "tweets"]


def test_every_view_with_a_value_has_a_heat_map_in_the_order_of_its_clustering(make: Make) -> None:
    """Behaviour first, by error consistency; its other measures come behind a fold."""
    content = make()
    alike = section(english_of(content), "alike")
    charts = [block for block in alike.blocks if isinstance(block, Chart)]

    assert [chart.title for chart in charts] == [
        "Behaviour: error consistency",
        "Architecture: module graph",
        "Recipe similarity",
    ]
    rows = row_labels(charts[0].specification)
    order = content.audit.clusterings[0].order
    assert rows == [f"{name} · {place}" for place, name in enumerate(order, start=1)]
    folded = [b.title for b in blocks(alike.blocks) if isinstance(b, Chart) and b not in charts]
    assert folded == ["Behaviour: agreement", "Behaviour: double fault"]


def row_labels(specification: dict[str, Any]) -> list[str]:
    heat = specification["vconcat"][0]["hconcat"][0]
    labels: list[str] = heat["layer"][0]["encoding"]["y"]["scale"]["domain"]
    return labels


def test_what_is_undefined_is_said_with_its_reason_and_its_pairs(plain: Report) -> None:
    """A measure without any value takes one line, a pair without one a row."""
    table = tables(plain, "caveats")[0]

    assert row(table, "CAPA")[1] == "15"
    assert row(table, "CAPA")[3] == "no probabilities were given"
    assert row(table, "Module graph")[1] == "5"


def test_items_that_every_model_fails_come_with_text_gold_and_every_answer(make: Make) -> None:
    """Answers are grouped, so that a shared wrong answer shows at a glance."""
    content = make()
    found = failures(english_of(content))

    assert len(found.failures) == content.audit.failures_by_count[-1]
    first = found.failures[0]
    assert first.text
    assert first.gold in {"positive", "negative"}
    assert first.answers[-1].answer == "no answer"
    assert first.answers[-1].models == ("tfidf",)
    assert len(first.answers[0].models) == 5


def failures(report: Report) -> Failures:
    return next(b for b in section(report, "failures").blocks if isinstance(b, Failures))


def test_only_the_first_two_hundred_shared_failures_are_in_the_page(make: Make) -> None:
    """The page says how many there are, and where the others lie."""
    content = make()
    report = english_of(make(items=content.items.with_columns(failures=pl.lit(6))))

    assert len(failures(report).failures) == 200
    assert section(report, "failures").lead.startswith("The first 200 of 400 items")
    assert "shared_failures.parquet" in section(report, "failures").lead


@pytest.mark.slow
def test_texts_of_a_restricted_source_are_withheld_everywhere(make: Make) -> None:
    """Ids and answers stay; no text is in the record, so none is in any drawing."""
    report = report_of(make(shows_text=False))

    assert all(failure.text is None for failure in failures(report).failures)
    assert "Not bad at all" not in report.model_dump_json()
    assert "withheld" in report.model_dump_json()


@pytest.mark.slow
def test_a_very_long_text_is_cut_and_says_so(make: Make) -> None:
    """What is not shown is counted."""
    content = make()
    report = report_of(make(items=content.items.with_columns(text=pl.lit("长" * 12_345))))

    first = failures(report).failures[0]
    assert first.text == "长" * 400 + "…"
    assert first.cut == "The first 400 of 12,345 characters."


def test_a_note_of_many_trainings_is_said_once(trained: ReportInput) -> None:
    """Six models cut the same two texts: one sentence."""
    record = english_of(trained).model_dump_json()

    assert record.count("texts were cut at 512 tokens") == 1


def test_views_that_go_with_behaviour_are_named_and_others_are_not(plain: Report) -> None:
    """Only a permutation test below 5% counts."""
    lead = section(plain, "concordance").lead

    assert lead == "Pairs that are more alike in recipe (recipe similarity) also behave more alike."


@pytest.mark.slow
def test_no_number_is_ever_a_placeholder(trained: ReportInput) -> None:
    """An undefined value is its reason."""
    record = report_of(trained).model_dump_json()

    assert not [word for word in ("NaN", "nan%", "Infinity", "None") if word in record]


@pytest.mark.slow
def test_a_report_has_the_same_bytes_every_time(make: Make) -> None:
    """No clock and no chance goes into it."""
    assert report_of(make()).model_dump_json() == report_of(make()).model_dump_json()


@pytest.mark.slow
def test_one_model_has_one_interval_on_the_same_rows(trained: ReportInput) -> None:
    """Where the audit's table holds a run's score, the table of baselines does not repeat it."""
    runs = {run.name: run for run in trained.runs}
    models = tuple(
        model.model_copy(update={"accuracy": runs[model.name].test.headline().value})  # type: ignore[union-attr]
        for model in trained.audit.models
    )
    same = trained.audit.model_copy(update={"probe": "test", "models": models})

    notes = []
    for audit in (trained.audit, same):
        content = dataclasses.replace(trained, audit=audit)
        (table,) = [
            t for t in tables(english_of(content), "scores") if "simple methods" in t.caption
        ]
        notes.append([cells[1].note for cells in table.rows])

    assert all(notes[0])
    assert not any(notes[1])


def test_the_best_model_is_said_to_never_give_an_answer(make: Make) -> None:
    """Being right most often is not being right about everything."""
    audit = make().audit
    best, *others = audit.models
    changed = best.model_copy(update={"never_answered": ("neutral",)})

    report = english_of(make(audit=audit.model_copy(update={"models": (changed, *others)})))

    (chart,) = [b for b in section(report, "scores").blocks if isinstance(b, Chart)]
    assert "minilm-l6 full is the highest" in chart.words
    assert ", although it never answers 'neutral'; chosen on" in chart.words
    (table,) = [t for t in tables(report, "scores") if t.caption.startswith("Accuracy on")]
    assert [column.label for column in table.columns][2] == "Macro F1"
    assert row(table, "minilm-l6 full")[5] == "neutral"


@pytest.mark.slow
def test_what_has_to_be_known_first_stands_above_the_answers(plain: Report) -> None:
    """A probe that models learned from is not a footnote."""
    assert plain.caveats[0].startswith("tfidf learned from 60 of the 400 items")
    page = to_html(plain)
    assert page.index(plain.caveats[0]) < page.index('id="answers"')
