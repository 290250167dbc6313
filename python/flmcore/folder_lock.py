"""One run at a time in a folder that it fills."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from flmcore.errors import ResultsError

__all__ = ["alone_in"]


@contextlib.contextmanager
def alone_in(folder: Path, command: str) -> Iterator[None]:
    """No second run in the same folder, where the system has locks for it (not Windows); a kill gives the lock back.

    Args:
        folder: one that is there.
        command: what runs in it, for the message.

    Raises:
        ResultsError: another run is in it.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        msg = f"{folder}: expected to be alone here, got another '{command}' that is still at it"
        raise ResultsError(msg) from None
    except OSError:  # a file system without locks
        pass
    try:
        yield
    finally:
        os.close(handle)
