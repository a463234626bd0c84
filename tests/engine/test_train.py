"""Every kind of base, adaptation and head becomes an ordinary run."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification

from polyculture import api
from polyculture.checks.tiny import tiny_base
from polyculture.core import parts
from polyculture.core.data import Dataset
from polyculture.core.errors import ModelError, PolycultureError, RecipeError, StoreError
from polyculture.core.recipe import Recipe
from polyculture.core.run import Run
from polyculture.core.task import task_of
from polyculture.engine.answering.model import open_run
from polyculture.nets.build import open_tokenizer
from polyculture.stats.spans.entities import illegal
from polyculture.store.runs import read_run

if TYPE_CHECKING:
    from polyculture.engine.loop import Tick

Make = Callable[..., Recipe]
Toy = Callable[[str], Dataset]

TRANSFORMER = {"source": "new", "kind": "transformer", "width": 32, "layers": 2}
CONVOLUTIONAL = {"source": "new", "kind": "convolutional", "width": 32, "layers": 2}
COMBINATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "full": ("classification", {}),
    "new transformer": ("classification", {"base": TRANSFORMER}),
    "head_only": ("classification", {"adaptation": "head_only"}),
    "low_rank": ("classification", {"adaptation": "low_rank"}),
    "bottleneck": ("classification", {"adaptation": "bottleneck"}),
    "prefix": ("classification", {"adaptation": "prefix"}),
    "last_layers": ("classification", {"adaptation": {"kind": "last_layers", "blocks": 1}}),
    "mlp": ("classification", {"head": {"kind": "mlp", "hidden": 16}}),
    "mean pooling": ("classification", {"head": {"kind": "linear", "pooling": "mean"}}),
    "attention pooling": (
        "classification",
        {"head": {"kind": "mlp", "hidden": 16, "pooling": "attention"}},
    ),
    "attention pooling, head only": (
        "classification",
        {"adaptation": "head_only", "head": {"kind": "linear", "pooling": "attention"}},
    ),
    "convolutional": (
        "classification",
        {"base": CONVOLUTIONAL, "head": {"kind": "linear", "pooling": "mean"}},
    ),
    "tfidf": ("classification", {"base": {"source": "new", "kind": "tfidf"}}),
    "spans": ("spans", {}),
    "spans, head only": ("spans", {"adaptation": "head_only"}),
    "spans, bottleneck": ("spans", {"adaptation": "bottleneck", "head": "crf"}),
    "spans, crf": ("spans", {"head": {"kind": "crf", "hidden": 16, "shapes": True}}),
    "spans, convolutional": ("spans", {"base": CONVOLUTIONAL, "head": "crf"}),
}


def score_of(run: Run) -> float:
    value = (run.test or run.valid).headline().value
    assert value.kind == "known"
    return value.number


@pytest.mark.slow
@pytest.mark.parametrize("name", COMBINATIONS)
def test_a_combination_trains_saves_and_answers_the_same_after_loading(
    name: str, make_recipe: Make, toy: Toy, pretrained: dict[str, str], tmp_path: Path
) -> None:
    """The answers saved with the run are those of the model that a user opens."""
    task, changes = COMBINATIONS[name]
    data = toy(task)
    changes = {"base": pretrained, **changes}

    run, folder = api.train(make_recipe(task, **changes), tmp_path, dataset=data)

    split = "test" if run.test else "valid"
    saved = pl.read_parquet(folder / "predictions" / f"{split}.parquet")
    predictor = open_run(folder)
    rows = data.splits[split]
    prepared = task_of(run.recipe.task).prepare(rows, split, run.recipe.task)
    again, _ = predictor.answer(prepared)
    assert again["answer"].to_list() == saved["answer"].to_list()
    assert read_run(folder) == run
    assert run.facts.trained_parameters <= run.facts.parameters
    assert not list(tmp_path.glob(".*")), "nothing unfinished is left behind"
    assert {path.suffix for path in folder.rglob("*") if path.is_file()} <= {
        ".json",
        ".jsonl",
        ".md",
        ".parquet",
        ".safetensors",
    }, "no pickle"


@pytest.mark.slow
def test_a_standard_head_opens_with_transformers_alone(
    make_recipe: Make, toy: Toy, tmp_path: Path
) -> None:
    """A plain Hugging Face folder, and the same answers, with nothing of ours in between."""
    data = toy("classification")
    run, folder = api.train(make_recipe(), tmp_path, dataset=data)
    saved = pl.read_parquet(folder / "predictions" / "valid.parquet")

    model = AutoModelForSequenceClassification.from_pretrained(
        folder / "model", dtype=torch.float32
    ).eval()
    tokenizer = open_tokenizer(folder / "model")
    texts = data.splits["valid"]["text"].to_list()
    with torch.no_grad():
        logits = model(**tokenizer(texts, padding=True, return_tensors="pt")).logits

    names = model.config.id2label
    assert [names[int(code)] for code in logits.argmax(dim=1)] == saved["answer"].to_list()
    probabilities = torch.tensor(saved["probabilities"].to_list())
    torch.testing.assert_close(logits.softmax(dim=1), probabilities.float(), atol=1e-5, rtol=1e-4)
    assert tuple(names.values()) == run.labels


@pytest.mark.slow
def test_a_standard_tagger_opens_with_transformers_alone(
    make_recipe: Make, toy: Toy, tmp_path: Path
) -> None:
    """For words too; the label of a word is read at its first piece."""
    data = toy("spans")
    _, folder = api.train(make_recipe("spans"), tmp_path, dataset=data)
    saved = pl.read_parquet(folder / "predictions" / "valid.parquet")
    model = AutoModelForTokenClassification.from_pretrained(
        folder / "model", dtype=torch.float32
    ).eval()
    tokenizer = open_tokenizer(folder / "model")
    from polyculture.core import parts

    task = parts.load("tasks", "spans")
    rows = task.prepare(data.splits["valid"], "valid", task.settings())

    for words, tags in zip(rows["tokens"].to_list(), saved["tags"].to_list(), strict=True):
        encoded = tokenizer(words, is_split_into_words=True, return_tensors="pt")
        with torch.no_grad():
            codes = model(**encoded).logits[0].argmax(dim=1).tolist()
        ids = encoded.word_ids(0)
        first = {word: ids.index(word) for word in range(len(words)) if word in ids}
        assert [model.config.id2label[codes[first[w]]] for w in range(len(words))] == tags


@pytest.mark.slow
@pytest.mark.parametrize("head", [{"kind": "linear"}, {"kind": "crf"}], ids=["linear", "crf"])
def test_only_legal_tags_are_answered_also_over_windows_and_words_that_nobody_sees(
    head: dict[str, Any], make_recipe: Make, toy: Toy, tmp_path: Path
) -> None:
    """A model that has learnt little answers illegal tags, unless the recipe forbids them."""
    data = toy("spans")
    fit = {"epochs": 1, "threads": 1, "learning_rate": 1e-4, "precision": "float32"}
    fit |= {"max_length": 8}
    found = {}
    for only_legal in (False, True):
        task = {"kind": "spans", "only_legal": only_legal}
        made = make_recipe(task, name=f"legal-{only_legal}", head=head, fit=fit)
        run, folder = api.train(made, tmp_path, dataset=data)
        words = ["Ada", "\u200b", "Berg", "lives", "in", "Port", "\u200b", "Ellen"] * 4
        rows = pl.DataFrame({"id": ["long"], "tokens": [words]})
        answers, encoded = open_run(folder).answer(rows)
        assert any(note.startswith("1 sentence longer than 8") for note in encoded.notes)
        assert len(encoded.examples) > 1
        assert answers["unseen"][0] == 8
        scores = run.test or run.valid
        found[only_legal] = scores.protocol["illegal_tags"], illegal(answers["tags"][0].to_list())

    assert sum(map(int, found[False])) > 0
    assert found[True] == (0, 0)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(
    make_recipe: Make, toy: Toy, tmp_path: Path
) -> None:
    """Also with dropout, low-rank noise and shuffling."""
    data = toy("classification")

    def weights(folder: str, **changes: Any) -> bytes:
        _, made = api.train(make_recipe(**changes), tmp_path / folder, dataset=data)
        content: bytes = (made / "model" / "model.safetensors").read_bytes()
        return content

    assert weights("a") == weights("b")
    assert weights("c", seed=4) != weights("d", seed=5)


@pytest.mark.slow
def test_head_only_leaves_the_base_as_it_was(
    make_recipe: Make, toy: Toy, pretrained: dict[str, str], tmp_path: Path
) -> None:
    """Weights of the base keep their bytes."""
    data = toy("spans")
    folders = []
    for learning_rate in (1e-5, 1e-2):
        fit = {"epochs": 1, "threads": 1, "learning_rate": learning_rate, "precision": "float32"}
        made = make_recipe("spans", base=pretrained, adaptation="head_only", fit=fit)
        folders.append(api.train(made, tmp_path / str(learning_rate), dataset=data)[1])

    one, other = (load_file(folder / "model" / "model.safetensors") for folder in folders)
    for name in one:
        assert torch.equal(one[name], other[name]) == (not name.startswith("classifier")), name


@pytest.mark.slow
def test_what_stays_beside_the_base_is_attached_again_or_missed(
    make_recipe: Make, toy: Toy, pretrained: dict[str, str], tmp_path: Path
) -> None:
    """The base's own weights keep their bytes; without what was added a run does not open."""
    recipe = make_recipe(base=pretrained, adaptation="bottleneck", fit={"epochs": 1, "threads": 1})
    data = toy("classification")
    _, folder = api.train(recipe, tmp_path, dataset=data)
    model = folder / "model"
    base = load_file(Path(pretrained["path"]) / "model.safetensors")
    kept = load_file(model / "model.safetensors")

    inner = {name.removeprefix("bert."): value for name, value in kept.items()}
    assert all(torch.equal(inner[name], base[name]) for name in base if name in inner)
    assert not any("bottleneck" in name for name in kept)

    another = make_recipe(base={"source": "folder", "path": str(model)})
    with pytest.raises(ModelError, match="adapted by weights beside the base's"):
        api.train(another, tmp_path / "another", dataset=data)

    (model / "adaptation.safetensors").unlink()
    with pytest.raises(ModelError, match=r"lacks adaptation\.safetensors.*Train the run again"):
        open_run(folder)


