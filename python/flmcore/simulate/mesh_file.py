"""A mesh of the user's, with the vertices that are landmarks: Wavefront OBJ or NumPy's npz.

``docs/simulate.md`` (A mesh of your own) defines the files.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore import schemes
from flmcore.data.images import PathLike
from flmcore.errors import SimulateError
from flmcore.simulate.mesh_check import check_face, check_landmarks, check_mesh, check_on_surface
from flmcore.simulate.mesh_orders import FIRST_SEEN
from flmcore.simulate.obj_file import read_obj

__all__ = ["Mesh", "read_mesh"]

_SUFFIX = ".landmarks.json"
SCHEMES = ("300w-68", "mediapipe-468")


@dataclass(frozen=True, eq=False)
class Mesh:
    """A mesh of a face, and which vertices are landmarks.

    Attributes:
        name: of the file.
        sha256: of vertices, triangles and landmarks.
        vertices: (V, 3) float64, in units and a frame of the file's own.
        triangles: (F, 3) int32; those without area are left out.
        landmarks: by scheme (``300w-68``, and ``mediapipe-468`` where the file has it) (K,) indices of vertices.
    """

    name: str
    sha256: str
    vertices: NDArray[np.float64]
    triangles: NDArray[np.int32]
    landmarks: Mapping[str, NDArray[np.int32]]


def read_mesh(path: PathLike, landmarks: PathLike | None = None) -> Mesh:
    """Read a mesh and test what it says of itself.

    Which vertices are landmarks is taken from ``landmarks``; else from ``NAME.landmarks.json`` beside the mesh; else from
    the arrays ``300w-68`` and ``mediapipe-468`` of an npz; else a mesh of 468 vertices is taken for MediaPipe's, in its
    own order or in that of :data:`flmcore.simulate.mesh_orders.FIRST_SEEN`, whichever makes a face. Where 468 are known and 68 are not, the registry's mapping gives these.

    Raises:
        SimulateError: no mesh or no landmarks in the file; a number that is not finite, a vertex that is not there, a
            landmark that has no vertex of its own; landmark vertices that do not form a face. Names file and place.
    """
    file = Path(path)
    vertices, triangles, listed = _read(file)
    source, given = _landmarks(file, None if landmarks is None else Path(landmarks), listed, len(vertices))
    try:
        triangles = check_mesh(vertices, triangles)
    except ValueError as error:
        raise _of(file, error) from None
    try:
        chosen = _checked(vertices, given)
    except ValueError as error:
        if not (source == file and not listed):
            raise _of(source, error) from None
        chosen = _in_another_order(file, vertices, error)
    try:
        check_on_surface(chosen, triangles)
    except ValueError as error:
        raise _of(source, error) from None
    digest = hashlib.sha256(vertices.tobytes() + triangles.tobytes())
    for name in sorted(chosen):
        digest.update(name.encode() + chosen[name].tobytes())
    return Mesh(file.name, digest.hexdigest(), vertices, triangles, chosen)


def _read(file: Path) -> tuple[NDArray[np.float64], NDArray[np.int32], dict[str, Any]]:
    try:
        data = file.read_bytes()
    except OSError as error:
        msg = f"{file}: cannot be read: {error.strerror or error}"
        raise SimulateError(msg) from error
    try:
        if file.suffix.lower() == ".obj":
            return *read_obj(data.decode("utf-8", errors="replace")), {}
        if file.suffix.lower() == ".npz":
            return _read_npz(data)
    except ValueError as error:
        raise _of(file, error) from None
    msg = f"{file}: expected a mesh as .obj or .npz, got the suffix {file.suffix!r}"
    raise SimulateError(msg)


def _read_npz(data: bytes) -> tuple[NDArray[np.float64], NDArray[np.int32], dict[str, Any]]:
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except Exception as error:  # zip, npy and zlib each raise their own
        msg = "expected an npz archive of plain arrays, got a damaged or another file"
        raise ValueError(msg) from error
    for name, kind in (("vertices", "fiu"), ("triangles", "iu")):
        if name not in arrays:
            msg = f"expected arrays vertices (V, 3) and triangles (F, 3), got {', '.join(arrays) or 'none'}"
            raise ValueError(msg)
        array = arrays[name]
        if array.dtype.kind not in kind or array.ndim != 2 or array.shape[1] != 3 or len(array) == 0:
            msg = f"{name}: expected an array of three numbers a row, got {array.dtype} {array.shape}"
            raise ValueError(msg)
    triangles = arrays["triangles"].astype(np.int64)
    listed = {name: arrays[name] for name in SCHEMES if name in arrays}
    return arrays["vertices"].astype(np.float64), np.clip(triangles, -1, 2**31 - 1).astype(np.int32), listed


def _landmarks(
    file: Path, named: Path | None, listed: dict[str, Any], vertices: int
) -> tuple[Path, Mapping[str, Any]]:
    """Where the landmarks are listed, and the list of each scheme."""
    beside = file.with_name(file.stem + _SUFFIX)
    if named is not None or beside.is_file():
        source = named or beside
        return source, _read_list(source)
    if listed:
        return file, listed
    if vertices == schemes.get("mediapipe-468").landmarks:
        return file, {"mediapipe-468": np.arange(vertices)}
    msg = (
        f"{file}: expected a list of the vertices that are landmarks, got none: name it with --landmarks, or put it in "
        f"{beside.name} beside the mesh"
    )
    raise SimulateError(msg)


def _read_list(file: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(file.read_bytes())
    except OSError as error:
        msg = f"{file}: cannot be read: {error.strerror or error}"
        raise SimulateError(msg) from error
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict) or not content or not content.keys() <= set(SCHEMES):
        got = ", ".join(map(str, content))[:60] if isinstance(content, dict) and content else "something else"
        msg = (
            f'{file}: expected JSON such as {{"300w-68": [vertex, …]}}, of {" and ".join(SCHEMES)}, got {got}'
        )
        raise SimulateError(msg)
    return content


def _checked(vertices: NDArray[np.float64], given: Mapping[str, Any]) -> dict[str, NDArray[np.int32]]:
    chosen = {name: check_landmarks(name, rows, len(vertices)) for name, rows in given.items()}
    _add_usual(chosen)
    check_face(vertices, chosen)
    return chosen


def _in_another_order(
    file: Path, vertices: NDArray[np.float64], error: ValueError
) -> dict[str, NDArray[np.int32]]:
    """468 vertices that are not in MediaPipe's order, in the other one that is known."""
    try:
        return _checked(vertices, {"mediapipe-468": FIRST_SEEN})
    except ValueError:
        raise _of(file, error) from None


def _add_usual(chosen: dict[str, NDArray[np.int32]]) -> None:
    if "300w-68" not in chosen:
        (step,) = schemes.mapping("mediapipe-468", "300w-68").steps
        nearest = [max(row, key=lambda pair: pair[1])[0] for row in step.rows]
        chosen["300w-68"] = chosen["mediapipe-468"][nearest]


def _of(file: Path, error: ValueError) -> SimulateError:
    return SimulateError(f"{file}: {error}")
