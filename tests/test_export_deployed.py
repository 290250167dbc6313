"""Proof 1: the module that a converter is handed gives the plain detector's landmarks, in float32."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import flmcore
import tiny_models as tiny
from filled import filled_detector
from flmcore.data.images import read_image
from flmcore.detectors.base import Detector
from flmcore.detectors.config import parse_config
from flmcore.errors import ExportError
from flmcore.export.deployed import deploy
from flmcore.ops.affine import snap_affine

torch = pytest.importorskip("torch")
torch.set_num_threads(1)
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")

# The graph normalises by the same multiplication and addition as the core, so the network sees the same bits. What is left
# is the order of sums within convolutions (24 bits, some hundred layers deep) and, for landmarks, the last
# multiplication in float32 instead of float64: 256 · 2^-24 = 1.5e-5 px. Measured here: at most 4e-6 px.
PIXELS = 1e-3
SHARE = 1e-5  # of an output's largest value


def picture(detector: Detector, image: NDArray[np.uint8], windows: NDArray[np.float64]) -> Any:
    """The crop as an app cuts it: grey levels, RGB, no normalisation."""
    crop = detector.config.crop
    if crop.snap == "fan":
        windows = snap_affine(windows, crop.size)
    made = flmcore.crop(
        image,
        windows,
        crop.size,
        interpolation=crop.interpolation,
        antialias=crop.antialias,
        clamp=crop.clamp,
        border=crop.border,
        border_value=crop.border_value,
    )
    return torch.from_numpy(made)


def noise_face() -> tuple[NDArray[np.uint8], list[float]]:
    image = np.random.default_rng(0).integers(0, 256, (300, 320, 3), dtype=np.uint8)
    return image, [60.3, 50.2, 210.9, 205.4]


def real_faces(shared: Path, count: int) -> list[tuple[NDArray[np.uint8], list[float]]]:
    known = json.loads((shared / "golden" / "boxes.json").read_text())
    faces = []
    for key, entry in list(known.items())[:count]:
        name = key.partition("#")[0]
        (file,) = [path for path in (shared / "faces").rglob("*") if path.name == name][:1]
        faces.append((read_image(file), entry["box"]))
    return faces


def check_equal(detector: Detector, image: NDArray[np.uint8], box: list[float]) -> float:
    """Outputs of the module and of the detector; the landmarks' largest difference in crop pixels."""
    windows = detector.windows(box)
    module = deploy(detector, decode="config")
    raw: list[Any] = []
    module.network.register_forward_hook(lambda _module, _inputs, outputs: raw.extend(outputs))
    with torch.no_grad():
        (points, *_) = module(picture(detector, image, windows))
    expected = detector.infer(detector.crop(image, windows))
    for ours, theirs in zip(raw, expected, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs, atol=SHARE * np.abs(theirs).max(), rtol=0)
    landmarks, _ = detector.decode(expected)
    defined = np.isfinite(landmarks[..., 0])
    assert defined.any()
    moves = np.linalg.norm(points.numpy() - landmarks, axis=-1)[defined]
    return float(moves.max())


@pytest.mark.parametrize("name", ["fan1", "rtmpose-t", "slpt-6", "simulated-r18"])
def test_every_family_equals_its_detector(name: str) -> None:
    """Weights by rule; FAN and RTMPose with their mirrored second pass."""
    assert check_equal(filled_detector(name), *noise_face()) < PIXELS


@pytest.mark.parametrize("name", ["facemesh-468", "pfld-106-torch"])
def test_trained_networks_equal_their_detectors_on_real_faces(name: str, shared: Path) -> None:
    detector = flmcore.load_detector(name, threads=1)
    for image, box in real_faces(shared, 6):
        assert check_equal(detector, image, box) < PIXELS


