"""Colours of samples, group by group: places on textures in float32 as the core has them, light in float64."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

F = np.float32
DOUBT = 1e-5  # a cosine so near to 0 has the sign that rounding gives it


@dataclass(frozen=True)
class Scene:
    vertices: np.ndarray
    normals: np.ndarray
    triangles: np.ndarray
    uv: np.ndarray
    part: np.ndarray
    textures: Sequence[np.ndarray]
    gloss: Sequence[float]
    shininess: Sequence[float]
    two_sided: Sequence[bool]
    directions: np.ndarray
    colours: np.ndarray
    ambient: np.ndarray
    occlusion: np.ndarray
    shadow: tuple[np.ndarray, np.ndarray, float, int] | None = None  # map, matrix, bias, softness
    doubtful: set[int] = field(default_factory=set)  # samples whose colour rounding decides


def linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def albedo(texture: np.ndarray, u: np.float32, v: np.float32) -> np.ndarray:
    """Bilinear in sRGB with shares of 1/256, cut to 1/1020."""
    places = []
    for at, count in ((u, texture.shape[1]), (v, texture.shape[0])):
        held = min(max(float(at * F(count) - F(0.5)), 0.0), count - 1.0)
        first = int(held)
        places.append((first, min(first + 1, count - 1), int((held - first) * 256)))
    (x0, x1, fx), (y0, y1, fy) = places
    t = texture.astype(int)
    top, bottom = t[y0, x0] * (256 - fx) + t[y0, x1] * fx, t[y1, x0] * (256 - fx) + t[y1, x1] * fx
    steps = (top * (256 - fy) + bottom * fy) >> 14
    return np.array([*(linear(s / 1020) for s in steps[:3]), steps[3] / 1020])


def irradiance(n: np.ndarray, c: np.ndarray) -> np.ndarray:
    x, y, z = n
    basis = [0.282095, 0.488603 * y, 0.488603 * z, 0.488603 * x, 1.092548 * x * y, 1.092548 * y * z]
    basis += [0.315392 * (3 * z * z - 1), 1.092548 * x * z, 0.546274 * (x * x - y * y)]
    return np.maximum(sum(b * row for b, row in zip(basis, c, strict=True)), 0)


def share_of_light(depth: np.ndarray, at: np.ndarray, bias: float, softness: int) -> float:
    """The part of a box about ``at`` whose texels lie no nearer to the light."""
    corner = [min(max(at[k], softness), depth.shape[1 - k] - 2 - softness) - softness for k in range(2)]
    start = [int(c) for c in corner]
    rest = [c - s for c, s in zip(corner, start, strict=True)]
    last, total = 2 * softness + 1, 0.0
    for j in range(last + 1):
        for i in range(last + 1):
            wx = 1 - rest[0] if i == 0 else rest[0] if i == last else 1.0
            wy = 1 - rest[1] if j == 0 else rest[1] if j == last else 1.0
            total += wx * wy * (depth[start[1] + j, start[0] + i] >= at[2] - bias)
    return total / last**2


def unit(v: np.ndarray) -> np.ndarray:
    return v / np.linalg.norm(v)


def arriving(scene: Scene, point: np.ndarray, normal: np.ndarray) -> float:
    """The share of the first light."""
    if scene.shadow is None:
        return 1.0
    depth, matrix, bias, softness = scene.shadow
    return share_of_light(depth, matrix @ [*(point + bias * normal), 1], bias, softness)


@dataclass
class Group:
    """Samples of a pixel that get one colour."""

    part: int
    first: np.ndarray  # uv and depth of the first piece
    count: int
    total: np.ndarray
    samples: list[int]


def mixed(scene: Scene, triangle: int, shares: Sequence[np.float32]) -> np.ndarray:
    """Position, normal, uv and occlusion, as a sum with these shares of the corners."""
    every = np.column_stack([scene.vertices, scene.normals, scene.uv, scene.occlusion]).astype(F)
    a, b, c = every[scene.triangles[triangle]]
    return a * shares[0] + b * shares[1] + c * shares[2]


def groups(
    scene: Scene, samples: Sequence[int], triangle: np.ndarray, weights: np.ndarray
) -> Sequence[Group]:
    """Of a pixel's samples: of one triangle, or of one part and about the same place of it."""
    found: list[Group] = []
    pieces = dict.fromkeys(int(triangle[i]) for i in samples if triangle[i] >= 0)
    for t in pieces:
        inside = [i for i in samples if triangle[i] == t]
        b, c = F(0), F(0)
        for i in inside:
            b, c = b + weights[i, 0], c + weights[i, 1]
        total = mixed(scene, t, (F(len(inside)) - b - c, b, c))
        at = total[[6, 7, 2]] * (F(1) / F(len(inside)))
        for group in found:
            most = np.array([1 / 16, 1 / 16, group.first[2] / F(64)], F)
            if group.part == scene.part[t] and (abs(at - group.first) <= most).all():
                group.count += len(inside)
                group.total = group.total + total
                group.samples += inside
                break
        else:
            found.append(Group(int(scene.part[t]), at, len(inside), total, inside))
    return found


def colour(scene: Scene, samples: Sequence[int], p: int, at: np.ndarray) -> np.ndarray:
    """Linear light, and the texture's coverage; ``at`` as mixed() has it."""
    base = albedo(scene.textures[p], *at[6:8])
    point, n = at[:3].astype(float), unit(at[3:6].astype(float))
    view = -unit(point)
    cosines = [n @ view] if scene.two_sided[p] else []
    if scene.two_sided[p] and n @ view < 0:
        n = -n
    diffuse, mirrored = irradiance(n, scene.ambient) * at[8], np.zeros(3)
    for j, (light, paint) in enumerate(zip(scene.directions, scene.colours, strict=True)):
        toward = unit(light)
        facing, peak = n @ toward, max(0.0, n @ unit(toward + view)) ** scene.shininess[p]
        cosines.append(facing)
        if facing > 0:
            share = arriving(scene, point, n) if j == 0 else 1.0
            diffuse, mirrored = (
                diffuse + paint * facing * share,
                mirrored + paint * scene.gloss[p] * peak * share,
            )
    if min(map(abs, cosines), default=1) < DOUBT:
        scene.doubtful.update(samples)
    return np.append(base[:3] * diffuse + mirrored, base[3])


def shade(
    scene: Scene,
    triangle: np.ndarray,
    weights: np.ndarray,
    blended: Sequence[tuple[int, int, Sequence[np.float32]]],
    samples: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Premultiplied pixels, and which of them rounding does not decide."""
    out = np.zeros((triangle.size, 4))
    height, width = (extent // samples for extent in triangle.shape)
    number = np.arange(triangle.size).reshape(height, samples, width, samples)
    for y, x in np.ndindex(height, width):
        for group in groups(scene, number[y, :, x].ravel(), triangle.ravel(), weights.reshape(-1, 2)):
            at = group.total * (F(1) / F(group.count))
            out[group.samples, :3] = colour(scene, group.samples, group.part, at)[:3]
            out[group.samples, 3] = 1
    for t, i, shares in blended:
        at = mixed(scene, t, (F(1) - shares[0] - shares[1], *shares))
        *over, cover = colour(scene, [i], scene.part[t], at)
        out[i] = np.append(np.array(over) * cover, cover) + out[i] * (1 - cover)
    sure = np.ones(triangle.size, bool)
    sure[sorted(scene.doubtful)] = False
    blocks = out.reshape(height, samples, width, samples, 4)
    return blocks.mean(axis=(1, 3)), sure.reshape(height, samples, width, samples).all(axis=(1, 3))
