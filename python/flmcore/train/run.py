"""One training from its config to the detector that it leaves."""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from flmcore.errors import ResultsError
from flmcore.folder_lock import alone_in
from flmcore.train.batches import Batch, Batches, BatchMaker
from flmcore.train.checkpoint import newest, save
from flmcore.train.curves import draw_curves
from flmcore.train.history import write_history
from flmcore.train.identity import identity_of, refuse_other_training
from flmcore.train.network import build_network
from flmcore.train.plan import Plan
from flmcore.train.schema import TrainConfig
from flmcore.train.shipping import Shipped, describe_sources, file_stem, halved, write_detector
from flmcore.train.sources import DatasetSource, Source, open_source
from flmcore.train.trainer import Trainer
from flmcore.train.validation import ValidationSet
from flmcore.whole_files import drop_leftovers, prepare_folder, write_bytes

__all__ = ["Prepared", "Silent", "Step", "Watcher", "prepare", "run_training", "set_up_torch"]

_FOLDER = "checkpoints"


@dataclass(frozen=True)
class Step:
    """How far a training is: the share that is behind, epochs and steps, this run's speed, the last loss."""

    progress: float
    epoch: int
    step: int
    loss: float
    rate: float
    images_per_second: float


class Watcher(Protocol):
    """Who is told how a training goes."""

    def note(self, text: str) -> None: ...
    def loading(self, name: str, done: int, total: int) -> None: ...
    def step(self, step: Step) -> None: ...
    def epoch(self, row: Mapping[str, Any]) -> None: ...


class Silent:
    """Is told, and says nothing."""

    def note(self, text: str) -> None: ...
    def loading(self, name: str, done: int, total: int) -> None: ...
    def step(self, step: Step) -> None: ...
    def epoch(self, row: Mapping[str, Any]) -> None: ...


@dataclass(frozen=True, eq=False)
class Prepared:
    """Sources opened, images read, the order of the samples drawn."""

    config: TrainConfig
    sources: Sequence[Source]
    maker: BatchMaker
    validation: Sequence[ValidationSet]
    identity: Mapping[str, Any]


def prepare(config: TrainConfig, watcher: Watcher, *, keep: bool = True) -> Prepared:
    """Everything that comes before the first step; errors as of :func:`flmcore.train.sources.open_source`.

    Args:
        keep: read the images, as many as may be kept; else each when it is needed.
    """
    sources = [open_source(config, row, n, watcher.note) for n, row in enumerate(config.data)]
    weights = None if config.data[0].weight is None else [row.weight or 1.0 for row in config.data]
    plan = Plan([source.length for source in sources], weights, config.optimise, config.seed)
    validation = []
    for number, row in enumerate(config.validation):
        source = open_source(config, row, number, watcher.note, exact=True)
        count = source.length if source.length is not None else row.first or 0
        validation.append(ValidationSet(config, source, count))
    room = int(config.run.memory * 1e9) if keep and config.run.workers == 0 else 0
    for source in sources:
        if isinstance(source, DatasetSource):
            room -= source.keep(room, functools.partial(watcher.loading, source.name))
    maker = BatchMaker(config, plan, sources)
    return Prepared(config, sources, maker, validation, identity_of(config, sources))


def run_training(
    config: TrainConfig, out: Path, *, resume: bool = False, watcher: Watcher | None = None
) -> Shipped:
    """Train, write checkpoints and curves as it goes, and at the end the detector.

    Args:
        config: see :func:`flmcore.train.config.read_train_config`.
        out: folder for everything that is written.
        resume: go on from the newest checkpoint in ``out``, where there is one.
        watcher: is told how it goes.

    Raises:
        ConfigError: the loss is no number any more; checkpoints from before are kept.
        ResultsError: ``out`` cannot be written, holds another training, one that is not to be resumed, or one still
            running.
    """
    prepare_folder(out)
    with alone_in(out, "flmcore train"):
        return _run(config, out, watcher or Silent(), resume=resume)


def _run(config: TrainConfig, out: Path, watcher: Watcher, *, resume: bool) -> Shipped:
    found, problems = newest(out / _FOLDER)
    if found is not None and not resume:
        msg = (
            f"{out}: holds a training of {found.state.get('step')} steps: resume it, or choose another folder"
        )
        raise ResultsError(msg)
    set_up_torch(config)
    build_network(config)  # for its errors alone: told before a long reading of images, not after it
    prepared = prepare(config, watcher)
    drop_leftovers(out, *(f"{stem}.*" for stem in (file_stem(config.name), "history", "curves")))
    drop_leftovers(out / _FOLDER, "checkpoint-*")
    trainer = Trainer(config, prepared.maker.plan, lambda: prepared.maker.make(0, 0))
    for problem in problems:
        watcher.note(f"{problem}: passed over")
    if found is not None:
        refuse_other_training(found.path, found.state.get("identity"), prepared.identity)
        trainer.load(found)
        watcher.note(f"goes on from step {trainer.step} ({found.path.name})")
    _train(prepared, trainer, out, watcher)
    return _finish(prepared, trainer, out)


