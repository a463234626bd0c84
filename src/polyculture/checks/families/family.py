"""What a family is: a kind of model, how a tiny one is configured, and what it reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from polyculture.core.task import Reads

WIDTH, LAYERS, HEADS, LONGEST = 32, 2, 4, 64
Pieces = Literal["words", "bytes", "unigram", "spoken", "none"]


@dataclass(frozen=True, kw_only=True)
class Family:
    """A kind of model, and how a tiny one is configured."""

    config: str
    """Name of its configuration in transformers."""
    sizes: Callable[[int], dict[str, Any]]
    """Size of the vocabulary to the settings of a tiny model; 0 where there is no tokenizer."""
    pieces: Pieces = "words"
    """How its tokenizer cuts texts, or writes what it hears."""
    reads: Reads = "text"
    reader: Mapping[str, Any] = field(default_factory=dict)
    """How pictures or sounds go in: its ``preprocessor_config.json``, if it has one."""
