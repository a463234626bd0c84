r"""Direct preference optimisation: the preferred of two replies becomes likelier than the other.

\[ m = \beta \left( \ln \frac{\pi(y_c \mid x)}{\pi_0(y_c \mid x)}
       - \ln \frac{\pi(y_r \mid x)}{\pi_0(y_r \mid x)} \right), \qquad
   L = -(1 - \varepsilon) \ln \sigma(m) - \varepsilon \ln \sigma(-m) \]

where \(\pi\) is the model, \(\pi_0\) the base before the first step, \(y_c\) the chosen and
\(y_r\) the rejected reply to the conversation x. \(\varepsilon\) is the share of pairs that are
expected to be the wrong way round.

Source: Rafailov et al. 2023, arXiv:2305.18290; with label smoothing: Mitchell 2023, A note on DPO
with noisy preferences.
"""

from torch import Tensor
from torch.nn import functional


def margins(values: Tensor, reference: Tensor, beta: float) -> Tensor:
    """The reward margin of each pair, ``(pairs,)``.

    Args:
        values: Log-probabilities of the chosen and the rejected reply, ``(pairs, 2)``.
        reference: Those of the base, ``(pairs, 2)``.
        beta: How much the model is held to the base: the larger, the more.

    Example:
        >>> import torch
        >>> values, reference = torch.tensor([[-2.0, -5.0]]), torch.tensor([[-4.0, -4.0]])
        >>> margins(values, reference, 0.5).tolist()
        [1.5]
    """
    rewards = beta * (values - reference)
    return rewards[:, 0] - rewards[:, 1]


def preference_loss(margin: Tensor, smoothing: float) -> Tensor:
    """The sum over pairs.

    Args:
        margin: From ``margins``.
        smoothing: Share of pairs that are the wrong way round, from 0 to below .5.

    Example:
        >>> import torch
        >>> round(preference_loss(torch.zeros(2), 0.0).item() / 2, 4)  # ln 2
        0.6931
    """
    right, wrong = functional.logsigmoid(margin), functional.logsigmoid(-margin)
    return -((1 - smoothing) * right + smoothing * wrong).sum()
