"""The page of a survey as a reader meets it: in a browser, from disk, on a desk and a phone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from polyculture.core.survey import Survey
from polyculture.zoo.page import write_survey_report

CHROMIUM = Path("/usr/bin/chromium")
PHONE = {"width": 360, "height": 780}
DESK = {"width": 1280, "height": 800}
WIDE = """
[...document.querySelectorAll("body *")]
  .filter(e => !e.closest(".scroll, pre, .skip, .nodes"))
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
  .map(e => e.outerHTML.slice(0, 80))
"""
OPEN_ALL = "document.querySelectorAll('details').forEach(d => d.open = true)"

pytestmark = [
    pytest.mark.web,
    pytest.mark.slow,
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


def opened(browser: Browser, file: Path, seen: list[str] | None = None, **options: Any) -> Page:
    """Open a file from disk; complaints and requests go into ``seen``."""
    said: list[str] = [] if seen is None else seen
    page = browser.new_context(**{"viewport": DESK, **options}).new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url))
    page.goto(file.as_uri())
    return page


@pytest.mark.parametrize("name", ["report.html", "report.zh-CN.html"])
def test_the_page_opens_from_disk_and_asks_for_nothing(
    browser: Browser, survey_written: Path, name: str
) -> None:
    """No complaint of the browser (its script is allowed by digest), and no other request."""
    seen: list[str] = []

    page = opened(browser, survey_written / name, seen)

    assert seen == [(survey_written / name).as_uri()]
    assert page.locator("h1").is_visible()
    assert page.locator("script").count() == 1
    assert page.locator(".search").first.is_visible()


def test_the_first_screen_holds_the_headline_and_all_four_questions(
    browser: Browser, survey_written: Path
) -> None:
    """A reader at a desk sees them without scrolling."""
    page = opened(browser, survey_written / "report.html")

    headings = page.locator(".answer h2")
    assert headings.count() == 4
    for place in range(4):
        box = headings.nth(place).bounding_box()
        assert box is not None
        assert box["y"] < DESK["height"] - 60


def test_a_reader_changes_the_language_and_comes_back(
    browser: Browser, survey_written: Path
) -> None:
    """Each page links to the other."""
    page = opened(browser, survey_written / "report.html")

    page.get_by_role("link", name="中文").click()
    assert page.url.endswith("report.zh-CN.html")
    page.get_by_role("link", name="English").click()
    assert page.url.endswith("report.html")


def test_the_search_opens_the_way_to_a_node_and_hides_the_rest(
    browser: Browser, survey_written: Path, survey: Survey
) -> None:
    """Emptied, the box shows the whole tree again, closed."""
    page = opened(browser, survey_written / "report.html")
    tree = page.locator(".tree")
    child = next(one for one in survey.members if one.parents and not one.descendants)
    node = tree.locator("li > bdi", has_text=child.name).first
    assert not node.is_visible()

    tree.locator("input").fill(child.name.upper())

    expect(node).to_be_visible()
    expect(tree.locator("output")).to_contain_text(" of ")
    assert tree.locator("li:visible").count() < 40
    tree.locator("input").fill("")
    expect(node).not_to_be_visible()
    expect(tree.locator("output")).to_have_text("")
    assert tree.locator("ul.nodes > li:visible").count() >= 10


def test_a_name_that_is_nowhere_leaves_an_empty_tree(
    browser: Browser, survey_written: Path
) -> None:
    """And the count says none was found."""
    page = opened(browser, survey_written / "report.html")
    tree = page.locator(".tree")

    tree.locator("input").fill("no such family")

    expect(tree.locator("output")).to_contain_text("0 of ")
    assert tree.locator("li:visible").count() == 0


def test_the_table_of_families_is_searched_by_name_and_trait(
    browser: Browser, survey_written: Path
) -> None:
    """Rows that do not hold what was typed are hidden."""
    page = opened(browser, survey_written / "report.html")
    members = page.locator("#members")

    members.locator("input").fill("mixer: convolution")

    expect(members.locator("output")).to_contain_text(" of 550")
    shown = members.locator(".long tbody tr:visible")
    assert 0 < shown.count() < 300
    assert "mixer: convolution" in shown.first.inner_text()


def test_without_script_the_tree_opens_by_hand(browser: Browser, survey_written: Path) -> None:
    """The search box, which would do nothing, is not shown."""
    page = opened(browser, survey_written / "report.html", java_script_enabled=False)
    tree = page.locator(".tree")

    assert not page.locator(".search").first.is_visible()
    hidden = tree.locator("ul.nodes > li > details > ul > li").first
    assert not hidden.is_visible()
    tree.locator("summary").first.click()
    assert hidden.is_visible()


def test_each_dot_of_the_map_tells_its_name(
    browser: Browser, survey_written: Path, survey: Survey
) -> None:
    """As the title that a browser shows on pointing."""
    page = opened(browser, survey_written / "report.html")

    titles = page.locator("#map svg title").all_text_contents()

    names = {title.split("\n")[0] for title in titles}
    assert names >= {place.name for place in survey.places}


@pytest.mark.parametrize("name", ["report.html", "report.zh-CN.html"])
def test_nothing_is_wider_than_a_phone(browser: Browser, survey_written: Path, name: str) -> None:
    """Wide tables, maps and the tree scroll in their own boxes, also with all open."""
    page = opened(browser, survey_written / name, viewport=PHONE)
    page.evaluate(OPEN_ALL)

    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.evaluate(WIDE) == []


def test_hostile_and_endless_names_neither_act_nor_burst_the_page(
    browser: Browser, hostile_survey: Survey, tmp_path: Path
) -> None:
    """Scripts, endless words, Chinese and Arabic are shown, and that is all."""
    seen: list[str] = []
    write_survey_report(tmp_path, hostile_survey)

    page = opened(browser, tmp_path / "report.html", seen, viewport=PHONE)
    page.evaluate(OPEN_ALL)

    assert len(seen) == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.evaluate(WIDE) == []
    assert "<script>alert('x')</script>" in page.locator(".tree").inner_text()


def test_a_dark_system_gets_a_dark_page_and_dark_charts(
    browser: Browser, survey_written: Path
) -> None:
    """Paper and ink change places, and the dots of the map follow."""
    background = "getComputedStyle(document.body).backgroundColor"
    dot = "getComputedStyle(document.querySelector('#map svg .mark-symbol path')).fill"
    light = opened(browser, survey_written / "report.html", color_scheme="light")
    dark = opened(browser, survey_written / "report.html", color_scheme="dark")

    assert brightness(light.evaluate(background)) > 240
    assert brightness(dark.evaluate(background)) < 40
    assert brightness(light.evaluate(dot)) < brightness(dark.evaluate(dot))


def brightness(colour: str) -> float:
    """Mean of red, green and blue in ``rgb(r, g, b)``."""
    channels = colour.removeprefix("rgb(").removesuffix(")").split(",")
    return sum(float(channel) for channel in channels) / 3


def test_paper_shows_what_is_folded_on_the_screen(browser: Browser, survey_written: Path) -> None:
    """Tables and tree are open and whole; boxes to type into are left out."""
    page = opened(browser, survey_written / "report.html")
    page.emulate_media(media="print")

    hidden = page.locator("details table").first.bounding_box()
    assert hidden is not None
    assert hidden["height"] > 20
    assert not page.locator(".search").first.is_visible()
