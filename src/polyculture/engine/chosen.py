"""What was chosen automatically before the first step."""

from polyculture.core.record import Record
from polyculture.engine.precision import Kernels


class Chosen(Record):
    """What was chosen automatically; kept beside the checkpoint and in the run."""

    kernels: Kernels
    threads: int
    batch_tokens: int
    learning_rate: float
    max_length: int
    head_learning_rate: float | None = None
    """None where the head's rate is that of all others."""

    def facts(self) -> dict[str, str | int | float | bool | None]:
        """The same as plain values, as a run records them and a check shows them."""
        return {
            "precision": self.kernels.precision,
            "attention": self.kernels.attention or None,
            "threads": self.threads,
            "batch_tokens": self.batch_tokens,
            "learning_rate": self.learning_rate,
            "max_length": self.max_length,
            "head_learning_rate": self.head_learning_rate or self.learning_rate,
        }
