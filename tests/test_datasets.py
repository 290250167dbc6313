"""Data sets: each format is read by its published definition, tells its scheme and finds its images."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from flmcore.data.truth import is_dataset, names, read_dataset
from truth_files import coco, face, imglab, picture, triples


def test_formats_are_listed() -> None:
    assert names() == [
        "300w",
        "dlib",
        "csv",
        "coco-wholebody",
        "coco",
        "simulated",
        "json",
        "facesynthetics",
        "lapa",
        "wflw",
    ]


def pts_text(landmarks: int, seed: int = 0) -> str:
    body = "".join(f"{x:.3f} {y:.3f}\n" for x, y in face(landmarks, seed) + 1)
    return f"version: 1\nn_points: {landmarks}\n{{\n{body}}}\n"


def test_folder_of_300w_tells_all_by_itself(tmp_path: Path) -> None:
    for place in ("01_Indoor/indoor_001", "02_Outdoor/outdoor_001"):
        picture(tmp_path / f"{place}.png")
        (tmp_path / f"{place}.pts").write_text(pts_text(68))
    picture(tmp_path / "02_Outdoor" / "outdoor_002.png")
    found = read_dataset(tmp_path)
    assert (found.format, found.scheme) == ("300w", "300w-68")
    assert [f.image for f in found.faces] == ["01_Indoor/indoor_001.png", "02_Outdoor/outdoor_001.png"]
    np.testing.assert_allclose(found.faces[0].points, face(68), atol=1e-9)  # .pts count from 1
    assert all(path.is_file() for path in found.paths.values())
    assert found.without_truth == ("02_Outdoor/outdoor_002.png",)
    assert found.missing == ()


@pytest.mark.parametrize(("landmarks", "scheme"), [(68, "300w-68"), (51, "300w-51"), (49, "300w-49")])
def test_the_number_of_landmarks_decides(tmp_path: Path, landmarks: int, scheme: str) -> None:
    (tmp_path / "a.pts").write_text(pts_text(landmarks))
    assert read_dataset(tmp_path / "a.pts").scheme == scheme


def test_lapa_root(tmp_path: Path) -> None:
    (tmp_path / "test" / "landmarks").mkdir(parents=True)
    picture(tmp_path / "test" / "images" / "10_0.png")
    picture(tmp_path / "test" / "labels" / "10_0.png")  # the segmentation is no image without truth
    text = "106\n" + "".join(f"{x} {y}\n" for x, y in face(106))
    (tmp_path / "test" / "landmarks" / "10_0.txt").write_text(text)
    found = read_dataset(tmp_path)
    assert (found.format, found.scheme) == ("lapa", "lapa-106")  # not insightface-106, which has as many
    assert found.paths["test/images/10_0.png"].is_file()
    assert found.without_truth == ()


def test_facesynthetics_folder(tmp_path: Path) -> None:
    """{id}.png, {id}_seg.png and {id}_ldmks.txt: 70 lines x y (README of microsoft/FaceSynthetics)."""
    for number in (0, 1):
        picture(tmp_path / f"00000{number}.png")
        picture(tmp_path / f"00000{number}_seg.png")
        np.savetxt(tmp_path / f"00000{number}_ldmks.txt", face(70, number), fmt="%.3f")
    found = read_dataset(tmp_path)
    assert (found.format, found.scheme) == ("facesynthetics", "facesynthetics-70")
    assert_array_equal(found.faces[1].points, face(70, 1))
    assert [f.image for f in found.faces] == ["000000.png", "000001.png"]
    assert found.without_truth == ()


def test_wflw_list_with_attributes_and_images_apart(tmp_path: Path) -> None:
    """list_98pt_rect_attr_*: 196 numbers, the rectangle, six attributes, the name (WFLW's README)."""
    lists = tmp_path / "WFLW_annotations" / "list_98pt_rect_attr_train_test"
    lists.mkdir(parents=True)
    picture(tmp_path / "WFLW_images" / "37--Soccer" / "a.png")
    cells = [f"{value:.6f}" for value in face(98).ravel()]
    line = " ".join([*cells, "10", "12", "199", "201", "1", "0", "0", "1", "0", "1", "37--Soccer/a.png"])
    for part in ("train", "test"):
        (lists / f"list_98pt_rect_attr_{part}.txt").write_text(line + "\n")
    for path in (tmp_path, tmp_path / "WFLW_annotations", lists, lists / "list_98pt_rect_attr_test.txt"):
        found = read_dataset(path)
        (row,) = found.faces
        assert (found.format, found.scheme, row.box, row.box_kind) == (
            "wflw",
            "wflw-98",
            (10, 12, 199, 201),
            "wflw",
        )
        assert row.attributes == {
            "pose": True,
            "expression": False,
            "illumination": False,
            "make-up": True,
            "occlusion": False,
            "blur": True,
        }
        assert_array_equal(row.points, face(98))
        assert found.paths["37--Soccer/a.png"].is_file()
    assert row.file == lists / "list_98pt_rect_attr_test.txt"


def test_cofw_as_mmpose_publishes_it(tmp_path: Path) -> None:
    marks = [2] * 27 + [1, 0]
    record = coco(
        [(7, triples(face(29), marks))], {7: "000007.jpg", 8: "000008.jpg"}, bbox=[38, 102, 105, 180]
    )
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "cofw_test.json").write_text(json.dumps(record))
    picture(tmp_path / "images" / "000007.jpg")
    found = read_dataset(tmp_path)
    (row,) = found.faces
    assert (found.format, found.scheme, row.box) == ("coco", "cofw-29", (38, 102, 143, 282))
    assert row.visible is not None
    assert_array_equal(row.visible, [True] * 27 + [False] * 2)
    assert_array_equal(row.points[:28], face(29)[:28])
    assert np.isnan(row.points[28]).all()
    assert found.paths == {"000007.jpg": tmp_path / "images" / "000007.jpg"}
    assert found.without_truth == ("000008.jpg",)


