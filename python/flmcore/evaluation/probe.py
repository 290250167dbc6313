"""What is asked beside the numbers of a sweep: where the jitter comes from, and what would take it away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flmcore.evaluation.decoder_floor import decoder_floor
from flmcore.evaluation.decoders import no_decoders, other_decoders
from flmcore.evaluation.landmarks import mean_shape
from flmcore.evaluation.smoothing import smoothed_values
from flmcore.evaluation.sweep import WINDOW_SWEEPS, Sweep
from flmcore.ops.stability import stability

if TYPE_CHECKING:
    from flmcore.evaluation.measure import Measurable

__all__ = ["Causes", "Probe"]


@dataclass(frozen=True)
class Causes:
    """Opt-in questions of a run.

    Attributes:
        redecode: decode the same raw outputs with every decoder.
        lag: budget in seconds for smoothing filters; None leaves smoothing out.
    """

    redecode: bool = False
    lag: float | None = None


class Probe:
    """Watches the raw outputs of one detector on one face pass by; then says what they tell."""

    def __init__(self, detector: Measurable, views: int, causes: Causes | None) -> None:
        self._detector = detector
        self._causes = causes or Causes()
        self._shapes: list[tuple[int, ...]] = []
        self._decoders = other_decoders(detector) if self._causes.redecode else {}
        shape = (views, detector.landmark_count, 2)
        self._landmarks = {name: np.empty(shape) for name in self._decoders}

    def __call__(self, start: int, windows: NDArray[np.float64], raw: Any) -> None:
        self._shapes = [np.shape(output) for output in raw]
        for name, decoder in self._decoders.items():
            seen = self._detector.to_image(decoder(raw), windows)
            self._landmarks[name][start : start + len(windows)] = seen

    def values(
        self,
        landmarks: NDArray[np.float64],
        windows: NDArray[np.float64],
        sweep: Sweep,
        normaliser: float,
    ) -> dict[str, Any]:
        """``decoder_floor`` wherever the window moves; ``redecode`` and ``smoothing`` where asked for."""
        values: dict[str, Any] = {}
        path = slice(0, sweep.frames)
        if sweep.name in WINDOW_SWEEPS:
            values["decoder_floor"] = decoder_floor(
                self._detector, self._shapes, mean_shape(landmarks[path]), windows[path], normaliser
            )
        if self._causes.redecode:
            reason = no_decoders(self._detector)
            values["redecode"] = (
                {"reason": reason}
                if reason
                else {
                    name: _decoded_values(other, landmarks, windows, sweep, normaliser)
                    for name, other in self._landmarks.items()
                }
            )
        if self._causes.lag is not None and sweep.name == "shift":
            values["smoothing"] = smoothed_values(
                landmarks[path], windows[path], sweep, normaliser, self._causes.lag
            )
        return values


def _decoded_values(
    other: NDArray[np.float64],
    own: NDArray[np.float64],
    windows: NDArray[np.float64],
    sweep: Sweep,
    normaliser: float,
) -> dict[str, float | None]:
    """The sweep's numbers under another decoder, and how far its mean landmarks lie from the detector's own."""
    path = stability(other[: sweep.frames], windows[: sweep.frames], normaliser=normaliser)
    random = stability(other[sweep.frames :], windows[sweep.frames :], normaliser=normaliser)
    moved = np.sqrt(((mean_shape(other) - mean_shape(own)) ** 2).sum(axis=-1))
    there = moved[np.isfinite(moved)]
    values = {
        "jitter": path.jitter,
        "spread": random.spread,
        "gain": random.gain if sweep.name == "shift" else None,
        "moved": 100 / normaliser * float(there.mean()) if len(there) else None,
    }
    return {key: None if value is None else float(f"{value:.6g}") for key, value in values.items()}
