"""What may be set about faces that are drawn."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flmcore.detectors.checks import Check, UnexpectedValue, choice, count, flag, number, numbers, text
from flmcore.nearest import nearest
from flmcore.simulate.chances import Chances, as_chances

__all__ = ["SimulateSettings"]


def _between(least: float, most: float) -> Check:
    what = f"a number from {least:g} to {most:g}"

    def check(value: object) -> float:
        if not least <= number(value) <= most:
            raise UnexpectedValue(what, value)
        return number(value)

    return check


def _range(least: float, most: float) -> Check:
    what = f"two rising numbers from {least:g} to {most:g}"

    def check(value: object) -> tuple[float, ...]:
        low, high = numbers(2)(list(value) if isinstance(value, tuple) else value)
        if not least <= low <= high <= most:
            raise UnexpectedValue(what, value)
        return low, high

    return check


def _text_or_none(value: object) -> str | None:
    return None if value is None else text(value)


def _key(check: Check, **default: Any) -> Any:
    return dataclasses.field(metadata={"check": check}, **default)


_SHARE = _between(0.0, 1.0)
_STRENGTH = _between(0.0, 2.0)


@dataclass(frozen=True)
class SimulateSettings:
    """What is drawn; the defaults are meant to train on.

    Attributes:
        size: side of the image in pixels.
        samples: samples per pixel and side: 1 has jagged edges.
        images_per_person: consecutive images that show the same person (skin, eyes, shape of the head), each with its
            own expression, camera, light and accessories; drawing a person's textures takes as long as half an image.
        yaw, pitch, roll: how far a head turns away from the camera at most, degrees.
        distance: from the camera to the head, mm, nearest and farthest.
        face_window: side of the image over the larger side of the tight box of the 68 landmarks, least and most.
        off_centre: how far the box's centre may lie from the image's, in sides of the image.
        cut_face: share of images whose border may cut the face.
        identity, expression: strength of the deformations; 0 is the mean face, at rest.
        texture: ``full``, or ``plain``: one colour for each part (an ablation).
        accessories: hair, glasses, hats, hands, clothes; without, heads are bald.
        chances: how often each of those is seen, from 0 to 1: a table of hair, glasses, dark (of the glasses), headwear,
            earrings, mask, hand, thing (hand + thing are 1 at most), clothes; what is left out keeps its chance.
        shadows: share of images whose main light casts them.
        background_folder: images of yours to draw some backgrounds from; None draws all.
        background_photos: share of backgrounds from that folder.
        imaging: strength of what a camera and a file do: exposure, colour, blur, noise, JPEG; 0 for none.
    """

    size: int = _key(count(16, 2048), default=128)
    samples: int = _key(count(1, 4), default=2)
    images_per_person: int = _key(count(1, 1024), default=4)
    yaw: float = _key(_between(0, 90), default=60.0)
    pitch: float = _key(_between(0, 60), default=30.0)
    roll: float = _key(_between(0, 180), default=30.0)
    distance: tuple[float, float] = _key(_range(250, 100_000), default=(350.0, 4000.0))
    face_window: tuple[float, float] = _key(_range(0.8, 10), default=(1.2, 1.9))
    off_centre: float = _key(_between(0, 0.5), default=0.06)
    cut_face: float = _key(_SHARE, default=0.06)
    identity: float = _key(_STRENGTH, default=1.0)
    expression: float = _key(_STRENGTH, default=1.0)
    texture: str = _key(choice("full", "plain"), default="full")
    accessories: bool = _key(flag, default=True)
    chances: Chances = _key(as_chances, default_factory=Chances)  # noqa: RUF009  # a field, as the others
    shadows: float = _key(_SHARE, default=0.6)
    background_folder: str | None = _key(_text_or_none, default=None)
    background_photos: float = _key(_SHARE, default=0.5)
    imaging: float = _key(_STRENGTH, default=1.0)

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            try:
                checked = field.metadata["check"](getattr(self, field.name))
            except UnexpectedValue as error:
                msg = f"{field.name}: {error}"
                raise ValueError(msg) from None
            object.__setattr__(self, field.name, checked)

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> SimulateSettings:
        """Settings from a table of a TOML or JSON file; keys that are missing keep their defaults.

        Raises:
            ValueError: an unknown key, or a value of the wrong kind or size.
        """
        known = [field.name for field in dataclasses.fields(cls)]
        for key in table:
            if key not in known:
                msg = f"settings: expected keys of {', '.join(known)}, got {key!r}{nearest(key, known)}"
                raise ValueError(msg)
        return cls(**table)

    def to_table(self) -> dict[str, Any]:
        """What :meth:`from_table` takes, as plain values of JSON."""
        plain = dataclasses.asdict(self)
        return {key: list(value) if isinstance(value, tuple) else value for key, value in plain.items()}
