"""A process that builds families, one after the other: names come in, lines of JSON go out.

Run by ``zoo/library/workers.py``; see there.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def serve(models: Path) -> None:
    """Answer each family that is named on the input with a line, until the input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the library prints is no answer
    os.environ["HF_HUB_OFFLINE"] = "1"
    from polyculture.zoo.library.families import library

    found = library(models)
    for line in sys.stdin:
        print(json.dumps(answer(found, line.strip())), file=answers, flush=True)


def answer(found: Any, family: str) -> dict[str, Any]:
    """A family's packed graph and traits, or the reason why it was not built."""
    from polyculture.zoo.library.build_on_meta import built, reason_of
    from polyculture.zoo.library.graph_json import packed

    try:
        graph, traits = built(found, family)
        return {"graph": packed(graph), "traits": traits, "reason": None}
    except Exception as error:  # noqa: BLE001  # the library raises whatever it likes
        return {"graph": None, "traits": {}, "reason": reason_of(error)}