@pytest.mark.slow
def test_blocks_that_are_computed_once_say_what_they_say_at_every_step(
    make_recipe: Make,
    toy: Toy,
    pretrained: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without dropout the same is learnt with and without the cache, and frozen weights stay."""
    config = Path(pretrained["path"]) / "config.json"
    base = tmp_path / "base"
    shutil.copytree(pretrained["path"], base)
    settings = json.loads(config.read_text())
    settings |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (base / "config.json").write_text(json.dumps(settings))
    recipe = make_recipe(
        "spans",
        base={"source": "folder", "path": str(base)},
        adaptation={"kind": "last_layers", "blocks": 1},
        fit={"epochs": 1, "threads": 2, "learning_rate": 1e-3, "precision": "float32"},
    )
    _, cached = api.train(recipe, tmp_path / "cached", dataset=toy("spans"))
    plugin = parts.load("adaptations", "last_layers")
    always = replace(plugin, computed_once=None)
    real = parts.load
    monkeypatch.setattr(
        parts, "load", lambda *which: always if which[1] == "last_layers" else real(*which)
    )
    _, again = api.train(recipe, tmp_path / "again", dataset=toy("spans"))

    before = load_file(base / "model.safetensors")
    once, each = (load_file(run / "model" / "model.safetensors") for run in (cached, again))
    for name in once:
        torch.testing.assert_close(once[name], each[name], atol=1e-4, rtol=1e-3)
    inner = {name.removeprefix("bert."): value for name, value in once.items()}
    kept = {name for name in before if name in inner and torch.equal(before[name], inner[name])}
    assert {n for n in before if "layer.0" in n or "embeddings" in n} <= kept
    assert not any("layer.1" in name for name in kept)


def test_how_words_are_spelt_is_shown_to_heads_of_words_alone(
    make_recipe: Make, toy: Toy, tmp_path: Path
) -> None:
    """A text has no one spelling; the sentence says what to leave out."""
    recipe = make_recipe(head={"kind": "mlp", "shapes": True})

    with pytest.raises(RecipeError, match=r"head\.shapes = true .* Leave it out"):
        api.train(recipe, tmp_path, dataset=toy("classification"))


@pytest.mark.slow
def test_tables_that_all_blocks_read_stay_where_blocks_are_computed_once(
    make_recipe: Make, toy: Toy, tmp_path: Path
) -> None:
    """DeBERTa's table of relative places is read by the frozen blocks too."""
    base = tiny_base(tmp_path / "base", "deberta-v2", ["a few words", "of text"])
    recipe = make_recipe(
        base={"source": "folder", "path": str(base)},
        adaptation={"kind": "last_layers", "blocks": 1},
        fit={"epochs": 1, "threads": 1, "learning_rate": 1e-2, "precision": "float32"},
    )

    _, run = api.train(recipe, tmp_path, dataset=toy("classification"))

    before = load_file(base / "model.safetensors")
    after = load_file(run / "model" / "model.safetensors")
    moved = {
        name
        for name, value in before.items()
        if not torch.equal(value, after.get(f"deberta.{name}", value))
    }
    assert {name for name in moved if "layer.1." in name}
    assert {name for name in moved if "layer.1." not in name} == set()
    assert "encoder.rel_embeddings.weight" in before
    assert "deberta.encoder.rel_embeddings.weight" in after


@pytest.mark.slow
def test_a_budget_that_is_spent_before_the_first_step_is_told(
    make_recipe: Make, toy: Toy, tmp_path: Path
) -> None:
    """The one step that is taken has a rate of 0: nothing was learnt."""
    run, _ = api.train(make_recipe(), tmp_path, dataset=toy("classification"), budget_seconds=0.01)

    assert run.facts.steps == 1
    assert any("The time ran out before the first step" in note for note in run.facts.notes)


@pytest.mark.slow
def test_a_budget_of_time_ends_training_early_and_is_said(
    make_recipe: Make, toy: Toy, tmp_path: Path
) -> None:
    """The best weights so far are kept, and the run is whole."""
    fit = {"epochs": 10_000, "threads": 1, "learning_rate": 3e-3, "precision": "float32"}

    run, _ = api.train(
        make_recipe(fit={**fit, "patience": 10_000}),
        tmp_path,
        dataset=toy("classification"),
        budget_seconds=2.0,
    )

    assert run.facts.stopped == "the time budget is spent"
    assert run.facts.epochs < 10_000


@pytest.mark.slow
def test_training_stops_when_validation_stops_improving(
    make_recipe: Make, toy: Toy, tmp_path: Path
) -> None:
    """The saved weights are those of the best look, not of the last."""
    ticks: list[Tick] = []
    fit = {"epochs": 200, "patience": 2, "threads": 1, "learning_rate": 1e-2}

    run, folder = api.train(
        make_recipe(fit={**fit, "precision": "float32"}),
        tmp_path,
        dataset=toy("classification"),
        on_tick=ticks.append,
    )

    looks = [tick for tick in ticks if tick.score is not None]
    assert run.facts.stopped == "no better validation accuracy in 2 evaluations"
    assert [look.is_best for look in looks[-2:]] == [False, False]
    assert run.facts.best_step == [look.step for look in looks if look.is_best][-1]
    logged = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in logged if "score" in line] == [look.step for look in looks]


