"""The comparison: detectors whose numbers are known, problems that are listed, runs that carry on."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flmcore
from evaluated import BOX, KnownDetector, noise_image, write_images
from flmcore.errors import ResultsError
from flmcore.evaluation import EvaluationInterrupted, Progress, Results
from flmcore.evaluation.speed import measure_speed
from flmcore.evaluation.sweep import make_sweep

INTEROCULAR = 40.0  # of the known face: half its box


def run(detectors: Any, images: int = 1, **options: Any) -> Results:
    pictures = [noise_image(number) for number in range(images)]
    options = {"boxes": [[BOX]] * images, "speed": False, "threads": 1} | options
    return flmcore.evaluate(pictures, detectors, **options)


def mean(results: Results, metric: str, row: int = 0) -> float:
    return float(results.summary[row][metric]["mean"])


def test_perfect_detector_has_no_jitter() -> None:
    results = run(KnownDetector())
    for metric in ("jitter", "jitter_max", "spread", "residual", "jitter_common"):
        assert mean(results, metric) < 1e-10  # rounding of float64 affines at some 100 px
    assert abs(mean(results, "gain")) < 1e-12
    assert results.units[0]["normaliser_px"] == pytest.approx(INTEROCULAR, rel=1e-12)
    assert results.complete


@pytest.mark.parametrize("hold", [0.0, 0.75])
def test_detector_that_rides_with_the_window_has_its_gain(hold: float) -> None:
    results = run(KnownDetector(hold=hold))
    steps = np.diff(make_sweep().path.shift, axis=0) * 80  # px: the box's longer side
    expected = 100 / INTEROCULAR * (1 - hold) * np.hypot(*steps.T).mean()
    assert mean(results, "gain") == pytest.approx(1 - hold, abs=1e-9)
    assert mean(results, "residual") < 1e-6  # a root of a difference: the root of float64's rounding remains
    assert mean(results, "jitter") == pytest.approx(expected, rel=1e-9)


def test_noise_of_known_size_gives_the_jitter_of_theory() -> None:
    sigma = 0.5
    results = run(KnownDetector(sigma=sigma))
    # A step between two independent places is Rayleigh distributed with mean sigma·√π. 127·68 steps: within 3 %.
    assert mean(results, "jitter") == pytest.approx(100 / INTEROCULAR * sigma * math.sqrt(math.pi), rel=0.03)
    assert mean(results, "spread") == pytest.approx(100 / INTEROCULAR * sigma * math.sqrt(2), rel=0.03)
    assert mean(results, "residual") == pytest.approx(mean(results, "spread"), rel=0.03)
    assert abs(mean(results, "gain")) < 0.03


def test_values_are_those_of_flmcore_stability() -> None:
    detector, box = KnownDetector(sigma=0.3), [BOX]
    results = run(detector, batch=128)
    path = make_sweep().path
    windows = detector.windows(box, shift=path.shift)
    image = noise_image(0)
    points, _ = detector.decode(detector.infer(detector.crop(image, windows)))
    seen = flmcore.transform_points(points, flmcore.invert_affine(windows))
    direct = flmcore.stability(seen, windows, normaliser=results.units[0]["normaliser_px"], scheme="300w-68")
    assert results.units[0]["jitter"] == pytest.approx(direct.jitter, rel=1e-12)
    assert results.units[0]["jitter_p95"] == pytest.approx(direct.p95, rel=1e-12)
    np.testing.assert_allclose(
        results.units[0]["per_landmark"]["jitter"], direct.per_landmark["jitter"], rtol=1e-5
    )
    assert results.units[0]["per_group"]["contour"] == pytest.approx(direct.per_group["contour"]["jitter"])


def test_rounding_of_a_backend_is_told_apart() -> None:
    results = run(KnownDetector(grid=2.0))
    # The detector is perfect but for its grid, so the two differ only by where in the grid the landmarks lie.
    assert mean(results, "rounding_jitter") == pytest.approx(mean(results, "jitter"), rel=0.1)
    assert mean(results, "jitter") > 0.5
    assert "rounding alone" in results.table()
    assert run(KnownDetector()).summary[0]["rounding_jitter"] is None


def test_common_landmarks_and_intervals() -> None:
    boxes = [[[v + number for v in BOX]] for number in range(6)]
    detectors = [KnownDetector("a", sigma=0.2), KnownDetector("b", sigma=0.4, scheme="300w-51")]
    results = run(detectors, images=6, boxes=boxes, frames=16)
    assert results.protocol["common_scheme"] == "300w-51"
    first, second = results.summary
    assert first["jitter"]["mean"] != first["jitter_common"]["mean"]
    assert second["jitter"] == second["jitter_common"]
    assert (
        first["jitter"]["low"] < first["jitter"]["mean"] < first["jitter"]["high"] < second["jitter"]["low"]
    )
    assert second["jitter"]["images"] == 6


def test_detector_without_eye_corners_borrows_the_distance() -> None:
    results = run([KnownDetector("five", scheme="five-5"), KnownDetector("full")], frames=16)
    five, full = results.units
    assert five["normaliser"] == "interocular, mean landmarks of full"
    assert five["normaliser_px"] == full["normaliser_px"]
    assert run(KnownDetector("five", scheme="five-5"), frames=16).units[0]["normaliser"] == "box"


def test_scheme_that_nobody_registered_still_runs() -> None:
    results = run([KnownDetector("mine", scheme="my-68"), KnownDetector("full")], frames=16)
    assert results.protocol["common_scheme"] is None
    assert results.summary[0]["jitter"]["mean"] is not None
    assert results.summary[0]["jitter_common"] is None
    assert "no scheme is reached" in results.table()


def test_true_distance_is_used_and_recorded() -> None:
    results = run(KnownDetector(sigma=0.2), interocular={"array-0": [80.0]}, frames=16)
    assert results.units[0]["normaliser"] == "interocular, truth"
    own = run(KnownDetector(sigma=0.2), frames=16)
    assert mean(results, "jitter") == pytest.approx(mean(own, "jitter") * own.units[0]["normaliser_px"] / 80)
    bad = run(KnownDetector(), interocular={"array-0": [-1.0]}, frames=16)
    assert "interocular: expected a positive length" in bad.problems[0]["reason"]


@pytest.mark.parametrize("sweep", ["scale", "rotate"])
def test_other_sweeps_have_no_gain(sweep: str) -> None:
    results = run(KnownDetector(sigma=0.2), sweep=sweep, frames=16)
    assert results.summary[0]["gain"] is None
    assert mean(results, "jitter") > 0
    assert f"Sweep {sweep}" in results.table()


def test_undefined_landmarks_are_left_out_and_all_undefined_is_a_problem() -> None:
    some = run(KnownDetector(sigma=0.2, undefined=(0, 5)), frames=16)
    assert some.units[0]["undefined"] == 2 * 32
    assert some.units[0]["per_landmark"]["jitter"][5] is None
    assert mean(some, "jitter") > 0
    none = run([KnownDetector("none", undefined=tuple(range(68))), KnownDetector("full")], frames=16)
    assert none.problems[0]["detector"] == "none"
    assert "expected finite coordinates" in none.problems[0]["reason"]
    assert [unit["detector"] for unit in none.units] == ["full"]


def test_failing_detector_is_listed_and_the_table_compares_like_with_like() -> None:
    """The second detector fails after the first image; both rows are then over that image."""
    results = run([KnownDetector("good", sigma=0.3), KnownDetector("bad", fails_on=1)], images=3, frames=16)
    assert [(p["image"], p["detector"], p["kind"]) for p in results.problems] == [
        ("array-1", "bad", "detector"),
        ("array-2", "bad", "detector"),
    ]
    assert results.problems[0]["reason"] == "out of memory on this face"
    assert [row["faces"] for row in results.summary] == [1, 1]
    assert [row["faces_measured"] for row in results.summary] == [3, 1]
    assert "bad 1" in results.table()


def test_boxes_that_cannot_be_used_are_listed() -> None:
    boxes = [
        [BOX, [300, 10, 400, 50]],
        [[10, 10, 10, 50]],
        [[np.nan, 0, 10, 10]],
        np.empty((0, 4)),
    ]
    results = run(KnownDetector(), images=4, boxes=boxes, frames=16)
    reasons = [(p["image"], p["face"], p["reason"]) for p in results.problems]
    assert reasons == [
        ("array-0", 1, "box [300, 10, 400, 50]: lies outside the image of 200×180 pixels"),
        ("array-1", 0, "box [10, 10, 10, 50]: expected x0 < x1 and y0 < y1, got a box without area"),
        ("array-2", 0, "box [nan, 0, 10, 10]: expected finite numbers"),
        ("array-3", None, "the boxes file has no box for this image"),
    ]
    assert len(results.units) == 1


def test_faces_of_one_image_count_as_one_sample() -> None:
    two = run(KnownDetector(sigma=0.2), boxes=[[BOX, [v + 5 for v in BOX]]], frames=16)
    row = two.summary[0]
    assert (row["images"], row["faces"]) == (1, 2)
    assert row["jitter"]["mean"] == pytest.approx(np.mean([unit["jitter"] for unit in two.units]))


def test_unreadable_files_do_not_end_the_run(tmp_path: Path) -> None:
    paths, boxes = write_images(tmp_path, 2)
    (tmp_path / "text.jpg").write_text("not a picture")
    (tmp_path / "cut.png").write_bytes(paths[0].read_bytes()[:500])
    results = flmcore.evaluate(tmp_path, KnownDetector(), boxes=boxes, frames=16, speed=False)
    assert {p["image"]: p["kind"] for p in results.problems} == {
        "text.jpg": "unreadable",
        "cut.png": "unreadable",
    }
    assert len(results.units) == 2


def test_boxes_without_image_are_a_note(tmp_path: Path) -> None:
    paths, boxes = write_images(tmp_path, 2)
    results = flmcore.evaluate(paths[:1], KnownDetector(), boxes=boxes, frames=16, speed=False)
    assert [(p["image"], p["note"]) for p in results.problems] == [("face1.png", True)]


def test_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    write_images(tmp_path / "a", 1)
    write_images(tmp_path / "b", 1)
    boxes = {"a/face0.png": [BOX], "b/face0.png": [BOX]}
    results = flmcore.evaluate(tmp_path, KnownDetector(), boxes=boxes, frames=16, speed=False)
    assert [unit["image"] for unit in results.units] == ["a/face0.png", "b/face0.png"]


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"detectors": []}, ValueError, "detectors: expected at least one"),
        ({"detectors": [KnownDetector(), KnownDetector()]}, ValueError, "more than once"),
        ({"detectors": "no-such-detector"}, ValueError, "no-such-detector"),
        ({"images": []}, ValueError, "images: expected at least one"),
        ({"images": [np.zeros((4, 4), np.uint8)]}, TypeError, r"images: expected paths or uint8 arrays"),
        ({"images": "/no/such/folder"}, ValueError, "expected an existing file or folder"),
        ({"boxes": [[BOX], [BOX]]}, ValueError, "for each of 1 images, got 2"),
        ({"boxes": [[1, 2, 3]]}, ValueError, "boxes: expected rows of x0, y0, x1, y1"),
        ({"faces": "some"}, ValueError, "faces: expected one of largest, all"),
        ({"batch": 0}, ValueError, "batch: expected a whole number from 1"),
        ({"limit": 0}, ValueError, "limit: expected a whole number from 1"),
        ({"sweep": "nosie"}, ValueError, "got 'nosie'; did you mean 'noise'"),
    ],
)
def test_bad_arguments_are_named(options: dict[str, Any], error: type[Exception], text: str) -> None:
    arguments = {"images": [noise_image(0)], "detectors": KnownDetector(), "boxes": [[BOX]]} | options
    with pytest.raises(error, match=text):
        flmcore.evaluate(arguments.pop("images"), arguments.pop("detectors"), **arguments)


def test_speed_has_all_stages() -> None:
    detector = KnownDetector()
    windows = detector.windows([BOX], shift=make_sweep(frames=16).path.shift)
    speed = measure_speed(detector, noise_image(0), windows, repeats=120)
    assert speed["repeats"] == 120
    for stage in ("crop", "inference", "decode", "total"):
        assert 0 < speed[stage]["min"] <= speed[stage]["p50"] <= speed[stage]["p90"] <= speed[stage]["p99"]
    assert measure_speed(detector, noise_image(0), windows, repeats=30)["total"]["p99"] is None
    assert measure_speed(detector, noise_image(0), windows, repeats=500, budget=0.0)["repeats"] == 20


def without_timing(folder: Path) -> dict[str, Any]:
    record = json.loads((folder / "results.json").read_text())
    del record["timing"]
    return dict(record)


def evaluate_into(out: Path, images: Path, boxes: Path, **options: Any) -> Results:
    detectors = [KnownDetector("a", sigma=0.2), KnownDetector("five", scheme="five-5", sigma=0.1)]
    return flmcore.evaluate(images, detectors, boxes=boxes, frames=16, speed=False, out=out, **options)


def test_interrupted_run_saves_and_resumes_to_the_same_result(tmp_path: Path) -> None:
    paths, boxes = write_images(tmp_path / "images", 4)
    (tmp_path / "images" / "bad.jpg").write_text("")
    evaluate_into(tmp_path / "whole", paths[0].parent, boxes)

    def interrupt(step: Progress) -> None:
        if step.doing == "face2.png: five":
            raise KeyboardInterrupt

    out = tmp_path / "cut"
    with pytest.raises(EvaluationInterrupted) as caught:
        evaluate_into(out, paths[0].parent, boxes, progress=interrupt)
    assert not caught.value.results.complete
    saved = Results.from_json(out / "results.json")
    assert len(saved.units) == 5
    assert "interrupted" in saved.table()
    with pytest.raises(ResultsError, match="holds an unfinished run"):
        evaluate_into(out, paths[0].parent, boxes)
    steps: list[Progress] = []
    assert evaluate_into(out, paths[0].parent, boxes, resume=True, progress=steps.append).complete
    assert "face0.png: a" not in [step.doing for step in steps]
    assert without_timing(out) == without_timing(tmp_path / "whole")
    for name in ("results.csv", "units.csv", "overlays.npz"):
        assert (out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert not (out / "partial").exists()


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_killed_process_is_carried_on(tmp_path: Path) -> None:
    paths, boxes = write_images(tmp_path / "images", 5)
    out, whole = tmp_path / "cut", tmp_path / "whole"
    evaluate_into(whole, paths[0].parent, boxes)
    code = (
        f"import sys, time; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from test_evaluation import evaluate_into; from pathlib import Path\n"
        f"evaluate_into(Path({str(out)!r}), Path({str(paths[0].parent)!r}), Path({str(boxes)!r}),"
        " progress=lambda step: time.sleep(0.2))"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    journal = out / "partial" / "journal.jsonl"
    deadline = time.monotonic() + 120
    while not (journal.exists() and len(journal.read_bytes().splitlines()) > 5):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (out / "results.json").exists()
    evaluate_into(out, paths[0].parent, boxes, resume=True)
    assert without_timing(out) == without_timing(whole)


def test_other_run_is_not_carried_on(tmp_path: Path) -> None:
    paths, boxes = write_images(tmp_path / "images", 2)
    out = tmp_path / "out"
    first = evaluate_into(out, paths[0].parent, boxes)
    again = evaluate_into(out, paths[0].parent, boxes, resume=True)
    assert again.data == first.data  # complete: nothing is measured anew, times included
    with pytest.raises(ResultsError, match="holds a run of other protocol"):
        evaluate_into(out, paths[0].parent, boxes, resume=True, seed=1)
    with pytest.raises(ResultsError, match="holds a run of other images"):
        evaluate_into(out, paths[0], boxes, resume=True, limit=1)


def test_results_come_back_from_their_file(tmp_path: Path) -> None:
    paths, boxes = write_images(tmp_path / "images", 2)
    results = evaluate_into(tmp_path / "out", paths[0].parent, boxes)
    read = Results.from_json(tmp_path / "out" / "results.json")
    assert read.data == results.data
    assert read.table() == results.table()
    assert read.overlays.keys() == results.overlays.keys() == {"face0.png", "face1.png"}
    np.testing.assert_array_equal(
        read.overlays["face0.png"]["cloud/a"], results.overlays["face0.png"]["cloud/a"]
    )
    (tmp_path / "other.json").write_text('{"format": "something"}')
    with pytest.raises(ResultsError, match="expected results of this version"):
        Results.from_json(tmp_path / "other.json")
    with pytest.raises(ResultsError, match="cannot be read"):
        Results.from_json(tmp_path / "none.json")


def test_same_input_same_results_at_any_thread_count() -> None:
    one, two = (run(KnownDetector(sigma=0.2), threads=threads, frames=16) for threads in (1, 2))
    assert one.units == two.units
    assert one.summary == two.summary
