"""The same bytes on every instruction set; a wrong FLMCORE_ISA is an error."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import flmcore

# Prints one digest per probe module: two processes agree when they print the same.
DIGEST = """
import hashlib, importlib, pkgutil
import numpy as np
import probes
for module in sorted(m.name for m in pkgutil.iter_modules(probes.__path__)):
    digest = hashlib.sha256()
    for array in importlib.import_module("probes." + module).probe():
        array = np.asarray(array)
        digest.update(f"{array.dtype}{array.shape}".encode() + np.ascontiguousarray(array).tobytes())
    print(module, digest.hexdigest())
"""


def run(code: str, isa: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    env = {**os.environ, "FLMCORE_ISA": isa, "PYTHONPATH": path}
    return subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)


def test_every_isa_gives_the_same_bytes() -> None:
    isas = flmcore.build_info()["available_isas"]
    if len(isas) < 2:
        pytest.skip(f"this machine has only {isas}")
    outputs = {}
    for isa in isas:
        done = run(DIGEST, isa)
        assert done.returncode == 0, done.stderr
        outputs[isa] = done.stdout
    assert outputs["baseline"].count("\n") >= 1
    assert len(set(outputs.values())) == 1, outputs


@pytest.mark.parametrize("isa", flmcore.build_info()["available_isas"])
def test_isa_is_the_one_asked_for(isa: str) -> None:
    assert run("import flmcore; print(flmcore.build_info()['isa'])", isa).stdout.strip() == isa


def test_unknown_isa_is_an_error() -> None:
    done = run("import flmcore", "avx9000")
    assert done.returncode != 0
    assert "FLMCORE_ISA: expected one of baseline" in done.stderr
    assert "avx9000" in done.stderr
