"""Several tasks on one body: a run for each, whole, resumable, and as good as any run."""

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file

from polyculture import api
from polyculture.checks.killed import Cut, cut_after
from polyculture.checks.tiny import tiny_base
from polyculture.cli.main import run
from polyculture.core import parts
from polyculture.core.data import Dataset
from polyculture.core.errors import RecipeError, StoreError
from polyculture.core.run import Run
from polyculture.core.several.together import Together
from polyculture.engine.plan import Group, Plan
from polyculture.engine.together import assemble_parts, prepare_parts
from polyculture.nets.joined import Joined

DATA = {"source": "table", "train": "toy.csv"}
PARTS = {
    "reviews": {"task": "classification", "data": DATA},
    "names": {"task": "spans", "data": DATA, "head": {"kind": "mlp", "hidden": 16}},
}
NEW = {"source": "new", "kind": "transformer", "width": 32, "layers": 1}
FIT = {
    "epochs": 1,
    "threads": 1,
    "precision": "float32",
    "learning_rate": 2e-3,
    "batch_tokens": 200,
}
SIZES = {"train": 60, "valid": 12, "test": 12}
FILES = ("model/model.safetensors", "model/head.safetensors", "predictions/test.parquet")
TASKS = {"reviews": "classification", "names": "spans"}


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What was chosen by timing is remembered for one test only."""
    place = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("POLYCULTURE_HOME", str(place))
    return place


def asked(**changes: Any) -> Together:
    table = {"name": "both", "base": NEW, "fit": FIT, "parts": PARTS, **changes}
    return Together.model_validate(table)


def toys() -> dict[str, Dataset]:
    """A few rows of each task's toy data."""
    few = {}
    for name, task in TASKS.items():
        data: Dataset = parts.load("tasks", task).toy()
        rows = {split: part.head(SIZES[split]) for split, part in data.splits.items()}
        few[name] = replace(data, splits=rows)
    return few


def train(place: Path, wanted: Together | None = None, **more: Any) -> dict[str, tuple[Run, Path]]:
    runs: dict[str, tuple[Run, Path]] = api.train_together(
        wanted or asked(), place, datasets=toys(), **more
    )
    return runs


@pytest.mark.slow
def test_every_part_ends_as_a_run_of_its_own(tmp_path: Path) -> None:
    """One body, a head each; the runs answer alone, and know of one another."""
    runs = train(tmp_path)

    bodies = [load_file(folder / "model" / "model.safetensors") for _, folder in runs.values()]
    heads = [load_file(folder / "model" / "head.safetensors") for _, folder in runs.values()]
    assert all(torch.equal(bodies[0][name], x) for name, x in bodies[1].items())
    assert heads[0].keys() != heads[1].keys()
    for name, (record, folder) in runs.items():
        assert folder == tmp_path / "both" / name
        assert record.name == f"both-{name}"
        assert record.facts.together == tuple(f"both-{other}" for other in runs if other != name)
        assert record.test is not None
        assert (folder / "log.jsonl").is_file()
    reviews = tmp_path / "new.csv"
    pl.DataFrame({"id": ["1"], "text": ["a lovely meal"]}).write_csv(reviews)
    answers, _ = api.predict(tmp_path / "both" / "reviews", reviews)
    assert answers["answer"][0] in {"good", "bad"}
    assert [listed.name for listed in api.list_runs(tmp_path)] == ["both/names", "both/reviews"]
    assert [listed.name for listed in api.list_runs(tmp_path / "both")] == ["names", "reviews"]
    with pytest.raises(StoreError, match="holds finished runs already"):
        train(tmp_path)
    assert train(tmp_path, replace=True)["names"][0].facts.steps > 0


@pytest.mark.slow
def test_a_training_that_is_cut_off_ends_with_the_same_bytes(tmp_path: Path) -> None:
    """Batches of all parts come in the order in which they came before."""
    fit = {**FIT, "checkpoint_seconds": 1e-6, "batch_tokens": 60}
    wanted = asked(fit=fit, sampling="equal")
    whole = train(tmp_path / "whole", wanted)

    for step in (3, 7):
        with suppress(Cut):
            train(tmp_path / "cut", wanted, on_tick=cut_after(step))
    resumed = train(tmp_path / "cut", wanted)

    for name, (_, folder) in whole.items():
        for file in FILES:
            assert (resumed[name][1] / file).read_bytes() == (folder / file).read_bytes(), file


