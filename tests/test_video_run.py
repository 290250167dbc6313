"""``flmcore.evaluate_video`` and ``flmcore evaluate --video``: whose face, what is counted, files, resuming."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flmcore
from clips import FACE, STILL, SeeingDetector, drawn, moved, tight, turned, write_frames
from evaluated import KnownDetector, write_images
from flmcore.cli import main
from flmcore.errors import ResultsError
from flmcore.evaluation.runner import EvaluationInterrupted
from flmcore.evaluation.schema import check_record, results_schema
from flmcore.evaluation.video.follow import Follower
from flmcore.evaluation.video.summary import kendall_tau, order_agreement, summarise_clips
from flmcore.evaluation.video.tracking import face_box, frames_a_face
from textures import warped

MOTION = moved((0.6, 0.3))
FRAMES = drawn(MOTION, 40)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_frames(tmp_path_factory.mktemp("clips") / "clip", FRAMES)


def seeing(**options: Any) -> SeeingDetector:
    return SeeingDetector(FRAMES, MOTION, **options)


BOXES = {f"f{t}.png": [tight(points)] for t, points in enumerate(seeing().truth)}


def stable(results: flmcore.Results) -> dict[str, Any]:
    """All that two runs of the same must share."""
    return {key: value for key, value in results.data.items() if key != "timing"}


# ---- whose face ------------------------------------------------------------------------------------------------


def square(x: float, y: float, side: float = 40.0) -> list[float]:
    return [x - side / 2, y - side / 2, x + side / 2, y + side / 2]


def test_the_largest_face_is_first_and_the_nearest_is_followed() -> None:
    follower = Follower()
    boxes = np.array([square(50, 50), square(150, 50, 60)])
    assert follower.choose(boxes, 0.0) is not None
    chosen = follower.choose(np.array([square(52, 50, 70), square(148, 50, 60)]), 0.04)
    assert chosen is not None
    assert chosen.tolist() == square(148, 50, 60)
    assert follower.several == 2


def test_faces_that_cross_are_followed_by_their_motion_and_noted() -> None:
    follower = Follower()
    followed = []
    for t in range(40):
        one, other = square(20 + 4 * t, 100), square(176 - 4 * t, 102, 39)
        boxes = np.array([other, one] if t % 3 else [one, other])
        chosen = follower.choose(boxes, t / 25)
        assert chosen is not None
        followed.append(float(chosen[0] + 20))
    np.testing.assert_allclose(followed, 20 + 4 * np.arange(40), atol=1)
    assert len(follower.near) == 1
    first, last = follower.near[0]
    assert first < 19.5 / 25 < last


def test_a_face_far_away_is_another_and_after_a_second_noted_as_such() -> None:
    follower = Follower()
    for t in range(5):
        assert follower.choose(np.array([square(50, 50)]), t / 25) is not None
    assert follower.choose(np.array([square(150, 150)]), 0.2) is None
    assert follower.choose(np.empty((0, 4)), 0.24) is None
    assert follower.restarts == []
    assert follower.choose(np.array([square(150, 150)]), 1.4) is not None
    assert follower.restarts == [1.4]


def test_two_faces_crossing_are_said_in_the_results(clip: Path) -> None:
    boxes = {f"f{t}.png": [*BOXES[f"f{t}.png"], square(20 + 4 * t, 120, 60)] for t in range(40)}
    results = flmcore.evaluate_video(clip, seeing(), fps=25, boxes=boxes)
    (row,) = results.data["video"]["clips"]
    assert row["near_faces"]
    assert any("another face came near at" in problem["reason"] for problem in results.problems)


# ---- gaps ------------------------------------------------------------------------------------------------------


def test_a_second_without_a_face_is_a_gap_that_is_counted(clip: Path) -> None:
    boxes = {name: rows for name, rows in BOXES.items() if not 10 <= int(name[1:-4]) < 36}
    results = flmcore.evaluate_video(clip, seeing(), fps=25, boxes=boxes)
    (unit,) = results.data["video"]["units"]
    (row,) = results.data["video"]["clips"]
    assert (row["frames"], row["frames_with_face"], unit["frames_measured"], unit["gaps"]) == (40, 14, 14, 1)
    assert unit["flow_jitter"] < 0.1  # nothing is measured across the gap, in which the face moved by 17 px
    assert unit["acceleration"] == pytest.approx(0, abs=1e-9)
    assert any("no face in 26 of 40 frames" in problem["reason"] for problem in results.problems)
    assert any("after a second without the face" in problem["reason"] for problem in results.problems)


def test_one_frame_has_no_motion_and_says_so(tmp_path: Path) -> None:
    clip = write_frames(tmp_path / "one", FRAMES[:1])
    results = flmcore.evaluate_video(clip, seeing(), fps=25, boxes={"f0.png": [FACE]})
    (unit,) = results.data["video"]["units"]
    assert unit["frames_measured"] == 1
    assert unit["acceleration"] is unit["flow_jitter"] is unit["high_frequency"] is None
    assert set(unit["reasons"]) == {"acceleration", "flow_jitter", "high_frequency"}
    check_record(results.data)


def test_no_face_at_all_and_frames_that_fail_are_told(clip: Path) -> None:
    nobody = flmcore.evaluate_video(clip, seeing(), fps=25, boxes={"f99.png": [FACE]})
    assert nobody.data["video"]["units"] == []
    assert any(p["reason"] == "no face found in the clip" for p in nobody.problems)
    assert "No clip could be measured" in nobody.table()
    failing = flmcore.evaluate_video(clip, seeing(fails_on=frozenset([3, 20])), fps=25, boxes=BOXES)
    (unit,) = failing.data["video"]["units"]
    assert (unit["frames_measured"], unit["gaps"]) == (38, 2)
    assert unit["failed"] == {"no memory left": 2}


# ---- tracking --------------------------------------------------------------------------------------------------


class Finds:
    """A finder that knows the face, and does not see it between two frames."""

    def __new__(cls, *hidden: int) -> Any:
        from flmcore.detectors.finders import Finder

        class Found(Finder):
            name, kind, threshold = "known", "landmarks", 0.0

            def __init__(self) -> None:
                self.asked = 0

            def _search(self, pixels: Any) -> Any:
                self.asked += 1
                t = int(pixels[0, 0, 0])
                if hidden and hidden[0] <= t < hidden[1]:
                    return np.empty((0, 4)), np.empty(0)
                return np.array([tight(warped(STILL, MOTION(t)))]), np.ones(1)

            def _about(self) -> dict[str, Any]:
                return {"hidden": list(hidden)}

        return Found()


def test_a_track_goes_on_by_the_landmarks_and_asks_the_finder_now_and_then(clip: Path) -> None:
    finder = Finds()
    results = flmcore.evaluate_video(clip, seeing(), fps=25, boxes="track", finder=finder)
    (unit,) = results.data["video"]["units"]
    assert finder.asked == 6  # of 40 frames at 25 a second, one in 0.25 s
    assert (unit["frames_measured"], unit["tracks_lost"], unit["gaps"]) == (40, 0, 0)
    assert unit["flow_jitter"] < 0.1
    assert results.data["video"]["clips"][0]["boxes"] == "track, known"


def test_a_track_that_nobody_confirms_for_a_second_does_not_count(tmp_path: Path) -> None:
    frames = drawn(MOTION, 80)
    detector = SeeingDetector(frames, MOTION)
    clip = write_frames(tmp_path / "clip", frames)
    results = flmcore.evaluate_video(clip, detector, fps=25, boxes="track", finder=Finds(10, 60))
    (unit,) = results.data["video"]["units"]
    assert unit["frames_measured"] < 70
    assert unit["gaps"] >= 1


def test_boxes_of_a_track_are_the_landmarks_boxes() -> None:
    assert face_box(STILL, "300w-68").tolist() == tight(STILL)
    assert frames_a_face("mediapipe-468")
    assert not frames_a_face("dlib-5")
    assert face_box(np.full((68, 2), np.nan), "300w-68") is None


# ---- results ---------------------------------------------------------------------------------------------------


def test_results_are_what_the_schema_says_and_are_read_back(clip: Path, tmp_path: Path) -> None:
    detectors = [seeing(), seeing(name="noisy", sigma=1.0)]
    results = flmcore.evaluate_video(clip, detectors, fps=25, boxes=BOXES, out=tmp_path / "out")
    check_record(results.data)
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator(results_schema()).validate(results.data)
    again = flmcore.Results.from_json(tmp_path / "out")
    assert again.data == results.data
    assert not (tmp_path / "out" / "partial").exists()
    lines = (tmp_path / "out" / "video.csv").read_text().splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("clip,detector,acceleration,flow_jitter,high_frequency")
    with np.load(tmp_path / "out" / "tracks.npz") as tracks:
        assert tracks["clip0/offsets"].shape == (41,)
        assert tracks["clip0/jpeg"].dtype == np.uint8
        assert tracks["clip0/detector1"].shape == (40, 68, 2)
        moved_to = flmcore.transform_points(seeing().truth[7][None], tracks["clip0/view"][None])[0]
        np.testing.assert_allclose(tracks["clip0/detector0"][7], moved_to, atol=1e-3)
        np.testing.assert_allclose(tracks["clip0/times"], np.arange(40) / 25)
    table = again.table()
    assert "Stability on video" in table
    assert "1 clip: an interval needs at least 5" in table


def test_intervals_are_over_clips() -> None:
    detectors = [{"name": "a", "scheme": "300w-68", "landmarks": 68}]
    units = [
        {
            "clip": f"c{i}",
            "detector": "a",
            "frames_measured": 9,
            "flow_jitter": 1.0 + 0.1 * i,
            "acceleration": None,
        }
        for i in range(6)
    ]
    (row,) = summarise_clips(units, detectors, seed=0)
    assert row["flow_jitter"]["mean"] == pytest.approx(1.25)
    assert 1.0 < row["flow_jitter"]["low"] < 1.25 < row["flow_jitter"]["high"] < 1.5
    assert row["acceleration"] is None
    (row,) = summarise_clips(units[:4], detectors, seed=0)
    assert row["flow_jitter"]["reason"] == "4 clips: an interval needs at least 5"


def test_two_runs_at_other_thread_counts_give_the_same_bytes(clip: Path, tmp_path: Path) -> None:
    files = []
    for threads in (1, 3):
        out = tmp_path / str(threads)
        results = flmcore.evaluate_video(
            clip, seeing(sigma=1.0), fps=25, boxes=BOXES, threads=threads, out=out
        )
        files.append([(out / "tracks.npz").read_bytes(), (out / "video.csv").read_bytes(), stable(results)])
    assert files[0] == files[1]


def test_an_interrupted_run_carries_on_to_the_same_results(clip: Path, tmp_path: Path) -> None:
    def run(out: Path, stops_at: int | None = None, **options: Any) -> flmcore.Results:
        detectors = [seeing(), seeing(name="late", sigma=1.0, stops_at=stops_at)]
        return flmcore.evaluate_video(clip, detectors, fps=25, boxes=BOXES, out=out, **options)

    whole = run(tmp_path / "whole")
    with pytest.raises(EvaluationInterrupted) as interrupted:
        run(tmp_path / "out", stops_at=15)
    partly = interrupted.value.results
    assert [unit["detector"] for unit in partly.data["video"]["units"]] == ["seeing"]
    assert not partly.complete
    assert "interrupted" in partly.table()
    with pytest.raises(ResultsError, match="unfinished run"):
        run(tmp_path / "out")
    resumed = run(tmp_path / "out", resume=True)
    assert stable(resumed) == stable(whole)
    assert (tmp_path / "out" / "tracks.npz").read_bytes() == (tmp_path / "whole" / "tracks.npz").read_bytes()
    assert run(tmp_path / "out", stops_at=0, resume=True).complete  # nothing is left to measure
    with pytest.raises(ResultsError, match="other protocol"):
        flmcore.evaluate_video(
            clip, [seeing(), seeing(name="late", sigma=1.0)], fps=25, boxes=BOXES, frames_max=9,
            out=tmp_path / "out", resume=True,
        )  # fmt: skip


def test_one_bad_clip_does_not_end_the_run(clip: Path, tmp_path: Path) -> None:
    pytest.importorskip("av")
    (tmp_path / "bad.mp4").write_text("no video")
    boxes = {f"clip/{name}": rows for name, rows in BOXES.items()}
    results = flmcore.evaluate_video([tmp_path / "bad.mp4", clip], seeing(), fps=25, boxes=boxes)
    assert [row["id"] for row in results.data["video"]["clips"]] == ["clip"]
    assert len(results.data["video"]["units"]) == 1
    assert results.problems[0]["image"] == "bad.mp4"


# ---- beside still images ---------------------------------------------------------------------------------------


def test_still_images_and_clips_stand_side_by_side(tmp_path: Path, clip: Path) -> None:
    paths, file = write_images(tmp_path / "photos", 2)
    names = {"calm": 0.2, "middle": 0.6, "wild": 1.5}
    photos = [KnownDetector(name, sigma=sigma) for name, sigma in names.items()]
    still = flmcore.evaluate(paths, photos, boxes=file, frames=16, speed=False)
    frames = [seeing(name=name, sigma=sigma) for name, sigma in names.items()]
    results = flmcore.evaluate_video(clip, frames, fps=25, boxes=BOXES, still=still, out=tmp_path / "out")
    order = results.data["video"]["order"]
    assert order["video"] == order["still"] == ["calm", "middle", "wild"]
    assert order["tau"] == 1
    assert results.units == still.units
    check_record(flmcore.Results.from_json(tmp_path / "out").data)
    text = results.table()
    assert "jitter %" in text
    assert "Kendall's tau 1.00" in " ".join(text.split())
    with pytest.raises(ResultsError, match="got also middle, wild"):
        flmcore.evaluate_video(clip, frames[:1], fps=25, boxes=BOXES, still=still)
    with pytest.raises(ResultsError, match="got one with clips"):
        flmcore.Results.merge([results, results])


def test_kendall_s_tau_of_known_orders() -> None:
    assert kendall_tau([1, 2, 3, 4], [1, 2, 3, 4]) == 1
    assert kendall_tau([1, 2, 3, 4], [4, 3, 2, 1]) == -1
    assert kendall_tau([1, 2, 3, 4], [1, 2, 4, 3]) == pytest.approx(4 / 6)
    two = [{"detector": name, "flow_jitter": {"mean": 1.0}, "jitter": {"mean": 2.0}} for name in "ab"]
    assert order_agreement(two, two)["tau"] is None
    assert "at least 3" in order_agreement(two, two)["reason"]


# ---- arguments -------------------------------------------------------------------------------------------------


def test_arguments_that_do_not_fit_are_refused(clip: Path, tmp_path: Path) -> None:
    for options, text in (
        ({"boxes": "trak"}, "boxes: expected an existing file or one of .*track"),
        ({"boxes": "truth"}, "truth: expected the true landmarks"),
        ({"finder": "dlib"}, "finder: expected none unless"),
        ({"boxes": BOXES, "start": 3.0, "stop": 1.0}, "start: expected seconds"),
    ):
        with pytest.raises(ValueError, match=text):
            flmcore.evaluate_video(clip, seeing(), fps=25, **options)
    with pytest.raises(ValueError, match="clips: expected an existing"):
        flmcore.evaluate_video(tmp_path / "none", seeing(), fps=25)
    with pytest.raises(ValueError, match="clips: expected at least one"):
        flmcore.evaluate_video([], seeing())


def test_options_of_the_other_kind_of_run_are_refused(
    tmp_path: Path, clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ["evaluate", str(clip), "-d", "dlib-68", "-o", str(tmp_path / "o")]
    assert main([*common, "--fps", "25"]) == 2
    assert "--fps: expected together with --video" in capsys.readouterr().err
    assert main([*common, "--video", "--fps", "25", "--sweep", "all"]) == 2
    assert "--sweep: expected for still images only" in capsys.readouterr().err
    assert main([*common, "--video"]) == 2
    assert "fps: expected the frames per second" in capsys.readouterr().err


def test_a_real_clip_by_the_command(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("av")
    pytest.importorskip("onnxruntime")
    monkeypatch.setenv("FLMCORE_WEIGHTS", str(shared / "weights"))
    clip = shared / "faces" / "clips" / "elon-musk-smoke.gif"
    out = tmp_path / "out"
    arguments = ["evaluate", str(clip), "--video", "-d", "pfld-68", "--boxes", "slim320", "-o", str(out)]
    assert main([*arguments, "--frames-max", "12", "--threads", "1"]) == 0
    assert "Stability on video" in capsys.readouterr().out
    record = json.loads((out / "results.json").read_text())
    (unit,) = record["video"]["units"]
    (row,) = record["video"]["clips"]
    assert (row["frames"], row["fps"], row["width"], row["height"]) == (12, 20.0, 480, 272)
    assert unit["frames_measured"] == 12
    assert 0.2 < unit["flow_jitter"] < 10
    assert unit["high_frequency"] is None  # half a second is too short


def test_a_turned_face_is_no_less_steady(tmp_path: Path) -> None:
    """The measures do not know up from down."""

    def motion(t: int) -> Any:
        return turned(90, 1.0, (0.5 * t, 0.0))

    frames = drawn(motion, 15)
    detector = SeeingDetector(frames, motion)
    boxes = {f"f{t}.png": [tight(points)] for t, points in enumerate(detector.truth)}
    results = flmcore.evaluate_video(write_frames(tmp_path / "c", frames), detector, fps=25, boxes=boxes)
    assert results.data["video"]["units"][0]["flow_jitter"] < 0.1
