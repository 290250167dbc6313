"""One drawn face: the picture, and where everything is in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.simulate.accessories import sample_accessories
from flmcore.simulate.assembly import assemble
from flmcore.simulate.complexion import Complexion
from flmcore.simulate.head import PosedHead, own_head
from flmcore.simulate.mesh_file import Mesh
from flmcore.simulate.mesh_head import mesh_head
from flmcore.simulate.parts import Part
from flmcore.simulate.person import person
from flmcore.simulate.scene.background import sample_background
from flmcore.simulate.scene.camera import Camera, sample_camera
from flmcore.simulate.scene.imaging import develop
from flmcore.simulate.scene.lights import sample_lights
from flmcore.simulate.scene.visibility import visible
from flmcore.simulate.settings import SimulateSettings
from flmcore.simulate.streams import streams

__all__ = ["SCHEMES", "TRUTH", "Rendered", "render_face"]

SCHEMES = ("300w-68", "mediapipe-468")
TRUTH = (*SCHEMES, "facesynthetics-70")  # schemes that a drawn face's landmarks come in
_STREAM = 2  # of random numbers; person.py has 1


@dataclass(frozen=True)
class Rendered:
    """A drawn face and its truth.

    Attributes:
        image: (S, S, 3) uint8 sRGB.
        landmarks: by scheme (300w-68, mediapipe-468, and facesynthetics-70: the first with the pupils), (K, 2) float32
            pixels, (0, 0) the centre of the top-left one: where the vertex is, also where something hides it or outside
            the image.
        visible: by scheme, (K,) bool: inside the image, and nothing drawn before it.
        labels: (S, S) uint8, classes as in :data:`flmcore.simulate.parts.CLASSES`; (0, 0) where they were not asked for.
        box: (4,) float32 x0, y0, x1, y1: tight about the 68 landmarks, edge coordinates.
        camera: that saw it.
        drawn: what it shows, as plain values of JSON.
    """

    image: NDArray[np.uint8]
    landmarks: dict[str, NDArray[np.float32]]
    visible: dict[str, NDArray[np.bool_]]
    labels: NDArray[np.uint8]
    box: NDArray[np.float32]
    camera: Camera
    drawn: dict[str, Any]


def render_face(
    settings: SimulateSettings,
    seed: int,
    index: int,
    mesh: Mesh | None = None,
    *,
    truth: Sequence[str] = TRUTH,
    labels: bool = True,
) -> Rendered:
    """Draw image ``index`` of the set that ``settings`` and ``seed`` describe; always the same bytes.

    Args:
        settings: what may be seen.
        seed: of the whole set, 0 or more.
        index: of the image, 0 or more. Consecutive ones show the same person (``images_per_person``).
        mesh: whose face it is, as :func:`flmcore.simulate.mesh_file.read_mesh` gives it; None for flmcore's own.
        truth: schemes of the landmarks that are wanted: what is not asked for takes no time, and changes no pixel.
        labels: whether classes of pixels are.

    Raises:
        ValueError: a negative seed or index, an unknown scheme, or a background folder without images.
        ImageError: an image of that folder cannot be read.
    """
    for name, value in (("seed", seed), ("index", index)):
        if value < 0:
            msg = f"{name}: expected a whole number from 0, got {value!r}"
            raise ValueError(msg)
    unknown = [scheme for scheme in truth if scheme not in TRUTH]
    if unknown:
        msg = f"truth: expected schemes of {', '.join(TRUTH)}, got {unknown[0]!r}"
        raise ValueError(msg)
    # One stream for each thing: a change to one leaves the others as they were.
    body, worn, view, light, behind, film = streams(6, seed, _STREAM, index)
    who = person(seed, index // settings.images_per_person, settings.identity, settings.texture)
    model = own_head() if mesh is None else mesh_head(mesh)
    head = model.pose(who.shape, model.sample_expression(body, settings.expression), _gaze(body))
    marks = head.landmarks("300w-68")
    camera = sample_camera(view, marks, settings)
    lights = sample_lights(light, shadows=settings.shadows)
    parts = [who.dressed(name, geometry) for name, geometry in head.parts.items()]
    if settings.accessories:
        parts += sample_accessories(worn, settings.chances).build(head, who.complexion)
    scene = assemble(parts, camera)
    fragments = scene.drawn(camera, settings.samples)
    picture, cover = _before(sample_background(behind, settings), scene.lit(fragments, lights))
    pixels, visible, box = _seen(head, marks, truth, camera, fragments.depth)
    return Rendered(
        image=develop(film, picture, cover, settings.imaging),
        landmarks=pixels,
        visible=visible,
        labels=scene.labels(fragments, {"skin": who.labels}) if labels else np.zeros((0, 0), np.uint8),
        box=box,
        camera=camera,
        drawn=_told(who.complexion, camera, lights.kind, scene.parts),
    )


def _before(
    around: NDArray[np.float32], shown: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Linear light (3, H, W) of what is shown, (H, W, 4) and premultiplied, before what is around it (3, H, W); its cover."""
    planes = np.ascontiguousarray(shown.transpose(2, 0, 1))
    picture, cover = planes[:3], planes[3]
    around *= 1 - cover
    picture += around
    return picture, cover


