"""How the files of a recipe are written, as [data] says it."""

from pydantic import field_validator

from polyculture.core.recipe import Settings
from polyculture.store.reading.text_form import checked_encoding

WAYS = {
    "encoding": "encoding = '{}' in [data]",
    "delimiter": "delimiter = '{}' in [data]",
    "quotes": "In a recipe, quotes = {} in [data]",
}
"""How a recipe says what a file is written in."""


class Encoded(Settings):
    """The encoding of files of text."""

    encoding: str = "utf-8"
    """Encoding of the files, such as ``latin-1``, ``gb18030`` or ``utf-16``."""

    @field_validator("encoding")
    @classmethod
    def _encoding_is_known(cls, name: str) -> str:
        return checked_encoding(name)
