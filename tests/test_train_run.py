"""Trainings from end to end: they learn, their detectors run, a killed one goes on to the same bytes."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flmcore
from flmcore.cli import main
from flmcore.data.images import read_image
from flmcore.data.truth import read_dataset
from flmcore.errors import ConfigError, ResultsError, WeightsError

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from flmcore.detectors.checkpoint import read_checkpoint
from flmcore.train.checkpoint import newest
from flmcore.train.config import read_train_config
from flmcore.train.run import run_training
from toy_faces import write_config, write_folder

FEW = "epochs = 3\nepoch_samples = 48"
MILD = "rotation = 3.0\nnoise = 0.0\nblur = 0.0\nrescale = 0.0\npatch = 0.0\nmotion = 0.0\nshading = 0.0"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """32 faces to train on, 8 others."""
    folder = tmp_path_factory.mktemp("trainings")
    write_folder(folder / "faces", 32)
    write_folder(folder / "others", 8, first=1000)
    return folder


def config_of(place: Path, settings: tuple[str, ...] = (), *, validated: bool = True, **parts: Any) -> Any:
    path = write_config(place, **parts)
    if validated:
        path.write_text(path.read_text() + '\n[[validation]]\npath = "others"\nname = "other"\n')
    return read_train_config(path, settings)


def weights_of(out: Path) -> bytes:
    return (out / "toy.safetensors").read_bytes()


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


def start(place: Path, out: Path, *more: str) -> subprocess.Popen[bytes]:
    arguments = ["train", str(place / "toy.toml"), "-o", str(out), *more]
    code = f"import sys; from flmcore.cli import main; sys.exit(main({arguments!r}))"
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.DEVNULL)


def steps_of(out: Path) -> int:
    names = [path.stem for path in (out / "checkpoints").glob("checkpoint-*.safetensors")]
    return max((int(name.rpartition("-")[2]) for name in names), default=0)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no kill -9")
@pytest.mark.parametrize("workers", [0, 1])
def test_killed_twice_it_ends_with_the_same_bytes(place: Path, tmp_path: Path, workers: int) -> None:
    parts = {
        "optimise": "epochs = 4\nepoch_samples = 240\nmethod = 'adamw'",
        "run": "checkpoint_minutes = 0.0001",
    }
    run_training(config_of(place, **parts), tmp_path / "whole")
    out = tmp_path / "killed"
    for kill in range(2):
        more = ("--set", f"run.workers={workers}", *(("--resume",) if kill else ()))
        before, process = steps_of(out), start(place, out, *more)
        limit = time.monotonic() + 60
        while steps_of(out) < before + 7 and process.poll() is None and time.monotonic() < limit:
            time.sleep(0.01)
        assert process.poll() is None, "it ended before it could be killed"
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert steps_of(out) >= before + 7
        assert not (out / "toy.toml").exists()
    assert steps_of(out) < 120
    process = start(place, out, "--resume", "--set", "run.checkpoint_minutes=9")
    assert process.wait(timeout=120) == 0
    assert weights_of(out) == weights_of(tmp_path / "whole")
    rows = [
        json.loads((tmp_path / name / "history.json").read_text())["epochs"] for name in ("killed", "whole")
    ]
    for row, other in zip(*rows, strict=True):
        assert {**row, "minutes": 0} == {**other, "minutes": 0}


def test_sgd_in_parts_is_sgd_in_one(place: Path, tmp_path: Path) -> None:
    optimise = 'epochs = 2\nepoch_samples = 32\nmethod = "sgd"\nrate = 0.0001\nclip = 1.0'
    config = config_of(place, optimise=optimise, run="half = false")
    run_training(config, tmp_path / "one")

    class Stop(Exception):
        pass

    class Impatient:
        def note(self, text: str) -> None: ...
        def loading(self, name: str, done: int, total: int) -> None: ...
        def step(self, step: object) -> None: ...
        def epoch(self, row: object) -> None:
            raise Stop(row)

    config = config_of(place, optimise=optimise, run="half = false\ncheckpoint_minutes = 0.00001")
    with pytest.raises(Stop):
        run_training(config, tmp_path / "two", watcher=Impatient())
    assert 0 < steps_of(tmp_path / "two") < 4
    run_training(config, tmp_path / "two", resume=True)
    assert weights_of(tmp_path / "two") == weights_of(tmp_path / "one")
    state = read_checkpoint(tmp_path / "one" / "toy.safetensors")
    assert {tensor.dtype for tensor in state.values()} == {torch.float32}


@pytest.fixture(scope="module")
def short(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("short")
    run_training(config_of(place, optimise=FEW), out)
    return out


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (("model.options.width=16",), "model.options.width 8, not 16"),
        (("model.network=pfld-lite", "model.options={}"), "model.network 'resnet', not 'pfld-lite'"),
        (("optimise.rate=0.5",), "optimise.rate 0.001, not 0.5"),
        (("data.0.first=8",), "data.0"),
        (("seed=1",), "seed 0, not 1"),
    ],
)
def test_checkpoint_of_another_training_is_refused(
    place: Path, short: Path, settings: tuple[str, ...], message: str
) -> None:
    before = weights_of(short)
    with pytest.raises(
        ResultsError, match="expected a checkpoint of this training, got one of another: "
    ) as caught:
        run_training(config_of(place, settings, optimise=FEW), short, resume=True)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert weights_of(short) == before


def test_it_is_not_begun_over_another(place: Path, short: Path) -> None:
    with pytest.raises(
        ResultsError, match="holds a training of 18 steps: resume it, or choose another folder"
    ):
        run_training(config_of(place, optimise=FEW), short)


def test_what_may_change_on_resuming(place: Path, short: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(short, tmp_path / "out")
    before = weights_of(tmp_path / "out")
    changed = ("optimise.epochs=4", "run.memory=0", "licence=MIT", "name=longer")
    config = config_of(place, changed, optimise=FEW)
    shipped = run_training(config, tmp_path / "out", resume=True)
    assert shipped.detector.name == "longer.toml"
    assert len(json.loads((tmp_path / "out" / "history.json").read_text())["epochs"]) == 4
    assert shipped.weights.read_bytes() != before


def test_a_damaged_checkpoint_is_passed_over(place: Path, short: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(short, tmp_path / "out")
    older, newer = sorted((tmp_path / "out" / "checkpoints").iterdir())
    newer.write_bytes(newer.read_bytes()[:1000])
    found, problems = newest(tmp_path / "out" / "checkpoints")
    assert found is not None
    assert found.path == older
    assert len(problems) == 1
    assert "expected a checkpoint, got a damaged one" in problems[0]
    run_training(config_of(place, optimise=FEW), tmp_path / "out", resume=True)
    assert weights_of(tmp_path / "out") == weights_of(short)
    for path in (tmp_path / "out" / "checkpoints").iterdir():
        path.write_bytes(b"x")
    with pytest.raises(ResultsError, match="got a damaged one"):
        run_training(config_of(place, optimise=FEW), tmp_path / "out", resume=True)


def test_full_disk_keeps_the_earlier_checkpoint(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_of(place, optimise=FEW)
    written = []

    def fill_up(handle: int) -> None:
        if os.fstat(handle).st_size > 100_000:  # a checkpoint; the history still fits
            written.append(handle)
            if len(written) > 1:
                raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fill_up)
    with pytest.raises(
        ResultsError, match=r"000000012\.safetensors: cannot be written: No space left on device"
    ):
        run_training(config, tmp_path / "out")
    monkeypatch.undo()
    assert [path.name for path in (tmp_path / "out" / "checkpoints").iterdir()] == [
        "checkpoint-000000006.safetensors"
    ]
    run_training(config, tmp_path / "out", resume=True)
    run_training(config, tmp_path / "one")
    assert weights_of(tmp_path / "out") == weights_of(tmp_path / "one")


def test_one_image_is_enough(place: Path, tmp_path: Path) -> None:
    config = config_of(place, ("data.0.first=1", "optimise.epochs=2"), validated=False)
    shipped = run_training(config, tmp_path / "out")
    assert flmcore.load_detector(shipped.detector, threads=1).landmark_count == 68
    assert "Not measured" in shipped.card.read_text()


def test_minutes_end_it_with_the_schedule(place: Path, tmp_path: Path) -> None:
    config = config_of(place, optimise="epochs = 100000\nminutes = 0.03\nepoch_samples = 64")
    run_training(config, tmp_path / "out")
    rows = json.loads((tmp_path / "out" / "history.json").read_text())["epochs"]
    assert rows[-1]["minutes"] < 0.2
    assert rows[-1]["rate"] < 0.3 * max(row["rate"] for row in rows)


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


def test_networks_that_give_no_coordinates_are_refused(place: Path, tmp_path: Path) -> None:
    config = config_of(place, ("model.network=fan", "model.options={}"))
    with pytest.raises(ConfigError, match="model: expected a network "):
        run_training(config, tmp_path / "out")


def test_it_starts_from_weights(place: Path, learned: Path, tmp_path: Path) -> None:
    start_at = f"model.weights={learned / 'toy.safetensors'}"
    settings = (start_at, "optimise.epochs=1", "optimise.epoch_samples=8", "optimise.rate=1e-9")
    run_training(config_of(place, settings), tmp_path / "out")
    error = json.loads((tmp_path / "out" / "history.json").read_text())["epochs"][0]["error other"]
    assert error < 6
    with pytest.raises(WeightsError, match="expected the tensors of ResNet-10 of width 16"):
        run_training(config_of(place, (*settings, "model.options.width=16")), tmp_path / "other")


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


def test_command_needs_a_device_that_there_is(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config_of(place)
    assert main(["train", str(place / "toy.toml"), "-o", str(tmp_path), "--device", "warp"]) == 2
    assert "run.device: expected one that torch has, got 'warp'" in capsys.readouterr().err