@pytest.mark.parametrize(
    ("landmarks", "scheme"), [(19, "aflw-19"), (68, "300w-68"), (98, "wflw-98"), (106, "lapa-106")]
)
def test_other_sets_of_mmpose(tmp_path: Path, landmarks: int, scheme: str) -> None:
    """Every v is 1 there, which says nothing of visibility; center and scale stand for a box that is not there."""
    record = coco([(1, triples(face(landmarks), [1] * landmarks))], {1: "a.jpg"}, center=[50, 60], scale=0.5)
    (tmp_path / "a.json").write_text(json.dumps(record))
    found = read_dataset(tmp_path / "a.json")
    assert found.scheme == scheme
    assert found.faces[0].visible is None
    assert found.faces[0].box == (0, 10, 100, 110)
    assert found.missing == ("a.jpg",)


def test_coco_wholebody_takes_valid_faces(tmp_path: Path) -> None:
    values = triples(face(68), [1] * 68)
    record = coco([(1, [0.0] * 51)] * 3, {1: "000000000785.jpg", 2: "2.jpg"})
    for row, valid in zip(record["annotations"], (True, False, True), strict=True):
        row |= {"face_kpts": values, "face_box": [358.2, 69.86, 26.36, 25.85], "face_valid": valid}
    record["annotations"][2]["face_kpts"] = [0.0] * 204
    (tmp_path / "wholebody.json").write_text(json.dumps(record))
    found = read_dataset(tmp_path / "wholebody.json")
    assert (found.format, found.scheme, len(found.faces)) == ("coco-wholebody", "300w-68", 1)
    assert_array_equal(found.faces[0].points, face(68))
    assert found.faces[0].box == pytest.approx((358.2, 69.86, 384.56, 95.71))
    assert found.without_truth == ("2.jpg",)


def parts(count: int, first: int = 0, skip: int = -1) -> dict[str, tuple[int, int]]:
    return {f"{i + first:02d}": (10 + i, 20 + 2 * i) for i in range(count) if i != skip}


def test_dlib_xml(tmp_path: Path) -> None:
    picture(tmp_path / "faces" / "a.jpg")
    boxes = [("faces/a.jpg", parts(68, skip=3)), ("faces/a.jpg", parts(68)), ("b.jpg", {})]
    (tmp_path / "training.xml").write_text(imglab(boxes), encoding="latin-1")
    found = read_dataset(tmp_path / "training.xml")
    first, second = found.faces
    assert (found.format, found.scheme, first.box) == ("dlib", "300w-68", (10, 20, 110, 110))
    assert np.isnan(first.points[3]).all()
    assert_array_equal(second.points, [(10 + i, 20 + 2 * i) for i in range(68)])
    assert (found.missing, found.without_truth) == ((), ("b.jpg",))
    (tmp_path / "from_one.xml").write_text(imglab([("a.jpg", parts(68, first=1))]))
    assert_array_equal(
        read_dataset(tmp_path / "from_one.xml", scheme="300w-68").faces[0].points, second.points
    )


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE dataset [<!ENTITY a 'b'>]>",
        "<!DOCTYPE dataset SYSTEM 'file:///etc/passwd'>",
        "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>",
    ],
)
def test_xml_with_a_document_type_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.xml").write_text(imglab([("a.jpg", parts(5))], extra=text))
    with pytest.raises(ValueError, match=r"a\.xml: line 2: expected no document type or entity"):
        read_dataset(tmp_path / "a.xml")


