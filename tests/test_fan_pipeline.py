"""From image and box to landmarks: flmcore against face-alignment's and iBUG's pipelines, written out in reference/.

Both sides run one network here, with the weights of the parity fixtures where they are and seeded ones elsewhere. What
can differ is the crop: OpenCV rounds it to 8 bits, the core does not.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flmcore
import weight_fill
from conftest import SHARED
from flmcore import schemes
from flmcore.data.images import read_image
from flmcore.detectors import nets
from flmcore.detectors.base import Detector
from flmcore.detectors.config import ZOO, read_config
from reference import fan_pipeline, ibug_pipeline

torch = pytest.importorskip("torch")
pytest.importorskip("cv2")

SHARED_IMAGE = "dlib_Tom_Cruise_avp_2014_4.jpg"
PARTNER = np.array(schemes.get("300w-68").flip)


def synthetic() -> np.ndarray:
    """Smooth random colours, 320×400."""
    coarse = np.random.default_rng(8).integers(0, 256, (20, 25, 3), dtype=np.uint8)
    enlarge = np.array([[16.0, 0, 7.5], [0, 16.0, 7.5]])
    return flmcore.crop(coarse, enlarge, (400, 320), border="replicate", dtype="uint8")[0]


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    photograph = SHARED / "faces" / SHARED_IMAGE
    return read_image(photograph) if photograph.is_file() else synthetic()


def boxes(image: np.ndarray) -> dict[str, list[float]]:
    """As a face detector gives them, in fractions of pixels."""
    height, width = image.shape[:2]
    x, y, side = 0.4 * width + 0.37, 0.35 * height + 0.81, 0.2 * min(width, height) + 0.29
    return {
        "inside": [x, y, x + side, y + 1.2 * side],
        "small, enlarged": [x, y, x + 41.3, y + 55.7],
        "beyond the corner": [-0.1 * width + 0.43, -12.35, 0.15 * width, 0.25 * height],
        "beyond two edges": [0.7 * width, 0.65 * height, 1.02 * width + 0.4, 1.04 * height],
    }


@pytest.fixture(scope="module", params=["fan2", "fan2-ibug"])
def detector(request: pytest.FixtureRequest) -> Detector:
    config = read_config(ZOO / f"{request.param}.toml")
    # boxes as the network's own face detector gives them: nothing to convert
    config = dataclasses.replace(config, crop=dataclasses.replace(config.crop, box="landmarks"))
    network = nets.build("fan", config.model.options, landmarks=68)
    shapes = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    weights = weight_fill.fill(shapes, gain=0.6)  # as the networks of the parity material
    network.load_state_dict({key: torch.from_numpy(value) for key, value in weights.items()})
    return flmcore.load_detector(config, module=network, threads=1)


@pytest.fixture(scope="module")
def official(detector: Detector, image: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
    """The published way for every box."""
    return {name: run_published(detector, image, box) for name, box in boxes(image).items()}


def run_published(detector: Detector, image: np.ndarray, box: list[float]) -> dict[str, np.ndarray]:
    """Patch, landmarks in the image, scores."""

    def network(inputs: np.ndarray) -> np.ndarray:
        return detector.backend.run(inputs)[0]

    if detector.config.crop.rule == "ibug":
        patch = ibug_pipeline.crop(image, box)
        maps = network(fan_pipeline.network_input(patch))[0]
        cells, scores = ibug_pipeline.centroids(maps)
        points = ibug_pipeline.to_image(cells, maps.shape[1:], box)
        return {"patch": patch, "maps": maps, "points": points, "scores": scores}
    centre, scale = fan_pipeline.centre_and_scale(box)
    patch = fan_pipeline.crop(image, centre, scale)
    maps = fan_pipeline.heat_maps(network, fan_pipeline.network_input(patch), PARTNER)
    cells, scores = fan_pipeline.peak_cells(maps)
    points = fan_pipeline.to_image(cells, centre, scale)
    return {"patch": patch, "maps": maps, "points": points, "scores": scores}


def test_network_input_is_the_published_crop(detector: Detector, image: np.ndarray, official: Any) -> None:
    for name, box in boxes(image).items():
        patch = official[name]["patch"]
        made = detector.crop(image, detector.windows(box))[0].transpose(1, 2, 0) * 255
        # Half a grey level is the rounding, the rest OpenCV's weights of 11 bits.
        difference = np.abs(made - patch)
        assert difference.max() <= 1, name
        assert difference.mean() < 0.3, name
        assert np.ptp(patch) > 50, name


def test_landmarks_of_the_published_crop_are_the_published_ones(
    detector: Detector, image: np.ndarray, official: Any
) -> None:
    """From the network on: to the last bit for face-alignment's whole pixels, to float32's for iBUG's centroids."""
    for name, box in boxes(image).items():
        want = official[name]
        points, scores = detector.decode(detector.infer(fan_pipeline.network_input(want["patch"])))
        got = detector.to_image(points, detector.windows(box))
        positive = want["scores"] > 0
        if detector.config.decode.image_rounding == "truncate":
            np.testing.assert_array_equal(got[0], want["points"], name)
        else:
            assert positive.mean() > 0.5
            np.testing.assert_allclose(got[0][positive], want["points"][positive], rtol=0, atol=1e-3)
        np.testing.assert_array_equal(scores[0], want["scores"].astype(np.float32), name)


