"""What every worker process begins with."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading

__all__ = ["begin_worker"]


def begin_worker() -> None:
    """Ctrl-C is the parent's to answer; and where the parent is killed, its workers neither write on nor wait for ever."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
