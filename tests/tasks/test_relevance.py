"""Candidates are found by BM25, read with their question, ranked, and scored over all relevant."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from polyculture.checks.tasks import Case
from polyculture.checks.tiny import tiny_base
from polyculture.core import parts
from polyculture.core.errors import RowError
from polyculture.core.task import Context, Inventory, Pool, Task
from polyculture.core.values import Known
from polyculture.engine.answering.model import open_run
from polyculture.engine.answering.read import read_rows
from polyculture.engine.train import train
from polyculture.nets.build import open_network, open_tokenizer
from polyculture.nets.losses.listwise import each_by_itself, first_of_all
from polyculture.nets.network import Network
from polyculture.store.pools import FOLDER, ROWS

TASK: Task = parts.load("tasks", "relevance")
CORPUS = pl.DataFrame(
    {
        "id": ["d1", "d2", "d3", "d4", "d5"],
        "text": ["a cat sat", "the cat ran home", "a dog", "猫 猫 在家", "nothing at all"],
    }
)
QUESTIONS = pl.DataFrame(
    {
        "id": ["q1", "q2", "q3"],
        "text": ["the cat", "猫", "😀"],
        "matches": [["d2", "d3"], ["d4"], ["d1"]],
    }
)


def context_of(reader: Any = None, **chosen: Any) -> Context:
    return Context(
        settings=TASK.settings.model_validate(chosen),
        inventory=Inventory(),
        reader=reader,
        longest=32,
        pool=Pool(rows=CORPUS),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small encoder."""
    texts = [*CORPUS["text"], *QUESTIONS["text"]]
    return tiny_base(tmp_path_factory.mktemp("bases") / "bert", "bert", texts)


def texts_read(batch: Any, reader: Any) -> list[str]:
    return [reader.decode(tokens, skip_special_tokens=True) for tokens in batch.inputs["input_ids"]]


def test_a_question_is_learnt_with_one_relevant_text_and_some_that_are_not(folder: Path) -> None:
    """The relevant one first, also if BM25 would never have found it; the others are drawn."""
    context = context_of(open_tokenizer(folder), candidates=3, negatives=2)
    encoded = TASK.encode(QUESTIONS, context)
    assert TASK.draw is not None

    seen = set()
    for seed in range(20):
        rng = np.random.default_rng(seed)
        drawn = [TASK.draw(example, context, rng) for example in encoded.examples]
        batch = TASK.collate(drawn, context)
        texts = texts_read(batch, context.reader)
        assert batch.count == len(batch.rows) == 3
        assert len(texts) == 9
        assert texts[0].startswith("the cat ")
        assert texts[0].removeprefix("the cat ") in {"the cat ran home", "a dog"}
        assert not {"the cat the cat ran home", "the cat a dog"} & {*texts[1:3]}
        assert len({*texts[1:3]}) == 2
        seen |= {*texts[:3]}
    assert {"the cat the cat ran home", "the cat a dog", "the cat a cat sat"} <= seen
    assert [int(example.targets["right"]) for example in encoded.examples] == [2, 1, 1]


def test_too_few_texts_are_drawn_again(folder: Path) -> None:
    """A batch has the same number of pairs for every question."""
    context = context_of(open_tokenizer(folder), candidates=2, negatives=7)
    encoded = TASK.encode(QUESTIONS, context)
    assert TASK.draw is not None

    drawn = [TASK.draw(e, context, np.random.default_rng(1)) for e in encoded.examples]

    assert [len(example.places["lengths"]) for example in drawn] == [8, 8, 8]


def test_a_question_that_all_texts_belong_to_is_refused(folder: Path) -> None:
    """There is nothing to tell them from."""
    context = context_of(open_tokenizer(folder), candidates=2)
    rows = QUESTIONS.head(1).with_columns(matches=pl.lit(CORPUS["id"].to_list()))

    with pytest.raises(
        RowError, match=r"all texts of the corpus .5. belong to the question 'the cat'"
    ):
        TASK.encode(rows, context)


def test_a_row_to_answer_has_an_example_for_each_candidate(folder: Path) -> None:
    """In BM25's order; nothing of what is relevant is looked at."""
    context = context_of(open_tokenizer(folder), candidates=2)

    encoded = TASK.encode(QUESTIONS.drop("matches"), context)

    assert [example.row for example in encoded.examples] == [0, 0, 1, 1, 2, 2]
    numbers = [int(example.places["candidate"]) for example in encoded.examples]
    # of equal scores, here 0, the id that is last comes first
    assert numbers == [1, 0, 3, 4, 4, 3]
    assert not any(example.targets for example in encoded.examples)


def test_what_is_read_of_a_row_does_not_depend_on_its_neighbours(folder: Path) -> None:
    """The scores of all candidates, in their order."""
    context = context_of(open_tokenizer(folder), candidates=4)
    network = network_of(folder)

    together = read_rows(network, TASK.encode(QUESTIONS.drop("matches"), context), TASK, context)

    for row, values in enumerate(together.rows):
        bare = QUESTIONS[row : row + 1].drop("matches")
        (alone,) = read_rows(network, TASK.encode(bare, context), TASK, context).rows
        assert values.shape == (4, 3)
        np.testing.assert_allclose(values, alone, atol=1e-5)


def network_of(folder: Path) -> Network:
    torch.manual_seed(1)
    model_class = TASK.model_class["encoder"]
    return open_network(folder, labels=(), output="numbers", model_class=model_class)


VALUES = [
    # number, BM25, network
    np.array([[1, 3.0, -1.0], [0, 2.0, 4.0], [2, 1.0, 0.0]]),
    np.array([[3, 3.0, 1.0], [4, 0.0, 2.0], [2, 0.0, 0.0]]),
    np.array([[4, 0.0, 1.0], [3, 0.0, 1.0], [2, 0.0, 0.0]]),
]


