"""A look at a training before it begins: its crops as a picture, and one batch through everything."""

from __future__ import annotations

import math
import time
from pathlib import Path

from flmcore.train.run import Watcher, prepare, set_up_torch
from flmcore.train.schema import TrainConfig
from flmcore.train.sheet import draw_sheet
from flmcore.train.trainer import Trainer
from flmcore.whole_files import prepare_folder, write_bytes

__all__ = ["check_training", "write_sheet"]

_CROPS = 64


def write_sheet(config: TrainConfig, file: Path, watcher: Watcher) -> int:
    """Write the first crops of the training, augmented, with their landmarks, as a PNG; returns how many.

    ValueError where the file has another suffix.
    """
    if file.suffix.lower() != ".png":
        msg = f"--sheet: expected a .png, got {file.name!r}"
        raise ValueError(msg)
    prepare_folder(file.parent)
    prepared = prepare(config, watcher, keep=False)
    count = min(math.ceil(_CROPS / config.optimise.batch), prepared.maker.plan.steps)
    batches = [prepared.maker.make(0, step) for step in range(count)]
    write_bytes(file, draw_sheet(batches))
    return sum(len(batch.crops) for batch in batches)


def check_training(config: TrainConfig, watcher: Watcher) -> list[str]:
    """Build everything, train one batch, measure the error of the untrained network; returns what there is to say."""
    set_up_torch(config)
    prepared = prepare(config, watcher, keep=False)
    plan = prepared.maker.plan
    trainer = Trainer(config, plan, lambda: prepared.maker.make(0, 0))
    start = time.perf_counter()
    batch = prepared.maker.make(0, 0)
    made = time.perf_counter()
    loss = float(trainer.train(batch))
    trained = time.perf_counter()
    parameters = sum(parameter.numel() for parameter in trainer.network.parameters())
    lines = [f"{source.name}: {source.length or 'a stream of'} faces" for source in prepared.sources]
    lines += [
        f"{config.model.network}: {parameters:,} parameters, {2 * parameters / 1e6:.1f} MB as float16",
        f"an epoch: {plan.steps} batches of {plan.batch}; all: {config.optimise.epochs * plan.samples:,} samples",
        f"one batch: made in {made - start:.2f} s, trained in {trained - made:.2f} s, loss {loss:.3f}",
    ]
    for one in prepared.validation:
        error = one.error(trainer.average.network, trainer.to_input)
        lines.append(f"{one.name}: {len(one)} faces, {error:.2f} % {one.normaliser} untrained")
    return lines
