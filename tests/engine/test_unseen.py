"""Labels that only validation and test have: whole trainings, scored again from what they saved."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from sklearn.metrics import accuracy_score, f1_score

from polyculture import api
from polyculture.core.recipe import Recipe
from polyculture.core.run import Scores
from polyculture.core.task import Encoded, Example
from polyculture.engine.answering import read
from polyculture.engine.answering.read import read_rows
from polyculture.engine.devices.cpu import Cpu
from polyculture.engine.opened import open_base
from polyculture.engine.prepare import prepare_training
from polyculture.engine.training import Training

Make = Callable[..., Recipe]
Begin = Callable[..., Training]


def values(scores: Scores) -> dict[str, float]:
    return {one.name: one.value.number for one in scores.scores if one.value.kind == "known"}


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    lines = (json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def saved(folder: Path, split: str) -> tuple[list[str], list[str]]:
    table = pl.read_parquet(folder / "predictions" / f"{split}.parquet")
    return table["gold"].to_list(), table["answer"].to_list()


def test_a_run_with_unseen_labels_is_scored_as_scikit_learn_scores_its_answers(
    tmp_path: Path, make_recipe: Make
) -> None:
    """All gold is there; the note tells each label and its rows; training on them does no harm."""
    texts = {"who": "who wrote {}", "where": "where is {}"}
    rows = [
        {"text": text.format(number), "label": label}
        for number in range(12)
        for label, text in texts.items()
    ]
    write(tmp_path / "train.jsonl", rows)
    write(tmp_path / "valid.jsonl", [*rows[:8], {"text": "when was it", "label": "when"}])
    more = [{"text": f"what does {word} mean", "label": "what"} for word in ("a", "b", "c")]
    write(tmp_path / "test.jsonl", [*rows[:10], *more])
    data = {name: str(tmp_path / f"{name}.jsonl") for name in ("train", "valid", "test")}
    recipe = make_recipe(
        data={"source": "jsonl", **data}, base={"source": "new", "kind": "tfidf"}, fit={}
    )

    run, folder = api.train(recipe, tmp_path / "runs")

    assert run.labels == ("where", "who")
    assert run.test is not None
    gold, answers = saved(folder, "test")
    assert gold.count("what") == 3
    for scores, (right, given) in (
        (run.test, (gold, answers)),
        (run.valid, saved(folder, "valid")),
    ):
        own = values(scores)
        assert own["accuracy"] == pytest.approx(accuracy_score(right, given))
        assert own["macro_f1"] == pytest.approx(
            f1_score(right, given, average="macro", zero_division=0)
        )
    assert (
        "2 labels do not occur in train: 'what' (test 3 rows), 'when' (valid 1 row). The model "
        "cannot answer them, so they count as wrong."
    ) in run.facts.notes
    assert [baseline.name for baseline in run.baselines] == ["majority"]
    assert "The baseline 'tfidf' is left out: this model is that very method." in run.facts.notes


def phrases(answers: list[str]) -> set[tuple[int, str, int, int]]:
    """Every span with its sentence, as seqeval and conlleval compare them."""
    return {(row, *span) for row, answer in enumerate(answers) for span in json.loads(answer)}


@pytest.mark.slow
@pytest.mark.parametrize("head", ["linear", "crf"])
def test_a_tagger_with_unseen_types_trains_and_is_scored_on_all_gold(
    tmp_path: Path, make_recipe: Make, head: str
) -> None:
    """Validation and test hold a type that training lacks: its spans are missed, not dropped."""
    rows = [
        {"tokens": ["we", "met", name, "in", place], "tags": ["O", "O", "B-PER", "O", "B-LOC"]}
        for name in ("Ada", "Tom", "Mia", "李")
        for place in ("Oslo", "Rome", "北京")
    ]
    new = {"tokens": ["Acme", "Ltd", "met", "Ada"], "tags": ["B-ORG", "I-ORG", "O", "B-PER"]}
    write(tmp_path / "train.jsonl", rows * 4)
    write(tmp_path / "valid.jsonl", [*rows[:4], new])
    write(tmp_path / "test.jsonl", [*rows[4:9], new, new])
    data = {name: str(tmp_path / f"{name}.jsonl") for name in ("train", "valid", "test")}
    recipe = make_recipe(
        "spans",
        data={"source": "jsonl", **data},
        head={"kind": head},
        base={"source": "new", "kind": "transformer", "width": 32, "layers": 1},
    )

    run, folder = api.train(recipe, tmp_path / "runs")

    assert "B-ORG" not in run.labels
    assert run.test is not None
    for split, scores in (("valid", run.valid), ("test", run.test)):
        gold, answers = map(phrases, saved(folder, split))
        found = len(gold & answers)
        assert values(scores)["entity_f1"] == pytest.approx(2 * found / (len(gold) + len(answers)))
        assert values(scores)["entity_recall"] == pytest.approx(found / len(gold))
    missed = next(row for row in run.test.tables[0].rows if row["label"] == "ORG")
    assert (missed["support"], missed["recall"], missed["precision"]) == (2, 0.0, None)
    (note,) = [note for note in run.facts.notes if "not occur in train" in note]
    assert note.startswith(
        "1 type of span does not occur in train: 'ORG' (valid 1 row, test 2 rows)."
    )


def unseen(example: Example) -> Example:
    """The same with labels that training does not have."""
    targets = {name: np.full_like(values, -100) for name, values in example.targets.items()}
    return replace(example, targets=targets)


@pytest.mark.parametrize(
    ("task", "head"), [("classification", "linear"), ("spans", "linear"), ("spans", "crf")]
)
def test_rows_whose_labels_are_unseen_do_not_move_the_validation_loss(
    task: str, head: str, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loss is that of the other rows, also where a whole batch holds nothing else."""
    monkeypatch.setattr(read, "BUDGET", 40)
    training = begin(task, head={"kind": head})
    prepared = prepare_training(training, None)
    encoded = open_base(training).encode(training, "valid")
    again = [replace(unseen(one), row=one.row + encoded.rows) for one in encoded.examples]
    examples = [*encoded.examples, *again]
    twice = replace(encoded, examples=examples, rows=2 * encoded.rows)

    def loss(encoded: Encoded) -> float:
        found = read_rows(
            prepared.network,
            encoded,
            training.task,
            prepared.context,
            device=Cpu(1),
            loss_of=prepared.work.loss_of,
        )
        assert found.loss is not None
        return found.loss

    assert loss(twice) == pytest.approx(loss(encoded), rel=1e-5)


