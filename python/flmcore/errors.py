"""The errors that flmcore raises beside ``ValueError`` and ``TypeError``."""

from __future__ import annotations

__all__ = [
    "ClipError",
    "ConfigError",
    "DetectorError",
    "DeviceFileError",
    "ExportError",
    "FlmcoreError",
    "ImageError",
    "MissingExtraError",
    "RatingsFileError",
    "ResultsError",
    "SimulateError",
    "WeightsError",
]


class FlmcoreError(Exception):
    """Base of every error of flmcore's own."""


class ConfigError(FlmcoreError, ValueError):
    """A detector's config file does not say what it must; names the file, the key and the nearest valid name."""


class WeightsError(FlmcoreError, ValueError):
    """Weights are missing, damaged, of another sum, or do not fit the model."""


class ImageError(FlmcoreError, ValueError):
    """A file is not an image that can be read."""


class ClipError(FlmcoreError, ValueError):
    """A file is not a clip that can be read, or a clip has no frame."""


class DetectorError(FlmcoreError, RuntimeError):
    """A detector failed on an image, or gave something that is not landmarks."""


class DeviceFileError(FlmcoreError, ValueError):
    """A file of device figures is not what it must be, or does not belong to these results; names the place and line."""


class ExportError(FlmcoreError, ValueError):
    """A detector cannot be exported, or an exported file cannot be read; says what stands in the way."""


class RatingsFileError(FlmcoreError, ValueError):
    """A file of ratings is not what it must be, or is of other results; names the place."""


class ResultsError(FlmcoreError, ValueError):
    """A results file cannot be read or written, or belongs to another run."""


class SimulateError(FlmcoreError, ValueError):
    """A drawn data set cannot be written or carried on, or is not whole; a mesh or settings for it cannot be used."""


class MissingExtraError(FlmcoreError, ImportError):
    """A package of an extra is not installed; names the extra."""

    def __init__(self, package: str, extra: str, what_for: str) -> None:
        super().__init__(
            f"{what_for} needs {package}, which is not installed: pip install 'flmcore[{extra}]'",
            name=package,
        )
