"""The comparison table and the trade-off plot of the page, driven as a reader would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from browser import WIDE, Page
from flmcore.report.page import write_page
from page_results import known, more_detectors
from results_files import changed

NAMES = "#table tbody tr"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(known(), tmp_path_factory.mktemp("report"))


@pytest.fixture
def page(browser: Page, index: Path) -> Page:
    browser.open(index)
    return browser


def names(page: Page) -> list[str]:
    return [str(row.get_attribute("data-detector")) for row in page.all(NAMES)]


def by(metric: str) -> list[str]:
    rows = sorted(known().summary, key=lambda row: row[metric]["mean"])
    return [row["detector"] for row in rows]


def test_table_sorts_by_every_column_both_ways(page: Page) -> None:
    assert names(page) == by("jitter_common")
    keys = page.run(
        "return [...document.querySelectorAll('#table thead th[data-key]')].map((h) => h.dataset.key)"
    )
    assert {"name", "jitter_common", "jitter", "spread", "gain", "latency", "landmarks", "licence"} <= set(
        keys
    )
    for key in keys:
        head = f'#table th[data-key="{key}"]'
        states = []
        for _ in range(2):
            page.one(f"{head} button").click()
            states.append(page.one(head).get_attribute("aria-sort"))
            assert sorted(names(page)) == ["five", "noisy", "steady", "twin"]
        assert set(states) == {"ascending", "descending"}
        assert len(page.all("#table th[aria-sort=ascending], #table th[aria-sort=descending]")) == 1
    page.one('#table th[data-key="latency"] button').click()
    assert names(page) == ["noisy", "five", "steady", "twin"]


def test_table_shows_figures_with_intervals_as_the_results_have_them(page: Page) -> None:
    for row in known().summary:
        text = page.one(f'{NAMES}[data-detector="{row["detector"]}"]').text
        for metric in ("jitter_common", "jitter", "spread"):
            value = row[metric]
            digits = 3 if value["mean"] < 0.1 else 2
            assert f"{value['mean']:.{digits}f}" in text
            low, high = (f"{value[end]:.{3 if value[end] < 0.1 else 2}f}" for end in ("low", "high"))
            assert f"[{low}, {high}]" in text


def test_best_and_tied_are_those_of_the_paired_tests(page: Page) -> None:
    ranking = next(row["ranking"] for row in known().comparisons if row["metric"] == "jitter_common")
    column = 1 + page.run(
        "return [...document.querySelectorAll('#table thead tr:last-child th')].findIndex((h) => h.dataset.key === 'jitter_common')"
    )
    for row in ranking:
        cell = page.one(f'{NAMES}[data-detector="{row["detector"]}"] > :nth-child({column})')
        wanted = "★" if row["best"] else "≈" if row["tied_with_best"] else ""
        marks = [mark.text.strip()[:1] for mark in cell.find_elements("css selector", ".mark")]
        assert marks == ([wanted] if wanted else [])


def test_filters_narrow_table_and_plot(page: Page) -> None:
    page.fill("#table-find", "FIVE-5")
    assert names(page) == ["five"]
    assert page.one("#table-count").text == "1 of 4 detectors"
    assert len(page.all(".plot [data-detector]")) == 1
    page.fill("#table-find", "")
    page.fill("#table-use", "no")
    assert names(page) == ["noisy"]
    page.fill("#table-scheme", "five-5")
    assert names(page) == []
    assert "clear a filter" in page.one("#table-count").text
    page.assert_quiet()


def test_columns_can_be_added(page: Page) -> None:
    assert page.all('#table th[data-key="jitter_p95"]') == []
    page.one(".chooser summary").click()
    page.one('[data-column="jitter_p95"]').click()
    assert page.all('#table th[data-key="jitter_p95"]')
    assert "columns=jitter_p95" in page.driver.current_url


def test_protocol_is_told_on_focus_and_closed_by_escape(page: Page) -> None:
    from selenium.webdriver.common.keys import Keys

    button = page.one('#table th[data-key="gain"] button')
    page.run("arguments[0].focus()", button)
    assert "1 rides with the window" in page.one("#tip").text
    assert button.get_attribute("aria-describedby") == "tip"
    button.send_keys(Keys.ESCAPE)
    assert not page.one("#tip").is_displayed()
    page.run("arguments[0].focus()", page.one(f'{NAMES}[data-detector="noisy"] .badge'))
    assert page.one("#tip").text == "trained on iBUG 300-W: no commercial use"


def test_missing_figures_say_why(page: Page) -> None:
    found = " ".join(page.texts(".reasons li"))
    assert "parameters" not in [th.text for th in page.all("#table th")]  # nobody has any: no column
    assert found == "" or "(" in found


def test_devices_and_estimates_stand_apart(browser: Page, tmp_path: Path) -> None:
    times = {"p50": 3.2, "p90": 3.9, "p99": None, "min": 3.0, "max": 5.0, "n": 50}
    figure = {"detector": "steady", "compute_units": "CPU_AND_NE", "matched": None, "predict_ms": times, "load_ms": {},
              "source": {"file": "a.json", "sha256": "0" * 64}}  # fmt: skip
    verdict = {"level": "parts", "text": "likely in parts: 3 segments", "rules_version": "1"}

    def add(data: dict[str, Any]) -> None:
        data["devices"] = [{"model": "iPhone 14", "os": "iOS 17.5", "figures": [figure]}]
        data["portability"] = {"twin": verdict}

    browser.open(write_page(changed(known(), add), tmp_path))
    groups = browser.texts("#table .groups th")
    assert "Measured on devices" in groups
    assert "Estimated" in groups
    assert "3.20" in browser.one(f'{NAMES}[data-detector="steady"]').text
    badge = browser.one(f'{NAMES}[data-detector="twin"] .badge.estimate')
    assert badge.text == "in parts"
    browser.run("arguments[0].focus()", badge)
    assert "an estimate" in browser.one("#tip").text
    assert "not measured on this device (five, noisy and twin)" in _sorted_names(browser)
    browser.assert_quiet()


def _sorted_names(page: Page) -> str:
    return " ".join(page.texts(".reasons li")).replace("(twin, noisy and five)", "(five, noisy and twin)")


def front(x: dict[str, float], y: dict[str, float]) -> list[str]:
    """By definition: nothing is at least as good in both and better in one."""
    return sorted(
        (a for a in x if not any(x[b] <= x[a] and y[b] <= y[a] and (x[b] < x[a] or y[b] < y[a]) for b in x)),
        key=lambda name: x[name],
    )


def test_front_is_what_nothing_beats(page: Page) -> None:
    latency = {name: speed["total"]["p50"] for name, speed in known().speed.items()}
    jitter = {row["detector"]: row["jitter_common"]["mean"] for row in known().summary}
    rows = page.run("return [...document.querySelectorAll('.front tbody tr')].map((r) => r.dataset.detector)")
    assert rows == front(latency, jitter)
    assert page.run(
        "return document.querySelector('.plot svg path[stroke-dasharray], .plot svg g[stroke-dasharray] path') !== null"
    )


def test_points_are_reached_by_keyboard_and_say_what_they_are(page: Page) -> None:
    points = page.all(".plot [data-detector]")
    assert sorted(str(point.get_attribute("data-detector")) for point in points) == [
        "five",
        "noisy",
        "steady",
        "twin",
    ]
    for point in points:
        name = point.get_attribute("data-detector")
        assert point.get_attribute("tabindex") == "0"
        assert str(point.get_attribute("aria-label")).startswith(f"{name}, jitter, common ")
        page.run("arguments[0].focus()", point)
        assert page.one("#tip").text.startswith(str(name))


def test_axes_are_chosen_and_kept_in_the_address(page: Page, index: Path) -> None:
    page.fill("#plot-y", "spread")
    page.fill("#plot-x", "landmarks")
    assert "more landmarks are neither better nor worse" in page.one(".front-text").text
    fragment = page.driver.current_url.partition("#")[2]
    page.open(index, fragment)
    assert page.one("#plot-y").get_attribute("value") == "spread"
    keys = page.run("return FLM.data.metrics.map((m) => m.key)")
    for key in keys:
        page.fill("#plot-y", key)
        page.fill("#plot-x", keys[0])
    page.assert_quiet()


def test_labels_of_many_points_do_not_cover_each_other(browser: Page, tmp_path: Path) -> None:
    for times in (3, 15):
        folder = tmp_path / str(times)
        folder.mkdir()
        browser.resize(WIDE)
        browser.open(write_page(more_detectors(known(), times), folder))
        boxes = browser.run(
            "return [...document.querySelectorAll('.plot .labels text')].map((t) => { const b = t.getBoundingClientRect();"
            "return [b.left, b.top + 2, b.right, b.bottom - 2] })"
        )
        assert len(boxes) >= min(4 * times, 15)
        for i, a in enumerate(boxes):
            for b in boxes[:i]:
                assert min(a[2], b[2]) - max(a[0], b[0]) <= 1 or min(a[3], b[3]) - max(a[1], b[1]) <= 1
