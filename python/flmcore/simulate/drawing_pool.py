"""Several processes that draw, with the same files at any number of them."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from flmcore.errors import SimulateError
from flmcore.simulate.image_files import write_image
from flmcore.simulate.stream import FaceStream
from flmcore.worker import begin_worker

__all__ = ["draw_pieces", "processors"]

Rows = list[dict[str, NDArray[Any]]]
_AHEAD = 4  # pieces in hand per process


def processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def draw_pieces(
    stream: FaceStream, folder: Path, pieces: Iterable[range], workers: int
) -> Generator[tuple[range, Rows], None, None]:
    """Draw and write the images of every piece; gives each with its labels, in the order of ``pieces``.

    Raises:
        SimulateError: a file cannot be written, or a process was killed.
    """
    if workers == 1:
        for piece in pieces:
            yield piece, _draw(stream, folder, piece)
        return
    # A fresh interpreter each, as a fork of a process with threads may hang, and not every system can fork.
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), begin_worker)
    try:
        waiting: deque[tuple[range, Future[Rows]]] = deque()
        for piece in pieces:
            waiting.append((piece, pool.submit(_draw, stream, folder, piece)))
            if len(waiting) >= workers * _AHEAD:
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()
    except BrokenProcessPool as error:
        msg = "workers: expected them to last, got one that was killed (out of memory?); use fewer"
        raise SimulateError(msg) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _draw(stream: FaceStream, folder: Path, piece: range) -> Rows:
    return [write_image(folder, index, stream[index]) for index in piece]
