"""Which detectors of the zoo can be tried with weights."""

from __future__ import annotations

from flmcore.detectors.config import ZOO

__all__ = ["WITH_WEIGHTS"]

# Those of the published networks are the user's to bring; their tests fill the networks by a rule instead.
_BROUGHT = ("dlib-68-gtx", "fan", "rtmpose", "simulated-r", "slpt")
WITH_WEIGHTS = sorted(path.stem for path in ZOO.glob("*.toml") if not path.stem.startswith(_BROUGHT))
