"""What a training has come to, epoch by epoch: rows, and the files that show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flmcore.whole_files import dump_json, write_bytes, write_csv

__all__ = ["write_history"]


def write_history(folder: Path, about: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> None:
    """``history.json`` and ``history.csv``: a row for each epoch.

    Columns: ``epoch`` (from 1), ``samples`` seen so far, ``loss`` (mean over the epoch), ``rate`` at its end, ``minutes``
    of training so far, and ``error NAME`` for each validation source, in % of its normaliser.
    """
    write_bytes(folder / "history.json", dump_json({**about, "epochs": list(rows)}))
    columns = list(dict.fromkeys(key for row in rows for key in row))
    write_csv(folder / "history.csv", rows, columns or ["epoch"])
