"""Settings of text generation, shared by all tasks with generated answers."""

from typing import Annotated

from pydantic import AfterValidator, Field

from polyculture.core.recipe import Settings


def _not_one(count: int) -> int:
    if count == 1:
        msg = "would forbid every word to occur twice; choose 2 or more, or 0"
        raise ValueError(msg)
    return count


class Search(Settings):
    """How text is generated; tasks with generated answers extend these settings."""

    beams: int = Field(default=4, ge=1, le=64)
    """Beams that are kept while a text is generated; 1 is greedy decoding."""
    length_penalty: float = 1.0
    """With beams: above 0 longer texts are favoured, below 0 shorter ones."""
    repetition_penalty: float = Field(default=1.0, gt=0)
    """Above 1, tokens that occur already become less likely."""
    no_repeat: Annotated[int, AfterValidator(_not_one)] = Field(default=0, ge=0, le=512)
    """No sequence of so many tokens, 2 or more, is generated twice; 0 allows all."""
    longest_answer: int = Field(default=128, ge=1, le=1_000_000)
    """Longest text to generate and to learn from, in tokens."""
