"""Drawn faces without end, each a function of its number."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, SupportsIndex

from flmcore import schemes
from flmcore.simulate.mesh_file import Mesh
from flmcore.simulate.settings import SimulateSettings

if TYPE_CHECKING:
    from flmcore.simulate.render import Rendered

__all__ = ["FaceStream"]


@dataclass(frozen=True)
class FaceStream:
    """Drawn faces: ``stream[i]`` is the i-th, for any i from 0, the same each time and in every process.

    Iterating begins at 0 and never ends. Streams of different seeds have nothing in common.

    Attributes:
        settings: what is drawn.
        seed: from 0.
        mesh: whose face it is, as :func:`flmcore.simulate.mesh_file.read_mesh` gives it; None for flmcore's own.

    Raises:
        TypeError: settings, mesh or a seed of another kind.
        ValueError: a negative seed.
        SimulateError: there is no image in the folder of backgrounds.
    """

    settings: SimulateSettings = field(default_factory=SimulateSettings)
    seed: int = 0
    mesh: Mesh | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.settings, SimulateSettings):
            msg = f"settings: expected SimulateSettings, got {type(self.settings).__name__}"
            raise TypeError(msg)
        if self.mesh is not None and not isinstance(self.mesh, Mesh):
            msg = f"mesh: expected what read_mesh gives, or None, got {type(self.mesh).__name__}"
            raise TypeError(msg)
        object.__setattr__(self, "seed", _from_zero("seed", self.seed))
        if self.settings.background_folder is not None:  # told now, not after hours, when one is first drawn
            from flmcore.simulate.scene.background import find_photos

            find_photos(self.settings.background_folder)

    @classmethod
    def from_options(cls, options: Mapping[str, Any], *, seed: int = 0) -> FaceStream:
        """A stream from a table of settings, as a TOML file has them; ValueError where a key or value does not fit."""
        return cls(SimulateSettings.from_table(options), seed)

    def __getitem__(self, index: SupportsIndex) -> Rendered:
        return self.render(index)

    def render(
        self, index: SupportsIndex, *, truth: Sequence[str] | None = None, labels: bool = True
    ) -> Rendered:
        """The same picture with less beside it, in less time.

        Args:
            index: from 0.
            truth: schemes of the landmarks that are wanted, None for all.
            labels: whether classes of pixels are.
        """
        from flmcore.simulate.render import TRUTH, render_face

        number = _from_zero("index", index)
        wanted = TRUTH if truth is None else truth
        return render_face(self.settings, self.seed, number, self.mesh, truth=wanted, labels=labels)

    def __iter__(self) -> Iterator[Rendered]:
        index = 0
        while True:
            yield self[index]
            index += 1

    def torch_dataset(self, length: int, *, first: int = 0, scheme: str = "300w-68") -> Any:
        """Faces ``first`` to ``first + length`` as a ``torch.utils.data.Dataset``, drawn as they are asked for.

        An item is ``(image, points, visible)``: (3, S, S) uint8 RGB, (K, 2) float32 in pixels, (0, 0) the centre of the
        top-left pixel, and (K,) bool. A DataLoader's workers draw at the same time; which one draws what changes nothing.

        Args:
            length: faces, from 1.
            first: number of the first; with ``epoch * length`` every epoch has faces of its own.
            scheme: ``300w-68``, ``facesynthetics-70`` or ``mediapipe-468``, or an alias.

        Raises:
            MissingExtraError: torch is not installed.
            ValueError: an unknown scheme, a length below 1, a negative first.
        """
        from flmcore.simulate.torch_data import DrawnFaces

        if _from_zero("length", length) == 0:
            msg = "length: expected a whole number from 1, got 0"
            raise ValueError(msg)
        return DrawnFaces(self, _from_zero("first", first), length, schemes.get(scheme).name)


def _from_zero(argument: str, value: SupportsIndex) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        msg = f"{argument}: expected a whole number from 0, got {type(value).__name__}"
        raise TypeError(msg) from None
    if number < 0:
        msg = f"{argument}: expected a whole number from 0, got {number}"
        raise ValueError(msg)
    return number
