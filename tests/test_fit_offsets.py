"""Mean offsets from a handful of faces: what is recovered, what is not invented, what the errors are worth."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import flmcore
from evaluated import face_shape
from flmcore import schemes
from flmcore.cli import main
from flmcore.data.truth import TruthFace, write_dataset
from flmcore.errors import ConfigError
from truth_files import dataset

LEFT, RIGHT, LIPS = 36, 45, (49, 53)  # the widest pair of the drawn mouth
SCHEME = schemes.get("300w-68")


def symmetric() -> np.ndarray:
    """(68, 2) across and down, as shares of the face's axes, mirrored for the partner."""
    offsets = np.random.default_rng(5).normal(0, 0.04, (68, 2))
    for k, partner in enumerate(SCHEME.flip):
        if k == partner:
            offsets[k, 0] = 0
        elif k < partner:
            offsets[partner] = offsets[k] * [-1, 1]
    offsets[[LEFT, RIGHT, *LIPS]] *= 0.5
    return offsets


def axes(face: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Across and down, by hand."""
    eyes, lips = (face[LEFT] + face[RIGHT]) / 2, (face[LIPS[0]] + face[LIPS[1]]) / 2
    return face[RIGHT] - face[LEFT], lips - eyes


def faces(count: int, seed: int = 0, noise: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Predictions in any pose, and truth moved by the same offsets in each face's own frame, with noise on top."""
    rng = np.random.default_rng(seed)
    x = np.empty((count, 68, 2))
    y = np.empty_like(x)
    for i in range(count):
        angle, size = rng.uniform(-0.6, 0.6), rng.uniform(0.5, 2)
        turn = size * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        squeeze = np.diag([rng.uniform(0.7, 1.0), 1.0])
        x[i] = (face_shape() + rng.normal(0, 1.5, (68, 2))) @ squeeze @ turn.T + rng.uniform(0, 300, 2)
        across, down = axes(x[i])
        y[i] = x[i] + symmetric()[:, :1] * across + symmetric()[:, 1:] * down
        y[i] += rng.normal(0, noise, (68, 2)) * size
    return x, y


def test_offsets_are_recovered_from_four_faces() -> None:
    x, y = faces(4)
    fitted = flmcore.fit_offsets(x, y, source="300w-68")
    assert max(fitted.errors) < 0.01
    assert min(fitted.known) >= 0
    assert np.mean(fitted.known) > 2
    assert "100% of the mean offsets kept (strength 0 faces)" in fitted.origins[0]
    for row in fitted.rows:
        assert math.fsum(weight for _, weight in row) == pytest.approx(1, abs=1e-12)
        assert len(row) <= 5
    fresh, true = faces(3, seed=9)
    np.testing.assert_allclose(fitted.apply(fresh), true, atol=1e-2)
    moved = fresh @ np.array([[0, -2.0], [2.0, 0]]) + 7
    np.testing.assert_allclose(fitted.apply(moved), true @ np.array([[0, -2.0], [2.0, 0]]) + 7, atol=2e-2)


def test_errors_are_of_images_that_were_left_out() -> None:
    x, y = faces(6, noise=2.0)
    images = ["a", "a", "b", "c", "d", "d"]
    fitted = flmcore.fit_offsets(x, y, source="300w-68", groups=images)
    sides = np.linalg.norm(y[:, LEFT] - y[:, RIGHT], axis=1)
    errors = np.empty((6, 68))
    for image in "abcd":
        held = np.array([name == image for name in images])
        rest = flmcore.fit_offsets(
            x[~held], y[~held], source="300w-68", groups=[n for n in images if n != image]
        )
        errors[held] = 100 * np.linalg.norm(rest.apply(x[held]) - y[held], axis=2) / sides[held][:, None]
    np.testing.assert_allclose(fitted.errors, errors.mean(axis=0), atol=2e-4)


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_invented_where_annotators_agree_with_the_detector(seed: int) -> None:
    x, _ = faces(5, seed=seed)
    y = x + np.random.default_rng(seed + 50).normal(0, 3, x.shape)
    fitted = flmcore.fit_offsets(x, y, source="300w-68")
    assert np.mean(fitted.errors) < 1.06 * np.mean(fitted.known)
    assert np.linalg.norm(fitted.apply(x) - x, axis=2).mean() < 1.6  # noise of 3 px over five faces: 1.7


def test_noise_shrinks_the_offsets() -> None:
    x, y = faces(4, noise=6.0)
    fitted = flmcore.fit_offsets(x, y, source="300w-68")
    assert "strength 0 faces" not in fitted.origins[0]
    clean = flmcore.fit_offsets(*faces(4), source="300w-68")
    lengths = [np.linalg.norm(f.apply(x) - x, axis=2).mean() for f in (fitted, clean)]
    assert lengths[0] < 1.2 * lengths[1]


def test_another_scheme_starts_from_the_registrys_mapping(tmp_path: Path) -> None:
    x, y = faces(4)
    fitted = flmcore.fit_offsets(x, y[:, 17:], source="300w-68", target="300w-51")
    whole = flmcore.fit_offsets(x, y, source="300w-68")
    np.testing.assert_allclose(fitted.apply(x), whole.apply(x)[:, 17:], atol=1e-2)
    np.testing.assert_array_equal(flmcore.remap(x, mapping=fitted.save(tmp_path / "m.toml")), fitted.apply(x))


def test_landmarks_that_truth_lacks_stay_where_the_detector_has_them(tmp_path: Path) -> None:
    x, y = faces(4)
    y[:, 30] = np.nan
    y[1, 8] = np.nan
    fitted = flmcore.fit_offsets(x, y, source="300w-68")
    assert fitted.rows[30] == ((30, 1.0),)
    assert math.isnan(fitted.errors[30])
    assert fitted.faces[30] == 0
    assert fitted.faces[8] == 3
    read = schemes.read_mapping(fitted.save(tmp_path / "map.toml"))
    assert read.steps == fitted.steps
    assert math.isnan(read.errors[30])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"groups": ["a", "a", "b", "b"]}, "at least 3 images, got 2"),
        ({"source": "mine"}, "source: expected a scheme that flmcore knows, got 'mine'"),
        ({"target": "theirs"}, "target: expected a scheme that flmcore knows, got 'theirs'"),
        ({"groups": ["a"]}, "groups: expected 4 entries"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, object], message: str) -> None:
    x, y = faces(4)
    with pytest.raises(ValueError, match=message):
        flmcore.fit_offsets(x, y, **{"source": "300w-68", **change})  # type: ignore[arg-type]