class Spots(torch.nn.Module):
    """A map and a score of each of five colours' mixtures, at half the crop's size."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.conv = torch.nn.Conv2d(3, 5, 5, stride=2, padding=2)

    def forward(self, x: Any) -> Any:
        if x.shape[1] != 3:
            x = x.permute(0, 3, 1, 2)
        maps = self.conv(x)
        return {"maps": maps, "sure": maps.amax(dim=(2, 3))}


def spots(decode: dict[str, Any], *, module: Any = None, **tables: Any) -> Detector:
    table = {
        "name": "spots",
        "scheme": "five-5",
        "licence": "none",
        "model": {"backend": "torch"},
        "crop": {"size": [32, 24]},
        "decode": decode,
        **tables,
    }
    return flmcore.load_detector(parse_config(table), module=module or Spots(), threads=1)


INPUTS = [
    {"mean": [10, 20, 30], "std": [50, 60, 70]},
    {"mean": [10, 20, 30], "std": [50, 60, 70], "channels": "bgr"},
    {"mean": 127.5, "std": 128, "channels": "bgr"},
    {"std": [255, 250, 245], "layout": "nhwc"},
    {},
]


@pytest.mark.parametrize("normalisation", INPUTS, ids=str)
def test_normalisation_in_the_graph_and_in_the_converters_input(normalisation: dict[str, Any]) -> None:
    detector = spots(
        {"kind": "heatmap", "options": {"threshold": -1e30}},
        input=normalisation,
        output={"landmarks": "maps", "scores": "sure"},
    )
    image, box = noise_face()
    windows = detector.windows(box)
    pixels = picture(detector, image, windows)
    expected = detector.infer(detector.crop(image, windows))
    whole, rest = deploy(detector), deploy(detector, normalise=False)
    ordered = pixels if rest.image_channels == "rgb" else pixels.flip(1)
    given = ordered * rest.image_scale + torch.tensor(rest.image_bias)[None, :, None, None]
    for outputs in (whole(pixels), rest(given)):
        for ours, theirs in zip(outputs, expected, strict=True):
            np.testing.assert_allclose(ours.numpy(), theirs, atol=SHARE * np.abs(theirs).max())
    assert whole.output_names == ("heatmaps", "scores")
    assert whole.output_shapes == ((1, 5, 12, 16), (1, 5))
    std = np.array(detector.config.input.std)
    assert rest.image_scale == (1 / std[0] if (std == std[0]).all() else 1)


@pytest.mark.parametrize("flip", ["sum", "mean"])
@pytest.mark.parametrize("batch", [None, 1])
def test_the_mirrored_pass_is_in_the_graph_unless_it_is_not_wanted(flip: str, batch: int | None) -> None:
    kind = {"kind": "heatmap", "flip": flip, "options": {"threshold": -1e30}}
    model = {"backend": "torch"} | ({} if batch is None else {"batch": batch})
    detector = spots(kind, output={"landmarks": "maps", "scores": "sure"}, model=model)
    image, box = noise_face()
    windows = np.concatenate([detector.windows(box), detector.windows([20.0, 30.0, 90.0, 99.0])])
    pixels = picture(detector, image, windows)
    both, plain = deploy(detector), deploy(detector, flip=False)
    assert (both.flip, plain.flip) == (flip, "none")
    runs = [both(p[None]) for p in pixels] if batch == 1 else [both(pixels)]
    ours = [np.concatenate([value.numpy() for value in group]) for group in zip(*runs, strict=True)]
    for got, theirs in zip(ours, detector.infer(detector.crop(image, windows)), strict=True):
        np.testing.assert_allclose(got, theirs, atol=SHARE * np.abs(theirs).max())
    (maps, _) = plain(pixels)
    assert np.abs(maps.numpy() - ours[0]).max() > 0.1


def test_a_torchscript_file(tmp_path: Path) -> None:
    network = tiny.centroid_module().eval().requires_grad_(False)
    torch.jit.trace(network, torch.zeros(1, 3, tiny.SIDE, tiny.SIDE)).save(tmp_path / "tiny.pt")
    file = tiny.write_config(tmp_path, "torchscript", "tiny.pt", "[output]\nlandmarks = 1\n" + tiny.CENTROID)
    detector = flmcore.load_detector(file, threads=1)
    image = tiny.spots_image([(30, 20), (41, 33), (36, 28)])
    assert check_equal(detector, image, [20.0, 15.0, 55.0, 45.0]) < 1e-4


def test_the_copy_can_be_changed_without_the_detector() -> None:
    detector = spots({"kind": "heatmap"}, output={"landmarks": "maps"})
    image, box = noise_face()
    before = detector(image, box).points
    with torch.no_grad():
        for parameter in deploy(detector).parameters():
            parameter.zero_()
    np.testing.assert_array_equal(detector(image, box).points, before)


def test_names_of_ones_own_and_clashes() -> None:
    detector = spots({"kind": "heatmap"}, output={"landmarks": "maps", "scores": "sure"})
    assert deploy(detector, output_names=["a", "b_2"]).output_names == ("a", "b_2")
    for names, message in (
        (["a", "a"], "expected each once, got 'a', which is another output's too"),
        (["image", "b"], "expected each once, got 'image', which is the input's too"),
        (["a"], "expected 2, in place of heatmaps, scores, got 1: a"),
        (["a", "b c"], "expected letters, digits and underscores, no digit first, got 'b c'"),
    ):
        with pytest.raises(ExportError, match=f"^output names: {message}$"):
            deploy(detector, output_names=names)


def test_onnx_has_no_module_to_export(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    tiny.centroid_onnx(tmp_path / "tiny.onnx")
    file = tiny.write_config(
        tmp_path, "onnx", "tiny.onnx", '[output]\nlandmarks = "points"\n' + tiny.CENTROID
    )
    with pytest.raises(ExportError, match=r"^tiny: expected .* got onnx: onnx models hold no PyTorch module"):
        deploy(flmcore.load_detector(file, threads=1))


def test_dlib_is_refused_with_the_reason() -> None:
    pytest.importorskip("dlib")
    try:
        detector = flmcore.load_detector("dlib-5", threads=1)
    except flmcore.errors.FlmcoreError as error:  # type: ignore[attr-defined]
        pytest.skip(str(error))
    with pytest.raises(ExportError, match=r"^dlib-5: .* got dlib: regression trees are no network"):
        deploy(detector)


class Growing(torch.nn.Module):
    """As many cells as there are grey levels above the mean: none of a fixed shape."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows = 4 + int((x[0, 0, 0] > 0).sum())
        return torch.zeros(x.shape[0], 5, rows, 6) + x.mean()


def test_sizes_that_depend_on_the_picture_are_refused() -> None:
    decode = {"kind": "heatmap", "options": {"threshold": -1e30}}
    for module in (Growing(), torch.jit.script(Growing())):
        detector = spots(decode, module=module)
        with pytest.raises(
            ExportError, match=r"^spots: expected outputs of fixed shapes, got \[\(1, 5, 4, 6\)\]"
        ):
            deploy(detector)
