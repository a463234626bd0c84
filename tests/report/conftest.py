"""A small fleet of six models on 400 items, made up but counted honestly."""

import json
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.stats import poisson_binom

from polyculture.core.audit import (
    Advice,
    Audit,
    Clustering,
    Comparison,
    Concordance,
    GroupResult,
    JointOutcome,
    ModelResult,
    Stratum,
)
from polyculture.core.recipe import Recipe
from polyculture.core.report_input import ReportInput
from polyculture.core.run import Baseline, Facts, Run, Score, Scores, ScoreTable
from polyculture.core.task import Inventory
from polyculture.core.values import Known, Undefined, Value
from polyculture.page.blocks import Report
from polyculture.report import write_report
from polyculture.report.content import report_of

Make = Callable[..., ReportInput]

NAMES = (
    "minilm-l6 full",
    "minilm-l6 sre",
    "minilm-l3 full",
    "smollm2 head",
    "convolutional",
    "tfidf",
)
RATES = (0.15, 0.16, 0.19, 0.25, 0.32, 0.28)
FAMILY = (1.0, 1.0, 0.8, 0.4, 0.1, 0.2)
GROUPS = ("movies", "amazon", "nyt", "tweets")
ITEMS = 400
CAVEAT = (
    "tfidf learned from 60 of the 400 items (15.0%): these texts are among the training rows. "
    "Its scores and its likeness here say little about new texts."
)
TEXTS = (
    "A quiet film that earns every one of its tears.",
    "Der Schluss war leider vorhersehbar, but the acting saves it.",
    "这部电影的节奏太慢了，不过结尾很感人。",
    "Not bad at all, which is more than I can say for the book.",
    "Great, another sequel nobody asked for 🙄",
)
HOSTILE = "<script>alert('x')</script> & \"quotes\" | `ticks` *stars* \u202eright to left"
HOSTILE_TEXTS = (
    HOSTILE,
    "这是一条很长的中文评论，" * 80,
    "نص عربي مع أرقام 123 و English",
    "🙄" * 500,
    "unbroken" * 200,
    "line one\n\n- a list\n# a heading\n```",
)
REASON = "no probabilities were given"


def known(number: float, spread: float = 0.04, chance: float | None = None) -> Known:
    return Known(number=number, low=number - spread, high=number + spread, chance=chance)


def failures(rng: np.random.Generator) -> NDArray[np.bool_]:
    """Which model fails which item, ``(models, items)``: hard items, and a family's own taste."""
    hard = 1.4 * rng.normal(size=ITEMS)
    taste = rng.normal(size=ITEMS)
    noise = rng.normal(size=(len(NAMES), ITEMS))
    pull = np.array(FAMILY)[:, None]
    appeal = hard + pull * taste + noise
    limits = np.array([np.quantile(own, 1 - rate) for own, rate in zip(appeal, RATES, strict=True)])
    fails: NDArray[np.bool_] = appeal > limits[:, None]
    return fails


def outcome(hits: NDArray[np.bool_]) -> JointOutcome:
    observed, expected = float(hits.all(axis=0).mean()), float(hits.mean(axis=1).prod())
    return JointOutcome(
        observed=Known(number=observed, low=0.7 * observed, high=min(1.0, 1.3 * observed)),
        expected=Known(number=expected),
        ratio=known(observed / expected, 0.3 * observed / expected),
        difference=known(observed - expected, 0.01),
    )


