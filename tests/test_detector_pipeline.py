"""What surrounds a network: mirrored inputs, windows cut from whole pixels, landmarks cut to whole pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flmcore
from flmcore import schemes
from flmcore.detectors.base import Detector
from flmcore.detectors.config import parse_config
from flmcore.errors import ConfigError

torch = pytest.importorskip("torch")

SIDE = 32
RNG = np.random.default_rng(5)
IMAGE = RNG.integers(0, 256, (90, 120, 3), dtype=np.uint8)
FLIP = np.array(schemes.get("five-5").flip)


class Maps(torch.nn.Module):
    """Five maps at half the crop's size that no mirroring leaves as they are."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.conv = torch.nn.Conv2d(3, 5, 5, stride=2, padding=2)

    def forward(self, x: Any) -> Any:
        return self.conv(x)


class Vectors(Maps):
    """The maps summed along either axis, as SimCC vectors of x and y."""

    def forward(self, x: Any) -> Any:
        maps = self.conv(x)
        return maps.sum(2), maps.sum(3)


def load(decode: dict[str, Any], module: Any, crop: dict[str, Any] | None = None, **top: Any) -> Detector:
    table = {
        "name": "maps",
        "scheme": "five-5",
        "licence": "none",
        "model": {"backend": "torch"},
        "crop": {"size": SIDE, **(crop or {})},
        "input": {"std": 255},
        "decode": decode,
        **top,
    }
    return flmcore.load_detector(parse_config(table), module=module, threads=1)


def outputs(detector: Detector, image: np.ndarray, box: list[float]) -> tuple[np.ndarray, ...]:
    return detector.infer(detector.crop(image, detector.windows(box)))


@pytest.mark.parametrize("flip", ["sum", "mean"])
def test_flipped_maps_are_those_of_the_mirror_image_added(flip: str) -> None:
    kind = {"kind": "heatmap", "options": {"threshold": -1e30}}
    plain, flipped = load(kind, Maps()), load({**kind, "flip": flip}, Maps())
    box = [30.0, 20.0, 80.0, 70.0]
    mirror_box = [120 - box[2], box[1], 120 - box[0], box[3]]
    (maps,) = outputs(plain, IMAGE, box)
    (mirror,) = outputs(plain, np.ascontiguousarray(IMAGE[:, ::-1]), mirror_box)
    total = maps[0] + mirror[0][FLIP][:, :, ::-1]
    (got,) = outputs(flipped, IMAGE, box)
    np.testing.assert_allclose(got[0], total * (0.5 if flip == "mean" else 1), atol=1e-5)
    assert np.abs(got[0] - maps[0]).max() > 0.1


def test_flipped_landmarks_are_the_mirror_images_mirrored() -> None:
    """With both views added, the detector cannot tell an image from its mirror image."""
    detector = load({"kind": "heatmap", "flip": "sum", "options": {"threshold": -1e30}}, Maps())
    box = [30.0, 20.0, 80.0, 70.0]
    marks = detector(IMAGE, box).points[0]
    mirror = detector(
        np.ascontiguousarray(IMAGE[:, ::-1]), [120 - box[2], box[1], 120 - box[0], box[3]]
    ).points[0]
    back = np.stack([119 - mirror[FLIP, 0], mirror[FLIP, 1]], axis=1)
    np.testing.assert_allclose(back, marks, atol=1e-3)


def test_flipped_simcc_mirrors_x_alone() -> None:
    detector = load({"kind": "simcc", "split_ratio": 0.5, "flip": "mean"}, Vectors())
    plain = load({"kind": "simcc", "split_ratio": 0.5}, Vectors())
    inputs = plain.crop(IMAGE, plain.windows([30.0, 20.0, 80.0, 70.0]))
    x, y = plain.infer(inputs)
    mx, my = plain.infer(np.ascontiguousarray(inputs[..., ::-1]))
    got_x, got_y = detector.infer(inputs)
    np.testing.assert_allclose(got_x, (x + mx[:, FLIP, ::-1]) / 2, atol=1e-5)
    np.testing.assert_allclose(got_y, (y + my[:, FLIP]) / 2, atol=1e-5)


def test_flip_needs_the_schemes_pairs() -> None:
    with pytest.raises(ConfigError, match=r"decode.flip: expected none with scheme mine-5.* got 'sum'"):
        load({"kind": "heatmap", "flip": "sum"}, Maps(), scheme="mine-5", landmarks=5)


def test_snapped_crops_come_from_whole_pixels_and_landmarks_go_back_exactly() -> None:
    decode = {"kind": "heatmap", "origin": "cell", "options": {"threshold": -1e30}}
    detector = load(decode, Maps(), {"rule": "fan", "snap": "fan", "clamp": True})
    box = [40.3, 35.2, 61.9, 58.4]
    windows = detector.windows(box)
    np.testing.assert_array_equal(windows, flmcore.box_affine(box, SIDE, rule="fan"))
    whole = flmcore.box_affine(box, SIDE, rule="fan-window")
    expected = flmcore.crop(IMAGE, whole, SIDE, std=255, clamp=True)
    np.testing.assert_allclose(detector.crop(IMAGE, windows), expected, atol=1e-6)
    points, _ = detector.decode(detector.infer(expected))
    (maps,) = detector.infer(expected)
    peak = np.array([np.unravel_index(m.argmax(), m.shape)[::-1] for m in maps[0]])
    np.testing.assert_allclose(points[0], (peak + 0.5) * 2)
    back = flmcore.transform_points(points, flmcore.invert_affine(windows))
    np.testing.assert_allclose(detector(IMAGE, box).points, back, atol=1e-4)


def test_truncated_landmarks_are_whole_pixels_towards_zero() -> None:
    decode = {"kind": "heatmap", "options": {"threshold": -1e30}}
    exact = load(decode, Maps())
    cut = load({**decode, "image_rounding": "truncate"}, Maps())
    box = [-20.0, -15.0, 33.0, 41.0]
    points = exact(IMAGE, box).points
    assert (points < 0).any()
    np.testing.assert_array_equal(cut(IMAGE, box).points, np.trunc(points))
    assert np.isnan(cut.to_image(np.full((1, 5, 2), np.nan), cut.windows(box))).all()


def test_a_run_uses_all_of_it() -> None:
    """The sweep of an evaluation takes the same way as a call."""
    from flmcore.evaluation.measure import sweep_landmarks

    decode = {"kind": "heatmap", "flip": "sum", "image_rounding": "truncate", "options": {"threshold": -1e30}}
    detector = load(decode, Maps(), {"rule": "fan", "snap": "fan", "clamp": True})
    windows = detector.windows([40.0, 35.0, 62.0, 58.0], shift=[[0.0, 0.0], [0.013, 0.02], [-0.04, 0.01]])
    swept = sweep_landmarks(detector, IMAGE, windows, batch=2)
    np.testing.assert_array_equal(swept, detector.detect(IMAGE, windows).points)
    assert (swept == np.trunc(swept)).all()
