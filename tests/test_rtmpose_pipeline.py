"""The zoo's RTMPose configs from image and box to landmarks, beside MMPose's own steps written out."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import flmcore
from flmcore import schemes
from flmcore.data.images import read_image
from flmcore.detectors.base import Detector
from flmcore.errors import WeightsError
from onnx_export import export
from recorded import read_recorded
from reference import rtmpose_pipeline as official

torch = pytest.importorskip("torch")
cv2 = pytest.importorskip("cv2")

from flmcore.detectors.nets.rtmpose import RTMPose

SIZE = (256, 256)
FLIP = list(schemes.get("lapa-106").flip)


@dataclass(frozen=True)
class Face:
    """A face, the zoo's detector with weights, and what MMPose's steps make of them."""

    image: NDArray[np.uint8]
    box: list[float]
    network: Any
    detector: Detector
    bgr: NDArray[np.uint8]  # the official crop
    inputs: NDArray[np.float32]
    x: NDArray[np.float32]  # without mirroring
    points: NDArray[np.float64]  # in input pixels, NaN where undefined
    scores: NDArray[np.float64]


def drawn() -> tuple[NDArray[np.uint8], list[float], dict[str, Any]]:
    """No face, but edges of every direction, and a network that nobody trained."""
    coarse = np.random.default_rng(8).integers(0, 256, (14, 18, 3), dtype=np.uint8)
    image = cv2.resize(coarse, (360, 280), interpolation=cv2.INTER_CUBIC)
    torch.manual_seed(6)
    state = RTMPose(variant="t").state_dict()
    for name, tensor in state.items():
        if tensor.ndim > 1:  # torch's own are so small that every landmark would lie in one place
            spread = 1.4 * (1.8 if "final_conv" in name else 0.03 if name == "head.gau.o.weight" else 1)
            tensor.normal_(std=spread / tensor[0].numel() ** 0.5)
    return image, [71.3, 44.8, 252.6, 249.1], state


def recorded(shared: Path) -> tuple[NDArray[np.uint8], list[float], dict[str, Any]]:
    rows = json.loads((shared / "faces" / "faces.json").read_text())
    (row,) = [row for row in rows if row["image"] == "lapa_10773046825_0.jpg"]
    state = {name: torch.from_numpy(a) for name, a in read_recorded(shared, "rtmpose-t").state.items()}
    return read_image(shared / "faces" / row["image"]), row["bbox_tight"], state


@pytest.fixture(scope="module", params=["drawn", "lapa"])
def face(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Face:
    image, box, state = drawn() if request.param == "drawn" else recorded(request.getfixturevalue("shared"))
    weights = tmp_path_factory.mktemp("rtmpose") / "t.pth"
    torch.save(state, weights)
    network = RTMPose(variant="t").eval()
    network.load_state_dict(state, strict=True)

    def run(tensor: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        with torch.inference_mode():
            x, y = network(torch.from_numpy(tensor))
        return x.numpy(), y.numpy()

    bgr = official.crop(image, box, SIZE)
    inputs = official.normalise(bgr)
    points, scores = official.decode(*official.predict(run, inputs, FLIP))
    return Face(
        image,
        box,
        network,
        flmcore.load_detector("rtmpose-t", weights=weights, threads=1),
        bgr,
        inputs,
        run(inputs)[0],
        np.where(scores[:, None] > 0, points, np.nan),
        scores,
    )


def test_network_input_is_the_official_one(face: Face) -> None:
    inputs = face.detector.crop(face.image, face.detector.windows(face.box))
    grey = inputs * official.STD[:, None, None] + official.MEAN[:, None, None]
    off = np.abs(grey[0].transpose(1, 2, 0)[..., ::-1] - face.bgr)
    assert off.mean() < 0.3  # the official crop is in whole grey levels: a quarter on average
    # OpenCV 5 rounds and does no more, OpenCV 4 samples at steps of 1/32 pixel.
    assert off.max() < (0.51 if int(cv2.__version__.split(".")[0]) >= 5 else 8)


def test_landmarks_of_the_official_input_are_the_official_ones(face: Face) -> None:
    points, scores = face.detector.decode(face.detector.infer(face.inputs))
    np.testing.assert_array_equal(points[0], face.points)
    np.testing.assert_allclose(scores[0], face.scores, atol=1e-4)
    assert len(np.unique(face.points, axis=0)) > 50  # not one answer for all
    moved = face.detector.to_image(points, face.detector.windows(face.box))[0]
    expected = official.to_image(face.points, face.box, SIZE)
    np.testing.assert_allclose(moved, expected, atol=1e-3)  # MMPose's box is float32


def test_landmarks_of_image_and_box_are_the_official_ones(face: Face) -> None:
    """The crops differ by parts of a grey level, so landmarks are equal to the bin but for near ties, of which networks
    with random weights have some."""
    found = face.detector(face.image, face.box).points[0]
    expected = official.to_image(face.points, face.box, SIZE)
    same = np.isclose(found, expected, rtol=0, atol=1e-3, equal_nan=True).all(axis=1)
    assert same.mean() > 0.95, f"{same.sum()} of {len(same)}"


def test_mirroring_is_turned_off_in_one_line(face: Face, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('extends = "rtmpose-t"\nname = "mine"\ndecode = { flip = "none" }\n')
    detector = flmcore.load_detector(tmp_path / "mine.toml", module=RTMPose(variant="t"), threads=1)
    detector.backend = face.detector.backend
    np.testing.assert_allclose(detector.infer(face.inputs)[0], face.x, atol=1e-5)
    assert np.abs(face.detector.infer(face.inputs)[0] - face.x).max() > 0.1


def test_zipped_export_gives_the_same_landmarks(face: Face, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    outputs = ["simcc_x", "simcc_y"]
    bare = export(face.network, torch.from_numpy(face.inputs), tmp_path / "end2end.onnx", outputs=outputs)
    with zipfile.ZipFile(tmp_path / "sdk.zip", "w") as archive:
        archive.write(bare, "20230831/rtmpose_onnx/end2end.onnx")
        archive.writestr("20230831/rtmpose_onnx/detail.json", "{}")
    detector = flmcore.load_detector("rtmpose-t-onnx", weights=tmp_path / "sdk.zip", threads=1)
    x, _ = detector.infer(face.inputs)
    np.testing.assert_allclose(x, face.x, atol=5e-4)
    np.testing.assert_array_equal(x.argmax(-1), face.x.argmax(-1))
    windows = detector.windows(face.box)
    np.testing.assert_array_equal(windows, face.detector.windows(face.box))
    np.testing.assert_array_equal(detector.crop(face.image, windows), face.detector.crop(face.image, windows))


def test_weights_of_another_scheme_are_refused(tmp_path: Path) -> None:
    torch.save(RTMPose(98, SIZE, "t").state_dict(), tmp_path / "t.pth")
    with pytest.raises(WeightsError, match=r"t\.pth: expected .*head\.final_layer\.weight"):
        flmcore.load_detector("rtmpose-t", weights=tmp_path / "t.pth")