def test_candidates_are_ranked_by_the_network() -> None:
    """Ties in the order of trec_eval."""
    answers = TASK.decode(QUESTIONS, VALUES, context_of())

    assert answers["ranking"].to_list() == [
        ["d1", "d3", "d2"],
        ["d5", "d4", "d3"],
        ["d5", "d4", "d3"],
    ]
    assert answers["answer"].to_list() == ["d1", "d5", "d5"]
    assert answers["relevance"].to_list() == [4.0, 2.0, 1.0]


def test_ranks_can_be_fused_with_those_of_bm25() -> None:
    """First and last make less than second and first."""
    answers = TASK.decode(QUESTIONS, VALUES, context_of(fuse="ranks"))

    assert answers["ranking"].to_list()[0] == ["d1", "d2", "d3"]
    assert answers["relevance"][0] == pytest.approx(1 / 62 + 1 / 61)


def test_scores_are_fused_with_a_weight_that_is_chosen_on_rows_with_gold() -> None:
    """An even weight is used until one is chosen; of equally good ones the nearest to even is."""
    context = context_of(fuse="scores")
    values = [np.array([[2, 3.0, 0.0], [0, 2.0, 1.0], [1, 1.0, 9.0]])]
    rows = QUESTIONS[:1].with_columns(matches=pl.Series([["d2"]]))

    even = TASK.decode(rows, values, context)
    assert TASK.settle is not None
    settled = TASK.settle(rows, values, context)
    chosen = replace(context, inventory=Inventory(settled={**settled}))
    answers = TASK.decode(rows, values, chosen)

    # standardized 1.22, 0 and -1.22 by BM25 and -.83, -.58 and 1.41 by the network
    assert even["ranking"].to_list() == [["d3", "d2", "d1"]]
    assert settled == {"fusion_weight": 0.6}
    assert answers["ranking"].to_list() == [["d2", "d3", "d1"]]
    assert answers["relevance"][0] == pytest.approx(0.4 * -1.2247 + 0.6 * 1.4070, abs=1e-3)
    other = rows.with_columns(matches=pl.Series([["d3"]]))
    assert TASK.settle(other, values, context) == {"fusion_weight": 0.5}
    assert TASK.settle(rows, values, context_of()) == {}
    protocol = TASK.score(rows, answers, chosen, split="test").protocol
    assert protocol["fusion_weight"] == 0.6
    assert protocol["fused_with_bm25"] == "scores"


def test_what_bm25_misses_counts_as_missed() -> None:
    """One of two relevant texts is no candidate, and a question has none that is relevant."""
    context = context_of(candidates=2)
    answers = TASK.baselines["bm25"](QUESTIONS, QUESTIONS, context)

    scores = TASK.score(QUESTIONS, answers, context, split="test", notes={"cut_texts": 3})
    values = {s.name: s.value.number for s in scores.scores if isinstance(s.value, Known)}

    two = 1 + 1 / np.log2(3)
    assert answers["ranking"].to_list() == [["d2", "d1"], ["d4", "d5"], ["d5", "d4"]]
    assert values["ndcg_at_10"] == pytest.approx((1 / two + 1 + 0) / 3)
    assert values["recall_at_100"] == pytest.approx((1 / 2 + 1 + 0) / 3)
    assert scores.protocol["candidates"] == 2
    assert scores.protocol["cut_texts"] == 3
    assert TASK.grade(QUESTIONS, answers, context) == pytest.approx([1 / two, 1.0, 0.0])
    (table,) = scores.tables
    assert table.rows[0]["ndcg_at_10"] == values["ndcg_at_10"]  # BM25's order is the best here


def test_losses_fall_as_the_first_pair_rises() -> None:
    """Sums over groups, of known values."""
    even = torch.zeros(2, 4)

    assert first_of_all(even).item() == pytest.approx(2 * np.log(4))
    assert each_by_itself(even).item() == pytest.approx(2 * np.log(2))
    better = even.index_fill(1, torch.tensor([0]), 3.0)
    assert first_of_all(better) < first_of_all(even)
    assert each_by_itself(better) < each_by_itself(even)


def test_an_unknown_id_is_refused() -> None:
    """With the row that names it."""
    rows = QUESTIONS.with_columns(matches=pl.Series([["d1"], ["d9"], ["d1"]]))
    chosen = TASK.settings.model_validate({})

    with pytest.raises(RowError, match="train, item 'q2': the corpus has no text 'd9'"):
        TASK.learn({"train": rows, "corpus": CORPUS}, chosen)


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["softmax", "binary"])
def test_a_run_keeps_the_texts_that_it_ranks(loss: str, tmp_path: Path) -> None:
    """And tells so; new questions are answered without the data."""
    case = Case(
        task=TASK,
        fit={"learning_rate": 2e-3, "epochs": 4},
        settings={"candidates": 6, "negatives": 2, "loss": loss},
    )

    run = train(case.training(tmp_path), tmp_path / "run")

    kept = pl.read_parquet(tmp_path / "run" / "run" / FOLDER / ROWS)
    answers, _ = open_run(tmp_path / "run" / "run").answer(
        pl.DataFrame({"id": ["new"], "text": ["who sells a boat?"]})
    )
    assert kept.columns == ["id", "text"]
    assert any("The run keeps 'text' of the 48 rows of corpus" in note for note in run.facts.notes)
    assert set(answers["ranking"][0][:3]) == {"corpus-6", "corpus-7", "corpus-8"}
    assert run.test is not None
    reached, simple = run.test.headline().value, run.baselines[0].scores.headline().value
    assert isinstance(reached, Known)
    assert isinstance(simple, Known)
    assert reached.number > simple.number + 0.1
