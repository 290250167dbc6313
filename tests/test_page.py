"""The report page in a real Chromium: opens from disk, holds still under hostile names, asks for nothing."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from browser import PHONE, WIDE, Page
from evaluated import KnownDetector
from flmcore.evaluation import Results
from flmcore.report.page import write_page
from page_results import EVIL, known, more_detectors, more_images, renamed
from results_files import changed, measure


def made(results: Results, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return write_page(results, folder)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(known(), tmp_path_factory.mktemp("report"))


def test_page_opens_from_disk_in_silence(browser: Page, index: Path) -> None:
    browser.open(index)
    browser.assert_quiet()
    assert "4 face-landmark detectors" in browser.driver.title
    assert browser.texts("section .missing") == []
    assert len(browser.all("#nav a")) == len(browser.all("section"))


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_page_fits_and_follows_the_colours(
    browser: Page, index: Path, size: tuple[int, int], dark: bool
) -> None:
    browser.resize(size, dark=dark)
    browser.open(index)
    assert browser.fits()
    paper = browser.run("return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert (max(paper) < 60) if dark else (min(paper) > 230)
    browser.screenshot(f"page_{size[0]}_{'dark' if dark else 'light'}")
    browser.resize(WIDE)


def test_page_may_be_moved_with_its_folder(browser: Page, index: Path, tmp_path: Path) -> None:
    there = tmp_path / "a folder # with 100 % odd signs"
    shutil.copytree(index.parent, there)
    browser.open(there / "index.html")
    browser.assert_quiet()
    assert len(browser.all(".comparison tbody tr")) > 0


def test_names_are_text_whatever_they_hold(browser: Page, tmp_path: Path) -> None:
    results = renamed(renamed(known(), "noisy", EVIL), "array-0", f"{EVIL}.png")

    def poison(data: dict[str, Any]) -> None:
        where = {"image": EVIL, "face": 0, "detector": EVIL}
        data["problems"].append({**where, "kind": "x", "note": False, "reason": EVIL})
        for row in (*data["summary"], *data["detectors"]):
            row["licence"] = row["scheme"] = EVIL

    index = made(changed(results, poison), tmp_path)
    page = index.read_text()
    data = (tmp_path / "page" / "data.js").read_text()
    assert "alert" not in page
    assert "<" not in data
    browser.open(index)
    browser.assert_quiet()  # an alert, a broken picture or a blocked script would all be on the console
    assert EVIL in "".join(browser.texts("#table th.name"))
    assert browser.run("return document.querySelectorAll('img[src=x], main script').length") == 0
    assert browser.fits()


def test_one_detector_has_nothing_to_compare_and_says_so(browser: Page, tmp_path: Path) -> None:
    index = made(measure(KnownDetector("alone", sigma=0.1)), tmp_path)
    browser.open(index)
    browser.assert_quiet()
    assert browser.driver.title == "flmcore: alone"
    assert "second one" in " ".join(browser.texts(".missing"))
    assert browser.all(".mark") == []


def test_without_latency_and_without_intervals(browser: Page, tmp_path: Path) -> None:
    few = measure(KnownDetector("a", sigma=0.1), KnownDetector("b", sigma=0.3), images=2)
    index = made(few, tmp_path)
    browser.open(index)
    browser.assert_quiet()
    text = browser.run("return document.body.textContent")
    assert browser.all("[data-key=latency]") == []
    assert browser.texts(".comparison .interval") == []
    assert "How surely is not known" in text
    assert "no intervals (2 images: an interval needs at least 5)" in text


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(more_detectors(known(), 15), tmp_path_factory.mktemp("crowd"))


def test_sixty_detectors_stay_usable(browser: Page, crowd: Path) -> None:
    for size in (WIDE, PHONE):
        browser.resize(size)
        browser.open(crowd)
        browser.assert_quiet()
        assert browser.fits()
        browser.screenshot(f"crowd_{size[0]}")
    browser.resize(WIDE)
    assert len(browser.all("#table tbody tr")) == 60
    assert len(browser.all("#choice .ranking li")) == 60
    assert len(set(browser.texts("#table tbody th.name"))) == 60


def test_page_prints_without_its_controls(browser: Page, index: Path) -> None:
    browser.resize(WIDE, printing=True)
    browser.open(index)
    shown = "return getComputedStyle(document.querySelector(arguments[0])).display"
    assert browser.run(shown, "#table .controls") == "none"
    assert browser.run(shown, "#nav") == "none"
    assert browser.run(shown, "#table table") == "table"
    browser.resize(WIDE)


def test_ten_detectors_on_a_hundred_images_are_light(browser: Page, tmp_path: Path) -> None:
    detectors = [KnownDetector(f"detector-{i}", sigma=0.05 * (i + 1)) for i in range(10)]
    results = more_images(measure(*detectors, images=5, frames=8), 20)
    _keep_pictures_as_files(results, tmp_path / "images")
    index = made(results, tmp_path / "report")
    thumbs = list((tmp_path / "report" / "page" / "thumbs").iterdir())
    assert len(thumbs) == 100
    assert max(path.stat().st_size for path in thumbs) <= 12_000
    weight = sum(path.stat().st_size for path in (tmp_path / "report").rglob("*") if path.is_file())
    assert weight < 5_000_000
    times = []  # told with pytest -s, not judged: they depend on what else the machine does
    for _ in range(3):
        browser.open(index)
        times.append(browser.run("return performance.getEntriesByType('navigation')[0].loadEventEnd"))
    print(
        f"page of ten detectors on 100 images: {weight / 1e6:.2f} MB, open in {min(times):.0f} ms (best of 3)"
    )
    browser.assert_quiet()


def _keep_pictures_as_files(results: Results, folder: Path) -> None:
    """Noise is what JPEG does worst on: the thumbnails are as large as they get."""
    import hashlib

    from PIL import Image

    folder.mkdir()
    rng = np.random.default_rng(0)
    for number, row in enumerate(results.data["images"]):
        path = folder / f"{number}.png"
        Image.fromarray(rng.integers(0, 256, (180, 200, 3), np.uint8)).save(path)
        row |= {"path": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
