"""What few widths of batches, kept kernels and cheap masks bring to a training in bfloat16.

    polyculture starter fetch minilm-l6 conll2003 reviews
    python benchmarks/kernels.py                 # some ten minutes on two cores
    python benchmarks/kernels.py --pairs 1 --data names

Names are found in stretches of documents, or short reviews are judged, by MiniLM-L6. Each training
runs in a process of its own, with and without the three, in turns; seconds a step are those behind
the first quarter of an epoch. A machine without bfloat16 units has nothing to gain from the first
two.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

WAYS = ("before", "now")
FIT = {"learning_rate": 2e-4, "epochs": 1, "threads": 2, "precision": "bfloat16"}
RECIPES: dict[str, dict[str, Any]] = {
    "names": {
        "task": {"kind": "spans", "context": "document"},
        "data": {
            "source": "starter",
            "name": "conll2003",
            "train_rows": 2500,
            "valid_rows": 20,
            "test_rows": 20,
        },
        "head": {"kind": "crf", "hidden": 256},
        "fit": {**FIT, "batch_tokens": 768},
    },
    "reviews": {
        "task": "classification",
        "data": {
            "source": "starter",
            "name": "reviews",
            "train_rows": 5000,
            "valid_rows": 20,
            "probe_rows": 20,
        },
        "head": {"kind": "linear", "pooling": "mean"},
        "fit": {**FIT, "max_length": 64},
    },
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default=",".join(RECIPES))
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--only", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        print(json.dumps(trained(*arguments.only)))
        return
    print("| data | steps | s a step before | now | ratio | each |\n|---|---|---|---|---|---|")
    for data in arguments.data.split(","):
        found: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
        for _ in range(arguments.pairs):
            for way in WAYS:
                found[way].append(alone(data, way))
        before, now = ([one["seconds"] for one in found[way]] for way in WAYS)
        each = ", ".join(f"{a / b:.2f}" for a, b in zip(before, now, strict=True))
        middle = statistics.median(before), statistics.median(now)
        print(
            f"| {data} | {found['now'][0]['steps']:.0f} | {middle[0]:.3f} | {middle[1]:.3f} "
            f"| {middle[0] / middle[1]:.2f} | {each} |",
            flush=True,
        )


def alone(data: str, way: str) -> dict[str, float]:
    """One training in a process of its own."""
    kept = {"ONEDNN_PRIMITIVE_CACHE_CAPACITY": "1024"} if way == "before" else {}
    done = subprocess.run(
        [sys.executable, __file__, "--only", data, way],
        env={**os.environ, **kept},
        check=True,
        capture_output=True,
        text=True,
    )
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def trained(data: str, way: str) -> dict[str, float]:
    """Seconds a step of one training behind its first quarter."""
    from polyculture import api
    from polyculture.api.runs import prepare_machine
    from polyculture.core.recipe import Recipe

    base = {"source": "starter", "name": "minilm-l6"}
    recipe = Recipe.model_validate({**RECIPES[data], "base": base, "name": data, "seed": 1})
    prepare_machine(recipe)
    if way == "before":
        as_before()
    ticks: list[float] = []
    with tempfile.TemporaryDirectory() as out:
        api.train(recipe, Path(out), on_tick=lambda _: ticks.append(time.perf_counter()))
    late = ticks[len(ticks) // 4 :]
    return {"steps": len(ticks), "seconds": (late[-1] - late[0]) / (len(late) - 1)}


def as_before() -> None:
    """Every width that a text has, and masks by comparing bytes."""
    import torch

    from polyculture.nets.efficiency import dropout
    from polyculture.nets.reading import padding

    def forward(context: Any, values: torch.Tensor, dropped: int) -> torch.Tensor:
        count = values.numel()
        bits = torch.empty((count + 7) // 8, dtype=torch.int64).random_(
            dropout.LOWEST, None, generator=dropout.chance()
        )
        kept = (bits.view(torch.uint8)[:count] >= dropped).view(values.shape).to(values.dtype)
        context.save_for_backward(kept)
        context.scale = dropout.LEVELS / (dropout.LEVELS - dropped)
        return (values * kept).mul_(context.scale)

    vars(dropout)["_Drop"].forward = staticmethod(forward)
    vars(padding)["even"] = lambda width, _: width


if __name__ == "__main__":
    main()
