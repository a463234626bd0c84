"""Read little-endian files piece by piece, with the offset in every refusal."""

import struct
from typing import Any, NoReturn

from polyculture.core.errors import StarterError


class Reader:
    r"""A position in the bytes of a file, that never leaves them.

    Example:
        >>> at = Reader("tiny.bin", b"\x02\x00\x07")
        >>> at.one("H"), at.at, at.raw(1)
        (2, 2, b'\x07')
    """

    def __init__(self, name: str, data: bytes) -> None:
        self.name, self.data, self.at = name, data, 0

    def raw(self, size: int) -> bytes:
        """So many bytes from here."""
        if size < 0 or self.at + size > len(self.data):
            msg = (
                f"{self.name}, offset {self.at}: {size} bytes should follow, but the file ends at "
                f"{len(self.data)}."
            )
            raise StarterError(msg)
        self.at += size
        return self.data[self.at - size : self.at]

    def take(self, form: str) -> tuple[Any, ...]:
        """Numbers in the letters of ``struct``."""
        return struct.unpack("<" + form, self.raw(struct.calcsize("<" + form)))

    def one(self, form: str) -> Any:
        """One number."""
        return self.take(form)[0]

    def refuse(self, what: str, cause: Exception | None = None) -> NoReturn:
        """Say what is wrong at this place."""
        msg = f"{self.name}, offset {self.at}: {what}"
        raise StarterError(msg) from cause
