"""The report page's files: whole or not at all, nobody else's touched, the same bytes from the same results."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from flmcore.cli import main
from flmcore.errors import ResultsError
from flmcore.report.page import write_page
from flmcore.report.page.assets import SCRIPTS, STYLES, page_files
from flmcore.report.page.script import as_script
from flmcore.report.page.staging import LISTING, Staging
from flmcore.report.page.thumbs import LARGEST, thumbnail
from page_results import EVIL, known


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_page(known(), tmp_path / name)
    write_page(known(), tmp_path / "two")  # over itself
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    assert {path.name for path in (tmp_path / "two").iterdir()} == {"index.html", "page"}


def test_every_file_of_the_page_is_in_the_package() -> None:
    names = [name for name, data in page_files() if data]
    assert {*SCRIPTS, *STYLES} < set(names)
    assert sum(name.endswith("LICENSE") for name in names) == 2
    static = files("flmcore.report.page").joinpath("static")
    listed = {*SCRIPTS, *STYLES, "index.html"}
    assert {path.name for path in static.iterdir()} == listed  # none forgotten


def test_libraries_are_to_the_letter_what_their_origin_says() -> None:
    script = Path(__file__).parents[1] / "third_party" / "fetch.py"
    if not script.is_file():
        pytest.skip("no source tree: third_party is not here")
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_data_cannot_end_its_script() -> None:
    value = {"name": EVIL, "more": "\u2028\u2029&<!--", "nan": float("nan")}
    text = as_script("X", value).decode("ascii")
    assert not set("<>&") & set(text)
    body = text.removeprefix('"use strict";\nwindow.X = ').removesuffix(";\n")
    assert json.loads(body) == value | {"nan": None}


@pytest.mark.parametrize("foreign", ["index.html", "page/notes.txt", "page"])
def test_what_is_not_ours_is_left_alone(tmp_path: Path, foreign: str) -> None:
    file = tmp_path / foreign
    file.parent.mkdir(exist_ok=True)
    file.write_text("mine")
    with pytest.raises(
        ResultsError, match=r"not made by flmcore report: choose another folder, or --no-page"
    ):
        write_page(known(), tmp_path)
    assert tree(tmp_path) == {foreign: b"mine"}


def test_a_file_that_somebody_put_into_our_folder_is_kept(tmp_path: Path) -> None:
    write_page(known(), tmp_path)
    (tmp_path / "page" / "ratings.json").write_text("{}")
    with pytest.raises(ResultsError, match=r"holds ratings\.json"):
        write_page(known(), tmp_path)
    assert (tmp_path / "page" / "ratings.json").exists()


def test_evaluate_keeps_its_results_where_the_page_cannot_be_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known().write(tmp_path)
    (tmp_path / "index.html").write_text("a site")
    assert main(["report", str(tmp_path), "-o", str(tmp_path), "--no-figures"]) == 2
    assert "index.html" in capsys.readouterr().err
    assert (tmp_path / "index.html").read_text() == "a site"


def test_a_page_that_fails_halfway_leaves_the_old_one(tmp_path: Path) -> None:
    write_page(known(), tmp_path)
    before = tree(tmp_path)

    def fail() -> None:
        with Staging(tmp_path) as staging:
            staging.add("thumbs/0001.jpg", b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert tree(tmp_path) == before


@pytest.mark.parametrize("name", ["../out.js", "/etc/x", "", LISTING, "twice.js"])
def test_files_stay_inside_the_folder(tmp_path: Path, name: str) -> None:
    with Staging(tmp_path) as staging:
        assert staging.add("twice.js", b"") == "page/twice.js"
        with pytest.raises(ValueError, match="expected a new path inside the page's folder"):
            staging.add(name, b"")


def test_thumbnails_are_small_and_of_the_image_that_was_measured(tmp_path: Path) -> None:
    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8)
    path = tmp_path / "face.png"
    Image.fromarray(pixels).save(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    row = {"path": str(path), "sha256": digest, "faces": [{"face": 0, "box": [60, 60, 240, 240]}]}
    small = thumbnail(row, {})
    assert small is not None
    assert len(small) <= LARGEST
    assert thumbnail(row, {"picture": np.zeros((64, 64, 3), np.uint8)}) != small
    assert thumbnail(row | {"sha256": "0" * 64}, {}) is None
    for gone in ("nowhere.png", "/dev/zero", str(tmp_path)):
        assert thumbnail(row | {"path": gone}, {}) is None
    path.write_bytes(b"no image")
    assert thumbnail(row | {"sha256": hashlib.sha256(b"no image").hexdigest()}, {}) is None
