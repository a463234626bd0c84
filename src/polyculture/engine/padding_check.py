"""Does padding change what a base says of a text? Then an answer depends on what is read beside it.

Most bases leave padding out of their attention. Convolutions reach into it (ConvBERT), and a head
that reads the last place reads padding (XLNet, whose texts are padded on the left elsewhere).
"""

import numpy as np
import torch
from torch import Tensor

from polyculture.core.errors import ModelError
from polyculture.core.task import Encoded, Task
from polyculture.engine.batches import collated
from polyculture.engine.opened import Opened

LOOKED_AT = 64
"""Examples among which a short and a longer one are looked for."""
LONGER = 4
"""Tokens by which the longer one is so at least."""
MOST = 1e-3
"""Largest change that rounding explains, as a share of the largest number."""
TOO_MUCH = 0.5
"""Change from which on little of a text is left in what is said of it."""


def note_on_padding(opened: Opened, encoded: Encoded, task: Task) -> str:
    """A sentence where a text gives other numbers beside a longer one than alone; else empty.

    Raises:
        ModelError: They are so different that answers would be of no use.
    """
    change = _change(opened, encoded, task) if task.reads == "text" else 0.0
    if change <= MOST:
        return ""
    if change > TOO_MUCH:
        msg = (
            f"Padding changes what this base says of a text by {change:.0%} of the largest number, "
            "so that an answer would say more of the texts beside it. Choose [head] kind = "
            "'linear' with pooling = 'mean', or another base."
        )
        raise ModelError(msg)
    return (
        f"Padding changes what this base says of a text, here by {change:.1%} of the largest "
        "number: answers depend on which texts are read together."
    )


def _change(opened: Opened, encoded: Encoded, task: Task) -> float:
    sizes = encoded.sizes[:LOOKED_AT]
    if not len(sizes):
        return 0.0
    short = int(sizes.argmin())
    longer = np.flatnonzero(sizes >= sizes[short] + LONGER)
    if not len(longer):
        return 0.0
    other = int(longer[sizes[longer].argmin()])
    batches = [
        collated(encoded, np.array(numbers), task, opened.context)
        for numbers in ([short], [short, other])
    ]
    rows = [{len(values) for values in batch.inputs.values()} for batch in batches]
    if rows != [{1}, {2}]:  # an example is several rows of the network
        return 0.0
    opened.network.eval()
    with torch.no_grad():
        alone, beside = (opened.network(opened.device.send(batch)) for batch in batches)
    return max((_difference(alone[n], beside[n]) for n in alone if _is_told(alone[n])), default=0.0)


def _is_told(values: object) -> bool:
    return isinstance(values, Tensor) and values.is_floating_point() and values.ndim > 1


def _difference(alone: Tensor, beside: Tensor) -> float:
    """Between what is said of a first row, as a share of the largest number."""
    wanted = alone[0].float()
    found = beside[0][tuple(slice(length) for length in wanted.shape)].float()
    seen = wanted.isfinite() & found.isfinite()
    if not seen.any():
        return 0.0
    largest = float(wanted[seen].abs().max())
    return float((wanted - found)[seen].abs().max()) / max(largest, 1e-6)
