"""A head whose face is a mesh of the user's: flmcore's own deformations over it, flmcore's own head around it."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flmcore.simulate.anatomy import chart
from flmcore.simulate.head import Expression, PosedHead, own_head
from flmcore.simulate.mesh_bind import bind, covered, holes, near_lower_lip
from flmcore.simulate.mesh_check import fit_similarity
from flmcore.simulate.mesh_file import Mesh
from flmcore.simulate.parts import Geometry
from flmcore.simulate.warp import carry

__all__ = ["MeshHead", "PosedMesh", "mesh_head"]

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class PosedMesh(PosedHead):
    """A :class:`PosedHead` with the mesh in its skin: vertices of flmcore's skin first, then those of the mesh."""

    mesh_landmarks: dict[str, NDArray[np.int64]] | None = None

    def landmarks(self, scheme: str) -> Floats:
        """(K, 3) mm: the vertices of the mesh that a scheme names.

        Raises:
            ValueError: a scheme other than ``300w-68`` and ``mediapipe-468``.
        """
        listed = self.mesh_landmarks or {}
        if scheme in listed:
            return self.parts["skin"].vertices[listed[scheme]]
        msg = f"scheme: expected one of {', '.join(listed)}, got {scheme!r}"
        raise ValueError(msg)


class MeshHead:
    """A mesh that is posed as flmcore's own head is; its shape is the average here, what is not on it is flmcore's.

    The landmarks tell which place of flmcore's average skin a vertex is at (through :func:`carry`). From there it has its
    place on the texture, and moves by as much as that place does. Where the mesh has a surface, flmcore's skin is left
    out; what remains, and eyes, teeth and ears, are carried to where the mesh's landmarks are. Triangles of the mesh that
    close the eyes or the mouth are left out.
    """

    def __init__(self, mesh: Mesh) -> None:
        self.own = own_head()
        skin = self.own.skin
        usual = mesh.landmarks["300w-68"]
        self._mesh = fit_similarity(mesh.vertices[usual], mesh.vertices)
        average, theirs = skin.vertices[skin.landmarks], self._mesh[usual]
        places = carry(theirs, average, self._mesh)
        lower = near_lower_lip(places, average)
        self._near, self._share = bind(
            places, skin, lower, dict(zip(usual.tolist(), skin.landmarks.tolist(), strict=True))
        )
        triangles = _outwards(mesh.triangles, places)
        kept = triangles[~holes(triangles, places, average, lower)]
        bare = skin.triangles[~covered(skin, places, kept)]
        self._triangles = np.concatenate([bare, kept + len(skin.vertices)]).astype(np.int32)
        self._uv = np.concatenate([skin.uv, chart(places)]).astype(np.float32)
        self._average = skin.vertices.astype(np.float32)
        self._skin_moved = (carry(average, theirs, skin.vertices) - skin.vertices).astype(np.float32)
        self._from, self._to = average, theirs
        self._organs: dict[str, Floats] = {}
        start = len(skin.vertices)
        self.landmarks = {name: rows.astype(np.int64) + start for name, rows in mesh.landmarks.items()}
        self._complete(places, start)

    def _complete(self, places: NDArray[np.float64], start: int) -> None:
        """Schemes that the mesh has no list for: the vertices nearest to where flmcore's head has their landmarks."""
        rest = self.own.pose(
            np.zeros(self.own.shapes), self.own.sample_expression(np.random.default_rng(0), 0.0)
        )
        if "mediapipe-468" not in self.landmarks:
            wanted = rest.landmarks("mediapipe-468").astype(np.float64)
            apart = ((wanted[:, None] - places[None]) ** 2).sum(axis=2)
            self.landmarks["mediapipe-468"] = apart.argmin(axis=1) + start

    def sample_expression(self, rng: np.random.Generator, strength: float = 1.0) -> Expression:
        """A random expression."""
        return self.own.sample_expression(rng, strength)

    def pose(self, shape: ArrayLike, expression: Expression, gaze: ArrayLike = (0.0, 0.0)) -> PosedMesh:
        """The head of that shape, doing that; arguments and errors are those of :meth:`HeadModel.pose`."""
        posed = self.own.pose(shape, expression, gaze)
        own = posed.parts["skin"].vertices
        moved = own - self._average
        mesh = self._mesh.astype(np.float32) + np.einsum("vk,vkc->vc", self._share, moved[self._near])
        skin = np.concatenate([own + self._skin_moved, mesh])
        parts = {"skin": Geometry(skin, self._triangles, self._uv)}
        for name, part in posed.parts.items():
            if name != "skin":
                vertices = part.vertices + self._offset(name, part.vertices)
                parts[name] = Geometry(vertices.astype(np.float32), part.triangles, part.uv)
        return PosedMesh(posed.model, parts, posed.gaze, self.landmarks)

    def _offset(self, name: str, vertices: Floats) -> Floats:
        """How far a part is carried, as one piece; the first pose decides."""
        if name not in self._organs:
            middle = vertices.mean(axis=0, keepdims=True).astype(np.float64)
            rows = {"right_eye": slice(36, 42), "left_eye": slice(42, 48)}.get(name)
            if rows is None:
                offset = carry(self._from, self._to, middle) - middle
            else:  # an eyeball lies behind its lids, whatever is around
                offset = (self._to[rows] - self._from[rows]).mean(axis=0, keepdims=True)
            self._organs[name] = offset.astype(np.float32)
        return self._organs[name]


_made: OrderedDict[str, MeshHead] = OrderedDict()


def mesh_head(mesh: Mesh) -> MeshHead:
    """The head of a mesh, made once per process."""
    if mesh.sha256 not in _made:
        _made[mesh.sha256] = MeshHead(mesh)
        if len(_made) > 4:
            _made.popitem(last=False)
    return _made[mesh.sha256]


def _outwards(triangles: NDArray[np.int32], places: NDArray[np.float64]) -> NDArray[np.int32]:
    """All turned round where most of the surface would be seen from within: files differ in which way they wind."""
    skin = own_head().skin
    turned_round = _facing(triangles, places) * _facing(skin.triangles, skin.vertices) < 0
    return np.ascontiguousarray(triangles[:, ::-1]) if turned_round else triangles


def _facing(triangles: NDArray[np.integer], points: NDArray[np.float64]) -> float:
    """Above 0 where one winding, below 0 where the other shows the outside: away from the head's vertical axis."""
    a, b, c = (points[triangles[:, corner]] for corner in range(3))
    return float((np.cross(b - a, c - a) * ((a + b + c) * (1, 0, 1))).sum())
