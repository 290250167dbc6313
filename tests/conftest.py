"""What every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The same examples on every run: a red build must mean a change in the code, not another dice roll.
settings.register_profile(
    "flmcore", deadline=None, derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("flmcore")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real faces, weights and published outputs; not part of the repository."""
    folder = Path(os.environ.get("FLMCORE_SHARED", Path(__file__).parents[2] / "shared"))
    if not (folder / "parity").is_dir():
        pytest.skip(f"no shared material in {folder}: set FLMCORE_SHARED")
    return folder
