"""The player in a real Chromium: together to the frame, magnified by the exact factor, differences as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from browser import PHONE, WIDE, Page
from clip_files import jpeg, known_tracks, with_clip
from flmcore.ops.affine import transform_points
from flmcore.report.page import write_page
from page_results import known

FRAMES = 24
CLIP, SWEEP = 0, 1


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    results = with_clip(known(), folder, [jpeg(40 + 5 * i) for i in range(FRAMES)], {0: 0.0, 1: 1.0, 2: 0.5})
    (folder / "report").mkdir()
    return write_page(results, folder / "report", source=folder)


def show(browser: Page, index: Path, entry: int, *names: str) -> None:
    browser.open(index)
    browser.jump("player")
    browser.wait("document.querySelectorAll('#player canvas').length")
    browser.driver.execute_async_script(
        "const [entry, names, done] = arguments;"
        "FLM.player.player.open(entry).then(() => FLM.player.choose(names)).then(() => done())",
        entry,
        list(names),
    )
    assert browser.run("return FLM.player.look.names") == list(names)


def frames_shown(browser: Page) -> list[int]:
    return [
        int(text)
        for text in browser.run(
            "return [...document.querySelectorAll('#player canvas')].map((c) => c.dataset.frame)"
        )
    ]


def press(browser: Page, key: str) -> None:
    browser.run(
        "const p = document.querySelector('.player-panes'); p.focus({preventScroll: true});"
        "p.dispatchEvent(new KeyboardEvent('keydown', {key: arguments[0], bubbles: true, cancelable: true}))",
        key,
    )


def drawn(browser: Page, name: str) -> np.ndarray[Any, Any]:
    script = (
        "const {look, tracks} = FLM.player;"
        "return Array.from(FLM.pane.positions(look, tracks().get(arguments[0]).track))"
    )
    return np.array(browser.run(script, name), dtype=np.float64).reshape(-1, 2)


def test_panes_stay_together_while_stepping_and_playing(browser: Page, index: Path) -> None:
    show(browser, index, CLIP, "steady", "twin", "noisy")
    assert frames_shown(browser) == [0, 0, 0]
    browser.one("#player-on").click()
    assert frames_shown(browser) == [1, 1, 1]
    browser.one("#player-back").click()
    browser.one("#player-back").click()  # round to the last, as it loops
    assert frames_shown(browser) == [FRAMES - 1] * 3
    browser.fill("#player-scrub", "5")
    assert frames_shown(browser) == [5, 5, 5]
    browser.fill("#player-speed", "1")
    seen = browser.driver.execute_async_script(
        "const done = arguments[0]; const seen = []; FLM.player.clock.play();"
        "const look = () => { seen.push([...document.querySelectorAll('#player canvas')].map((c) => c.dataset.frame).join());"
        " if (seen.length < 40) requestAnimationFrame(look); else { FLM.player.clock.pause(); done(seen); } }; look();"
    )
    assert all(len(set(row.split(","))) == 1 for row in seen)
    assert len(set(seen)) > 3
    browser.assert_quiet()


def test_slow_motion_takes_longer_by_its_factor(browser: Page, index: Path) -> None:
    show(browser, index, CLIP, "steady", "twin")
    script = (
        "const done = arguments[1]; const {clock} = FLM.player; clock.seek(0); clock.speed = arguments[0]; clock.play();"
        "const t0 = performance.now(); const look = () => { const t = (performance.now() - t0) / 1000;"
        " if (t < 1) return requestAnimationFrame(look); clock.pause(); done([t, clock.times[clock.frame]]); }; look();"
    )
    for speed in (0.125, 0.5):
        passed, reached = browser.driver.execute_async_script(script, speed)
        # A slow machine may draw late, never early.
        assert 0 < reached <= passed * speed + 0.001


def test_without_loop_it_ends_at_the_last_frame(browser: Page, index: Path) -> None:
    show(browser, index, CLIP, "steady", "twin")
    press(browser, "l")
    assert browser.run("return document.getElementById('player-loop').checked") is False
    browser.fill("#player-speed", "1")
    browser.run("FLM.player.clock.seek(arguments[0]); FLM.player.clock.play()", FRAMES - 3)
    browser.wait("!FLM.player.clock.playing")
    assert frames_shown(browser) == [FRAMES - 1] * 2
    press(browser, "ArrowRight")
    assert frames_shown(browser) == [FRAMES - 1] * 2


@pytest.mark.parametrize("factor", [1, 4, 20])
def test_motion_is_magnified_by_the_exact_factor(browser: Page, index: Path, factor: int) -> None:
    show(browser, index, SWEEP, "noisy", "steady")
    browser.fill("#player-magnify", str(factor))
    browser.run("FLM.player.clock.seek(7)")
    script = "return Array.from(FLM.player.tracks().get('noisy').track.xy)"
    track = np.array(browser.run(script), dtype=np.float64).reshape(16, 68, 2)
    wanted = track.mean(axis=0) + factor * (track[7] - track.mean(axis=0))
    assert np.allclose(drawn(browser, "noisy"), wanted, atol=1e-6)
    assert browser.texts("#player-times") == [f"{factor}×"]


def test_motion_of_a_moving_face_is_magnified_about_where_the_face_is(browser: Page, index: Path) -> None:
    show(browser, index, CLIP, "twin", "steady")
    browser.fill("#player-magnify", "10")
    browser.run("FLM.player.clock.seek(12)")
    track = known_tracks(FRAMES, 68, 1.0)
    middle = track[8:17].mean(axis=0)
    magnified = middle + 10 * (track[12] - middle)
    view = np.array([[2.0, 0.0, -22.0], [0.0, 2.0, -20.0]])  # of frame 12
    assert np.allclose(drawn(browser, "twin"), transform_points(magnified, view), atol=10 / 16)
    # The other holds to the face, which moves evenly: nothing to magnify.
    still = transform_points(known_tracks(FRAMES, 68, 0.0)[12], view)
    assert np.allclose(drawn(browser, "steady"), still, atol=10 / 16)


def test_difference_has_the_right_numbers(browser: Page, index: Path) -> None:
    show(browser, index, CLIP, "steady", "twin")
    press(browser, "d")
    browser.run("FLM.player.clock.seek(6)")
    script = "const {look, tracks} = FLM.player; const t = tracks(); const d = FLM.pane.differenceOf(look, t.get('steady'), t.get('twin')); return [d.mean, d.largest, d.count]"
    mean, largest, count = browser.run(script)
    # Landmarks lie sqrt(2) px apart in the image, which the shown frame enlarges by two.
    assert mean == pytest.approx(2 * np.sqrt(2), abs=0.07)
    assert largest == pytest.approx(2 * np.sqrt(2), abs=0.1)
    assert count == 68
    corners = known_tracks(1, 68, 0.0)[0][[36, 45]]
    share = 100 * np.sqrt(2) / np.hypot(*(corners[1] - corners[0]))
    text = browser.texts("#player-difference-text")[0]
    assert "68 shared" in text
    assert float(text.split("mean ")[1].split("\u00a0")[0]) == pytest.approx(share, rel=0.03)
    assert frames_shown(browser) == [6, 6, 6]  # the difference's pane too
    browser.assert_quiet()


def test_schemes_of_different_density_are_compared_where_they_meet(browser: Page, index: Path) -> None:
    show(browser, index, SWEEP, "steady", "five")
    press(browser, "d")
    text = browser.texts("#player-difference-text")[0]
    assert "shared" in text
    assert 0 < int(text.split("(")[1].split()[0]) <= 5


def test_as_the_window_moves_a_still_landmark_moves_with_the_face(browser: Page, index: Path) -> None:
    show(browser, index, SWEEP, "steady", "noisy")
    browser.run("FLM.player.clock.seek(3)")
    held = drawn(browser, "steady")
    browser.fill("#player-motion", "camera")
    moved = drawn(browser, "steady") - held
    view = browser.run("return FLM.player.look.source.views[3]")
    assert np.allclose(moved, [view[2], view[5]], atol=1e-3)
    assert np.abs(moved).max() > 5


def test_keys_act_in_the_player_alone_and_leave_controls_theirs(browser: Page, index: Path) -> None:
    show(browser, index, CLIP, "steady", "twin")
    press(browser, "ArrowRight")
    press(browser, "]")
    press(browser, "+")
    press(browser, "t")
    look = browser.run(
        "const {look, clock} = FLM.player; return [look.frame, clock.speed, look.factor, look.trails]"
    )
    assert look == [1, 1, 2, True]
    press(browser, "k")
    assert browser.run("return FLM.player.clock.playing")
    press(browser, " ")
    assert not browser.run("return FLM.player.clock.playing")
    press(browser, "End")
    assert frames_shown(browser) == [FRAMES - 1] * 2
    outside = "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'Home', bubbles: true}))"
    browser.run(outside)
    letter = "document.getElementById('player-source').dispatchEvent(new KeyboardEvent('keydown', {key: 'd', bubbles: true}))"
    browser.run(letter)
    assert frames_shown(browser) == [FRAMES - 1] * 2
    assert not browser.run("return FLM.player.look.difference")
    assert "Space" in "".join(browser.texts(".keys kbd"))


def test_detectors_are_added_exchanged_and_removed(browser: Page, index: Path) -> None:
    show(browser, index, SWEEP, "steady", "twin")
    for count in (3, 4):
        browser.one("#player-add").click()
        browser.wait(f"document.querySelectorAll('#player canvas').length === {count}")
    assert not browser.one("#player-add").is_displayed()  # four at most
    browser.all("#player .remove")[0].click()
    browser.wait("document.querySelectorAll('#player canvas').length === 3")
    assert "steady" not in browser.run("return FLM.player.look.names")
    browser.fill("#player-pane-0", "steady")
    browser.wait("FLM.player.look.names[0] === 'steady'")
    browser.assert_quiet()


def test_missing_media_is_said_and_not_thrown(browser: Page, index: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(index.parent, tmp_path / "report")
    shutil.rmtree(tmp_path / "report" / "page" / "media")
    browser.open(tmp_path / "report" / "index.html")
    browser.jump("player")
    browser.wait("document.getElementById('player-status').textContent.includes('is missing')")
    browser.console()  # the browser's own notes of files that are not there


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["desk", "phone"])
def test_player_fits(browser: Page, index: Path, size: tuple[int, int]) -> None:
    browser.resize(size)
    show(browser, index, CLIP, "steady", "twin", "noisy")
    press(browser, "d")
    assert browser.fits()
    small = browser.run(
        "return [...document.querySelectorAll('#player button, #player select')].filter((e) => e.offsetParent)"
        ".map((e) => e.getBoundingClientRect()).filter((b) => b.width < 24 || b.height < 24 || b.right > innerWidth).length"
    )
    assert small == 0
    browser.screenshot(f"player_{size[0]}")
    browser.resize(WIDE)