def test_landmarks_of_an_image_are_the_published_ones(
    detector: Detector, image: np.ndarray, official: Any
) -> None:
    """The whole way. Where two cells are as high as each other to within what the crop's 8 bits move the maps, the peak
    may fall in the other one: 2 of 272 landmarks here with the weights of the parity fixtures, 3 with seeded ones."""
    whole_pixels = detector.config.decode.image_rounding == "truncate"
    same = []
    for name, box in boxes(image).items():
        want = official[name]
        windows = detector.windows(box)
        maps = detector.infer(detector.crop(image, windows))[0][0]
        assert np.abs(maps - want["maps"]).max() < 0.005 * np.ptp(want["maps"]), name
        found = detector(image, box)
        assert found.points.shape == (1, 68, 2)
        there = np.isfinite(found.points[0, :, 0])
        assert (there == (whole_pixels | (want["scores"] > 0))).all()
        apart = np.abs(found.points[0] - want["points"])[there].max(axis=1)
        cell = 4 / windows[0, 0, 0]  # in image pixels
        same.extend(apart <= (0 if whole_pixels else 0.1 * cell))
    assert len(same) >= 200
    assert np.mean(same) > 0.97, np.mean(same)


def test_crops_of_face_alignment_itself(shared: Path) -> None:
    """Crops that its own code made."""
    z = np.load(shared / "parity" / "crops.npz")
    config = read_config(ZOO / "fan1.toml")
    config = dataclasses.replace(config, crop=dataclasses.replace(config.crop, box="landmarks"))
    detector = flmcore.load_detector(config, module=torch.nn.Conv2d(3, 68, 4, stride=4))
    made = detector.crop(z["image"], detector.windows(z["boxes"])) * 255
    assert np.abs(made.transpose(0, 2, 3, 1) - z["fan"]).max() <= 1


def test_subpixel_variant_moves_with_its_window(image: np.ndarray) -> None:
    """Neither its crop nor its landmarks know whole pixels: a window moved by a tenth of a pixel moves the crop."""
    config = read_config(ZOO / "fan4-subpixel.toml")
    config = dataclasses.replace(config, crop=dataclasses.replace(config.crop, box="landmarks"))
    module = torch.nn.Conv2d(3, 68, 4, stride=4)
    detector = flmcore.load_detector(config, module=module, threads=1)
    x0, y0, x1, y1 = boxes(image)["inside"]
    windows = detector.windows([[x0, y0, x1, y1], [x0 + 0.1, y0, x1 + 0.1, y1]])
    crops = detector.crop(image, windows)
    assert 0 < np.abs(crops[1] - crops[0]).max() < 0.2
    found = detector.detect(image, windows).points
    assert (found != np.trunc(found)).any()
    # A cell's middle, in the image, is the middle of the pixels that the cell's part of the crop shows.
    back = flmcore.invert_affine(windows[:1])
    middle = flmcore.transform_points(np.array([[[127.5, 127.5]]]), back)[0, 0]
    np.testing.assert_allclose(middle + 0.5, [(x0 + x1) / 2, (y0 + y1) / 2 - 0.12 * (y1 - y0)], atol=1e-9)


class Brightness(torch.nn.Module):  # type: ignore[misc, name-defined]
    """A network that marks what it sees: each cell's brightness, for every landmark."""

    def forward(self, x: Any) -> Any:
        return torch.nn.functional.avg_pool2d(x.mean(1, keepdim=True), 4).expand(-1, 68, -1, -1)


@pytest.mark.parametrize("side", [60, 260])
def test_subpixel_variant_lies_where_the_picture_is(side: int) -> None:
    """And the published pipeline off by what docs/families.md says: (0.5 - 128 / h) pixels of the crop."""
    detectors = {}
    for name in ("fan4", "fan4-subpixel"):
        config = read_config(ZOO / f"{name}.toml")
        crop = dataclasses.replace(config.crop, box="landmarks")
        decode = dataclasses.replace(config.decode, flip="none")
        config = dataclasses.replace(config, crop=crop, decode=decode)
        detectors[name] = flmcore.load_detector(config, module=Brightness(), threads=1)
    rng = np.random.default_rng(side)
    yy, xx = np.mgrid[: 3 * side, : 3 * side]  # the window inside: beyond 0, cutting towards zero turns round
    errors: dict[str, list[np.ndarray]] = {name: [] for name in detectors}
    for _ in range(80):
        x, y = rng.uniform(1.2 * side, 1.8 * side, 2)
        spot = 250 * np.exp(-((xx - x) ** 2 + (yy - y) ** 2) / (2 * (side / 30) ** 2))
        image = np.repeat(spot.round().astype(np.uint8)[..., None], 3, axis=2)
        corner = side + rng.uniform(-3, 3, 2)
        for name, detector in detectors.items():
            errors[name].append(detector(image, [*corner, *(corner + side)]).points[0, 0] - [x, y])
    window = 400 / 195 * side
    mean = {name: np.mean(rows) * 256 / window for name, rows in errors.items()}
    # 160 errors, uniform over half a cell and a pixel: their mean within 0.05 or so.
    assert abs(mean["fan4-subpixel"]) < 0.2, mean
    assert abs(mean["fan4-subpixel"] - mean["fan4"] - (0.5 - 128 / window)) < 0.2, mean
