"""One face of 98 heat maps of 64×64: ours, what people write, and reading the maps once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import flmcore
import rivals_heatmap as rivals
from flmcore import _core

Decode = Callable[[NDArray[np.float32]], Any]


def make_maps() -> NDArray[np.float32]:
    rng = np.random.default_rng(0)
    yy, xx = np.mgrid[:64, :64]
    x, y = rng.uniform(8, 55, (2, 98, 1, 1))
    peaks = np.exp(-((xx - x) ** 2 + (yy - y) ** 2) / (2 * 2.0**2))
    return (peaks + rng.normal(0, 0.01, peaks.shape)).astype(np.float32)


MAPS = make_maps()


def ours(method: str) -> Decode:
    return lambda maps: flmcore.decode_heatmaps(maps, method=method, threads=1)[0]


def case(group: str, impl: str, decode: Decode, rival: str = "") -> Any:
    return pytest.param(impl, decode, rival, marks=pytest.mark.benchmark(group=group), id=f"{group}-{impl}")


# Each group: impl, what it calls, and which kind of rival it is. `argmax` is our own, for the cost of refining.
CASES = [
    case("heatmap-argmax", "flmcore", ours("argmax")),
    case("heatmap-argmax", "floor", _core.read_once),
    case("heatmap-argmax", "opencv", rivals.minmaxloc, "today"),
    case("heatmap-argmax", "numpy", rivals.numpy_argmax, "expert"),
    case("heatmap-quarter", "flmcore", ours("quarter")),
    case("heatmap-quarter", "floor", _core.read_once),
    case("heatmap-quarter", "argmax", ours("argmax")),
    case("heatmap-quarter", "mmpose", rivals.quarter, "today"),
    case("heatmap-quarter", "numpy", rivals.quarter_vectorised, "expert"),
    case("heatmap-taylor", "flmcore", ours("taylor")),
    case("heatmap-taylor", "floor", _core.read_once),
    case("heatmap-taylor", "argmax", ours("argmax")),
    case("heatmap-taylor", "numpy", rivals.taylor, "today"),
    case("heatmap-dark", "flmcore", ours("dark")),
    case("heatmap-dark", "floor", _core.read_once),
    case("heatmap-dark", "argmax", ours("argmax")),
    case("heatmap-dark", "mmpose", rivals.dark, "today"),
    case("heatmap-dark-udp", "flmcore", ours("dark_udp")),
    case("heatmap-dark-udp", "floor", _core.read_once),
    case("heatmap-dark-udp", "argmax", ours("argmax")),
    case("heatmap-dark-udp", "mmpose", rivals.dark_udp, "today"),
    case("heatmap-softargmax", "flmcore", ours("softargmax")),
    case("heatmap-local-mean", "flmcore", ours("local_mean")),
]


@pytest.mark.parametrize(("impl", "decode", "rival"), CASES)
def test_heatmap(benchmark: Any, impl: str, decode: Decode, rival: str) -> None:
    benchmark.extra_info["impl"] = impl
    if rival:
        benchmark.extra_info["rival"] = rival
    benchmark(decode, MAPS)


AGREEING = [(p.values[1], p.marks[0].kwargs["group"]) for p in CASES if p.values[2]]


@pytest.mark.parametrize(("decode", "group"), AGREEING)
def test_rivals_agree(decode: Decode, group: str) -> None:
    method = group.removeprefix("heatmap-").replace("-", "_")
    # The rivals compute in float32: 2^-24 of a logarithm, some 50 times, times the matrix's inverse of about 8.
    np.testing.assert_allclose(decode(MAPS), ours(method)(MAPS), atol=1e-4)
