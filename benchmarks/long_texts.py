"""What long texts cost: a training on texts of a million characters over one on their beginnings.

    polyculture starter fetch minilm-l3
    python benchmarks/long_texts.py                  # minutes on two slow cores
    python benchmarks/long_texts.py --kinds tfidf --texts 12 --characters 200000

Each kind is trained twice, in processes of their own: on texts of the given length, and on texts of
250 characters. What a network reads of both is nearly the same, 32 tokens each.

tfidf          word counts
convolutional  a network made from nothing, whose tokenizer is learnt from the texts
minilm-l3      a base of the starter set
one word       tfidf once more, each text one single word; a network's tokenizer knows none so long
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SHORT = 250
READ = 32
BASES = {
    "tfidf": 'base = { source = "new", kind = "tfidf" }\n',
    "convolutional": 'base = { source = "new", kind = "convolutional", width = 32, layers = 1 }\n'
    'head = { kind = "linear", pooling = "mean" }\n',
    "minilm-l3": 'base = { source = "starter", name = "minilm-l3" }\n',
}
RECIPE = """
task = "classification"
name = "long"
{base}data = {{ source = "table", train = "train.csv", valid = "valid.csv" }}
fit = {{ epochs = 1, max_length = {read}, precision = "float32" }}
"""


def main() -> None:
    arguments = read_arguments()
    print("| texts | base | short, s | long, s | ratio |\n|---|---|---|---|---|")
    for one_word in (False, True):
        for kind in arguments.kinds.split(","):
            if one_word and kind != "tfidf":
                continue
            texts, long = arguments.texts, arguments.characters
            seconds = [trained(kind, texts, size, one_word=one_word) for size in (SHORT, long)]
            what = "one word" if one_word else "words"
            ratio = seconds[1] / seconds[0]
            print(f"| {what} | {kind} | {seconds[0]:.1f} | {seconds[1]:.1f} | {ratio:.1f} |")


def trained(kind: str, texts: int, size: int, *, one_word: bool) -> float:
    """Seconds of one training, from the command to the finished run."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for split in ("train", "valid"):
            rows = [f"{_text(row, size, one_word=one_word)},{row % 2}\n" for row in range(texts)]
            (folder / f"{split}.csv").write_text("text,label\n" + "".join(rows), encoding="utf-8")
        recipe = RECIPE.format(base=BASES[kind], read=READ)
        (folder / "recipe.toml").write_text(recipe, encoding="utf-8")
        command = [sys.executable, "-m", "polyculture", "train", "recipe.toml"]
        began = time.perf_counter()
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        return time.perf_counter() - began


def _text(row: int, size: int, *, one_word: bool) -> str:
    start = f"{'good' if row % 2 else 'bad'}{row if one_word else ' '}"
    if one_word:
        return start + "x" * size
    rng = random.Random(row)  # noqa: S311  # no secret
    words = ["".join(rng.choices("etaoinshrdlu", k=rng.randint(2, 9))) for _ in range(5_000)]
    return (start + " ".join(rng.choices(words, k=size // 5)))[:size]


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--texts", type=int, default=40)
    parser.add_argument("--characters", type=int, default=900_000)
    parser.add_argument("--kinds", default=",".join(BASES))
    return parser.parse_args()


if __name__ == "__main__":
    main()
