"""The page of a data check: in English and Chinese, both as Markdown and JSON too."""

from pathlib import Path

from polyculture.core.finding import DataCheck


def write_page(
    folder: Path, check: DataCheck, *, command: str = "", language: str | None = None
) -> None:
    """Write ``report.html``, ``report.zh-CN.html``, both as ``.md``, and ``report.json``.

    Args:
        folder: Where the files go; it exists.
        check: All findings. The page gives them layout and words, and computes none.
        command: The command that makes all of this again.
        language: ``en`` or ``zh``; left out, both.

    Raises:
        StoreError: The disk is full, or the folder may not be written.
    """
    from polyculture.datacheck.page.content import report_of
    from polyculture.datacheck.page.language import LANGUAGES
    from polyculture.page.language import codes_of
    from polyculture.page.write import write_drawings

    languages = [LANGUAGES[code] for code in codes_of(language)]
    write_drawings(folder, report_of(check, command=command, languages=languages))
