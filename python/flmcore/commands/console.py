"""What the commands share of the terminal."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from flmcore.report.safe import printable

if TYPE_CHECKING:
    from flmcore.evaluation.run import Progress as Step

__all__ = [
    "EXIT_BAD_INPUT",
    "EXIT_INTERRUPTED",
    "EXIT_NOTHING",
    "LOG_SECONDS",
    "log_lines",
    "named_values",
    "progress_bar",
    "say",
    "show_page",
    "show_problems",
    "terminal",
    "terminal_progress",
    "warn",
    "whole",
]

EXIT_NOTHING, EXIT_BAD_INPUT, EXIT_INTERRUPTED = 1, 2, 130
LOG_SECONDS = 60.0
_PIPE_WIDTH = 100  # columns where there is no terminal to ask
_PLACES = 4  # images named on a line that several share
_SHOWN = 15


def terminal() -> Console:
    """Standard output: colours and its own width on a terminal, plain text of 100 columns in a pipe."""
    plain = not sys.stdout.isatty()
    return Console(width=_PIPE_WIDTH if plain else None, highlight=False, soft_wrap=False)


def say(text: str = "") -> None:
    """A line on standard output, not wrapped, so that paths can be copied and piped."""
    print(text)


def warn(text: str) -> None:
    """A line on standard error."""
    print(f"flmcore: {printable(text)}", file=sys.stderr)


def show_page(page: Path) -> None:
    """Open a page in the browser; where there is none, say so: the page is written all the same."""
    import webbrowser

    if not webbrowser.open(page.resolve().as_uri()):
        warn(f"no browser found: open {page} by hand")


@contextmanager
def terminal_progress() -> Iterator[Progress | None]:
    """A bar with the time left on standard error; None where that is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    columns = (
        TextColumn("{task.percentage:>3.0f} %"),
        BarColumn(bar_width=30),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield bar


def log_lines(clock: Callable[[], float] = time.monotonic) -> Callable[[Step], None]:
    """Tells a log how far one thing is: a line on standard error every :data:`LOG_SECONDS`, the first after as long."""
    told = clock()

    def show(step: Step) -> None:
        nonlocal told
        if (now := clock()) - told < LOG_SECONDS:
            return
        told = now
        print(
            f"{100 * step.done / max(step.total, 1):3.0f} %  {printable(step.doing)}",
            file=sys.stderr,
            flush=True,
        )

    return show


@contextmanager
def progress_bar() -> Iterator[Callable[[Step], None]]:
    """What tells how far one thing is: :func:`terminal_progress`, or :func:`log_lines` where there is no terminal."""
    with terminal_progress() as bar:
        if bar is None:
            yield log_lines()
            return
        task = bar.add_task("starting", total=None)

        def show(step: Step) -> None:
            bar.update(
                task, completed=step.done, total=step.total, description=step.doing.replace("[", r"\[")
            )

        yield show


def show_problems(problems: Sequence[Mapping[str, Any]], where: str) -> None:
    """What was not measured, and what should be known of the rest; the whole list is in the results."""
    console = terminal()
    for note, title in ((False, "Not measured"), (True, "Notes")):
        rows = [row for row in problems if row["note"] is note]
        if rows:
            console.print(Text(f"\n{title} ({len(rows)}):", style="bold"))
        lines = _problem_lines(rows)
        for line in lines[:_SHOWN]:
            console.print(Text(f"  {printable(line)}", style="" if note else "yellow"), soft_wrap=True)
        if len(lines) > _SHOWN:
            console.print(f"  … and {len(lines) - _SHOWN} more in {where}")
        elif len(rows) - len(lines) >= _PLACES:
            console.print(f"  each by name in {where}")


def _problem_lines(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """One line per reason; what many images share would bury the rest."""
    places: dict[str, list[str]] = {}
    for row in rows:
        place = row["image"] or ""
        place += f" face {row['face']}" if row["face"] else ""
        place += f" · {row['detector']}" if row["detector"] else ""
        places.setdefault(row["reason"], []).append(
            "" if row["reason"].startswith(str(row["image"])) else place
        )
    lines = []
    for reason, where in places.items():
        shown = (
            where if len(where) <= _PLACES else [*where[: _PLACES - 1], f"… {len(where) - _PLACES + 1} more"]
        )
        named = ", ".join(filter(None, shown))
        lines.append(f"{named}: {reason}" if named else reason)
    return lines


def whole(low: int, high: int | None = None) -> Callable[[str], int]:
    """For argparse: a whole number from ``low``."""
    span = f"from {low}" if high is None else f"from {low} to {high}"

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if value < low or (high is not None and value > high):
            msg = f"expected a whole number {span}, got {text!r}"
            raise argparse.ArgumentTypeError(msg)
        return value

    return parse


def named_values(option: str, given: Sequence[str], form: str, what: str) -> dict[str, str]:
    """``NAME=VALUE`` of an option that may stand several times, as name → value; a name may stand once."""
    values: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            msg = f"{option}: expected {form}, got {text!r}"
            raise ValueError(msg)
        if name in values:
            msg = f"{option}: expected one {what} for {name}, got {values[name]} and {value}"
            raise ValueError(msg)
        values[name] = value
    return values
