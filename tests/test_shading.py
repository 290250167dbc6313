"""Colours of drawn scenes, against the reference."""

from __future__ import annotations

import numpy as np
import pytest

from drawn_scenes import ball, joined, on_screen, plain, square
from flmcore.ops.drawing import draw, shade, shadow_map, vertex_normals
from reference import shading as reference

SIZE, FOCAL = 20, 60
LIGHT = {
    "directions": np.array([[0.3, -0.5, -0.8], [-0.9, 0.1, -0.2]]),
    "colours": np.array([[0.9, 0.8, 0.7], [0.2, 0.3, 0.5]], np.float32),
    "ambient": np.random.default_rng(4).normal(0.2, 0.1, (9, 3)).astype(np.float32),
    "gloss": [0.3, 0.1, 0.0],
    "shininess": [20.0, 4.0, 1.0],
    "two_sided": [False, True, False],
}


def smooth() -> np.ndarray:
    """A texture whose ends do not meet, so that a mean across a seam would show."""
    picture = np.full((48, 96, 4), 255, np.uint8)
    picture[..., 0] = np.linspace(0, 255, 96)
    picture[..., 1] = np.linspace(30, 220, 48)[:, None]
    return picture


@pytest.mark.parametrize("samples", [1, 2, 3])
@pytest.mark.parametrize("shadowed", [False, True])
def test_matches_reference(samples: int, shadowed: bool) -> None:
    """A ball with a seam in front of a wall, and a pane before both."""
    ring = ball(9, (0, 0, 600), 70)
    turn = np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0]])  # the seam to the side that is seen
    around = (ring[0] - [0, 0, 600]) @ turn @ turn + [0, 0, 600]
    vertices, triangles, uv, part = joined(
        (around.astype(np.float32), ring[1], ring[2]), square(10, 5, 700, 75), square(-20, 8, 400, 20)
    )
    textures = [smooth(), plain(90, 160, 40), plain(200, 30, 60, 90)]
    drawn = draw(
        on_screen(vertices, SIZE, FOCAL),
        triangles,
        uv,
        part,
        [None] * 3,
        size=SIZE,
        samples=samples,
        two_sided=LIGHT["two_sided"],
        blend=[False, False, True],
    )
    assert len(drawn.blended_sample) > 10 * samples
    normals = vertex_normals(vertices, triangles)
    occlusion = np.random.default_rng(2).uniform(0.3, 1, len(vertices)).astype(np.float32)
    shadow = shadow_map(vertices, triangles, LIGHT["directions"][0], 48) if shadowed else None
    picture = shade(
        drawn, vertices, triangles, uv, part, textures, occlusion=occlusion, shadow=shadow, **LIGHT
    )
    scene = reference.Scene(
        vertices,
        normals,
        triangles,
        uv,
        part,
        textures,
        occlusion=occlusion,
        shadow=None if shadow is None else (shadow.depth, shadow.matrix, shadow.bias, shadow.softness),
        **LIGHT,
    )
    blended = list(zip(drawn.blended_triangle, drawn.blended_sample, drawn.blended_weights, strict=True))
    expected, sure = reference.shade(scene, drawn.triangle, drawn.weights, blended, samples)
    assert sure.mean() > 0.95
    # a depth that equals the map's, and a texel's last step, are the rounding's to decide
    close = np.isclose(picture, expected, atol=2e-4).all(axis=-1)[sure]
    assert close.mean() > (0.95 if shadowed else 0.99)
    if not shadowed:
        np.testing.assert_allclose(picture[sure], expected[sure], atol=0.01)


def test_samples_on_both_sides_of_a_seam_keep_their_colours() -> None:
    """Two squares that meet where one's texture ends and the other's begins."""
    left, right = square(-50, 0, 600, 50), square(50, 0, 600, 50)
    vertices, triangles, uv, _ = joined(left, right)
    uv[: len(uv) // 2, 0] = 1
    uv[len(uv) // 2 :, 0] = 0
    black_to_white = np.full((2, 16, 4), 255, np.uint8)
    black_to_white[..., :3] = np.linspace(0, 255, 16)[:, None]
    drawn = draw(on_screen(vertices, 16, 60), triangles, size=16)
    picture = shade(drawn, vertices, triangles, uv, None, [black_to_white], ambient=[1, 1, 1])
    shown = picture[picture[..., 3] == 1][:, 0]
    assert set(np.round(shown, 3)) <= {0.0, 0.5, 1.0}
    assert {0.0, 1.0} <= set(np.round(shown, 3))
