"""Landmarks against truth: protocols, figures, and what is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import flmcore
from evaluated import BOX, KnownDetector, face_shape, noise_image
from flmcore.data.truth import TruthFace
from flmcore.evaluation.accuracy.curve import INTEGRATIONS
from flmcore.evaluation.accuracy.figures import figure, image_values
from flmcore.evaluation.accuracy.measure import accuracy_of
from flmcore.evaluation.accuracy.plan import plan_accuracy
from flmcore.evaluation.accuracy.protocol import AVERAGINGS, NORMALISERS, Points, Protocol
from flmcore.evaluation.accuracy.summary import summarise_accuracy

POINTS = [Points("300w-68"), Points("300w-68", "inner"), Points("wflw-98", "nose_bridge", "nearest")]


@given(
    st.sampled_from(["nme", "auc", "failure"]),
    st.sampled_from(NORMALISERS),
    st.sampled_from(POINTS),
    st.sampled_from(AVERAGINGS),
    st.floats(1e-4, 1),
    st.sampled_from(sorted(INTEGRATIONS)),
    st.booleans(),
)
def test_protocol_ids_read_back(
    name: str, normaliser: str, points: Points, averaging: str, alpha: float, rule: str, measured: bool
) -> None:
    if name != "nme" and averaging == "landmarks":
        averaging = "faces"
    protocol = Protocol(
        name,
        normaliser,
        points,
        averaging,
        None if name == "nme" else alpha,
        rule if name == "auc" else None,
        measured,
    )
    assert Protocol.parse(str(protocol)) == protocol


def test_protocol_ids_are_those_of_the_docs() -> None:
    assert str(Protocol("nme", "interocular", Points("300w-68"))) == "nme/interocular/300w-68/images"
    auc = Protocol.parse("auc/interocular/300w-68/0.08/closed")
    assert (auc.alpha, auc.integration, auc.averaging) == (0.08, "closed", "images")
    assert len(Points("300w-68", "inner").members()) == 51


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected figure as one of nme, auc, failure, got ''"),
        ("nme/interoccular/300w-68/images", "did you mean 'interocular'"),
        ("nme/interocular/300w-69/images", "300w-69"),
        ("nme/interocular/300w-68:ears/images", "points: expected a part of 300w-68"),
        ("nme/interocular/300w-68", "expected averaging as one of images, faces, landmarks, got ''"),
        ("nme/interocular/300w-68/images/0.08", "expected nothing after 'images'"),
        ("auc/interocular/300w-68/0/closed", "alpha: expected a share of the normaliser above 0"),
        ("auc/interocular/300w-68", "alpha: expected a share"),
        ("auc/interocular/300w-68/0.08", "expected integration as one of closed"),
        ("failure/interocular/300w-68/0.08/landmarks", "expected averaging as one of images, faces"),
    ],
)
def test_other_ids_are_named(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Protocol.parse(text)


def face(seed: int, scheme: str = "300w-68") -> TruthFace:
    count = flmcore.schemes.get(scheme).landmarks
    return TruthFace("a", np.random.default_rng(seed).uniform(0, 100, (count, 2)), scheme)


def values_of(landmarks: Any, truth: TruthFace, scheme: str = "300w-68", **options: Any) -> dict[str, Any]:
    return accuracy_of(landmarks, scheme, truth, **{"points": "300w-68", "common": None, **options})


def test_every_normaliser_is_that_of_nme() -> None:
    truth = face(0)
    points = truth.points + np.random.default_rng(1).normal(0, 2, (68, 2))
    values = values_of(points, truth, crop_px=50.0)
    assert list(values["sets"]) == ["300w-68"]
    for name in NORMALISERS:
        expected = flmcore.nme(
            points, truth.points, scheme="300w-68", normaliser=50.0 if name == "crop" else name
        )
        # errors are kept with six digits
        assert values["sets"]["300w-68"]["nme"][name] == pytest.approx(expected.mean, rel=1e-6)
    assert values["nme"] == values["sets"]["300w-68"]["nme"]["interocular"]
    assert values["sets"]["300w-68"]["grades"] == {"exact": 68}


def test_diagonal_worked_by_hand() -> None:
    truth = np.full((1, 68, 2), 1.0)
    truth[0, 0], truth[0, 1] = (0, 0), (3, 4)
    result = flmcore.nme(truth + np.array([0.3, 0.4]), truth, scheme="300w-68", normaliser="diagonal")
    assert result.normaliser_px == pytest.approx([5])
    assert result.mean == pytest.approx(10)


def test_remapped_where_schemes_differ_and_undefined_left_out() -> None:
    truth = face(2, "wflw-98")
    ours = flmcore.remap(truth.points, "wflw-98", "300w-68") + 1.0
    ours[5] = np.nan
    values = values_of(ours, truth)
    kept = values["sets"]["300w-68"]
    assert kept["left_out"] == 1
    assert kept["error_px"][5] is None
    assert kept["error_px"][0] == pytest.approx(np.sqrt(2), rel=1e-5)
    assert set(kept["grades"]) <= {"exact", "interpolated", "approximate"}
    assert "300w-68~nearest" in values["sets"]
    assert values["sets"]["300w-68~nearest"]["nme"]["interocular"] > values["nme"]


def test_truth_without_eye_corners_has_no_interocular_figure_and_says_why() -> None:
    truth = face(3)
    truth.points[36] = np.nan
    values = values_of(truth.points + 1, truth)
    assert values["nme"] is None
    assert values["reason"] == "the truth lacks what interocular is measured between"
    assert values["sets"]["300w-68"]["nme"]["box"] is not None
    five = values_of(face(4, "five-5").points, face(4, "five-5"), "five-5", points="five-5")
    assert five["normaliser_px"]["interocular"] is None
    assert plan_accuracy(["five-5"], {"d": "five-5"}).normaliser == "interpupil"  # type: ignore[union-attr]


def test_all_landmarks_invisible_is_no_figure_but_a_reason() -> None:
    truth = TruthFace("a", np.full((68, 2), np.nan), "300w-68")
    values = values_of(np.zeros((68, 2)), truth)
    assert values["nme"] is None
    assert "no landmark is defined" in values["reason"]
    assert set(values["normaliser_px"].values()) == {None}


def test_plan_takes_the_own_scheme_where_it_is_the_truths() -> None:
    plan = plan_accuracy(["wflw-98"], {"w": "wflw-98", "d": "300w-68", "x": "own-7"})
    assert plan is not None
    assert plan.points == {"w": "wflw-98", "d": "300w-68", "x": None}
    assert plan.common is None  # nothing is known of own-7
    assert plan_accuracy(["wflw-98"], {"w": "wflw-98", "d": "300w-68"}).common == "300w-68"  # type: ignore[union-attr]
    assert plan_accuracy([], {"d": "300w-68"}) is None
    assert plan_accuracy(["own-7"], {"d": "300w-68"}) is None


def unit(image: str, number: int, off: float, missing: int = 0, **attributes: Any) -> dict[str, Any]:
    """Outer eye corners 100 px apart; every landmark ``off`` px away, contour twice as far."""
    points = np.random.default_rng(0).uniform(0, 100, (68, 2))
    points[36], points[45] = (0, 50), (100, 50)
    step = np.zeros((68, 2))
    step[:, 0], step[:17, 0] = off, 2 * off
    step[67 - missing : 67] = np.nan
    values = values_of(points + step, TruthFace("a", points, "300w-68", attributes=attributes))
    return {"image": image, "face": number, "detector": "d", "accuracy": values}


def test_averaging_worked_by_hand() -> None:
    """Two faces at 1 and 3 in one image, one at 8 in another, inner points: images 5, faces 4."""
    units = [unit("a", 0, 1.0), unit("a", 1, 3.0), unit("b", 0, 8.0, missing=34)]
    for averaging, expected in (
        ("images", (2 + 8) / 2),
        ("faces", (1 + 3 + 8) / 3),
        ("landmarks", (51 * 1 + 51 * 3 + 17 * 8) / (51 + 51 + 17)),
    ):
        got = figure(units, Protocol.parse(f"nme/interocular/300w-68:inner/{averaging}"))
        assert got == pytest.approx(expected, rel=1e-6)
    whole = figure(units[:1], Protocol.parse("nme/interocular/300w-68/images"))
    assert whole == pytest.approx((17 * 2 + 51) / 68, rel=1e-6)
    assert figure(units, Protocol.parse("failure/interocular/300w-68:inner/0.05")) == 50
    assert figure(units, Protocol.parse("failure/interocular/300w-68:inner/0.05/faces")) == pytest.approx(
        100 / 3
    )
    auc = figure(units, Protocol.parse("auc/interocular/300w-68:inner/0.05/closed"))
    assert auc == pytest.approx(100 * ((0.8 + 0.4) / 2 + 0) / 2, rel=1e-5)
    assert figure([], Protocol.parse("nme/interocular/300w-68/images")) is None
    assert figure(units, Protocol.parse("nme/interocular/wflw-98/images")) is None


def test_summary_has_parts_slices_and_reasons() -> None:
    units = [unit(f"{i}", 0, 1.0 + i, blur=i % 2 == 0) for i in range(8)]
    broken = unit("x", 0, 1.0)
    broken["accuracy"] |= {"reason": "why", "nme": None}
    broken["accuracy"]["sets"]["300w-68"]["nme"]["interocular"] = None
    row = summarise_accuracy([*units, broken], "300w-68", None, "interocular", 0)
    assert row is not None
    assert row["protocol"] == "nme/interocular/300w-68/images"
    assert row["without_figure"] == {"why": 1}
    assert [figure["protocol"] for figure in row["figures"]] == [
        "nme/interocular/300w-68/images",
        "failure/interocular/300w-68/0.08",
        "auc/interocular/300w-68/0.08/closed",
        "failure/interocular/300w-68/0.1",
        "auc/interocular/300w-68/0.1/closed",
    ]
    nme = row["figures"][0]
    assert nme["images"] == 8
    assert nme["low"] < nme["mean"] < nme["high"]
    sharp, blurred = (row["slices"]["blur"][value] for value in ("False", "True"))
    assert sharp["mean"] == pytest.approx(blurred["mean"] + 85 / 68, rel=1e-5)
    assert sharp["reason"] == "4 images: an interval needs at least 5"
    assert row["per_group"]["contour"] == pytest.approx(2 * row["per_group"]["nose_bridge"], rel=1e-5)
    assert len(row["per_landmark"]) == 68
    assert summarise_accuracy([{"image": "a"}], "300w-68", None, "interocular", 0) is None


class Still(KnownDetector):
    """Its face stays where it is, whatever box it is given."""

    def windows(self, boxes: Any, **options: Any) -> Any:
        made = super().windows(boxes, **options)
        self._box = BOX
        return made


def run_with_truth(detectors: list[KnownDetector], count: int = 6, **options: Any) -> flmcore.Results:
    images = [noise_image(number) for number in range(count)]
    truth = [(f"array-{number}", face_shape()) for number in range(count)]
    options = {"boxes": "truth", "truth": truth, "truth_scheme": "300w-68", "frames": 8, **options}
    return flmcore.evaluate(images, detectors, speed=False, **options)


def test_run_compares_with_truth_at_the_undisturbed_window() -> None:
    """Noise of σ = 1 px on a face of 40 px between the eyes: mean error σ √(π/2), 3.13 %, over 6 × 68 landmarks."""
    results = run_with_truth([Still("exact"), Still("noisy", sigma=1.0)])
    exact, noisy = results.summary
    assert exact["accuracy"]["protocol"] == "nme/interocular/300w-68/images"
    assert exact["nme"]["images"] == noisy["nme"]["images"] == 6
    assert exact["nme"]["mean"] == pytest.approx(0, abs=1e-6)
    assert noisy["nme"]["mean"] == pytest.approx(100 / 40 * np.sqrt(np.pi / 2), rel=0.08)
    assert len(results.units[0]["accuracy"]["sets"]["300w-68"]["error_px"]) == 68
    metrics = [comparison["metric"] for comparison in results.comparisons]
    assert metrics == ["jitter_common", "nme_common"]
    (pair,) = results.comparisons[1]["pairs"]
    assert (pair["a"], pair["b"]) == ("exact", "noisy")
    assert pair["difference"]["mean"] == pytest.approx(exact["nme"]["mean"] - noisy["nme"]["mean"])
    assert pair["p"] == 2 / 64
    text = results.table(160)
    assert "NME" in text
    assert "nme/interocular/300w-68/images, at the undisturbed window" in text
    assert "* best, ≈ not told apart from it" in text


def test_one_image_has_figures_but_neither_interval_nor_marks() -> None:
    results = run_with_truth([Still("a"), Still("b", sigma=1.0)], count=1)
    row = results.summary[0]
    assert row["nme"]["low"] is None
    assert row["nme"]["reason"] == "1 image: an interval needs at least 5"
    (pair,) = results.comparisons[0]["pairs"]
    assert pair["difference"]["reason"] == "1 image that both have: a test needs at least 5"
    assert "not told apart" not in results.table(160)


def test_image_without_truth_is_named_and_the_others_go_on() -> None:
    truth = [(f"array-{number}", face_shape()) for number in range(5)]
    results = run_with_truth([Still()], count=6, truth=truth)
    assert results.summary[0]["nme"]["images"] == 5
    assert [problem["image"] for problem in results.problems] == ["array-5"]


def test_two_images_of_one_name_take_no_truth_by_that_name(tmp_path: Path) -> None:
    """The truth names a file; of two files of that name one would be measured on the other's landmarks."""
    from PIL import Image

    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        Image.fromarray(noise_image(0)).save(tmp_path / folder / "a.png")
    options: dict[str, Any] = {"boxes": "truth", "truth_scheme": "300w-68", "speed": False, "frames": 8}
    unclear = flmcore.evaluate([tmp_path], [Still()], truth=[("a.png", face_shape())], **options)
    assert unclear.units == []
    assert {problem["image"] for problem in unclear.problems} >= {"one/a.png", "two/a.png"}
    truth = [("one/a.png", face_shape()), ("two/a.png", face_shape() + 1)]
    results = flmcore.evaluate([tmp_path], [Still()], truth=truth, **options)
    assert [round(unit["accuracy"]["nme"], 3) for unit in results.units] == [0, round(100 * 2**0.5 / 40, 3)]


