"""What is spelt: the loss is the likelihood of all ways to spell a text, and nothing is hidden."""

import itertools
import math

import pytest
import torch

from polyculture.core.errors import ModelError
from polyculture.nets.batch import IGNORED, Batch
from polyculture.nets.losses.ctc import ctc_loss
from polyculture.nets.reading.sounds.letters import pieces_needed, spelt, vocabulary_of


def batch_of(tokens: list[list[int]], lengths: list[int]) -> Batch:
    return Batch(
        inputs={},
        targets={"tokens": torch.tensor(tokens), "lengths": torch.tensor(lengths)},
        rows=tuple(range(len(lengths))),
    )


def test_the_loss_is_that_of_all_ways_to_spell() -> None:
    """Summed one by one; only the pieces that were heard count, and only rows that teach."""
    letters = ("a", "b", "")
    logits = torch.randn(3, 4, 3, generator=torch.Generator().manual_seed(1))
    tokens = [[0, 0], [1, IGNORED], [IGNORED, IGNORED]]
    outputs = {"logits": logits, "heard": torch.tensor([4, 3, 2])}

    found = ctc_loss(outputs, batch_of(tokens, [2, 1, -1]), blank=2)

    expected = 0.0
    for row, (text, pieces) in enumerate((("aa", 4), ("b", 3))):
        shares = logits[row].softmax(-1)
        ways = [w for w in itertools.product(range(3), repeat=pieces) if spelt(w, letters) == text]
        total = sum(math.prod(float(shares[t, c]) for t, c in enumerate(way)) for way in ways)
        expected -= math.log(total)
    assert float(found) == pytest.approx(expected, rel=1e-5)


def test_silence_is_learnt_from_a_text_without_letters() -> None:
    """Its only spelling is nothing at each piece."""
    logits = torch.randn(1, 2, 3, generator=torch.Generator().manual_seed(2))
    outputs = {"logits": logits, "heard": torch.tensor([2])}

    found = ctc_loss(outputs, batch_of([[IGNORED]], [0]), blank=2)

    assert float(found) == pytest.approx(float(-logits.log_softmax(-1)[0, :, 2].sum()), rel=1e-5)


def test_a_text_that_cannot_be_spelt_is_told_not_forgiven() -> None:
    """PyTorch's ``zero_infinity`` would count it as learnt."""
    outputs = {"logits": torch.zeros(2, 2, 3), "heard": torch.tensor([2, 2])}

    with pytest.raises(ModelError, match="Row 2 has 2 letters, but the base makes 2 pieces"):
        ctc_loss(outputs, batch_of([[0, 1], [0, 0]], [2, 2]), blank=2)


def test_letters_that_stand_twice_need_a_blank() -> None:
    """And what a base has beside letters is not said."""
    assert pieces_needed([0, 1, 1, 1]) == 6
    assert spelt([3, 1, 3, 1, 2, 2, 0], ["", "o", "f", "<s>"]) == "oof"
    assert vocabulary_of(("x", "y"), ("x",)) == ("x", ""), "no blank, no head that spells"
    named = ("", "<s>", "[UNK]", "x")
    assert vocabulary_of(named, ("x",)) == named, "names are no letters"
    assert vocabulary_of(("", "x", "tʃ"), ("x",)) == ("x", ""), "two signs are no letter"
