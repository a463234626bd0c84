"""The page of a data check in a browser: it asks for nothing and fits a phone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from polyculture.datacheck.page import write_page
from tests.datacheck.conftest import Checked, reviews
from tests.report.test_browser import CHROMIUM, PAGES, PHONE, WIDE, opened

pytestmark = [
    pytest.mark.web,
    pytest.mark.skipif(
        not CHROMIUM.exists(), reason=f"there is no {CHROMIUM}; apt-get install chromium"
    ),
]


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


def test_the_page_opens_from_disk_and_fits_a_phone(
    browser: Browser, checked: Checked, tmp_path: Path
) -> None:
    """No complaint, no request but for the file itself, nothing wider than the screen."""
    again = reviews(60)
    check = checked({"train": again, "valid": reviews(30, 100), "test": again[:9]})
    place = tmp_path / "page"
    place.mkdir()
    write_page(place, check, command="polyculture data check recipe.toml")

    for name in PAGES:
        seen: list[str] = []
        page = opened(browser, place / name, seen, viewport=PHONE)
        assert seen == [(place / name).as_uri()]
        assert page.evaluate(WIDE) == []
