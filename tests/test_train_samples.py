"""What a training sees: order, windows, landmarks, what is left out; the same bytes in every process."""

from __future__ import annotations

import json
import pickle
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flmcore
from flmcore import schemes
from flmcore.errors import ConfigError, ImageError
from flmcore.train.batches import Batches, BatchMaker
from flmcore.train.config import read_train_config
from flmcore.train.faces import Face, cut_out, tight_box
from flmcore.train.plan import Plan
from flmcore.train.sample import plain_sample, random_sample
from flmcore.train.schema import AugmentConfig, OptimiseConfig
from flmcore.train.sources import open_source
from flmcore.train.windows import random_window
from toy_faces import toy_face, write_config, write_folder

STILL = AugmentConfig(
    **{
        name: 0.0
        for name in AugmentConfig.__dataclass_fields__  # nothing is changed
    }
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("train")
    write_folder(place / "faces", 10)
    return place


def config_in(folder: Path, **parts: Any) -> Any:
    return read_train_config(write_config(folder, **parts))


def source_of(config: Any, notes: list[str] | None = None) -> Any:
    return open_source(config, config.data[0], 0, [].append if notes is None else notes.append)


def face_of(index: int, size: int = 64) -> Face:
    pixels, points = toy_face(index, size)
    box = tight_box(points[:68])
    assert box is not None
    return Face(pixels, points[:68], box)


def test_every_face_comes_before_any_comes_again() -> None:
    plan = Plan([10], None, OptimiseConfig(batch=4), seed=3)
    assert (plan.steps, plan.samples) == (2, 8)  # the nearest whole number of batches
    seen = [number for epoch in range(5) for step in range(2) for _, number in plan.of_batch(epoch, step)]
    for turn in range(4):
        assert sorted(seen[10 * turn : 10 * turn + 10]) == list(range(10))
    assert seen[:10] != seen[10:20]
    again = Plan([10], None, OptimiseConfig(batch=4), seed=3)
    assert again.of_batch(4, 1) == plan.of_batch(4, 1)
    assert Plan([10], None, OptimiseConfig(batch=4), seed=4).of_batch(0, 0) != plan.of_batch(0, 0)


def test_sources_share_an_epoch_by_weight_and_streams_never_repeat() -> None:
    plan = Plan([3, None], [1.0, 3.0], OptimiseConfig(batch=8, epoch_samples=16), seed=0)
    drawn = [pair for epoch in range(3) for step in range(plan.steps) for pair in plan.of_batch(epoch, step)]
    assert Counter(source for source, _ in drawn) == {0: 12, 1: 36}
    assert [number for source, number in drawn if source == 1] == list(range(36))
    assert Counter(number for source, number in drawn if source == 0) == {0: 4, 1: 4, 2: 4}


def test_sources_without_weights_share_by_their_faces() -> None:
    assert Plan([30, 10], None, OptimiseConfig(batch=4), seed=0).counts == [30, 10]
    with pytest.raises(ConfigError, match="expected epochs in which every source has a sample"):
        Plan([1000, 1], None, OptimiseConfig(batch=4, epoch_samples=8), seed=0)


def test_one_face_fills_a_batch() -> None:
    plan = Plan([1], None, OptimiseConfig(batch=8), seed=0)
    assert plan.steps == 1
    assert plan.of_batch(5, 0) == [(0, 0)] * 8


def test_landmarks_follow_the_window(folder: Path) -> None:
    """Pixels that only the landmarks' places are marked with are found where the targets say."""
    config = replace(
        config_in(folder), augment=replace(STILL, flip=0.5, shift=0.08, scale=0.1, rotation=20.0)
    )
    points = face_of(0).points
    flip, mirrored = schemes.get("300w-68").flip, 0
    for index in range(8):
        landmark = 8 * index + 3
        x, y = np.rint(points[landmark]).astype(int)
        image = np.zeros((64, 64, 3), np.uint8)
        image[y - 1 : y + 2, x - 1 : x + 2] = 255
        moved = points + np.array([x, y]) - points[landmark]
        box = tight_box(moved)
        assert box is not None
        _, flipped = random_window(box, config.crop, config.augment, np.random.default_rng(index))
        crop, targets = random_sample(Face(image, moved, box), config, np.random.default_rng(index))
        rows, columns = np.nonzero(crop[..., 0] > 127)
        found = np.array([columns.mean(), rows.mean()])
        place = flip[landmark] if flipped else landmark
        np.testing.assert_allclose(targets[place] * 48 - 0.5, found, atol=0.6)
        mirrored += flipped
    assert 0 < mirrored < 8


def test_nothing_changed_is_the_detectors_crop(folder: Path) -> None:
    config = replace(config_in(folder), augment=STILL)
    face = face_of(1)
    crop, targets = random_sample(face, config, np.random.default_rng(0))
    same, affine = plain_sample(face, config)
    expected = flmcore.crop(
        face.image, flmcore.box_affine(face.box, 48, scale=config.crop.scale), 48, dtype="uint8"
    )
    np.testing.assert_array_equal(crop, expected[0])
    np.testing.assert_array_equal(same, expected[0])
    np.testing.assert_allclose(targets * 48 - 0.5, flmcore.transform_points(face.points, affine), atol=1e-4)


def test_same_seed_same_bytes_and_every_change_happens(folder: Path) -> None:
    config, face = config_in(folder), face_of(2)
    first = [random_sample(face, config, np.random.default_rng([5, n])) for n in range(40)]
    second = [random_sample(face, config, np.random.default_rng([5, n])) for n in range(40)]
    for (crop, targets), (other, same) in zip(first, second, strict=True):
        assert crop.shape == (48, 48, 3)
        assert crop.dtype == np.uint8
        np.testing.assert_array_equal(crop, other)
        np.testing.assert_array_equal(targets, same)
    assert len({crop.tobytes() for crop, _ in first}) == 40
    still = replace(config, augment=STILL)
    plain, _ = random_sample(face, still, np.random.default_rng(0))
    for name in ("brightness", "contrast", "gamma", "cast", "saturation"):
        changed = replace(still, augment=replace(STILL, **{name: 0.5}))
        assert (random_sample(face, changed, np.random.default_rng(0))[0] != plain).any(), name
    for name in ("grey", "shading", "blur", "motion", "rescale", "noise", "jpeg", "patch"):
        changed = replace(still, augment=replace(STILL, **{name: 1.0}))
        assert (random_sample(face, changed, np.random.default_rng(0))[0] != plain).any(), name
    grey = replace(still, augment=replace(STILL, grey=1.0))
    crop, _ = random_sample(face, grey, np.random.default_rng(0))
    np.testing.assert_array_equal(crop[..., 0], crop[..., 2])


def test_undefined_and_outside_landmarks_stay_so(folder: Path) -> None:
    config, face = config_in(folder), face_of(3)
    points = face.points.copy()
    points[3] = np.nan
    points[5] = (-500.0, 30.0)
    flips = schemes.get("300w-68").flip
    for index in range(6):
        rng = np.random.default_rng(index)
        _, flipped = random_window(face.box, config.crop, config.augment, np.random.default_rng(index))
        _, targets = random_sample(Face(face.image, points, face.box), config, rng)
        gone = flips[3] if flipped else 3
        assert np.isnan(targets[gone]).all()
        assert np.isfinite(np.delete(targets, gone, axis=0)).all()
        outside = targets[flips[5] if flipped else 5]
        assert not ((outside > 0) & (outside < 1)).all()


@pytest.mark.parametrize("size", [64, 300, 1200])
def test_what_is_cut_out_shows_what_the_image_shows(folder: Path, size: int) -> None:
    config = config_in(folder, augment="shift = 0.1\nrotation = 20.0")
    config = replace(config, augment=replace(STILL, shift=0.1, scale=0.1, rotation=30.0, flip=0.5))
    whole = face_of(4, size)
    exact = cut_out(whole.image, whole.points, whole.box, config.crop, config.augment, exact=True)
    kept = cut_out(whole.image, whole.points, whole.box, config.crop, config.augment)
    assert kept.image.nbytes <= 3 * 160**2
    for index in range(10):
        wanted, targets = random_sample(whole, config, np.random.default_rng(index))
        crop, points = random_sample(exact, config, np.random.default_rng(index))
        np.testing.assert_array_equal(crop, wanted)
        np.testing.assert_allclose(points, targets, atol=1e-5)
        crop, points = random_sample(kept, config, np.random.default_rng(index))
        np.testing.assert_allclose(points, targets, atol=1e-4)
        assert np.abs(crop.astype(float) - wanted).mean() < (6 if size > 64 else 0.1)


def test_processes_make_the_same_batches(folder: Path) -> None:
    config = config_in(folder)
    source = source_of(config)
    maker = BatchMaker(
        config, Plan([source.length], None, replace(config.optimise, epoch_samples=24), 0), [source]
    )
    expected = [maker.make(2, step) for step in (1, 2)]
    for workers in (0, 2):
        batches = Batches(maker, workers)
        try:
            found = list(batches.of_epoch(2, 1))
        finally:
            batches.close()
        assert len(found) == 2
        for batch, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(batch.crops, other.crops)
            np.testing.assert_array_equal(batch.targets, other.targets)


def test_kept_images_are_the_same_faces(folder: Path) -> None:
    config = config_in(folder)
    lazy, kept = source_of(config), source_of(config)
    used = kept.keep(10**9)
    assert used == sum(kept.face(n).image.nbytes for n in range(10))
    assert source_of(config).keep(1) == lazy.face(0).image.nbytes  # the first fills the room
    np.testing.assert_array_equal(lazy.face(7).image, kept.face(7).image)
    assert kept.face(7) is kept.face(7)


def test_first_takes_that_many(folder: Path) -> None:
    assert source_of(config_in(folder, data="first = 4")).length == 4


def test_other_schemes_are_remapped_and_what_they_lack_is_undefined(tmp_path: Path) -> None:
    from PIL import Image

    pixels, points = toy_face(0)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    rows = [{"image": "a.png", "scheme": "300w-51", "landmarks": points[17:68].tolist()}]
    (tmp_path / "faces.json").write_text(json.dumps(rows))
    config = read_train_config(write_config(tmp_path), ['data.0.path="faces.json"'])
    face = source_of(config).face(0)
    assert np.isnan(face.points[:17]).all()
    assert np.isfinite(face.points[17:]).all()
    assert (face.box[2:] - face.box[:2] < 64).all()  # around the 51, the only ones there are


def test_what_cannot_be_used_is_said_and_left_out(tmp_path: Path) -> None:
    from PIL import Image

    pixels, points = toy_face(0)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    good, same = points[:68].tolist(), [[5.0, 5.0]] * 68
    far = [*good[:67], [1e300, -1e9]]
    rows = [
        {"image": image, "scheme": "300w-68", "landmarks": landmarks}
        for image, landmarks in (
            ("a.png", good),
            ("gone.png", good),
            ("a.png", [None] * 68),
            ("a.png", same),
            ("a.png", far),
        )
    ]
    (tmp_path / "faces.json").write_text(json.dumps(rows))
    config = read_train_config(write_config(tmp_path), ['data.0.path="faces.json"'])
    notes: list[str] = []
    assert source_of(config, notes).length == 1
    assert notes == [
        "faces.json: 1 face left out: its image is not there (gone.png)",
        "faces.json: 1 face left out: no landmark is defined (a.png)",
        "faces.json: 1 face left out: there is no box with an area (a.png)",
        "faces.json: 1 face left out: its box goes beyond 1,000,000 pixels (a.png)",
    ]
    (tmp_path / "faces.json").write_text(json.dumps(rows[1:]))
    with pytest.raises(
        ConfigError, match=r"expected at least one face to train on, got 4 that cannot be used"
    ):
        source_of(config)


def test_empty_and_half_written_folders(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    with pytest.raises(
        ConfigError, match=r"expected a data set's file or folder, got .*faces', which is not there"
    ):
        source_of(config)
    (tmp_path / "faces").mkdir()
    with pytest.raises(ValueError, match="expected a folder with landmarks"):
        source_of(config)
    (tmp_path / "faces").rmdir()
    write_folder(tmp_path / "faces", 2)
    image = tmp_path / "faces" / "000001.png"
    image.write_bytes(image.read_bytes()[:200])
    with pytest.raises(ImageError, match=r"000001\.png"):
        source_of(config).keep(10**9)


def test_streams_draw_the_same_faces_in_every_process(folder: Path) -> None:
    pytest.importorskip("flmcore.simulate.stream")
    config = read_train_config(write_config(folder))
    config = replace(config, data=(replace(config.data[0], path=None, stream={"seed": 4, "size": 64}),))
    source = source_of(config)
    assert source.length is None
    face = source.face(3)
    assert face.image.shape == (64, 64, 3)
    assert face.points.shape == (68, 2)
    assert np.isfinite(face.points).all()
    again = pickle.loads(pickle.dumps(source)).face(3)
    np.testing.assert_array_equal(again.image, face.image)
    np.testing.assert_array_equal(again.points, face.points)
    assert (source.face(4).image != face.image).any()
    assert source.describe() == {"seed": 4, "settings": {"size": 64}}
