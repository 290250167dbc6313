"""Puts a finished package and its detector file in their place: both whole or neither."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from flmcore.errors import ExportError

__all__ = ["SUFFIX", "check_place", "config_file", "copy_package", "put"]

SUFFIX = ".mlpackage"
_MANIFEST = "Manifest.json"
_SPECIFICATION = "Data/com.apple.CoreML/model.mlmodel"
_NAMES = uuid.UUID("9f6b0e0a-5d0e-5c39-9d5b-0f6c2a1de7b4")  # of the identifiers that are made of contents


def config_file(out: Path) -> Path:
    """The detector file beside an exported one: its whole name, since a package and an ONNX file may share the stem."""
    return out.with_name(f"{out.name}.toml")


def check_place(out: Path, *, force: bool, suffix: str = SUFFIX) -> None:
    """Before the work: ExportError where the package, or the file of another suffix, could not be written in the end."""
    if out.suffix != suffix:
        msg = f"out: expected a name that ends in {suffix}, got {out}"
        raise ExportError(msg)
    for path in (out, config_file(out)):
        if os.path.lexists(path) and not force:
            msg = f"out: expected a name that is free, got {path}, which is there: --force (force=True) replaces it"
            raise ExportError(msg)
    may = _may_be_replaced if suffix == SUFFIX else Path.is_file
    if os.path.lexists(out) and not may(out):
        what = "a Core ML package" if suffix == SUFFIX else "a file"
        msg = f"out: expected {what} to replace, got {out}, which is none"
        raise ExportError(msg)
    if config_file(out).is_dir():
        msg = f"out: expected a file to replace, got the folder {config_file(out)}"
        raise ExportError(msg)
    with _writing(out), tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent):
        pass


def put(
    out: Path,
    fill: Callable[[Path], None],
    describe: Callable[[Path], str],
    beside: Mapping[Path, str] | None = None,
) -> None:
    """Makes the package in a folder beside its place, then moves it there with its detector file.

    Args:
        out: where the package goes; one that is there is replaced.
        fill: writes the package into the folder (or as the file) that it is given, which does not exist yet.
        describe: the text of the detector file, for the package that was filled.
        beside: further files in the same folder and their texts.

    Raises:
        ExportError: it cannot be written; what was there before is there still, and nothing half-made.
    """
    with _writing(out):
        work = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
        try:
            new, old = work / out.name, work / "old"
            fill(new)
            (work / "config").write_text(describe(new), encoding="utf-8", newline="\n")
            texts = {place: work / f"{number}" for number, place in enumerate(beside or {})}
            for place, file in texts.items():
                file.write_text((beside or {})[place], encoding="utf-8", newline="\n")
            fresh = [place for place in texts if not os.path.lexists(place)]
            if os.path.lexists(out):
                os.rename(out, old)
            try:
                for place, file in texts.items():  # before the file that names them
                    os.replace(file, place)
                os.rename(new, out)
                os.replace(work / "config", config_file(out))
            except BaseException:
                _undo(out, new, old)
                for place in fresh:
                    with contextlib.suppress(OSError):
                        os.unlink(place)
                raise
        finally:
            shutil.rmtree(work, ignore_errors=True)


def copy_package(source: Path, specification: bytes, target: Path) -> None:
    """A package as coremltools wrote it, with another specification and identifiers that follow from its contents.

    coremltools draws the identifiers at random; so the same export would never give the same bytes.
    """
    sums: dict[str, str] = {}
    for file in sorted(path for path in source.rglob("*") if path.is_file()):
        inside = file.relative_to(source).as_posix()
        if inside == _MANIFEST:
            continue
        (target / inside).parent.mkdir(parents=True, exist_ok=True)
        if inside == _SPECIFICATION:
            (target / inside).write_bytes(specification)
        else:
            shutil.copyfile(file, target / inside)
        sums[inside] = hashlib.sha256((target / inside).read_bytes()).hexdigest()
    manifest = json.loads((source / _MANIFEST).read_text(encoding="utf-8"))
    entries = manifest["itemInfoEntries"]
    names = {key: _identifier(entry["path"], sums) for key, entry in entries.items()}
    manifest["itemInfoEntries"] = {names[key]: entry for key, entry in entries.items()}
    manifest["rootModelIdentifier"] = names[manifest["rootModelIdentifier"]]
    text = json.dumps(manifest, indent=4, sort_keys=True)
    (target / _MANIFEST).write_text(text, encoding="utf-8", newline="\n")
    for folder in (path for path in source.rglob("*") if path.is_dir()):  # of a program without weights
        (target / folder.relative_to(source)).mkdir(parents=True, exist_ok=True)


def _identifier(path: str, sums: dict[str, str]) -> str:
    inside = f"Data/{path}"
    below = [f"{name} {digest}" for name, digest in sums.items() if f"{name}/".startswith(f"{inside}/")]
    return str(uuid.uuid5(_NAMES, "\n".join([path, *below])))


def _may_be_replaced(out: Path) -> bool:
    """A package, or an empty folder: a name ending in .mlpackage is no leave to remove anything else."""
    return out.is_dir() and not out.is_symlink() and ((out / _MANIFEST).is_file() or not any(out.iterdir()))


def _undo(out: Path, new: Path, old: Path) -> None:
    with contextlib.suppress(OSError):
        if not os.path.lexists(new):
            os.rename(out, new)
    with contextlib.suppress(OSError):
        if os.path.lexists(old):
            os.rename(old, out)


@contextlib.contextmanager
def _writing(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        msg = f"{out}: cannot be written: {error.strerror or error}"
        raise ExportError(msg) from error
