"""Hair: a shell over the scalp, and sheets, tufts and tails that hang from it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from flmcore.simulate.accessories.fitted import Fitted
from flmcore.simulate.accessories.grid import Floats
from flmcore.simulate.accessories.locks import Curtain, Fringe, Tuft, build_curtain, build_fringe, build_tuft
from flmcore.simulate.accessories.lots import pick
from flmcore.simulate.accessories.scalp import SHAPES, scalp
from flmcore.simulate.accessories.strands import FLOWS, scalp_covers, scalp_greys
from flmcore.simulate.accessories.tint import Words, ramp, tinted
from flmcore.simulate.parts import CLASSES, Geometry, Part

__all__ = ["Hair", "build_hair", "sample_hair"]


@dataclass(frozen=True)
class Hair:
    """How hair is worn.

    Attributes:
        line: hairline, of :data:`~flmcore.simulate.accessories.strands.HAIRLINES`.
        cover: what is left out of it: ``""``, ``, shaved``, ``, thin``.
        flow: which way strands run, of :data:`~flmcore.simulate.accessories.strands.FLOWS`.
        rise: ``steep``, ``gentle`` or ``round``: how quickly it gets thick behind the hairline.
        thickness: mm for each of :data:`~flmcore.simulate.accessories.scalp.SHAPES`.
        fuzz: mm by which a second, sparse shell of strands stands off the first; 0 for none.
        fringe, curtain, tufts: what hangs and what is tied up.
        contrast: of strands, 0 to 1.
        gloss: how much light it mirrors.
    """

    line: str = "straight"
    cover: str = ""
    flow: str = "whorl"
    rise: str = "steep"
    thickness: dict[str, float] = field(default_factory=dict)
    fuzz: float = 0.0
    fringe: Fringe | None = None
    curtain: Curtain | None = None
    tufts: tuple[Tuft, ...] = ()
    contrast: float = 0.6
    gloss: float = 0.25

    def flattened(self) -> Hair:
        """The same under a hat: pressed to the head, nothing tied up."""
        fringe = None if self.fringe is None else replace(self.fringe, offset=1.5)
        flat = {"all over": 1.0, "sides": 2.0}
        return replace(self, thickness=flat, fuzz=0.0, fringe=fringe, tufts=())


# style: how often, and how thick the hair is on top, at the sides, behind and in front (mm, from and to)
_STYLES = {
    "bald": (0.05, (0, 0), (0, 0), (0, 0), (0, 0)),
    "shaved": (0.08, (0, 0.5), (0, 0.5), (0, 0.5), (0, 0.5)),
    "wreath": (0.04, (0, 1), (2, 9), (2, 8), (0, 0)),
    "short": (0.22, (4, 16), (1, 7), (1, 8), (0, 10)),
    "undercut": (0.08, (10, 30), (0.5, 2), (0.5, 3), (4, 22)),
    "back": (0.08, (3, 12), (1, 6), (2, 10), (0, 14)),
    "curly": (0.07, (10, 30), (6, 22), (6, 24), (0, 10)),
    "afro": (0.06, (28, 75), (26, 70), (25, 65), (0, 6)),
    "bob": (0.10, (5, 16), (9, 20), (9, 20), (0, 5)),
    "long": (0.15, (4, 14), (7, 18), (8, 18), (0, 5)),
    "tied": (0.07, (2, 7), (1, 4), (2, 6), (0, 3)),
}
_LINES = ("straight", "low", "high", "peak", "receding", "far back", "sideburns", "none before the ear")
_LINE_CHANCES = {
    "cropped": (0.3, 0.1, 0.13, 0.12, 0.13, 0.05, 0.12, 0.05),
    "grown": (0.34, 0.16, 0.16, 0.1, 0.02, 0.0, 0.0, 0.22),
}


def sample_hair(rng: np.random.Generator) -> Hair | None:
    """Hair of one person; None is a bald head."""
    names = list(_STYLES)
    style = pick(rng, names, [_STYLES[name][0] for name in names])
    if style == "bald":
        return None
    _, *ranges = _STYLES[style]
    share = rng.uniform(size=4)
    thickness = {
        name: float(low + (high - low) * part)
        for name, (low, high), part in zip(("top", "sides", "back", "front"), ranges, share, strict=True)
    }
    size = thickness["top"]
    thickness["left"] = float(rng.normal(0, 0.12) * size)
    thickness["lumps"] = float(rng.uniform(0, 0.18) * size)
    thickness["more lumps"] = float(rng.uniform(0, 0.14) * size)
    grown = style in ("bob", "long", "tied")
    hair = Hair(
        line="wreath"
        if style == "wreath"
        else pick(rng, _LINES, _LINE_CHANCES["grown" if grown else "cropped"]),
        cover=", shaved" if style == "shaved" else ", thin" if rng.random() < 0.08 else "",
        flow=_sample_flow(rng, style),
        rise="round"
        if style == "afro"
        else "gentle"
        if style in ("back", "tied", "curly") or rng.random() < 0.3
        else "steep",
        thickness=thickness,
        fuzz=float(
            rng.uniform(1.5, 6) if style in ("afro", "curly") else rng.uniform(0, 3) * (rng.random() < 0.5)
        ),
        contrast=float(rng.uniform(0.35, 0.9)),
        gloss=float(
            rng.uniform(0.03, 0.1) if style in ("afro", "curly", "shaved") else rng.uniform(0.08, 0.35)
        ),
    )
    return _with_locks(rng, style, hair)


def _sample_flow(rng: np.random.Generator, style: str) -> str:
    if style == "shaved":
        return "grain"
    if style in ("afro", "curly"):
        return "curls"
    if style in ("back", "tied"):
        return "back"
    if style in ("bob", "long"):
        return pick(rng, ["parted left", "parted right", "parted middle"])
    return pick(
        rng, ["whorl", "parted left", "parted right", "tousled", "back"], [0.35, 0.15, 0.15, 0.2, 0.15]
    )


def _with_locks(rng: np.random.Generator, style: str, hair: Hair) -> Hair:
    fringe = curtain = None
    tufts: tuple[Tuft, ...] = ()
    wave = pick(rng, range(4), [0.4, 0.3, 0.2, 0.1])
    chance = {"short": 0.3, "undercut": 0.2, "bob": 0.5, "long": 0.4, "tied": 0.3, "curly": 0.25}.get(
        style, 0.0
    )
    if rng.random() < chance:
        fringe = Fringe.sample(rng, wave)
    if style in ("bob", "long"):
        curtain = Curtain.sample(rng, wave, long=style == "long")
    if style == "tied":
        tufts = Tuft.sample(rng)
    return replace(hair, fringe=fringe, curtain=curtain, tufts=tufts)


def build_hair(hair: Hair, head: Fitted) -> list[Part]:
    """The parts to draw."""
    shell = head.atlas.keep(scalp)
    covers = head.atlas.keep(scalp_covers)
    on_skin = shell.spots.on(head.skin)
    thick = _thickness(hair, head)
    colours = strand_ramp(head, hair.contrast)
    grey = scalp_greys()[FLOWS.index(hair.flow)]
    triangles = shell.triangles[hair.line]
    shine = 12.0 + 60.0 * hair.gloss
    parts = []

    def add(name: str, vertices: Floats, cover: Words) -> None:
        texture = tinted(grey, colours, cover)
        geometry = Geometry(vertices, triangles, shell.uv)
        parts.append(Part(name, geometry, texture, CLASSES["hair"], hair.gloss, shine, two_sided=True))

    outer = on_skin + thick[:, None] * shell.rays
    add("hair", outer, covers[hair.line + hair.cover])
    if hair.fuzz > 0:
        fuzz = outer + (np.float32(hair.fuzz) * shell.rise[hair.line, "gentle"])[:, None] * shell.rays
        add("hair_fuzz", fuzz, covers[hair.line + ", fuzz"])
    front = 0.6 * hair.thickness.get("top", 0.0) + hair.thickness.get("front", 0.0)
    if hair.fringe is not None:
        parts.append(build_fringe(hair.fringe, head, colours, front, hair.gloss))
    if hair.curtain is not None:
        parts.append(build_curtain(hair.curtain, head, colours, hair.thickness, hair.gloss))
    parts.extend(build_tuft(tuft, head, colours, hair.gloss) for tuft in hair.tufts)
    return parts


def _thickness(hair: Hair, head: Fitted) -> Floats:
    """(N,) mm off the skin; summed in a fixed order."""
    shell = head.atlas.keep(scalp)
    total = np.zeros(shell.shapes.shape[1], np.float32)
    for name, millimetres in hair.thickness.items():
        total += np.float32(millimetres) * shell.shapes[SHAPES.index(name)]
    return np.float32(1.2) + np.maximum(total, 0) * shell.rise[hair.line, hair.rise]


def strand_ramp(head: Fitted, contrast: float) -> Words:
    """Colours of strands, from gaps between them to their highlights."""
    r, g, b = head.hair
    low, high = 1 - 0.75 * contrast, 1 + 0.45 * contrast
    shine = (r * high + 22, g * high + 20, b * high + 18)
    return ramp((r * low, g * low, b * low), (r * high, g * high, b * high), shine)
