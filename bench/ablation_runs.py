"""One run of the ablations: its faces drawn, its network trained, its errors measured; what is there is kept."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import flmcore
from ablation_plan import HELD_OUT_SEED, NAME, Base, Run, held_out
from flmcore.detectors.base import Detector
from flmcore.simulate.folder import simulate_folder
from flmcore.simulate.manifest import read_manifest
from flmcore.simulate.stream import FaceStream
from flmcore.train.faces import tight_box
from flmcore.train.run import Watcher, run_training
from flmcore.whole_files import dump_json, write_bytes
from judged_faces import COMMON, Judged, errors_of, judged_faces, landmarks_of

RESULT, _STARTED = "result.json", "started.json"


@dataclass(frozen=True)
class Place:
    """Where runs are kept, and with what they are made."""

    out: Path
    human: Path
    """Folder with ``faces.json``; the errors on human landmarks are left out where it is not there."""
    threads: int = 1
    workers: int = 1
    memory: float = 4.0

    def folder(self, run: Run) -> Path:
        return self.out / "runs" / run.key

    def faces(self, run: Run) -> Path:
        return self.out / "drawn" / run.faces_key

    @property
    def has_human(self) -> bool:
        return (self.human / "faces.json").is_file()


def finished(place: Place, run: Run) -> dict[str, Any] | None:
    """What was measured of a run; None where it is not done, or human faces have come since."""
    try:
        result = json.loads((place.folder(run) / RESULT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    whole = result.get("identity") == json.loads(json.dumps(run.identity))
    return result if whole and (result["human"] is not None or not place.has_human) else None


def carry_out(place: Place, run: Run, watcher: Watcher) -> dict[str, Any]:
    """Whatever of the run is not there yet; a training that was cut off goes on from its checkpoint."""
    folder = place.folder(run)
    if not (folder / f"{NAME}.toml").is_file():
        images = draw(place, run)
        _drop_other_checkpoints(folder, images, watcher)
        config = run.config(str(place.faces(run).resolve()), place.threads, place.memory)
        run_training(config, folder, resume=True, watcher=watcher)
    result = measure(place, run)
    write_bytes(folder / RESULT, dump_json(result))
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    return finished(place, run) or result


def draw(place: Place, run: Run) -> int:
    """Let the folder hold at least the run's faces; returns how many it holds."""
    folder = place.faces(run)
    found = read_manifest(folder) if folder.is_dir() else None
    wanted = max(run.setting.faces, 0 if found is None else found.images)
    if found is None or not found.whole or found.images < wanted:
        simulate_folder(folder, wanted, FaceStream(run.drawing, run.seed), workers=place.workers)
    return wanted


def faces_missing(place: Place, run: Run) -> int:
    """How many are to be drawn."""
    folder = place.faces(run)
    found = read_manifest(folder) if folder.is_dir() else None
    there = found.images if found is not None and found.whole else 0
    return max(0, run.setting.faces - there)


def _drop_other_checkpoints(folder: Path, images: int, watcher: Watcher) -> None:
    """A folder of faces that has grown is another data set to a checkpoint, although the first faces are the same."""
    file = folder / _STARTED
    folder.mkdir(parents=True, exist_ok=True)
    try:
        before = json.loads(file.read_text(encoding="utf-8"))["images"]
    except (OSError, ValueError, KeyError):
        before = images
    if before != images and (folder / "checkpoints").is_dir():
        watcher.note(f"{folder.name}: starts anew, as its folder of faces has grown since")
        shutil.rmtree(folder / "checkpoints")
    write_bytes(file, dump_json({"images": images}))


def measure(place: Place, run: Run) -> dict[str, Any]:
    """NME in % between the outer eye corners, face by face, with boxes of the truth, by the detector as it was written."""
    folder = place.folder(run)
    detector = flmcore.load_detector(folder / f"{NAME}.toml", threads=place.threads)
    history = json.loads((folder / "history.json").read_text(encoding="utf-8"))["epochs"]
    cost = detector.cost()
    return {
        "identity": run.identity,
        "samples": history[-1]["samples"],
        "loss": history[-1]["loss"],
        "minutes": history[-1]["minutes"],
        "parameters": cost.parameters,
        "multiply_adds": cost.multiply_adds,
        "human": _human(detector, place) if place.has_human else None,
        "drawn": drawn_errors(detector, run.base).tolist(),
    }


def _human(detector: Detector, place: Place) -> list[dict[str, Any]]:
    rows = []
    for face in _human_faces(place.human):
        errors = errors_of(landmarks_of(detector, face, face.box), COMMON, face)
        rows.append({"face": face.name, "all": errors["all"], "inner": errors["inner"]})
    return rows


@lru_cache(maxsize=1)
def _human_faces(folder: Path) -> Sequence[Judged]:
    return [face for face in judged_faces(folder) if face.main]


@lru_cache(maxsize=1)
def held_out_faces(base: Base) -> list[tuple[NDArray[np.uint8], NDArray[np.float64]]]:
    """Images and their 68 landmarks, drawn with the defaults and a seed of their own."""
    stream = FaceStream(held_out(base), HELD_OUT_SEED)
    drawn = [stream[index] for index in range(base.held_out)]
    return [(one.image, np.asarray(one.landmarks[COMMON], dtype=np.float64)) for one in drawn]


def drawn_errors(detector: Detector, base: Base) -> NDArray[np.float64]:
    """(held_out,) NME in %."""
    faces = held_out_faces(base)
    found = [detector(image, tight_box(points)).points[0] for image, points in faces]
    truth = np.stack([points for _, points in faces])
    return np.asarray(flmcore.nme(np.stack(found), truth, scheme=COMMON).per_image)
