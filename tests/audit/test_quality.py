"""F1 beside accuracy, answers that are never given, and what was learned from."""

from collections.abc import Sequence

import numpy as np
import pytest
from sklearn.metrics import f1_score

from polyculture.audit import audit
from polyculture.core.audit import Audit
from polyculture.core.values import Known, Undefined
from polyculture.core.views import Evidence, RecipeView
from polyculture.report.content import report_of
from polyculture.store.evidence import predictions_of

RNG = np.random.default_rng(5)
GOLD = RNG.choice(["HUM", "LOC", "NUM", "ABBR"], 200, p=[0.4, 0.3, 0.28, 0.02]).tolist()


def evidence(
    model: str,
    answers: Sequence[str | None],
    gold: Sequence[str] = GOLD,
    *,
    learned: int | None = None,
    recipe: RecipeView | None = None,
) -> Evidence:
    items = tuple(f"{number}" for number in range(len(gold)))
    return Evidence(
        model=model,
        probe="test",
        digest="d",
        items=items,
        predictions=predictions_of(items, answers, gold),
        learned_items=learned,
        recipe=recipe,
    )


def answered(seed: int, right: float, *, never: str = "") -> list[str | None]:
    rng = np.random.default_rng(seed)
    found = [
        label if rng.random() < right else str(rng.choice(["HUM", "LOC", "odd"])) for label in GOLD
    ]
    return [
        None if seed == 1 and n == 3 else "HUM" if a == never else a for n, a in enumerate(found)
    ]


def three(**changes: object) -> Audit:
    models = [
        evidence("best", answered(1, 0.95, never="ABBR")),
        evidence("second", answered(2, 0.6)),
        evidence("third", answered(3, 0.5)),
    ]
    return audit(models, resamples=200, **changes)  # type: ignore[arg-type]


def test_macro_f1_is_scikit_learns_over_the_right_answers() -> None:
    """Answers that are not right answers cost recall; a right answer never given counts 0."""
    found = three()

    classes = sorted(set(GOLD))
    for model, (seed, right, never) in zip(
        found.models, [(1, 0.95, "ABBR"), (2, 0.6, ""), (3, 0.5, "")], strict=True
    ):
        given = [answer or "none" for answer in answered(seed, right, never=never)]
        expected = f1_score(GOLD, given, labels=classes, average="macro", zero_division=0)
        assert isinstance(model.f1, Known)
        assert model.f1.number == pytest.approx(expected)
        assert model.f1.low is not None
        assert model.f1.high is not None
        assert model.f1.low < model.f1.number < model.f1.high
    assert found.models[0].never_answered == ("ABBR",)


def test_advice_on_the_best_says_what_it_never_answers() -> None:
    """High accuracy hides a rare class."""
    found = three()

    (vote,) = [one.sentence for one in found.advice if one.topic == "vote"]
    assert "best, the best one here, although it never answers 'ABBR'" in vote


def test_entity_f1_counts_spans_and_names_types_that_are_never_found() -> None:
    """2 of 3 gold spans are found with 3 answers: 2 * 2 / 6."""
    gold = ['[["PER",0,2],["LOC",3,4]]', "[]", '[["PER",1,2]]']
    given = ['[["PER",0,2]]', '[["PER",0,1]]', '[["PER",1,2]]']

    found = audit([evidence("a", given, gold), evidence("b", gold, gold)], resamples=20)

    first, second = found.models
    assert (first.f1_kind, first.never_answered) == ("entity_f1", ("LOC",))
    assert isinstance(first.f1, Known)
    assert isinstance(second.f1, Known)
    assert first.f1.number == pytest.approx(4 / 6)
    assert second.f1.number == 1


def test_macro_f1_is_undefined_where_answers_are_no_classes() -> None:
    """Free answers that occur once, and several labels in one answer."""
    free = [f"answer {number}" for number in range(8)]
    several = RecipeView(settings={"task.multi_label": True})

    once = audit([evidence("a", free, free), evidence("b", free, free)], resamples=0)
    many = audit(
        [evidence(name, answered(2, 0.6), recipe=several) for name in ("a", "b")], resamples=0
    )

    for found, reason in ((once, "occur once only"), (many, "may have several labels")):
        value = found.models[0].f1
        assert isinstance(value, Undefined)
        assert reason in value.reason
        assert found.models[0].never_answered == ()


def test_a_few_repeated_texts_are_a_note_and_many_are_a_caveat() -> None:
    """Texts repeat by accident; a probe does not."""
    models = [
        evidence("a", answered(2, 0.6), learned=3),
        evidence("b", answered(3, 0.5), learned=120),
        evidence("c", answered(4, 0.5), learned=0),
    ]

    found = audit(models, resamples=0)

    (caveat,) = found.caveats
    assert caveat.startswith("b learned from 120 of the 200 items (60.0%)")
    assert (
        "a learned from 3 of the 200 items (1.5%): these texts are among the training rows."
        in found.notes
    )
    assert [one.learned_items for one in found.models] == [3, 120, 0]


@pytest.mark.slow
def test_many_groups_are_folded_behind_the_largest() -> None:
    """Twelve at once; the record has all."""
    from dataclasses import replace

    import polars as pl

    from polyculture.core.report_input import ReportInput
    from polyculture.page.blocks import Table

    groups = tuple(f"g{min(number % 60, 40):02}" for number in range(200))
    models = [replace(evidence(name, answered(2, 0.6)), groups=groups) for name in ("a", "b")]
    found = audit(models, resamples=0)

    report = report_of(
        ReportInput(title="t", audit=found, items=pl.DataFrame({"item": [], "failures": []}))
    )

    (section,) = [section for section in report.sections if section.key == "together"]
    tables = [block for block in section.blocks if isinstance(block, Table)]
    first, rest = [table for table in tables if table.columns[0].label == "Group of items"]
    assert first.caption == "All models fail: the 12 largest of 41 groups"
    assert (len(first.rows), first.is_folded, "g40" in {row[0].text for row in first.rows}) == (
        12,
        False,
        True,
    )
    assert (len(rest.rows), rest.is_folded) == (29, True)
    assert len(found.strata) == 41
