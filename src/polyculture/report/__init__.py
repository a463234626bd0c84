"""A report on an audit: one page, and the same as Markdown and JSON."""

from pathlib import Path

from polyculture.core.report_input import ReportInput


def write_report(folder: Path, content: ReportInput) -> None:
    """Write ``report.html``, ``report.md`` and ``report.json`` into an existing folder.

    Args:
        folder: Where the files go.
        content: The audit, its items, and how the models came about.

    Raises:
        StoreError: The disk is full, or the folder may not be written.
    """
    from polyculture.page.write import write_drawings
    from polyculture.report.content import report_of

    write_drawings(folder, report_of(content))
