"""Measured errors of the built-in mappings' approximate points, and where each number comes from.

    FLMCORE_SHARED=../shared python bench/mapping_errors.py          # a row per mapping and group
    FLMCORE_SHARED=../shared python bench/mapping_errors.py --write  # and the tables [measured] of the TOML files

Landmarks are the published outputs of ten networks and predictors on 94 faces (golden/); for schemes without one, the human
truth of faces.json; for dlib-5, Dlib's predictor run on the same faces. How an error is taken from them says
mapping_error_estimate.py, and docs/definitions.md why. A mapping that is not measured keeps what its file says.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

import flmcore
from flmcore import schemes
from flmcore.data.images import read_image
from flmcore.errors import FlmcoreError
from flmcore.evaluation.store import write_bytes
from flmcore.schemes.files import mapping_files, read
from flmcore.schemes.measured import measured_lines, without_measured
from mapping_error_estimate import Estimate, Floats, estimate

SHARED = Path(os.environ.get("FLMCORE_SHARED", "../shared"))
DATA = Path(schemes.__file__).parent / "data"
MODELS = {
    "300w-68": ("dlib68", "pfld68_cunjian", "mobilefacenet68_cunjian_ov"),
    "wflw-98": ("pfld98_GhostOne", "pfld98_GhostNet", "pfld98_GhostNet_Slim"),
    "insightface-106": ("pfld106_lite",),
    "mediapipe-468": ("mediapipe_face_landmark", "facemesh_pytorch"),
    "openseeface-66": ("openseeface_lm0",),
}
COPIES = {
    "lapa-106": "insightface-106",
    "300w-51": "300w-68",
}  # whose landmarks are those of a model, reordered
TWINS = {
    "lapa-106": ((74, 104), (83, 105)),
    "insightface-106": ((34, 38), (88, 92)),
}  # which is which is not known


@dataclass(frozen=True)
class Measured:
    """One table of one mapping file."""

    source: str
    target: str
    variant: str | None
    found: Estimate
    points: tuple[int, ...]
    origin: str

    @property
    def table(self) -> str:
        """Name of the TOML table."""
        return "measured" if self.variant is None else f"variants.{self.variant}.measured"

    def lines(self) -> list[str]:
        """The TOML table."""
        found, points = self.found, list(self.points)
        return measured_lines(
            self.table,
            points,
            *(values[points].tolist() for values in (found.error, found.standard_error, found.distance)),
            faces=found.faces,
            images=found.images,
            origin=self.origin,
        )


@cache
def keys() -> list[str]:
    """``image#face`` of all faces."""
    return list(json.loads((SHARED / "golden" / "boxes.json").read_text()))


@cache
def published(model: str) -> Floats:
    """(N, K, 2) landmarks of one model."""
    with np.load(SHARED / "golden" / f"{model}.npz") as file:
        return np.stack([file[key] for key in keys()]).astype(np.float64)


@cache
def eyes() -> Floats:
    """(N, 2, 2) outer eye corners: the median of all models."""
    corners = [
        published(model)[:, list(schemes.get(scheme).eye_outer or ())]
        for scheme, models in MODELS.items()
        for model in models
    ]
    return np.asarray(np.median(corners, axis=0))


@cache
def landmarks(scheme: str) -> tuple[tuple[Floats, ...], str]:
    """(N, K, 2) of each model or of the truth, NaN where there is none, and in words whose; empty: nobody's."""
    if scheme in MODELS:
        return tuple(map(published, MODELS[scheme])), ", ".join(MODELS[scheme])
    if scheme in COPIES:
        found, whose = landmarks(COPIES[scheme])
        return tuple(brought(points, COPIES[scheme], scheme) for points in found), whose
    found = dlib_five() if scheme == "dlib-5" else truth(scheme)
    whose = "Dlib's shape_predictor_5_face_landmarks" if scheme == "dlib-5" else f"human {scheme} truth"
    return () if found is None else (found,), whose


def truth(scheme: str) -> Floats | None:
    """What people annotated."""
    points = np.full((len(keys()), schemes.get(scheme).landmarks, 2), np.nan)
    for row in json.loads((SHARED / "faces" / "faces.json").read_text()):
        if row["truth"] == "human" and row["scheme"] == scheme:
            points[keys().index(f"{row['image']}#{row['face']}")] = row["landmarks"]
    return points if np.isfinite(points).any() else None


