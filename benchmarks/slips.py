"""How long a person waits for the sentence about a slip, for every verb.

    python benchmarks/slips.py [WORD...]

Runs one or two slips of each verb (or of the verbs whose lines hold WORD) a few times, each in a
new process, and prints a Markdown table: the fastest time, its ratio to starting Python alone, and
whether torch was loaded, which no slip should need.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

RUNS = 3
WATCHED = """
import atexit, sys
atexit.register(lambda: print("loaded torch" if "torch" in sys.modules else "", file=sys.stderr))
from polyculture.cli.main import run
run(sys.argv[1:])
"""
TABLE = '[data]\nsource = "table"\ntrain = "texts.csv"\nvalid = "texts.csv"\n'
HEAD = 'task = "classification"\n'
COUNTS = '[base]\nsource = "new"\nkind = "tfidf"\n'
STARTER = '[base]\nsource = "starter"\nname = "minilm-16"\n'
MODELS = '[[models]]\nname = "a"\n[[models]]\nname = "b"\nseed = 2\n'
SHARED = '[recipe]\ntask = "classification"\n[recipe.base]\nsource = "new"\nkind = "tfidf"\n'
FILES = {
    "texts.csv": "text,label\ngood film,pos\nbad film,neg\n" * 1,
    "answers.csv": "item,gold,a,b\n1,x,x,x\n2,y,y,x\n3,x,x,y\n",
    "cards.csv": "name,maker\na,x\nb,y\n",
    "good.toml": 'name = "good"\n' + HEAD + COUNTS + TABLE,
    "setting.toml": HEAD + COUNTS + TABLE + "[fit]\nepoch = 2\n",
    "column.toml": HEAD + COUNTS + TABLE + 'text = "sentence"\n',
    "starter.toml": HEAD + STARTER + TABLE,
    "base.toml": HEAD + '[base]\nsource = "folder"\npath = "no-base"\n' + TABLE,
    "study.toml": SHARED
    + TABLE.replace("[data]", "[recipe.data]")
    + "[recipe.fit]\nepoch = 1\n"
    + MODELS,
    "twins.toml": "seeds = [1, 1]\n" + SHARED + MODELS,
}
AUDIT = ("audit", "answers.csv", "--wide", "--out", "out", "--gold", "gold", "--item")
SLIPS: Sequence[tuple[str, tuple[str, ...]]] = (
    ("train: no file", ("train", "none.toml")),
    ("train: unknown setting", ("train", "setting.toml")),
    ("train: wrong column", ("train", "column.toml")),
    ("train: unknown starter", ("train", "starter.toml")),
    ("train: no base", ("train", "base.toml")),
    ("train: a run stands there", ("train", "good.toml")),
    ("train: unknown option", ("train", "good.toml", "--epochs", "2")),
    ("study: no file", ("study", "none.toml")),
    ("study: unknown setting", ("study", "study.toml")),
    ("study: one seed twice", ("study", "twins.toml")),
    ("predict: no run", ("predict", "runs/none", "texts.csv")),
    ("predict: no file", ("predict", "runs/good", "none.csv")),
    ("predict: wrong column", ("predict", "runs/good", "answers.csv")),
    ("audit table: no file", ("audit", "none.csv", *AUDIT[2:], "item")),
    ("audit table: wrong column", (*AUDIT, "itm")),
    ("audit runs: no run", ("audit", "runs/a", "runs/b", "--probe", "test", "--out", "out")),
    ("audit runs: one run", ("audit", "runs/good", "--probe", "test", "--out", "out")),
    ("report: no audit", ("report", "audits/none")),
    ("report: unknown option", ("report", "audits/none", "--to", "x.html")),
    ("survey: no source", ("survey", "transformer")),
    ("survey: no file", ("survey", "none.csv")),
    ("survey: wrong column", ("survey", "cards.csv", "--column", "name=nme")),
    ("survey: no table of years", ("survey", "transformers", "--years", "none.csv")),
    ("snapshot hub: wrong suffix", ("snapshot", "hub", "--out", "models.csv")),
    ("snapshot hub: unknown option", ("snapshot", "hub", "--out", "m.parquet", "--top", "3")),
    ("starter fetch: unknown name", ("starter", "fetch", "minilm-16")),
    ("starter where: unknown name", ("starter", "where", "minilm-16")),
    ("parts: unknown shelf", ("parts", "measure")),
    ("schema: unknown option", ("schema", "--out", "x.json")),
    ("no such verb", ("bake",)),
)


def main() -> None:
    """Print the table; leave with 1 if a slip was not refused or loaded torch."""
    wanted = [slip for slip in SLIPS if all(word in slip[0] for word in sys.argv[1:])]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in FILES.items():
            (folder / file).write_text(text, encoding="utf-8")
        ours = [sys.executable, "-m", "polyculture"]
        subprocess.run([*ours, "train", "good.toml"], cwd=folder, check=True, capture_output=True)
        start = min(_seconds([sys.executable, "-c", "pass"], folder)[0] for _ in range(RUNS))
        print(f"Starting Python alone: {start:.3f} s.\n")
        print("| slip | s | ratio | torch | what is said |\n|---|---|---|---|---|")
        slow = [_row(what, words, folder, start) for what, words in wanted]
    sys.exit(any(slow))


def _row(what: str, words: Sequence[str], folder: Path, start: float) -> bool:
    tries = [_seconds([sys.executable, "-m", "polyculture", *words], folder) for _ in range(RUNS)]
    best = min(seconds for seconds, _ in tries)
    watched = subprocess.run(
        [sys.executable, "-c", WATCHED, *words],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    has_torch = "loaded torch" in watched.stderr
    lines = [line for line in tries[0][1].stderr.splitlines() if line.strip(" ╭─╮╰╯│")]
    said = next((line for line in lines if line.startswith("Error")), lines[-1] if lines else "")
    word = "loaded" if has_torch else "no"
    print(f"| {what} | {best:.2f} | {best / start:.0f} | {word} | {said.strip(' │')} |", flush=True)
    return has_torch or tries[0][1].returncode != 2


def _seconds(words: Sequence[str], folder: Path) -> tuple[float, subprocess.CompletedProcess[str]]:
    began = time.perf_counter()
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    return time.perf_counter() - began, done


if __name__ == "__main__":
    main()
