"""The page's files, made aside and put in place at once."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import TYPE_CHECKING
from urllib.parse import quote

from flmcore.errors import ResultsError
from flmcore.evaluation.store import write_bytes
from flmcore.report.page.assets import FOLDER, MARK

if TYPE_CHECKING:
    from typing import Self

__all__ = ["LISTING", "Staging"]

LISTING = "made-by-flmcore.json"  # which files of the folder are ours


class Staging:
    """A context: files go into a hidden neighbour of ``page``, which :meth:`publish` puts in its place.

    Left without publishing, it removes what it made.

    Args:
        folder: of ``index.html``; exists.

    Raises:
        ResultsError: ``page`` or ``index.html`` there is not flmcore's, or the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._target = folder / FOLDER
        self._names: list[str] = []
        self.weight = 0  # bytes of the files so far
        _refuse_foreign_index(folder / "index.html")
        _refuse_foreign_folder(self._target)
        try:
            self._work = Path(tempfile.mkdtemp(prefix=f".{FOLDER}.", dir=folder))
        except OSError as error:
            raise _unwritable(folder, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._work, ignore_errors=True)

    def add(self, name: str, data: bytes) -> str:
        """Keep a file under a name such as ``thumbs/0001.jpg``; returns its address as seen from ``index.html``."""
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or name in (*self._names, "", LISTING):
            msg = f"name: expected a new path inside the page's folder, got {name!r}"
            raise ValueError(msg)
        file = self._work / path
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        except OSError as error:
            raise _unwritable(self._target / path, error) from error
        self._names.append(name)
        self.weight += len(data)
        return quote(f"{FOLDER}/{name}")

    def publish(self, index: bytes) -> Path:
        """Put all in place: the folder first, then the page that loads from it."""
        listing = {"made_by": "flmcore report", "files": sorted(self._names)}
        old = self._folder / f"{self._work.name}.old"
        try:
            (self._work / LISTING).write_text(json.dumps(listing, indent=1) + "\n", encoding="utf-8")
            _open_to_readers(self._work)
            if self._target.exists():
                os.replace(self._target, old)
            try:
                os.replace(self._work, self._target)
            except OSError:
                if old.exists():
                    os.replace(old, self._target)
                raise
        except OSError as error:
            raise _unwritable(self._target, error) from error
        finally:
            shutil.rmtree(old, ignore_errors=True)
        page = self._folder / "index.html"
        write_bytes(page, index)
        return page


def _open_to_readers(folder: Path) -> None:
    """A temporary folder is private; the page's is like any other new one."""
    mask = os.umask(0)
    os.umask(mask)
    folder.chmod(0o777 & ~mask)


def _unwritable(path: Path, error: OSError) -> ResultsError:
    return ResultsError(f"{path}: cannot be written: {error.strerror or error}")


def _refuse_foreign_index(index: Path) -> None:
    try:
        head = index.read_bytes()[:2000] if index.exists() else MARK.encode()
    except OSError as error:
        msg = f"{index}: cannot be read: {error.strerror or error}"
        raise ResultsError(msg) from error
    if MARK.encode() not in head:
        msg = f"{index}: not made by flmcore report: choose another folder, or --no-page"
        raise ResultsError(msg)


def _refuse_foreign_folder(folder: Path) -> None:
    if not folder.exists():
        return
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    try:
        ours = set(json.loads((folder / LISTING).read_text(encoding="utf-8"))["files"]) | {LISTING}
    except (OSError, ValueError, TypeError, KeyError):
        ours = set()
    foreign = sorted(found - ours)
    if foreign or not folder.is_dir():
        what = f" holds {foreign[0]}, which" if foreign else ""
        msg = f"{folder}:{what} was not made by flmcore report: choose another folder, or --no-page"
        raise ResultsError(msg)