def test_own_csv(tmp_path: Path) -> None:
    rows = [
        "y,x,landmark,face,image,visible",
        *(f"{i},{2 * i},{i},0,a.jpg,{i % 2}" for i in range(29)),
        ",,3,1,a.jpg,",
    ]
    (tmp_path / "t.csv").write_text("\n".join(rows))
    first, second = read_dataset(tmp_path / "t.csv").faces
    assert first.scheme == second.scheme == "cofw-29"
    assert_array_equal(first.points, [(2 * i, i) for i in range(29)])
    assert first.visible is not None
    assert_array_equal(first.visible, [bool(i % 2) for i in range(29)])
    assert np.isnan(second.points).all()


def test_own_json_names_scheme_box_and_attributes(tmp_path: Path) -> None:
    row = {
        "image": "a.jpg",
        "scheme": "five-5",
        "landmarks": [[1, 2], None, [3, 4], [5, 6], [7, 8]],
        "visible": [True, False, True, True, True],
        "box": [1, 2, 3, 4],
        "box_kind": "sfd",
        "attributes": {"pose": True, "split": "test"},
    }
    (tmp_path / "t.json").write_text(json.dumps({"format": "flmcore landmarks 1", "faces": [row]}))
    (found,) = read_dataset(tmp_path / "t.json").faces
    assert (found.scheme, found.box, found.box_kind) == ("five-5", (1, 2, 3, 4), "sfd")
    assert found.attributes == row["attributes"]
    assert np.isnan(found.points[1]).all()