def test_without_any_known_label_there_is_no_validation_loss(begin: Begin) -> None:
    """Nothing is there that a mean could be taken of."""
    training = begin()
    prepared = prepare_training(training, None)
    encoded = open_base(training).encode(training, "valid")
    encoded = replace(encoded, examples=[unseen(example) for example in encoded.examples])

    found = read_rows(
        prepared.network, encoded, training.task, prepared.context, loss_of=prepared.work.loss_of
    )

    assert found.loss is None


def test_a_chain_is_not_scored_on_rows_that_hold_an_unseen_tag() -> None:
    """Its loss over the other rows is what it would be without them."""
    from polyculture.heads.crf import PLUGIN
    from polyculture.nets.batch import Batch
    from polyculture.nets.network import Network

    torch.manual_seed(1)
    assert PLUGIN.make is not None
    head = PLUGIN.make(PLUGIN.settings(), 4, 3, 0.0)
    network = Network.__new__(Network)
    torch.nn.Module.__init__(network)
    network.head = head
    words = torch.tensor([[True, True, True], [True, True, False]])
    targets = torch.tensor([[0, -100, 1], [2, 1, -100]])
    logits = torch.tensor(np.random.default_rng(1).normal(size=(2, 3, 3)), dtype=torch.float32)

    def loss(rows: slice) -> tuple[float, int]:
        batch = Batch(
            inputs={}, places={"there": words[rows]}, targets={"labels": targets[rows]}, count=4
        )
        summed = network.head_loss({"logits": logits[rows]}, batch)
        assert summed is not None
        return summed.item(), network.count(batch)

    both, second = loss(slice(0, 2)), loss(slice(1, 2))

    assert both[0] == pytest.approx(second[0])
    assert both[1] == second[1] == 2