def test_other_truth_is_another_run(tmp_path: Path) -> None:
    first = run_with_truth([Still()], count=2)
    moved = face_shape()
    moved[30] += 0.01  # inside the box: only the landmark differs
    second = run_with_truth([Still()], count=2, truth=[(f"array-{n}", moved) for n in range(2)])
    assert first.data["identity"] != second.data["identity"]
    first.to_json(tmp_path / "results.json")
    assert flmcore.Results.from_json(tmp_path / "results.json").comparisons == first.comparisons


def test_resumed_run_has_the_same_bytes(tmp_path: Path) -> None:
    detectors = [Still("a"), Still("b", sigma=1.0)]
    whole = run_with_truth(detectors, out=tmp_path / "whole")

    def stop(progress: Any) -> None:
        if progress.done >= 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_with_truth(detectors, out=tmp_path / "cut", progress=stop)
    again = run_with_truth(detectors, out=tmp_path / "cut", resume=True)
    both = [json.dumps({k: v for k, v in r.data.items() if k != "timing"}) for r in (whole, again)]
    assert both[0] == both[1]


def test_older_results_without_accuracy_are_read(tmp_path: Path) -> None:
    results = flmcore.evaluate(
        [noise_image(0)], [Still()], boxes=[[[60, 50, 140, 130]]], speed=False, frames=8
    )
    data = results.data
    del data["comparisons"]
    for row in data["summary"]:
        del row["nme"], row["nme_common"]
    results.to_json(tmp_path / "results.json")
    old = flmcore.Results.from_json(tmp_path / "results.json")
    assert old.comparisons == []
    assert "NME" not in old.table(160)
    old.to_csv(tmp_path / "results.csv")


def test_figures_of_a_run_with_truth(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    results = run_with_truth([Still("a", sigma=0.5), Still("b", sigma=1.0)])
    results.overlays.clear()  # slow to draw, and tested elsewhere
    names = {path.name for path in results.report(tmp_path / "one")}
    assert {"ced.png", "ced.svg", "ranks.png"} <= names
    results.report(tmp_path / "two")
    for name in ("ced.png", "ced.svg", "ranks.png"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert (
        b"AUC" in (tmp_path / "one" / "ced.svg").read_bytes()
        or b"<path" in (tmp_path / "one" / "ced.svg").read_bytes()
    )


def test_image_values_go_by_image_or_face() -> None:
    units = [unit("a", 0, 1.0), unit("a", 1, 3.0)]
    values = image_values(units, Protocol.parse("nme/interocular/300w-68:inner/images"))
    assert values == {"a": pytest.approx(2, rel=1e-6)}
    values = image_values(units, Protocol.parse("nme/interocular/300w-68:inner/faces"))
    assert sorted(values) == ["a#0", "a#1"]
