"""A report on a survey: one page in English, the same in Chinese, and both as Markdown and JSON."""

from pathlib import Path

from polyculture.core.survey import Survey


def write_survey_report(
    folder: Path, survey: Survey, *, title: str = "", command: str = ""
) -> None:
    """Write ``report.html``, ``report.zh-CN.html``, both as ``.md``, and ``report.json``.

    Args:
        folder: Where the files go; it exists.
        survey: All findings. The pages give them layout and words, and compute none.
        title: What the pages are called; left out, after the survey's sources.
        command: The command that makes all of this again; left out, it is not shown.

    Raises:
        StoreError: The disk is full, or the folder may not be written.
    """
    from polyculture.page.write import write_drawings
    from polyculture.zoo.page.content import report_of

    write_drawings(folder, report_of(survey, title=title, command=command))
