"""A folder of drawn faces: what it holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from drawn_folders import IMAGES, SHARD, SMALL, begin, contents, draw_whole
from flmcore.cli import main
from flmcore.data.images import read_image
from flmcore.data.truth import is_dataset, read_dataset
from flmcore.simulate.folder import simulate_folder
from flmcore.simulate.parts import CLASSES


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_whole(tmp_path_factory.mktemp("drawn") / "whole")


def test_exact_landmarks_are_read_back(whole: Path) -> None:
    data = read_dataset(whole)
    assert is_dataset(whole)
    assert (data.format, data.scheme, len(data.faces), len(data.paths)) == (
        "simulated",
        "300w-68",
        IMAGES,
        IMAGES,
    )
    assert not data.missing
    for index in (0, 5, IMAGES - 1):
        face, drawn = data.faces[index], SMALL[index]
        assert face.image == f"{index:06d}.png"
        np.testing.assert_array_equal(face.points, drawn.landmarks["300w-68"])
        np.testing.assert_array_equal(face.visible, drawn.visible["300w-68"])
        np.testing.assert_allclose(face.box, face.tight_box, atol=1e-4)
        np.testing.assert_array_equal(read_image(data.paths[face.image]), drawn.image)


def test_facesynthetics_files_hold_the_same(whole: Path) -> None:
    exact, published = read_dataset(whole), read_dataset(whole, "facesynthetics")
    assert (published.scheme, len(published.faces)) == ("facesynthetics-70", IMAGES)
    for ours, theirs in zip(exact.faces, published.faces, strict=True):
        np.testing.assert_array_equal(ours.points, theirs.points[:68])
    from PIL import Image

    with Image.open(whole / "000002_seg.png") as picture:
        segmentation = np.asarray(picture)
    np.testing.assert_array_equal(segmentation, SMALL[2].labels)
    assert set(np.unique(segmentation)) <= set(CLASSES.values())


@pytest.mark.parametrize("scheme", [name for name in SMALL[0].landmarks if name != "300w-68"])
def test_every_scheme_survives_as_json(whole: Path, tmp_path: Path, scheme: str) -> None:
    out = tmp_path / "truth.json"
    assert main(["convert", str(whole), str(out), "--from-scheme", scheme]) == 0
    exact, read = read_dataset(whole, scheme=scheme), read_dataset(out)
    assert (read.scheme, len(read.paths)) == (scheme, IMAGES)
    for one, other in zip(exact.faces, read.faces, strict=True):
        np.testing.assert_array_equal(one.points, other.points)
        np.testing.assert_array_equal(one.visible, other.visible)


def test_a_scheme_that_is_not_there_is_named(whole: Path) -> None:
    with pytest.raises(ValueError, match=r"expected one that drawn faces have \(300w-68, .*got 'wflw-98'"):
        read_dataset(whole, scheme="wflw-98")


def test_two_workers_write_the_same(whole: Path, tmp_path: Path) -> None:
    folder = begin(tmp_path / "two")
    simulate_folder(folder, IMAGES, SMALL, workers=2)
    assert contents(folder) == contents(whole)


def test_more_images_keep_the_first(whole: Path, tmp_path: Path) -> None:
    folder = begin(tmp_path / "grown", 5)
    simulate_folder(folder, 5, SMALL)
    before = (folder / "000003.png").stat().st_mtime_ns
    written = simulate_folder(folder, IMAGES, SMALL)
    assert (written.images, written.drawn) == (IMAGES, IMAGES - SHARD)
    assert (folder / "000003.png").stat().st_mtime_ns == before
    assert contents(folder) == contents(whole)
    assert simulate_folder(folder, IMAGES, SMALL).drawn == 0
