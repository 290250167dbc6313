"""What every test may ask for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from browser import Page, chromium

# The same examples on every run: a red build must mean a change in the code, not another dice roll.
settings.register_profile(
    "flmcore", deadline=None, derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("flmcore")

# Beside pytest-xdist's other workers, each takes its share of the cores: libraries would start a thread per core in
# every worker, and waiting threads spin. Read when a library is first loaded, in processes that tests start too.
if "PYTEST_XDIST_WORKER" in os.environ:
    share = max(1, (os.cpu_count() or 1) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"]))
    os.environ.setdefault("OMP_NUM_THREADS", str(share))  # torch, OpenBLAS

# Detectors look for weights in $FLMCORE_SHARED/weights, so the default must be in the environment too.
SHARED = Path(os.environ.setdefault("FLMCORE_SHARED", str(Path(__file__).parents[2] / "shared")))


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real faces, weights and published outputs; not part of the repository."""
    if not (SHARED / "parity").is_dir():
        pytest.skip(f"no shared material in {SHARED}: set FLMCORE_SHARED")
    return SHARED


@pytest.fixture
def browser(started_browser: Page) -> Page:
    """Chromium; what an earlier test left in its logs is dropped."""
    started_browser.console()
    started_browser.requests()
    return started_browser


@pytest.fixture(scope="session")
def started_browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """One for all tests; its ``downloads`` folder is ``browser.downloads``."""
    folder = tmp_path_factory.mktemp("downloads")
    with chromium(folder) as page:
        yield page
