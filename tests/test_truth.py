"""True landmarks: each form gives the same arrays; what is cut off or of another scheme is refused by file and line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray

from flmcore.data.truth import read_truth


def face(landmarks: int, seed: int = 0) -> NDArray[np.float64]:
    """Landmarks as files hold them, to 3 decimals."""
    return np.round(np.random.default_rng(seed).uniform(10, 200, (landmarks, 2)), 3)


def wflw_line(points: NDArray[np.float64], name: str, *, extras: bool = True) -> str:
    numbers = [f"{value:.6f}" for value in points.ravel()]
    return " ".join(
        [*numbers, *(["10", "12", "199", "201", "0", "1", "0", "0", "1", "0"] if extras else []), name]
    )


def pts(points: NDArray[np.float64]) -> str:
    """Counted from 1, as Matlab does."""
    body = "".join(f"{x:.3f} {y:.3f}\n" for x, y in points + 1)
    return f"version: 1\nn_points:  {len(points)}\n{{\n{body}}}\n"


def lapa(points: NDArray[np.float64]) -> str:
    return f"{len(points)}\n" + "".join(f"{x:.3f} {y:.3f}\n" for x, y in points)


@pytest.mark.parametrize("extras", [True, False])
def test_wflw_list(tmp_path: Path, extras: bool) -> None:
    faces = [("0--Parade/a.jpg", face(98, 1)), ("b.jpg", face(98, 2)), ("0--Parade/a.jpg", face(98, 3))]
    lines = [wflw_line(points, name, extras=extras) for name, points in faces]
    (tmp_path / "list_98pt_test.txt").write_text("\n".join(lines) + "\n")
    found = read_truth(tmp_path / "list_98pt_test.txt", "wflw-98")
    assert [name for name, _ in found] == ["0--Parade/a.jpg", "b.jpg", "0--Parade/a.jpg"]
    for (_, points), (_, expected) in zip(found, faces, strict=True):
        assert points.dtype == np.float64
        assert_array_equal(points, expected)


def test_pts_counts_from_one_and_names_its_image(tmp_path: Path) -> None:
    (tmp_path / "indoor_001.pts").write_text(pts(face(68)))
    ((name, points),) = read_truth(tmp_path / "indoor_001.pts", "300w-68")
    assert name == "indoor_001"
    assert_allclose(points, face(68), atol=1e-9)
    (tmp_path / "indoor_001.PNG").touch()
    assert read_truth(tmp_path / "indoor_001.pts", "300w-68")[0][0] == "indoor_001.PNG"


def test_folder_of_pts_with_sub_folders(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for place, seed in (("a/2.pts", 2), ("1.pts", 1)):
        (tmp_path / place).write_text(pts(face(68, seed)))
    (tmp_path / "a" / "2.jpg").touch()
    (tmp_path / "readme.txt").write_text("not landmarks")
    found = dict(read_truth(tmp_path, "300w-68"))
    assert sorted(found) == ["1", "a/2.jpg"]
    assert_allclose(found["a/2.jpg"], face(68, 2), atol=1e-9)


def test_lapa_files_lie_beside_the_images(tmp_path: Path) -> None:
    for folder in ("landmarks", "images"):
        (tmp_path / folder).mkdir()
    (tmp_path / "landmarks" / "10_0.txt").write_text(lapa(face(106)))
    (tmp_path / "images" / "10_0.jpg").touch()
    ((name, points),) = read_truth(tmp_path, "lapa-106")
    assert name == "images/10_0.jpg"
    assert_array_equal(points, face(106))
    ((name, _),) = read_truth(tmp_path / "landmarks" / "10_0.txt", "lapa-106")
    assert name == "../images/10_0.jpg"


def test_own_json_keeps_what_is_undefined(tmp_path: Path) -> None:
    points: list[Any] = face(5).tolist()
    points[1], points[2], points[3] = None, [None, None], [3.0, None]
    (tmp_path / "t.json").write_text(json.dumps({"a.jpg": [points, face(5, 1).tolist()], "b.jpg": []}))
    (first, one), (second, two) = read_truth(tmp_path / "t.json", "five-5")
    assert (first, second) == ("a.jpg", "a.jpg")
    assert_array_equal(np.isnan(one), [[False] * 2, [True] * 2, [True] * 2, [True] * 2, [False] * 2])
    assert_array_equal(one[[0, 4]], face(5)[[0, 4]])
    assert_array_equal(two, face(5, 1))


def test_rows_of_other_schemes_and_of_programs_are_passed_over(tmp_path: Path) -> None:
    own = {"image": "a.jpg", "scheme": "five-5", "landmarks": face(5).tolist()}
    rows = [
        own,
        own | {"image": "b.jpg", "scheme": "300w-68", "landmarks": []},
        own | {"image": "c.jpg", "truth": "model:dlib"},
        own | {"image": "d.jpg", "scheme": "no-such-9"},
        own | {"image": "e.jpg", "truth": "human", "index_base": "1 (Matlab)"},
    ]
    (tmp_path / "t.json").write_text(json.dumps(rows))
    found = read_truth(tmp_path / "t.json", "five-5")
    assert [name for name, _ in found] == ["a.jpg", "e.jpg"]
    assert_allclose(found[1][1], face(5) - 1, atol=1e-9)


def test_shared_faces_are_read(shared: Path) -> None:
    rows = json.loads((shared / "faces" / "faces.json").read_text())
    for scheme, count in (("wflw-98", 3), ("lapa-106", 1), ("cofw-29", 1), ("300w-68", 3)):
        found = read_truth(shared / "faces" / "faces.json", scheme)
        assert len(found) == count
        assert all((shared / "faces" / name).is_file() for name, _ in found)
        images = [row["image"] for row in rows if row["scheme"] == scheme and row["truth"] == "human"]
        assert [name for name, _ in found] == images


GOOD_LINE = wflw_line(face(98), "a.jpg")
BAD = {
    "cut.txt": (
        f"{GOOD_LINE}\n{GOOD_LINE[:700]}",
        "wflw-98",
        r"line 2: expected 196 or 206 numbers and a name, got",
    ),
    "nameless.txt": (GOOD_LINE.removesuffix("a.jpg") + "3", "wflw-98", r"line 1: expected .*that end in '3'"),
    "word.txt": (GOOD_LINE.replace(" 12 ", " x "), "wflw-98", r"line 1: expected .* could not convert .*'x'"),
    "nan.txt": ("nan " + GOOD_LINE.partition(" ")[2], "wflw-98", r"line 1: expected finite numbers"),
    "other.txt": (GOOD_LINE, "cofw-29", r"line 1: expected 58 or 68 numbers and a name, got 207 entries"),
    "empty.txt": ("\n", "wflw-98", r"expected at least one face of scheme wflw-98, got none"),
    "half.pts": (pts(face(68))[:-20], "300w-68", r"line 7[01]: expected"),
    "number.pts": (pts(face(68))[:-12], "300w-68", r"line 71: expected"),
    "open.pts": (pts(face(68)).removesuffix("}\n"), "300w-68", r"line 71: expected } after the landmarks"),
    "none.pts": (
        "version: 1\nn_points: 68\n",
        "300w-68",
        r"expected landmarks between { and }, got no line {",
    ),
    "less.pts": (
        pts(face(68)).replace("68", "70", 1),
        "300w-68",
        r"expected 70 landmarks as n_points says, got 68",
    ),
    "few.pts": (pts(face(51)), "300w-68", r"line 55: expected 68 landmarks as 300w-68 has, got 51"),
    "count.pts": (
        pts(face(68)).replace("68", "many", 1),
        "300w-68",
        r"n_points: expected a whole number, got 'many'",
    ),
    "far.pts": (
        pts(face(5)).replace("{\n", "{\ninf 1\n"),
        "five-5",
        r"line 4: expected finite numbers or nan, got",
    ),
    "half-lapa.txt": (lapa(face(106))[:-9], "lapa-106", r"line 107: expected two numbers x y, got"),
    "short-lapa.txt": (
        "\n".join(lapa(face(106)).split("\n")[:-3]),
        "lapa-106",
        r"line 105: expected 106 .*got 104",
    ),
    "few-lapa.txt": (lapa(face(68)), "lapa-106", r"line 1: expected 106 landmarks as lapa-106 has, got 68"),
    "cut.json": ('{"a.jpg": [[[1, 2', "five-5", r"Expecting"),
    "number.json": ("3", "five-5", r"expected a JSON object or list, got 3"),
    "flat.json": ('{"a.jpg": 3}', "five-5", r"a\.jpg: expected a list of faces, got 3"),
    "few.json": (
        '{"a.jpg": [[[1, 2]]]}',
        "five-5",
        r"a\.jpg, face 0: expected 5 landmarks as five-5 has, got 1",
    ),
    "three.json": (
        json.dumps({"a.jpg": [[[1, 2]] * 4 + [[1, 2, 3]]]}),
        "five-5",
        r"a\.jpg, face 0, landmark 4: expected two finite numbers \[x, y\] or null, got \[1, 2, 3\]",
    ),
    "true.json": (
        json.dumps({"a.jpg": [[[True, 2]] * 5]}),
        "five-5",
        r"landmark 0: expected two finite numbers",
    ),
    "infinite.json": ('{"a.jpg": [[[1e999, 2], 1, 1, 1, 1]]}', "five-5", r"landmark 0: expected two finite"),
    "row.json": (
        '[{"image": "a.jpg"}]',
        "five-5",
        r'entry 0: expected an object with "image" and "landmarks"',
    ),
    "latin.pts": (b"\xff\xfe{", "300w-68", r"got a file that is no UTF-8 text"),
    "what.yaml": ("a,1,2", "300w-68", r"expected true landmarks \(a \.pts file, .*\), got another form"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_file_is_refused_by_name_and_place(tmp_path: Path, name: str) -> None:
    content, scheme, message = BAD[name]
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=message) as caught:
        read_truth(file, scheme)
    assert str(caught.value).startswith(f"{file}: ")
    assert "\n" not in str(caught.value)


def test_missing_files_and_empty_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"expected a folder with \.pts files or LaPa's \.txt files, got none"
    ):
        read_truth(tmp_path, "300w-68")
    with pytest.raises(FileNotFoundError):
        read_truth(tmp_path / "none.pts", "300w-68")
    with pytest.raises(ValueError, match=r"expected one of .*wflw-98, got 'wflw'"):
        read_truth(tmp_path, "wflw")
