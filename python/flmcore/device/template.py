"""A device file to fill in: what is known of the detectors, and null where a person must write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flmcore.detectors.load import find_config
from flmcore.detectors.schema import DetectorConfig
from flmcore.detectors.weights import locate_weights, sha256_of
from flmcore.device.join import NO_CORE_ML
from flmcore.errors import DeviceFileError, FlmcoreError
from flmcore.evaluation.store import dump_json

__all__ = ["device_template"]


def device_template(detectors: Sequence[str]) -> str:
    """JSON for these detectors, names or ``.toml`` files, with the sums of their weights where those are found here.

    Raises:
        ConfigError: no such detector.
        DeviceFileError: one that cannot be a Core ML model.
    """
    record = {
        "flmcore_device": 1,
        "device": {
            "model": None,
            "os": None,
        },  # null is refused on import: whoever forgets to fill in hears of it
        "measured": {"at": None, "tool": None},
        "detectors": [_entry(find_config(name)) for name in dict.fromkeys(detectors)],
    }
    return dump_json(record).decode()


def _entry(config: DetectorConfig) -> dict[str, Any]:
    backend = config.model.backend
    if backend in NO_CORE_ML:
        msg = f"detector: expected one that can run on Core ML, got {config.name!r}: {NO_CORE_ML[backend]}"
        raise DeviceFileError(msg)
    entry: dict[str, Any] = {"name": config.name, "compute_units": "ALL"}
    if (digest := _digest(config)) is not None and backend != "coreml":
        entry["weights_sha256"] = digest
    return entry | {"predict_ms": {"p50": None}}


def _digest(config: DetectorConfig) -> str | None:
    """The sum that results of this detector state: of the weights found, not the one that the config asks for."""
    try:
        weights = locate_weights(config)
    except FlmcoreError:
        return None
    return None if weights is None else sha256_of(weights)
