"""``log.jsonl``: a line every few steps, and one for each evaluation."""

import json
from collections.abc import Iterator
from pathlib import Path

from polyculture.engine.loop import Tick
from polyculture.store.writing.folder import write_text


class Log:
    """The training log of one run."""

    EVERY = 20

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, tick: Tick) -> None:
        """Append a step."""
        if tick.score is None and tick.no_score is None and tick.step % self.EVERY:
            return
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(tick.model_dump(exclude_none=True)) + "\n")

    def cut_back(self, step: int) -> None:
        """Drop what was written after a step, and a line that a kill left half-written."""
        if self.path.exists():
            write_text(self.path, "".join(f"{line}\n" for line in self._until(step)))

    def _until(self, step: int) -> Iterator[str]:
        for line in self.path.read_text(encoding="utf-8").splitlines():
            try:
                if json.loads(line)["step"] <= step:
                    yield line
            except (ValueError, KeyError, TypeError):
                return
