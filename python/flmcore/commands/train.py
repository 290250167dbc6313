"""``flmcore train``: a landmark network, from faces to the detector file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from flmcore.commands.console import say, whole
from flmcore.commands.train_progress import watching

if TYPE_CHECKING:
    from flmcore.train.schema import TrainConfig

__all__ = ["EXAMPLES", "add", "run"]

EXAMPLES = """examples:
  flmcore train --example > simulated.toml           every key, with what it means
  flmcore train simulated.toml --sheet sheet.png     what the network will see; nothing is trained
  flmcore train simulated.toml --check               everything built, one batch trained
  flmcore train simulated.toml -o run
  flmcore train simulated.toml -o run --resume       after an interruption: the same weights as without it
  flmcore train simulated.toml -o quick --set optimise.epochs=1 --set data.0.first=1000

OUT gets NAME.safetensors, NAME.toml (a detector: flmcore evaluate photos/ -d OUT/NAME.toml), NAME.md (a card to fill in),
history.csv, history.json, curves.png and checkpoints/. docs/train.md has the keys and what may change on --resume."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("config", nargs="?", type=Path, metavar="CONFIG.toml", help="what to train, on what")
    parser.add_argument("-o", "--out", type=Path, metavar="OUT", help="folder for what is written")
    parser.add_argument("--resume", action="store_true", help="go on from OUT's newest checkpoint, if any")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="KEY=VALUE",
        help="over what the config says, e.g. optimise.rate=0.002; may stand several times",
    )
    parser.add_argument("--threads", type=whole(1, 1024), metavar="N", help="short for --set run.threads=N")
    parser.add_argument("--device", metavar="DEVICE", help="short for --set run.device=…")
    parser.add_argument("--example", action="store_true", help="print a commented config")
    parser.add_argument(
        "--check", action="store_true", help="build everything, train one batch, write nothing"
    )
    parser.add_argument(
        "--sheet", type=Path, metavar="FILE.png", help="write augmented crops with their landmarks, and end"
    )


def run(options: argparse.Namespace) -> int:
    """Train, or show what would be trained on."""
    if options.example:
        from importlib.resources import files

        say((files("flmcore.train") / "example.toml").read_text(encoding="utf-8").rstrip())
        return 0
    _check(options)
    _require_packages()
    from flmcore.train.config import read_train_config

    settings = list(options.settings)
    settings += [f"run.threads={options.threads}"] if options.threads else []
    settings += [f'run.device="{options.device}"'] if options.device else []
    config = read_train_config(options.config, settings)
    if options.check or options.sheet is not None:
        return _look(config, options.sheet, check=options.check)
    return _train(config, options.out, resume=options.resume)


def _check(options: argparse.Namespace) -> None:
    if options.config is None:
        msg = "CONFIG.toml: expected a config ('flmcore train --example' prints one), got nothing"
        raise ValueError(msg)
    looks = options.check or options.sheet is not None
    if options.out is None and not looks:
        msg = "--out: expected a folder for what is written, got nothing"
        raise ValueError(msg)
    if looks and (options.out is not None or options.resume):
        msg = "--check, --sheet: expected neither --out nor --resume beside them, which only train, got one"
        raise ValueError(msg)


def _require_packages() -> None:
    from importlib.util import find_spec

    from flmcore.errors import MissingExtraError

    for package in ("torch", "safetensors"):
        if find_spec(package) is None:
            raise MissingExtraError(package, "train", "training")


def _train(config: TrainConfig, out: Path, *, resume: bool) -> int:
    from flmcore.train.run import run_training

    with watching() as watcher:
        shipped = run_training(config, out, resume=resume, watcher=watcher)
    say(f"{shipped.weights}: {shipped.weights.stat().st_size:,} bytes")
    say(f"{shipped.detector}: flmcore evaluate IMAGES -d {shipped.detector}")
    say(f"{shipped.card}: to be filled in")
    return 0


def _look(config: TrainConfig, sheet: Path | None, *, check: bool) -> int:
    from flmcore.train.look import check_training, write_sheet

    with watching() as watcher:
        if sheet is not None:
            say(f"{sheet}: {write_sheet(config, sheet, watcher)} crops")
        if check:
            for line in check_training(config, watcher):
                say(line)
    return 0
