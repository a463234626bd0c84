"""Let oneDNN keep the kernels that it has made.

torch computes products in bfloat16 with oneDNN, which makes a kernel for every shape and keeps the
last 1,024. A training of texts has thousands of shapes: every width of a batch with every number of
rows, in each layer, forwards and backwards. The library reads the variable once, when torch is
loaded: it is set before that.
"""

import os
import sys

CAPACITY = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"
KEPT = 16_384


def keep_kernels() -> None:
    """Ask oneDNN to keep more kernels, unless the user has said how many. Call before torch."""
    if "torch" not in sys.modules:
        os.environ.setdefault(CAPACITY, str(KEPT))
