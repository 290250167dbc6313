"""Blind rating in a real Chromium: keys alone, no name to be seen, and a file that the command takes."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browser import PHONE, WIDE, Page
from flmcore.cli import main
from flmcore.evaluation import Results
from flmcore.rating.codes import detector_codes, results_id
from flmcore.rating.reading import Known, read_ratings
from flmcore.report.page import write_page
from page_results import EVIL, known, renamed, several

ARROWS = {"left": "\ue012", "right": "\ue014", "down": "\ue015", "escape": "\ue00c", "space": "\ue00d"}
NAMES = ("steady-one", "twin", "noisy", "five")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("rated")
    results = renamed(several(), "steady", "steady-one")
    results.write(out)
    write_page(Results.from_json(out), out, source=out)
    return out


@pytest.fixture
def page(browser: Page, folder: Path) -> Iterator[Page]:
    browser.open(folder / "index.html")
    browser.run("localStorage.clear()")
    browser.open(folder / "index.html")
    for old in browser.downloads.glob("ratings_*"):
        old.unlink()
    yield browser
    browser.run("localStorage.clear()")
    browser.resize(WIDE)


def press(page: Page, keys: str) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    ActionChains(page.driver, duration=0).send_keys(keys).perform()


def shown(page: Page) -> None:
    page.wait("document.querySelector('#rating')?.dataset.ready === 'yes'")


def start(page: Page, rater: str = "AB", seed: int = 7) -> None:
    page.fill("#rate-rater", rater)
    page.fill("#rate-seed", str(seed))
    page.one("#rate-start").send_keys("\ue007")
    shown(page)


def answer(page: Page, key: str) -> None:
    """A verdict, once both faces are there; the next pair counts one more."""
    shown(page)
    before = page.texts("#rate-count")[0]
    press(page, key)
    page.wait(f"document.getElementById('rate-count').textContent !== {json.dumps(before)}")


def downloaded(page: Page) -> Path:
    page.one("#rate-download").send_keys("\ue007")
    for _ in range(100):
        found = list(page.downloads.glob("ratings_*.json"))
        if found:
            return found[0]
        time.sleep(0.05)
    pytest.fail("no file was downloaded")


def test_rating_with_keys_alone_hides_names_and_its_file_is_imported(page: Page, folder: Path) -> None:
    start(page)
    keys = ["1", ARROWS["left"], ARROWS["right"], ARROWS["down"], "2", "3"] * 4
    for key in keys:
        shown(page)
        seen = page.run("return document.documentElement.outerHTML + document.title + location.hash")
        assert not [name for name in NAMES if name in seen]
        assert not [code for code in page.run("return FLM.data.rating.codes") if code in seen]
        answer(page, key)
    page.screenshot("rating")
    press(page, ARROWS["escape"])
    page.wait("document.querySelector('#table')")
    assert page.texts("#rate-message") == [""]
    file = downloaded(page)
    page.assert_quiet()
    assert file.name == "ratings_AB.json"
    record = json.loads(file.read_text())
    words = {ARROWS["left"]: "left", "1": "left", ARROWS["right"]: "right", "3": "right"}
    assert [row["verdict"] for row in record["ratings"]] == [words.get(key, "tie") for key in keys]
    assert [row["number"] for row in record["ratings"]] == list(range(1, 25))
    assert all(row["seconds"] > 0 for row in record["ratings"])
    assert main(["rate", "import", str(file), str(folder), "-o", str(folder / "joined.json")]) == 0
    ratings = Results.from_json(folder / "joined.json").data["ratings"]
    assert ratings["raters"][0]["rater"] == "AB"
    same = sum(row["left"] == row["right"] for row in record["ratings"])
    assert ratings["raters"][0]["same_shown"] == same
    assert same in (2, 3)  # one in each eleven
    assert ratings["count"] == 24 - same


def test_undo_replay_and_reload(page: Page, folder: Path) -> None:
    start(page)
    answer(page, "1")
    answer(page, "1")
    press(page, ARROWS["space"])
    answer(page, "u")
    press(page, ARROWS["space"] * 2)
    answer(page, "3")
    page.open(folder / "index.html")  # the browser kept it
    assert "2 rated by AB" in page.one("#rate").text
    page.one("#rate-start").send_keys("\ue007")
    answer(page, "2")
    press(page, ARROWS["escape"])
    record = json.loads(downloaded(page).read_text())
    assert [(row["verdict"], row["replays"]) for row in record["ratings"]] == [
        ("left", 0),
        ("right", 2),
        ("tie", 0),
    ]


def test_downloaded_file_is_carried_on_elsewhere(page: Page, folder: Path) -> None:
    start(page, seed=3)
    for key in "123":
        answer(page, key)
    press(page, ARROWS["escape"])
    file = downloaded(page)
    page.run("localStorage.clear()")
    page.open(folder / "index.html")
    page.one("#rate-load").send_keys(str(file))
    page.wait("document.getElementById('rate-download')")
    page.one("#rate-start").send_keys("\ue007")
    answer(page, "1")
    press(page, ARROWS["escape"])
    page.wait("document.getElementById('rate-download')")
    file.unlink()
    longer = json.loads(downloaded(page).read_text())
    plan = "const t = FLM.ratePlan.plan(3, 4, 6); return [1, 2, 3, 4].map(t)"
    codes = list(detector_codes(Results.from_json(folder)))
    wanted = [(codes[row["left"]], codes[row["right"]]) for row in page.run(plan)]
    assert [(row["left"], row["right"]) for row in longer["ratings"]] == wanted


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"results": "0" * 64}, "of other results"),
        ({"flmcore_ratings": 2}, "of this version"),
        ({"among": ["x"]}, "detectors of this report"),
        ({"seed": -1}, "a seed"),
    ],
    ids=["other results", "version", "detectors", "seed"],
)
def test_page_refuses_files_that_are_not_its_own(
    page: Page, folder: Path, tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    results = Results.from_json(folder)
    record = {"flmcore_ratings": 1, "results": results_id(results), "seed": 1, "ratings": [], "rater": ""}
    file = tmp_path / "ratings.json"
    file.write_text(json.dumps(record | {"among": list(detector_codes(results))} | change))
    page.one("#rate-load").send_keys(str(file))
    page.wait("document.getElementById('rate-message').textContent")
    assert said in page.texts("#rate-message")[0]


def test_only_chosen_detectors_are_compared(page: Page) -> None:
    page.run("document.querySelectorAll('.rate-among').forEach((box, i) => { box.checked = i < 2; })")
    start(page)
    for _ in range(12):
        answer(page, "2")
    press(page, ARROWS["escape"])
    record = json.loads(downloaded(page).read_text())
    assert {row[side] for row in record["ratings"] for side in ("left", "right")} == set(record["among"])
    assert len(record["among"]) == 2


def test_order_is_balanced_and_of_the_seed(page: Page) -> None:
    """After twice as many rounds as there are faces, each pair was on each face once either way."""
    for detectors, shows in [(2, 1), (3, 6), (4, 5), (7, 3), (5, 2)]:
        check_order(page, detectors, shows)


def check_order(page: Page, detectors: int, shows: int) -> None:
    pairs = detectors * (detectors - 1) // 2
    rounds = 2 * shows
    count = -(-pairs * rounds // 10) * 11
    script = "const t = FLM.ratePlan.plan(...arguments); return [...Array(arguments[3]).keys()].map((i) => t(i + 1))"
    rows = page.run(script, 11, detectors, shows, count)
    assert rows == page.run(script, 11, detectors, shows, count)
    assert rows != page.run(script, 12, detectors, shows, count)
    real = [row for row in rows if row["left"] != row["right"]][: pairs * rounds]
    seen = Counter((row["left"], row["right"], row["show"]) for row in real)
    assert set(seen.values()) == {1}
    assert len(seen) == 2 * pairs * shows
    for start_ in range(0, len(rows) - 11, 11):
        block = rows[start_ : start_ + 11]
        assert sum(row["left"] == row["right"] for row in block) == 1


def test_phone_and_hostile_name(browser: Page, tmp_path: Path) -> None:
    results = renamed(several(), "noisy", EVIL)
    index = write_page(results, tmp_path)
    browser.resize(PHONE, dark=True)
    browser.open(index)
    browser.run("localStorage.clear()")
    start(browser)
    assert browser.fits()
    assert "onerror" not in browser.run("return document.documentElement.outerHTML")
    browser.screenshot("rating_phone")
    browser.one("#rate-left").click()
    shown(browser)
    browser.one("#rate-stop").click()
    browser.assert_quiet()
    codes = browser.run("return FLM.data.rating.codes")
    assert codes == list(detector_codes(results))
    browser.run("localStorage.clear()")
    browser.resize(WIDE)


def test_what_is_not_there_leaves_no_word(page: Page) -> None:
    script = (
        "const walk = document.createTreeWalker(document.querySelector('main') || document.body, NodeFilter.SHOW_TEXT);"
        "const found = []; while (walk.nextNode()) found.push(walk.currentNode.data.trim()); return found"
    )
    texts = page.run(script)
    assert len(texts) > 100
    assert not {"null", "undefined", "NaN", "false"} & set(texts)


def test_says_what_is_missing(browser: Page, tmp_path: Path) -> None:
    without = Results(known().data | {"overlays": []})
    browser.open(write_page(without, tmp_path))
    assert "overlays.npz" in browser.one("#rate .missing").text


def test_browser_that_keeps_nothing_says_so(page: Page) -> None:
    page.run("Storage.prototype.setItem = () => { throw new DOMException('no') }")
    start(page)
    assert "keeps nothing" in page.texts("#rate-note")[0]
    answer(page, "1")
    press(page, ARROWS["escape"])
    assert len(json.loads(downloaded(page).read_text())["ratings"]) == 1


def test_page_shows_imported_ratings(browser: Page, folder: Path, tmp_path: Path) -> None:
    results = Results.from_json(folder)
    codes = list(detector_codes(results))
    rows = [
        {"number": n + 1, "show": f"face:array-{n % 6}", "left": codes[a], "right": codes[b], "verdict": verdict, "seconds": 2}
        for n, (a, b, verdict) in enumerate([(0, 2, "left"), (2, 0, "right"), (1, 2, "left"), (3, 0, "tie")] * 6)
    ]  # fmt: skip
    record = {
        "flmcore_ratings": 1,
        "page": "test",
        "results": results_id(results),
        "session": "0" * 16,
        "seed": 1,
        "ratings": rows,
    }
    (tmp_path / "a.json").write_text(json.dumps(record))
    read_ratings(tmp_path / "a.json", Known.of(results))
    out = tmp_path / "out"
    assert main(["rate", "import", str(tmp_path / "a.json"), str(folder), "-o", str(out)]) == 0
    browser.open(write_page(Results.from_json(out), out, source=out))
    browser.assert_quiet()
    assert any("by eye" in text for text in browser.texts("#table th"))
    assert "What raters saw" in browser.one("#rate").text
    browser.screenshot("rated")