def write(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


BAD = {
    "count.json": (coco([(1, triples(face(30), [1] * 30))], {1: "a.jpg"}), "annotation 0: expected as many landmarks as a scheme has .*got 30"),
    "either.pts": (pts_text(106), r"line 110: expected the scheme to be named, insightface-106 or lapa-106, got 106"),
    "five.pts": (pts_text(5), r"expected the scheme to be named, dlib-5 or five-5"),
    "hidden.json": (coco([(1, triples(face(29), [0] * 29))], {1: "a.jpg"}), "expected at least one face with landmarks, got none"),
    "twice.json": (coco([], {1: "a.jpg"}) | {"images": [{"id": 1, "file_name": "a"}] * 2}, "image 1: expected each id once, got 1 again"),
    "lost.json": (coco([(3, triples(face(29), [1] * 29))], {1: "a.jpg"}), "annotation 0: expected the image_id of one of the images, got 3"),
    "pairs.json": (coco([(1, [1, 2])], {1: "a.jpg"}), "annotation 0: expected finite numbers x, y, v"),
    "box.json": (coco([(1, triples(face(29), [1] * 29))], {1: "a.jpg"}, bbox=[1, 2]), "expected bbox as four numbers"),
    "mixed.json": (
        [{"image": "a.jpg", "scheme": s, "landmarks": face(n).tolist()} for s, n in (("five-5", 5), ("dlib-5", 5), ("five-5", 5))],
        r"expected faces of one scheme, got five-5 \(2\), dlib-5 \(1\): name one",
    ),
    "newer.json": ({"format": "flmcore landmarks 2", "faces": []}, "expected the format 'flmcore landmarks 1', the only one"),
    "seen.json": (
        [{"image": "a.jpg", "scheme": "five-5", "landmarks": face(5).tolist(), "visible": [1] * 5}],
        "entry 0: expected visible as true or false for each of 5 landmarks",
    ),
    "head.csv": ("image,x,y\na,1,2", "line 1: expected the columns image,face,landmark,x,y"),
    "again.csv": ("image,face,landmark,x,y\na,0,0,1,2\na,0,0,1,2", "line 3: expected each landmark once, got landmark 0 of a, face 0 again"),
    "index.csv": ("image,face,landmark,x,y\na,0,-1,1,2", "line 2: expected landmark as a whole number from 0, got '-1'"),
    "cells.csv": ("image,face,landmark,x,y\na,0,1,1", "line 2: expected 5 cells as the heading has, got 4"),
    "word.csv": ("image,face,landmark,x,y\na,0,1,1,b", "line 2: expected two numbers x y, got '1 b'"),
    "cut.xml": ("<dataset><images>", "line 1: expected XML, got no element found"),
    "nameless.xml": ("<dataset><image><box top='1'><part name='0' x='1' y='1'/></box></image></dataset>", "image 0: expected an attribute file"),
    "part.xml": ("<d><image file='a'><box top='1' left='1' width='1' height='1'>" + "".join(f"<part name='{i}' x='1'/>" for i in range(68)) + "</box></image></d>", "a, box 0: expected part with the numbers x, y"),
    "few_ldmks.txt": ("1 2\n" * 69, "line 69: expected as many landmarks as a scheme has .*got 69"),
    "odd.txt": ("1 2 3 4 a.jpg", r"line 1: expected 2 K or 2 K \+ 10 numbers and a name"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named(tmp_path: Path, name: str) -> None:
    content, message = BAD[name]
    file = write(tmp_path / name, content)
    with pytest.raises(ValueError, match=message) as caught:
        read_dataset(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert "\n" not in str(caught.value)


def test_another_count_than_the_schemes_is_refused_in_a_folder(tmp_path: Path) -> None:
    write(tmp_path / "a.pts", pts_text(68))
    write(tmp_path / "b.pts", pts_text(51))
    with pytest.raises(
        ValueError, match=r"expected faces of one scheme, got 300w-68 \(1\), 300w-51 \(1\): name one"
    ):
        read_dataset(tmp_path)
    with pytest.raises(ValueError, match=r"b\.pts: line 55: expected 68 landmarks as 300w-68 has, got 51"):
        read_dataset(tmp_path, scheme="300w-68")


def test_folders_with_no_or_several_sets_are_refused(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    assert not is_dataset(tmp_path)
    with pytest.raises(ValueError, match="expected a folder with landmarks"):
        read_dataset(tmp_path)
    write(tmp_path / "boxes.json", {"a.png": [[1, 2, 3, 4]]})  # boxes are no landmarks
    write(tmp_path / "boxes.csv", "image,x0,y0,x1,y1\na.png,1,2,3,4\n")
    write(tmp_path / "readme.txt", "nothing")
    assert not is_dataset(tmp_path)
    write(tmp_path / "one.json", {"a.png": [face(68).tolist()]})
    assert read_dataset(tmp_path).scheme == "300w-68"
    write(tmp_path / "two.json", {"a.png": [face(68).tolist()]})
    with pytest.raises(
        ValueError, match=r"expected one file of the format json, got 2 \(one.json, two.json\)"
    ):
        read_dataset(tmp_path)
    write(tmp_path / "a.pts", pts_text(68))
    with pytest.raises(ValueError, match="expected landmarks of one format, got 300w and json: name one"):
        read_dataset(tmp_path)
    assert read_dataset(tmp_path, "300w").faces[0].image == "a.png"
    with pytest.raises(ValueError, match=r"format: expected auto or one of .*; did you mean 'wflw'"):
        read_dataset(tmp_path, "wlfw")
    with pytest.raises(ValueError, match=r"expected landmarks of the format lapa .* got none"):
        read_dataset(tmp_path, "lapa")


def test_images_may_lie_elsewhere(tmp_path: Path) -> None:
    write(tmp_path / "marks" / "a.pts", pts_text(68))
    write(tmp_path / "t.json", {"deep/b.png": [face(68).tolist()], "c.png": []})
    for name in ("a.png", "b.png"):
        picture(tmp_path / "elsewhere" / name)
    assert read_dataset(tmp_path / "marks").missing == ("a",)
    found = read_dataset(tmp_path / "marks", images=tmp_path / "elsewhere")
    assert found.paths == {"a": tmp_path / "elsewhere" / "a.png"}
    found = read_dataset(tmp_path / "t.json", images=tmp_path / "elsewhere")
    assert (found.missing, found.without_truth) == ((), ("c.png",))
    with pytest.raises(ValueError, match="images: expected a folder, got"):
        read_dataset(tmp_path / "t.json", images=tmp_path / "none")


def test_shared_faces_need_their_scheme_named(shared: Path) -> None:
    with pytest.raises(ValueError, match=r"expected faces of one scheme, got 300w-68 \(3\), wflw-98 \(3\)"):
        read_dataset(shared / "faces" / "faces.json")
    found = read_dataset(shared / "faces" / "faces.json", scheme="cofw-29")
    (row,) = found.faces
    assert row.visible is not None
    assert (~row.visible).sum() == 6
    assert found.paths["cofw_001766.jpg"].is_file()
