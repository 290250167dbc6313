"""A folder of drawn faces whose run was cut off, or from which something is gone, can be finished."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from drawn_folders import IMAGES, SHARD, SMALL, begin, command, contents, draw_whole
from flmcore.data.truth import read_dataset
from flmcore.errors import SimulateError
from flmcore.simulate.folder import simulate_folder
from flmcore.simulate.manifest import Manifest, read_manifest


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_whole(tmp_path_factory.mktemp("drawn") / "whole")


def damage_nothing(folder: Path) -> None:
    (folder / "nothing.of.ours").touch()
    (folder / "nothing.of.ours").unlink()


def cut_image(folder: Path) -> None:
    os.truncate(folder / "000005.png", 40)


def drop_segmentation(folder: Path) -> None:
    (folder / "000009_seg.png").unlink()


def drop_labels(folder: Path) -> None:
    (folder / "labels" / "000004.npz").unlink()


def cut_labels(folder: Path) -> None:
    os.truncate(folder / "labels" / "000000.npz", 100)


@pytest.mark.parametrize(
    ("damage", "drawn"),
    [(damage_nothing, 0), (cut_image, 4), (drop_segmentation, 2), (drop_labels, 4), (cut_labels, 4)],
)
def test_what_is_damaged_is_drawn_again(whole: Path, tmp_path: Path, damage: object, drawn: int) -> None:
    folder = begin(tmp_path / "damaged")
    simulate_folder(folder, IMAGES, SMALL)
    damage(folder)  # type: ignore[operator]
    assert simulate_folder(folder, IMAGES, SMALL).drawn == drawn
    assert contents(folder) == contents(whole)


def test_missing_labels_say_how_to_mend_them(tmp_path: Path) -> None:
    folder = begin(tmp_path / "lacking", 2)
    simulate_folder(folder, 2, SMALL)
    (folder / "labels" / "000000.npz").unlink()
    with pytest.raises(ValueError, match=r"000000\.npz: cannot be read: .*--resume' draws what is missing"):
        read_dataset(folder)


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    for _ in range(2400):
        if path.exists() or process.poll() is not None:
            return
        time.sleep(0.05)


def test_killed_run_is_refused_and_finished(whole: Path, tmp_path: Path) -> None:
    folder = begin(tmp_path / "killed", 4000)
    process = command("-o", str(folder), "--resume", "--workers", "2")
    wait_for(folder / "labels" / "000004.npz", process)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    done = len(list((folder / "labels").glob("0*.npz"))) * SHARD
    for form in ("auto", "facesynthetics", "simulated"):
        with pytest.raises(
            SimulateError, match=rf"got {done} of 4000 drawn images: finish it with .*--resume"
        ):
            read_dataset(folder, form)
    with pytest.raises(SimulateError, match="--resume"):
        read_dataset(folder.parent, "facesynthetics")
    manifest = read_manifest(folder)
    assert manifest is not None
    for file in folder.rglob("*.*"):  # nothing of what was drawn beyond these ten
        drawn = file.is_file() and file.name[0].isdigit()
        if drawn and int(file.name[:6]) >= IMAGES // SHARD * SHARD:
            file.unlink()
    replace(manifest, images=IMAGES).save(folder)
    written = simulate_folder(folder, IMAGES, SMALL)
    assert written.drawn < IMAGES
    assert contents(folder) == contents(whole)


def test_interrupted_run_says_how_to_go_on(tmp_path: Path) -> None:
    folder = begin(tmp_path / "interrupted", 4000)
    process = command(
        "-o",
        str(folder),
        "--resume",
        "--workers",
        "2",
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    wait_for(folder / "labels" / "000000.npz", process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.startswith("flmcore: interrupted: ")
    assert said.endswith("of 4000 images are kept; the same command goes on\n")
    assert len(said.splitlines()) == 1
    assert read_manifest(folder) == Manifest(4000, SMALL.seed, SMALL.settings.to_table(), shard=SHARD)


def test_full_disk_leaves_a_folder_to_finish(whole: Path, tmp_path: Path) -> None:
    folder = begin(tmp_path / "full")
    small = 4 * 1024  # bytes that a file may have: the images fit, four images' labels do not

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (small, small))

    process = command("-o", str(folder), "--resume", "--workers", "1", preexec_fn=limit)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 2
    assert len(said.splitlines()) == 1
    assert "000000.npz: cannot be written: File too large (0 of 10 images are kept; go on with" in said
    assert sorted(file.name for file in (folder / "labels").iterdir()) == []
    simulate_folder(folder, IMAGES, SMALL)
    assert contents(folder) == contents(whole)
