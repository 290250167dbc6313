"""From a posed head and a complexion to what things that are worn need to know of them."""

from __future__ import annotations

import functools
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from flmcore.simulate.accessories.atlas import Atlas
from flmcore.simulate.accessories.fitted import Fitted
from flmcore.simulate.accessories.grid import floats
from flmcore.simulate.complexion.pigment import rgb, skin_density
from flmcore.simulate.complexion.traits import Complexion
from flmcore.simulate.parts import Geometry

__all__ = ["Posed", "fit"]


class Posed(Protocol):
    """What is asked of a head: see :class:`flmcore.simulate.head.PosedHead`."""

    @property
    def model(self) -> Any:
        """Hashable; ``model.skin.vertices`` and ``model.skin.triangles`` are the average skin at rest."""

    @property
    def parts(self) -> dict[str, Geometry]:
        """At least ``skin``, with the triangles of the model's."""

    @property
    def anchors(self) -> dict[str, NDArray[np.float32]]:
        """At least tragion, ear_top and earlobe, each ``_left`` and ``_right``."""

    def landmarks(self, scheme: str) -> NDArray[np.float32]:
        """Those of ``300w-68``."""


@functools.lru_cache(maxsize=4)
def _atlas(model: Any) -> Atlas:
    """Once per model: what is looked up on the average skin holds for every head with the same triangles."""
    return Atlas(model.skin.vertices, model.skin.triangles)


def fit(head: Posed, complexion: Complexion) -> Fitted:
    """Where things go on this head, and the colours that they share with it."""
    anchors = head.anchors
    ears, lobes = {}, {}
    for side, sign in (("left", 1.0), ("right", -1.0)):
        _, y, z = anchors[f"ear_top_{side}"].tolist()
        # an arm lies in the notch between the head and the ear, before the ear's highest place
        ears[side] = floats([float(anchors[f"tragion_{side}"][0]) + sign, y + 5.0, z - 7.0])
        x, y, z = anchors[f"earlobe_{side}"].tolist()
        lobes[side] = floats([x + 0.5 * sign, y - 2.0, z - 1.5])
    r, g, b = rgb(skin_density(complexion.melanin, complexion.blood, complexion.yellow))
    red, green, blue = complexion.hair
    return Fitted(
        atlas=_atlas(head.model),
        skin=head.parts["skin"].vertices,
        points=head.landmarks("300w-68"),
        ears=ears,
        lobes=lobes,
        hair=(float(red), float(green), float(blue)),
        tone=(float(r), float(g), float(b)),
    )
