"""The parts of a scene as the drawing kernels take them: one mesh, and for each part its surface."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flmcore.ops.drawing import Fragments, Shadow, draw, label_map, shade, shadow_map, vertex_normals
from flmcore.simulate.parts import Part
from flmcore.simulate.scene.camera import NEAREST, Camera
from flmcore.simulate.scene.lights import Lights

__all__ = ["Assembly", "assemble"]

_FAINT = 128  # mean coverage below which a blended part is seen through


@dataclass(frozen=True)
class Assembly:
    """One mesh in the camera's frame.

    Attributes:
        parts: what it is made of, in order.
        points: (V, 3) float32 mm in the camera's frame.
        triangles: (F, 3) int32.
        part: (F,) int32, indices of ``parts``.
        uv: (V, 2) float32.
        starts: (P + 1,), each part's first vertex, and V.

    A part's ``options`` may have ``cutout`` (False: its texture has no holes), ``occlusion`` (share of the light from
    around that reaches it) and ``flatten`` (0 to 1: how much its normals lean to their mean).
    """

    parts: Sequence[Part]
    points: NDArray[np.float32]
    triangles: NDArray[np.int32]
    part: NDArray[np.int32]
    uv: NDArray[np.float32]
    starts: NDArray[np.int32]

    def drawn(self, camera: Camera, samples: int) -> Fragments:
        """Which triangle each sample of the camera's image shows."""
        return draw(
            camera.to_pixels(self.points),
            self.triangles,
            self.uv,
            self.part,
            self._cutouts(),
            size=camera.size,
            samples=samples,
            two_sided=[part.two_sided for part in self.parts],
            blend=[part.blend for part in self.parts],
            near=NEAREST,
        )

    def lit(self, fragments: Fragments, lights: Lights) -> NDArray[np.float32]:
        """(h, w, 4) linear light, premultiplied, and coverage."""
        return shade(
            fragments,
            self.points,
            self.triangles,
            self.uv,
            self.part,
            [part.texture for part in self.parts],
            directions=lights.directions,
            colours=lights.colours,
            ambient=lights.ambient,
            normals=self._normals(),
            gloss=[part.gloss for part in self.parts],
            shininess=[part.shininess for part in self.parts],
            two_sided=[part.two_sided for part in self.parts],
            shadow=self._shadow(lights) if lights.shadow else None,
            occlusion=self._per_vertex("occlusion", 1.0),
        )

    def labels(self, fragments: Fragments, texel_labels: dict[str, NDArray[np.uint8]]) -> NDArray[np.uint8]:
        """(h, w) classes of the pixels' middle samples; ``texel_labels`` gives a part's by its texture."""
        step, first = fragments.samples, fragments.samples // 2
        middle = dataclasses.replace(
            fragments,
            triangle=np.ascontiguousarray(fragments.triangle[first::step, first::step]),
            weights=np.ascontiguousarray(fragments.weights[first::step, first::step]),
            samples=1,
        )
        classes = np.array([part.label for part in self.parts], np.uint8)
        maps = [texel_labels.get(part.name) for part in self.parts]
        return label_map(middle, classes[self.part], self.triangles, self.uv, self.part, maps)

    def _per_vertex(self, option: str, usual: float) -> NDArray[np.float32]:
        values = [(part.options or {}).get(option, usual) for part in self.parts]
        return np.repeat(np.array(values, np.float32), np.diff(self.starts))

    def _normals(self) -> NDArray[np.float32]:
        normals = vertex_normals(self.points, self.triangles)
        for part, start, end in zip(self.parts, self.starts, self.starts[1:], strict=False):
            flatten = (part.options or {}).get("flatten", 0.0)
            if flatten:
                own = normals[start:end]
                middle = own.mean(axis=0)
                middle /= np.float32(max(float(np.sqrt((middle * middle).sum())), 1e-6))
                own += np.float32(flatten / (1 - flatten)) * middle
        return normals

    def _cutouts(self) -> list[NDArray[np.uint8] | None]:
        return [part.texture[..., 3] if _has_holes(part) else None for part in self.parts]

    def _shadow(self, lights: Lights) -> Shadow:
        """Of all but the blended parts: what is seen through throws none."""
        opaque = sum(not part.blend for part in self.parts)  # they come first
        count = int(np.searchsorted(self.part, opaque))
        return shadow_map(
            self.points,
            self.triangles[:count],
            lights.directions[0],
            96,
            uv=self.uv,
            part=self.part[:count],
            cutouts=self._cutouts(),
            softness=round(3 * lights.softness),
        )


def _has_holes(part: Part) -> bool:
    return not part.blend and bool((part.options or {}).get("cutout", True))


def assemble(parts: Sequence[Part], camera: Camera) -> Assembly:
    """All parts (in the head's frame) as one mesh in the camera's frame, opaque ones first."""
    ordered = sorted(parts, key=lambda part: part.blend)
    counts = [len(part.geometry.vertices) for part in ordered]
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    triangles = [part.geometry.triangles + start for part, start in zip(ordered, starts[:-1], strict=True)]
    faces = [len(part.geometry.triangles) for part in ordered]
    return Assembly(
        parts=ordered,
        points=camera.to_camera(np.concatenate([part.geometry.vertices for part in ordered])),
        triangles=np.concatenate(triangles),
        part=np.repeat(np.arange(len(ordered), dtype=np.int32), faces),
        uv=np.concatenate([part.geometry.uv for part in ordered]),
        starts=starts,
    )