def test_all_parts_learn_by_one_optimizer() -> None:
    """It is that of the whole recipe, as base and rates are."""
    wanted = asked(optimizer={"kind": "sgd", "momentum": 0.5})

    for recipe in wanted.recipes().values():
        assert recipe.optimizer.model_dump() == wanted.optimizer.model_dump()
        assert recipe.optimizer.model_dump()["momentum"] == 0.5


@pytest.mark.slow
@pytest.mark.parametrize("adaptation", ["head_only", "low_rank", "bottleneck", "prefix"])
def test_a_frozen_body_is_shared_too(adaptation: str, tmp_path: Path) -> None:
    """Heads learn, and what is added to the body or merged into it is the same for all parts."""
    texts = toys()["reviews"].splits["train"]["text"].to_list()
    base = tiny_base(tmp_path / "base", "bert", texts)
    folder = {"source": "folder", "path": str(base)}

    runs = train(tmp_path, asked(base=folder, adaptation=adaptation))

    before = load_file(base / "model.safetensors")
    bodies = [load_file(f / "model" / "model.safetensors") for _, f in runs.values()]
    assert all(torch.equal(bodies[0][name], x) for name, x in bodies[1].items())
    same = all(torch.equal(before[name], x) for name, x in bodies[0].items())
    assert before.keys() >= bodies[0].keys()
    assert same == (adaptation != "low_rank")
    notes = runs["reviews"][0].facts.notes
    assert any("several tasks share it" in note for note in notes) == (adaptation == "head_only")


@pytest.mark.slow
def test_a_batch_goes_to_the_head_of_its_part_and_losses_are_weighted(tmp_path: Path) -> None:
    """Each part counts its own targets; a weight of 3 is three times the loss."""
    from polyculture.api.joint_runs import opened_trainings

    wanted = asked(parts={**PARTS, "names": {**PARTS["names"], "weight": 3.0}})
    trainings = opened_trainings(wanted, tmp_path / "base", toys())
    prepared = prepare_parts(trainings, wanted)
    joined = Joined({name: part.opened.network for name, part in prepared.items()}).eval()

    names = prepared["names"]
    chosen, work = assemble_parts(prepared, wanted, tmp_path)
    batch = work.batch_of(np.array([names.start, names.start + 1]), 0)
    outputs = joined(batch)

    assert batch.part == "names"
    assert outputs["logits"].shape[2] == len(names.training.inventory.labels)
    assert joined.count(batch) == int((batch.targets["labels"] >= 0).sum())
    alone = names.training.task.loss(outputs, batch, names.opened.context)
    torch.testing.assert_close(work.loss_of(outputs, batch), alone)
    assert batch.weight == 3.0  # by which engine/step.py multiplies it
    other = work.batch_of(np.array([prepared["reviews"].start]), 0)
    assert (other.part, other.weight) == ("reviews", 1.0)
    one_thread = chosen.model_copy(update={"threads": 1})  # as a resumed training had it
    again = prepare_parts(opened_trainings(wanted, tmp_path / "b", toys()), wanted, one_thread)
    assert again["names"].opened.device.lanes == 1
    weights = {id(w) for w in joined.head_parameters()}
    heads = [part.opened.network.head for part in prepared.values()]
    assert len(weights) == sum(len([*head.parameters()]) for head in heads if head is not None)


def test_parts_may_be_named_as_they_like() -> None:
    """With a full stop, or as something that every module has."""
    networks: dict[str, Any] = {"v1.0": torch.nn.Identity(), "type": torch.nn.Identity()}
    body = torch.nn.Linear(2, 2)
    for network in networks.values():
        network.model = body

    joined = Joined(networks)

    assert [joined.part(name) for name in networks] == joined.networks == [*networks.values()]


