"""The mean face: what the command makes of true landmarks, and files that are no mean face."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from flmcore.cli import main
from flmcore.detectors.mean_face import average_face, pack_mean_face, read_mean_face
from flmcore.errors import WeightsError

SHAPE = np.random.default_rng(4).uniform(0, 1, (98, 2))


def placed(shape: NDArray[np.float64], left: float, top: float, side: float) -> NDArray[np.float64]:
    return np.asarray(shape * side + [left, top])


def in_crop(shape: NDArray[np.float64]) -> NDArray[np.float64]:
    """By hand: the box's middle at the crop's, its longer side 1 / 1.2 of the crop."""
    low, high = shape.min(axis=0), shape.max(axis=0)
    return np.asarray((shape - (low + high) / 2) / (1.2 * (high - low).max()) + 0.5)


def write_list(path: Path, faces: list[NDArray[np.float64]]) -> Path:
    """A WFLW list: landmarks, box, attributes, name."""
    lines = (
        " ".join([*map(repr, face.ravel().tolist()), *["0"] * 10, f"{i}.jpg"]) for i, face in enumerate(faces)
    )
    path.write_text("\n".join(lines) + "\n")
    return path


def test_place_and_size_of_faces_make_no_difference() -> None:
    faces = [placed(SHAPE, 30, 40, 100), placed(SHAPE, -5, 600, 3), placed(SHAPE, 0, 0, 1000)]
    mean, used, skipped = average_face(faces)
    assert (used, skipped) == (3, 0)
    assert_allclose(mean, in_crop(SHAPE), atol=1e-12)


def test_mean_is_of_faces_in_the_crop_and_fills_it_itself() -> None:
    other = np.random.default_rng(5).uniform(0, 1, (98, 2)) * [1, 0.5]
    mean, _, _ = average_face([placed(SHAPE, 3, 4, 50), placed(other, 1, 2, 500)])
    assert_allclose(mean, in_crop((in_crop(SHAPE) + in_crop(other)) / 2), atol=1e-12)
    assert np.ptp(mean, axis=0).max() == pytest.approx(1 / 1.2)


def test_faces_with_gaps_are_passed_over() -> None:
    gap = SHAPE.copy()
    gap[3] = np.nan
    mean, used, skipped = average_face([gap, SHAPE, np.zeros((98, 2))])
    assert (used, skipped) == (1, 2)
    assert_allclose(mean, in_crop(SHAPE), atol=1e-12)
    with pytest.raises(
        ValueError, match="faces: expected at least one with every landmark defined, got 1 without"
    ):
        average_face([gap])


def test_command_makes_a_mean_face_of_a_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth = write_list(tmp_path / "list.txt", [placed(SHAPE, 10, 20, side) for side in (50, 80, 20)])
    more = tmp_path / "more.json"
    more.write_text('{"c.jpg": [' + str([None, *SHAPE[1:].tolist()]).replace("None", "null") + "]}")
    out = tmp_path / "made" / "mean_98.npz"
    arguments = ["schemes", "mean-shape", str(truth), str(more), "--scheme", "wflw-98", "-o", str(out)]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert (
        "mean face of 3 faces, wflw-98 (1 with an undefined landmark or without area passed over)" in printed
    )
    points = read_mean_face(out, 98, "wflw-98")
    assert points.dtype == np.float32
    assert_allclose(points, in_crop(SHAPE), atol=1e-6)
    with np.load(out, allow_pickle=False) as archive:  # in the published form
        assert_allclose(archive["init_face"], in_crop(SHAPE) * 256, atol=1e-9)
    before = out.read_bytes()
    assert main(arguments) == 0
    assert out.read_bytes() == before


def test_command_tells_mistakes_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth = write_list(tmp_path / "list.txt", [SHAPE])
    out = ["-o", str(tmp_path / "m.npz")]
    for arguments, text in (
        (
            [str(truth), "--scheme", "300w-68", *out],
            "line 1: expected 136 or 146 numbers and a name, got 207",
        ),
        ([str(truth), "--scheme", "wflw", *out], "--scheme: expected one of"),
        ([str(tmp_path / "none.txt"), "--scheme", "wflw-98", *out], "none.txt"),
    ):
        assert main(["schemes", "mean-shape", *arguments]) == 2
        error = capsys.readouterr().err
        assert text in error
        assert error.count("\n") == 1
    assert not (tmp_path / "m.npz").exists()
    assert main(["schemes", "mean-shape", str(truth), "--scheme", "wflw", *out, "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_plain_schemes_still_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schemes"]) == 0
    assert "wflw-98" in capsys.readouterr().out
    for arguments in (["schemes", "--help"], ["schemes", "mean-shape", "--help"]):
        with pytest.raises(SystemExit, match="0"):
            main(arguments)
        assert "flmcore schemes mean-shape" in capsys.readouterr().out


def test_published_file_is_read(shared: Path, tmp_path: Path) -> None:
    """As the publisher's init_98.npz: the one array, float64, in pixels."""
    with np.load(shared / "parity" / "slpt_6layer.npz") as archive:
        face, expected = archive["mean_face"], archive["initial_points"]
    np.savez(tmp_path / "init_98.npz", init_face=face)
    np.testing.assert_array_equal(read_mean_face(tmp_path / "init_98.npz", 98), expected)
    # It has been brought into the crop itself: so is ours.
    assert_allclose(in_crop(face), face / 256, atol=1e-6)


