"""``flmcore simulate`` at the terminal, the stream behind it, and the contact sheet."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from flmcore.cli import main
from flmcore.data.images import read_image
from flmcore.data.truth import read_dataset
from flmcore.simulate.settings import SimulateSettings
from flmcore.simulate.sheet import write_sheet
from flmcore.simulate.stream import FaceStream

SMALL = FaceStream(SimulateSettings(size=24, samples=1, texture="plain", accessories=False), 3)
TOML = 'size = 24\nsamples = 1\ntexture = "plain"\naccessories = false\n'


@pytest.fixture
def small(tmp_path: Path) -> list[str]:
    (tmp_path / "small.toml").write_text(TOML)
    return ["simulate", "--settings", str(tmp_path / "small.toml"), "--seed", "3", "--workers", "1"]


def test_one_image_is_a_data_set(
    small: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "one")
    assert main([*small, "-n", "1", "-o", out]) == 0
    assert f"{out}: 1 image of 24×24, seed 3; 1 drawn in " in capsys.readouterr().out
    np.testing.assert_array_equal(read_dataset(out).faces[0].points, SMALL[0].landmarks["300w-68"])
    assert main(["simulate", "-o", out, "--resume"]) == 0
    assert capsys.readouterr().out == f"{out}: 1 image of 24×24, seed 3: all there already\n"
    assert main(["simulate", "-o", out, "--resume", "--seed", "5"]) == 2
    assert "(seed 3, not 5)" in capsys.readouterr().err


REFUSED = {
    "nothing to write": (["-n", "3"], "--out: expected a folder for the data set, or --sheet alone, got neither"),
    "no count": (["-o", "OUT"], "--images: expected how many, got none"),
    "nothing to finish": (["-o", "OUT", "--resume"], "expected a folder that flmcore simulate began, got one without"),
    "resume nowhere": (["--sheet", "OUT/a.png", "--resume"], "--resume: expected --out beside it"),
    "sheet of another kind": (["-n", "3", "--sheet", "OUT.gif"], "--sheet: expected a .png or .jpg, got 'OUT.gif'"),
    "landmarks without sheet": (["-n", "3", "-o", "OUT", "--sheet-landmarks"], "--sheet-landmarks: expected --sheet beside"),
    "landmarks that are not drawn": (["-n", "3", "--sheet", "OUT.png", "--sheet-landmarks", "wflw-98"], "expected one of 300w-68"),
    "no settings": (["-n", "3", "-o", "OUT", "--settings", "none.toml"], "none.toml: cannot be read: No such file"),
    "unknown setting": (["-n", "3", "-o", "OUT", "--settings", "BAD"], "bad.toml: settings: expected keys of size"),
    "deep toml": (["-n", "3", "-o", "OUT", "--settings", "DEEP"], "deep.toml: expected a TOML file, got: "),
    "no toml": (["-n", "3", "-o", "OUT", "--settings", "WORSE"], "worse.toml: expected a TOML file, got: "),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.toml").write_text("syze = 64")
    Path("worse.toml").write_text("size = ")
    Path("deep.toml").write_text("size = " + "[" * 100_000)
    given, message = REFUSED[case]
    words = {"BAD": "bad.toml", "WORSE": "worse.toml", "DEEP": "deep.toml"}
    assert main(["simulate", *(words.get(word, word) for word in given)]) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert (said.err.count("\n"), said.out) == (1, "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.toml", "deep.toml", "worse.toml"]


@pytest.mark.parametrize(
    "option",
    [
        ["-n", "0"],
        ["-n", "-2"],
        ["-n", "1000001"],
        ["-n", "x"],
        ["-n", "1", "--workers", "0"],
        ["-n", "1", "--size", "4"],
    ],
)
def test_numbers_out_of_range_are_refused(
    option: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["simulate", *option, "-o", str(tmp_path / "out")])
    assert ended.value.code == 2
    assert "expected a whole number from" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_sheet_shows_the_first_faces(small: list[str], tmp_path: Path) -> None:
    file = tmp_path / "new" / "sheet.png"
    assert main([*small, "-n", "12", "--sheet", str(file)]) == 0
    sheet = read_image(file)
    assert sheet.shape == (2 * 24, 10 * 24, 3)
    np.testing.assert_array_equal(sheet[:24, 24:48], SMALL[1].image)
    np.testing.assert_array_equal(sheet[24:, :24], SMALL[10].image)
    assert not sheet[24:, 48:].any()


def test_sheet_marks_landmarks(tmp_path: Path) -> None:
    faces = [SMALL[0]]
    write_sheet(tmp_path / "s.png", faces, landmarks="300w-68")
    sheet = read_image(tmp_path / "s.png")
    assert sheet.shape == (48, 48, 3)
    seen = int(np.flatnonzero(faces[0].visible["300w-68"])[0])
    x, y = np.rint((faces[0].landmarks["300w-68"][seen] + 0.5) * 2 - 0.5).astype(int)
    green = (sheet == (64, 255, 96)).all(axis=2)
    assert green[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2].any()


def test_a_stream_is_a_function_of_the_number() -> None:
    again = FaceStream.from_options(SMALL.settings.to_table(), seed=3)
    for index, face in enumerate(itertools.islice(again, 3)):
        np.testing.assert_array_equal(face.image, SMALL[index].image)
    assert (FaceStream(SMALL.settings, 4)[0].image != SMALL[0].image).any()


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: SMALL[-1], ValueError, "index: expected a whole number from 0, got -1"),
        (lambda: SMALL[1.0], TypeError, "index: expected a whole number from 0, got float"),
        (lambda: FaceStream(SMALL.settings, -1), ValueError, "seed: expected a whole number from 0, got -1"),
        (lambda: FaceStream({}), TypeError, "settings: expected SimulateSettings, got dict"),
        (lambda: FaceStream.from_options({"syze": 1}), ValueError, "did you mean 'size'"),
        (lambda: SMALL.torch_dataset(0), ValueError, "length: expected a whole number from 1, got 0"),
    ],
)
def test_a_stream_checks_what_it_is_given(make: object, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        make()  # type: ignore[operator]


def test_torch_loaders_see_the_same_faces() -> None:
    torch = pytest.importorskip("torch")
    data = SMALL.torch_dataset(3, first=5)
    assert len(data) == 3
    images, points, visible = next(iter(torch.utils.data.DataLoader(data, batch_size=3)))
    assert (images.dtype, tuple(images.shape)) == (torch.uint8, (3, 3, 24, 24))
    for row in range(3):
        face = SMALL[5 + row]
        np.testing.assert_array_equal(images[row].permute(1, 2, 0), face.image)
        np.testing.assert_array_equal(points[row], face.landmarks["300w-68"])
        np.testing.assert_array_equal(visible[row], face.visible["300w-68"])
    with pytest.raises(IndexError, match="expected one from 0 to 2, got 3"):
        data[3]
