"""What is written is read back: landmarks to the bit, but for formats that count from 1 or hold whole pixels."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from numpy.typing import NDArray

import flmcore
from flmcore.data.truth import Dataset, TruthFace, read_dataset, write_dataset
from flmcore.data.truth.formats import FORMATS
from flmcore.evaluation.remap_truth import remap_dataset
from flmcore.schemes import get
from truth_files import dataset, face, picture

SINGLE = {"coco": "t.json", "json": "t.json", "csv": "t.csv", "dlib": "t.xml", "wflw": "t.txt"}
EACH = ("300w", "lapa", "facesynthetics")
SCHEMES = {"wflw": "wflw-98", "lapa": "lapa-106", "facesynthetics": "facesynthetics-70"}
ATTRIBUTES = ("pose", "expression", "illumination", "make-up", "occlusion", "blur")

numbers = st.floats(-2000, 8000, allow_nan=False)


@st.composite
def faces(draw: st.DrawFn, form: str) -> list[TruthFace]:
    """Faces that the format can hold."""
    scheme = SCHEMES.get(form, "cofw-29" if form == "coco" else "300w-68")
    keeps, count = FORMATS[form].keeps, get(scheme).landmarks
    rows = []
    for image in draw(
        st.lists(
            st.sampled_from(["a.jpg", "b/a.png", "ü 1.jpg"]), min_size=1, max_size=4, unique=form in EACH
        )
    ):
        image = image.replace(" ", "_") if form == "wflw" else image
        points = np.array(draw(st.lists(st.tuples(numbers, numbers), min_size=count, max_size=count)))
        if "undefined" in keeps:
            points[sorted(draw(st.sets(st.integers(1, count - 2), max_size=3)))] = np.nan
        box = (1.0, -2.0, 30.0, 40.0) if "box" in keeps and draw(st.booleans()) else None
        about = {key: draw(st.booleans()) for key in ATTRIBUTES} if "attributes" in keeps else {}
        seen: NDArray[np.bool_] | None = None
        if "visible" in keeps:
            seen = np.isfinite(points).all(axis=1)
            seen[draw(st.integers(0, count - 1))] = False
            seen[0] = True  # where nothing is visible, COCO's marks do not say that they mean visibility
        rows.append(TruthFace(image, points, scheme, box, form if box else None, about, seen))
    return rows


@contextmanager
def converted(rows: list[TruthFace], form: str) -> Iterator[Dataset]:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / SINGLE.get(form, "new")
        write_dataset(dataset(rows, Path(folder)), out, form)
        yield read_dataset(out)


def expected_points(points: NDArray[np.float64], form: str) -> NDArray[np.float64]:
    return np.floor(points + 0.5) if "fractions" not in FORMATS[form].keeps else points


@pytest.mark.parametrize("form", [*SINGLE, *EACH])
@settings(max_examples=15)
@given(data=st.data())
def test_what_is_written_is_read_back(form: str, data: st.DataObject) -> None:
    rows = data.draw(faces(form))
    with converted(rows, form) as found:
        assert (found.format, found.scheme) == (form, rows[0].scheme)
        order = {image: place for place, image in enumerate(dict.fromkeys(row.image for row in rows))}
        wanted = sorted(rows, key=lambda row: order[row.image]) if form == "dlib" else rows
        if form in EACH:
            wanted, got = (
                sorted(rows, key=lambda r: stem(r.image, form)),
                sorted(found.faces, key=lambda f: f.image),
            )
        else:
            got = list(found.faces)
            assert [f.image for f in got] == [row.image for row in wanted]
        for one, row in zip(got, wanted, strict=True):
            if form == "300w":  # x + 1 is rounded once and x + 1 − 1 once more, each to half a unit of 2¹³
                np.testing.assert_allclose(one.points, row.points, rtol=0, atol=2.0**-39)
            else:
                assert_array_equal(one.points, expected_points(row.points, form))
            if "attributes" in FORMATS[form].keeps:
                assert one.attributes == row.attributes
            if row.box is not None:
                assert one.box == row.box
            if "visible" in FORMATS[form].keeps and row.visible is not None:
                assert one.visible is not None
                defined = np.isfinite(row.points).all(axis=1)
                assert_array_equal(one.visible[defined], row.visible[defined])


def stem(image: str, form: str) -> str:
    bare = image.rsplit(".", 1)[0]
    return bare if form == "300w" else bare.replace("/", "_")


def test_every_format_that_is_written_is_tested() -> None:
    assert {name for name, form in FORMATS.items() if form.encode} == {*SINGLE, *EACH}
    with pytest.raises(ValueError, match="format: expected one that can be written, got 'coco-wholebody'"):
        write_dataset(dataset([TruthFace("a", face(68), "300w-68")], Path()), "x.json", "coco-wholebody")


def test_the_box_of_a_face_without_one_is_the_tight_one(tmp_path: Path) -> None:
    row = TruthFace("a.jpg", face(98), "wflw-98", attributes={"pose": True})
    write_dataset(dataset([row], tmp_path), tmp_path / "t.txt", "wflw")
    (found,) = read_dataset(tmp_path / "t.txt").faces
    assert found.box == tuple(np.floor(row.tight_box + 0.5))
    assert row.tight_box[0] == face(98)[:, 0].min() + 0.5


def test_pts_count_from_one(tmp_path: Path) -> None:
    write_dataset(
        dataset([TruthFace("a.jpg", np.zeros((68, 2)), "300w-68")], tmp_path), tmp_path / "out", "300w"
    )
    assert (tmp_path / "out" / "a.pts").read_text().splitlines()[:4] == [
        "version: 1",
        "n_points: 68",
        "{",
        "1.0 1.0",
    ]


@pytest.mark.parametrize("form", EACH)
def test_images_are_copied_where_the_format_has_them(tmp_path: Path, form: str) -> None:
    scheme = SCHEMES.get(form, "300w-68")
    paths = {name: picture(tmp_path / "in" / name) for name in ("images/a.png", "b/c.png")}
    rows = [TruthFace(name, face(get(scheme).landmarks), scheme) for name in paths]
    write_dataset(dataset(rows, tmp_path, paths), tmp_path / "out", form, copy_images=True)
    found = read_dataset(tmp_path / "out")
    assert (found.format, found.missing, found.without_truth, len(found.paths)) == (form, (), (), 2)
    assert {p.read_bytes() for p in found.paths.values()} == {p.read_bytes() for p in paths.values()}


def test_a_file_names_images_from_its_own_folder(tmp_path: Path) -> None:
    paths = {"a.png": picture(tmp_path / "in" / "a.png")}
    write_dataset(
        dataset([TruthFace("a.png", face(5), "five-5")], tmp_path, paths), tmp_path / "out" / "t.csv", "csv"
    )
    found = read_dataset(tmp_path / "out" / "t.csv")
    assert found.faces[0].image == "../in/a.png"
    assert found.missing == ()


def test_names_do_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    rows = [TruthFace(name, face(68), "300w-68") for name in ("../../x.jpg", "/etc/y.jpg", "a/../../z.jpg")]
    write_dataset(dataset(rows, tmp_path), tmp_path / "deep" / "out", "300w")
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.pts")) == [
        "deep/out/x.pts",
        "deep/out/y.pts",
        "deep/out/z.pts",
    ]


BAD = {
    "two": ([TruthFace("a.jpg", face(68), "300w-68")] * 2, "300w", r"a\.jpg: expected one face in an image, as 300w needs, got 2"),
    "like": (
        [TruthFace(name, face(68), "300w-68") for name in ("a.jpg", "a.png")],
        "300w",
        r"a\.png: expected image names that stay apart without suffix and folder, got one like a\.jpg",
    ),
    "space": ([TruthFace("a b.jpg", face(98), "wflw-98")], "wflw", "expected a name without spaces"),
    "undefined": ([TruthFace("a.jpg", face(98) * np.nan, "wflw-98")], "wflw", "expected every landmark to be defined, as wflw needs"),
    "pupils": ([TruthFace("a.jpg", face(70) * np.nan, "facesynthetics-70")], "facesynthetics", "as facesynthetics needs"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_a_format_cannot_hold_is_refused_and_nothing_is_left(tmp_path: Path, case: str) -> None:
    rows, form, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        write_dataset(dataset(rows, tmp_path), tmp_path / "out", form)
    assert list(tmp_path.iterdir()) == []


def test_what_exists_is_kept(tmp_path: Path) -> None:
    rows = dataset([TruthFace("a.jpg", face(5), "five-5")], tmp_path)
    (tmp_path / "t.csv").write_text("mine")
    with pytest.raises(FileExistsError, match=r"t\.csv: expected a new file, got one that exists"):
        write_dataset(rows, tmp_path / "t.csv", "csv")
    assert (tmp_path / "t.csv").read_text() == "mine"
    write_dataset(rows, tmp_path / "t.csv", "csv", replace=True)
    assert (tmp_path / "t.csv").read_text().startswith("image,")
    with pytest.raises(FileExistsError, match="expected a new folder"):
        write_dataset(rows, tmp_path, "300w", replace=True)
    with pytest.raises(
        ValueError, match="copy_images: expected a format with a file for each image, got 'csv'"
    ):
        write_dataset(rows, tmp_path / "u.csv", "csv", copy_images=True)
    without = replace(rows, missing=("a.jpg",))
    with pytest.raises(ValueError, match=r"copy_images: expected every image, got none of the name a\.jpg"):
        write_dataset(without, tmp_path / "new", "300w", copy_images=True)


def test_what_is_lost_is_said(tmp_path: Path) -> None:
    seen = np.arange(68) > 3
    row = TruthFace("a.jpg", face(68), "300w-68", (1, 2, 3, 4), "sfd", {"pose": True}, seen)
    rows = dataset([row], tmp_path)
    assert write_dataset(rows, tmp_path / "t.json", "json") == []
    assert write_dataset(rows, tmp_path / "t.csv", "csv") == ["boxes", "attributes"]
    assert write_dataset(rows, tmp_path / "t.xml", "dlib") == [
        "attributes",
        "which landmarks are hidden",
        "fractions of pixels",
    ]


def test_remapping_gives_what_remap_gives() -> None:
    seen = np.ones(98, dtype=bool)
    seen[61] = False  # one of the two between which 300-W's 37 lies
    rows = dataset([TruthFace("a.jpg", face(98), "wflw-98", visible=seen)], Path())
    found, grades = remap_dataset(rows, "300w-68")
    assert found.scheme == found.faces[0].scheme == "300w-68"
    assert_array_equal(found.faces[0].points, flmcore.remap(face(98), "wflw-98", "300w-68"))
    assert list(grades) == ["exact", "interpolated", "approximate"]
    assert sum(grades.values()) == 68
    assert found.faces[0].visible is not None
    assert np.flatnonzero(~found.faces[0].visible).tolist() == [37]
    assert remap_dataset(rows, "wflw-98") == (rows, {})
