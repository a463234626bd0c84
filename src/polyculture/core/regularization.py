"""Regularization against overfitting. All of it is off by default."""

from pydantic import Field

from polyculture.core.record import Asked


class Regularization(Asked):
    """Ways to regularize a training. They can be combined, and may help with few or noisy rows.

    Weight decay is in ``[fit]``; class weights, focal loss and label smoothing are the task's.
    """

    dropout: float | None = Field(default=None, ge=0, lt=1)
    """Dropout rate of base and head while training, in steps of 1/256 on a CPU. By default the
    base's own, mostly 0.1."""
    r_drop: float = Field(default=0.0, ge=0)
    """R-Drop: weight of the symmetric KL divergence between two readings of a row with different
    dropout masks; 1 to 5 in its paper. Steps take about twice as long."""
    adversarial: float = Field(default=0.0, ge=0, lt=1)
    """Adversarial training: each text is learnt a second time with its token vectors moved towards
    a higher loss, by this share of their length; 0.02 for example. Steps take about twice as
    long."""
    mixout: float = Field(default=0.0, ge=0, lt=1)
    """Mixout: probability that a trained weight of the base's matrices is reset to its pretrained
    value for one step; 0.1 for example."""
    average: float = Field(default=0.0, ge=0, lt=1)
    """Decay of a running mean of the weights (EMA), 0.99 for example. The mean is validated, kept
    and tested, not the weights of one step."""
