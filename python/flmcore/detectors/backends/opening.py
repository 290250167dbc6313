"""What a backend is asked to open."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flmcore.detectors.schema import DetectorConfig

__all__ = ["Opening"]


@dataclass(frozen=True)
class Opening:
    """A config, its weights, and what to run it on.

    Attributes:
        config: the detector's.
        weights: their file; None where a module is given as it is.
        device: ``cpu``, or what the backend knows beside it.
        threads: of the backend.
        module: a network from the caller, for backend ``torch``.
    """

    config: DetectorConfig
    weights: Path | None
    device: str
    threads: int
    module: Any = None

    def weights_file(self) -> Path:
        """For a backend that runs files alone; TypeError where a module is given."""
        if self.module is not None or self.weights is None:
            msg = f"module: expected None with backend {self.config.model.backend}, got a module"
            raise TypeError(msg)
        return self.weights

    def require_cpu(self) -> None:
        """ValueError where another device is asked for."""
        if self.device != "cpu":
            msg = f"device: expected cpu with backend {self.config.model.backend}, got {self.device!r}"
            raise ValueError(msg)
