"""Schemes as an evaluation meets them: a detector may bring one that the registry does not know."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from flmcore import schemes
from flmcore.ops.remap import remap
from flmcore.schemes import Scheme

__all__ = ["common_scheme", "has_eye_corners", "mean_shape", "scheme_or_none", "to_scheme"]


def scheme_or_none(name: str) -> Scheme | None:
    """The registered scheme of that name; None where there is none."""
    try:
        return schemes.get(name)
    except ValueError:
        return None


def common_scheme(names: Sequence[str]) -> str | None:
    """The largest scheme that all reach; one that the registry does not know reaches only itself."""
    if len(set(names)) == 1:
        return names[0]
    return schemes.common(names) if all(scheme_or_none(name) for name in names) else None


def to_scheme(points: NDArray[np.float64], source: str, target: str) -> NDArray[np.float64]:
    """(T, K, 2) landmarks of ``source`` as landmarks of ``target``."""
    return points if source == target else np.asarray(remap(points, source, target), dtype=np.float64)


def has_eye_corners(name: str) -> bool:
    """Whether landmarks of this scheme can give the inter-ocular distance."""
    scheme = scheme_or_none(name)
    return scheme is not None and scheme.eye_outer is not None


def mean_shape(landmarks: NDArray[np.float64]) -> NDArray[np.float64]:
    """(K, 2) mean over windows of the finite landmarks; NaN where there is none."""
    finite: NDArray[np.bool_] = np.asarray(np.isfinite(landmarks).all(axis=-1))
    count = finite.sum(axis=0)[:, None].astype(np.float64)
    total = np.where(finite[..., None], landmarks, 0.0).sum(axis=0)
    return np.asarray(np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0))
