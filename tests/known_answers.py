"""What the metric must say of a detector whose faults are chosen, in closed form."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

import flmcore
from evaluated import BOX, KnownDetector, noise_image
from flmcore.evaluation.sweep import make_sweep
from flmcore.evaluation.sweep import path_at as offsets_at

SIDE, INTEROCULAR = 80.0, 40.0  # pixels, of the known face
PERCENT = 100 / INTEROCULAR
FRAMES = 128


@dataclass(frozen=True)
class Setting:
    """Chosen faults: image pixels, share of the window's movement, frames."""

    bias: float = 0.0
    sigma: float = 0.0
    gain: float = 0.0
    latency: int = 0

    def __str__(self) -> str:
        return f"bias {self.bias:g} px, noise {self.sigma:g} px, gain {self.gain:g}, latency {self.latency}"


SETTINGS = [
    Setting(),
    Setting(bias=3.0),
    Setting(sigma=0.2),
    Setting(sigma=1.0),
    Setting(gain=0.25),
    Setting(gain=1.0),
    Setting(sigma=0.4, gain=0.1),
    Setting(bias=-2.0, sigma=0.4, gain=0.5),
    Setting(latency=1),
    Setting(latency=4),
    Setting(sigma=0.2, latency=2),
    Setting(bias=1.0, sigma=0.3, latency=7),
]


@dataclass(frozen=True)
class Answer:
    """A number's true value and how far sampling may take it: four standard errors."""

    true: float
    within: float


def answers(setting: Setting) -> dict[str, Answer]:
    """Closed forms.

    A window that moves by δ[t] moves landmarks by g·δ[t]; one that lags by L moves them by δ[t] − δ[t−L]. So a step of
    the path is the vector s[t] of these differences plus the difference of two normal draws, which is Rice distributed:
    its mean length is σ√π · L½(−‖s‖²/4σ²), which is ‖s‖ without noise and σ√π without a step.
    """
    places = _places(setting, make_sweep().path.shift, before=None)
    steps = np.hypot(*np.diff(places, axis=0).T)
    random = make_sweep().random.shift
    strays = _places(setting, random, before=make_sweep().path.shift)
    stray2 = ((strays - strays.mean(axis=0)) ** 2).sum(axis=1).mean()
    seen = SIDE * (random - random.mean(axis=0))
    gain = float(((strays - strays.mean(axis=0)) * seen).sum() / (seen**2).sum())
    rest2 = stray2 - gain**2 * (seen**2).sum(axis=1).mean()
    s, n = setting.sigma, FRAMES * 68
    shrunk = 2 * s * s * (1 - 1 / FRAMES)  # the mean over the views takes one part in T with it
    spread, residual = math.sqrt(stray2 + shrunk), math.sqrt(max(rest2, 0) + shrunk)
    # A root mean square r of n two-dimensional draws: its square's deviation is at most √(4s⁴ + 4s²r²)/√n.
    error = [
        4 * math.sqrt(4 * s**4 + 4 * s * s * r * r) / (2 * max(r, 1e-9) * math.sqrt(n))
        for r in (spread, residual)
    ]
    # Steps share draws with their neighbours: twice the deviation of independent ones is more than enough.
    jitter = float(np.mean([rice_mean(step, s * math.sqrt(2)) for step in steps]))
    return {
        "jitter": Answer(PERCENT * jitter, PERCENT * 4 * 2 * s / math.sqrt(n) + 1e-7),
        "spread": Answer(PERCENT * spread, PERCENT * error[0] + 1e-7),
        "gain": Answer(gain, 4 * s / math.sqrt(68 * (seen**2).sum()) + 1e-7),
        # A difference of squares: where there is no noise, the root of rounding remains.
        "residual": Answer(PERCENT * residual, PERCENT * error[1] + 1e-4),
    }


def lag_ms(setting: Setting) -> Answer:
    """A latency of L frames is one of L/30 s; noise in the mean of 68 landmarks moves the fit by σ/(√68 · √Σ‖ṁ‖²)."""
    speed = SIDE * np.diff(offsets_at("shift", FRAMES, np.arange(FRAMES // 4, FRAMES)), axis=0)
    error = setting.sigma / math.sqrt(68 * (speed**2).sum())
    return Answer(1000 / 30 * setting.latency, 1000 / 30 * (4 * error + 1e-3))


def rice_mean(offset: float, sigma: float) -> float:
    """E‖offset + N(0, sigma²)‖ in two dimensions: sigma √(π/2) · L½(−offset²/2sigma²), by Bessel's I0 and I1."""
    if sigma == 0:
        return offset
    x = offset * offset / (4 * sigma * sigma)
    # e^−x I0(x) and e^−x I1(x) by their integrals over a half turn; the midpoint rule converges geometrically.
    count = int(400 + 40 * math.sqrt(x))
    turn = (np.arange(count) + 0.5) * (math.pi / count)
    weight = np.exp(x * (np.cos(turn) - 1))
    i0, i1 = float(weight.mean()), float((weight * np.cos(turn)).mean())
    return sigma * math.sqrt(math.pi / 2) * ((1 + 2 * x) * i0 + 2 * x * i1)


def recovered(setting: Setting, **options: Any) -> dict[str, Any]:
    """What :func:`flmcore.evaluate` says of that detector."""
    detector = KnownDetector(
        hold=1 - setting.gain,
        sigma=setting.sigma,
        bias=(setting.bias, -setting.bias),
        latency=setting.latency,
    )
    options = {"boxes": [[BOX]], "speed": False, "interocular": {"array-0": [INTEROCULAR]}} | options
    return dict(flmcore.evaluate([noise_image(0)], detector, **options).units[0])


def _places(setting: Setting, shifts: Any, *, before: Any) -> Any:
    """Where the detector puts a landmark, less where it is; ``before`` are the views that come first."""
    past = shifts if before is None else np.concatenate([before, shifts])
    then = np.maximum(np.arange(len(past)) - setting.latency, 0)[len(past) - len(shifts) :]
    # Seen through the older window and put back through the newer, less the part that holds to the face.
    return SIDE * ((shifts - past[then]) + setting.gain * past[then])
