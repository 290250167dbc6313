"""The faces of COCO-WholeBody: ``face_kpts``, ``face_box``, ``face_valid`` in COCO's annotations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flmcore.data.truth.coco import read_annotations
from flmcore.data.truth.face import Found
from flmcore.schemes import Scheme

__all__ = ["read", "recognise"]


def recognise(file: Path, text: str) -> bool:
    return file.suffix.lower() == ".json" and '"annotations"' in text and '"face_kpts"' in text


def read(file: Path, text: str, scheme: Scheme | None) -> Iterator[Found]:
    """68 landmarks in the order of 300-W for each person whose face is valid; the others are passed over."""
    yield from read_annotations(file, text, scheme, ("face_kpts", "face_box"), "coco-wholebody")
