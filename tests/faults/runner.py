"""Cases in which somebody tried to break the program, and how each of them ends now.

Every ``*.toml`` beside this file holds cases of one area. As a script this runs all of them as real
commands, each in an empty folder, and prints a table: ``python -m tests.faults.runner``. The test
beside it runs them within one process.
"""

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import traceback
import wave
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from polyculture.store.writing.marks import beside

HERE = Path(__file__).parent
SHELL = re.compile(r"[<>|;&$`*~\n]|^\w+=")
"""What only a shell understands."""

REVIEWS = "text,label\n" + "good film,pos\nbad film,neg\n" * 10
COUNTS = 'task = "classification"\nname = "counts"\n[base]\nsource = "new"\nkind = "tfidf"\n'
NETWORK = (
    'task = "classification"\nname = "network"\n[base]\nsource = "new"\nkind = "transformer"\n'
    "width = 32\nlayers = 1\n"
)
DATA = '[data]\nsource = "table"\ntrain = "train.csv"\nvalid = "valid.csv"\ntest = "test.csv"\n'
OFTEN = (
    '[fit]\nepochs = 6\npatience = 6\nthreads = 1\nprecision = "float32"\nbatch_tokens = 40\n'
    "learning_rate = 3e-3\ncheckpoint_seconds = 1e-6\n"
)
CUT = 6
FIT = '[fit]\nepochs = 2\nthreads = 1\nprecision = "float32"\nlearning_rate = 3e-3\n'


@dataclass(frozen=True, kw_only=True)
class Case:
    """What lies in the folder, what is typed, and how it ends."""

    area: str
    """Name of the file that holds the case."""
    note: str
    """Where the notes on faults tell of it, such as ``S1``."""
    name: str
    command: str
    """A line for the shell; one that needs no shell is run within the process by the test."""
    status: int
    told: str = ""
    """Has to occur in what is printed, line breaks and the folder's own path left out."""
    before: str = ""
    """What happened when the fault was found."""
    fixtures: tuple[str, ...] = ()
    """Prepared folders, by their names in ``FIXTURES``."""
    files: Mapping[str, str] = field(default_factory=dict)
    setup: str = ""
    """A line for the shell, run before."""
    changes: tuple[str, ...] = ()
    """Files and folders that the command may make or change; all others must stay as they are."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a case ended."""

    status: int
    printed: str
    changed: tuple[str, ...]
    """Files that are new, gone or other than before, and that the case does not name."""
    seconds: float

    def faults(self, case: Case) -> list[str]:
        """In which ways this is not how the case should end."""
        found = []
        if self.status != case.status:
            found.append(f"status {self.status}, expected {case.status}")
        if _flat(case.told) not in _flat(self.printed):
            found.append("the sentence is another one")
        if "Traceback" in self.printed:
            found.append("a traceback")
        if self.changed:
            found.append(f"changed: {', '.join(self.changed)}")
        return found


def _flat(text: str) -> str:
    return " ".join(text.split())


def cases() -> list[Case]:
    """All cases of all areas."""
    found = []
    for path in sorted(HERE.glob("*.toml")):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        shared = table.get("files", {})
        for entry in table["case"]:
            values: dict[str, Any] = {
                key: tuple(value) if isinstance(value, list) else value
                for key, value in entry.items()
            }
            values["files"] = {**shared, **entry.get("files", {})}
            found.append(Case(area=path.stem, **values))
    return found


def _train(folder: Path, recipe: str, **more: Any) -> None:
    from polyculture import api

    for split in ("train", "valid", "test"):
        (folder / f"{split}.csv").write_text(REVIEWS, encoding="utf-8")
    (folder / "recipe.toml").write_text(recipe, encoding="utf-8")
    api.train(api.read_recipe(folder / "recipe.toml"), folder / "runs", **more)


def _counts(folder: Path) -> None:
    _train(folder, COUNTS + DATA)


def _network(folder: Path) -> None:
    _train(folder, NETWORK + DATA + FIT)


def _names(folder: Path) -> None:
    words = "Ada B-PER\nlives O\nin O\nOslo B-LOC\n\nit O\nrains O\n\n" * 10
    for split in ("train", "valid", "test"):
        (folder / f"{split}.conll").write_text(words, encoding="utf-8")
    recipe = NETWORK.replace("classification", "spans").replace("network", "names")
    data = DATA.replace("table", "conll").replace(".csv", ".conll")
    (folder / "recipe.toml").write_text(recipe + data + FIT, encoding="utf-8")
    from polyculture import api

    api.train(api.read_recipe(folder / "recipe.toml"), folder / "runs")


