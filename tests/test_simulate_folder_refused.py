"""Folders of drawn faces that are not gone on with, and why."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from drawn_folders import IMAGES, SMALL, begin, contents, draw_whole
from flmcore.errors import ResultsError, SimulateError
from flmcore.simulate.folder import simulate_folder
from flmcore.simulate.manifest import NAME
from flmcore.simulate.shards import read_shard, write_shard
from flmcore.simulate.stream import FaceStream


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_whole(tmp_path_factory.mktemp("drawn") / "whole")


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
