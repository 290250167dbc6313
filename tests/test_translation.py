"""Label translation: a detector whose landmarks go through a fitted mapping, wherever they are used."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

import flmcore
from flmcore.cli import main
from flmcore.detectors.config import read_config
from flmcore.errors import ConfigError, ResultsError
from flmcore.evaluation.decoders import other_decoders
from tiny_models import CENTROID, IDENTITY, centroid_onnx, spots_image, write_config

BOX = [10.0, 10.0, 34.0, 34.0]
PLACES = [(15, 14), (20, 28), (30, 22)]
# Two spots change places; a fourth landmark lies beyond the third, as seen from the first.
ROWS = "[1, 0, 2, [[2, 1.5], [0, -0.5]]]"


def mapping_file(folder: Path, name: str = "map.toml", *, source: str = "spots-3", rows: str = ROWS) -> Path:
    (folder / name).write_text(
        f'source = "{source}"\ntarget = "spots-4"\norigin = "by hand"\nsources = 3\ngrades = "{"a" * (4 if rows == ROWS else 3)}"\nrows = {rows}\n'
    )
    return folder / name


@pytest.fixture
def detector_file(tmp_path: Path) -> Path:
    centroid_onnx(tmp_path / "tiny.onnx")
    return write_config(
        tmp_path,
        "onnx",
        "tiny.onnx",
        CENTROID + '\n[output]\nlandmarks = "points"\n[mapping]\nfile = "map.toml"',
    )


def test_landmarks_are_translated_and_the_detector_says_so(detector_file: Path, tmp_path: Path) -> None:
    file = mapping_file(tmp_path)
    detector = flmcore.load_detector(detector_file)
    assert (detector.scheme, detector.landmark_count) == ("spots-4", 4)
    assert detector.config.scheme == "spots-3"
    image = spots_image(PLACES)
    plain = flmcore.load_detector(detector_file, mapping="none")
    before, after = plain(image, BOX).points[0], detector(image, BOX).points[0]
    np.testing.assert_allclose(before, PLACES, atol=1e-3)
    np.testing.assert_allclose(after[:3], before[[1, 0, 2]], atol=1e-6)
    np.testing.assert_allclose(after[3], 1.5 * before[2] - 0.5 * before[0], atol=1e-4)
    assert detector(image, np.empty((0, 4))).points.shape == (0, 4, 2)
    assert detector.describe()["mapping"] == {
        "file": "map.toml",
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "source": "spots-3",
        "target": "spots-4",
        "origin": "by hand",
    }
    assert "mapping" not in plain.describe()
    assert plain.describe()["config"]["mapping"] == {"file": "map.toml", "sha256": None}
    bare = flmcore.load_detector(dataclasses.replace(plain.config, mapping=None))
    assert "mapping" not in bare.describe()["config"]


def test_scores_are_means_of_the_sources_scores(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    file = write_config(tmp_path, "torch", "none.pth", IDENTITY)
    maps = torch.nn.Identity()
    plain = flmcore.load_detector(file, module=maps)
    moved = flmcore.load_detector(file, module=maps, mapping=mapping_file(tmp_path))
    image = spots_image(PLACES)
    image[14, 15, 0] = 100
    scores, found = plain(image, BOX).scores[0], moved(image, BOX).scores[0]
    np.testing.assert_allclose(
        found, [scores[1], scores[0], scores[2], 0.75 * scores[2] + 0.25 * scores[0]], rtol=1e-6
    )
    raw = moved.infer(moved.crop(image, moved.windows(BOX)))
    for decode in other_decoders(moved).values():
        assert decode(raw).shape == (1, 4, 2)
    np.testing.assert_array_equal(other_decoders(moved)["own"](raw), moved.decode(raw)[0])


def test_an_undefined_source_leaves_the_landmark_undefined(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    file = write_config(tmp_path, "torch", "none.pth", IDENTITY + "\n[decode.options]\nthreshold = 0.1")
    image = spots_image(PLACES)
    image[..., 0] = 0
    detector = flmcore.load_detector(file, module=torch.nn.Identity(), mapping=mapping_file(tmp_path))
    points = detector(image, BOX).points[0]
    assert np.isnan(points[:, 0]).tolist() == [False, True, False, True]


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (
            lambda _: None,
            r"mapping\.file: expected a mapping as 'flmcore schemes fit' writes, got no file .*map\.toml",
        ),
        (
            lambda folder: mapping_file(folder, source="other"),
            "mapping: expected a mapping from spots-3 with its 3",
        ),
        (lambda folder: (folder / "map.toml").write_text("source = 3"), "source: expected text, got 3"),
        (lambda folder: (folder / "map.toml").write_bytes(b"\xff\x00"), "expected a TOML file"),
    ],
)
def test_a_mapping_that_is_not_there_or_does_not_fit(
    detector_file: Path, tmp_path: Path, write: object, message: str
) -> None:
    write(tmp_path)  # type: ignore[operator]
    with pytest.raises(ConfigError, match=message):
        flmcore.load_detector(detector_file)


def test_another_sum_is_refused_and_a_new_file_drops_it(detector_file: Path, tmp_path: Path) -> None:
    mapping_file(tmp_path)
    detector_file.write_text(f'{detector_file.read_text()}\nsha256 = "{"0" * 64}"\n')
    with pytest.raises(ConfigError, match=r"mapping\.sha256: expected .* with SHA-256 0000"):
        flmcore.load_detector(detector_file)
    child = tmp_path / "below" / "child.toml"
    child.parent.mkdir()
    child.write_text('extends = "../tiny.toml"\nname = "child"\n[mapping]\nfile = "own.toml"\n')
    mapping_file(child.parent, "own.toml")
    config = read_config(child)
    assert config.mapping is not None
    assert config.mapping.sha256 is None
    assert flmcore.load_detector(child).describe()["mapping"]["file"] == "own.toml"
    child.write_text('extends = "../tiny.toml"\nname = "child"\n[mapping]\nfile = "none"\n')
    assert read_config(child).mapping is None
    assert flmcore.load_detector(child).scheme == "spots-3"
    # A file that the base names lies beside the base.
    child.write_text('extends = "../tiny.toml"\nname = "child"\n')
    assert read_config(child).mapping_folder == child.parent / ".."


def test_unknown_keys_and_missing_files(detector_file: Path) -> None:
    text = detector_file.read_text()
    detector_file.write_text(text.replace('file = "map.toml"', 'files = "map.toml"'))
    with pytest.raises(ConfigError, match=r"mapping\.files: .* did you mean 'file'"):
        read_config(detector_file)
    detector_file.write_text(text.replace('file = "map.toml"', ""))
    with pytest.raises(ConfigError, match=r"mapping\.file: expected to be there, got nothing"):
        read_config(detector_file)
    detector_file.write_text('mapping = "map.toml"\n' + text.partition("[mapping]")[0])
    with pytest.raises(ConfigError, match=r"mapping: expected a table \[mapping\], got 'map.toml'"):
        read_config(detector_file)


def test_a_run_says_by_what_and_is_not_carried_on_with_another(
    detector_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from PIL import Image

    mapping_file(tmp_path)
    image, boxes = tmp_path / "spots.png", tmp_path / "boxes.json"
    Image.fromarray(spots_image(PLACES)).save(image)
    boxes.write_text(json.dumps({"spots.png": [BOX]}))
    arguments = ["evaluate", str(image), "-d", str(detector_file), "--boxes", str(boxes), "--frames", "8"]
    arguments += ["--no-figures", "--no-page", "--no-speed", "-o"]
    assert main([*arguments, str(tmp_path / "own")]) == 0
    assert "tiny: landmarks translated by map.toml (spots-3 → spots-4; by hand)." in capsys.readouterr().out
    results = json.loads((tmp_path / "own" / "results.json").read_text())
    assert results["detectors"][0]["mapping"]["target"] == results["detectors"][0]["scheme"] == "spots-4"
    assert main([*arguments, str(tmp_path / "plain"), "--mapping", "tiny=none"]) == 0
    assert "translated" not in capsys.readouterr().out
    plain = json.loads((tmp_path / "plain" / "results.json").read_text())
    assert "mapping" not in plain["detectors"][0]
    assert plain["identity"]["detectors"] != results["identity"]["detectors"]
    # The same detector on the same images, but another mapping: not the same run.
    other = mapping_file(tmp_path, "other.toml", rows="[0, 1, 2]")
    assert main([*arguments, str(tmp_path / "own"), "--resume", "--mapping", f"tiny={other}"]) == 2
    assert "detectors" in capsys.readouterr().err
    with pytest.raises(ValueError, match="mappings: expected one of tiny, got 'tinny'"):
        flmcore.evaluate(image, detector_file, boxes=boxes, mappings={"tinny": other}, speed=False)
    assert main([*arguments, str(tmp_path / "new"), "--mapping", "tiny"]) == 2
    assert "--mapping: expected NAME=FILE" in capsys.readouterr().err


def test_detect_and_detectors_show_it(
    detector_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from PIL import Image

    Image.fromarray(spots_image(PLACES)).save(tmp_path / "spots.png")
    (tmp_path / "boxes.json").write_text(json.dumps({"spots.png": [BOX]}))
    assert main(["detectors", "show", str(detector_file)]) == 0
    said = capsys.readouterr().out
    assert "ready             no" in said
    assert "got no file" in said
    mapping_file(tmp_path)
    assert main(["detectors", "show", str(detector_file)]) == 0
    said = capsys.readouterr().out
    assert "translated by     map.toml: spots-3 → spots-4; by hand" in said
    assert "ready             yes" in said
    command = [
        "detect",
        str(tmp_path / "spots.png"),
        "-d",
        str(detector_file),
        "--boxes",
        str(tmp_path / "boxes.json"),
    ]
    assert main(command) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["scheme"] == "spots-4"
    assert found["mapping"]["file"] == "map.toml"
    assert len(found["images"]["spots.png"][0]["points"]) == 4
    assert main([*command, "--mapping", "none"]) == 0
    assert json.loads(capsys.readouterr().out)["scheme"] == "spots-3"


def test_a_fitted_mapping_needs_no_file(detector_file: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 50, (12, 3, 2))
    fitted = flmcore.fit_remap(x, x[:, [1, 0, 2]], source="spots-3", target="swapped")
    detector = flmcore.load_detector(detector_file, mapping=fitted)
    np.testing.assert_allclose(
        detector(spots_image(PLACES), BOX).points[0], np.array(PLACES)[[1, 0, 2]], atol=1e-3
    )
    assert "fit_remap on 12 faces" in detector.describe()["mapping"]["origin"]


def test_stills_of_another_mapping_are_other_detectors(detector_file: Path, tmp_path: Path) -> None:
    from flmcore.evaluation.video.collect import check_still

    mapping_file(tmp_path)
    image = spots_image(PLACES)
    still = flmcore.evaluate(image, detector_file, boxes=[[BOX]], frames=8, speed=False)
    check_still(still, [flmcore.load_detector(detector_file).describe()], "still")
    with pytest.raises(ResultsError, match="tiny with other mapping"):
        check_still(still, [flmcore.load_detector(detector_file, mapping="none").describe()], "still")
