"""Drawing a head at 128×128 with 2×2 samples a pixel, on one thread, beside what a user would take in its place.

The head is flmcore's own with its textures: some 9,000 triangles. ``draw`` finds the triangle of every sample, ``shade``
makes the picture: draw, normals, lights without a shadow, mean of the samples. ``floor`` only fills what is given back.
``opencv`` paints whole triangles from the farthest to the nearest (``fillConvexPoly``): no textures, no light within a
triangle, and the wrong one where they cross. ``moderngl`` draws through OpenGL, in software where there is no graphics card,
textures with one light beside the camera; it needs ``moderngl`` and a machine with EGL, and is passed over without. All
give back what NumPy goes on with. ``cpu_ms`` in the JSON is processor time, of all threads (llvmpipe has its own, unless
``LP_NUM_THREADS=1``): the figure to look at on a machine that does other work.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from flmcore.ops.drawing import vertex_normals
from flmcore.simulate.assembly import Assembly, assemble
from flmcore.simulate.head import own_head
from flmcore.simulate.person import person
from flmcore.simulate.scene.camera import NEAREST, Camera, sample_camera
from flmcore.simulate.scene.lights import sample_lights
from flmcore.simulate.settings import SimulateSettings

SIZE, SAMPLES = 128, 2
SIDE = SIZE * SAMPLES
Picture = Callable[[], NDArray[Any]]


@cache
def scene() -> tuple[Assembly, Camera]:
    rng, settings = np.random.default_rng(0), SimulateSettings(size=SIZE)
    who, model = person(0, 0, 1.0, "full"), own_head()
    head = model.pose(who.shape, model.sample_expression(rng, 1.0), (0.0, 0.0))
    camera = sample_camera(rng, head.landmarks("300w-68"), settings)
    return assemble([who.dressed(name, part) for name, part in head.parts.items()], camera), camera


@cache
def on_screen() -> NDArray[np.float32]:
    """(V, 3) pixels and mm."""
    made, camera = scene()
    return camera.to_pixels(made.points)


def lambert() -> NDArray[np.float32]:
    """(V,) light of one lamp beside the camera."""
    made, _ = scene()
    return np.clip(0.3 - 0.7 * vertex_normals(made.points, made.triangles)[:, 2], 0, 1)


def ours_draw() -> Picture:
    made, camera = scene()
    return lambda: made.drawn(camera, SAMPLES).triangle


def ours_shade() -> Picture:
    made, camera = scene()
    lights = sample_lights(np.random.default_rng(1), shadows=0.0)
    return lambda: made.lit(made.drawn(camera, SAMPLES), lights)


def floor_draw() -> Picture:
    def call() -> NDArray[np.int32]:
        np.zeros((SIDE, SIDE), np.float32), np.zeros((SIDE, SIDE, 2), np.float32)
        return np.full((SIDE, SIDE), -1, np.int32)

    return call


def floor_shade() -> Picture:
    def call() -> NDArray[np.float32]:
        np.zeros((SIDE, SIDE, 4), np.float32)
        return np.zeros((SIZE, SIZE, 4), np.float32)

    return call


def _painted(values: NDArray[Any], image: NDArray[Any]) -> None:
    """Triangles that face the camera, the farthest first, each in its value."""
    made, _ = scene()
    corners = on_screen()[made.triangles]
    a, b, c = (corners[:, k, :2] for k in range(3))
    b, c = b - a, c - a
    front = b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0] < 0
    order = np.flatnonzero(front)[np.argsort(-corners[front, :, 2].mean(axis=1), kind="stable")]
    places = np.rint(((corners[order, :, :2] + 0.5) * SAMPLES - 0.5) * 256).astype(np.int32)
    for place, value in zip(places, values[order].tolist(), strict=True):
        cv2.fillConvexPoly(image, place, value, shift=8)


def opencv_draw() -> Picture:
    made, _ = scene()
    numbers = np.arange(len(made.triangles), dtype=np.int32)

    def call() -> NDArray[np.int32]:
        image = np.full((SIDE, SIDE), -1, np.int32)
        _painted(numbers, image)
        return image

    return call


def opencv_shade() -> Picture:
    made, _ = scene()
    means = np.array([part.texture[..., :3].reshape(-1, 3).mean(axis=0) for part in made.parts])

    def call() -> NDArray[np.uint8]:
        image = np.zeros((SIDE, SIDE, 3), np.uint8)
        light = lambert()[made.triangles].mean(axis=1)
        _painted(means[made.part] * light[:, None], image)
        return cv2.resize(image, (SIZE, SIZE), interpolation=cv2.INTER_AREA)

    return call


_CORNERS = """#version 330
in vec3 place; in vec2 uv; in float light; out vec2 at; out float lit; uniform float side; uniform float near;
void main() {
  float z = place.z;
  gl_Position = vec4((2 * (place.xy + 0.5) / side - 1) * z, z - 2 * near, z);
  at = uv; lit = light;
}"""
_NUMBERS = "#version 330\nuniform int first; out int number; void main() { number = first + gl_PrimitiveID; }"
_COLOURS = """#version 330
in vec2 at; in float lit; uniform sampler2D skin; out vec4 colour;
void main() { colour = vec4(texture(skin, at).rgb * lit, 1); }"""


@cache
def _context() -> Any:
    moderngl = pytest.importorskip("moderngl", reason="needs moderngl: pip install moderngl")
    try:
        return moderngl.create_context(standalone=True, backend="egl")
    except Exception as error:  # noqa: BLE001 - glcontext raises a bare Exception
        pytest.skip(f"needs OpenGL through EGL: {error}")


def _arrays(program: Any) -> tuple[Callable[[], None], list[Any]]:
    """What puts the corners' numbers into the card's memory, and what draws each part."""
    context, (made, _) = _context(), scene()
    buffer = context.buffer(reserve=len(made.points) * 24)
    named = [name for name in ("place", "uv", "light") if name in program]
    form = " ".join({"place": "3f", "uv": "2f", "light": "1f"}[name] for name in named)
    form += f" {4 * sum({'place': 0, 'uv': 2, 'light': 1}[n] for n in ('uv', 'light') if n not in named)}x"
    parts = []
    for index in range(len(made.parts)):
        rows = np.ascontiguousarray(made.triangles[made.part == index])
        content = [(buffer, form.removesuffix(" 0x"), *named)]
        parts.append(context.vertex_array(program, content, context.buffer(rows.tobytes())))

    def fill() -> None:
        buffer.write(np.concatenate([on_screen(), made.uv, lambert()[:, None]], axis=1).tobytes())

    program["side"], program["near"] = float(SIZE), float(NEAREST)
    return fill, parts


def moderngl_draw() -> Picture:
    context, (made, _) = _context(), scene()
    program = context.program(vertex_shader=_CORNERS, fragment_shader=_NUMBERS)
    numbers = context.texture((SIDE, SIDE), 1, dtype="i4")
    frame = context.framebuffer([numbers], context.depth_renderbuffer((SIDE, SIDE)))
    fill, parts = _arrays(program)
    firsts = np.searchsorted(made.part, np.arange(len(made.parts))).tolist()  # parts come one after the other

    def call() -> NDArray[np.int32]:
        _begin(frame)
        fill()
        numbers.write(np.full((SIDE, SIDE), -1, np.int32).tobytes())
        for part, first in zip(parts, firsts, strict=True):
            program["first"] = first
            part.render()
        return np.frombuffer(numbers.read(), np.int32).reshape(SIDE, SIDE)

    return call


def moderngl_shade() -> Picture:
    context, (made, _) = _context(), scene()
    program = context.program(vertex_shader=_CORNERS, fragment_shader=_COLOURS)
    size = (SIZE, SIZE)
    frame = context.framebuffer(
        [context.renderbuffer(size, 4, samples=4)], context.depth_renderbuffer(size, samples=4)
    )
    flat = context.simple_framebuffer(size, 4)
    fill, parts = _arrays(program)
    textures = [
        context.texture(part.texture.shape[1::-1], 4, np.ascontiguousarray(part.texture).tobytes())
        for part in made.parts
    ]
    for texture in textures:
        texture.repeat_x = texture.repeat_y = False

    def call() -> NDArray[np.uint8]:
        _begin(frame)
        fill()
        for part, texture in zip(parts, textures, strict=True):
            texture.use()
            part.render()
        context.copy_framebuffer(flat, frame)
        return np.frombuffer(flat.read(components=4), np.uint8).reshape(SIZE, SIZE, 4)

    return call


def _begin(frame: Any) -> None:
    context = _context()
    frame.use()
    frame.clear()
    context.enable_only(context.DEPTH_TEST)
    context.viewport = (0, 0, *frame.size)


DRAW = {"flmcore": ours_draw, "floor": floor_draw, "opencv": opencv_draw, "moderngl": moderngl_draw}
SHADE = {"flmcore": ours_shade, "floor": floor_shade, "opencv": opencv_shade, "moderngl": moderngl_shade}


def measure(benchmark: Any, impl: str, call: Picture) -> NDArray[Any]:
    benchmark.extra_info["impl"] = impl
    call()
    begun = time.process_time()
    for _ in range(20):
        call()
    benchmark.extra_info["cpu_ms"] = round((time.process_time() - begun) / 20 * 1e3, 3)
    return np.asarray(benchmark.pedantic(call, rounds=30, warmup_rounds=3))


@pytest.mark.benchmark(group="draw")
@pytest.mark.parametrize("impl", DRAW)
def test_draw(benchmark: Any, impl: str) -> None:
    made = measure(benchmark, impl, DRAW[impl]())
    same = float((made == ours_draw()()).mean())
    benchmark.extra_info["samples that show the same triangle"] = same
    assert same >= {"flmcore": 1.0, "moderngl": 0.99, "opencv": 0.7, "floor": 0.0}[impl]


@pytest.mark.benchmark(group="shade")
@pytest.mark.parametrize("impl", SHADE)
def test_shade(benchmark: Any, impl: str) -> None:
    made = measure(benchmark, impl, SHADE[impl]())
    seen, wanted = made[..., :3].any(axis=-1), ours_shade()()[..., 3] > 0
    assert impl == "floor" or (seen == wanted).mean() > 0.98
