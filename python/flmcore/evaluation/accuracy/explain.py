"""Which protocols reproduce a published figure on the landmarks of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from flmcore.evaluation.accuracy.curve import INTEGRATIONS, as_alpha
from flmcore.evaluation.accuracy.figures import figure
from flmcore.evaluation.accuracy.protocol import AVERAGINGS, FIGURES, INNER, NORMALISERS, Points, Protocol
from flmcore.evaluation.landmarks import scheme_or_none
from flmcore.evaluation.summary import same_faces

__all__ = ["PUBLISHED_ALPHAS", "Explanation", "explain"]

PUBLISHED_ALPHAS = (0.05, 0.07, 0.08, 0.1)
_SAME = 1e-9  # per cent: figures as close as this are one figure


@dataclass(frozen=True)
class Explanation:
    """A protocol's figure beside the published one.

    Attributes:
        detector: whose landmarks.
        protocol: how.
        value: its figure in per cent.
        difference: that, less the published one.
        explains: whether it rounds to the published one.
        nearly: whether it is within one unit of the published last digit, as a mean of rounded figures may be.
        faces: faces that the figure is over.
        same: other protocols that give the same figure on these faces.
    """

    detector: str
    protocol: Protocol
    value: float
    difference: float
    explains: bool
    nearly: bool
    faces: int
    same: tuple[Protocol, ...] = ()


def explain(
    units: Sequence[Mapping[str, Any]],
    published: str | float,
    *,
    kind: str = "nme",
    detector: str | None = None,
    alphas: Sequence[float] = PUBLISHED_ALPHAS,
) -> list[Explanation]:
    """Every protocol's figure on the kept errors, the nearest to the published one first.

    Tried are all normalisers × landmarks (each set that was kept, whole and without its contour) × averaging over
    images, faces or landmarks × the faces that all detectors or only this one measured, and for AUC and failure rate
    all thresholds × integrations. Protocols that give the same figure here are one row, named by the plainest.

    Args:
        units: of ``results.json``.
        published: the figure as it was printed: ``"4.05"`` stands for 4.045 to 4.055. NME and failure rate in per
            cent; an AUC up to 1 is taken as a share and shown in per cent.
        kind: ``nme``, ``auc`` or ``failure``.
        detector: look at this one only.
        alphas: thresholds to try, shares.

    Raises:
        ValueError: no number, an unknown kind or detector, results without truth.
    """
    if kind not in FIGURES:
        msg = f"kind: expected one of {', '.join(FIGURES)}, got {kind!r}"
        raise ValueError(msg)
    target, half = _published(published, kind)
    thresholds = [as_alpha(alpha) for alpha in alphas]
    names = list(dict.fromkeys(str(unit["detector"]) for unit in units))
    if detector is not None and detector not in names:
        msg = f"detector: expected one of {', '.join(names)}, got {detector!r}"
        raise ValueError(msg)
    if not any(unit.get("accuracy") for unit in units):
        msg = "results: expected landmarks compared with truth, got a run without truth"
        raise ValueError(msg)
    shared, same = same_faces(units, names)
    rows = []
    for name in names if detector is None else [detector]:
        own = [unit for unit in units if unit["detector"] == name]
        fewer = same and len(shared[name]) < len(own)
        samples = {False: list(shared[name].values())} | ({True: own} if fewer else {})
        rows += _merged(_figures(name, samples, kind, thresholds, target, half))
    return sorted(rows, key=lambda row: (abs(row.difference), row.detector, str(row.protocol)))


def _published(text: str | float, kind: str) -> tuple[float, float]:
    """The figure in per cent, and half a unit of its last digit."""
    try:
        number = Decimal(str(text).strip().removesuffix("%"))
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite() or number < 0:
        msg = f"figure: expected a number from 0 such as 4.05, got {text!r}"
        raise ValueError(msg)
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    factor = 100 if kind == "auc" and number <= 1 else 1
    return factor * float(number), factor * 0.5 * 10.0**exponent


def _figures(
    name: str,
    samples: Mapping[bool, Sequence[Mapping[str, Any]]],
    kind: str,
    alphas: Sequence[float],
    target: float,
    half: float,
) -> Iterator[Explanation]:
    for measured, units in samples.items():
        compared = [unit for unit in units if unit.get("accuracy")]
        for points in _points(compared):
            for normaliser in NORMALISERS:
                for protocol in _protocols(kind, normaliser, points, alphas, measured=measured):
                    value = figure(compared, protocol)
                    if value is not None:
                        off = value - target
                        close, near = (abs(off) <= reach + _SAME for reach in (half, 2 * half))
                        yield Explanation(name, protocol, value, off, close, near, len(compared))


def _points(units: Sequence[Mapping[str, Any]]) -> list[Points]:
    """Every set that was kept for all faces, whole and without its contour.

    A set by another table stands for the plain one on faces where there is only that.
    """
    names = dict.fromkeys(name for unit in units for name in unit["accuracy"]["sets"])
    places = []
    for name in names:
        place = Points.parse(name)
        if not all({place.set, place.scheme} & set(unit["accuracy"]["sets"]) for unit in units):
            continue
        places.append(place)
        scheme = scheme_or_none(place.scheme)
        if scheme is not None and "contour" in scheme.groups:
            places.append(Points(place.scheme, INNER, place.variant))
    return places


def _protocols(
    kind: str, normaliser: str, points: Points, alphas: Sequence[float], *, measured: bool
) -> Iterator[Protocol]:
    if kind == "nme":
        for averaging in AVERAGINGS:
            yield Protocol(kind, normaliser, points, averaging, measured=measured)
        return
    for alpha in alphas:
        for integration in INTEGRATIONS if kind == "auc" else (None,):
            for averaging in AVERAGINGS[:2]:
                yield Protocol(kind, normaliser, points, averaging, alpha, integration, measured)


def _merged(rows: Iterator[Explanation]) -> list[Explanation]:
    """Rows of one detector, those with the same figure as one; the first of them is the plainest."""
    kept: dict[int, list[Explanation]] = {}
    for row in rows:
        kept.setdefault(round(row.value / _SAME), []).append(row)
    return [replace(first, same=tuple(row.protocol for row in others)) for first, *others in kept.values()]
