"""Default learning rates and batch sizes.

The figures come from docs/log.md ("Defaults that learn"); what was used is recorded in the run.
"""

import numpy as np
from numpy.typing import NDArray

from polyculture.core.task import Output

RATES = ((15_000_000, 2e-4), (150_000_000, 5e-5))
"""Peak rates of pretrained bases up to a number of weights. The first was measured on MiniLM-L6,
10.7 million; at the same rate me5-small, 21.3 million in twice as many layers, learnt no more than
how frequent each tag is. The second is the highest that BERT's authors name."""
LARGE = 2e-5
"""Peak rate of larger ones, the lowest that BERT's authors name; not measured here."""
FROM_NOTHING = 1e-3
"""Peak rate of a base whose weights are drawn at random, as in the examples."""
HEAD = 1e-3
"""Peak rate of a head, which starts from nothing, beside a pretrained base whose rate is chosen
too; measured with both bases and a rate named, not yet against the rate of the rest."""
ROWS_A_BATCH = 32
"""Texts of mean length in a batch."""
TOKENS_A_BATCH = 256
"""Padded tokens of a batch where words are answered: each word is something to learn from, and on
few epochs more steps are worth more than larger batches."""
FEWEST_STEPS = 180
"""Where a training would have fewer steps its batches are smaller. me5-small spent some sixty steps
on learning how frequent each tag is, and only then began to tell words apart; this is three times
that. ``examples/reviews-zh.toml`` has more, so that it trains as it was measured."""
FEWEST_ROWS = 4
"""Smaller batches than this are slow and noisy."""


def learning_rate(weights: int, *, is_pretrained: bool) -> float:
    """Default peak rate where every weight of the base is trained.

    Args:
        weights: Of the base, without its table of tokens.
        is_pretrained: The base was trained before.

    Example:
        >>> sizes = (10_700_000, 21_300_000, 85_600_000, 303_000_000)
        >>> [learning_rate(size, is_pretrained=True) for size in sizes]
        [0.0002, 5e-05, 5e-05, 2e-05]
        >>> learning_rate(400_000, is_pretrained=False)
        0.001
    """
    if not is_pretrained:
        return FROM_NOTHING
    return next((rate for most, rate in RATES if weights <= most), LARGE)


def batch_tokens(
    sizes: NDArray[np.int64],
    rows: int,
    epochs: int,
    output: Output,
    *,
    fewest: int = FEWEST_ROWS,
) -> int:
    """Padded tokens of a batch: few enough that a small data set gets enough steps.

    Args:
        sizes: Tokens of the examples, or of some of them, ``(examples,)``.
        rows: To train on.
        epochs: Passes over them.
        output: What the task wants of the network.
        fewest: Rows of mean length in a batch at least.

    Example:
        >>> sizes = np.array([10, 20])
        >>> [batch_tokens(sizes, rows, 4, "labels") for rows in (100, 500, 4_000)]
        [60, 165, 480]
        >>> [batch_tokens(sizes, rows, 4, "word_labels") for rows in (100, 500, 4_000)]
        [60, 165, 256]
    """
    mean = float(sizes.mean())
    is_word = output == "word_labels"
    most = TOKENS_A_BATCH if is_word else ROWS_A_BATCH * mean
    enough = max(fewest, rows * epochs // FEWEST_STEPS) * mean
    return max(int(min(most, enough)), 16 if is_word else int(sizes.max()))
