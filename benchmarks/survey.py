"""How a survey grows with its zoo: seconds and memory of each stage, for made-up hubs.

    python benchmarks/survey.py                          # 10k, 100k, 1M and 2M cards
    python benchmarks/survey.py --cards 10000 100000     # something smaller

Each size has processes of its own; memory is the largest resident set that the kernel saw up to
the end of a stage. ``write`` makes the snapshot up and is no part of a survey. ``stages`` reads the
snapshot and computes lineage and concentration step by step, each called with what the one before
it left; ``survey`` is everything through its one entry.
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

SIZES = (10_000, 100_000, 1_000_000, 2_000_000)


class Clock:
    """Tells each stage's seconds and the peak of memory so far."""

    def __init__(self) -> None:
        self.stages: dict[str, tuple[float, float]] = {}

    def __call__(self, stage: str, work: Callable[[], Any]) -> Any:
        """Do the work and note what it took."""
        start = time.perf_counter()
        result = work()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        self.stages[stage] = (time.perf_counter() - start, peak)
        return result


def write(path: Path, cards: int) -> Clock:
    from polyculture.checks.zoo import made_up

    clock = Clock()
    table = clock("make up", lambda: made_up(cards))
    clock("write", lambda: table.write_parquet(path))
    return clock


def read(path: Path) -> Any:
    from polyculture.core import parts

    source = parts.load("zoo.sources", "hub")
    return source.read([path], on_progress=lambda *_: None)


def stages(path: Path, cards: int) -> Clock:
    """The figures one by one."""
    del cards
    from polyculture.zoo.count.lineages.lineage import descendants, forest
    from polyculture.zoo.count.shares.concentration import chance_of_lineages, concentrations
    from polyculture.zoo.count.shares.divisions import graphs_of

    clock = Clock()
    zoo = clock("read", lambda: read(path))
    graphs = clock("mend", lambda: graphs_of(zoo))
    clock("descendants", lambda: [descendants(graph) for graph in graphs.values()])
    grown = clock("chance of lineages", lambda: chance_of_lineages(zoo, graphs))
    clock("forest", lambda: [forest(graphs[kind], grown=grown.get(kind)) for kind in graphs])
    clock("concentration", lambda: concentrations(zoo, graphs=graphs, grown=grown))
    return clock


def whole(path: Path, cards: int) -> Clock:
    """Everything, through the one entry."""
    del cards
    from polyculture.zoo.count.assemble import survey

    clock = Clock()
    zoo = clock("read", lambda: read(path))
    clock("survey", lambda: survey(zoo))
    return clock


JOBS: dict[str, Callable[[Path, int], Clock]] = {
    "write": write,
    "stages": stages,
    "survey": whole,
}


def measured(job: str, path: Path, cards: int) -> dict[str, tuple[float, float]]:
    """Run one job in a process of its own."""
    command = [sys.executable, __file__, "--job", job, str(path), str(cards)]
    result: dict[str, tuple[float, float]] = json.loads(subprocess.check_output(command))
    return result


def main() -> None:
    """Measure, and print what each stage took and how that grew."""
    reader = argparse.ArgumentParser(description="Time and memory of a survey of made-up hubs.")
    reader.add_argument("--cards", type=int, nargs="+", default=SIZES)
    reader.add_argument("--only", choices=sorted(JOBS), nargs="+", default=["write", *JOBS])
    reader.add_argument("--job", nargs=3, help=argparse.SUPPRESS)
    asked = reader.parse_args()
    if asked.job:
        job, path, cards = asked.job
        print(json.dumps(JOBS[job](Path(path), int(cards)).stages))
        return
    before: dict[str, float] = {}
    for cards in asked.cards:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "models.parquet"
            jobs = [job for job in JOBS if job == "write" or job in asked.only]
            found = {job: measured(job, path, cards) for job in jobs}
        print(f"{cards:,} cards", flush=True)
        for job, clock in found.items():
            for stage, (seconds, megabytes) in clock.items():
                key = f"{job}: {stage}"
                grew = f", {seconds / before[key]:.1f} times" if key in before else ""
                print(f"  {key:<28} {seconds:7.1f} s, {megabytes:6,.0f} MB{grew}", flush=True)
                before[key] = seconds


if __name__ == "__main__":
    main()