def dlib_five() -> Floats | None:
    """Dlib's five points in the box around the median landmarks of the 300-W models; None where Dlib is not there."""
    try:
        detector = flmcore.load_detector("dlib-5")
    except FlmcoreError:
        return None
    middle = np.median([published(model) for model in MODELS["300w-68"]], axis=0)
    rows = []
    for key, face in zip(keys(), middle, strict=True):
        box = np.concatenate([face.min(axis=0), face.max(axis=0)]) + 0.5
        rows.append(detector(read_image(SHARED / "faces" / key.rsplit("#", 1)[0]), box).points[0])
    return np.array(rows, dtype=np.float64)


def brought(points: Floats, source: str, target: str, variant: str | None = None) -> Floats:
    """``flmcore.remap`` in float64."""
    return np.asarray(flmcore.remap(points, source, target, variant=variant), dtype=np.float64)


def measurements() -> Iterator[Measured]:
    """All that the material allows, in the files' order."""
    for source, target in mapping_files():
        for variant in (None, *read(f"{source}_to_{target}").get("variants", {})):
            found = measure(source, target, variant)
            if found is not None:
                yield found


def measure(source: str, target: str, variant: str | None = None) -> Measured | None:
    """One mapping's approximate points; None where it has none or nothing shows them."""
    way = schemes.mapping(source, target, variant=variant)
    points = tuple(i for i, grade in enumerate(way.grades) if grade == "approximate")
    if not points:
        return None
    ours, theirs, origin = material(way, points, variant)
    if not (ours and theirs):
        return None
    there = np.flatnonzero([np.isfinite(face[list(points)]).all() for face in ours[0] + 0 * theirs[0]])
    images = [keys()[i].rsplit("#", 1)[0] for i in there]
    found = estimate(
        [each[there] for each in ours],
        [each[there] for each in theirs],
        eyes()[there],
        images,
        way.grades,
        schemes.get(target),
    )
    return None if found is None else Measured(way.source, way.target, variant, found, points, origin)


def material(
    way: schemes.Mapping, points: tuple[int, ...], variant: str | None
) -> tuple[list[Floats], list[Floats], str]:
    """Mapped landmarks, those of the target, and in words what they are."""
    source, target = way.source, way.target
    theirs, whose = landmarks(target)
    if source in TWINS and target in TWINS:
        swapped = list(range(schemes.get(target).landmarks))
        for a, b in TWINS[target]:
            swapped[a], swapped[b] = b, a
        ours = [points[:, swapped] for points in theirs]
        return ours, list(theirs), f"the two points that may be swapped, apart in landmarks of {whose}"
    if _is_copied(way, points):
        there = [brought(each, target, source) for each in theirs]
        again = [brought(each, source, target) for each in there]
        return again, list(theirs), f"the point and that it is taken from, apart in landmarks of {whose}"
    mapped, who = landmarks(source)
    ours = [brought(each, source, target, variant) for each in mapped]
    return ours, list(theirs), f"landmarks of {who}, mapped, against {whose}"


def _is_copied(way: schemes.Mapping, points: tuple[int, ...]) -> bool:
    """Whether the points stand in for others of the target, so that the target's own landmarks show the distance."""
    try:
        back = schemes.mapping(way.target, way.source).grades
    except ValueError:
        return False
    return all(back[index] == "exact" for i in points for index, _ in way.steps[0].rows[i])


def show(measured: Measured) -> None:
    """A row per group of landmarks."""
    found = measured.found
    name = f"{measured.source} → {measured.target}{f' ({measured.variant})' if measured.variant else ''}"
    print(
        f"\n{name}: {found.faces} faces of {found.images} images; exact points {found.exact:.2f} %\n  {measured.origin}"
    )
    print(f"  {'group':<16} n  error ± se    worst  as they are  offset right, down")
    groups = schemes.get(measured.target).groups
    for group, indices in groups.items():
        rows = [i for i in indices if i in measured.points]
        if rows:
            error, se, distance = (
                v[rows].mean() for v in (found.error, found.standard_error, found.distance)
            )
            right, down = found.offset[rows].mean(axis=0)
            print(
                f"  {group:<16} {len(rows):<2} {error:5.2f} ± {se:4.2f}  {found.error[rows].max():5.2f}"
                f"  {distance:11.2f}  {right:+.2f}, {down:+.2f}"
            )


def write(measured: Measured) -> None:
    """Put the table into the mapping's file, in place of the one that is there."""
    path = DATA / f"{measured.source}_to_{measured.target}.toml"
    text = without_measured(path.read_text(encoding="utf-8"), measured.table)
    write_bytes(path, (text.rstrip("\n") + "\n\n" + "\n".join(measured.lines()) + "\n").encode())


def main() -> None:
    """Measure, show, and write where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write the numbers into the mapping files")
    options = parser.parse_args()
    for measured in measurements():
        show(measured)
        if options.write:
            write(measured)


if __name__ == "__main__":
    main()
