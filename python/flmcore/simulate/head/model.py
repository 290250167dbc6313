"""The head as a function of who it is, what it does and where it looks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flmcore.ops.drawing import blend_shapes
from flmcore.simulate.head import organs
from flmcore.simulate.head.expression import EXPRESSION, Expression, expression_fields, sample_expression
from flmcore.simulate.head.identity import identity_fields, sample_shape
from flmcore.simulate.head.lids import move_lids, turned_eyes
from flmcore.simulate.head.lips import part_lips
from flmcore.simulate.head.mediapipe import mediapipe_points
from flmcore.simulate.head.sites import Sites, jaw_share
from flmcore.simulate.head.skin import Skin, own_skin
from flmcore.simulate.parts import Geometry

__all__ = ["HeadModel", "PosedHead", "own_head"]

Floats = NDArray[np.float32]

_MOUTH = 41.601  # q just below the corners of the mouth

# Places on the skin (p, q) that other parts of a face hang on.
_ANCHORS = {
    "occiput": (267.0, -30.0),
    "crown": (0.0, -183.5),
    "forehead": (0.0, -70.0),
    "nape": (267.0, 50.0),
}
_LANDMARK_ANCHORS = {
    "nasion": 27,
    "nose_tip": 30,
    "subnasale": 33,
    "chin": 8,
    "mouth_left": 54,
    "mouth_right": 48,
}


@dataclass(frozen=True)
class PosedHead:
    """One head in one moment.

    Attributes:
        model: what it was made by.
        parts: name → geometry: skin, left_eye, right_eye, upper_teeth, lower_teeth, mouth, left_ear, right_ear.
        gaze: (2, 2) degrees, left eye first: to the person's left, down.
    """

    model: HeadModel
    parts: dict[str, Geometry]
    gaze: NDArray[np.float64]

    def landmarks(self, scheme: str) -> Floats:
        """(K, 3) mm: the vertices or points of the skin that a scheme names.

        Raises:
            ValueError: a scheme other than ``300w-68`` and ``mediapipe-468``.
        """
        vertices = self.parts["skin"].vertices
        if scheme == "300w-68":
            return vertices[self.model.skin.landmarks]
        if scheme == "mediapipe-468":
            corners, shares = mediapipe_points()
            return np.asarray(np.einsum("kc,kcx->kx", shares, vertices[corners]))
        msg = f"scheme: expected 300w-68 or mediapipe-468, got {scheme!r}"
        raise ValueError(msg)

    @property
    def labels(self) -> NDArray[np.uint8]:
        """(F,) class of each triangle of the skin."""
        return self.model.skin.labels

    @cached_property
    def anchors(self) -> dict[str, Floats]:
        """Name → (3,) mm: where hair, glasses and ear-rings go."""
        vertices = self.parts["skin"].vertices
        found = {name: vertices[index] for name, index in self.model.anchor_vertices.items()}
        for side in ("left", "right"):
            eye = self.parts[f"{side}_eye"].vertices
            found[f"pupil_{side}"] = eye[-1]
            lobe = self.parts[f"{side}_ear"].vertices
            found[f"earlobe_{side}"] = lobe[lobe[:, 1].argmax()]
            found[f"ear_top_{side}"] = lobe[lobe[:, 1].argmin()]
        return found


class HeadModel:
    """flmcore's own head: the average, and linear fields of shape and expression over it.

    Attributes:
        skin: the average skin.
        shapes: number of weights of a shape.
        scalp: vertices of the skin above and behind the hairline.
        anchor_vertices: name → vertex of the skin.
    """

    def __init__(self) -> None:
        self.skin: Skin = own_skin()
        made = {
            "upper_teeth": organs.teeth(upper=True),
            "lower_teeth": organs.teeth(upper=False),
            "mouth": organs.mouth(self.skin.vertices[_rim(self.skin)]),
            "left_ear": organs.ear(left=True),
            "right_ear": organs.ear(left=False),
        }
        skin = self.skin
        self._slices: dict[str, slice] = {"skin": slice(0, len(skin.vertices))}
        self._triangles = {"skin": skin.triangles.astype(np.int32)}
        self._uv = {"skin": skin.uv.astype(np.float32)}
        start = len(skin.vertices)
        for name, (vertices, triangles, uv) in made.items():
            self._slices[name] = slice(start, start + len(vertices))
            self._triangles[name], self._uv[name] = triangles.astype(np.int32), uv.astype(np.float32)
            start += len(vertices)
        self._eye = [each.astype(np.float32) for each in (organs.eyeball()[0], organs.eyeball()[2])]
        self._eye_triangles = organs.eyeball()[1].astype(np.int32)
        sites = _sites(skin, {name: vertices for name, (vertices, _, _) in made.items()})
        identity, expression = identity_fields(sites), expression_fields(sites)
        self.mean = sites.points.astype(np.float32)
        self.basis = np.concatenate([identity, expression]).astype(np.float32)
        self.shapes = len(identity)
        self.scalp = np.flatnonzero(_on_scalp(skin))
        self.anchor_vertices = _anchor_vertices(skin)

    def sample_shape(self, rng: np.random.Generator, strength: float = 1.0) -> Floats:
        """Weights of a random head."""
        return sample_shape(rng, strength)

    def sample_expression(self, rng: np.random.Generator, strength: float = 1.0) -> Expression:
        """A random expression."""
        return sample_expression(rng, strength)

    def pose(self, shape: ArrayLike, expression: Expression, gaze: ArrayLike = (0.0, 0.0)) -> PosedHead:
        """The head of that shape, doing that.

        Args:
            shape: (shapes,) standard deviations, as :meth:`sample_shape` gives them.
            expression: see :meth:`sample_expression`.
            gaze: degrees to the person's left and down; (2,) for both eyes or (2, 2), left eye first.

        Raises:
            ValueError: another number of weights, another shape of ``gaze``, or a value that is not finite.
        """
        shape = np.asarray(shape, np.float32)
        if shape.shape != (self.shapes,) or not np.isfinite(shape).all():
            msg = f"shape: expected {self.shapes} finite weights, got an array of shape {shape.shape}"
            raise ValueError(msg)
        gazes = _as_gazes(gaze)
        _check(expression)
        turn = np.radians(expression.jaw)
        weights = np.concatenate([expression.weights, [np.sin(turn), 1 - np.cos(turn)]])
        vertices = blend_shapes(_at_rest(self, shape.tobytes()), self.basis[self.shapes :], weights)
        skin = vertices[self._slices["skin"]]
        part_lips(self.skin, skin)
        parts = {}
        eyes = turned_eyes(self._eye[0], *move_lids(skin, expression.blink, gazes), gazes)
        for side, eye in zip(("left", "right"), eyes, strict=True):
            parts[f"{side}_eye"] = Geometry(eye, self._eye_triangles, self._eye[1])
        rest = {
            name: Geometry(vertices[where], self._triangles[name], self._uv[name])
            for name, where in self._slices.items()
        }
        return PosedHead(self, {**rest, **parts}, gazes)


@lru_cache(maxsize=8)  # neighbouring images are of the same person
def _at_rest(model: HeadModel, shape: bytes) -> Floats:
    """All vertices of the head of this shape."""
    weights = np.frombuffer(shape, np.float32)
    return blend_shapes(model.mean, model.basis[: model.shapes], weights)


def _as_gazes(gaze: ArrayLike) -> NDArray[np.float64]:
    """(2, 2), left eye first."""
    degrees = np.asarray(gaze, np.float64)
    if degrees.shape not in ((2,), (2, 2)) or not np.isfinite(degrees).all():
        msg = f"gaze: expected (2,) or (2, 2) finite degrees, got an array of shape {degrees.shape}"
        raise ValueError(msg)
    return np.broadcast_to(degrees, (2, 2))


def _check(expression: Expression) -> None:
    weights = np.asarray(expression.weights)
    finite = np.isfinite([expression.jaw, *expression.blink]).all() and np.isfinite(weights).all()
    if weights.shape != (len(EXPRESSION),) or not finite:
        msg = f"expression: expected {len(EXPRESSION)} finite weights and finite angles, got {expression}"
        raise ValueError(msg)


@cache
def own_head() -> HeadModel:
    """flmcore's head, made once per process (half a second)."""
    return HeadModel()


