"""What keeps a training from learning its rows by heart. All of it is off where it is left out."""

from pydantic import Field

from polyculture.core.record import Asked


class Regularization(Asked):
    """Ways to hold a training back; each costs time, and may help with few rows or noisy ones.

    Weight decay is in ``[fit]``; class weights, focal loss and label smoothing are the task's.
    """

    dropout: float | None = Field(default=None, ge=0, lt=1)
    """Share of the base's and the head's values that is dropped while training. By default the
    base's own, mostly 0.1."""
    r_drop: float = Field(default=0.0, ge=0)
    """R-Drop: how much it counts that two readings of a row, with other values dropped, differ; 1
    to 5 in its paper. Steps take about twice as long."""
    adversarial: float = Field(default=0.0, ge=0, lt=1)
    """Adversarial training: each text is learnt a second time with its tokens' vectors moved
    towards a higher loss, by this share of their length; 0.1 for example. Steps take about twice
    as long."""
    mixout: float = Field(default=0.0, ge=0, lt=1)
    """Mixout: chance of each trained weight of the base's matrices to be the base's own again for
    a step; 0.1 for example."""
    average: float = Field(default=0.0, ge=0, lt=1)
    """Decay of a running mean of the weights (EMA), 0.99 for example: the mean is validated, kept
    and tested instead of the weights of one step."""
