"""The three drawings of a report: files, forms, and what becomes of hostile text."""

import re
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.cluster.hierarchy import leaves_list, linkage

from polyculture import api
from polyculture.cli.main import run
from polyculture.core.errors import StoreError
from polyculture.core.report_input import ReportInput
from polyculture.core.values import Known
from polyculture.page.blocks import Report
from polyculture.page.html import to_html
from polyculture.page.markdown import to_markdown
from polyculture.page.numbers import coefficient
from polyculture.page.svg import draw
from polyculture.report.content import report_of
from polyculture.report.dendrogram import brackets
from polyculture.report.heat_map import heat_map
from polyculture.report.languages import ENGLISH

Golden = Callable[[str, str], None]
Make = Callable[..., ReportInput]
LIMIT = 5 * 1024 * 1024


def test_a_folder_gets_page_markdown_and_record(written: Path) -> None:
    """The record read back is the whole report, and the page stays small."""
    pages = {"report.html", "report.zh-CN.html", "report.md", "report.zh-CN.md"}
    assert {path.name for path in written.iterdir()} == {*pages, "report.json"}
    report = Report.model_validate_json((written / "report.json").read_bytes())
    assert report.title == "Six sentiment models"
    assert (written / "report.html").stat().st_size < LIMIT


def test_the_markdown_of_a_study_reads_as_before(written: Path, golden: Golden) -> None:
    """What people read is kept as a file; its diff is the review."""
    golden("report-study.md", (written / "report.md").read_text(encoding="utf-8"))


def test_the_markdown_of_outside_answers_reads_as_before(plain: Report, golden: Golden) -> None:
    """Without trainings there are no baselines, and nothing pretends that there were."""
    golden("report-answers.md", to_markdown(plain))


@pytest.mark.slow
def test_a_report_is_drawn_again_from_its_record_alone(written: Path, tmp_path: Path) -> None:
    """The same bytes, without the answers and without the audit."""
    shutil.copy(written / "report.json", tmp_path)

    assert api.render(tmp_path) == tmp_path / "report.html"

    for path in written.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_a_single_drawing_goes_where_it_is_asked_to(written: Path, tmp_path: Path) -> None:
    """The form follows from the file's name."""
    text = api.render(written, tmp_path / "elsewhere" / "text.md")

    assert text.read_bytes() == (written / "report.md").read_bytes()
    with pytest.raises(
        StoreError, match=r"Unsupported file type: .*page\.pdf\. Use one of .*\.html"
    ):
        api.render(written, tmp_path / "page.pdf")


def test_a_folder_without_a_report_is_refused_in_one_sentence(tmp_path: Path) -> None:
    """It says what was looked for, and what to do."""
    with pytest.raises(StoreError, match=r"holds no report\.json.*polyculture audit"):
        api.render(tmp_path)

    (tmp_path / "report.json").write_text('{"schema_number": 0}', encoding="utf-8")
    with pytest.raises(StoreError, match="not a report of this version"):
        api.render(tmp_path)


@pytest.mark.slow
def test_text_from_data_never_becomes_part_of_the_page(hostile: ReportInput) -> None:
    """Names, texts, gold and groups are shown as they are, in the page and in its charts."""
    page = to_html(report_of(hostile))

    assert "<script" not in page
    assert "</style><b>" not in page
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" in page


@pytest.mark.slow
def test_text_from_data_never_becomes_markup_in_markdown(hostile: ReportInput) -> None:
    """No tag, no table cell and no emphasis comes from outside."""
    lines = to_markdown(report_of(hostile)).splitlines()

    start = lines.index("````") + 1
    outside = [*lines[: start - 1], *lines[start + 2 :]]
    assert lines[start].startswith("``` <script>")
    assert not [line for line in outside if re.search(r"(?<!\\)<script", line)]
    assert all(len(cells(line)) == len(cells(above)) for above, line in table_rows(outside))


def cells(line: str) -> list[str]:
    return re.split(r"(?<!\\)\|", line)


def table_rows(lines: list[str]) -> list[tuple[str, str]]:
    """Each row of a table with the row above it."""
    return [(above, line) for above, line in pairwise(lines) if above[:1] == line[:1] == "|"]


def test_a_record_with_a_title_alone_is_still_a_page() -> None:
    """Every part of a report may be empty."""
    report = Report(title="t", verdict="v", deck="d", answers=(), sections=(), version="0")

    assert to_markdown(report).startswith("# t\n\n**v**")


@pytest.mark.slow
def test_a_hundred_models_fit_into_the_page() -> None:
    """10,000 cells become a few paths: heat map and tree stay under 300 kB."""
    number = 100
    rng = np.random.default_rng(1)
    distances = rng.uniform(0.2, 1.0, size=number * (number - 1) // 2)
    merges = linkage(distances, "average")
    names = [f"model {place}" for place in range(number)]
    upper = zip(*np.triu_indices(number, 1), distances, strict=True)
    pairs = {
        frozenset({names[a], names[b]}): Known(number=1 - distance, chance=0.0)
        for a, b, distance in upper
    }

    specification = heat_map(
        [names[leaf] for leaf in leaves_list(merges)],
        pairs,
        ENGLISH,
        merges=[(int(a), int(b), float(d), int(n)) for a, b, d, n in merges],
        form=coefficient,
    )
    drawing = draw(specification, name="chart", words="A hundred models")

    assert len(drawing) < 300_000
    assert drawing.count("<path") < 2_000


def test_the_tree_joins_neighbours_at_their_distance() -> None:
    """Leaves stand in the order in which the branches hold them."""
    merges = [(1, 2, 0.1, 2), (0, 3, 0.4, 3)]

    assert brackets(merges) == [
        [(0.0, 1.5), (0.1, 1.5), (0.1, 2.5), (0.0, 2.5)],
        [(0.0, 0.5), (0.4, 0.5), (0.4, 2.0), (0.1, 2.0)],
    ]


def test_charts_take_their_colours_from_the_page() -> None:
    """No colour is fixed in a drawing, so that light and dark both hold."""
    pairs = {frozenset({"a", "b"}): Known(number=0.4, chance=0.0)}

    drawing = draw(
        heat_map(["a", "b"], pairs, ENGLISH, form=coefficient), name="chart", words="two"
    )

    assert 'fill="var(--alike-5)"' in drawing
    assert not re.search(r'(fill|stroke)="#', drawing)


def test_the_command_says_which_file_it_wrote(
    written: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``polyculture report FOLDER --out FILE`` prints the file's place and leaves with 0."""
    out = tmp_path / "text.md"

    with pytest.raises(SystemExit) as left:
        run(["report", str(written), "--out", str(out)])

    assert left.value.code == 0
    assert capsys.readouterr().out.strip() == str(out)
    assert out.read_bytes() == (written / "report.md").read_bytes()


def test_the_command_refuses_a_folder_without_a_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence on the error stream, and exit status 2."""
    with pytest.raises(SystemExit) as left:
        run(["report", str(tmp_path)])

    assert left.value.code == 2
    assert capsys.readouterr().err.startswith(f"Error: {tmp_path} holds no report.json.")


@pytest.mark.slow
def test_every_chart_fits_the_schema_of_vega_lite(
    written: Path, charts_fit_their_schema: Callable[[str], int]
) -> None:
    """They are not checked as they are made, since that takes longer than all else of a page."""
    assert charts_fit_their_schema((written / "report.json").read_text(encoding="utf-8")) > 10
