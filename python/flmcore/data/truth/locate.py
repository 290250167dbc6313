"""Where the images of a data set are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

__all__ = ["image_folders", "locate"]

_FOLDERS = ("", "images", "WFLW_images", "val2017", "train2017")
_UP = 3  # WFLW_annotations/list_98pt_rect_attr_train_test/list.txt and WFLW_images lie three apart


def image_folders(root: Path) -> list[Path]:
    """Where images of landmarks in ``root`` may be: there, in the folders that data sets name so, and further up."""
    folders: dict[Path, None] = {}
    place = root.absolute()
    for up in range(_UP):
        for name in _FOLDERS:
            folder = place / name
            if (up == 0 or name) and folder.is_dir():
                folders[folder] = None
        place = place.parent
    relative = [_as_given(folder, root) for folder in folders]
    return relative


def _as_given(folder: Path, root: Path) -> Path:
    """Paths below ``root`` as the caller wrote it: messages and results then show what was typed."""
    try:
        return root / folder.relative_to(root.absolute())
    except ValueError:
        return folder


def locate(names: Iterable[str], folders: Iterable[Path]) -> dict[str, Path]:
    """Image name → its file, for those that are there; the first folder that has one goes first."""
    places = list(folders)
    found = {}
    for name in names:
        path = next((path for path in _candidates(name, places) if path.is_file()), None)
        if path is not None:
            found[name] = path
    return found


def _candidates(name: str, folders: list[Path]) -> Iterator[Path]:
    written = name.replace("\\", "/")  # imglab on Windows
    for folder in folders:
        yield folder / written
    for folder in folders[:1]:
        yield folder / Path(written).name
