"""The page as a reader meets it: in a browser, from disk, on a desk, a phone and paper."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from polyculture.core.report_input import ReportInput
from polyculture.report import write_report

CHROMIUM = Path("/usr/bin/chromium")
PAGES = ("report.html", "report.zh-CN.html")
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}
WIDE = """
[...document.querySelectorAll("body *")]
  .filter(e => !e.closest(".scroll, pre, .skip"))
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
  .map(e => e.outerHTML.slice(0, 80))
"""

pytestmark = [
    pytest.mark.web,
    pytest.mark.skipif(
        not CHROMIUM.exists(), reason=f"there is no {CHROMIUM}; apt-get install chromium"
    ),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page_file(written: Path) -> Path:
    return written / "report.html"


def opened(browser: Browser, file: Path, seen: list[str] | None = None, **options: Any) -> Page:
    """Open a file from disk; complaints and requests go into ``seen``."""
    said: list[str] = [] if seen is None else seen
    page = browser.new_context(**{"viewport": DESK, **options}).new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url))
    page.goto(file.as_uri())
    return page


@pytest.mark.parametrize("name", PAGES)
def test_the_page_opens_from_disk_and_asks_for_nothing(
    browser: Browser, written: Path, name: str
) -> None:
    """No complaint of the browser, and no request but for the file itself."""
    seen: list[str] = []
    page_file = written / name

    page = opened(browser, page_file, seen)

    assert seen == [page_file.as_uri()]
    assert page.locator("h1").is_visible()
    assert page.locator("script").count() == 0


def test_the_first_screen_holds_all_four_answers(browser: Browser, page_file: Path) -> None:
    """A reader at a desk sees them without scrolling."""
    page = opened(browser, page_file)

    for question in ("alike", "fail together", "sure", "should I do"):
        heading = page.locator(".answer h2", has_text=question)
        box = heading.bounding_box()
        assert box is not None
        assert box["y"] < DESK["height"] - 60
    assert "95% interval 1.7 to 2.1" in page.locator(".answer").first.inner_text()


def test_a_reader_changes_the_language_and_comes_back(browser: Browser, page_file: Path) -> None:
    """Each page links to the other."""
    page = opened(browser, page_file)

    page.get_by_role("link", name="中文").click()
    assert page.url.endswith("report.zh-CN.html")
    page.get_by_role("link", name="English").click()
    assert page.url.endswith("report.html")


def test_tables_hold_what_was_computed(browser: Browser, page_file: Path) -> None:
    """Scores, baselines and joint failure can be read and copied."""
    page = opened(browser, page_file)

    scores = page.locator("#scores table").nth(1)
    line = scores.locator("tbody tr").first.inner_text()
    assert "minilm-l6 full" in line
    assert "85.0%" in line
    assert "yes, p < 0.001" in line
    assert page.locator("#together tbody th", has_text="movies").count() == 1
    assert page.locator("#failures li").first.locator("blockquote").inner_text()


def test_charts_are_drawn_with_their_numbers(browser: Browser, page_file: Path) -> None:
    """Each chart has a size, words for those who cannot see it, and figures on its cells."""
    page = opened(browser, page_file)
    charts = page.locator("figure.chart svg:visible")

    assert charts.count() >= 6
    for place in range(charts.count()):
        box = charts.nth(place).bounding_box()
        assert box is not None
        assert box["width"] > 150
        assert box["height"] > 100
        assert charts.nth(place).get_attribute("aria-label")
    heat = page.locator("#alike figure.chart").first
    texts = heat.locator("svg text").all_text_contents()
    figures = [text for text in texts if text.startswith(("0.", "−0."))]
    assert len(figures) >= 30
    assert "chance 0.00" in texts  # the legend
    assert heat.locator("svg .mark-line path").count() == 5  # the tree: a bracket for each merge


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_a_phone(browser: Browser, written: Path, name: str) -> None:
    """Wide tables and charts scroll in their own box, the page does not, also with all open."""
    page = opened(browser, written / name, viewport=PHONE)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")

    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.evaluate(WIDE) == []


def test_hostile_and_endless_text_neither_acts_nor_bursts_the_page(
    browser: Browser, hostile: ReportInput, tmp_path: Path
) -> None:
    """Scripts, endless words, Chinese, Arabic and emoji are shown, and that is all."""
    seen: list[str] = []
    write_report(tmp_path, hostile)

    page = opened(browser, tmp_path / "report.html", seen, viewport=PHONE)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")

    assert len(seen) == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.evaluate(WIDE) == []
    assert "<script>alert('x')</script>" in page.locator("#failures").inner_text()


def test_a_dark_system_gets_a_dark_page_and_dark_charts(browser: Browser, page_file: Path) -> None:
    """Paper and ink change places, and charts follow."""
    background = "getComputedStyle(document.body).backgroundColor"
    ink = "getComputedStyle(document.querySelector('#scores svg text')).fill"
    light = opened(browser, page_file, color_scheme="light")
    dark = opened(browser, page_file, color_scheme="dark")

    assert brightness(light.evaluate(background)) > 240
    assert brightness(dark.evaluate(background)) < 40
    assert brightness(light.evaluate(ink)) < 60
    assert brightness(dark.evaluate(ink)) > 200


def brightness(colour: str) -> float:
    """Mean of red, green and blue in ``rgb(r, g, b)``."""
    channels = colour.removeprefix("rgb(").removesuffix(")").split(",")
    return sum(float(channel) for channel in channels) / 3


def test_the_page_prints_with_everything_open(browser: Browser, page_file: Path) -> None:
    """Paper has no buttons: what is folded on the screen is printed, on white."""
    page = opened(browser, page_file, color_scheme="dark")
    page.emulate_media(media="print")

    hidden = page.locator("details table").first.bounding_box()
    assert hidden is not None
    assert hidden["height"] > 20
    assert len(page.pdf()) > 50_000