def _seen(
    head: PosedHead,
    marks: NDArray[np.float32],
    truth: Sequence[str],
    camera: Camera,
    depth: NDArray[np.float32],
) -> tuple[dict[str, NDArray[np.float32]], dict[str, NDArray[np.bool_]], NDArray[np.float32]]:
    """Pixels and visibility of the schemes' points, and the tight box about ``marks``, the 68.

    All points at once: each call takes as long for one as for hundreds.
    """
    points = [marks, *(_marked(head, marks, scheme) for scheme in truth if scheme != "300w-68")]
    every = camera.project(np.concatenate(points))
    shown, places = visible(every, depth, camera.size), np.ascontiguousarray(every[:, :2])
    pixels, seen, start = {}, {}, 0
    for scheme, each in zip(("300w-68", *(s for s in truth if s != "300w-68")), points, strict=True):
        end = start + len(each)
        if scheme in truth:
            pixels[scheme], seen[scheme] = places[start:end], shown[start:end]
        start = end
    return pixels, seen, _tight(places[: len(marks)])


def _marked(head: PosedHead, marks: NDArray[np.float32], scheme: str) -> NDArray[np.float32]:
    """(K, 3) of the head; ``marks`` are its 68."""
    if scheme == "facesynthetics-70":
        return np.concatenate([marks, _pupils(head)])
    return marks if scheme == "300w-68" else head.landmarks(scheme)


def _pupils(head: PosedHead) -> NDArray[np.float32]:
    """(2, 3): that of the eye on the left of the image first, as the eyes of 300w-68 come."""
    return np.stack([head.anchors["pupil_right"], head.anchors["pupil_left"]])


def _gaze(rng: np.random.Generator) -> tuple[float, float]:
    """Degrees to the person's left and down; mostly near where the head points."""
    wide = 1.0 if rng.random() < 0.7 else 2.2
    right, down = rng.standard_normal(2).tolist()
    return min(max(9.0 * wide * right, -35.0), 35.0), min(max(6.0 * wide * down, -20.0), 25.0)


def _tight(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Box about pixel coordinates (K, 2), in edge coordinates."""
    return np.array([*points.min(axis=0).tolist(), *points.max(axis=0).tolist()], np.float32) + np.float32(
        0.5
    )


def _told(complexion: Complexion, camera: Camera, lights: str, parts: Sequence[Part]) -> dict[str, Any]:
    """What a table of many images is sorted by."""
    yaw, pitch, roll = camera.angles
    return {
        "yaw": yaw,
        "pitch": pitch,
        "roll": roll,
        "distance": float(camera.translation[2]),
        "lights": lights,
        "age": complexion.age,
        "melanin": complexion.melanin,
        "beard": complexion.beard.length if complexion.beard.chin > 0.1 else 0.0,
        "parts": [part.name for part in parts],
    }
