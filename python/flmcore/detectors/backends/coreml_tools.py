"""coremltools without its noise: it logs and draws bars on standard error from the moment of its import."""

from __future__ import annotations

import contextlib
import io
import logging
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from flmcore.errors import MissingExtraError

__all__ = ["Heard", "Shown", "import_coremltools", "quietly"]

Shown = Callable[[str, float], None]  # what is being done, and the share of it that is done

_BAR = re.compile(r"\r?\s*([^|\r\n]+?):\s+(\d+)%\|")  # as tqdm draws it
# What says nothing of this conversion: versions newer than Apple's tests, parts that only macOS has, and float32's
# largest number (a clamp without an upper end) that becomes infinite in float16: coremltools leaves an operation in
# float32 whose other numbers would not fit.
_NOISE = re.compile(
    r"has not been tested with coremltools|Failed to load _ML|Tuple detected at graph output|overflow encountered in cast"
    r"|scikit-learn|TensorFlow|XGBoost"
)


@dataclass
class Heard:
    """What coremltools said: each warning once, without those of every conversion; errors as they came."""

    warnings: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def warning(self, message: str) -> None:
        """Keep a warning that says something of this conversion."""
        line = " ".join(message.split())
        if line not in self.warnings and not _NOISE.search(line):
            self.warnings.append(line)


def import_coremltools(what_for: str) -> Any:
    """The package; MissingExtraError where it is not installed."""
    try:
        with quietly():
            import coremltools
    except ImportError:
        raise MissingExtraError(package="coremltools", extra="coreml", what_for=what_for) from None
    return coremltools


@contextlib.contextmanager
def quietly(shown: Shown | None = None) -> Iterator[Heard]:
    """Keeps coremltools' lines off the terminal, and gives those that may matter.

    Standard output, standard error and the filters of warnings belong to the process: this is no place for threads.

    Args:
        shown: is told what coremltools' bars show.
    """
    heard = Heard()
    logger, collector = logging.getLogger("coremltools"), _Collector(heard)
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(collector)
    try:
        with (
            contextlib.redirect_stderr(_Bars(shown)),
            contextlib.redirect_stdout(io.StringIO()),
            warnings.catch_warnings(record=True) as caught,
        ):
            warnings.simplefilter("ignore")
            warnings.filterwarnings("always", category=RuntimeWarning)  # NaN, division by zero
            warnings.filterwarnings("always", category=UserWarning, module="coremltools")
            yield heard
    finally:
        logger.removeHandler(collector)
        logger.propagate = propagate
        for warning in caught:
            heard.warning(str(warning.message))


class _Collector(logging.Handler):
    """Keeps what is logged, from the level of warnings on."""

    def __init__(self, heard: Heard) -> None:
        super().__init__(logging.WARNING)
        self._heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.ERROR:
            self._heard.errors.append(record.getMessage())
        else:
            self._heard.warning(record.getMessage())


class _Bars(io.TextIOBase):
    """Standard error for the time being: reads the bars, drops all else."""

    encoding = "utf-8"

    def __init__(self, shown: Shown | None) -> None:
        self._shown = shown

    def write(self, text: str) -> int:
        if self._shown is not None and (found := _BAR.match(text)):
            self._shown(found[1], int(found[2]) / 100)
        return len(text)
