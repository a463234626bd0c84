"""One verb a file; the command line, Python and the web call these and nothing deeper.

Names are looked up on use, so that importing the package stays cheap.
"""

from importlib import import_module
from typing import Any

_VERBS = {
    "audit_answers": "audit",
    "audit_runs": "runs_audit",
    "check": "train",
    "fetch_starters": "starter",
    "list_parts": "parts",
    "observe": "observe",
    "list_starters": "starter",
    "missing_starters": "starter",
    "predict": "predict",
    "read_recipe": "recipes",
    "read_study": "recipes",
    "recipe_schema": "recipes",
    "render": "report",
    "report": "report",
    "starter_folder": "starter",
    "study": "study",
    "summary": "audit",
    "train": "train",
    "write_audit": "audit",
}


def __getattr__(name: str) -> Any:
    if name in _VERBS:
        return getattr(import_module(f"polyculture.api.{_VERBS[name]}"), name)
    msg = f"module 'polyculture.api' has no attribute {name!r}"
    raise AttributeError(msg)
