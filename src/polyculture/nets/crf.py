r"""A linear-chain conditional random field over the labels of words.

\[ p(y \mid x) \propto \exp ( s_{y_1} + e_{y_n} + \sum_t x_{t, y_t} + \sum_t T_{y_{t-1}, y_t} ) \]

with start scores s, end scores e, emissions x and transitions T. Source: Lafferty, McCallum and
Pereira 2001; scores of starts and ends as in Lample et al. 2016, arXiv:1603.01360.
"""

import torch
from torch import Tensor, nn


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
        """Mean over words of -log p of the right path.

        Args:
            emissions: ``(rows, words, labels)``.
            labels: Right labels ``(rows, words)``; any number where the mask is false.
            mask: Which words there are ``(rows, words)``; true on the left. A row may be empty.
        """
        mask = mask.bool()
        labels = labels.masked_fill(~mask, 0)
        total = self._log_partition(emissions, mask) - self._path_score(emissions, labels, mask)
        return total.sum() / mask.sum().clamp(min=1)

    def _path_score(self, emissions: Tensor, labels: Tensor, mask: Tensor) -> Tensor:
        on = mask.to(emissions.dtype)
        score = (emissions.gather(2, labels.unsqueeze(2)).squeeze(2) * on).sum(dim=1)
        steps = self.transitions[labels[:, :-1], labels[:, 1:]] * on[:, 1:]
        last = labels.gather(1, (mask.sum(dim=1, keepdim=True) - 1).clamp(min=0)).squeeze(1)
        ends = (self.start[labels[:, 0]] + self.end[last]) * on[:, 0]
        return score + steps.sum(dim=1) + ends

    def _log_partition(self, emissions: Tensor, mask: Tensor) -> Tensor:
        alpha = self.start + emissions[:, 0]
        for t in range(1, emissions.shape[1]):
            step = torch.logsumexp(alpha.unsqueeze(2) + self.transitions, dim=1) + emissions[:, t]
            alpha = torch.where(mask[:, t].unsqueeze(1), step, alpha)
        return torch.where(mask[:, 0], torch.logsumexp(alpha + self.end, dim=1), 0.0)

    @torch.no_grad()
    def best_path(self, emissions: Tensor, mask: Tensor) -> Tensor:
        """The most probable labels ``(rows, words)`` by Viterbi; 0 where the mask is false."""
        mask = mask.bool()
        score = self.start + emissions[:, 0]
        origins = []
        for t in range(1, emissions.shape[1]):
            best, origin = (score.unsqueeze(2) + self.transitions).max(dim=1)
            on = mask[:, t].unsqueeze(1)
            score = torch.where(on, best + emissions[:, t], score)
            stay = torch.arange(score.shape[1]).expand_as(origin)
            origins.append(torch.where(on, origin, stay))
        label = (score + self.end).argmax(dim=1)
        path = [label]
        for origin in reversed(origins):
            label = origin.gather(1, label.unsqueeze(1)).squeeze(1)
            path.append(label)
        return torch.stack(path[::-1], dim=1).masked_fill(~mask, 0)