def error_consistency(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    observed = float((a == b).mean())
    expected = float(a.mean() * b.mean() + (1 - a.mean()) * (1 - b.mean()))
    return (observed - expected) / (1 - expected)


def comparisons(wrong: NDArray[np.bool_]) -> list[Comparison]:
    made = []
    for i, j in combinations(range(len(NAMES)), 2):
        kin = min(FAMILY[i], FAMILY[j])
        values: dict[tuple[str, str], Value] = {
            ("predictions", "error_consistency"): known(
                error_consistency(wrong[i], wrong[j]), chance=0.0
            ),
            ("predictions", "agreement"): known(float((wrong[i] == wrong[j]).mean()), chance=0.52),
            ("predictions", "double_fault"): known(
                float((wrong[i] & wrong[j]).mean()), 0.02, RATES[i] * RATES[j]
            ),
            ("predictions", "capa"): Undefined(reason=REASON),
            ("architecture", "module_graph"): Undefined(reason="tfidf has no module graph")
            if j == len(NAMES) - 1
            else Known(number=kin, no_interval="it does not depend on the items"),
            ("recipe", "recipe_similarity"): Known(number=0.3 + 0.6 * kin),
        }
        made += [
            Comparison(a=NAMES[i], b=NAMES[j], view=view, measure=m, value=value, items=ITEMS)
            for (view, m), value in values.items()
        ]
    return made


def clustering(results: list[Comparison], view: str, measure: str) -> Clustering:
    numbers = [
        r.value.number for r in results if r.measure == measure and isinstance(r.value, Known)
    ]
    merges = linkage(1 - np.array(numbers), "average")
    return Clustering(
        view=view,
        measure=measure,
        order=tuple(NAMES[leaf] for leaf in leaves_list(merges)),
        merges=tuple((int(a), int(b), float(d), int(n)) for a, b, d, n in merges),
    )


def made_audit() -> tuple[Audit, NDArray[np.bool_]]:
    wrong = failures(np.random.default_rng(7))
    results = comparisons(wrong)
    failed = wrong.sum(axis=0)
    expected = poisson_binom(list(wrong.mean(axis=1))).pmf(np.arange(len(NAMES) + 1)) * ITEMS
    groups = np.arange(ITEMS) % len(GROUPS)
    audit = Audit(
        probe="reviews/test",
        digest="9f2c" * 16,
        items=ITEMS,
        models=tuple(
            ModelResult(
                name=name,
                accuracy=known(1 - float(own.mean()), 0.03),
                errors=int(own.sum()),
                missing=3 if name == "tfidf" else 0,
                lineage=("minilm-l6",) if name.startswith("minilm-l6") else (),
                f1=known(0.98 - float(own.mean()), 0.03),
                never_answered=("neutral",) if name == "tfidf" else (),
            )
            for name, own in zip(NAMES, wrong, strict=True)
        ),
        comparisons=tuple(results),
        all_fail=outcome(wrong),
        all_correct=outcome(~wrong),
        failures_by_count=tuple(int((failed == n).sum()) for n in range(len(NAMES) + 1)),
        expected_by_count=tuple(float(number) for number in expected),
        strata=tuple(
            Stratum(name=name, items=100, all_fail=outcome(wrong[:, groups == place]))
            for place, name in enumerate(GROUPS)
        ),
        all_fail_within_strata=outcome(wrong),
        group=(
            GroupResult(measure="effective_votes", view="predictions", value=known(1.94, 0.2, 6.0)),
            GroupResult(
                measure="plurality_accuracy",
                view="predictions",
                value=known(0.868, 0.03),
                note="12 ties, each given to the first label",
            ),
            GroupResult(measure="best_accuracy", view="predictions", value=known(0.9, 0.03)),
            GroupResult(
                measure="vendi_score",
                view="architecture",
                value=Undefined(reason="one model has no module graph"),
            ),
        ),
        clusterings=(
            clustering(results, "predictions", "error_consistency"),
            clustering(results, "recipe", "recipe_similarity"),
        ),
        concordance=(
            Concordance(
                view="recipe",
                measure="recipe_similarity",
                behaviour="error_consistency",
                value=Known(number=0.81),
                p_value=Known(number=0.0083),
            ),
            Concordance(
                view="architecture",
                measure="module_graph",
                behaviour="error_consistency",
                value=Known(number=0.55),
                p_value=Known(number=0.12),
            ),
        ),
        advice=(
            Advice(
                topic="vote",
                models=NAMES,
                sentence="Do not expect a vote to help: it is no better than the best model alone.",
            ),
            Advice(
                topic="least_alike",
                models=(NAMES[0], NAMES[4]),
                sentence="Pair minilm-l6 full with convolutional: their errors overlap least.",
            ),
        ),
        caveats=(CAVEAT,),
        notes=("14 rows with an empty text were dropped.",),
        settings={"confidence": 0.95, "resamples": 1000, "seed": 1},
    )
    return audit, wrong


def made_items(wrong: NDArray[np.bool_]) -> pl.DataFrame:
    gold = ["positive" if place % 3 else "negative" for place in range(ITEMS)]
    other = {"positive": "negative", "negative": "positive"}
    columns: dict[str, list[str | int | None]] = {
        "item": [f"review-{place:04}" for place in range(ITEMS)],
        "group": [GROUPS[place % len(GROUPS)] for place in range(ITEMS)],
        "text": [f"{TEXTS[place % len(TEXTS)]} ({place})" for place in range(ITEMS)],
        "gold": list(gold),
        "failures": [int(count) for count in wrong.sum(axis=0)],
    }
    for name, own in zip(NAMES, wrong, strict=True):
        columns[f"answer: {name}"] = [
            other[right] if fails else right for right, fails in zip(gold, own, strict=True)
        ]
    last = int(np.flatnonzero(wrong.all(axis=0))[0])
    columns["answer: tfidf"][last] = None
    return pl.DataFrame(columns)


def scores(number: float, split: str = "test") -> Scores:
    table = tuple(
        {"label": label, "precision": number, "recall": number - 0.02, "f1": None, "support": 200}
        for label in ("negative", "positive")
    )
    return Scores(
        split=split,
        items=ITEMS,
        scores=(
            Score(name="accuracy", value=known(number, 0.03), headline=True),
            Score(name="macro_f1", value=known(number - 0.01, 0.03)),
        ),
        tables=(ScoreTable(name="labels", title="every label", rows=table),),
        protocol={"scorer": "exact", "truncated": 0},
    )


def baseline(name: str, number: float, p: Value, alone: tuple[int, int]) -> Baseline:
    return Baseline(
        name=name,
        scores=scores(number),
        better=p,
        model_only=alone[0],
        baseline_only=alone[1],
    )


def made_run(name: str, accuracy: float) -> Run:
    recipe = {
        "name": name,
        "task": "classification",
        "base": {"source": "starter", "name": "minilm-l6"},
        "data": {"source": "starter", "name": "reviews"},
    }
    return Run(
        name=name,
        fingerprint="ab12" * 16,
        recipe=Recipe.model_validate(recipe),
        inventory=Inventory(labels=("negative", "positive")),
        facts=Facts(
            versions={"polyculture": "0.1.0", "torch": "2.13.0"},
            base_digest="cd34" * 16,
            data_digest="ef56" * 16,
            lineage=("minilm-l6",),
            chosen={"precision": "bfloat16", "threads": 2},
            seconds=41.2,
            peak_memory_mb=612.0,
            steps=480,
            epochs=3.2,
            best_step=360,
            stopped="validation did not improve twice",
            parameters=22_713_986,
            trained_parameters=22_713_986,
            rows={"train": 4000, "valid": 500, "test": 400},
            notes=("2 of 4,000 training texts were cut at 512 tokens.",),
        ),
        valid=scores(accuracy, "valid"),
        test=scores(accuracy),
        baselines=(
            baseline("tfidf", 0.76, Known(number=0.00002), (71, 18)),
            baseline("majority", 0.5, Undefined(reason="the rows were not paired"), (0, 0)),
        ),
    )


@pytest.fixture(scope="session")
def make() -> Make:
    """Makes a report's input, with some of its fields put in place of the usual ones."""

    def made(**changes: object) -> ReportInput:
        audit, wrong = made_audit()
        usual: dict[str, object] = {
            "title": "Six sentiment models",
            "audit": audit,
            "items": made_items(wrong),
            "asked": {"Study": "examples/reviews.toml", "Probe": "reviews, test, 4 domains"},
            "command": "polyculture study examples/reviews.toml",
        }
        return ReportInput(**(usual | changes))  # type: ignore[arg-type]

    return made


@pytest.fixture(scope="session")
def trained(make: Make) -> ReportInput:
    """The input of a study: its runs are known."""
    runs = (made_run(name, 1 - rate) for name, rate in zip(NAMES, RATES, strict=True))
    return make(runs=tuple(runs))


@pytest.fixture(scope="session")
def plain(make: Make) -> Report:
    """The report on outside answers."""
    return report_of(make())


@pytest.fixture(scope="session")
def written(trained: ReportInput, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a study's report. It is read only."""
    folder = tmp_path_factory.mktemp("report")
    write_report(folder, trained)
    return folder


@pytest.fixture(scope="session")
def hostile(make: Make) -> ReportInput:
    """An input whose names, texts, gold and title try to break out of the page or to burst it."""
    usual = make()
    names = {"convolutional": HOSTILE, "tfidf": "نموذج عربي 3", "smollm2 head": "长" * 200}
    record = usual.audit.model_dump_json()
    for old, new in names.items():
        record = record.replace(json.dumps(old), json.dumps(new))
    texts = [HOSTILE_TEXTS[place % len(HOSTILE_TEXTS)] for place in range(ITEMS)]
    items = usual.items.rename({f"answer: {old}": f"answer: {new}" for old, new in names.items()})
    return make(
        audit=Audit.model_validate_json(record),
        items=items.with_columns(
            text=pl.Series(texts), gold=pl.lit(HOSTILE), group=pl.lit("</style><b>")
        ),
        title=HOSTILE,
        command=f"``` {HOSTILE}",
    )
