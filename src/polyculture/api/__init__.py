"""The public functions; the command line, Python and the web call these and nothing deeper.

Functions are looked up on use, so that importing the package stays cheap. No file may have the name
of a function: the module would replace it.
"""

from importlib import import_module
from typing import Any

_VERBS = {
    "audit_answers": "answer_audits",
    "audit_runs": "run_audits",
    "chat": "conversations",
    "check": "runs",
    "check_data": "data_checks",
    "check_results": "results.checks",
    "check_study": "studies",
    "demo": "samples",
    "doctor": "machine",
    "fetch_starters": "starter",
    "list_parts": "parts",
    "observe": "evidence",
    "page_name": "report",
    "list_runs": "listing",
    "list_starters": "starter",
    "missing_starters": "starter",
    "name_of": "runs",
    "new_recipe": "template",
    "predict": "predictions",
    "read_recipe": "recipes",
    "read_study": "recipes",
    "read_trainable": "recipes",
    "recipe_schema": "recipes",
    "render": "report",
    "reproduce": "results.reproduce",
    "snapshot_hub": "snapshots",
    "starter_folder": "starter",
    "study": "studies",
    "summary": "answer_audits",
    "survey": "surveys",
    "survey_summary": "surveys",
    "train": "runs",
    "train_together": "joint_runs",
    "write_audit": "answer_audits",
}


def __getattr__(name: str) -> Any:
    if name in _VERBS:
        return getattr(import_module(f"polyculture.api.{_VERBS[name]}"), name)
    msg = f"module 'polyculture.api' has no attribute {name!r}"
    raise AttributeError(msg)
