"""How long a training would take: a few real steps, timed, and nothing kept."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from polyculture.engine.ingredients import Ingredients
from polyculture.engine.precision import arithmetic
from polyculture.engine.prepare import Prepared, prepare
from polyculture.nets.network import count

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
        "seconds": before + _seconds_a_step(prepared) * len(prepared.work.plan),
        "chosen": {
            "precision": chosen.kernels.precision,
            "attention": chosen.kernels.attention or None,
            "threads": chosen.threads,
            "batch_tokens": chosen.batch_tokens,
            "learning_rate": chosen.learning_rate,
            "max_length": chosen.max_length,
        },
    }
    return Estimate(figures=figures, notes=prepared.notes)


def _seconds_a_step(prepared: Prepared) -> float:
    """The mean over batches spread through the plan; the first is warm-up."""
    network, work = prepared.network, prepared.work
    places = np.linspace(0, len(work.plan) - 1, STEPS + 1).astype(int)
    seconds = []
    network.train()
    for place in places:
        start = time.perf_counter()
        batch = work.batch_of(work.plan[place])
        with arithmetic(prepared.chosen.kernels.precision):
            logits = network(batch)
        work.loss_of(logits.float(), batch).backward()
        network.zero_grad(set_to_none=True)
        seconds.append(time.perf_counter() - start)
    torch.manual_seed(0)
    return float(np.mean(seconds[1:]))
