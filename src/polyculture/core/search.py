"""How a model that writes looks for its text: settings that tasks of written answers share."""

from pydantic import Field

from polyculture.core.recipe import Settings


class Search(Settings):
    """The settings of a task whose answers are written begin with these."""

    beams: int = Field(default=4, ge=1, le=64)
    """Beginnings that are kept while a text is written; 1 takes the likeliest token each time."""
    length_penalty: float = 1.0
    """Beams: above 0 longer texts are favoured, below 0 shorter ones."""
    repetition_penalty: float = Field(default=1.0, gt=0)
    """Above 1, tokens that are there already are less likely to come again."""
    no_repeat: int = Field(default=0, ge=0, le=512)
    """No run of so many tokens is written twice; 0 allows all."""
    longest_answer: int = Field(default=128, ge=1, le=1_000_000)
    """Longest text that is written, in tokens, and that is learnt from."""
