"""Peak memory and time of ``polyculture data check`` on a file that is larger than its bound.

A table of made-up reviews is written into a temporary folder: a known share of its rows repeats an
earlier one, and a known number of its test rows stands in train too. The check runs in a process of
its own, whose peak of resident memory is printed beside the size of the file.

Run: ``python benchmarks/data_check.py --gigabytes 5``
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

WORDS = 20_000
LABELS = ("bad", "fair", "good")
BLOCK = 20_000
"""Rows that are made at once."""
LENGTH = 40
"""Words of a text."""
REPEATED = 0.02
LEAKED = 500
TEST = 10_000
RECIPE = """
task = "classification"
base = { source = "new", kind = "tfidf" }

[data]
source = "SOURCE"
train = "train.SUFFIX"
test = "test.SUFFIX"
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=1.0)
    parser.add_argument("--suffix", choices=("csv", "jsonl"), default="csv")
    parser.add_argument("--place", type=Path, default=None, help="Where the file is written.")
    asked = parser.parse_args()
    with TemporaryDirectory(dir=asked.place) as place:
        folder = Path(place)
        free = shutil.disk_usage(folder).free
        if free < 2.2e9 * asked.gigabytes:  # the file, and the digests of its rows
            sys.exit(f"{folder} has {free / 1e9:.0f} GB free, which is too little.")
        rows, repeated = write(folder, int(1e9 * asked.gigabytes), asked.suffix)
        size = (folder / f"train.{asked.suffix}").stat().st_size
        print(f"{size / 1e9:.2f} GB, {rows:,} rows, {repeated:,} of them repeated, {LEAKED} leaked")
        source = "table" if asked.suffix == "csv" else "jsonl"
        text = RECIPE.replace("SOURCE", source).replace("SUFFIX", asked.suffix)
        (folder / "recipe.toml").write_text(text, encoding="utf-8")
        check(folder, rows, repeated)


def write(folder: Path, size: int, suffix: str) -> tuple[int, int]:
    """Train and test; how many training rows there are, and how many repeat an earlier one."""
    rng = np.random.default_rng(1)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = np.array(["".join(rng.choice(letters, rng.integers(3, 9))) for _ in range(WORDS)])
    written = rows = repeated = 0
    leaked: list[str] = []
    with (folder / f"train.{suffix}").open("w", encoding="utf-8") as file:
        written += file.write("text,label\n" if suffix == "csv" else "")
        while written < size:
            texts = [" ".join(row) for row in words[rng.integers(0, WORDS, (BLOCK, LENGTH))]]
            again = int(REPEATED * BLOCK)
            texts[-again:] = texts[:again]
            leaked = leaked or texts[again : again + LEAKED]
            written += file.write("".join(lines(texts, rng, suffix)))
            rows, repeated = rows + BLOCK, repeated + again
    texts = [" ".join(row) for row in words[rng.integers(0, WORDS, (TEST - LEAKED, LENGTH))]]
    with (folder / f"test.{suffix}").open("w", encoding="utf-8") as file:
        file.write("text,label\n" if suffix == "csv" else "")
        file.writelines(lines(leaked + texts, rng, suffix))
    return rows, repeated


def lines(texts: list[str], rng: np.random.Generator, suffix: str) -> list[str]:
    labels = rng.choice(LABELS, len(texts))
    if suffix == "csv":
        return [f"{text},{label}\n" for text, label in zip(texts, labels, strict=True)]
    return [
        json.dumps({"text": text, "label": str(label)}) + "\n"
        for text, label in zip(texts, labels, strict=True)
    ]


def check(folder: Path, rows: int, repeated: int) -> None:
    command = [sys.executable, "-m", "polyculture", "data", "check", str(folder / "recipe.toml")]
    began = time.perf_counter()
    ran = subprocess.run(
        [*command, "--stream", "--no-time", "--json"], capture_output=True, text=True, check=True
    )
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    result = json.loads(ran.stdout)
    found = {one["name"]: one for one in result["findings"]}
    points = [point["values"] for point in found["repeated_rows"]["found"]["points"]]
    within = next(p["count"] for p in points if p["split"] == "train")
    leaked = next(p["count"] for p in points if p.get("other") == "train")
    print(f"peak {peak:,.0f} MB, {seconds:,.0f} s, {rows / seconds:,.0f} rows a second")
    print(f"repeated rows found: {within:,} of {repeated:,}; leaked {leaked} of {LEAKED}")
    slow = sorted(found.values(), key=lambda one: -one["seconds"])[:4]
    print("slowest findings:", ", ".join(f"{one['name']} {one['seconds']:.0f} s" for one in slow))


if __name__ == "__main__":
    main()
