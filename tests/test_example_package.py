"""The package in docs/example_package, built and installed for real: another's detector works like one of the zoo."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import flmcore
from tiny_models import spots_image

SOURCE = Path(__file__).parents[1] / "docs" / "example_package"
SPOTS = [(30, 25), (45, 30), (38, 40)]
BOX = [24.0, 19.0, 56.0, 43.0]  # 32×24, the crop's own size


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Variables of a process that sees the installed package."""
    for package, why in (("flit_core", "builds the package"), ("pip", "installs it")):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed, which {why}")
    pytest.importorskip("torch")
    pytest.importorskip("safetensors")
    target = tmp_path_factory.mktemp("site")
    offline = ("--no-index", "--no-build-isolation", "--no-deps", "--quiet", "--disable-pip-version-check")
    install = [sys.executable, "-m", "pip", "install", *offline, "--target", str(target), str(SOURCE)]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    own = str(Path(flmcore.__file__).parents[1])
    paths = [str(target), own, *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONIOENCODING": "utf-8"}


def command(environment: dict[str, str], *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-m", "flmcore", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def test_installed_detector_is_listed_as_ready(environment: dict[str, str]) -> None:
    listed = command(environment, "detectors")
    assert re.search(r"example-centroids +rgb-3 +3 +0\.000 +0\.000 +32×24 +yes +yes", listed)
    rows = {row["name"]: row for row in json.loads(command(environment, "detectors", "--json"))}
    assert rows["example-centroids"]["origin"] == "flmcore-example"
    checked = command(environment, "detectors", "check", "--load", "example-centroids")
    assert checked == "example-centroids: ok: example-centroids, rgb-3, 3 landmarks\n"


def test_installed_detector_detects(environment: dict[str, str], tmp_path: Path) -> None:
    from PIL import Image

    Image.fromarray(spots_image(SPOTS)).save(tmp_path / "spots.png")
    (tmp_path / "boxes.json").write_text(json.dumps({"spots.png": [BOX]}))
    boxes = ("--boxes", tmp_path / "boxes.json")
    out = command(environment, "detect", tmp_path / "spots.png", "-d", "example-centroids", *boxes)
    np.testing.assert_allclose(json.loads(out)["images"]["spots.png"][0]["points"], SPOTS, atol=1e-3)


def test_stated_size_is_the_networks(environment: dict[str, str]) -> None:
    program = "import flmcore; d = flmcore.load_detector('example-centroids'); print(d.cost().to_dict())"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout.strip() == str({"parameters": 56, "multiply_adds": 168, "note": ""})


def test_example_stays_small() -> None:
    """It is there to be read."""
    files = [path for path in SOURCE.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sorted(path.name for path in files) == [
        "README.md",
        "__init__.py",
        "example-centroids.safetensors",
        "example-centroids.toml",
        "network.py",
        "pyproject.toml",
    ]
    assert sum(path.stat().st_size for path in files) < 6000
