"""The pytest plugin of flmcore: the fixture ``flmcore_gate`` and the setting ``flmcore_baseline``.

A package of its own, as pytest imports a plugin in every run of everyone who has flmcore installed, and importing
``flmcore`` would load the core there. Nothing is imported here before a test asks for the fixture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flmcore_pytest.gate import Gate

_HELP = (
    "baseline for flmcore_gate: a results.json of flmcore, or its folder, relative to the root of the tests"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--flmcore-baseline``, and ``flmcore_baseline`` in the configuration file."""
    parser.getgroup("flmcore").addoption("--flmcore-baseline", metavar="RESULTS", help=_HELP)
    parser.addini("flmcore_baseline", _HELP)


@pytest.fixture(scope="session")
def flmcore_gate(pytestconfig: Any) -> Gate:
    """Fail a test where results of flmcore are worse than a baseline; see :class:`flmcore_pytest.gate.Gate`."""
    from flmcore_pytest.gate import Gate

    chosen = pytestconfig.getoption("flmcore_baseline") or pytestconfig.getini("flmcore_baseline")
    return Gate(pytestconfig.rootpath / chosen if chosen else None)
