"""Boxes files: each form gives the same arrays; what is not a boxes file is refused by name and place."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from flmcore.data.boxes import read_boxes

A, B, C = [1.0, 2.0, 30.0, 40.0], [5.5, 6.0, 7.0, 8.25], [0.0, 0.0, 1.0, 1.0]
EXPECTED = {"a.jpg": [A, B], "b#x.png": [C]}
FORMS = {
    "lists.json": json.dumps({"a.jpg": [A, B], "b#x.png": C}),
    "numbered.json": json.dumps(
        {"a.jpg#1": {"box": B, "more": 1}, "b#x.png#0": {"box": C}, "a.jpg#0": {"box": A}}
    ),
    "numbered-lists.json": json.dumps({"a.jpg#10": B, "a.jpg#9": A, "b#x.png": [C]}),
    "rows.json": json.dumps(
        [{"image": n, "box": b} for n, b in (("a.jpg", A), ("b#x.png", C), ("a.jpg", B))]
    ),
    "faces.json": json.dumps(
        [
            {"image": n, "face": f, "box": b}
            for n, f, b in (("a.jpg", 1, B), ("a.jpg", 0, A), ("b#x.png", 0, C))
        ]
    ),
    "plain.csv": "a.jpg,1,2,30,40\na.jpg,5.5,6,7,8.25\n\nb#x.png,0,0,1,1\n",
    "headed.CSV": "\ufeffscore,y1,x1,y0,x0,Image\n1,40,30,2,1,a.jpg\n1,8.25,7,6,5.5,a.jpg\n1,1,1,0,0,b#x.png\n",
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_gives_the_same_boxes(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(FORMS[name], encoding="utf-8")
    boxes = read_boxes(tmp_path / name)
    assert {image: found.tolist() for image, found in boxes.items()} == EXPECTED
    assert all(found.dtype == np.float64 for found in boxes.values())


def test_image_without_faces_is_kept(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"a.jpg": []}')
    assert read_boxes(tmp_path / "a.json")["a.jpg"].shape == (0, 4)


def test_values_are_taken_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a.jpg,nan,0,1,1\nb.jpg,3,3,3,3\n")
    boxes = read_boxes(tmp_path / "a.csv")
    assert np.isnan(boxes["a.jpg"][0, 0])
    assert boxes["b.jpg"].tolist() == [[3, 3, 3, 3]]


BAD = {
    "text.json": ("hello", "Expecting value"),
    "number.json": ("3", "expected a JSON object or list, got 3"),
    "key.json": (
        '{"a.jpg": "left"}',
        'a.jpg: expected four numbers x0, y0, x1, y1, or a list of such, got "left"',
    ),
    "three.json": ('{"a.jpg": [[1, 2, 3]]}', r"a.jpg: expected four numbers x0, y0, x1, y1, got \[1, 2, 3\]"),
    "true.json": ('{"a.jpg": [1, 2, 3, true]}', "a.jpg: expected four numbers"),
    "huge.json": ('{"a.jpg": [1, 2, 3, 1' + "0" * 400 + "]}", "too large"),
    "nobox.json": ('{"a.jpg#0": {"bbox": [1, 2, 3, 4]}}', 'expected an object with "box"'),
    "rows.json": ('[{"image": "a.jpg"}]', 'entry 0: expected an object with "image" and "box"'),
    "short.csv": ("a.jpg,1,2,3", "line 1: expected the columns image,x0,y0,x1,y1, got 'a.jpg,1,2,3'"),
    "words.csv": ("image,x0,y0,x1,y1\na.jpg,1,2,three,4", "line 2: expected four numbers"),
}


@pytest.mark.parametrize("name", BAD)
def test_other_content_is_refused(tmp_path: Path, name: str) -> None:
    content, message = BAD[name]
    (tmp_path / name).write_text(content)
    with pytest.raises(ValueError, match=message) as caught:
        read_boxes(tmp_path / name)
    assert str(caught.value).startswith(str(tmp_path / name))
    assert "\n" not in str(caught.value)


def test_bytes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(ValueError, match=r"a\.json: "):
        read_boxes(tmp_path / "a.json")


def test_published_boxes_are_read(shared: Path) -> None:
    boxes = read_boxes(shared / "golden" / "boxes.json")
    assert sum(map(len, boxes.values())) == 94
    np.testing.assert_array_equal(boxes["300w_indoor_029.png"], [[268.0, 265.0, 710.702, 741.209]])
