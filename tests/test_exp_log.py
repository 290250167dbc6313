"""The core's own exp and log, which give the same bits on every machine, against NumPy's."""

from __future__ import annotations

import numpy as np

from flmcore import _core


def test_exponential_is_good_to_four_roundings():
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(-700, 700, 20000), rng.uniform(-1, 1, 20000), [0.0, -0.0, 700.0, -700.0]])
    np.testing.assert_allclose(_core.exponential(x), np.exp(x), rtol=4 * 2**-53)
    assert _core.exponential(np.zeros(1))[0] == 1


def test_exponential_limits_its_argument():
    x = np.array([-np.inf, -1e300, 1e300, np.inf, np.nan])
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(_core.exponential(x), np.exp(np.clip(x, -700, 700)), rtol=4 * 2**-53)


def test_logarithm_is_good_to_two_roundings():
    rng = np.random.default_rng(1)
    x = np.concatenate(
        [np.exp(rng.uniform(-700, 700, 20000)), rng.uniform(0.5, 2, 20000), 1 + rng.normal(0, 1e-9, 9)]
    )
    want = np.log(x)
    assert (np.abs(_core.logarithm(x) - want) <= 2**-52 * (1 + np.abs(want))).all()
    assert _core.logarithm(np.ones(1))[0] == 0
