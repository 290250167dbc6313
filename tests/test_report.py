"""The table fits its width and says what a reader must know; the figures are whole pictures."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flmcore
from evaluated import BOX, KnownDetector, noise_image
from flmcore.errors import MissingExtraError
from flmcore.evaluation import Results
from flmcore.report.figures import overlay_names
from flmcore.report.footnotes import licence_marks, no_commercial_use


def compare(*detectors: KnownDetector, images: int = 6, **options: Any) -> Results:
    boxes = [[[v + number for v in BOX]] for number in range(images)]
    pictures = [noise_image(number) for number in range(images)]
    options = {"frames": 16, "speed": False} | options
    return flmcore.evaluate(pictures, list(detectors), boxes=boxes, **options)


@pytest.fixture(scope="module")
def results() -> Results:
    first = KnownDetector("a-detector-of-a-long-name", sigma=0.2, grid=1.0)
    first.licence = "trained on pictures for research: no commercial use"
    return compare(first, KnownDetector("five", scheme="five-5", sigma=0.1), speed=True)


@pytest.mark.parametrize("width", [40, 60, 80, 91, 92, 100, 140])
def test_table_fits_its_width(results: Results, width: int) -> None:
    lines = results.table(width).splitlines()
    assert max(map(len, lines)) <= width
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize("width", [60, 100, 140])
def test_table_has_every_number_whole(results: Results, width: int) -> None:
    table = results.table(width)
    for row in results.summary:
        jitter = row["jitter"]
        assert f"{jitter['mean']:.2f} [{jitter['low']:.2f}, {jitter['high']:.2f}]" in table
        assert f"{row['gain']['mean']:.3f}" in table
        assert row["detector"] in table
        assert row["scheme"] in table


def test_footnotes_say_what_matters(results: Results) -> None:
    text = " ".join(results.table(200).split())
    assert "Sweep shift" in text
    assert "Mean over 6 images; [ ]: 95 % bootstrap interval" in text
    assert "rounding alone makes a still face jitter" in text
    assert "! (a) trained on pictures for research: no commercial use" in text
    assert "landmarks of five-5" in text
    assert "at least 20 repeats" in text or "repeats" in text


def test_table_of_few_images_says_why_there_is_no_interval() -> None:
    table = " ".join(compare(KnownDetector(sigma=0.1), images=2).table().split())
    assert "no intervals (2 images: an interval needs at least 5)" in table
    assert "[" not in table.split("Sweep")[0]


def test_table_of_nothing_says_so() -> None:
    table = compare(KnownDetector(undefined=tuple(range(68)))).table()
    assert "! Nothing could be measured." in table


def test_licences() -> None:
    for text in (
        "CC BY-NC 4.0",
        "non-commercial",
        "trained on iBUG 300-W: no commercial use",
        "no licence stated",
    ):
        assert no_commercial_use(text)
    for text in ("MIT", "Apache-2.0", "weights BSD-2-Clause"):
        assert not no_commercial_use(text)
    long = "a licence that does not fit the column"
    rows = [{"detector": name, "licence": text} for name, text in (("x", "MIT"), ("y", long), ("z", long))]
    assert licence_marks(rows) == {"x": "MIT", "y": "(a)", "z": "(a)"}


def test_figures_are_drawn(results: Results, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from PIL import Image

    overlays = {name: results.overlays[name] for name in ("array-0", "array-1")}  # each takes a second
    files = Results(results.data, overlays).report(tmp_path)
    drawn = sorted(path.name for path in files if path.suffix == ".png")
    assert drawn == [
        "error_shift.png",
        "jitter_groups.png",
        "jitter_landmarks.png",
        *(f"overlay_array-{i}.png" for i in range(2)),
        "ranks.png",
    ]
    for path in files:
        assert path.stat().st_size > 0
    for name in drawn:
        with Image.open(tmp_path / name) as picture:
            picture.load()
            assert min(picture.size) >= 350
    first = (tmp_path / "overlay_array-0.png").read_bytes()
    again = tmp_path / "again"
    read = Results.from_json(tmp_path / "results.json")
    read.overlays = {"array-0": read.overlays["array-0"]}
    read.report(again)
    assert (again / "overlay_array-0.png").read_bytes() == first


def test_figures_draw_schemes_that_nobody_registered(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    unknown = compare(KnownDetector("mine", scheme="my-68", sigma=0.1, undefined=(3,)), images=1)
    assert len(unknown.report(tmp_path)) == 8


def test_overlay_shows_the_cloud_where_the_landmarks_are(results: Results) -> None:
    arrays = results.overlays["array-0"]
    cloud = arrays["cloud/a-detector-of-a-long-name"]
    assert cloud.shape == (16, 68, 2)
    shown = flmcore.transform_points(cloud.astype(np.float64), arrays["window"])
    assert shown.min() > 0
    assert shown.max() < 640
    assert arrays["picture"].shape == (640, 640, 3)


def test_without_matplotlib_the_rest_is_written(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'flmcore\[report\]'"):
        results.report(tmp_path)
    assert (tmp_path / "results.json").exists()
    assert (tmp_path / "results.csv").exists()


def test_overlay_files_never_share_a_name() -> None:
    names = overlay_names(["a/b.png", "a_b.png", "a b.jpg"])
    assert list(names) == ["overlay_a_b.png", "overlay_a_b_2.png", "overlay_a_b_3.png"]
