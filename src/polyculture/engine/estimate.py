"""How long a training would take: a few real steps, timed, and nothing kept."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from polyculture.engine.ingredients import Ingredients
from polyculture.engine.prepare import Prepared, prepare
from polyculture.engine.step import Shares
from polyculture.engine.team import Team
from polyculture.nets.network import count, trainable

STEPS = 3


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Figures and notes of a training that was not done."""

    figures: dict[str, Any]
    notes: tuple[str, ...]


def estimate(given: Ingredients) -> Estimate:
    """Prepare a training as it would be, take some steps, and throw everything away."""
    if given.base.kind == "tfidf":
        nothing: dict[str, Any] = {
            "parameters": 0,
            "trained_parameters": 0,
            "steps": 0,
            "seconds": 0.0,
            "chosen": {},
        }
        return Estimate(figures=nothing, notes=("TF-IDF takes seconds.",))
    began = time.perf_counter()
    prepared = prepare(given, None)
    before = time.perf_counter() - began
    chosen = prepared.chosen
    network = prepared.network
    figures: dict[str, Any] = {
        "parameters": count(network.parameters()),
        "trained_parameters": count(w for w in network.parameters() if w.requires_grad),
        "steps": len(prepared.work.plan),
        "seconds": before + _seconds_a_step(prepared, given.recipe.seed) * len(prepared.work.plan),
        "chosen": chosen.facts(),
    }
    return Estimate(figures=figures, notes=prepared.notes)


def _seconds_a_step(prepared: Prepared, seed: int) -> float:
    """The mean over batches spread through the plan; the first is warm-up."""
    network, work = prepared.network, prepared.work
    places = np.linspace(0, len(work.plan) - 1, STEPS + 1).astype(int)
    seconds = []
    with Team(prepared.chosen.threads) as team:
        shares = Shares(
            network=network,
            weights=list(trainable(network).values()),
            batch_of=work.batch_of,
            loss_of=work.loss_of,
            precision=prepared.chosen.kernels.precision,
            team=team,
            seed=seed,
        )
        for place in places:
            start = time.perf_counter()
            shares.gradients(work.plan[place], int(place))
            seconds.append(time.perf_counter() - start)
    return float(np.mean(seconds[1:]))
