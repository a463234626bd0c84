r"""How far two readings of the same examples are apart, as R-Drop has it.

For the probabilities p and q that two readings give to the choices of a target:

\[ \tfrac12 (KL(p \| q) + KL(q \| p)) = \tfrac12 \sum_i (p_i - q_i)(\log p_i - \log q_i) \]

With several labels each label is a choice of two. Never negative, in nats; 0 for equal readings.

Source: Liang et al. 2021, R-Drop, arXiv:2106.14448.
"""

from torch import Tensor

from polyculture.core.errors import RecipeError
from polyculture.nets.batch import IGNORED, Batch, Outputs
from polyculture.nets.losses.label_outputs import row_weights

NO_CHOICE = (
    "regularization.r_drop needs a loss over labels or tokens of single rows, and this task has "
    "another. Leave it out."
)


def divergence(outputs: Outputs, others: Outputs, batch: Batch) -> Tensor:
    """The sum over all targets that count.

    Args:
        outputs: With ``logits``: ``(rows, labels)``, ``(rows, words, labels)`` or
            ``(rows, places, vocabulary)``.
        others: The same, read a second time.
        batch: With targets ``labels`` or ``tokens``: codes, or 0 and 1 for each of several labels.

    Raises:
        RecipeError: What is learnt of a row is no choice among labels or tokens.

    Example:
        >>> import torch
        >>> labels = torch.tensor([0, IGNORED])
        >>> batch = Batch(inputs={}, targets={"labels": labels}, rows=(0, 1))
        >>> logits = torch.tensor([[0.0, 0.0], [0.0, 9.0]])
        >>> float(divergence({"logits": logits}, {"logits": logits}, batch))
        0.0
        >>> others = torch.tensor([[2.0, 0.0], [9.0, 0.0]])
        >>> round(float(divergence({"logits": logits}, {"logits": others}, batch)), 4)
        0.3808
    """
    targets = batch.targets.get("labels", batch.targets.get("tokens"))
    rows = len(batch.places.get("owners", batch.rows))  # where sentences are read together, theirs
    if targets is None or "logits" not in outputs or len(targets) != rows:
        raise RecipeError(NO_CHOICE)  # or an example is several rows of the network, as a pair is
    first, second = outputs["logits"].float(), others["logits"].float()
    if targets.is_floating_point() and targets.shape == first.shape:
        each = (first.sigmoid() - second.sigmoid()) * (first - second) / 2
        known = (each * (targets >= 0)).sum(dim=-1)
    elif not targets.is_floating_point() and targets.shape == first.shape[:-1]:
        first, second = first.log_softmax(dim=-1), second.log_softmax(dim=-1)
        each = ((first.exp() - second.exp()) * (first - second)).sum(dim=-1) / 2
        known = each.masked_fill(targets == IGNORED, 0.0)
    else:
        raise RecipeError(NO_CHOICE)
    if known.dim() == 1:  # a row that is read in several windows counts once
        known = known * row_weights(batch, known)
    return known.sum()
