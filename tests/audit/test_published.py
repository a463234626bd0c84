"""The audit of published answers gives the figures computed from them by other code."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from polyculture.audit import audit
from polyculture.core import parts
from polyculture.core.audit import Audit, JointOutcome
from polyculture.core.values import Known, Value
from polyculture.core.views import Evidence


def wide(path: Path, **columns: object) -> list[Evidence]:
    found: list[Evidence] = parts.load("sources.answers", "wide").read(path, **columns)
    return found


def number(value: Value) -> float:
    assert isinstance(value, Known), value
    return value.number


def outcome(joint: JointOutcome | None) -> list[float]:
    """Observed, expected, ratio, difference."""
    assert joint is not None
    return [number(v) for v in (joint.observed, joint.expected, joint.ratio, joint.difference)]


def group(audit: Audit, measure: str) -> float:
    return number(next(one.value for one in audit.group if one.measure == measure))


def mean(audit: Audit, measure: str) -> float:
    return float(np.mean([number(c.value) for c in audit.comparisons if c.measure == measure]))


@dataclass(frozen=True)
class Bot:
    """What was computed before of one bot's five systems."""

    name: str
    errors: list[int]
    by_count: list[int]
    all_fail: list[float]
    within_gold: float
    correlation: float
    votes: float
    consistency: float
    same_wrong: float
    plurality: float
    ties: int
    best: float


BOTS = [
    Bot(
        "curekart",
        [356, 287, 266, 250, 346],
        [323, 261, 173, 108, 56, 70],
        [0.070636, 0.002460, 28.7186, 0.068176],
        0.027262,
        0.304672,
        2.253584,
        0.302030,
        0.735040,
        0.783047,
        34,
        0.747730,
    ),
    Bot(
        "powerplay11",
        [278, 353, 373, 377, 329],
        [309, 237, 147, 96, 79, 115],
        [0.116989, 0.004946, 23.6508, 0.112042],
        0.037313,
        0.394773,
        1.938667,
        0.391559,
        0.694737,
        0.727365,
        46,
        0.717192,
    ),
    Bot(
        "sofmattress",
        [144, 135, 124, 135, 123],
        [144, 79, 55, 49, 25, 45],
        [0.113350, 0.004059, 27.9266, 0.109291],
        0.014889,
        0.411636,
        1.889256,
        0.410628,
        0.703014,
        0.743073,
        28,
        0.690176,
    ),
]


@pytest.mark.parametrize("bot", BOTS, ids=lambda bot: bot.name)
def test_five_intent_systems_fail_together_as_computed_before(bot: Bot, hint3: Path) -> None:
    """HINT3 (Arora et al. 2020): all five fail 24 to 29 times as often as independent ones."""
    evidence = wide(hint3 / f"{bot.name}.csv", item="item", gold="gold", text="text")

    found = audit(evidence, resamples=100)

    assert [model.errors for model in found.models] == bot.errors
    assert list(found.failures_by_count) == bot.by_count
    observed, expected, ratio, difference = outcome(found.all_fail)
    assert [observed, expected, difference] == pytest.approx(
        bot.all_fail[:2] + bot.all_fail[3:], abs=1e-6
    )
    assert ratio == pytest.approx(bot.all_fail[2], abs=1e-4)
    assert outcome(found.all_fail_within_gold)[1] == pytest.approx(bot.within_gold, abs=1e-6)
    assert mean(found, "error_correlation") == pytest.approx(bot.correlation, abs=1e-6)
    assert mean(found, "error_consistency") == pytest.approx(bot.consistency, abs=1e-6)
    assert mean(found, "same_wrong_answer") == pytest.approx(bot.same_wrong, abs=1e-6)
    assert group(found, "effective_votes") == pytest.approx(bot.votes, abs=1e-6)
    assert group(found, "plurality_accuracy") == pytest.approx(bot.plurality, abs=1e-6)
    assert group(found, "best_accuracy") == pytest.approx(bot.best, abs=1e-6)
    plurality = next(one for one in found.group if one.measure == "plurality_accuracy")
    assert plurality.note.startswith(f"{bot.ties} votes were ties")


