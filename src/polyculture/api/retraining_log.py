"""Which models an interrupted ``study --replace`` has trained already."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from polyculture.store.writing.folder import write_text

if TYPE_CHECKING:
    from pathlib import Path

NAME = ".again.polyculture.json"


class RetrainingLog:
    """Models that ``study --replace`` has trained, kept across interruptions."""

    def __init__(self, out: Path, *, is_asked: bool) -> None:
        """Resume the log of an interrupted call.

        Args:
            out: The study's folder.
            is_asked: All models are to be trained again.
        """
        self.path = out / NAME
        self.is_asked = is_asked
        self.done = self._read()

    def trains(self, name: str) -> bool:
        """Whether a run that is finished has to be trained again."""
        return self.is_asked and name not in self.done

    def add(self, name: str) -> None:
        """Record that a model was trained."""
        if self.is_asked:
            self.done.append(name)
            write_text(self.path, json.dumps({"schema_number": 1, "done": self.done}) + "\n")

    def end(self) -> None:
        """Delete the log: the study is complete."""
        self.path.unlink(missing_ok=True)

    def _read(self) -> list[str]:
        try:
            log = json.loads(self.path.read_bytes())
            return [str(name) for name in log["done"]]
        except (OSError, ValueError, KeyError, TypeError):
            return []
