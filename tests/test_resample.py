"""Resampled means against their reference; the same draws for every column, every block, every seed."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flmcore import _core
from flmcore.ops import resample
from flmcore.ops.resample import EXACT_IMAGES, flip_means, resample_means
from reference import resample as reference


@given(st.integers(1, 140), st.integers(1, 6), st.integers(0, 99))
def test_kernels_match_reference(images: int, columns: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    values = random.normal(0, 10, (images, columns))
    draws = random.integers(0, 2**64, (3, images), np.uint64, endpoint=False)
    signs = random.integers(0, 2**64, (3, (images + 63) // 64), np.uint64, endpoint=False)
    for kernel, twin, words in (
        (_core.resample_draw, reference.draw, draws),
        (_core.resample_flip, reference.flip, signs),
    ):
        expected = [[twin(column, row) for column in values.T.tolist()] for row in words.tolist()]
        # at most 140 additions of values below some 50, each rounded by half of 2^-52
        np.testing.assert_allclose(kernel(values, words), expected, rtol=0, atol=140 * 50 * 2.0**-52)


def test_first_and_last_image_are_drawn_at_the_ends_of_the_range() -> None:
    values = np.arange(10.0)[:, None]
    words = np.array([[0] * 10, [2**64 - 1] * 10], dtype=np.uint64)
    assert _core.resample_draw(values, words)[:, 0].tolist() == [0.0, 9.0]


def test_columns_share_their_draws() -> None:
    values = np.random.default_rng(0).normal(size=(30, 2))
    together = resample_means(values, resamples=200, seed=5)
    for column in range(2):
        np.testing.assert_allclose(
            together[:, column], resample_means(values[:, column], resamples=200, seed=5), rtol=1e-12
        )
    assert resample_means(values[:, 0], resamples=200, seed=6)[0] != together[0, 0]


def test_blocks_bound_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).normal(size=100)
    monkeypatch.setattr(resample, "_CHUNK", 1000)  # ten resamples at once
    means = resample_means(values, resamples=95)
    assert means.shape == (95,)
    assert len(np.unique(means)) == 95  # no block repeats another's draws
    assert flip_means(values, resamples=95).shape == (95,)


def test_few_images_see_every_sign_pattern_once() -> None:
    values = [1.0, 2.0, 4.0]
    expected = sorted(sum(s * v for s, v in zip(signs, values, strict=True)) / 3 for signs in patterns(3))
    means = flip_means(values)
    assert means[0] == pytest.approx(7 / 3)
    np.testing.assert_allclose(sorted(means), expected)
    assert len(flip_means(np.ones(EXACT_IMAGES))) == 2**EXACT_IMAGES
    assert len(flip_means(np.ones(EXACT_IMAGES + 1), resamples=77)) == 77


def patterns(images: int) -> list[tuple[int, ...]]:
    return list(itertools.product((1, -1), repeat=images))


def test_means_scatter_as_theory_says() -> None:
    values = np.random.default_rng(1).normal(0, 3, 400)
    error = values.std() / 20
    assert resample_means(values).std() == pytest.approx(error, rel=0.05)
    assert flip_means(values).std() == pytest.approx(np.sqrt((values**2).mean()) / 20, rel=0.05)


@pytest.mark.parametrize("values", [[], np.ones((0, 2)), 1.0, np.ones((2, 2, 2))])
def test_other_shapes_are_named(values: object) -> None:
    with pytest.raises(ValueError, match=r"values: expected shape \(N,\) or \(N, M\)"):
        resample_means(values)


def test_boundary_takes_exact_arrays() -> None:
    words = np.zeros((1, 3), np.uint64)
    with pytest.raises(TypeError):
        _core.resample_draw(np.ones((3, 1), np.float32), words)
    with pytest.raises(ValueError, match="words: expected shape"):
        _core.resample_draw(np.ones((3, 1)), words[:, :2].copy())
    with pytest.raises(ValueError, match="values: expected 1 to"):
        _core.resample_flip(np.ones((0, 1)), np.zeros((1, 0), np.uint64))