def _cut(folder: Path) -> None:
    from polyculture.checks.killed import Cut, cut_after

    with contextlib.suppress(Cut):
        _train(folder, NETWORK + DATA + OFTEN, on_tick=cut_after(CUT))


def _own_head(folder: Path) -> None:
    _train(folder, NETWORK.replace('"network"', '"own"') + '[head]\nkind = "mlp"\n' + DATA + FIT)


def _bases(folder: Path) -> None:
    from polyculture.checks.tiny import tiny_base

    for seed, name in enumerate(("base", "other"), start=1):
        tiny_base(folder / name, "bert", ["good film", "bad film", "so so"] * 5, seed=seed)


def _starter(folder: Path) -> None:
    import polars as pl
    from safetensors.numpy import save_file

    from polyculture.sources.starter import cache
    from polyculture.sources.starter.lock import find

    for name in ("minilm-l6", "minilm-l3", "reviews"):
        entry, place = find(name), folder / "cache" / "starter" / name
        place.mkdir(parents=True)
        if entry.kind == "model":
            save_file({}, place / "model.safetensors")
            (place / "config.json").write_text("{}", encoding="utf-8")
        else:
            pl.DataFrame({"id": ["1"], "text": ["good"]}).write_parquet(place / "rows.parquet")
        mark = cache.Mark(
            name=name,
            package=entry.archive.package,
            version=entry.archive.version,
            sha256=entry.archive.sha256,
            conversion=entry.conversion,
            digest=cache.digest_of(place),
            files={path.name: path.stat().st_size for path in place.iterdir()},
            notes=(),
        )
        (place / cache.MARK).write_text(mark.model_dump_json(), encoding="utf-8")


SIZES: Mapping[str, Mapping[str, Any]] = {
    "dialogue": {"task": {"longest_answer": 8}, "base": {"kind": "decoder", "layers": 1}},
    "sentence_order": {"base": {"kind": "transformer", "layers": 1}},
    "sounds": {"base": {"kind": "tdnn", "layers": 1}, "head": {"pooling": "mean"}},
    "images": {"base": {"kind": "resnet"}, "head": {"pooling": "mean"}},
}
"""Tasks of which there is a prepared run, and what is special about its recipe."""


def _toy(task: str, folder: Path) -> None:
    from polyculture import api
    from polyculture.core import parts
    from polyculture.core.recipe import Recipe

    data = parts.load("tasks", task).toy()
    few = {split: rows.head(16) for split, rows in data.splits.items()}
    sizes = SIZES[task]
    recipe = Recipe.model_validate(
        {
            "name": task,
            "task": {"kind": task, **sizes.get("task", {})},
            "base": {"source": "new", "width": 32, **sizes["base"]},
            "head": {"kind": "linear", **sizes.get("head", {})},
            "data": {"source": "jsonl", "train": "train.jsonl", "valid": "valid.jsonl"},
            "fit": tomllib.loads(FIT)["fit"],
        }
    )
    api.train(recipe, folder / "runs", dataset=replace(data, splits=few))


def _clips(folder: Path) -> None:
    import numpy as np

    for name, pitch, rate in (("low", 300, 8_000), ("high", 1_500, 8_000), ("fast", 300, 16_000)):
        time_ = np.arange(rate * 3 // 20) / rate
        _write_wave(folder / f"{name}.wav", np.sin(2 * np.pi * pitch * time_), rate)
    _write_wave(folder / "empty.wav", np.zeros(0), 8_000)
    (folder / "zero.wav").write_bytes(b"")
    (folder / "notes.wav").write_text("listen to this", encoding="utf-8")


def _write_wave(path: Path, samples: Any, rate: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples * 20_000).astype("<i2").tobytes())


def _pictures(folder: Path) -> None:
    import numpy as np
    from PIL import Image

    for name, grey in (("black", 0), ("white", 255)):
        Image.new("L", (8, 8), grey).save(folder / f"{name}.png")
    noise = np.random.default_rng(1).integers(0, 256, (64, 64), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "cut.png")
    whole = (folder / "cut.png").read_bytes()
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    Image.new("I;16", (8, 8)).save(folder / "deep.png")
    (folder / "zero.png").write_bytes(b"")


