"""A folder of drawn faces: what it holds, and that a run that is cut off can be finished."""

from __future__ import annotations

import fcntl
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from flmcore.cli import main
from flmcore.data.images import read_image
from flmcore.data.truth import is_dataset, read_dataset
from flmcore.errors import ResultsError, SimulateError
from flmcore.simulate.folder import simulate_folder
from flmcore.simulate.manifest import NAME, Manifest, read_manifest
from flmcore.simulate.parts import CLASSES
from flmcore.simulate.settings import SimulateSettings
from flmcore.simulate.shards import read_shard, write_shard
from flmcore.simulate.stream import FaceStream

SMALL = FaceStream(SimulateSettings(size=24, samples=1, texture="plain", accessories=False), 3)
IMAGES, SHARD = 10, 4


def begin(folder: Path, images: int = IMAGES) -> Path:
    """A folder as a run leaves it that was cut off at once; of few images a shard, so that there are several."""
    folder.mkdir()
    Manifest(images, SMALL.seed, SMALL.settings.to_table(), shard=SHARD).save(folder)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()
    }


def command(*arguments: str, **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "flmcore", "simulate", *arguments],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **options,  # type: ignore[call-overload]
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = begin(tmp_path_factory.mktemp("drawn") / "whole")
    assert simulate_folder(folder, IMAGES, SMALL).drawn == IMAGES
    return folder


def test_exact_landmarks_are_read_back(whole: Path) -> None:
    data = read_dataset(whole)
    assert is_dataset(whole)
    assert (data.format, data.scheme, len(data.faces), len(data.paths)) == (
        "simulated",
        "300w-68",
        IMAGES,
        IMAGES,
    )
    assert not data.missing
    for index in (0, 5, IMAGES - 1):
        face, drawn = data.faces[index], SMALL[index]
        assert face.image == f"{index:06d}.png"
        np.testing.assert_array_equal(face.points, drawn.landmarks["300w-68"])
        np.testing.assert_array_equal(face.visible, drawn.visible["300w-68"])
        np.testing.assert_allclose(face.box, face.tight_box, atol=1e-4)
        np.testing.assert_array_equal(read_image(data.paths[face.image]), drawn.image)


def test_facesynthetics_files_hold_the_same(whole: Path) -> None:
    exact, published = read_dataset(whole), read_dataset(whole, "facesynthetics")
    assert (published.scheme, len(published.faces)) == ("facesynthetics-70", IMAGES)
    for ours, theirs in zip(exact.faces, published.faces, strict=True):
        np.testing.assert_array_equal(ours.points, theirs.points[:68])
    from PIL import Image

    with Image.open(whole / "000002_seg.png") as picture:
        segmentation = np.asarray(picture)
    np.testing.assert_array_equal(segmentation, SMALL[2].labels)
    assert set(np.unique(segmentation)) <= set(CLASSES.values())


@pytest.mark.parametrize("scheme", [name for name in SMALL[0].landmarks if name != "300w-68"])
def test_every_scheme_survives_as_json(whole: Path, tmp_path: Path, scheme: str) -> None:
    out = tmp_path / "truth.json"
    assert main(["convert", str(whole), str(out), "--from-scheme", scheme]) == 0
    exact, read = read_dataset(whole, scheme=scheme), read_dataset(out)
    assert (read.scheme, len(read.paths)) == (scheme, IMAGES)
    for one, other in zip(exact.faces, read.faces, strict=True):
        np.testing.assert_array_equal(one.points, other.points)
        np.testing.assert_array_equal(one.visible, other.visible)


def test_a_scheme_that_is_not_there_is_named(whole: Path) -> None:
    with pytest.raises(ValueError, match=r"expected one that drawn faces have \(300w-68, .*got 'wflw-98'"):
        read_dataset(whole, scheme="wflw-98")


def test_two_workers_write_the_same(whole: Path, tmp_path: Path) -> None:
    folder = begin(tmp_path / "two")
    simulate_folder(folder, IMAGES, SMALL, workers=2)
    assert contents(folder) == contents(whole)


def test_more_images_keep_the_first(whole: Path, tmp_path: Path) -> None:
    folder = begin(tmp_path / "grown", 5)
    simulate_folder(folder, 5, SMALL)
    before = (folder / "000003.png").stat().st_mtime_ns
    written = simulate_folder(folder, IMAGES, SMALL)
    assert (written.images, written.drawn) == (IMAGES, IMAGES - SHARD)
    assert (folder / "000003.png").stat().st_mtime_ns == before
    assert contents(folder) == contents(whole)
    assert simulate_folder(folder, IMAGES, SMALL).drawn == 0


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


