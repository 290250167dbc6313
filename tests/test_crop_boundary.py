"""What crop refuses and how; memory it may use; threads. Comparison with Pillow, OpenCV and published crops."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import flmcore

IMAGE = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
AFFINES = flmcore.box_affine(
    [(5, 6, 45, 50), (-20, 10, 30, 70), (30, 30, 90, 75)], (48, 40), rotation=[0, 20, -75]
)
SIZE = (48, 40)


def smooth(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    waves = [128 + 90 * np.sin(x / (5 + c)) * np.cos(y / (7 - c)) + 30 * np.sin(x * y / 90) for c in range(3)]
    return np.clip(np.stack(waves, axis=2), 0, 255).astype(np.uint8)


NAN = np.array([[1, 0, 0], [0, 1, np.nan]])
SINGULAR = np.array([[1, 2, 0], [2, 4, 0]])
EYE = np.eye(2, 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"affines": [EYE, NAN]}, r"affines: expected finite .* at index 1$"),
        ({"affines": [EYE, EYE, SINGULAR]}, r"affines: expected .* at index 2$"),
        ({"affines": [np.full((2, 3), np.inf)]}, r"affines: expected .* at index 0$"),
        ({"affines": [EYE, [[1e-3, 0, 1e307], [0, 1, 0]]]}, r"affines: expected .* at index 1$"),
        ({"affines": np.zeros((2, 6))}, r"affines: expected shape \(N, 2, 3\) or \(2, 3\), got \(2, 6\)"),
        ({"size": 0}, "size: expected width and height from 1"),
        ({"size": (8, 8, 8)}, "size: expected"),
        ({"image": IMAGE[:0]}, r"image: expected shape .* not empty, got shape \(0, 80, 3\)"),
        ({"image": IMAGE[None]}, r"image: expected shape"),
        ({"image": IMAGE[..., :2]}, r"image: expected shape"),
        ({"image": [IMAGE, IMAGE[0, 0]]}, r"image\[1\]: expected shape"),
        ({"image": [IMAGE] * 3}, "image: expected one image, or a list of 2, one per affine, got 3 images"),
        ({"image": []}, "got 0 images"),
        ({"border": "wrap"}, "border: expected one of constant, replicate, reflect"),
        ({"border_value": 256}, "border_value: expected grey levels from 0 to 255"),
        ({"border_value": (1, 2)}, "border_value: expected one finite number or three"),
        ({"interpolation": "cubic"}, "interpolation: expected one of nearest, bilinear, got 'cubic'"),
        ({"clamp": True, "antialias": True}, "clamp: expected False with antialias"),
        ({"clamp": True, "interpolation": "nearest"}, "clamp: expected False with nearest"),
        ({"interpolation": "nearest", "antialias": True}, "antialias: expected False"),
        ({"channels": "gbr"}, "channels: expected one of rgb, bgr, got 'gbr'"),
        ({"mean": np.nan}, "mean: expected one finite number or three"),
        ({"std": 0}, "mean, std: expected std above 0"),
        ({"std": (1, -1, 1)}, "mean, std: expected std above 0"),
        ({"mean": 1e300, "std": 1e-5}, "mean, std: expected"),
        ({"dtype": "float64"}, "dtype: expected float32 or uint8"),
        ({"dtype": "nonsense"}, "dtype: expected float32 or uint8"),
        ({"dtype": "uint8", "mean": 3}, "mean, std: expected 0 and 1 with dtype uint8"),
        ({"threads": 0}, "threads: expected"),
        ({"out": np.empty((2, 3, 8, 9), np.float32)}, r"out: expected .* shape \(2, 3, 8, 8\)"),
        ({"out": np.empty((2, 3, 8, 16), np.float32)[..., ::2]}, "not C-contiguous"),
    ],
)
def test_wrong_values_are_named(change: dict, message: str) -> None:
    arguments = {"image": IMAGE, "affines": [EYE, EYE], "size": 8, **change}
    with pytest.raises(ValueError, match=message) as error:
        flmcore.crop(arguments.pop("image"), arguments.pop("affines"), arguments.pop("size"), **arguments)
    assert not str(error.value).endswith(".")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image": IMAGE.astype(np.float32)}, "image: expected a uint8 array, got an array of float32"),
        ({"image": [IMAGE, None]}, r"image\[1\]: expected a uint8 array, got NoneType"),
        ({"image": "face.jpg"}, "image: expected a uint8 array or a list of them, got str"),
        ({"out": np.empty((2, 3, 8, 8))}, "out: expected a float32 array, got an array of float64"),
        ({"out": [1]}, "out: expected a float32 array, got list"),
        ({"threads": "two"}, "threads: expected"),
    ],
)
def test_wrong_kinds_are_named(change: dict, message: str) -> None:
    arguments = {"image": IMAGE, "affines": [EYE, EYE], "size": 8, **change}
    with pytest.raises(TypeError, match=message):
        flmcore.crop(arguments.pop("image"), arguments.pop("affines"), arguments.pop("size"), **arguments)


def test_out_is_filled_and_returned() -> None:
    fresh = flmcore.crop(IMAGE, AFFINES, SIZE)
    out = np.full_like(fresh, np.nan)
    assert flmcore.crop(IMAGE, AFFINES, SIZE, out=out) is out
    np.testing.assert_array_equal(out, fresh)
    pixels = np.empty((3, 40, 48, 3), np.uint8)
    assert flmcore.crop(IMAGE, AFFINES, SIZE, dtype="uint8", out=pixels) is pixels
    np.testing.assert_array_equal(pixels, flmcore.crop(IMAGE, AFFINES, SIZE, dtype=np.uint8))
    with pytest.raises(ValueError, match="memory of its own"):
        flmcore.crop(pixels[0], AFFINES, SIZE, dtype="uint8", out=pixels)
    out.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        flmcore.crop(IMAGE, AFFINES, SIZE, out=out)


def test_unaligned_out_of_streaming_size() -> None:
    affines = flmcore.box_affine([(5, 6, 45, 50)] * 30, 256)  # 23 MB: written past the caches
    size = 30 * 3 * 256 * 256
    memory = np.empty(size * 4 + 16, np.uint8)
    for shift in (0, 4):
        out = memory[shift : shift + size * 4].view(np.float32).reshape(30, 3, 256, 256)
        flmcore.crop(IMAGE, affines, 256, out=out)
        np.testing.assert_array_equal(out[7], flmcore.crop(IMAGE, affines[7], 256)[0])


def test_no_windows_and_one_window() -> None:
    assert flmcore.crop(IMAGE, np.empty((0, 2, 3)), 8).shape == (0, 3, 8, 8)
    assert flmcore.crop([], np.empty((0, 2, 3)), 8, dtype="uint8").shape == (0, 8, 8, 3)
    assert flmcore.crop(IMAGE, EYE, (8, 5)).shape == (1, 3, 5, 8)
    np.testing.assert_array_equal(flmcore.crop(IMAGE, EYE, (80, 60), dtype="uint8")[0], IMAGE)


@pytest.mark.parametrize(
    "options", [{}, {"antialias": True}, {"interpolation": "nearest"}, {"dtype": "uint8"}]
)
def test_any_number_of_threads_gives_the_same_bytes(options: dict) -> None:
    affines = np.concatenate([AFFINES] * 4)
    one = flmcore.crop(IMAGE, affines, (256, 200), threads=1, **options)
    for threads in (2, 3, 7, None):
        many = flmcore.crop(IMAGE, affines, (256, 200), threads=threads, **options)
        np.testing.assert_array_equal(many, one)


def test_concurrent_calls() -> None:
    wanted = flmcore.crop(IMAGE, AFFINES, (200, 160))
    wrong = []

    def work() -> None:
        wrong.extend(
            i for i in range(20) if not np.array_equal(flmcore.crop(IMAGE, AFFINES, (200, 160)), wanted)
        )

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


@pytest.mark.parametrize(
    ("box", "size"),
    [
        ((20, 15, 180, 145), (64, 52)),
        ((33.3, 31.7, 171.9, 130.2), (17, 90)),
        ((40, 40, 60.5, 70.25), (64, 64)),
        ((50, 45, 150, 95), (9, 5)),
    ],
)
def test_antialias_equals_pillow_inside_the_image(box: tuple, size: tuple) -> None:
    # Pillow rounds to 8 bits after each of its two passes: half a level, twice.
    for image in (smooth(160, 200), np.random.default_rng(1).integers(0, 256, (160, 200, 3), dtype=np.uint8)):
        wanted = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BILINEAR, box=box))
        a = flmcore.box_affine(box, size, rule="stretch")
        ours = flmcore.crop(image, a, size, antialias=True)[0].transpose(1, 2, 0)
        assert np.abs(ours - wanted).max() <= 1.01


def test_antialias_does_not_depend_on_rotation() -> None:
    # A quarter turn of the window is a quarter turn of the crop, filter included.
    image = smooth(150, 150)
    a = flmcore.box_affine((30, 40, 110, 120), 32, rotation=[0, 90])
    straight, turned = flmcore.crop(image, a, 32, antialias=True)
    np.testing.assert_allclose(np.rot90(straight, axes=(1, 2)), turned, rtol=0, atol=1e-3)


@pytest.mark.parametrize(
    ("key", "options"),
    [
        ("fan", {"rule": "fan-window"}),
        ("slpt", {"rule": "slpt"}),
        ("mm_rot0", {"rule": "rtmpose"}),
        ("mm_rot30", {"rule": "rtmpose", "rotation": 30.0}),
    ],
)
def test_published_crops(shared: Path, key: str, options: dict) -> None:
    data = np.load(shared / "parity" / "crops.npz")
    affines = flmcore.box_affine(data["boxes"], 256, **options)
    ours = flmcore.crop(data["image"], affines, 256, clamp=key == "fan")
    off = np.abs(ours.transpose(0, 2, 3, 1) - data[key])
    # The manifest grants 1 level in the mean and "a few"; against OpenCV 5 what is left is its rounding to 8 bits
    # (0.5), in cv2.resize after weights of 11 bits too. FAN cuts its window out before it resizes: clamp.
    assert off.mean() <= 0.25
    assert off.max() <= (0.8 if key == "fan" else 0.51)