def test_a_scheme_without_a_mouth_is_refused() -> None:
    points = np.random.default_rng(0).uniform(0, 9, (4, 5, 2))
    with pytest.raises(
        ValueError, match="source: expected a scheme with outer eye corners and a mouth, got dlib-5"
    ):
        flmcore.fit_offsets(points, points, source="dlib-5")


def test_the_command_writes_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    x, y = faces(4, noise=1.0)
    for name, points in (("found.json", x), ("truth.csv", y)):
        rows = [TruthFace(f"{i}.jpg", face, "300w-68") for i, face in enumerate(points)]
        write_dataset(dataset(rows, tmp_path), tmp_path / name, Path(name).suffix[1:])
    arguments = ["schemes", "fit", str(tmp_path / "found.json"), str(tmp_path / "truth.csv")]
    assert main([*arguments, "-o", str(tmp_path / "map.toml"), "--offsets"]) == 0
    said = capsys.readouterr().out
    assert "300w-68 → 300w-68, 4 faces in 4 images, " in said
    assert "of the mean offsets kept" in said
    expected = flmcore.fit_offsets(x, y, source="300w-68")
    np.testing.assert_allclose(flmcore.remap(x, mapping=tmp_path / "map.toml"), expected.apply(x), atol=1e-3)
    assert main([*arguments, "-o", str(tmp_path / "no.toml"), "--offsets", "--folds", "3"]) == 2
    assert "--folds: expected none beside --offsets" in capsys.readouterr().err
    assert not (tmp_path / "no.toml").exists()


def test_a_saved_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    path = flmcore.fit_offsets(*faces(3), source="300w-68").save(tmp_path / "map.toml")
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(ConfigError):
        schemes.read_mapping(path)
