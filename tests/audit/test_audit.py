"""An audit says what is known with its interval, and what is not with its reason."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from polyculture.audit import aligned_evidence, audit
from polyculture.core.audit import Audit
from polyculture.core.errors import ProbeMismatchError
from polyculture.core.values import Known, Undefined, Value
from polyculture.core.views import Architecture, Evidence, Module, Predictions, RecipeView
from polyculture.stats.inference.resample import exact_interval
from polyculture.store.evidence import predictions_of

ITEMS = 300


def evidence(name: str, labels: Any, gold: Any = None, **more: Any) -> Evidence:
    ids = tuple(f"i{number}" for number in range(len(labels)))
    predictions = Predictions(labels=np.array(labels), gold=gold, items=ids)
    return Evidence(model=name, probe="p", digest="d", items=ids, predictions=predictions, **more)


def family(models: int, *, shared: float, seed: int = 1, errors: float = 0.3) -> list[Evidence]:
    """Models that fail on the same items with the given share, else each on its own."""
    rng = np.random.default_rng(seed)
    gold = rng.integers(3, size=ITEMS)
    cause = rng.random(ITEMS) < errors
    found = []
    for number in range(models):
        own = rng.random(ITEMS) < errors
        fails = np.where(rng.random(ITEMS) < shared, cause, own)
        found.append(evidence(f"m{number}", np.where(fails, (gold + 1) % 3, gold), gold))
    return found


def known(value: Value) -> Known:
    assert isinstance(value, Known), value
    return value


def reason(value: Value) -> str:
    assert isinstance(value, Undefined), value
    return value.reason


def of(found: Audit, measure: str) -> list[Value]:
    return [one.value for one in found.comparisons if one.measure == measure]


def test_a_copy_fails_exactly_where_the_original_fails() -> None:
    """Two equal models share every error, and amount to one vote."""
    original = family(1, shared=0)[0]

    found = audit([original, replace(original, model="copy")])

    consistency = known(of(found, "error_consistency")[0])
    assert consistency.number == 1
    assert consistency.no_interval == "every resampled set of items gives the same value"
    votes = next(one.value for one in found.group if one.measure == "effective_votes")
    assert known(votes).number == pytest.approx(1)


def test_independent_models_show_what_independence_expects() -> None:
    """The ratio's interval holds 1, the difference's holds 0."""
    found = audit(family(3, shared=0))

    ratio, difference = known(found.all_fail.ratio), known(found.all_fail.difference)
    assert ratio.low is not None
    assert ratio.high is not None
    assert ratio.low < 1 < ratio.high
    assert difference.low is not None
    assert difference.high is not None
    assert difference.low < 0 < difference.high


def test_models_of_one_cause_fail_together_more_than_that() -> None:
    """And the audit says what to do about it."""
    found = audit(family(4, shared=0.8))

    ratio = known(found.all_fail.ratio)
    assert ratio.low is not None
    assert ratio.low > 1
    sentence = next(one.sentence for one in found.advice if one.topic == "joint_failure")
    assert "send them elsewhere" in sentence


@pytest.mark.slow
def test_intervals_hold_the_truth_as_often_as_they_promise() -> None:
    """Of a hundred probes, about ninety hold the true consistency of two models."""
    # Errors are shared with chance s squared, so kappa is s squared in the long run.
    held = 0
    for seed in range(100):
        pair = audit(family(2, shared=0.7, seed=seed), confidence=0.9, resamples=300)
        value = known(of(pair, "error_consistency")[0])
        assert value.low is not None
        assert value.high is not None
        held += value.low <= 0.49 <= value.high

    assert 80 <= held <= 98


def test_two_strangers_are_not_called_alike() -> None:
    """The most alike pair of unrelated models is no more alike than chance may give."""
    found = audit(family(2, shared=0))

    sentence = next(one.sentence for one in found.advice if one.topic == "most_alike")
    assert sentence.endswith("no more than chance may give.")


def test_no_failure_at_all_still_has_an_upper_bound() -> None:
    """None seen among 300 items is not none: the exact bound is about one in a hundred."""
    gold = np.zeros(ITEMS, dtype=int)
    right = [evidence(name, gold, gold) for name in "abc"]

    found = audit(right)

    observed = known(found.all_fail.observed)
    assert (observed.number, observed.low) == (0, 0)
    assert observed.high == pytest.approx(0.0122, abs=1e-4)
    assert reason(found.all_fail.ratio) == "independent models would share no failure"
    assert reason(of(found, "error_consistency")[0]) == "both models are right on all 300 items"


def test_without_right_answers_only_agreement_is_known() -> None:
    """Everything that needs gold says so, and nothing breaks."""
    bare = [evidence(name, labels) for name, labels in (("a", [0, 1, 2]), ("b", [0, 1, 1]))]

    found = audit(bare)

    assert known(of(found, "agreement")[0]).number == pytest.approx(2 / 3)
    for measure in ("error_consistency", "double_fault", "error_correlation"):
        assert "gold" in reason(of(found, measure)[0])
    assert "gold" in reason(found.all_fail.observed)
    assert (found.failures_by_count, found.strata, found.all_fail_within_gold) == ((), (), None)
    assert all("gold" in reason(model.accuracy) for model in found.models)


def test_capa_is_undefined_without_probabilities_and_says_so() -> None:
    """Certainty is never made up from bare answers."""
    found = audit(family(2, shared=0.5))

    assert "probabilities" in reason(of(found, "capa")[0])


def test_items_are_joined_by_id_never_by_position() -> None:
    """The same answers in another order give the same audit."""
    first, second = family(2, shared=0.5)
    order = np.random.default_rng(1).permutation(ITEMS)
    mixed = replace(
        second,
        items=tuple(second.items[n] for n in order),
        predictions=replace(
            second.predictions,
            labels=second.predictions.labels[order],
            gold=None if second.predictions.gold is None else second.predictions.gold[order],
            items=tuple(second.items[n] for n in order),
        ),
    )

    assert audit([first, mixed]) == audit([first, second])


def test_models_that_code_their_answers_differently_are_compared_by_word() -> None:
    """Code 0 of one model is not code 0 of another."""
    items = ["1", "2"]
    a = Evidence(
        model="a", probe="p", digest="d", items=tuple(items),
        predictions=predictions_of(items, ["yes", "no"], ["yes", "yes"]),
    )  # fmt: skip
    b = replace(a, model="b", predictions=predictions_of(items, ["yes", "yes"], ["yes", "yes"]))

    found = audit([a, b], resamples=0)

    assert known(of(found, "agreement")[0]).number == 0.5
    assert known(of(found, "agreement")[0]).no_interval == "no resampling was asked for"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "m0"}, r"Two models are named 'm0'"),
        ({"items": ("i0", "x")}, r"'m0' answered 'i1' and 'm1' did not \(2 such items\)"),
        (
            {"predictions": Predictions(labels=np.zeros(2, dtype=int))},
            r"known for 'm0' but not for 'm1'",
        ),
        (
            {"predictions": Predictions(labels=np.array([0, 0]), gold=np.array([0, 1]))},
            r"different ones for 1 items, the first is 'i1'",
        ),
    ],
)
def test_models_that_cannot_be_compared_are_refused(change: dict[str, Any], message: str) -> None:
    """One sentence names both and says what differs."""
    gold = np.array([0, 0])
    first, second = evidence("m0", [0, 1], gold), evidence("m1", [0, 0], gold)

    with pytest.raises(ProbeMismatchError, match=message):
        audit([first, replace(second, **change)])


def test_an_audit_of_one_model_is_refused() -> None:
    """There is nothing to compare it with."""
    with pytest.raises(ProbeMismatchError, match="at least two, but there is 'm0'"):
        audit(family(1, shared=0))


def test_graded_answers_are_audited_as_right_or_wrong_ones_are() -> None:
    """Free texts that all differ from the gold: what passes the mark is right, in every figure."""
    labelled = family(3, shared=0.5)
    graded = []
    for number, model in enumerate(labelled):
        right = ~model.predictions.wrong
        texts = 1_000 * (number + 1) + np.arange(len(right))  # every answer is a text of its own
        answers = replace(
            model.predictions,
            labels=texts,
            gold=np.arange(len(right)),
            grades=np.where(right, 0.8, 0.2),
        )
        graded.append(replace(model, predictions=answers))

    of_labels, of_grades = (audit(models, resamples=20) for models in (labelled, graded))

    for measure in ("error_consistency", "double_fault", "error_correlation"):
        assert of(of_grades, measure) == of(of_labels, measure)
    accuracy = [model.accuracy for model in of_labels.models]
    assert [model.accuracy for model in of_grades.models] == accuracy


def test_the_same_seed_gives_the_same_bytes() -> None:
    """And another one other intervals, but the same values."""
    models = family(3, shared=0.5)

    first, again, other = (audit(models, seed=seed, resamples=200) for seed in (1, 1, 2))

    assert first.model_dump_json() == again.model_dump_json()
    assert first != other
    assert [known(v).number for v in of(first, "agreement")] == [
        known(v).number for v in of(other, "agreement")
    ]


def test_an_audit_read_back_equals_the_one_written() -> None:
    """Nothing is lost on the way through JSON."""
    found = audit(family(3, shared=0.5), resamples=50)

    assert Audit.model_validate_json(found.model_dump_json()) == found


def test_items_that_nobody_answered_are_counted_as_shared_refusals() -> None:
    """They are failed by all, but nobody gave the same wrong answer."""
    gold = np.array([0, 0, 1])

    found = audit([evidence("a", [-1, 0, 0], gold), evidence("b", [-1, -1, 0], gold)])

    assert found.shared_refusals == 1
    assert [model.missing for model in found.models] == [1, 2]
    assert known(of(found, "same_wrong_answer")[0]).number == 0.5


def network(layers: int) -> Architecture:
    leaves = [Module(kind=kind, parents=(0,)) for kind in ("linear", "gelu") * layers]
    return Architecture(
        modules=(Module(kind="block"), *leaves), parameters=1, configuration={"layers": layers}
    )


def test_likeness_of_architecture_that_goes_with_likeness_of_behaviour_is_found() -> None:
    """Three models of one cause and one architecture, three of another: they go together."""
    one, other = family(3, shared=0.9, seed=1), family(3, shared=0.9, seed=2)
    gold = one[0].predictions.gold
    models = []
    for number, model in enumerate([*one, *other]):
        wrong = model.predictions.wrong
        assert gold is not None
        labels = np.where(wrong, (gold + 1) % 3, gold)
        view = network(2 if number < 3 else 6)
        models.append(evidence(f"m{number}", labels, gold, architecture=view))

    found = audit(models)

    graph = next(one for one in found.concordance if one.measure == "module_graph")
    assert known(graph.value).number > 0.7
    assert known(graph.p_value).number <= 2 * 2 * 36 / 720
    order = next(c.order for c in found.clusterings if c.measure == "error_consistency")
    assert {frozenset(order[:3]), frozenset(order[3:])} == {
        frozenset({"m0", "m1", "m2"}),
        frozenset({"m3", "m4", "m5"}),
    }


def test_a_model_that_lacks_a_view_is_left_out_of_its_concordance_and_named() -> None:
    """Undefined pairs carry a reason; the rest is still compared."""
    models = [
        replace(model, recipe=RecipeView(settings={"rate": 10.0**-n}) if n else None)
        for n, model in enumerate(family(4, shared=0.4))
    ]

    found = audit(models)

    assert reason(of(found, "recipe_similarity")[0]) == "the recipe of 'm0' is not known"
    (one,) = found.concordance
    assert one.note == "without m0, where one of the two is undefined"
    assert isinstance(one.value, Known)
    assert reason(one.p_value) == "a permutation test takes at least 5 models, but there are 3"
    assert not [c for c in found.clusterings if c.measure == "recipe_similarity"]


def test_a_vote_of_independent_models_is_advised_and_one_of_copies_is_not() -> None:
    """By its gain over the best single model on held-out items."""
    independent = audit(family(5, shared=0))
    copies = audit(family(5, shared=0.98))

    def vote(found: Audit) -> str:
        return next(one.sentence for one in found.advice if one.topic == "vote")

    assert vote(independent).endswith(": vote.")
    assert "cannot be told apart" in vote(copies)


def test_a_bad_model_that_spoils_the_vote_is_named() -> None:
    """Two good strangers and their wrong-headed twin siblings: leaving one sibling out helps."""
    rng = np.random.default_rng(4)
    gold = rng.integers(3, size=2000)

    def one(name: str, fails: Any) -> Evidence:
        return evidence(name, np.where(fails, (gold + 1) % 3, gold), gold)

    twin = rng.random(2000) < 0.45
    models = [
        one("good", rng.random(2000) < 0.1),
        one("fair", rng.random(2000) < 0.15),
        one("twin", twin),
        one("other twin", twin),
    ]

    found = audit(models, resamples=200)

    leave_out = next(one for one in found.advice if one.topic == "leave_out")
    assert set(leave_out.models) < {"twin", "other twin"}
    assert "held-out" in leave_out.sentence


@pytest.mark.slow
def test_items_of_one_document_are_drawn_together() -> None:
    """Fifty documents of six items that fail as one: intervals as wide as those of fifty items."""
    one, two = family(2, shared=0.5)
    few = np.repeat(np.arange(ITEMS // 6), 6)
    names = tuple(f"d{number}" for number in few)

    def spread(models: list[Evidence]) -> float:
        value = known(audit(models).all_fail.observed)
        assert value.low is not None
        assert value.high is not None
        return value.high - value.low

    def picked(places: Any, **more: Any) -> list[Evidence]:
        return [
            evidence(m.model, m.predictions.labels[places], gold[places], **more)
            for m in (one, two)
        ]

    gold: Any = one.predictions.gold
    whole = picked(few * 6)
    together = picked(few * 6, documents=names)
    singles = picked(np.arange(0, ITEMS, 6))

    assert spread(together) == pytest.approx(spread(singles), rel=0.15)
    assert spread(together) > 1.8 * spread(whole)
    found = audit(together)
    assert found.settings["resampled"] == "documents"
    assert any("300 items come from 50 documents" in note for note in found.notes)


@pytest.mark.parametrize("names", [("d",) * ITEMS, ("a",) * 200 + ("b",) * 100])
def test_one_or_two_documents_are_too_few_to_say_much(names: tuple[str, ...]) -> None:
    """No interval of no width, no warning, no advice from an empty half."""
    found = audit([replace(one, documents=names) for one in family(5, shared=0.5)])

    assert found.settings["units"] == len(set(names))
    topics = {one.topic for one in found.advice}
    assert ("leave_out" in topics) == (len(set(names)) > 1)
    for value in of(found, "agreement"):
        assert known(value).low is None or known(value).low != known(value).high


def test_joint_failure_within_a_group_counts_its_documents() -> None:
    """The exact bound of a group that nobody fails is that of its documents."""
    one, two = family(2, shared=0.0, errors=0.0)
    groups = ("x",) * 150 + ("y",) * 150
    names = tuple(f"d{number // 50}" for number in range(ITEMS))

    found = audit([replace(m, groups=groups, documents=names) for m in (one, two)])

    for stratum in found.strata:
        high = known(stratum.all_fail.observed).high
        assert high == pytest.approx(exact_interval(0, 3, 0.95)[1])


def test_documents_follow_their_items() -> None:
    """A second model that answered in another order brings the same documents."""
    one, two = family(2, shared=0.5)
    names = tuple(f"d{number // 3}" for number in range(ITEMS))
    order = np.random.default_rng(5).permutation(ITEMS)
    mixed = replace(
        two,
        items=tuple(two.items[n] for n in order),
        documents=tuple(names[n] for n in order),
        predictions=replace(
            two.predictions,
            labels=two.predictions.labels[order],
            gold=None if two.predictions.gold is None else two.predictions.gold[order],
            items=tuple(two.items[n] for n in order),
        ),
    )

    assert aligned_evidence([one, mixed])[1].documents == names
