"""One detector in detail, in a real Chromium: its numbers are those of the results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from browser import PHONE, WIDE, Page
from flmcore.evaluation import Results
from flmcore.report.page import write_page
from page_results import EVIL, known, renamed


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(known(), tmp_path_factory.mktemp("report"))


def show(browser: Page, index: Path, fragment: str = "detector=noisy&reference=steady") -> None:
    browser.open(index, fragment)
    browser.jump("detector")
    browser.wait("document.querySelectorAll('#cloud canvas').length")


def summary(name: str) -> Any:
    return next(row for row in known().summary if row["detector"] == name)


def test_detector_and_reference_are_chosen_and_kept_in_the_address(browser: Page, index: Path) -> None:
    show(browser, index, "")
    best = min(known().summary, key=lambda row: row["jitter_common"]["mean"])["detector"]
    assert browser.run("return document.getElementById('detector-choice').value") == best
    browser.fill("#detector-choice", "noisy")
    browser.fill("#reference-choice", "five")
    assert browser.texts("#heat figcaption strong") == ["noisy", "five"]
    assert "detector=noisy" in browser.driver.current_url
    browser.wait("document.querySelectorAll('#cloud .pane').length === 2")
    assert browser.texts("#cloud figcaption strong") == ["noisy", "five"]
    browser.fill("#reference-choice", "")
    assert browser.texts("#heat figcaption strong") == ["noisy"]
    browser.assert_quiet()


def test_heat_map_says_each_landmarks_number(browser: Page, index: Path) -> None:
    show(browser, index)
    chart = browser.one('.heat[data-detector="noisy"]')
    marks = browser.run(
        "return [...arguments[0].querySelectorAll('circle')].map((c) => Number(c.dataset.landmark))", chart
    )
    assert sorted(marks) == list(range(68))
    jitter = summary("noisy")["per_landmark_jitter"]
    chart.click()
    keys = "arguments[0].dispatchEvent(new KeyboardEvent('keydown', {key: arguments[1], bubbles: true}))"
    browser.run(keys, chart, "Home")
    assert browser.texts("#heat .readout")[0] == f"landmark 0 (contour): jitter {jitter[0]:.2f}\u00a0%"
    browser.run(keys, chart, "ArrowRight")
    assert f"landmark 1 (contour): jitter {jitter[1]:.2f}" in browser.texts("#heat .readout")[0]
    browser.run(keys, chart, "End")
    assert f"landmark 67 (inner mouth): jitter {jitter[67]:.2f}" in browser.texts("#heat .readout")[0]
    browser.run("document.querySelector('#heat .numbers').open = true")
    browser.wait("document.querySelectorAll('#heat .numbers tbody tr').length")
    shown = browser.texts("#heat .numbers[open] tbody td.number")
    assert shown == [f"{value:.2f}\u00a0%" for value in jitter]


def test_darker_landmarks_move_more(browser: Page, index: Path) -> None:
    show(browser, index)
    script = (
        "const own = FLM.data.per_landmark.noisy.jitter;"
        "return [...document.querySelectorAll('.heat[data-detector=noisy] circle')].map((c) =>"
        " [own[Number(c.dataset.landmark)], d3.lab(c.getAttribute('fill')).l])"
    )
    rows = sorted(browser.run(script))
    lightness = [value for _, value in rows]
    assert lightness == sorted(lightness, reverse=True)
    assert lightness[0] - lightness[-1] > 10


def test_spread_and_gain_are_shown_too(browser: Page, index: Path) -> None:
    show(browser, index)
    for kind in ("spread", "gain"):
        browser.fill("#heat-kind", kind)
        assert browser.run("return document.querySelector('.heat').dataset.kind") == kind
    browser.assert_quiet()


def test_parts_and_curves_are_drawn_with_the_results_numbers(browser: Page, index: Path) -> None:
    show(browser, index)
    texts = browser.texts("#by-part text")
    assert {f"{value:.2f}" for value in summary("noisy")["per_group_jitter"].values()} <= set(texts)
    curves = next(row for row in known().causes["sweeps"] if row["detector"] == "noisy")["by_offset"]
    script = "return FLM.data.by_offset.shift.curves.noisy.map((row) => row[0])"
    assert browser.run(script) == pytest.approx([value["mean"] for value in curves], abs=1e-4)
    assert len(browser.all("#by-offset [data-mark=dot] *")) == 2 * len(curves)


def test_worst_images_come_first_and_failures_are_told(browser: Page, tmp_path: Path) -> None:
    failed = {
        "image": "gone.png",
        "face": None,
        "detector": "noisy",
        "kind": "x",
        "note": False,
        "reason": "no face <b>",
    }
    data = {**known().data, "problems": [failed]}
    page = write_page(Results(data, known().overlays), tmp_path)
    show(browser, page)
    values = [float(text.split()[0]) for text in browser.texts("#worst .value:not(.other)")]
    assert values == sorted(values, reverse=True)
    assert len(values) == 6
    assert browser.texts("#worst .failures li") == ["gone.png no face <b>"]
    browser.one("#worst li:nth-child(2) button").click()
    second = browser.texts("#worst .id")[1]
    browser.wait(f"document.getElementById('cloud-image').selectedOptions[0].textContent === '{second}'")
    browser.assert_quiet()


def test_cloud_zooms_to_a_part_and_keeps_to_a_landmark(browser: Page, index: Path) -> None:
    show(browser, index)
    before = browser.run("return document.querySelector('#cloud canvas').toDataURL ? 1 : 0")
    assert before == 1
    browser.fill("#cloud-part", "eyes")
    browser.fill("#cloud-landmarks", "36")
    browser.fill("#cloud-landmarks", "group:left_eye")
    browser.fill("#cloud-image", "1")
    browser.wait("document.querySelectorAll('#cloud canvas').length === 2")
    browser.assert_quiet()


def test_without_pictures_the_cloud_says_what_to_run(browser: Page, tmp_path: Path) -> None:
    page = write_page(Results(known().data), tmp_path)
    browser.open(page)
    browser.jump("detector")
    browser.jump("player")
    assert "overlays.npz" in browser.texts("#cloud .missing")[0]
    assert "--video" in browser.texts("#player .missing")[0]
    browser.assert_quiet()


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["desk", "phone"])
def test_hostile_names_are_text_and_fit(browser: Page, tmp_path: Path, size: tuple[int, int]) -> None:
    results = renamed(renamed(known(), "noisy", EVIL), "array-0", f"{EVIL}.png")
    page = write_page(results, tmp_path)
    browser.resize(size)
    browser.open(page)
    browser.jump("detector")
    browser.jump("player")
    browser.wait("document.querySelectorAll('#cloud canvas').length")
    browser.fill("#detector-choice", EVIL)
    assert EVIL in browser.texts("#heat figcaption strong")
    assert browser.fits()
    browser.screenshot(f"detector_{size[0]}")
    browser.assert_quiet()
    browser.resize(WIDE)
