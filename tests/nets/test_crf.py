"""The chain of labels against trying every path."""

import math
from itertools import pairwise, product

import pytest
import torch
from torch import Tensor

from polyculture.nets.losses.crf import ChainCRF

LABELS, WORDS = 3, 4
LENGTHS = [4, 1, 0, 3]


@pytest.fixture
def crf() -> ChainCRF:
    torch.manual_seed(1)
    chain = ChainCRF(LABELS).double()
    for weight in chain.parameters():
        torch.nn.init.normal_(weight)
    return chain


@pytest.fixture
def emissions() -> Tensor:
    return torch.randn(
        len(LENGTHS), WORDS, LABELS, dtype=torch.float64, generator=torch.manual_seed(2)
    )


@pytest.fixture
def mask() -> Tensor:
    return torch.arange(WORDS) < torch.tensor(LENGTHS)[:, None]


def score(crf: ChainCRF, emissions: Tensor, path: tuple[int, ...]) -> Tensor:
    """Score of one path over the first words of one row, step by step."""
    total = crf.start[path[0]] + crf.end[path[-1]]
    for place, label in enumerate(path):
        total = total + emissions[place, label]
    for before, label in pairwise(path):
        total = total + crf.transitions[before, label]
    return total


def test_likelihood_equals_the_share_among_all_paths(
    crf: ChainCRF, emissions: Tensor, mask: Tensor
) -> None:
    """The sum of -log p, with p from enumerating every path; an empty row adds nothing."""
    labels = torch.randint(LABELS, (len(LENGTHS), WORDS), generator=torch.manual_seed(3))
    expected = torch.tensor(0.0, dtype=torch.float64)
    for row, length in enumerate(LENGTHS):
        if length:
            paths = product(range(LABELS), repeat=length)
            scores = torch.stack([score(crf, emissions[row], path) for path in paths])
            right = score(crf, emissions[row], tuple(labels[row, :length].tolist()))
            expected = expected + torch.logsumexp(scores, 0) - right

    loss = crf.negative_log_likelihood(emissions, labels.masked_fill(~mask, -100), mask)

    torch.testing.assert_close(loss, expected)


def test_the_best_path_is_the_best_of_all_paths(
    crf: ChainCRF, emissions: Tensor, mask: Tensor
) -> None:
    """Viterbi finds the path that enumeration finds, for rows of every length."""
    found = crf.best_path(emissions, mask)

    for row, length in enumerate(LENGTHS):
        paths = list(product(range(LABELS), repeat=length))
        scores = [score(crf, emissions[row], path).item() if path else 0.0 for path in paths]
        best = paths[scores.index(max(scores))]
        assert found[row].tolist() == [*best, *[0] * (WORDS - length)]


def test_the_best_allowed_path_is_the_best_of_all_that_are_allowed(
    crf: ChainCRF, emissions: Tensor, mask: Tensor
) -> None:
    """Also where the best path of all is not allowed; a row begins as after the first label."""
    allowed = torch.tensor([[1, 1, 0], [1, 1, 1], [0, 1, 1]], dtype=torch.bool)
    allows = allowed.tolist()

    found = crf.best_path(emissions, mask, allowed)

    assert not torch.equal(found, crf.best_path(emissions, mask))
    for row, length in enumerate(LENGTHS):
        paths = [
            path
            for path in product(range(LABELS), repeat=length)
            if all(allows[before][label] for before, label in pairwise([0, *path]))
        ]
        scores = [score(crf, emissions[row], path).item() if path else 0.0 for path in paths]
        best = paths[scores.index(max(scores))]
        assert found[row].tolist() == [*best, *[0] * (WORDS - length)]


def test_padding_changes_nothing(crf: ChainCRF, emissions: Tensor, mask: Tensor) -> None:
    """What stands behind the last word has neither value nor gradient."""
    labels = torch.zeros(len(LENGTHS), WORDS, dtype=torch.int64)
    noisy = torch.where(mask.unsqueeze(2), emissions, 1e3).requires_grad_()

    loss = crf.negative_log_likelihood(noisy, labels, mask)
    loss.backward()

    torch.testing.assert_close(loss, crf.negative_log_likelihood(emissions, labels, mask))
    assert torch.equal(crf.best_path(noisy, mask), crf.best_path(emissions, mask))
    assert noisy.grad is not None
    assert not noisy.grad[~mask].any()


def test_the_gradient_is_that_of_the_sum_over_all_paths(crf: ChainCRF, mask: Tensor) -> None:
    """The marginals that we write down are what torch finds by differences."""
    torch.manual_seed(4)
    emissions = torch.randn(len(LENGTHS), WORDS, LABELS, dtype=torch.float64, requires_grad=True)
    labels = torch.randint(LABELS, (len(LENGTHS), WORDS))

    def loss(*_: Tensor) -> Tensor:
        return crf.negative_log_likelihood(emissions, labels, mask)

    assert torch.autograd.gradcheck(loss, (emissions, *crf.parameters()))


def test_a_transition_that_cannot_be_takes_nothing_else_with_it(mask: Tensor) -> None:
    """Scores of -1e6 leave a number, and no weight on the path."""
    crf = ChainCRF(2).double()
    with torch.no_grad():
        crf.transitions[0, 1] = -1e6
    emissions = torch.tensor([[[0.0, -50.0], [-50.0, 0.0]]], dtype=torch.float64)

    both = crf.negative_log_likelihood(emissions, torch.tensor([[1, 1]]), mask[:1, :2])

    assert both.item() == pytest.approx(math.log(2))


def test_a_batch_without_words_has_no_loss(crf: ChainCRF, emissions: Tensor) -> None:
    """0 and not NaN, so that one odd batch cannot spoil a training."""
    nothing = torch.zeros(len(LENGTHS), WORDS, dtype=torch.bool)

    assert crf.negative_log_likelihood(emissions, torch.zeros_like(nothing).long(), nothing) == 0
