"""The rule by which the parity fixtures fill a network, from the fixtures' own folder."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any


def load_fill(shared: Path) -> Any:
    """The module ``parity/fill.py``: ``fill_state_dict``, ``make_input``, ``digest``."""
    spec = importlib.util.spec_from_file_location("fill", shared / "parity" / "fill.py")
    assert spec is not None
    assert spec.loader is not None
    fill = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fill)
    return fill
