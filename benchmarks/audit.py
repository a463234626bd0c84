"""How long an audit of many models takes, how much memory, and how it compares with lm-sim.

    python benchmarks/audit.py                     # 100 models x 10,000 items x 10 classes
    python benchmarks/audit.py --models 20         # something smaller

The comparison with lm-sim (its CAPA on the same probabilities, and ours beside it) needs that
package in a Python of its own, so that its needs do not touch this one:

    python -m venv peer && peer/bin/pip install lm-sim numpy
    python benchmarks/audit.py --peer peer/bin/python

lm-sim goes through items in Python, so it is given some of the pairs and its time is scaled to all
of them; the values it finds are checked against ours to nine digits. Each job has a process of its
own; memory is the largest resident set that the kernel saw. The made-up models share two thirds of
their mistakes' causes, so that they are alike to a degree that is seen in practice.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

PEER_PAIRS = 6
"""Pairs that lm-sim is given."""

PEER = """
import json, sys, time
import numpy as np
from lmsim.metrics import CAPA

tables, gold = np.load(sys.argv[1]), np.load(sys.argv[2])
outputs, gold = [list(table) for table in tables], gold.tolist()  # lists of arrays, as it asks
values, start = [], time.perf_counter()
for output in outputs[1:]:
    values.append(float(CAPA(prob=True).compute_k(outputs[0], output, gold)))
print(json.dumps({"seconds": time.perf_counter() - start, "values": values}))
"""


def made_up(models: int, items: int, classes: int) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Probabilities of shape ``(models, items, classes)`` and gold ``(items,)``."""
    rng = np.random.default_rng(1)
    gold = rng.integers(classes, size=items)
    shared = rng.normal(size=(items, classes))
    shared[np.arange(items), gold] += 1.5
    tables = np.empty((models, items, classes))
    for table in tables:
        scores = shared * 1.4 + rng.normal(size=(items, classes))
        spread = np.exp(scores - scores.max(axis=1, keepdims=True))
        table[:] = spread / spread.sum(axis=1, keepdims=True)
    return tables, gold


def whole_audit(models: int, items: int, classes: int, resamples: int) -> None:
    """Everything that an audit does, in memory: pairs, group, clusters, advice."""
    from polyculture.audit import audit
    from polyculture.core.views import Evidence, Predictions

    tables, gold = made_up(models, items, classes)
    ids = tuple(str(number) for number in range(items))
    evidence = [
        Evidence(
            model=f"m{number:03}",
            probe="made-up",
            digest="",
            items=ids,
            predictions=Predictions(
                labels=table.argmax(axis=1), gold=gold, probabilities=table, items=ids
            ),
        )
        for number, table in enumerate(tables)
    ]
    start = time.perf_counter()
    found = audit(evidence, resamples=resamples)
    finish(time.perf_counter() - start, comparisons=len(found.comparisons))


def pairs_only(models: int, items: int, classes: int, resamples: int) -> None:
    """All pair measures with intervals: what the promise of the README is about."""
    from polyculture.audit.align import aligned_evidence
    from polyculture.audit.compare import compare_pairs
    from polyculture.core.views import Evidence, Predictions
    from polyculture.stats.groups.panel import Panel
    from polyculture.stats.inference.resample import counts

    tables, gold = made_up(models, items, classes)
    evidence = aligned_evidence(
        [
            Evidence(
                model=f"m{number:03}",
                probe="made-up",
                digest="",
                items=tuple(str(n) for n in range(items)),
                predictions=Predictions(labels=t.argmax(axis=1), gold=gold, probabilities=t),
            )
            for number, t in enumerate(tables)
        ]
    )
    start = time.perf_counter()
    panel = Panel(
        models=tuple(one.predictions for one in evidence),
        counts=counts(items, resamples, np.random.default_rng(1)),
    )
    found = compare_pairs(evidence, panel, confidence=0.95)
    finish(time.perf_counter() - start, comparisons=len(found))


