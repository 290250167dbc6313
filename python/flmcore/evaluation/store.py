"""Files of a run: written whole or not at all, and a journal from which a run carries on."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.errors import ResultsError
from flmcore.whole_files import dump_json, plain, prepare_folder, write_bytes, write_csv

__all__ = [
    "Journal",
    "Memory",
    "dump_json",
    "pack_arrays",
    "plain",
    "prepare_folder",
    "refuse_other",
    "write_bytes",
    "write_csv",
]


def pack_arrays(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """An ``.npz`` file; Ctrl-C in the middle of it comes out as what it is."""
    buffer = io.BytesIO()
    try:
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
    except ValueError as error:
        # The zip archive cannot be closed in the middle of a file, and says so in place of the interrupt.
        if isinstance(error.__context__, KeyboardInterrupt):
            raise error.__context__ from None
        raise
    return buffer.getvalue()


class Memory:
    """What a run has finished, kept for as long as it runs."""

    def __init__(self) -> None:
        self.entries: dict[str, Any] = {}
        self._arrays: dict[str, dict[str, NDArray[Any]]] = {}

    def put(self, key: str, value: Any, *, arrays: Mapping[str, NDArray[Any]] | None = None) -> Any:
        """Keep a finished piece; returns it as a file would give it back."""
        self._arrays[key] = dict(arrays or {})
        self.entries[key] = json.loads(json.dumps(plain(value), allow_nan=False))
        return self.entries[key]

    def arrays(self, key: str) -> dict[str, NDArray[Any]]:
        """The arrays kept with a piece; empty where there are none."""
        return self._arrays.get(key, {})

    def close(self) -> None:
        """Nothing to remove."""


class Journal(Memory):
    """What a run has finished, one JSON line per piece, in ``OUT/partial``.

    A line is written and flushed to disk when its piece is done; a line cut short by a kill is dropped on reading.
    The first line names the run (``identity``); a journal of another run is refused.
    """

    def __init__(
        self, folder: Path, identity: Mapping[str, Any], *, resume: bool, restart: bool = False
    ) -> None:
        super().__init__()
        self._folder = folder / "partial"
        self._file = self._folder / "journal.jsonl"
        self.identity = plain(identity)
        found = self._read()
        if found and not (resume or restart):
            msg = f"{folder}: holds an unfinished run ({len(found) - 1} pieces done): resume it, or restart to drop it"
            raise ResultsError(msg)
        if found and resume and not restart:
            refuse_other(folder, found[0].get("identity"), self.identity)
            self.entries = {row["key"]: row["value"] for row in found[1:]}
        else:
            self._start()

    def _read(self) -> list[dict[str, Any]]:
        """Whole lines; what follows the last of them is cut off the file."""
        try:
            data = self._file.read_bytes()
        except OSError:
            return []
        rows: list[dict[str, Any]] = []
        good = 0
        for line in data.splitlines(keepends=True):
            try:
                row = json.loads(line) if line.endswith(b"\n") else None
            except ValueError:
                row = None
            if not isinstance(row, dict):
                break
            rows.append(row)
            good += len(line)
        if rows and good < len(data):
            os.truncate(self._file, good)
        return rows

    def _start(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            msg = f"{self._folder}: cannot be written to: {error.strerror or error}"
            raise ResultsError(msg) from error
        self._append({"identity": self.identity})

    def _append(self, row: Mapping[str, Any]) -> None:
        data = json.dumps(row, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        try:
            with self._file.open("ab") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            msg = f"{self._file}: cannot be written: {error.strerror or error}"
            raise ResultsError(msg) from error

    def put(self, key: str, value: Any, *, arrays: Mapping[str, NDArray[Any]] | None = None) -> Any:
        """Keep a finished piece, its arrays first; returns it as reading it back would give it."""
        if arrays:
            write_bytes(self._array_file(key), pack_arrays(arrays))
        entry = json.loads(json.dumps(plain(value), allow_nan=False))
        self._append({"key": key, "value": entry})
        self.entries[key] = entry
        return entry

    def arrays(self, key: str) -> dict[str, NDArray[Any]]:
        """The arrays kept with a piece; empty where there are none."""
        try:
            with np.load(self._array_file(key), allow_pickle=False) as archive:
                return {name: archive[name] for name in archive.files}
        except (OSError, ValueError):
            return {}

    def _array_file(self, key: str) -> Path:
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.npz"

    def close(self) -> None:
        """Remove the journal: the results hold everything now."""
        shutil.rmtree(self._folder, ignore_errors=True)


def refuse_other(folder: Path, found: Any, wanted: Mapping[str, Any]) -> None:
    """ResultsError where a stored run is not the one that is asked for; says in what they differ."""
    found = found if isinstance(found, dict) else {}
    other = [key for key in wanted if found.get(key) != wanted[key]]
    if other:
        msg = (
            f"{folder}: holds a run of other {', '.join(other)}: choose another folder, or restart to drop it"
        )
        raise ResultsError(msg)
