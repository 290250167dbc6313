"""The report page in a real Chromium: opens from disk, says what results say, asks for nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from browser import PHONE, WIDE, Page
from evaluated import KnownDetector
from flmcore.evaluation import Results
from flmcore.report.page import write_page
from results_files import measure


@pytest.fixture(scope="module")
def results() -> Results:
    return measure(
        KnownDetector("steady", sigma=0.05),
        KnownDetector("noisy", sigma=0.4),
        KnownDetector("five", scheme="five-5", sigma=0.2),
        speed=True,
    )


@pytest.fixture(scope="module")
def index(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(results, tmp_path_factory.mktemp("report"))


def test_page_opens_from_disk_in_silence(browser: Page, index: Path) -> None:
    browser.open(index)
    browser.assert_quiet()
    assert "3 face-landmark detectors" in browser.driver.title
    assert browser.texts("section .missing") == []


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_page_does_not_scroll_sideways(browser: Page, index: Path, size: tuple[int, int], dark: bool) -> None:
    browser.resize(size, dark=dark)
    browser.open(index)
    assert browser.fits()
    browser.screenshot(f"page_{size[0]}_{'dark' if dark else 'light'}")
    browser.resize(WIDE)
