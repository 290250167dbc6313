"""A true face, and the data set that it belongs to."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Dataset", "Found", "TruthFace"]


@dataclass(frozen=True, eq=False)
class TruthFace:
    """One annotated face.

    Attributes:
        image: the image's name: as the file has it, or relative to the folder that was read.
        points: (K, 2) float64 in pixels, (0, 0) the centre of the top-left pixel; NaN where undefined.
        scheme: name of the landmark scheme.
        box: x0, y0, x1, y1 in edge coordinates, as the file has it; None where it has none.
        box_kind: what the data set means by its box (``docs/datasets.md``); None without a box.
        attributes: what else is said of the face: WFLW's ``pose``, ``expression``, …
        visible: (K,) bool, False for what is hidden but annotated; None where the file does not say.
        file: where the face was read from.
    """

    image: str
    points: NDArray[np.float64]
    scheme: str
    box: tuple[float, float, float, float] | None = None
    box_kind: str | None = None
    attributes: Mapping[str, str | bool] = field(default_factory=dict)
    visible: NDArray[np.bool_] | None = None
    file: Path | None = None

    @property
    def tight_box(self) -> NDArray[np.float64]:
        """(4,) box of the kind ``landmarks``: tight around the defined landmarks; NaN without any."""
        known = self.points[np.isfinite(self.points).all(axis=1)]
        if len(known) == 0:
            return np.full(4, np.nan)
        # A pixel's centre lies half a pixel from its edge: landmarks count from centres, boxes from edges.
        return np.asarray(np.concatenate([known.min(axis=0), known.max(axis=0)]) + 0.5)


Found = TruthFace | str
"""What readers give: a face, or the name of an image that the file lists without one."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Annotated faces of one scheme and the images that they are on.

    Attributes:
        faces: in the order of the files; the faces of an image keep that order.
        format: how it is written, one of :func:`flmcore.data.truth.names`.
        scheme: of every face.
        root: the folder that names are relative to.
        paths: image name → its file, for the images that are there.
        missing: names of images with faces that are not there.
        without_truth: images that are there or listed, but have no face.
        searched: folders that were looked through for images.
    """

    faces: tuple[TruthFace, ...]
    format: str
    scheme: str
    root: Path
    paths: Mapping[str, Path]
    missing: tuple[str, ...] = ()
    without_truth: tuple[str, ...] = ()
    searched: tuple[Path, ...] = ()

    def by_image(self) -> dict[str, list[TruthFace]]:
        """Faces by image name, both in the order of the files."""
        grouped: dict[str, list[TruthFace]] = {}
        for face in self.faces:
            grouped.setdefault(face.image, []).append(face)
        return grouped

    def describe(self) -> dict[str, Any]:
        """What results say of it; the sum is over names, landmarks and visibility, not over the images."""
        total = hashlib.sha256()
        for face in self.faces:
            seen = b"" if face.visible is None else face.visible.tobytes()
            total.update(
                face.image.encode() + b"\0" + np.ascontiguousarray(face.points, "<f8").tobytes() + seen
            )
        return {
            "format": self.format,
            "scheme": self.scheme,
            "images": len(self.by_image()),
            "faces": len(self.faces),
            "sha256": total.hexdigest(),
        }