OTHER = {
    "seed": (FaceStream(SMALL.settings, 4), IMAGES, r"another run \(seed 3, not 4\): choose another folder"),
    "settings": (
        FaceStream(replace(SMALL.settings, size=32, yaw=5.0), 3),
        IMAGES,
        r"\(size 24, not 32; yaw 60\.0, not 5\.0\)",
    ),
    "fewer": (SMALL, 9, r"\(10 images, not 9\)"),
}


@pytest.mark.parametrize("other", OTHER)
def test_another_run_is_refused(whole: Path, other: str) -> None:
    stream, images, message = OTHER[other]
    before = contents(whole)
    with pytest.raises(SimulateError, match=message):
        simulate_folder(whole, images, stream)
    assert contents(whole) == before


def test_faces_that_would_be_drawn_otherwise_are_refused(tmp_path: Path) -> None:
    folder = begin(tmp_path / "other", 5)
    simulate_folder(folder, 5, SMALL)
    rows = read_shard(folder, range(4))
    rows["300w-68"][0, 8] += 0.25
    write_shard(folder, 0, [{key: value[index] for key, value in rows.items()} for index in range(4)])
    with pytest.raises(
        SimulateError, match=r"000000\.png: expected the face that would be drawn now, got another"
    ):
        simulate_folder(folder, 8, SMALL)


def other_things(folder: Path) -> Path:
    folder.mkdir()
    (folder / "thesis.tex").write_text("mine")
    return folder


def a_file(folder: Path) -> Path:
    folder.write_text("mine")
    return folder


def damaged(folder: Path) -> Path:
    (begin(folder) / NAME).write_text('{"format": "flmcore simul')
    return folder


def newer(folder: Path) -> Path:
    (begin(folder) / NAME).write_text('{"format": "flmcore simulated 2"}')
    return folder


def without_seed(folder: Path) -> Path:
    content = json.loads((begin(folder) / NAME).read_text())
    content["seed"] = "zero"
    (folder / NAME).write_text(json.dumps(content))
    return folder


def without_end(folder: Path) -> Path:
    content = json.loads((begin(folder) / NAME).read_text())
    content["images"] = 10**12  # to count what is there of them would never end
    (folder / NAME).write_text(json.dumps(content))
    return folder


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (other_things, r"expected a new or empty folder, .* got one with other things \(thesis\.tex\)"),
        (a_file, "expected a folder, got a file"),
        (damaged, r"simulated\.json: expected what flmcore simulate writes, got another or a damaged file"),
        (newer, "the only one that this version reads, got 'flmcore simulated 2'"),
        (
            without_end,
            r"simulated\.json: images: expected a whole number from 1 to 1000000, got 1000000000000",
        ),
        (without_seed, r"simulated\.json: seed: expected a whole number from 0, got zero"),
    ],
)
def test_what_is_no_such_folder_is_left_alone(tmp_path: Path, make: object, message: str) -> None:
    folder = make(tmp_path / "there")  # type: ignore[operator]
    before = contents(folder) if folder.is_dir() else folder.read_bytes()
    with pytest.raises(SimulateError, match=message):
        simulate_folder(folder, IMAGES, SMALL)
    assert (contents(folder) if folder.is_dir() else folder.read_bytes()) == before


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Path]:
    folder = begin(tmp_path / "held")
    handle = os.open(folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    yield folder
    os.close(handle)


def test_two_runs_do_not_share_a_folder(held: Path) -> None:
    with pytest.raises(ResultsError, match="got another 'flmcore simulate' that is still at it"):
        simulate_folder(held, IMAGES, SMALL)


@pytest.mark.parametrize(
    ("images", "workers", "kind"),
    [
        (0, 1, ValueError),
        (-1, 1, ValueError),
        (10**9, 1, ValueError),
        (1, 0, ValueError),
        (1.5, 1, TypeError),
    ],
)
def test_counts_are_checked(tmp_path: Path, images: int, workers: int, kind: type[Exception]) -> None:
    with pytest.raises(kind, match=r"expected a whole number from 1 to \d+, got"):
        simulate_folder(tmp_path / "none", images, SMALL, workers=workers)
    assert not (tmp_path / "none").exists()
