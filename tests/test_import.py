"""``import flmcore`` is light: pipelines import it for one function."""

from __future__ import annotations

import subprocess
import sys

import flmcore

# What a process that only imports flmcore must not load: extras, and what only the command line needs.
HEAVY = (
    "torch",
    "onnxruntime",
    "dlib",
    "cv2",
    "matplotlib",
    "coremltools",
    "scipy",
    "rich",
    "PIL",
    "tomllib",
    "ai_edge_litert",
)


def test_import_loads_no_heavy_package() -> None:
    code = f"import flmcore, sys; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_is_there() -> None:
    missing = [name for name in flmcore.__all__ if not hasattr(flmcore, name)]
    assert not missing


def test_build_info_says_what_runs() -> None:
    info = flmcore.build_info()
    assert info["version"] == flmcore.__version__
    assert info["isa"] in info["available_isas"]
    assert info["threads"] >= 1
    assert any(name in info["compiler"] for name in ("gcc", "clang", "msvc"))
