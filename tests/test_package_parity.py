"""Packages of real networks, run operation by operation, against the PyTorch modules that they were made from."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from flmcore.export.package import read_package
from flmcore.export.program import Program

pytest.importorskip("torch")

from interpreted import HALF, SUMS, WEIGHTS, Exported

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A package by name, precision and decoder, made once."""
    made: dict[tuple[str, ...], Exported] = {}

    def make(name: str, precision: str, decode: str = "none") -> Exported:
        key = (name, precision, decode)
        if key not in made:
            made[key] = Exported(*key, tmp_path_factory.mktemp("parity"))
        return made[key]

    return make


def test_resnet_in_float32(exported: Any) -> None:
    assert exported("simulated-r18", "float32").drift("landmarks") < SUMS


def test_resnet_in_float16(exported: Any) -> None:
    net = exported("simulated-r18", "float16")
    assert SUMS < net.drift("landmarks") < WEIGHTS
    assert SUMS < net.drift("landmarks", half=True) < HALF


def test_rtmpose_in_float32(exported: Any) -> None:
    net = exported("rtmpose-t", "float32")
    assert net.drift("simcc_x") < SUMS
    assert net.drift("simcc_y") < SUMS


def test_rtmpose_in_float16(exported: Any) -> None:
    """Coordinates of peaks are not compared: of random weights a map has many peaks of nearly one height."""
    net = exported("rtmpose-t", "float16", "argmax")
    assert net.drift("scores") < WEIGHTS
    assert net.drift("scores", half=True) < HALF


@pytest.mark.parametrize("precision", ["float16", "float32"])
@pytest.mark.parametrize(("name", "equal", "folded"), [("simulated-r18", 2, 40), ("rtmpose-t", 18, 66)])
def test_weights_are_the_checkpoints(
    exported: Any, name: str, precision: str, equal: int, folded: int
) -> None:
    decode = "argmax" if (name, precision) == ("rtmpose-t", "float16") else "none"
    weights = exported(name, precision, decode).weights
    assert weights.ok
    assert weights.missing == ()
    assert (weights.count("equal"), weights.count("folded")) == (equal, folded)
    most = max(finding.difference for finding in weights.findings)
    assert most < (0.51 if precision == "float16" else 4.0)


@pytest.mark.parametrize(
    ("name", "precision", "decode"),
    [
        ("simulated-r18", "float16", "none"),
        ("rtmpose-t", "float16", "argmax"),
    ],
)
def test_half_a_float_is_everywhere_but_at_the_ends(
    exported: Any, name: str, precision: str, decode: str
) -> None:
    """float32 are the picture, which is scaled before it is rounded, and what decodes; weights are float16."""
    program: Program = exported(name, precision, decode).program
    layers = [operation for operation in program.operations() if operation.kind in ("conv", "linear")]
    assert len(layers) >= 21
    assert {value.type.dtype for operation in layers for value in operation.outputs} == {"float16"}
    weights = {
        argument.type.dtype
        for operation in layers
        for parameter in ("weight", "bias")
        for argument in operation.inputs.get(parameter, ())
    }
    assert weights == {"float16"}
    wide = [
        operation.kind
        for operation in program.operations()
        if any(value.type.dtype == "float32" for value in operation.outputs)
    ]
    assert len(wide) <= (3 if decode == "none" else 40), wide
    assert not {"conv", "linear", "relu", "silu", "batch_norm"} & set(wide)


def test_a_wrong_weight_is_seen(exported: Any) -> None:
    """The comparison can fail: one weight of the last layer moved by a tenth of the spread."""
    net = copy.copy(exported("simulated-r18", "float32"))
    net.program = read_package(net.path)
    linear = next(operation for operation in net.program.operations() if operation.kind == "linear")
    bias = linear.argument("bias")
    value = bias.value().copy()
    value[0] += 0.1 * net.expected["landmarks"].std()
    object.__setattr__(bias, "read", lambda: value)
    assert net.drift("landmarks") == pytest.approx(0.1, rel=1e-2)