def _rim(skin: Skin) -> NDArray[np.int64]:
    """Vertices of the skin where the cavity of the mouth begins."""
    return np.concatenate([skin.upper_inside[:, -1], skin.lower_inside[::-1, -1]])


def _sites(skin: Skin, organs_: dict[str, NDArray[np.float64]]) -> Sites:
    """All vertices but the eyeballs', and what moves them."""
    lower = np.where(skin.lower | (skin.places[:, 1] > _MOUTH), 1.0, 0.0)
    jaw = jaw_share(skin.places, skin.vertices, lower)
    parts = [(skin.vertices, skin.places, jaw, np.ones(len(jaw)), lower)]
    for name, vertices in organs_.items():
        down = np.full(len(vertices), float(name == "lower_teeth"))
        soft = np.zeros(len(vertices))
        places = vertices[:, :2].copy()
        if name == "mouth":
            rim, depth = _rim(skin), organs.MOUTH_DEPTHS[:, None]
            bag = depth.size * len(rim)
            down[:] = np.clip((vertices[:, 1] - 38.0) / 10.0, 0.0, 1.0)
            down[bag:] = 1.0
            down[:bag] = (jaw[rim] * (1 - depth) + 0.4 * depth).ravel()
            soft[:bag] = np.repeat(np.clip(1 - 1.5 * organs.MOUTH_DEPTHS, 0, 1), len(rim))
            places[:bag] = np.tile(skin.places[rim], (depth.size, 1))
        side = np.where(soft > 0, np.resize(lower[_rim(skin)], len(vertices)), np.round(down))
        parts.append((vertices, places, down, soft, side))
    return Sites(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _on_scalp(skin: Skin) -> NDArray[np.bool_]:
    p, q = np.abs(skin.places[:, 0]), skin.places[:, 1]
    return np.asarray(
        q < np.interp(p, [0, 60, 85, 110, 125, 150, 190, 267], [-92, -84, -66, -40, -30, 15, 45, 52])
    )


def _anchor_vertices(skin: Skin) -> dict[str, int]:
    found = {name: int(skin.landmarks[index]) for name, index in _LANDMARK_ANCHORS.items()}
    for name, place in _ANCHORS.items():
        found[name] = int(((skin.places - place) ** 2).sum(axis=1).argmin())
    for side, sign in (("left", 1.0), ("right", -1.0)):
        found[f"tragion_{side}"] = int(((skin.vertices - [sign * 71.0, 0.0, 0.0]) ** 2).sum(axis=1).argmin())
        found[f"temple_{side}"] = int(
            ((skin.vertices - [sign * 66.0, -32.0, -40.0]) ** 2).sum(axis=1).argmin()
        )
    return found
