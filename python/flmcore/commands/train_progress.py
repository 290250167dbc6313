"""How a training goes, on the terminal or in a log: a bar there, a line a minute here."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.progress import Progress, TaskID

from flmcore.commands.console import LOG_SECONDS, terminal_progress, warn
from flmcore.report.safe import printable

if TYPE_CHECKING:
    from flmcore.train.run import Step

__all__ = ["Bar", "Lines", "watching"]


class _Epochs:
    """Notes on standard error, and a line for each epoch on standard output."""

    def note(self, text: str) -> None:
        warn(text)

    def epoch(self, row: Mapping[str, Any]) -> None:
        errors = "".join(
            f"  {key.removeprefix('error ')} {value:.2f} %"
            for key, value in row.items()
            if key.startswith("error ")
        )
        line = f"epoch {row['epoch']}  {row['samples']:,} samples  {row['minutes']:.1f} min  loss {row['loss']:.3f}{errors}"
        print(printable(line), flush=True)


class Bar(_Epochs):
    """On a terminal: a bar with loss, rate, images/s and the time left."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task: TaskID | None = None

    def loading(self, name: str, done: int, total: int) -> None:
        self._show(f"reading {name}", done, total)

    def step(self, step: Step) -> None:
        about = f"epoch {step.epoch + 1}  loss {step.loss:.3f}  rate {step.rate:.1e}  {step.images_per_second:.0f} images/s"
        self._show(about, step.progress, 1)

    def _show(self, about: str, done: float, total: float) -> None:
        if self._task is None:
            self._task = self._bar.add_task("", total=total)
        self._bar.update(self._task, completed=done, total=total, description=about.replace("[", r"\["))


class Lines(_Epochs):
    """In a log: the first images and the first step are told at once, then a line a minute, each flushed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told: dict[str, float] = {}  # when, by what
        self._began: tuple[float, float] | None = (
            None  # when, and what was behind by then: not zero after --resume
        )

    def loading(self, name: str, done: int, total: int) -> None:
        if self._due(f"reading {name}"):
            self._print(f"reading {name}: {done:,} of {total:,} images")

    def step(self, step: Step) -> None:
        self._began = self._began or (self._clock(), step.progress)
        if not self._due("step"):
            return
        self._print(
            f"epoch {step.epoch + 1}  step {step.step:,}  {100 * step.progress:.0f} %  loss {step.loss:.3f}  "
            f"{step.images_per_second:.0f} images/s  {self._left(step.progress)}"
        )

    def _due(self, what: str) -> bool:
        now, last = self._clock(), self._told.get(what)
        if last is not None and now - last < LOG_SECONDS:
            return False
        self._told[what] = now
        return True

    def _left(self, progress: float) -> str:
        """By the pace since this process began."""
        assert self._began is not None
        start, behind = self._began
        if progress <= behind:
            return "time left not known yet"
        minutes = (self._clock() - start) * (1 - progress) / (progress - behind) / 60
        hours, rest = divmod(round(minutes), 60)
        return f"{hours} h {rest:02} min left" if hours else f"{rest} min left"

    def _print(self, line: str) -> None:
        print(printable(line), file=sys.stderr, flush=True)


@contextmanager
def watching() -> Iterator[Bar | Lines]:
    """A bar where standard error is a terminal, else lines."""
    with terminal_progress() as bar:
        yield Lines() if bar is None else Bar(bar)