@pytest.mark.slow
def test_an_existing_run_is_refused_unless_it_shall_be_replaced(
    make_recipe: Make, toy: Toy, tmp_path: Path
) -> None:
    """A run is written once."""
    data = toy("classification")
    made = make_recipe(base={"source": "new", "kind": "tfidf"})
    api.train(made, tmp_path, dataset=data)

    with pytest.raises(StoreError, match=r"of this very recipe.*--replace"):
        api.train(made, tmp_path, dataset=data)
    api.train(made, tmp_path, dataset=data, replace=True)


def test_a_loss_that_is_no_number_ends_training_with_advice(
    make_recipe: Make, toy: Toy, tmp_path: Path
) -> None:
    """Not hours later, and not with a model full of NaN."""
    fit = {"epochs": 50, "threads": 1, "learning_rate": 1e38, "precision": "float32"}

    with pytest.raises(ModelError, match=r"The loss became nan. Lower fit.learning_rate"):
        api.train(
            make_recipe(fit={**fit, "warmup": 0.0, "clip": 1e30}),
            tmp_path,
            dataset=toy("classification"),
        )


@pytest.mark.slow
def test_check_estimates_and_trains_nothing(
    make_recipe: Make, toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows, labels, steps and time are told; no folder appears."""
    monkeypatch.chdir(tmp_path)
    data = toy("classification")
    for split, rows in data.splits.items():
        rows.write_ndjson(tmp_path / f"{split}.jsonl")

    found = api.check(make_recipe())

    assert found.rows["train"] == len(data.splits["train"])
    assert found.steps > 0
    assert found.seconds > 0
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


def test_data_without_validation_is_refused_with_what_to_do(
    make_recipe: Make, toy: Toy, tmp_path: Path
) -> None:
    """The test set never stands in for validation."""
    data = toy("classification")
    only = Dataset(name="toy", splits={"train": data.splits["train"]}, digest="d")

    with pytest.raises(PolycultureError, match=r"no valid split.*hold_out"):
        api.train(make_recipe(), tmp_path, dataset=only)


@pytest.mark.slow
def test_several_threads_repeat_themselves_and_learn_like_one(
    make_recipe: Make, toy: Toy, pretrained: dict[str, str], tmp_path: Path
) -> None:
    """Each thread draws its own masks in its own order, so two threads give the same bytes."""
    data = toy("spans")

    def train(folder: str, threads: int) -> tuple[bytes, float]:
        fit = {"epochs": 3, "threads": threads, "learning_rate": 3e-3, "precision": "float32"}
        made = make_recipe("spans", base=pretrained, fit=fit)
        run, where = api.train(made, tmp_path / folder, dataset=data)
        content: bytes = (where / "model" / "model.safetensors").read_bytes()
        return content, score_of(run)

    one, first, second = train("one", 1), train("first", 2), train("second", 2)

    assert first[0] == second[0]
    assert first[1] == pytest.approx(one[1], abs=0.1)
