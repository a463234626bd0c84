"""What was chosen automatically before the first step, and what a resumed training remembers."""

from pathlib import Path

from pydantic import ValidationError

from polyculture.core.record import Record
from polyculture.core.task import WordSpaces
from polyculture.engine.choices.precision import Kernels

CHOSEN = "chosen.json"


class Chosen(Record):
    """What was chosen automatically; kept beside the checkpoint and in the run."""

    kernels: Kernels
    threads: int
    """Shares of a batch that are computed side by side."""
    device: str = "cpu"
    batch_tokens: int
    learning_rate: float
    max_length: int
    head_learning_rate: float | None = None
    """None where the head's rate is that of all others."""
    word_spaces: WordSpaces = "every_word"
    """Older trainings have no record of it, and this is what they did."""

    @property
    def makes_kernels(self) -> bool:
        """Whether products run in a library that makes a kernel for each shape: oneDNN does."""
        return self.device == "cpu" and self.kernels.precision == "bfloat16"

    def facts(self) -> dict[str, str | int | float | bool | None]:
        """The same as plain values, as a run records them and a check shows them."""
        return {
            "precision": self.kernels.precision,
            "attention": self.kernels.attention or None,
            "device": self.device,
            "threads": self.threads,
            "batch_tokens": self.batch_tokens,
            "learning_rate": self.learning_rate,
            "max_length": self.max_length,
            "head_learning_rate": self.head_learning_rate or self.learning_rate,
            "word_spaces": self.word_spaces,
        }


def remembered(folder: Path | None) -> Chosen | None:
    """What a training in a folder chose; None if there is no record, or it cannot be read.

    Everything is then chosen again, with the same result on the same machine.

    Args:
        folder: Of the training, if there is one.
    """
    if folder is None or not (folder / CHOSEN).exists():
        return None
    try:
        return Chosen.model_validate_json((folder / CHOSEN).read_bytes())
    except ValidationError:
        return None
