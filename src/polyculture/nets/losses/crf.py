r"""A linear-chain conditional random field over the labels of words.

\[ p(y \mid x) \propto \exp ( s_{y_1} + e_{y_n} + \sum_t x_{t, y_t} + \sum_t T_{y_{t-1}, y_t} ) \]

with start scores s, end scores e, emissions x and transitions T. Source: Lafferty, McCallum and
Pereira 2001; scores of starts and ends as in Lample et al. 2016, arXiv:1603.01360.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

LOWEST = -600.0
"""A transition that is worse than the best one by this much is impossible: exp(-600) is 1e-261, so
no sum of forward values, each of which holds at least one transition, vanishes in float64."""


class ChainCRF(nn.Module):
    """Start, end and transition scores; likelihood and best path of whole sequences.

    Example:
        >>> crf = ChainCRF(2)
        >>> mask = torch.ones(1, 3, dtype=torch.bool)
        >>> emissions = torch.tensor([[[5.0, 0.0], [0.0, 5.0], [5.0, 0.0]]])
        >>> crf.best_path(emissions, mask).tolist()
        [[0, 1, 0]]
    """

    def __init__(self, labels: int) -> None:
        super().__init__()
        self.start = nn.Parameter(torch.zeros(labels))
        self.end = nn.Parameter(torch.zeros(labels))
        self.transitions = nn.Parameter(torch.zeros(labels, labels))

    def negative_log_likelihood(self, emissions: Tensor, labels: Tensor, mask: Tensor) -> Tensor:
        """The sum of -log p of the right paths.

        Args:
            emissions: ``(rows, words, labels)``.
            labels: Right labels ``(rows, words)``; any number where the mask is false.
            mask: Which words there are ``(rows, words)``; true on the left. A row may be empty.
        """
        mask = mask.bool()
        labels = labels.masked_fill(~mask, 0)
        total = self._log_partition(emissions, mask) - self._path_score(emissions, labels, mask)
        return total.sum()

    def _path_score(self, emissions: Tensor, labels: Tensor, mask: Tensor) -> Tensor:
        on = mask.to(emissions.dtype)
        score = (emissions.gather(2, labels.unsqueeze(2)).squeeze(2) * on).sum(dim=1)
        steps = self.transitions[labels[:, :-1], labels[:, 1:]] * on[:, 1:]
        last = labels.gather(1, (mask.sum(dim=1, keepdim=True) - 1).clamp(min=0)).squeeze(1)
        ends = (self.start[labels[:, 0]] + self.end[last]) * on[:, 0]
        return score + steps.sum(dim=1) + ends

    def _log_partition(self, emissions: Tensor, mask: Tensor) -> Tensor:
        scores = (emissions, mask, self.start, self.end, self.transitions)
        total: Tensor = _LogPartition.apply(*scores)  # type: ignore[no-untyped-call, unused-ignore]
        return total

    def best_path(self, emissions: Tensor, mask: Tensor, allowed: Tensor | None = None) -> Tensor:
        """The most probable labels ``(rows, words)``, see ``viterbi``."""
        scores = (self.start, self.transitions, self.end)
        return viterbi(emissions, mask, *scores, allowed=allowed)


@torch.no_grad()
def viterbi(  # noqa: PLR0917  # in the order of a path: start, transitions, end
    emissions: Tensor,
    mask: Tensor,
    start: Tensor,
    transitions: Tensor,
    end: Tensor,
    allowed: Tensor | None = None,
) -> Tensor:
    """The labels whose scores have the highest sum along the path.

    Args:
        emissions: ``(rows, words, labels)``.
        mask: Which words there are ``(rows, words)``; true on the left.
        start: Score of each label at the start of a row, ``(labels,)``.
        transitions: ``(before, after)``.
        end: Score of each label at the end of a row.
        allowed: Which label may follow which, ``(before, after)``; a row begins as after the first
            label. Everything where left out.

    Returns:
        Label codes ``(rows, words)``; 0 where the mask is false.

    Example:
        >>> emissions = torch.tensor([[[2.0, 0.0, 0.0], [0.0, 0.0, 5.0]]])
        >>> free, mask = torch.zeros(3, 3), torch.ones(1, 2)
        >>> viterbi(emissions, mask, free[0], free, free[0]).tolist()
        [[0, 2]]
        >>> allowed = torch.tensor([[1, 1, 0], [1, 1, 1], [1, 1, 1]], dtype=torch.bool)
        >>> viterbi(emissions, mask, free[0], free, free[0], allowed).tolist()
        [[1, 2]]

    Source:
        Viterbi 1967, doi:10.1109/TIT.1967.1054010.
    """
    mask = mask.bool()
    if allowed is not None:
        transitions = transitions.masked_fill(~allowed, -torch.inf)
        start = start.masked_fill(~allowed[0], -torch.inf)
    score = start + emissions[:, 0]
    origins = []
    for t in range(1, emissions.shape[1]):
        best, origin = (score.unsqueeze(2) + transitions).max(dim=1)
        on = mask[:, t].unsqueeze(1)
        score = torch.where(on, best + emissions[:, t], score)
        stay = torch.arange(score.shape[1], device=origin.device).expand_as(origin)
        origins.append(torch.where(on, origin, stay))
    label = (score + end).argmax(dim=1)
    path = [label]
    for origin in reversed(origins):
        label = origin.gather(1, label.unsqueeze(1)).squeeze(1)
        path.append(label)
    return torch.stack(path[::-1], dim=1).masked_fill(~mask, 0)


class _LogPartition(torch.autograd.Function):
    """The log partition function, ``(rows,)``, by forward values scaled to sum 1.

    Its gradients are the marginals, from one pass backward; torch would record a dozen operations
    a word. Source: Rabiner 1989, doi:10.1109/5.18626, section V.A.
    """

    @staticmethod
    def forward(  # noqa: PLR0917  # torch passes them by place
        context: Any, emissions: Tensor, mask: Tensor, start: Tensor, end: Tensor, steps: Tensor
    ) -> Tensor:
        values, on = emissions.double(), mask.unsqueeze(2)
        tops = [x.double().max() for x in (start, end, steps)]
        first, last, step = (
            (x.double() - top).clamp(min=LOWEST).exp()
            for x, top in zip((start, end, steps), tops, strict=True)
        )
        top = values.amax(dim=2, keepdim=True)
        emitted = (values - top).exp()
        now = first * emitted[:, 0]
        sums = [now.sum(dim=1, keepdim=True)]
        alphas = [now / sums[0]]
        for t in range(1, emitted.shape[1]):
            now = (alphas[-1] @ step).mul_(emitted[:, t])
            sums.append(now.sum(dim=1, keepdim=True))
            alphas.append(torch.where(on[:, t], now.div_(sums[-1]), alphas[-1]))
        ended = (alphas[-1] * last).sum(dim=1)
        scales = torch.stack(sums, dim=1)
        context.save_for_backward(torch.stack(alphas, dim=1), emitted / scales, mask, step)
        context.last = last / ended.unsqueeze(1)
        logs = torch.where(on, scales.log() + top, 0.0).sum(dim=(1, 2))
        moved = (mask.sum(dim=1) - 1) * tops[2]
        total = logs + ended.log() + tops[0] + tops[1] + moved
        return torch.where(mask[:, 0], total, 0.0).to(emissions.dtype)

    @staticmethod
    @once_differentiable
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        alphas, emitted, mask, step = context.saved_tensors
        on = mask.unsqueeze(2)
        back = step.T.contiguous()
        beta = context.last
        betas = [beta]
        for t in range(emitted.shape[1] - 1, 0, -1):
            beta = torch.where(on[:, t], (emitted[:, t] * beta) @ back, beta)
            betas.append(beta)
        gradient = (gradients[0].double() * mask[:, 0])[:, None, None]
        after = torch.stack(betas[::-1], dim=1) * gradient
        chances = alphas * after * on
        pairs = torch.einsum("rta,rtb->ab", alphas[:, :-1], (emitted * after * on)[:, 1:]) * step
        ends = (alphas[:, -1] * context.last * gradient[:, 0]).sum(dim=0)
        kind = gradients[0].dtype
        results = (chances, None, chances[:, 0].sum(dim=0), ends, pairs)
        return tuple(None if x is None else x.to(kind) for x in results)