@pytest.mark.parametrize(("drawn", "wanted"), [((30, 10), (30, 10)), ((20, 20), (20, 20))])
def test_examples_of_different_parts_never_share_a_batch(
    drawn: tuple[int, int], wanted: tuple[int, int]
) -> None:
    """Each part is drawn as often as it is asked for, every example as often as any other."""
    sizes = np.arange(1, 41)
    groups = [
        Group(start=0, stop=30, budget=60, drawn=drawn[0]),
        Group(start=30, stop=40, budget=90, drawn=drawn[1]),
    ]
    plan = Plan(sizes, budget=1, epochs=1, seed=1, groups=groups)

    batches = [plan[step] for step in range(len(plan))]

    assert all((batch < 30).all() or (batch >= 30).all() for batch in batches)
    every = np.concatenate(batches)
    assert ((every < 30).sum(), (every >= 30).sum()) == wanted
    times = np.bincount(every, minlength=40)
    for part in (times[:30], times[30:]):
        assert part.max() - part.min() <= 1
    again = Plan(sizes, budget=1, epochs=1, seed=1, groups=groups)
    assert all(np.array_equal(batch, again[step]) for step, batch in enumerate(batches))
    first = np.array([batch[0] < 30 for batch in batches])
    assert first[: len(first) // 2].any(), "batches of both parts are mixed"
    assert not first[: len(first) // 2].all()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"parts": {"reviews": PARTS["reviews"]}}, "at least 2"),
        (
            {"parts": {**PARTS, "names": {"task": "spans", "data": DATA, "head": "linear"}}},
            "part 'names': head 'linear' is the base's own here",
        ),
        (
            {"parts": {**PARTS, "texts": {"task": "masked_text", "data": DATA}}},
            "part 'texts': the task 'masked_text' uses the head of a language model",
        ),
        (
            {"parts": {**PARTS, "search": {"task": "similarity", "data": DATA}}},
            "part 'search': the task 'similarity' needs rows beside its own",
        ),
        ({"parts": {**PARTS, "a/b": PARTS["reviews"]}}, "a/b"),
        ({"sampling": 0.5}, "greater than 1"),
    ],
)
def test_what_cannot_share_a_body_is_refused(changes: dict[str, Any], reason: str) -> None:
    """Before anything is read, with the part and what to do."""
    with pytest.raises(ValidationError, match=reason):
        asked(**changes)


def test_a_file_with_parts_is_read_as_such(tmp_path: Path) -> None:
    """Mistakes in it are told with their place."""
    file = tmp_path / "both.toml"
    file.write_text(
        'name = "both"\n[base]\nsource = "new"\nkind = "transformer"\n'
        '[parts.a]\ntask = "classification"\ndata = { source = "table", train = "a.csv" }\n'
        '[parts.b]\ntask = "spans"\n[parts.b.data]\nsource = "table"\ntrain = "b.csv"\n'
    )

    wanted = api.read_trainable(file, ["sampling=equal"])

    assert isinstance(wanted, Together)
    data: Any = wanted.recipes()["b"].data
    assert data.train == tmp_path / "b.csv"
    with pytest.raises(RecipeError, match="there is no setting 'sampled'"):
        api.read_trainable(file, ["sampled=equal"])


@pytest.mark.slow
def test_the_command_line_trains_all_parts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And prints a record of each, with its folder."""
    for name, data in toys().items():
        for split, rows in data.splits.items():
            rows.write_parquet(tmp_path / f"{name}-{split}.parquet")
    files = {
        name: "\n".join(f'{split} = "{name}-{split}.parquet"' for split in SIZES) for name in TASKS
    }
    lines = [
        f'[parts.{name}]\ntask = "{task}"\n[parts.{name}.data]\nsource = "table"\n{files[name]}'
        for name, task in TASKS.items()
    ]
    base = '[base]\nsource = "new"\nkind = "transformer"\nwidth = 32\nlayers = 1'
    fit = "[fit]\nepochs = 1\nthreads = 1\nbatch_tokens = 200"
    file = tmp_path / "both.toml"
    file.write_text("\n".join(['name = "both"', base, fit, *lines]), encoding="utf-8")

    with pytest.raises(SystemExit) as ended:
        run(["train", str(file), "--out", str(tmp_path / "runs"), "--quiet", "--json"])

    assert not ended.value.code
    records = json.loads(capsys.readouterr().out)
    assert [record["folder"] for record in records] == [
        str(tmp_path / "runs" / "both" / name) for name in TASKS
    ]
