"""Trainings from end to end: they learn, their detectors run, they end when they should."""

from __future__ import annotations

import csv
import itertools
import json
import os
from pathlib import Path

import numpy as np
import pytest

import flmcore
from flmcore.cli import main
from flmcore.data.images import read_image
from flmcore.data.truth import read_dataset
from flmcore.errors import ConfigError, WeightsError

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from flmcore.detectors.checkpoint import read_checkpoint
from flmcore.train.curves import draw_curves
from flmcore.train.run import Silent, run_training
from flmcore.train.trainer import Clock
from toy_faces import config_of, two_folders

MILD = "rotation = 3.0\nnoise = 0.0\nblur = 0.0\nrescale = 0.0\npatch = 0.0\nmotion = 0.0\nshading = 0.0"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """32 faces to train on, 8 others."""
    return two_folders(tmp_path_factory.mktemp("trainings"))


@pytest.fixture(scope="module")
def learned(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training long enough to learn something, by the command."""
    out = tmp_path_factory.mktemp("learned")
    optimise = "epochs = 8\nepoch_samples = 320\nrate = 0.003\nclip = 50.0"
    config_of(place, augment=MILD, optimise=optimise)
    assert main(["train", str(place / "toy.toml"), "-o", str(out), "--threads", "1"]) == 0
    return out


def test_it_learns(learned: Path) -> None:
    rows = json.loads((learned / "history.json").read_text())["epochs"]
    assert [row["epoch"] for row in rows] == list(range(1, 9))
    assert rows[-1]["samples"] == 8 * 320
    assert rows[-1]["loss"] < 0.6 * rows[0]["loss"]
    assert rows[0]["error other"] > 8
    assert rows[-1]["error other"] < 5
    with (learned / "history.csv").open() as file:
        assert [float(row["loss"]) for row in csv.DictReader(file)] == [row["loss"] for row in rows]
    assert sorted(path.name for path in learned.iterdir()) == [
        "checkpoints",
        *(["curves.png"] if (learned / "curves.png").exists() else []),
        "history.csv",
        "history.json",
        "toy.md",
        "toy.safetensors",
        "toy.toml",
    ]
    assert len(list((learned / "checkpoints").iterdir())) == 2


def test_curves_are_a_picture(learned: Path) -> None:
    pytest.importorskip("matplotlib")
    picture = read_image(learned / "curves.png")
    assert picture.shape[0] > 300
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 20


def test_the_detector_makes_the_error_that_was_measured(learned: Path, place: Path) -> None:
    detector = flmcore.load_detector(learned / "toy.toml", threads=1)
    dataset = read_dataset(place / "others")
    found, truth = [], []
    for face in dataset.faces:
        points = face.points[:68]
        box = [*(points.min(axis=0) + 0.5), *(points.max(axis=0) + 0.5)]
        found.append(detector(read_image(dataset.paths[face.image]), box).points[0])
        truth.append(points)
    error = flmcore.nme(np.stack(found), np.stack(truth), scheme="300w-68").mean
    rows = json.loads((learned / "history.json").read_text())["epochs"]
    assert error == pytest.approx(rows[-1]["error other"], abs=0.02)  # float16, and crops rounded to bytes
    assert f"other {error:.1f}" in detector.config.description
    assert detector.config.licence == "none"
    assert detector.config.crop.scale == 1.2
    assert f"{detector.config.source.parameters:,} parameters" in (learned / "toy.md").read_text()
    state = read_checkpoint(learned / "toy.safetensors")
    assert {tensor.dtype for tensor in state.values()} == {torch.float16}


def test_one_image_is_enough(place: Path, tmp_path: Path) -> None:
    config = config_of(place, ("data.0.first=1", "optimise.epochs=2"), validated=False)
    shipped = run_training(config, tmp_path / "out")
    assert flmcore.load_detector(shipped.detector, threads=1).landmark_count == 68
    assert "Not measured" in shipped.card.read_text()


def test_minutes_end_it_with_the_schedule(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock that goes on by a second each time somebody looks."""
    seconds = itertools.count()
    monkeypatch.setattr(Clock, "seconds", property(lambda _: float(next(seconds))))
    config = config_of(place, optimise="epochs = 100000\nminutes = 2\nepoch_samples = 64")
    run_training(config, tmp_path / "out")
    rows = json.loads((tmp_path / "out" / "history.json").read_text())["epochs"]
    assert 2 <= rows[-1]["minutes"] < 2.2
    assert rows[-1]["samples"] < 8 * 120
    assert rows[-1]["rate"] < 0.02 * 0.001


def test_gaussian_learns_and_its_detector_runs(place: Path, tmp_path: Path) -> None:
    config = config_of(
        place, ("loss.kind=gaussian", "name=sure [1]"), optimise="epochs = 3\nepoch_samples = 160"
    )
    shipped = run_training(config, tmp_path / "out")
    assert shipped.detector.name == "sure_1.toml"
    detector = flmcore.load_detector(shipped.detector, threads=1)
    assert detector.config.decode.stride == 3
    rows = json.loads((tmp_path / "out" / "history.json").read_text())["epochs"]
    assert rows[-1]["loss"] < rows[0]["loss"]


class NotReading(Silent):
    def loading(self, name: str, done: int, total: int) -> None:
        pytest.fail(f"{done} of {total} images of {name} are read before the network is known to be one")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (("model.network=fan", "model.options={}"), "model: expected a network "),
        (("model.options.depth=11",), "depth: expected "),
    ],
)
def test_networks_that_will_not_do_are_refused_at_once(
    place: Path, tmp_path: Path, settings: tuple[str, ...], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        run_training(config_of(place, settings), tmp_path / "out", watcher=NotReading())


def test_it_starts_from_weights(place: Path, learned: Path, tmp_path: Path) -> None:
    start_at = f"model.weights={learned / 'toy.safetensors'}"
    settings = (start_at, "optimise.epochs=1", "optimise.epoch_samples=8", "optimise.rate=1e-9")
    run_training(config_of(place, settings), tmp_path / "out")
    error = json.loads((tmp_path / "out" / "history.json").read_text())["epochs"][0]["error other"]
    assert error < 6
    with pytest.raises(WeightsError, match=r"expected the tensors of ResNet-10 \(width 16, grid 2\)"):
        run_training(config_of(place, (*settings, "model.options.width=16")), tmp_path / "other")


def test_it_ends_where_it_diverges(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config_of(place, optimise="epochs = 2\nepoch_samples = 64\nrate = 1e30")
    assert main(["train", str(place / "toy.toml"), "-o", str(tmp_path / "out")]) == 2
    assert (
        "optimise.rate: expected a training that converges, got a loss of nan by step "
        in capsys.readouterr().err
    )
    assert [path.name for path in (tmp_path / "out").rglob("*") if path.is_file()] == []


def test_losses_below_zero_are_a_curve() -> None:
    pytest.importorskip("matplotlib")
    rows = [{"samples": n, "loss": 1.5 - n, "rate": 0.1, "error faces": 9.0 / n} for n in (1, 2, 3)]
    assert draw_curves("toy", rows) is not None  # and no warning, which would be an error here


def test_check_and_sheet(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config_of(place)
    sheet = tmp_path / "sheet.png"
    assert main(["train", str(place / "toy.toml"), "--check", "--sheet", str(sheet)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [f"{sheet}: 32 crops", "faces: 32 faces"]
    assert lines[-1].startswith("other: 8 faces, ")
    picture = read_image(sheet)
    assert picture.shape == (4 * 98, 8 * 98, 3)
    assert ((picture == (0, 255, 0)).all(axis=-1).sum()) > 32 * 68 * 2
    assert os.listdir(tmp_path) == ["sheet.png"]
    assert main(["train", str(place / "toy.toml"), "--sheet", str(tmp_path / "sheet.gif")]) == 2
    assert "--sheet: expected a .png, got 'sheet.gif'" in capsys.readouterr().err


def test_command_needs_a_device_that_there_is(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config_of(place)
    assert main(["train", str(place / "toy.toml"), "-o", str(tmp_path), "--device", "warp"]) == 2
    assert "run.device: expected one that torch has, got 'warp'" in capsys.readouterr().err
