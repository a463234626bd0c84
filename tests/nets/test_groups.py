"""Several texts in one example, and the losses that hold them against one another."""

from pathlib import Path

import numpy as np
import pytest
import torch

from polyculture.checks.tiny import tiny_base
from polyculture.core.recipe import Settings
from polyculture.core.task import Context, Inventory
from polyculture.nets.build import open_tokenizer
from polyculture.nets.lexical.bm25 import CHUNK, bm25, scores_of_pairs
from polyculture.nets.losses.contrastive import others, ranking, triplet
from polyculture.nets.reading.groups import encode_groups, only, pad_groups

GROUPS = [["a cat sat", "a dog ran far away"], ["far", "a cat sat"]]


def context_of(folder: Path, longest: int = 16) -> Context:
    base = tiny_base(folder, "bert", [text for group in GROUPS for text in group])
    return Context(
        settings=Settings(), inventory=Inventory(), reader=open_tokenizer(base), longest=longest
    )


def test_every_text_is_a_row_of_the_batch_beside_its_own(tmp_path: Path) -> None:
    """Padded to one length, in the order of the examples."""
    context = context_of(tmp_path)
    examples = encode_groups(GROUPS, context, {}, at_once=2).examples

    batch = pad_groups(examples, context)

    found = context.reader.batch_decode(batch.inputs["input_ids"], skip_special_tokens=True)
    assert found == [text for group in GROUPS for text in group]
    assert batch.rows == (0, 1)
    assert batch.size == int(batch.inputs["attention_mask"].sum())
    assert [example.size for example in examples] == [14, 10]  # two texts, padded


def test_some_texts_of_an_example_can_be_taken_alone(tmp_path: Path) -> None:
    """The second of two, with its own size."""
    context = context_of(tmp_path)
    example = encode_groups(GROUPS, context, {}, at_once=2).examples[0]

    second = only(example, [1])

    text = context.reader.decode(second.inputs["input_ids"], skip_special_tokens=True)
    assert text == GROUPS[0][1]
    assert second.size == len(second.inputs["input_ids"])


def test_a_text_that_is_cut_is_counted_once(tmp_path: Path) -> None:
    """However many rows it belongs to."""
    encoded = encode_groups([*GROUPS, GROUPS[0]], context_of(tmp_path, 4), {})

    assert encoded.protocol == {"cut_texts": 2}
    assert encoded.rows == 3


def test_what_is_right_for_another_row_too_is_no_wrong_answer() -> None:
    """Rows 0 and 2 have one match; row 1 has a second right text, the match of row 0."""
    codes, right = torch.tensor([[4], [5], [4]]), torch.tensor([[4, -1], [5, 4], [4, -1]])
    alike = torch.tensor([[1.0, 0.0, 1.0], [9.0, 1.0, 9.0], [1.0, 0.0, 1.0]])

    wrong = others(codes, right)

    assert wrong.int().tolist() == [[0, 1, 0], [0, 0, 0], [0, 1, 0]]
    expected = 2 * np.log(1 + np.exp(-1))
    np.testing.assert_allclose(float(ranking(alike, wrong, temperature=1.0)), expected, rtol=1e-6)
    assert float(triplet(alike, wrong, margin=0.5)) == 0
    assert float(triplet(alike, wrong, margin=1.5)) == 1


def test_negatives_stand_behind_the_matches() -> None:
    """Two rows with a match and a negative each: four candidates, two of them wrong for each."""
    codes = torch.tensor([[1, 3], [2, 4]])

    assert others(codes, codes[:, :1]).int().tolist() == [[0, 1, 1, 1], [1, 0, 1, 1]]


def test_words_that_are_rare_and_shared_find_a_text() -> None:
    """Also where a script has no spaces; nothing shared gives nothing."""
    texts = ["the cat sat on the mat", "the dog sat", "这部电影真精彩"]

    found = bm25(texts, ["the cat", "精彩的电影", "xyz", "", "!"])

    assert found.argmax(axis=1)[:2].tolist() == [0, 2]
    assert not found[2:].any()
    assert not bm25(["?"], ["cat"]).any()


def test_pairs_are_scored_a_chunk_at_a_time() -> None:
    """Each with its own partner, also behind the first chunk."""
    firsts = [f"word{n} cat" for n in range(2 * CHUNK + 3)]
    seconds = [text if n % 2 else "nothing alike" for n, text in enumerate(firsts)]

    shares = scores_of_pairs(firsts, seconds)

    assert shares == pytest.approx([float(n % 2) for n in range(len(firsts))])
