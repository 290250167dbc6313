"""What a figure was made with, as a short text that can be read back: ``nme/interocular/300w-68/images``."""

from __future__ import annotations

from dataclasses import dataclass

from flmcore import schemes
from flmcore.evaluation.accuracy.curve import INTEGRATIONS, as_alpha
from flmcore.nearest import nearest
from flmcore.schemes import Scheme

__all__ = ["AVERAGINGS", "FIGURES", "INNER", "NORMALISERS", "Points", "Protocol"]

FIGURES = ("nme", "auc", "failure")
NORMALISERS = ("interocular", "interpupil", "box", "diagonal", "crop")
AVERAGINGS = ("images", "faces", "landmarks")
INNER = "inner"  # all but the contour: 51 of 300-W's 68
_MEASURED = "measured"


@dataclass(frozen=True)
class Points:
    """Landmarks of a figure: a scheme, perhaps one part of it, perhaps reached by another table than the default.

    Written ``300w-68``, ``300w-68:inner`` (without the contour), ``300w-68:nose`` (a group), ``300w-68~nearest``.
    """

    scheme: str
    part: str | None = None
    variant: str | None = None

    def __str__(self) -> str:
        return self.set + (f":{self.part}" if self.part else "")

    @property
    def set(self) -> str:
        """Scheme and table, the name under which a face's errors are kept."""
        return self.scheme + (f"~{self.variant}" if self.variant else "")

    def members(self) -> tuple[int, ...]:
        """Indices of the landmarks.

        Raises:
            ValueError: an unknown scheme or part.
        """
        scheme = schemes.get(self.scheme)
        if self.part is None:
            return tuple(range(scheme.landmarks))
        parts = _parts(scheme)
        if self.part not in parts:
            msg = f"points: expected a part of {scheme.name}, one of {', '.join(parts)}, got {self.part!r}"
            raise ValueError(msg)
        return parts[self.part]

    @classmethod
    def parse(cls, text: str) -> Points:
        """``scheme[~variant][:part]``."""
        head, _, part = text.partition(":")
        scheme, _, variant = head.partition("~")
        return cls(scheme, part or None, variant or None)


def _parts(scheme: Scheme) -> dict[str, tuple[int, ...]]:
    parts = {name: tuple(members) for name, members in scheme.groups.items()}
    contour = set(parts.get("contour", ()))
    if contour:
        parts[INNER] = tuple(i for i in range(scheme.landmarks) if i not in contour)
    return parts


@dataclass(frozen=True)
class Protocol:
    """How a figure is made; ``str`` gives the id, :meth:`parse` reads it.

    Attributes:
        figure: ``nme``, ``auc`` or ``failure`` (rate), all in per cent of the normaliser or of the images.
        normaliser: measured on the truth as it was annotated: ``interocular`` (outer eye corners), ``interpupil``
            (centres of the eyes' landmarks), ``box`` (√(w · h) of the landmarks' tight box), ``diagonal`` (√(w² + h²)
            of it), ``crop`` (√(w · h) of the detector's own window).
        points: which landmarks.
        averaging: ``images`` (faces of an image first, the default), ``faces`` (each counts alike), ``landmarks``
            (each landmark of each face counts alike; NME only).
        alpha: threshold of AUC and failure rate, a share.
        integration: of the AUC, see :data:`flmcore.evaluation.accuracy.curve.INTEGRATIONS`.
        measured: over all faces that this detector measured, rather than those that all compared detectors did.
    """

    figure: str
    normaliser: str
    points: Points
    averaging: str = "images"
    alpha: float | None = None
    integration: str | None = None
    measured: bool = False

    def __str__(self) -> str:
        parts = [self.figure, self.normaliser, str(self.points)]
        if self.figure == "nme":
            parts.append(self.averaging)
        else:
            parts.append(repr(self.alpha))
            parts += [self.integration] if self.integration else []
            parts += [self.averaging] if self.averaging != "images" else []
        return "/".join([*parts, _MEASURED] if self.measured else parts)

    @classmethod
    def parse(cls, text: str) -> Protocol:
        """The protocol of an id.

        Raises:
            ValueError: a part that is none, named with what may stand there.
        """
        figure, normaliser, points, *rest = [*str(text).split("/"), "", "", ""][: max(3, text.count("/") + 1)]
        _one_of("figure", figure, FIGURES, text)
        _one_of("normaliser", normaliser, NORMALISERS, text)
        place = Points.parse(points)
        place.members()
        rest = [part for part in rest if part]
        measured = bool(rest) and rest[-1] == _MEASURED
        rest = rest[:-1] if measured else rest
        alpha = integration = None
        if figure != "nme":
            alpha = as_alpha(rest.pop(0) if rest else None)
        if figure == "auc":
            integration = rest.pop(0) if rest else ""
            _one_of("integration", integration, tuple(INTEGRATIONS), text)
        averaging = rest.pop(0) if rest else ("" if figure == "nme" else "images")
        _one_of("averaging", averaging, AVERAGINGS if figure == "nme" else AVERAGINGS[:2], text)
        if rest:
            msg = f"protocol: expected nothing after {averaging!r}, got {text!r}"
            raise ValueError(msg)
        return cls(figure, normaliser, place, averaging, alpha, integration, measured)


def _one_of(what: str, value: str, known: tuple[str, ...], text: str) -> None:
    if value not in known:
        msg = (
            f"protocol: expected {what} as one of {', '.join(known)}, got {value!r} in {text!r}"
            f"{nearest(value, known)}"
        )
        raise ValueError(msg)
