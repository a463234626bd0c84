"""A report on an audit: one page in English, the same in Chinese, both as Markdown and JSON."""

from pathlib import Path

from polyculture.core.report_input import ReportInput


def write_report(folder: Path, content: ReportInput, language: str | None = None) -> None:
    """Write ``report.html``, ``report.zh-CN.html``, both as ``.md``, and ``report.json``.

    Args:
        folder: Where the files go; it exists.
        content: The audit, its items, and how the models were made.
        language: ``en`` or ``zh``; left out, both.

    Raises:
        StoreError: The disk is full, or the folder may not be written.
    """
    from polyculture.page.language import codes_of
    from polyculture.page.write import write_drawings
    from polyculture.report.content import report_of
    from polyculture.report.languages import LANGUAGES

    languages = [LANGUAGES[code] for code in codes_of(language)]
    write_drawings(folder, report_of(content, languages))
