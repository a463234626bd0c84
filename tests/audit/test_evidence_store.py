"""Evidence survives the way to disk and back."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from polyculture.core.errors import StoreError
from polyculture.core.views import Architecture, Evidence, HeadView, Module, RecipeView
from polyculture.store.evidence import predictions_of, read_evidence, write_evidence


def sample() -> Evidence:
    items = ("一", "b", "c")
    return Evidence(
        model="小模型",
        probe="test",
        digest="d",
        items=items,
        predictions=predictions_of(
            items,
            ["NA", None, "坏"],
            ["坏", "NA", "坏"],
            probabilities=np.array([[0.25, 0.75], [0.5, 0.5], [1.0, 0.0]]),
            classes=["坏", "NA"],
        ),
        architecture=Architecture(
            modules=(Module(kind="block"), Module(kind="linear", parents=(0,), shape=(2, 3))),
            parameters=6,
            configuration={"width": 3},
        ),
        recipe=RecipeView(settings={"fit.learning_rate": 1e-4, "base.name": None}),
        head=HeadView(modules=(), parameters=0, labels=("坏", "NA"), kind="linear"),
        lineage=("base", "ancestor"),
        groups=("g", "g", "h"),
        documents=("一", None, "一"),
        texts=("line\nbreak", "", "第三"),
        notes=("one row was cut",),
    )


def test_grades_and_their_mark_come_back(tmp_path: Path) -> None:
    """So that a later audit counts the same answers as right."""
    evidence = sample()
    graded = replace(evidence.predictions, grades=np.array([0.8, 0.0, 0.3]), pass_mark=0.3)

    write_evidence(tmp_path / "e", replace(evidence, predictions=graded))
    back = read_evidence(tmp_path / "e").predictions

    assert back.pass_mark == 0.3
    assert back.wrong.tolist() == graded.wrong.tolist() == [False, True, False]


def test_evidence_read_back_equals_the_evidence_written(tmp_path: Path) -> None:
    """Names, views, missing answers, Chinese text and line breaks all come back."""
    evidence = sample()

    write_evidence(tmp_path / "e", evidence)
    back = read_evidence(tmp_path / "e")

    for name in ("model", "probe", "digest", "items", "architecture", "recipe", "head", "lineage"):
        assert getattr(back, name) == getattr(evidence, name)
    for name in ("groups", "documents", "texts", "notes"):
        assert getattr(back, name) == getattr(evidence, name)
    for array in ("labels", "gold", "probabilities"):
        np.testing.assert_array_equal(
            getattr(back.predictions, array), getattr(evidence.predictions, array)
        )
    assert back.predictions.classes == evidence.predictions.classes


def test_views_that_are_absent_stay_absent(tmp_path: Path) -> None:
    """Outside answers have predictions and nothing else."""
    bare = Evidence(
        model="m", probe="p", digest="d", items=("a",), predictions=predictions_of(["a"], ["x"])
    )

    write_evidence(tmp_path / "e", bare)
    back = read_evidence(tmp_path / "e")

    assert back.predictions.gold is None
    assert back.predictions.probabilities is None
    assert (back.architecture, back.recipe, back.head, back.groups, back.texts) == (None,) * 5
    assert back.documents is None


def test_answers_beyond_the_known_classes_get_probability_zero() -> None:
    """A gold label that the model has no output for is kept, behind the model's classes."""
    predictions = predictions_of(
        ["a"], ["x"], ["z"], probabilities=np.array([[0.4, 0.6]]), classes=["x", "y"]
    )

    assert predictions.classes == ("x", "y", "z")
    assert predictions.probabilities is not None
    np.testing.assert_array_equal(predictions.probabilities, [[0.4, 0.6, 0.0]])


def test_a_folder_without_evidence_is_refused_with_its_name(tmp_path: Path) -> None:
    """The sentence says what was looked for and what to do."""
    with pytest.raises(StoreError, match=r"holds no evidence.*Observe the run again"):
        read_evidence(tmp_path)
