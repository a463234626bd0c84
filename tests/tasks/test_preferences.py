"""Preferences: rows that are refused, the loss by hand, and a reference that survives a kill."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from torch.nn import functional

from polyculture.checks.killed import Cut, cut_after
from polyculture.checks.tasks import Case
from polyculture.core import parts
from polyculture.core.errors import RowError
from polyculture.core.task import Context, Inventory, Task
from polyculture.core.values import Known, Undefined
from polyculture.engine import before
from polyculture.engine.batches import collated
from polyculture.engine.opened import open_base
from polyculture.engine.prepare import prepare_training
from polyculture.engine.train import train
from polyculture.nets.batch import Batch
from polyculture.nets.losses.preference import margins, preference_loss
from polyculture.nets.reading.pairs import log_probabilities
from polyculture.stats.texts.preferences import REFERENCE, table_of_pairs
from tests.tasks.test_promises import CASES

TASK: Task = parts.load("tasks", "preferences")
SETTINGS = TASK.settings.model_validate({"beta": 0.5})
CONTEXT = Context(settings=SETTINGS, inventory=Inventory())
ASK = [{"role": "user", "content": "茶!"}]
ROWS = pl.DataFrame(
    {"id": ["a", "b", "c"], "messages": [ASK] * 3, "chosen": ["好 🙂", "yes", "ja"]}
).with_columns(rejected=pl.lit("no"))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"rejected": "好 🙂"}, "both replies are the same"),
        (
            {"messages": [*ASK, {"role": "assistant", "content": "hm"}]},
            "ends with an assistant turn",
        ),
        ({"chosen": '[{"role": "assistant", "content": "yes"}]'}, "holds whole turns"),
        ({"chosen": None}, "the cell 'chosen' is empty"),
    ],
)
def test_a_pair_that_teaches_nothing_is_refused(changed: dict[str, Any], told: str) -> None:
    """With its id, and what to do."""
    row = {**ROWS.row(0, named=True), **changed}

    with pytest.raises(RowError, match=rf"train, item 'a': .*{told}"):
        TASK.prepare(pl.DataFrame([row], schema=ROWS.schema), "train", SETTINGS)


def test_the_loss_is_that_of_the_paper() -> None:
    """By hand, with label smoothing and without; at the base it is the logarithm of 2."""
    values = torch.tensor([[-4.0, -6.0], [-3.0, -1.0]])
    reference = torch.tensor([[-5.0, -5.0], [-3.0, -1.0]])

    margin = margins(values, reference, 0.5)

    assert margin.tolist() == [1.0, 0.0]
    expected = math.log(1 + math.exp(-1.0)) + math.log(2)
    assert float(preference_loss(margin, 0.0)) == pytest.approx(expected)
    smooth = 0.9 * math.log(1 + math.exp(-1.0)) + 0.1 * math.log(1 + math.exp(1.0)) + math.log(2)
    assert float(preference_loss(margin, 0.1)) == pytest.approx(smooth)


def test_the_gradient_is_weighed_by_how_wrong_a_pair_is() -> None:
    """Beta times the probability of the wrong order, as equation 7 of the paper has it."""
    values = torch.tensor([[-4.0, -3.0]], requires_grad=True)

    preference_loss(margins(values, torch.zeros(1, 2), 0.3), 0.0).backward()

    weight = 0.3 / (1 + math.exp(-0.3))
    assert values.grad is not None
    torch.testing.assert_close(values.grad, torch.tensor([[-weight, weight]]))


def scored(read: list[Any], rows: pl.DataFrame) -> tuple[dict[str, Any], dict[str, Any]]:
    found = TASK.score(rows, table_of_pairs(rows, read), CONTEXT, split="test")
    return {score.name: score.value for score in found.scores}, dict(found.protocol)


def test_scores_before_and_after_are_sums_over_rows() -> None:
    """By hand: one pair that is right, one whose reward alone is right, one without an answer."""
    rows = ROWS.with_columns(
        reference_chosen=pl.Series([-6.0, -8.0, -2.0]),
        reference_rejected=pl.Series([-4.0, -4.0, -4.0]),
    )
    read = [((2.0, 4.0), (4, 2), (8, 2)), ((6.0, 4.0), (3, 2), (2, 2)), None]

    found, protocol = scored(read, rows)

    assert found["preference_accuracy"].number == 1 / 3
    assert found["preference_accuracy_before"].number == 1 / 2  # -6 / 4 is more than -4 / 2
    assert found["reward_accuracy"].number == 2 / 3
    assert found["mean_margin"].number == pytest.approx(0.5 * (4 + 2) / 3)
    blind = 1 + 2  # a byte of "yes" was not read, and nothing of "ja"
    bits = (8.0 / math.log(2) + 8 * blind) / (8 + 3 + 2)
    assert found["chosen_bits_per_byte"].number == pytest.approx(bits)
    earlier = (14.0 / math.log(2) + 8) / (8 + 3)
    assert found["chosen_bits_per_byte_before"].number == pytest.approx(earlier)
    perplexity = math.exp((8.0 + 8 * math.log(2) * blind) / (7 + blind))
    assert found["chosen_token_perplexity"].number == pytest.approx(perplexity)
    assert (protocol["rows_with_reference"], protocol["missing_answers"]) == (3, 1)
    assert protocol["beta"] == 0.5


def test_without_a_reference_margins_are_undefined_and_answers_the_same() -> None:
    """As for rows of a new file; a tie is no preference."""
    read = [
        ((2.0, 4.0), (4, 2), (8, 2)),
        ((6.0, 4.0), (3, 2), (3, 2)),
        ((4.0, 2.0), (2, 1), (2, 2)),
    ]

    found, protocol = scored(read, ROWS)

    assert found["preference_accuracy"].number == 1 / 3
    for name in ("preference_accuracy_before", "reward_accuracy", "mean_margin"):
        assert isinstance(found[name], Undefined)
        assert "before training is not known" in found[name].reason
    assert isinstance(found["chosen_bits_per_byte"], Known)
    assert protocol["rows_with_reference"] == 0


def test_simple_methods_prefer_by_length_and_by_words() -> None:
    """Equal lengths are no preference, and words that nobody preferred say nothing."""
    found = {name: simple(ROWS, ROWS, CONTEXT) for name, simple in TASK.baselines.items()}

    assert found["longer"]["answer"].to_list() == ["chosen", "chosen", "rejected"]
    assert found["shorter"]["answer"].to_list() == ["rejected"] * 3
    assert found["words"]["answer"].to_list() == ["chosen"] * 3
    value = TASK.score(ROWS, found["words"], CONTEXT, split="test").scores[4].value
    assert isinstance(value, Undefined)


def case_of(**fit: Any) -> Case:
    chosen: dict[str, Any] = {**CASES["preferences"]}
    return Case(task=TASK, **{**chosen, "fit": {**chosen["fit"], **fit}})


def test_pairs_are_read_as_each_of_their_replies_alone(tmp_path: Path) -> None:
    """Log-probabilities of a batch are those of one pass over each conversation and its reply."""
    training = case_of().training(tmp_path)
    opened = open_base(training)
    network = opened.network.eval()
    rows = training.rows["test"][:3]
    encoded = TASK.encode(rows, opened.context)
    batch = collated(encoded, np.arange(3), TASK, opened.context)

    with torch.no_grad():
        found = log_probabilities(network(batch), batch)

    reader = opened.context.reader
    for pair, row in zip(found.tolist(), rows.iter_rows(named=True), strict=True):
        for value, reply in zip(pair, (row["chosen"], row["rejected"]), strict=True):
            given = reader(
                f"User: {row['messages'][0]['content']}\nAssistant:", add_special_tokens=False
            )
            said = [
                *reader(f" {reply}", add_special_tokens=False)["input_ids"],
                reader.eos_token_id,
            ]
            tokens = torch.tensor([*given["input_ids"], *said])
            with torch.no_grad():
                logits = network(Batch(inputs={"input_ids": tokens[None]}))["logits"][0]
            at = len(given["input_ids"]) - 1
            loss = functional.cross_entropy(logits[at:-1], torch.tensor(said), reduction="sum")
            assert value == pytest.approx(-float(loss), abs=1e-3)
    assert batch.count == 3
    assert batch.rows == (0, 1, 2)


@pytest.mark.parametrize("adaptation", ["full", "low_rank"])
def test_the_reference_is_what_the_base_says_whatever_adapts_it(
    adaptation: str, tmp_path: Path
) -> None:
    """So a training begins at a margin of 0."""
    training = case_of().training(tmp_path)
    chosen = parts.load("adaptations", adaptation).settings()
    recipe = training.recipe.model_copy(update={"adaptation": chosen})
    prepared = prepare_training(replace(training, recipe=recipe), None)
    rows = prepared.training.rows["train"]

    batch = prepared.work.batch_of(np.arange(4), 0)
    with torch.no_grad():
        values = log_probabilities(prepared.network.eval()(batch), batch)

    torch.testing.assert_close(values, batch.places["reference"], atol=1e-3, rtol=1e-4)
    assert prepared.training.before == REFERENCE
    assert (rows["reference_chosen"] < 0).all()
    assert set(prepared.training.rows) == {"train", "valid", "test"}


@pytest.mark.slow
def test_a_training_that_was_cut_ends_with_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The base is asked once: a resumed training finds what it said beside the checkpoints."""
    case = case_of(checkpoint_seconds=1e-6, epochs=1)
    read: list[str] = []
    usual = before._read

    def counted(*given: Any) -> Any:
        read.append(given[2])
        return usual(*given)

    monkeypatch.setattr(before, "_read", counted)
    whole = train(case.training(tmp_path / "whole"), tmp_path / "whole")
    with pytest.raises(Cut):
        train(case.training(tmp_path / "one"), tmp_path / "cut", on_tick=cut_after(3))
    (tmp_path / "cut" / "before" / "valid.parquet").write_bytes(b"damaged")
    again = train(case.training(tmp_path / "two"), tmp_path / "cut")

    assert read == [*["train", "valid", "test"] * 2, "valid"]
    assert again.test == whole.test
    for name in ("model/model.safetensors", "predictions/test.parquet"):
        ours = (tmp_path / "cut" / "run" / name).read_bytes()
        assert ours == (tmp_path / "whole" / "run" / name).read_bytes(), name
    saved = pl.read_parquet(tmp_path / "cut" / "run" / "predictions" / "test.parquet")
    assert set(REFERENCE) <= set(saved.columns)
    known = case.splits["test"].join(saved.select("id", *REFERENCE), on="id")
    assert whole.test is not None
    assert TASK.score(known, saved, case.context, split="test").scores == whole.test.scores
