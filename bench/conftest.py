"""Every benchmark runs on one OpenCV thread unless it says otherwise, and the JSON says what was compared."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

import cv2
import pytest

import flmcore


@pytest.fixture(autouse=True)
def _one_opencv_thread() -> None:
    cv2.setNumThreads(1)


def pytest_benchmark_update_machine_info(config: pytest.Config, machine_info: dict[str, Any]) -> None:  # noqa: ARG001
    machine_info["flmcore"] = dict(flmcore.build_info())
    versions = {}
    for package in ("numpy", "opencv-python-headless", "onnxruntime", "torch"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    machine_info["versions"] = versions
