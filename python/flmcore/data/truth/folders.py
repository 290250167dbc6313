"""Which files of a folder hold its landmarks."""

from __future__ import annotations

from pathlib import Path

from flmcore.data.truth.formats import FORMATS, Format, of_file
from flmcore.data.truth.simulated import MANIFEST, is_simulated, refuse_unfinished
from flmcore.data.truth.text import read_text

__all__ = ["find_files", "find_format"]

_SINGLE = (".json", ".csv", ".xml", ".txt")
_TEST = "list_98pt_rect_attr_test.txt"  # of WFLW's lists, the one that figures are given on


def find_format(folder: Path) -> Format | None:
    """The format of a folder of landmarks; None where there are none.

    Raises:
        ValueError: landmarks of several formats.
    """
    if is_simulated(folder):  # which holds FaceSynthetics' files too, that say less
        return FORMATS["simulated"]
    found = [form for form in FORMATS.values() if _files(folder, form)]
    if len(found) > 1:
        msg = f"{folder}: expected landmarks of one format, got {' and '.join(form.name for form in found)}: name one"
        raise ValueError(msg)
    return found[0] if found else None


def find_files(folder: Path, form: Format) -> list[Path]:
    """The files to read, in order: all of a format that has one for each image, else the only one.

    Raises:
        ValueError: none, or several where one is needed; names them. Drawn faces that are not finished.
    """
    refuse_unfinished([folder])
    files = _files(folder, form)
    if not files:
        msg = f"{folder}: expected landmarks of the format {form.name} ({form.meaning}), got none"
        raise ValueError(msg)
    refuse_unfinished(file.parent for file in files)
    tests = [file for file in files if file.name == _TEST]
    if not form.folder and len(tests) == 1:
        return tests
    if not form.folder and len(files) > 1:
        named = ", ".join(file.relative_to(folder).as_posix() for file in files[:6])
        msg = f"{folder}: expected one file of the format {form.name}, got {len(files)} ({named}): name the one to use"
        raise ValueError(msg)
    return files


def _files(folder: Path, form: Format) -> list[Path]:
    if form.name == "300w":
        return _below(folder, "*.pts")
    if form.name == "facesynthetics":
        return _below(folder, "*_ldmks.txt")
    if form.name == "simulated":
        return [folder / MANIFEST] if is_simulated(folder) else []
    if form.name == "lapa":
        files = [file for file in _below(folder, "*.txt") if file.parent.name == "landmarks"]
        return [] if not files or not form.looks_like(files[0], _head(files[0])) else files
    places = [
        folder,
        *(sub for sub in sorted(folder.iterdir()) if sub.is_dir() and "annotation" in sub.name.lower()),
    ]
    if form.name == "wflw":
        listed = [file for place in places for file in _below(place, "list_*.txt")]
    else:
        listed = [
            file for place in places for file in sorted(place.iterdir()) if file.suffix.lower() in _SINGLE
        ]
    return [file for file in dict.fromkeys(listed) if file.is_file() and _is(file, form)]


def _is(file: Path, form: Format) -> bool:
    if file.name.endswith("_ldmks.txt"):
        return False
    try:
        text = _head(file) if file.suffix.lower() == ".txt" else read_text(file)
    except (OSError, ValueError):
        return False
    return of_file(file, text, sure=True) is form


def _head(file: Path) -> str:
    with file.open(encoding="utf-8-sig", errors="replace") as lines:
        return lines.readline()


def _below(folder: Path, pattern: str) -> list[Path]:
    return sorted(
        file
        for file in folder.rglob(pattern)
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    )
