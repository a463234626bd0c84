"""Is one model really better? Every pair gets the exact paired test, corrected for their number."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest

from polyculture.audit import audit
from polyculture.audit.summary import summary
from polyculture.core.audit import Audit
from polyculture.core.values import Known
from polyculture.core.views import Evidence, Predictions
from polyculture.page.blocks import Fold, Table
from polyculture.report.languages import ENGLISH
from polyculture.report.paired_tests import blocks

ITEMS = 200
GOLD = np.zeros(ITEMS, dtype=np.int64)


def evidence(name: str, wrong: range, gold: bool = True) -> Evidence:  # noqa: FBT001, FBT002
    labels = GOLD.copy()
    labels[list(wrong)] = 1
    return Evidence(
        model=name,
        probe="p",
        digest="d",
        items=tuple(map(str, range(ITEMS))),
        predictions=Predictions(
            labels=labels, gold=GOLD if gold else None, classes=("right", "wrong")
        ),
    )


@pytest.fixture(scope="module")
def found() -> Audit:
    """``good`` fails 10 items, ``fair`` 30 others among them, ``poor`` 80."""
    models = [
        evidence("fair", range(30)),
        evidence("good", range(10)),
        evidence("poor", range(20, 100)),
    ]
    return audit(models, resamples=50)


def test_each_pair_has_the_exact_binomial_test_of_the_items_only_one_gets_right(
    found: Audit,
) -> None:
    """SciPy's binomial test of the split gives the same p."""
    counts = {(one.a, one.b): (one.a_only, one.b_only) for one in found.contests}
    assert counts == {
        ("good", "fair"): (20, 0),
        ("fair", "poor"): (70, 20),
        ("good", "poor"): (80, 10),
    }
    for one in found.contests:
        expected = binomtest(one.a_only, one.a_only + one.b_only, 0.5).pvalue
        assert isinstance(one.p_value, Known)
        assert one.p_value.number == pytest.approx(expected)


def test_the_correction_is_holms_over_all_pairs(found: Audit) -> None:
    """The smallest p is multiplied by the number of pairs, and none falls below another's."""
    p, corrected = (
        np.array([getattr(one, name).number for one in found.contests])
        for name in ("p_value", "p_corrected")
    )
    order = p.argsort()

    assert corrected[order[0]] == pytest.approx(3 * p[order[0]])
    assert (np.diff(corrected[order]) >= 0).all()
    assert (corrected >= p).all()


def test_the_page_holds_the_best_against_the_others_and_the_rest_behind_a_fold(
    found: Audit,
) -> None:
    """A reader sees beside the scores whether the difference is more than luck."""
    table, fold = blocks(found, ENGLISH)

    assert isinstance(table, Table)
    assert isinstance(fold, Fold)
    assert table.caption == "Is good really better than the others?"
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["good", "fair", "20 against\N{NO-BREAK SPACE}0", "yes, p < 0.001"],
        ["good", "poor", "80 against\N{NO-BREAK SPACE}10", "yes, p < 0.001"],
    ]


def test_without_gold_nobody_is_better(found: Audit) -> None:
    """No right answers, no contest: nothing on the page, an empty list for programs."""
    models = [evidence("a", range(3), gold=False), evidence("b", range(9), gold=False)]
    without = audit(models, resamples=0)

    assert without.contests == ()
    assert blocks(without, ENGLISH) == []
    assert summary(without)["contests"] == []
    assert [one["a_only"] for one in summary(found)["contests"]] == [20, 70, 80]


def test_documents_are_compared_as_wholes() -> None:
    """Twenty items that only one gets right are one lucky document, or twenty."""

    def p_value(documents: tuple[str, ...] | None) -> float:
        models = [
            replace(evidence(name, wrong), documents=documents)
            for name, wrong in (("good", range(0)), ("fair", range(20)))
        ]
        contest = audit(models, resamples=0).contests[0]
        assert (contest.a, contest.a_only, contest.b_only) == ("good", 20, 0)
        assert isinstance(contest.p_value, Known)
        return contest.p_value.number

    assert p_value(None) == pytest.approx(0.5**19)
    assert p_value(tuple(map(str, range(ITEMS)))) == pytest.approx(0.5**19)
    assert p_value(tuple(str(n // 20) for n in range(ITEMS))) == 1
    assert p_value(tuple(str(n // 5) for n in range(ITEMS))) == pytest.approx(0.5**3)
