"""Where starter models, data and what was learnt about this machine are kept."""

import os
from pathlib import Path


def home() -> Path:
    """The user's cache: ``POLYCULTURE_HOME``, or ``polyculture`` in the system's cache folder."""
    chosen = os.environ.get("POLYCULTURE_HOME")
    if chosen:
        return Path(chosen).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "polyculture"