def capa_alone(models: int, items: int, classes: int, resamples: int) -> None:
    """CAPA of all pairs, without intervals unless asked: what lm-sim computes."""
    from polyculture.core.views import Predictions
    from polyculture.measures.predictions.capa import capa_of_pairs
    from polyculture.stats.groups.panel import Panel
    from polyculture.stats.inference.resample import counts

    tables, gold = made_up(models, items, classes)
    answers = [Predictions(labels=t.argmax(axis=1), gold=gold, probabilities=t) for t in tables]
    start = time.perf_counter()
    rounds = counts(items, resamples, np.random.default_rng(1))
    values = capa_of_pairs(Panel(models=tuple(answers), counts=rounds))[:, 0]
    finish(time.perf_counter() - start, values=values[:PEER_PAIRS].tolist())


def finish(seconds: float, **more: Any) -> None:
    """Say what was measured, for the process that asked."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "megabytes": peak, **more}))


JOBS: dict[str, Callable[[int, int, int, int], None]] = {
    "audit": whole_audit,
    "pairs": pairs_only,
    "capa": capa_alone,
}


def measured(job: str, sizes: list[int]) -> dict[str, Any]:
    """Run one job in a process of its own."""
    command = [sys.executable, __file__, "--job", job, *map(str, sizes)]
    result: dict[str, Any] = json.loads(subprocess.check_output(command))
    return result


def against_peer(python: str, sizes: list[int]) -> None:
    """CAPA by lm-sim and by us, on the same probabilities."""
    models, items, classes, resamples = sizes
    pairs = models * (models - 1) // 2
    tables, gold = made_up(models, items, classes)
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "tables.npy", tables[: PEER_PAIRS + 1])
        np.save(Path(folder) / "gold.npy", gold)
        files = [f"{folder}/tables.npy", f"{folder}/gold.npy"]
        peer = json.loads(subprocess.check_output([python, "-c", PEER, *files]))
    scaled = peer["seconds"] / len(peer["values"]) * pairs
    ours = measured("capa", [models, items, classes, 0])
    with_intervals = measured("capa", sizes)
    np.testing.assert_allclose(ours["values"], peer["values"], rtol=1e-9)
    print(f"lm-sim, CAPA of {pairs:,} pairs:  {scaled:8.1f} s (from {len(peer['values'])} pairs)")
    for name, own in (("values alone", ours), (f"with {resamples:,} resamples", with_intervals)):
        ratio = scaled / own["seconds"]
        print(f"ours, {name:<22}  {own['seconds']:8.2f} s, {ratio:,.0f} times as fast")


def main() -> None:
    """Measure, and print ratios."""
    reader = argparse.ArgumentParser(description="Time and memory of an audit.")
    reader.add_argument("--models", type=int, default=100)
    reader.add_argument("--items", type=int, default=10_000)
    reader.add_argument("--classes", type=int, default=10)
    reader.add_argument("--resamples", type=int, default=1_000)
    reader.add_argument("--peer", help="A Python that has lm-sim.")
    reader.add_argument("--job", nargs=5, help=argparse.SUPPRESS)
    asked = reader.parse_args()
    if asked.job:
        JOBS[asked.job[0]](*map(int, asked.job[1:]))
        return
    sizes = [asked.models, asked.items, asked.classes, asked.resamples]
    print(
        f"{asked.models} models x {asked.items:,} items x {asked.classes} classes, "
        f"{asked.resamples:,} resamples"
    )
    for job, what in (("pairs", "all pair measures"), ("audit", "the whole audit")):
        own = measured(job, sizes)
        print(
            f"{what:<18} {own['seconds']:6.1f} s, {own['megabytes']:,.0f} MB at most, "
            f"{own['comparisons']:,} comparisons"
        )
    if asked.peer:
        against_peer(asked.peer, sizes)


if __name__ == "__main__":
    main()