def test_strata_of_messages_in_and_out_of_scope(hint3: Path) -> None:
    """Within in-scope and out-of-scope messages, curekart's systems would share .002194."""
    evidence = wide(hint3 / "curekart.csv", item="item", gold="gold", text="text")
    gold = evidence[0].predictions
    assert gold.gold is not None
    out = gold.classes.index("NO_NODES_DETECTED")
    groups = tuple("out" if code == out else "in" for code in gold.gold)
    with_groups = [Evidence(**{**vars(one), "groups": groups}) for one in evidence]

    found = audit(with_groups, resamples=50)

    assert outcome(found.all_fail_within_strata)[1] == pytest.approx(0.002194, abs=1e-6)
    assert [(stratum.name, stratum.items) for stratum in found.strata] == [
        ("in", 452),
        ("out", 539),
    ]
    observed = sum(outcome(s.all_fail)[0] * s.items for s in found.strata)
    assert observed == pytest.approx(70)


@dataclass(frozen=True)
class Services:
    """What was computed before of one set's services."""

    name: str
    items: int
    errors: list[int]
    three: tuple[float, float, float]
    """Observed, expected and ratio of the three commercial services."""
    four: tuple[float, float, float]
    """The same with the open model."""
    votes: float


SERVICES = [
    Services("rafdb", 15339, [5270, 5956, 4343, 6136], (0.152618, 0.037771, 4.0405),
             (0.112458, 0.015110, 7.4429), 1.636023),
    Services("ferplus", 6358, [2056, 2007, 1183, 2221], (0.068890, 0.018993, 3.6271),
             (0.033658, 0.006635, 5.0731), 2.018311),
    Services("digit", 2000, [1398, 347, 507, 806], (0.143500, 0.030744, 4.6676),
             (0.120000, 0.012390, 9.6855), 1.654215),
    Services("yelp", 20000, [859, 9724, 2613, 5096], (0.023700, 0.002728, 8.6868),
             (0.021550, 0.000695, 30.9999), 2.018549),
    Services("imdb", 25000, [3388, 12111, 5223, 7673], (0.053240, 0.013716, 3.8816),
             (0.045960, 0.004210, 10.9177), 2.076585),
    Services("waimai", 11987, [2167, 1324, 2114, 4276], (0.064653, 0.003521, 18.3599),
             (0.046133, 0.001256, 36.7254), 1.515771),
    Services("shop", 62774, [7652, 4921, 6897, 13804], (0.040415, 0.001050, 38.4939),
             (0.030012, 0.000231, 129.9950), 1.531179),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("sold", SERVICES, ids=lambda sold: sold.name)
def test_commercial_services_fail_together_as_computed_before(
    sold: Services, frugalml: Path
) -> None:
    """FrugalML (Chen et al. 2020): joint failure of three services, and of four models."""
    four = wide(frugalml / f"{sold.name}.csv", item="id", gold="true")

    all_models = audit(four, resamples=0)
    bought = audit(four[:3], resamples=0)

    assert all_models.items == sold.items
    assert [model.errors for model in all_models.models] == sold.errors
    assert outcome(bought.all_fail)[:2] == pytest.approx(sold.three[:2], abs=1e-6)
    assert outcome(bought.all_fail)[2] == pytest.approx(sold.three[2], abs=1e-4)
    assert outcome(all_models.all_fail)[:2] == pytest.approx(sold.four[:2], abs=1e-6)
    assert outcome(all_models.all_fail)[2] == pytest.approx(sold.four[2], abs=1e-4)
    assert group(bought, "effective_votes") == pytest.approx(sold.votes, abs=1e-6)
    plurality, best = (group(bought, name) for name in ("plurality_accuracy", "best_accuracy"))
    assert plurality < best, "with three services the vote loses on every set"


def test_faces_seen_by_three_services_in_detail(frugalml: Path) -> None:
    """rafdb: items by number of failures, right together, the vote with its 1,028 ties."""
    found = audit(wide(frugalml / "rafdb.csv", item="id", gold="true")[:3], resamples=0)

    assert found.failures_by_count == (6890, 3670, 2438, 2341)
    assert outcome(found.all_correct)[:2] == pytest.approx([0.449182, 0.287854], abs=1e-6)
    assert group(found, "plurality_accuracy") == pytest.approx(0.711585, abs=1e-6)
    assert group(found, "best_accuracy") == pytest.approx(0.716866, abs=1e-6)
    kappas = [number(c.value) for c in found.comparisons if c.measure == "error_consistency"]
    assert kappas == pytest.approx([0.352343, 0.461287, 0.418882], abs=1e-6)
    note = next(one.note for one in found.group if one.measure == "plurality_accuracy")
    assert note.startswith("1028 votes were ties")
