"""What matters to me: the score, what flips it, and that the page's address holds it; against a search by brute force."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from browser import Page
from flmcore.report.page import write_page
from page_results import known

# The choice as the page's functions take it; JSON has no maps.
CHOICE = "{weights: new Map(Object.entries(arguments[0])), limits: new Map(Object.entries(arguments[1])), use: arguments[2]}"
Weights = dict[str, float]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(known(), tmp_path_factory.mktemp("report"))


@pytest.fixture
def page(browser: Page, index: Path) -> Page:
    browser.open(index)
    return browser


def ranked(
    page: Page, weights: Weights, limits: Weights | None = None, use: str = ""
) -> list[dict[str, Any]]:
    return list(page.run(f"return FLM.scoring.rank({CHOICE}).ranked", weights, limits or {}, use))


def winner(page: Page, weights: Weights, limits: Weights | None = None, use: str = "") -> str | None:
    rows = ranked(page, weights, limits, use)
    return rows[0]["name"] if rows else None


def means(metric: str) -> dict[str, float]:
    if metric == "latency":
        return {name: speed["total"]["p50"] for name, speed in known().speed.items()}
    return {row["detector"]: row[metric]["mean"] for row in known().summary}


def test_score_is_the_weighted_geometric_mean_of_ratios_to_the_best(page: Page) -> None:
    weights = {"jitter_common": 50.0, "latency": 30.0, "spread": 5.0}
    expected = {}
    for name in means("jitter"):
        logs = [w * math.log(means(key)[name] / min(means(key).values())) for key, w in weights.items()]
        expected[name] = math.exp(sum(logs) / sum(weights.values()))
    rows = ranked(page, weights)
    assert [row["name"] for row in rows] == sorted(expected, key=lambda name: expected[name])
    for row in rows:
        assert row["score"] == pytest.approx(expected[row["name"]], rel=1e-9)


def test_the_steadiest_wins_by_jitter_and_the_fastest_by_latency(page: Page) -> None:
    jitter = means("jitter_common")
    assert winner(page, {"jitter_common": 100}) == min(jitter, key=lambda name: jitter[name])
    assert winner(page, {"latency": 1}) == "noisy"
    assert winner(page, {"latency": 0}) is None


def test_limits_and_licence_drop_detectors_and_say_why(page: Page) -> None:
    script = f"return FLM.scoring.rank({CHOICE}).out"
    out = page.run(script, {"jitter_common": 50}, {"latency": 10, "landmarks": 60}, "open")
    why = {row["name"]: [reason["text"] for reason in row["why"]] for row in out}
    assert why == {
        "steady": ["latency 20.0\u00a0ms, above 10"],
        "twin": ["latency 30.0\u00a0ms, above 10"],
        "five": ["landmarks 5, below 60"],
        "noisy": ["no commercial use"],
    }


def test_who_drops_out_cannot_swap_the_others(page: Page) -> None:
    weights = {"jitter_common": 40.0, "latency": 60.0}
    names = [row["name"] for row in ranked(page, weights)]
    limited = [row["name"] for row in ranked(page, weights, {"latency": 25.0})]
    assert limited == [name for name in names if name != "twin"]


def flips(page: Page, weights: Weights, limits: Weights | None = None, use: str = "") -> dict[str, Any]:
    script = f"return FLM.flips({CHOICE}, Object.keys(arguments[0]), Object.keys(arguments[0]))"
    return dict(page.run(script, weights, limits or {}, use))


@pytest.mark.parametrize("weights", [
    {"jitter_common": 50.0, "latency": 30.0},
    {"jitter_common": 20.0, "latency": 80.0, "spread": 10.0},
    {"jitter_common": 0.0, "latency": 30.0, "spread": 60.0},
    {"jitter_common": 100.0, "latency": 0.0, "gain": 0.0},
])  # fmt: skip
def test_weights_flip_exactly_where_the_page_says(page: Page, weights: Weights) -> None:
    now = winner(page, weights)
    found = flips(page, weights)["weights"]
    for row in found:
        away = 1e-6 if row["to"] > row["from"] else -1e-6
        before, after = row["to"] - away, min(100.0, max(0.0, row["to"] + away))
        assert winner(page, weights | {row["key"]: before}) == now
        if row["to"] + away == after:
            assert winner(page, weights | {row["key"]: after}) == row["winner"] != now
    for key in weights:  # and nowhere nearer: every whole weight between flips keeps the winner
        ups = [row["to"] for row in found if row["key"] == key and row["to"] >= weights[key]]
        downs = [row["to"] for row in found if row["key"] == key and row["to"] < weights[key]]
        for weight in range(101):
            inside = max(downs, default=-1.0) < weight < min(ups, default=101.0)
            changed = weights | {key: float(weight)}
            if inside and any(changed.values()):
                assert winner(page, changed) == now, (key, weight)
    assert [abs(row["to"] - row["from"]) for row in found] == sorted(
        abs(row["to"] - row["from"]) for row in found
    )


def test_limits_flip_exactly_where_the_page_says(page: Page) -> None:
    weights, limits = {"jitter_common": 90.0, "latency": 10.0}, {"latency": 10.0}
    now = winner(page, weights, limits)
    found = flips(page, weights, limits)["limits"]
    assert found
    assert any(not row["tighter"] for row in found)  # the steady ones are above the limit
    for row in found:
        assert (
            winner(page, weights, limits | {row["key"]: row["to"] * (1 - 1e-6 * row["tighter"])})
            == row["winner"]
            != now
        )
    relaxed = next(row for row in found if not row["tighter"])
    assert winner(page, weights, {"latency": relaxed["to"] - 1e-6}) == now


def test_chances_are_shares_of_the_resamples_of_the_images(page: Page) -> None:
    script = (
        f"const c = {CHOICE}; const r = FLM.scoring.rank(c).ranked; const x = FLM.scoring.chances(r, c);"
        "return {first: Object.fromEntries(x.first), low: x.low, high: x.high}"
    )
    found = page.run(script, {"jitter_common": 50}, {}, "")
    draws = page.run("return FLM.data.draws.values.jitter_common")
    rows = list(zip(*draws.values(), strict=True))
    shares = {name: sum(row.index(min(row)) == i for row in rows) / len(rows) for i, name in enumerate(draws)}
    assert found["first"] == pytest.approx(shares, abs=3 / len(rows))  # draws of four digits may tie
    assert 0 < found["first"]["twin"] < 1
    assert found["first"]["noisy"] == 0
    assert found["low"] < 0 < found["high"]
    page.fill("#weight-latency", "0")
    assert "these images do not tell the two apart" in page.one(".verdict .lead").text


def test_sliders_rank_anew_and_the_address_keeps_the_choice(page: Page, index: Path) -> None:
    page.fill("#weight-jitter_common", "0")
    page.fill("#weight-latency", "100")
    page.fill("#limit-latency", "10")
    assert page.texts("#choice .ranking .who")[0] == "noisy"
    assert "noisy leads five" in page.one(".verdict .lead").text
    assert page.texts("#choice .out .who") == ["steady", "twin"]
    fragment = page.driver.current_url.partition("#")[2]
    assert "w.latency=100" in fragment
    page.open(index, fragment)
    assert page.texts("#choice .ranking .who")[0] == "noisy"
    assert page.one("#limit-latency").get_attribute("value") == "10"
    page.one("#choice-reset").click()
    assert "#" not in page.driver.current_url
    assert page.one("#weight-latency").get_attribute("value") == "30"
    page.assert_quiet()


@pytest.mark.parametrize("fragment", [
    "w.latency=NaN&limit.latency=abc&licence=<b>&sort=nothing.up&x=nowhere&size=&columns=a,b",
    "w.latency=-1e99&limit.jitter=1e400&w.__proto__=3&find=%00%ff&scheme=none",
    "table", "=", "%E0%A4%A", "w.latency",
])  # fmt: skip
def test_an_address_of_nonsense_is_read_as_far_as_it_goes(page: Page, index: Path, fragment: str) -> None:
    page.open(index, fragment)
    page.assert_quiet()
    assert page.texts("section .missing") == [] or "scheme=none" in fragment


def test_verdict_names_what_flips(page: Page) -> None:
    rows = page.all(".flips li")
    assert rows
    weights = [row for row in rows if row.get_attribute("data-flip") == "weight"]
    for row in weights:
        assert row.get_attribute("data-winner") in row.text
