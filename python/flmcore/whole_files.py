"""Files that are written whole or not at all, and strict JSON and CSV to put into them."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from flmcore.errors import ResultsError

__all__ = ["drop_leftovers", "dump_json", "plain", "prepare_folder", "write_bytes", "write_csv"]


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole or not at all: into a neighbour first, then renamed over."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            _share(Path(name))
            os.replace(name, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
    except OSError as error:
        msg = f"{path}: cannot be written: {error.strerror or error}"
        raise ResultsError(msg) from error


def _share(path: Path) -> None:
    """Give a temporary file, which is private, the permissions of any other new file."""
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)


def drop_leftovers(folder: Path, *names: str) -> None:
    """Remove what a kill left of files that were being written; ``names`` may be patterns. Nobody else may be writing."""
    for name in names:
        for left in folder.glob(f".{name}.*"):
            left.unlink(missing_ok=True)


def prepare_folder(folder: Path) -> None:
    """Make the output folder and try it, so that a run cannot measure for an hour and then fail to write."""
    above = next((path for path in (folder, *folder.parents) if path.exists()), folder)
    if above.exists() and not above.is_dir():
        msg = f"{above}: expected a folder, got a file"
        raise ResultsError(msg)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".flmcore."):
            pass
    except OSError as error:
        msg = f"{folder}: cannot be written to: {error.strerror or error}"
        raise ResultsError(msg) from error


def plain(value: Any) -> Any:
    """``value`` as strict JSON can hold it: arrays to lists, NaN and infinity to None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def dump_json(record: Mapping[str, Any]) -> bytes:
    """Strict JSON, one line per key and one per row of a list, so that a file of many units can be read and diffed."""

    def line(value: Any) -> str:
        return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))

    parts = []
    for key, value in plain(record).items():
        if isinstance(value, list) and value:
            body = "[\n  " + ",\n  ".join(line(row) for row in value) + "\n ]"
        elif isinstance(value, dict) and value:
            body = "{\n  " + ",\n  ".join(f"{line(k)}: {line(v)}" for k, v in value.items()) + "\n }"
        else:
            body = line(value)
        parts.append(f" {line(key)}: {body}")
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode()


def write_csv(path: Path, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """A CSV file with a heading; what is missing is an empty cell."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: "" if item is None else item for key, item in plain(row).items()} for row in rows)
    write_bytes(path, text.getvalue().encode())