def set_up_torch(config: TrainConfig) -> None:
    """Threads and device; ValueError where torch does not have the device."""
    if config.run.threads is not None:
        torch.set_num_threads(config.run.threads)
    try:
        torch.empty(1, device=config.run.device)
    except (RuntimeError, AssertionError) as error:
        text = " ".join(str(error).split())[:120]
        msg = f"run.device: expected one that torch has, got {config.run.device!r} ({text})"
        raise ValueError(msg) from None


def _train(prepared: Prepared, trainer: Trainer, out: Path, watcher: Watcher) -> None:
    """To the end, from wherever the trainer is."""
    config, plan = prepared.config, prepared.maker.plan
    batches = Batches(prepared.maker, config.run.workers)
    keeper = _Keeper(prepared, trainer, out)
    trainer.clock.start()
    try:
        while not trainer.done:
            pace = _Pace(trainer, watcher)
            for batch in batches.of_epoch(trainer.epoch, trainer.step % plan.steps):
                pace.told(trainer.train(batch), batch)
                if trainer.step % plan.steps == 0 or trainer.done:
                    break
                keeper.save_if_due()
            trainer.require_finite()
            row = trainer.close_epoch(_errors(prepared, trainer))
            watcher.epoch(row)
            _write_progress(prepared, trainer, out)
            keeper.save()
    finally:
        batches.close()


class _Keeper:
    """Writes checkpoints."""

    def __init__(self, prepared: Prepared, trainer: Trainer, out: Path) -> None:
        self._prepared, self._trainer, self._folder = prepared, trainer, out / _FOLDER
        self._last = time.monotonic()

    def save_if_due(self) -> None:
        if time.monotonic() - self._last >= 60 * self._prepared.config.run.checkpoint_minutes:
            self._trainer.require_finite()
            self.save()

    def save(self) -> None:
        state = {**self._trainer.state(), "identity": self._prepared.identity}
        save(self._folder, self._trainer.step, self._trainer.tensors(), state)
        self._last = time.monotonic()


class _Pace:
    """Tells the watcher, now and then: reading a loss may wait for the device."""

    def __init__(self, trainer: Trainer, watcher: Watcher) -> None:
        self._trainer, self._watcher = trainer, watcher
        self._start, self._told = time.monotonic(), -math.inf  # the first step is told at once
        self._seen = 0

    def told(self, loss: torch.Tensor, batch: Batch) -> None:
        now = time.monotonic()
        self._seen += len(batch.crops)
        if now - self._told < 0.5:
            return
        self._told = now
        trainer = self._trainer
        speed = self._seen / max(1e-9, now - self._start)
        self._watcher.step(
            Step(trainer.progress, trainer.epoch, trainer.step, float(loss), trainer.rate, speed)
        )


def _errors(prepared: Prepared, trainer: Trainer) -> dict[str, float]:
    return {one.name: one.error(trainer.average.network, trainer.to_input) for one in prepared.validation}


def _write_progress(prepared: Prepared, trainer: Trainer, out: Path) -> None:
    config = prepared.config
    normalisers = {one.name: one.normaliser for one in prepared.validation}
    write_history(out, {"name": config.name, "normalisers": normalisers}, trainer.rows)
    curves = draw_curves(config.name, trainer.rows)
    if curves is not None:
        write_bytes(out / "curves.png", curves)


def _finish(prepared: Prepared, trainer: Trainer, out: Path) -> Shipped:
    """The average as a detector; errors in its texts are those of the numbers in the file."""
    config = prepared.config
    if config.run.half:
        halved(trainer.average.network)
    summary = {
        "samples": trainer.step * trainer.plan.batch,
        "epochs": len(trainer.rows),
        "minutes": (trainer.rows[-1]["minutes"] if trainer.rows else 0.0),
        "sources": describe_sources(
            [source.name for source in prepared.sources], [source.length for source in prepared.sources]
        ),
        "errors": _errors(prepared, trainer),
    }
    return write_detector(config, trainer.average.network, out, summary)
