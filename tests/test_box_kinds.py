"""Kinds of boxes: conversions go there and back, keep what they must, and refuse what is no box."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import flmcore
from flmcore.data.box_kinds import box_kind, box_kinds
from flmcore.detectors.config import parse_config
from flmcore.errors import ConfigError
from tiny_models import CENTROID, SIDE, centroid_onnx, spots_image, write_config

KINDS = ("landmarks", "dlib", "blazeface", "mediapipe", "slim320", "sfd", "retinaface", "openseeface")
kinds = st.sampled_from(KINDS)
corners = st.floats(-5000, 5000)
sides = st.floats(0.5, 5000)
boxes = st.lists(
    st.tuples(corners, corners, sides, sides).map(lambda b: [b[0], b[1], b[0] + b[2], b[1] + b[3]]),
    min_size=1,
    max_size=5,
)


def test_every_kind_says_what_it_is() -> None:
    assert box_kinds() == list(KINDS)
    for name in KINDS:
        kind = box_kind(name)
        assert kind.name == name
        assert kind.meaning
        assert kind.source
        assert min(kind.side) > 0
    assert (box_kind("landmarks").side, box_kind("landmarks").shift) == ((1.0, 1.0), (0.0, 0.0))


@given(boxes, kinds, kinds)
def test_there_and_back_is_the_same_box(given_boxes: list[list[float]], source: str, target: str) -> None:
    there = flmcore.convert_boxes(given_boxes, source, target)
    assert there.dtype == np.float64
    assert there.shape == (len(given_boxes), 4)
    back = flmcore.convert_boxes(there, target, source)
    # A handful of float64 roundings of numbers up to 10,000 and a shift.
    np.testing.assert_allclose(back, given_boxes, rtol=0, atol=1e-11)


@given(boxes, kinds, kinds, kinds)
def test_two_steps_are_one(given_boxes: list[list[float]], source: str, middle: str, target: str) -> None:
    direct = flmcore.convert_boxes(given_boxes, source, target)
    steps = flmcore.convert_boxes(flmcore.convert_boxes(given_boxes, source, middle), middle, target)
    np.testing.assert_allclose(steps, direct, rtol=0, atol=1e-11)


@given(boxes, kinds)
def test_same_kind_is_a_copy_to_the_bit(given_boxes: list[list[float]], kind: str) -> None:
    array = np.array(given_boxes)
    same = flmcore.convert_boxes(array, kind, kind)
    np.testing.assert_array_equal(same, array)
    assert not np.shares_memory(same, array)


@given(boxes, kinds, kinds, st.floats(-100, 100), st.floats(0.1, 10))
def test_moving_and_scaling_the_picture_moves_and_scales_the_box(
    given_boxes: list[list[float]], source: str, target: str, move: float, zoom: float
) -> None:
    array = np.array(given_boxes)
    moved = flmcore.convert_boxes(array * zoom + move, source, target)
    np.testing.assert_allclose(moved, flmcore.convert_boxes(array, source, target) * zoom + move, atol=1e-9)


def test_worked_example() -> None:
    # 100 wide and high about (150, 250): 1.33 times as high, 15 higher.
    np.testing.assert_allclose(
        flmcore.convert_boxes([100, 200, 200, 300], "landmarks", "sfd"), [100, 168.5, 200, 301.5], atol=1e-9
    )
    # Dlib's square of 100: 94 wide, 8 lower.
    found = flmcore.convert_boxes([[0, 0, 100, 100]], "dlib", "landmarks")
    np.testing.assert_allclose(found, [[3, 11, 97, 105]], atol=1e-5)


def test_no_box_is_no_box() -> None:
    assert flmcore.convert_boxes(np.empty((0, 4)), "dlib", "sfd").shape == (0, 4)
    assert flmcore.convert_boxes([], "dlib", "landmarks").shape == (0, 4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[0, 0, 1, 1]], "landmark", "dlib"), "source: expected one of .*; did you mean 'landmarks'$"),
        (([[0, 0, 1, 1]], "dlib", "sdf"), "target: expected one of .*, got 'sdf'; did you mean 'sfd'$"),
        (([[0, 0, 1, 1]], "dlib", 3), "target: expected one of .*, got 3$"),
        (([[0, 0, 1]], "dlib", "sfd"), r"boxes: expected shape \(N, 4\) or \(4,\), got \(1, 3\)$"),
        (([[[0, 0, 1, 1]]], "dlib", "sfd"), "boxes: expected shape"),
        (([[0, 0, 1, 1], [0, 0, 0, 1]], "dlib", "sfd"), r"got \[0.0, 0.0, 0.0, 1.0\]$"),
        (([[0, 0, 1, np.nan]], "dlib", "dlib"), "boxes: expected finite x0 < x1 and y0 < y1"),
        (([0, 0, np.inf, 1], "dlib", "sfd"), "boxes: expected finite"),
    ],
)
def test_what_is_no_box_or_kind_is_refused(arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        flmcore.convert_boxes(*arguments)


def config(kind: str) -> dict[str, Any]:
    return {
        "name": "x",
        "scheme": "five-5",
        "licence": "MIT",
        "model": {"backend": "onnx", "weights": "x.onnx"},
        "crop": {"size": 8, "box": kind},
        "decode": {"kind": "coordinates"},
    }


def test_config_names_a_known_kind() -> None:
    assert parse_config(config("sfd")).crop.box == "sfd"
    with pytest.raises(ConfigError, match=r"crop\.box: expected one of .*, got 'dlip'; did you mean 'dlib'$"):
        parse_config(config("dlip"))


@pytest.fixture
def detectors(tmp_path: Path) -> tuple[flmcore.detectors.base.Detector, flmcore.detectors.base.Detector]:
    """The same network, its rule for the kind landmarks and for sfd."""
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    centroid_onnx(tmp_path / "tiny.onnx")
    path = write_config(tmp_path, "onnx", "tiny.onnx", '[output]\nlandmarks = "points"\n' + CENTROID)
    plain = flmcore.load_detector(path, threads=1)
    path.write_text(path.read_text().replace("[crop]", '[crop]\nbox = "sfd"'))
    return plain, flmcore.load_detector(path, threads=1)


def test_detector_converts_the_box_ahead_of_its_rule(detectors: Any) -> None:
    plain, other = detectors
    box = np.array([[20.0, 15.0, 50.0, 45.0]])
    tall = flmcore.convert_boxes(box, "landmarks", "sfd")
    np.testing.assert_allclose(other.windows(box), flmcore.box_affine(tall, SIDE), atol=1e-12)
    np.testing.assert_allclose(other.windows(tall, box_kind="sfd"), other.windows(box), atol=1e-12)
    np.testing.assert_allclose(plain.windows(tall, box_kind="sfd"), plain.windows(box), atol=1e-12)
    np.testing.assert_array_equal(plain.windows(box), flmcore.box_affine(box, SIDE))
    image = spots_image([(30, 25), (45, 30), (38, 40)])
    found = plain(image, tall, box_kind="sfd")
    np.testing.assert_allclose(found.points, plain(image, box).points, atol=1e-4)
    assert other(image, np.empty((0, 4))).points.shape == (0, 3, 2)
    with pytest.raises(ValueError, match="expected one of"):
        plain(image, box, box_kind="sdf")


def test_sweep_moves_every_window_by_the_same_pixels(detectors: Any) -> None:
    """A share of the box as given, whatever kind the rule starts from: else a larger kind would be shaken more."""
    shift = np.array([[0.0, 0.0], [0.05, 0.0], [0.0, -0.03]])
    box = [[20.0, 15.0, 50.0, 45.0]]
    for detector in detectors:
        windows = detector.windows(box, shift=shift)
        centres = flmcore.transform_points(
            np.full((3, 1, 2), (SIDE - 1) / 2), flmcore.invert_affine(windows)
        )[:, 0]
        np.testing.assert_allclose(centres - centres[0], shift * 30, atol=1e-9)
