"""Audit the table of answers that ships with the package: no data, no network, no torch."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import TYPE_CHECKING

from polyculture.api.answer_audits import audit_answers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from polyculture.core.audit import Audit

TABLE = "messages.csv"
"""What it is and how it was made stands in ``samples/README.md``."""


def demo(
    out: Path,
    *,
    replace: bool = False,
    command: str = "",
    language: str | None = None,
    on_read: Callable[[str], None] = lambda _: None,
) -> Audit:
    """Audit the answers of seven real models to eighty customer messages.

    Args:
        out: Folder of the audit, report included.
        replace: Replace an audit that exists.
        command: The command that reproduces the audit, for the report.
        language: Of the report's page: ``en`` or ``zh``; left out, both.
        on_read: Told how the table was read.

    Raises:
        PolycultureError: The folder exists, or cannot be written.
    """
    with as_file(files("polyculture") / "samples" / TABLE) as table:
        return audit_answers(
            table,
            out=out,
            wide=True,
            item="id",
            gold="gold",
            text="text",
            group="group",
            replace=replace,
            command=command,
            language=language,
            on_read=on_read,
        )
