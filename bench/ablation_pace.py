"""How long the ablations will take, from a short trial on this machine as it is now."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ablation_plan import Run
from ablation_runs import Place, faces_missing, finished
from flmcore.simulate.folder import simulate_folder
from flmcore.simulate.stream import FaceStream
from flmcore.train.batches import Batches
from flmcore.train.run import Silent, prepare, set_up_torch
from flmcore.train.trainer import Trainer

_FACES = 96  # a multiple of the images of a person
_DRAWING = 0.2  # share of the trial


@dataclass(frozen=True)
class Pace:
    """``faces`` drawn and written in a second, ``samples`` trained in a second by ``(depth, width)`` of the network.

    ``processors``: how many the trial had on average; well under one where other programs want them, too.
    """

    faces: float
    samples: dict[tuple[int, int], float]
    processors: float


def network_of(run: Run) -> tuple[int, int]:
    """``(depth, width)``."""
    network = {"depth": run.base.depth, "width": run.base.width, **run.setting.network}
    return network["depth"], network["width"]


def trial(runs: Sequence[Run], place: Place, seconds: float) -> Pace:
    """Draw the base's faces, then train each of the runs' networks on them, for about so long in all."""
    networks = {network_of(run): run for run in runs}
    wall, used = time.monotonic(), time.process_time()
    with tempfile.TemporaryDirectory(prefix="flmcore-ablations-") as made:
        folder = Path(made)
        faces = _draw_for(seconds * _DRAWING, runs[0], folder, place.workers)
        each = seconds * (1 - _DRAWING) / max(1, len(networks))
        samples = {key: _train_for(each, run, folder / "1", place) for key, run in networks.items()}
    return Pace(faces, samples, (time.process_time() - used) / (time.monotonic() - wall))


def _draw_for(seconds: float, run: Run, folder: Path, workers: int) -> float:
    """The first lot warms up what is made once per process."""
    count, started = 0, 0.0
    for lot in range(1000):
        if lot == 1:
            started = time.monotonic()
        if lot > 1 and time.monotonic() - started > seconds:
            break
        simulate_folder(folder / str(lot), _FACES, FaceStream(run.drawing, 10_000 + lot), workers=workers)
        count += _FACES if lot else 0
    return count / (time.monotonic() - started)


def _train_for(seconds: float, run: Run, faces: Path, place: Place) -> float:
    config = run.config(str(faces), place.threads, place.memory)
    set_up_torch(config)
    prepared = prepare(config, Silent())
    trainer = Trainer(config, prepared.maker.plan, lambda: prepared.maker.make(0, 0))
    batches = Batches(prepared.maker, 0)
    seen, started = 0, 0.0
    try:
        for step, batch in enumerate(batches.of_epoch(0, 0)):
            float(trainer.train(batch))
            if step == 0:  # memory is laid out
                started = time.monotonic()
                continue
            seen += len(batch.crops)
            if time.monotonic() - started > seconds:
                break
        # Of a training of one batch there is no second step to time.
        return seen / (time.monotonic() - started) if seen else float(len(batch.crops))
    finally:
        batches.close()


def plan_lines(runs: Sequence[Run], place: Place, pace: Pace) -> list[str]:
    """A line per run, and the sum."""
    lines, total = [], 0.0
    drawn: dict[str, int] = {}
    for run in runs:
        name = f"{run.setting.group}: {run.setting.label}, seed {run.seed}"
        if finished(place, run) is not None:
            lines.append(f"    done  {name}")
            continue
        new = max(0, faces_missing(place, run) - drawn.get(run.faces_key, 0))
        drawn[run.faces_key] = drawn.get(run.faces_key, 0) + new
        seconds = new / pace.faces + run.base.samples / pace.samples[network_of(run)]
        total += seconds
        lines.append(f"{seconds / 60:6.1f} m  {name}" + (f" ({new:,} faces to draw)" if new else ""))
    speeds = ", ".join(f"ResNet-{d}×{w} {s:.0f}" for (d, w), s in sorted(pace.samples.items()))
    lines.append(
        f"{total / 60:6.1f} m  in all, at {pace.faces:.0f} faces/s drawn, samples/s trained: {speeds}"
    )
    lines.append(f"the trial had {pace.processors:.1f} processors on average")
    return lines