FIXTURES: Mapping[str, Callable[[Path], None]] = {
    "counts": _counts,
    "network": _network,
    "cut": _cut,
    "own_head": _own_head,
    "bases": _bases,
    "names": _names,
    "starter": _starter,
    "clips": _clips,
    "pictures": _pictures,
    **{task: partial(_toy, task) for task in SIZES},
}
"""``counts``: recipe, texts and the run ``runs/counts``. ``network``: likewise a small Transformer,
``runs/network``. ``cut``: a training of it that ended without warning in its sixth step.
``own_head``: one with a head of ours, ``runs/own``. ``bases``: two tiny BERTs, ``base`` and
``other``. ``names``: a run that finds names in CoNLL columns, ``runs/names``.
``starter``: a ``cache`` in which two models and a data set pass for fetched.
``clips``: tones in ``low.wav``, ``high.wav`` and, at another rate, ``fast.wav``, and files that
cannot be heard. ``pictures``: ``black.png``, ``white.png``, and files that cannot be seen.
``dialogue`` and other tasks: a run of the task on a few toy data, ``runs/dialogue``."""


class Kitchen:
    """Makes each prepared folder once, and copies it into a case's folder."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def serve(self, name: str, folder: Path) -> None:
        """Copy a prepared folder's contents into ``folder``."""
        made = self.place / name
        if not made.exists():
            made.mkdir(parents=True)
            FIXTURES[name](made)
        shutil.copytree(made, folder, dirs_exist_ok=True, symlinks=True)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file, link and folder below, with what it holds."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = os.fsencode(path.readlink())
        elif path.is_file():
            found[name] = path.read_bytes() if os.access(path, os.R_OK) else b"closed"
        elif path.is_dir():
            found[name] = b"/"
    return found


def run(case: Case, folder: Path, kitchen: Kitchen, *, in_process: bool) -> Outcome:
    """Prepare the folder, run the command in it, and see what became of it."""
    for name in case.fixtures:
        kitchen.serve(name, folder)
    for name, text in case.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode("utf-8", "surrogatepass"))
    if case.setup:
        subprocess.run(["sh", "-c", case.setup], cwd=folder, check=True)
    before = contents(folder)
    began = time.perf_counter()
    is_plain = case.command.startswith("polyculture ") and not SHELL.search(case.command)
    status, printed = (_here if in_process and is_plain else _there)(case.command, folder)
    seconds = time.perf_counter() - began
    after = contents(folder)
    changed = tuple(
        name
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name) and not _may_change(name, case.changes)
    )
    printed = printed.replace(f"{folder}/", "").replace(str(folder), "{work}")
    return Outcome(status=status, printed=printed, changed=changed, seconds=seconds)


def _may_change(name: str, allowed: tuple[str, ...]) -> bool:
    marks = {str(beside(Path(one))) for one in allowed}
    return name in marks or any(name == one or name.startswith(f"{one}/") for one in allowed)


def _there(command: str, folder: Path) -> tuple[int, str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": path, "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout.decode("utf-8", "replace")


def _here(command: str, folder: Path) -> tuple[int, str]:
    from polyculture.cli import main

    arguments = shlex.split(command)[1:]
    written = io.BytesIO()
    stream = io.TextIOWrapper(written, encoding="utf-8", write_through=True)
    was = Path.cwd()
    os.chdir(folder)
    try:
        with _streams(stream):
            main.run(arguments)
        status = 0
    except SystemExit as left:
        status = left.code if isinstance(left.code, int) else int(left.code is not None)
    except Exception:  # noqa: BLE001  # a bug: what Python itself would do
        stream.write(traceback.format_exc())
        status = 1
    finally:
        os.chdir(was)
    return status, written.getvalue().decode("utf-8", "replace")


def done(*words: str) -> int:
    """Run a command in this process; its exit status."""
    from polyculture.cli import main

    try:
        main.run(list(words))
    except SystemExit as left:
        return int(left.code or 0)
    return 0


@contextlib.contextmanager
def _streams(stream: io.TextIOWrapper) -> Iterator[None]:
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        yield


def main() -> None:
    """Print a Markdown table of all cases."""
    failed = 0
    print("| note | case | before | status | what is said now | s |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as place:
        os.environ["POLYCULTURE_HOME"] = str(Path(place) / "home")
        kitchen = Kitchen(Path(place) / "prepared")
        for number, case in enumerate(cases()):
            folder = Path(place) / f"case-{number}"
            folder.mkdir()
            outcome = run(case, folder, kitchen, in_process=False)
            faults = outcome.faults(case)
            failed += bool(faults)
            said = outcome.printed.strip().splitlines() or [""]
            line = next((line for line in said if line.startswith("Error")), said[-1])
            cells = [case.note, case.name, case.before, str(outcome.status), line]
            cells[-1] += f" **({'; '.join(faults)})**" if faults else ""
            shown = (cell.replace("|", "\\|").replace("\n", " ") for cell in cells)
            print(f"| {' | '.join(shown)} | {outcome.seconds:.1f} |", flush=True)
    print(f"\n{len(cases())} cases, {failed} of them not as they should end.")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
