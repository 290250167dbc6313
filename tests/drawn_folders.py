"""Small folders of drawn faces for the tests, and the command that makes them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from flmcore.simulate.folder import simulate_folder
from flmcore.simulate.manifest import Manifest
from flmcore.simulate.settings import SimulateSettings
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


def draw_whole(folder: Path) -> Path:
    begin(folder)
    assert simulate_folder(folder, IMAGES, SMALL).drawn == IMAGES
    return folder