class Trap:
    """Pickled, it calls something when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path(self.place),))

    def __init__(self, place: Path) -> None:
        self.place = str(place)


def saved(**arrays: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    trap, file = Trap(tmp_path / "sprung"), tmp_path / "m.npz"
    objects = np.empty((98, 2), dtype=object)
    objects[:] = trap
    single = io.BytesIO()
    np.save(single, objects, allow_pickle=True)
    for content in (
        saved(init_face=objects),
        saved(init_face=SHAPE * 256, more=objects),
        pickle.dumps(trap),
        single.getvalue(),
    ):
        file.write_bytes(content)
        with pytest.raises(WeightsError, match=r"m\.npz: expected a mean face .* cannot be read"):
            read_mean_face(file, 98)
    assert not (tmp_path / "sprung").exists()
    pickle.loads(pickle.dumps(trap))
    assert (tmp_path / "sprung").exists()  # the trap works


GOOD = pack_mean_face(in_crop(SHAPE), "wflw-98")
BAD = {
    "truncated": (GOOD[: len(GOOD) // 2], r"expected a mean face .* cannot be read: "),
    "empty": (b"", r"cannot be read: "),
    "text": (b"98 points", r"cannot be read: "),
    "other array": (saved(mean=SHAPE), r"expected an array 'init_face'.*, got mean$"),
    "no array": (saved(), r"cannot be read|got nothing"),
    "other count": (
        saved(init_face=SHAPE[:68] * 256),
        r"init_face: expected 98 landmarks.*float64 of shape \(68, 2\)$",
    ),
    "texts": (saved(init_face=np.full((98, 2), "x")), r"init_face: expected 98 landmarks.*<U1"),
    "shares": (
        saved(init_face=in_crop(SHAPE)),
        r"expected pixels of a crop from 0 to 256, got 0\.\d+ to 0\.\d+$",
    ),
    "outside": (saved(init_face=SHAPE * 512), r"expected pixels of a crop from 0 to 256, got"),
    "nan": (
        saved(init_face=np.full((98, 2), np.nan)),
        r"expected pixels of a crop from 0 to 256, got nan to nan$",
    ),
    "size": (saved(init_face=SHAPE * 256, size=np.array([1, 2])), r"size: expected a positive number"),
    "scheme": (
        pack_mean_face(in_crop(SHAPE), "other-98"),
        r"expected a mean face of scheme wflw-98, got other-98$",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_other_files_are_refused(tmp_path: Path, name: str) -> None:
    content, message = BAD[name]
    (tmp_path / "m.npz").write_bytes(content)
    with pytest.raises(WeightsError, match=message) as caught:
        read_mean_face(tmp_path / "m.npz", 98, "wflw-98")
    assert str(caught.value).startswith(f"{tmp_path / 'm.npz'}: ")
    assert "\n" not in str(caught.value)


def test_single_array_and_missing_file_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", SHAPE)
    with pytest.raises(WeightsError, match="got a single array without a name"):
        read_mean_face(tmp_path / "m.npy", 98)
    with pytest.raises(WeightsError, match=r"none\.npz: expected a mean face"):
        read_mean_face(tmp_path / "none.npz", 98)


def test_size_is_the_crop_that_pixels_belong_to(tmp_path: Path) -> None:
    (tmp_path / "m.npz").write_bytes(saved(init_face=in_crop(SHAPE) * 64, size=np.array(64)))
    assert_allclose(read_mean_face(tmp_path / "m.npz", 98, "wflw-98"), in_crop(SHAPE), atol=1e-6)
