"""A training that stops at any point, for any reason, goes on to the same bytes; another's checkpoint is refused."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flmcore.errors import ResultsError

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from flmcore.detectors.checkpoint import read_checkpoint
from flmcore.train.checkpoint import newest
from flmcore.train.run import run_training
from toy_faces import config_of, two_folders

FEW = "epochs = 3\nepoch_samples = 48"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """32 faces to train on, 8 others."""
    return two_folders(tmp_path_factory.mktemp("trainings"))


def weights_of(out: Path) -> bytes:
    return (out / "toy.safetensors").read_bytes()


def start(place: Path, out: Path, *more: str) -> subprocess.Popen[bytes]:
    arguments = ["train", str(place / "toy.toml"), "-o", str(out), *more]
    code = f"import sys; from flmcore.cli import main; sys.exit(main({arguments!r}))"
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.DEVNULL)


def steps_of(out: Path) -> int:
    names = [path.stem for path in (out / "checkpoints").glob("checkpoint-*.safetensors")]
    return max((int(name.rpartition("-")[2]) for name in names), default=0)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no kill -9")
def test_killed_twice_it_ends_with_the_same_bytes(place: Path, tmp_path: Path) -> None:
    """Once while a thread makes the batches, once while a process does; either may be at any point of a step."""
    parts = {"optimise": "epochs = 3\nepoch_samples = 160", "run": "checkpoint_minutes = 0.0001"}
    run_training(config_of(place, **parts), tmp_path / "whole")
    out = tmp_path / "killed"
    for kill in range(2):
        more = ("--set", f"run.workers={kill}", *(("--resume",) if kill else ()))
        before, process = steps_of(out), start(place, out, *more)
        limit = time.monotonic() + 200
        while steps_of(out) < before + 5 and process.poll() is None and time.monotonic() < limit:
            time.sleep(0.01)
        assert process.poll() is None, "it ended before it could be killed"
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert steps_of(out) >= before + 5
        assert not (out / "toy.toml").exists()
    assert steps_of(out) < 60
    process = start(place, out, "--resume", "--set", "run.checkpoint_minutes=9")
    assert process.wait(timeout=250) == 0
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
    shutil.copytree(short, tmp_path / "out")
    before = weights_of(tmp_path / "out")
    changed = ("optimise.epochs=4", "run.memory=0", "licence=MIT", "name=longer")
    config = config_of(place, changed, optimise=FEW)
    shipped = run_training(config, tmp_path / "out", resume=True)
    assert shipped.detector.name == "longer.toml"
    assert len(json.loads((tmp_path / "out" / "history.json").read_text())["epochs"]) == 4
    assert shipped.weights.read_bytes() != before


def test_a_damaged_checkpoint_is_passed_over(place: Path, short: Path, tmp_path: Path) -> None:
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


@pytest.mark.skipif(os.name == "nt", reason="Windows has no groups of processes to interrupt")
def test_ctrl_c_is_one_line_also_with_workers(place: Path, tmp_path: Path) -> None:
    """At a terminal the workers get the signal, too."""
    config_of(
        place, optimise="epochs = 500\nepoch_samples = 160", run="checkpoint_minutes = 0.0001\nworkers = 1"
    )
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from flmcore.cli import main; "
        f"sys.exit(main(['train', {str(place / 'toy.toml')!r}, '-o', {str(tmp_path)!r}]))"
    )
    with (tmp_path / "told").open("w+") as told:
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=told, start_new_session=True
        )
        limit = time.monotonic() + 200
        while steps_of(tmp_path) < 5 and process.poll() is None and time.monotonic() < limit:
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(timeout=60) == 130
        told.seek(0)
        lines = told.read().splitlines()
    assert lines[-1] == "flmcore: interrupted"
    assert not any("Traceback" in line or "KeyboardInterrupt" in line for line in lines)


def test_two_trainings_do_not_share_a_folder(place: Path, tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    handle = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with pytest.raises(ResultsError, match="got another 'flmcore train' that is still at it"):
        run_training(config_of(place, optimise=FEW), tmp_path)
    os.close(handle)
    assert list(tmp_path.iterdir()) == []


def test_what_a_kill_left_half_written_is_removed(place: Path, short: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(short, out)
    whole = {path.name for path in out.rglob("*")}
    for name in (
        "checkpoints/.checkpoint-000000006.safetensors.a_1b2c3d",
        ".toy.safetensors.x",
        ".history.csv.y",
    ):
        (out / name).write_bytes(b"half")
    run_training(config_of(place, optimise=FEW), out, resume=True)
    assert {path.name for path in out.rglob("*")} == whole


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
