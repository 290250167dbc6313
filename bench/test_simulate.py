"""Drawing whole faces at 128×128 on one thread: everything from random numbers to a JPEG's artefacts.

``floor`` only fills the picture and compresses it once. The processor time of one image is beside the wall time, for
machines that do other work: ``cpu_ms`` in the JSON.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from itertools import count

import numpy as np
import pytest
from PIL import Image

from flmcore.simulate.render import render_face
from flmcore.simulate.settings import SimulateSettings


def ours(settings: SimulateSettings) -> Callable[[], np.ndarray]:
    numbers = count()
    return lambda: render_face(settings, 0, next(numbers)).image


def floor(settings: SimulateSettings) -> Callable[[], np.ndarray]:
    def call() -> np.ndarray:
        picture = np.full((settings.size, settings.size, 3), 127, np.uint8)
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "JPEG")
        return np.asarray(Image.open(file))

    return call


@pytest.mark.parametrize("impl", [ours, floor], ids=lambda f: f.__name__)
@pytest.mark.parametrize(("persons", "samples"), [(4, 2), (1, 2), (4, 1)])
def test_simulate(
    benchmark: pytest.FixtureRequest,
    impl: Callable[..., Callable[[], np.ndarray]],
    persons: int,
    samples: int,
) -> None:
    """``persons``: images of one person, who is painted once."""
    benchmark.group = f"simulate 128x128, {persons} images a person, {samples * samples} samples a pixel"  # type: ignore[attr-defined]
    call = impl(SimulateSettings(images_per_person=persons, samples=samples))
    for _ in range(
        60
    ):  # what is made once per process: the head, noise, backgrounds, where hats and hair sit
        call()
    begun = time.process_time()
    picture = benchmark.pedantic(call, rounds=10, iterations=4 * persons)  # type: ignore[attr-defined]
    images = 10 * 4 * persons
    benchmark.extra_info["cpu_ms"] = (time.process_time() - begun) * 1e3 / images  # type: ignore[attr-defined]
    assert picture.shape == (128, 128, 3)
