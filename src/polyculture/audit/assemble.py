"""Make an audit from the evidence of several models."""

from collections.abc import Sequence

import numpy as np

from polyculture.audit import groups
from polyculture.audit.advice import advice
from polyculture.audit.align import aligned_evidence
from polyculture.audit.caveats import caveats, learned_a_little, shared
from polyculture.audit.clusters import clusterings
from polyculture.audit.compare import compare_pairs
from polyculture.audit.paired_tests import contests
from polyculture.audit.view_correlation import concordance
from polyculture.core.audit import Audit, JointOutcome
from polyculture.core.views import Evidence
from polyculture.stats.groups.panel import Panel
from polyculture.stats.inference.resample import clusters_of, counts

SMALL_STRATUM = 10
"""Items of a stratum below which what is expected leans much on what was observed."""


def audit(
    evidence: Sequence[Evidence],
    *,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 1,
) -> Audit:
    """Compare models that answered the same items, in pairs and as a group.

    Args:
        evidence: Two models or more; items are joined by their ids.
        confidence: Share of the bootstrap inside an interval.
        resamples: Rounds of the bootstrap over items, or over the documents that they come from
            where these are known; 0 gives no intervals.
        seed: Seed of the bootstrap and of permutations.

    Raises:
        ProbeMismatchError: There is one model only, two have one name, or they answered different
            items or have different right answers.
    """
    models = aligned_evidence(evidence)
    first, names = models[0], [model.model for model in models]
    draws, shuffles = np.random.default_rng(seed).spawn(2)
    documents = next((model.documents for model in models if model.documents is not None), None)
    clusters = None if documents is None else clusters_of(documents)
    panel = Panel(
        models=tuple(model.predictions for model in models),
        counts=counts(len(first.items), resamples, draws, clusters),
        clusters=clusters,
    )
    comparisons = compare_pairs(models, panel, confidence=confidence)
    group = groups.group_results(panel, confidence=confidence)
    has_gold = first.predictions.gold is not None
    by = next((model.groups for model in models if model.groups is not None), None)
    joint = _joint_outcomes(panel, confidence)
    within_gold = _within_gold(panel, confidence)
    by_count = groups.counts_of_failures(panel) if has_gold else ((), ())
    results = groups.model_results(models, panel, confidence=confidence)
    return Audit(
        probe=first.probe,
        digest=first.digest,
        items=len(first.items),
        models=results,
        comparisons=comparisons,
        all_fail=joint[0],
        all_correct=joint[1],
        failures_by_count=by_count[0],
        expected_by_count=by_count[1],
        strata=groups.strata(panel, by, confidence=confidence) if by and has_gold else (),
        all_fail_within_strata=_within_groups(panel, by, confidence),
        all_fail_within_gold=within_gold,
        shared_refusals=int(np.all([model.predictions.missing for model in models], axis=0).sum()),
        group=group,
        contests=contests(names, panel) if has_gold else (),
        clusterings=clusterings(names, comparisons),
        concordance=concordance(names, comparisons, shuffles),
        advice=advice(
            results, panel, comparisons, group, (joint[0], within_gold), confidence=confidence
        ),
        caveats=caveats(models),
        notes=(
            *shared([model.notes for model in models], models),
            *learned_a_little(models),
            *_own_notes(panel),
        ),
        settings={
            "confidence": confidence,
            "resamples": resamples,
            "resampled": "items" if documents is None else "documents",
            "units": panel.units(),
            "seed": seed,
        },
    )


def _joint_outcomes(panel: Panel, confidence: float) -> tuple[JointOutcome, JointOutcome]:
    if panel.models[0].gold is None:
        nothing = groups.undefined_outcome(groups.NO_GOLD)
        return nothing, nothing
    return (
        groups.all_fail(panel, confidence=confidence),
        groups.all_correct(panel, confidence=confidence),
    )


def _within_gold(panel: Panel, confidence: float) -> JointOutcome | None:
    gold = panel.models[0].gold
    if gold is None:
        return None
    what = "a right answer"
    return groups.all_fail_within(panel, gold, what=what, confidence=confidence)


def _within_groups(
    panel: Panel, by: tuple[str, ...] | None, confidence: float
) -> JointOutcome | None:
    if by is None or panel.models[0].gold is None:
        return None
    strata = np.unique(np.array(by, dtype=object), return_inverse=True)[1]
    return groups.all_fail_within(panel, strata, what="a group", confidence=confidence)


def _own_notes(panel: Panel) -> list[str]:
    notes = []
    pairs = len(panel.pairs[0])
    if pairs > 1 and len(panel.counts) > 1:
        notes.append(
            f"Intervals are of one value each: of {pairs:,} pairs, chance puts some outside theirs."
        )
    items = panel.counts.shape[1]
    gold = panel.models[0].gold
    if panel.units() < items:
        notes.append(
            f"{items:,} items come from {panel.units():,} documents (an item that names none is one"
            " of its own); intervals and tests take documents as wholes."
        )
    if gold is not None:
        sizes = np.bincount(gold)
        small = int(((sizes > 0) & (sizes < SMALL_STRATUM)).sum())
        if small and sizes.max() > 1:  # where all are alone, the value itself says so
            notes.append(
                f"{small:,} of {int((sizes > 0).sum()):,} right answers have fewer than "
                f"{SMALL_STRATUM} items; joint failure expected within right answers leans on "
                "what was observed there, so its ratio is too near 1."
            )
    return notes
