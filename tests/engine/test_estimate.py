"""What ``--check`` tells of a training, from some rows and a few short steps."""

from collections.abc import Callable
from typing import Any

import pytest

from polyculture.engine.cost import estimate as estimates
from polyculture.engine.cost.estimate import estimate
from polyculture.engine.prepare import prepare_training
from polyculture.engine.training import Training
from polyculture.nets.efficiency.embedding import expand
from polyculture.nets.network import count

Begin = Callable[..., Training]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "changes"),
    [
        ("classification", {}),
        ("classification", {"adaptation": "low_rank"}),
        ("classification", {"adaptation": "head_only"}),
        ("spans", {"head": {"kind": "crf", "hidden": 16}}),
    ],
)
def test_the_steps_are_those_of_the_training(
    task: str, changes: dict[str, Any], begin: Begin
) -> None:
    """Where all rows are read nothing but the time is reckoned, and that is a range."""
    training = begin(task, **changes)
    said: list[str] = []

    found = estimate(training, said.append)

    prepared = prepare_training(training, None)
    assert found.figures["steps"] == len(prepared.work.plan)
    assert found.figures["chosen"] == prepared.chosen.facts()
    assert found.figures["trained_parameters"] == count(
        weight for weight in prepared.network.parameters() if weight.requires_grad
    )
    assert 0 < found.low <= found.figures["seconds"] <= found.high
    assert said[0] == "opening the base"
    assert "short steps" in said[-1]


@pytest.mark.slow
def test_weights_are_those_of_the_base_and_untrained_tokens_are_told(begin: Begin) -> None:
    """Only tokens that occur are trained, but the whole table belongs to the model."""
    training = begin()

    found = estimate(training)

    prepared = prepare_training(training, None)
    kept = len(prepared.network.body.get_input_embeddings().weight)  # type: ignore[operator]
    expand(prepared.network.body)
    whole = len(prepared.network.body.get_input_embeddings().weight)  # type: ignore[operator]
    assert kept < whole
    assert found.figures["parameters"] == count(prepared.network.parameters())
    assert any(
        note.startswith(f"Of {whole:,} tokens that the base knows, these texts hold {kept:,}.")
        for note in found.notes
    )


@pytest.mark.slow
def test_some_rows_stand_for_all(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large data set is not encoded whole, and the notes say so."""
    monkeypatch.setattr(estimates, "ROWS_READ", 20)
    training = begin()
    rows = len(training.rows["train"])

    found = estimate(training)

    assert found.figures["steps"] == pytest.approx(
        len(prepare_training(training, None).work.plan), rel=0.2
    )
    assert any(f"(20 of {rows} rows were counted)" in note for note in found.notes)


@pytest.mark.slow
def test_a_million_epochs_are_checked_at_once(begin: Begin) -> None:
    """They would take days, which is said after seconds."""
    found = estimate(begin(fit={"epochs": 1_000_000, "threads": 1}))

    assert found.figures["steps"] >= 1_000_000
    assert found.high > 24 * 3_600
