"""A detector: crop, infer, decode, and back into the image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import flmcore
from flmcore.detectors.backends import Backend
from flmcore.detectors.cost import Cost, of_one_face
from flmcore.detectors.decode import decode_outputs
from flmcore.detectors.flip import check_flip, flip_of, merge_mirrored, mirrored
from flmcore.detectors.schema import DetectorConfig, HeatmapDecode
from flmcore.detectors.translation import Translation
from flmcore.errors import DetectorError, FlmcoreError
from flmcore.ops.affine import snap_affine

__all__ = ["Detector", "Landmarks"]


@dataclass(frozen=True)
class Landmarks:
    """Landmarks of N faces.

    Attributes:
        points: (N, K, 2) float32, image pixels, (0, 0) the centre of the top-left pixel; NaN where undefined.
        scores: (N, K) float32, of the detector's own kind; NaN where it gives none.
    """

    points: NDArray[np.float32]
    scores: NDArray[np.float32]


class Detector:
    """A face-landmark detector made by :func:`flmcore.load_detector`; call it with an image and face boxes.

    Attributes:
        config: what its file says, every default filled in.
        name, licence: short for the config's.
        translation: the mapping that follows the decoder (``[mapping]``), or None.
        scheme, landmark_count: of the landmarks given: the config's, or the mapping's target's.
        grid: step in crop pixels to which the backend rounds landmarks (Dlib: 1.0), or None.
    """

    def __init__(
        self,
        config: DetectorConfig,
        backend: Backend,
        *,
        threads: int | None = None,
        sha256: str | None = None,
        translation: Translation | None = None,
    ) -> None:
        check_flip(config)
        self.config = config
        self.name = config.name
        self.translation = translation
        self.scheme = config.scheme if translation is None else translation.scheme
        self.licence = config.licence
        self.landmark_count = config.landmarks if translation is None else translation.landmark_count
        self.grid = backend.grid
        self.backend = backend
        self._threads = threads
        self._sha256 = sha256
        self._cost: Cost | None = None

    def __repr__(self) -> str:
        return f"<Detector {self.name}: {self.landmark_count} landmarks ({self.scheme}), {self.config.model.backend}>"

    def __call__(
        self, image: NDArray[np.uint8], boxes: ArrayLike, *, box_kind: str = "landmarks"
    ) -> Landmarks:
        """Landmarks of the faces in ``boxes``.

        Args:
            image: H×W×3 uint8 RGB.
            boxes: (N, 4) or (4,), ``x0, y0, x1, y1`` in edge coordinates.
            box_kind: what the boxes frame; by default the landmarks, brows to chin (``docs/boxes.md``).

        Raises:
            ValueError: a box that is not finite or has no area, an unknown kind, an image of another kind.
            DetectorError: the backend failed, or gave something that is not landmarks.
        """
        return self.detect(image, self.windows(boxes, box_kind=box_kind))

    def windows(
        self,
        boxes: ArrayLike,
        *,
        shift: ArrayLike = (0.0, 0.0),
        scale: ArrayLike = 1.0,
        rotation: ArrayLike = 0.0,
        box_kind: str = "landmarks",
    ) -> NDArray[np.float64]:
        """(N, 2, 3) affines image → crop by the detector's own rule; the options come on top of the config's.

        ``shift`` is a share of the longer side of the box as given, ``scale`` a factor, ``rotation`` in degrees; each
        broadcasts as in :func:`flmcore.box_affine`. Boxes of another kind than the config's ``crop.box`` are converted.
        """
        crop = self.config.crop
        box = np.asarray(boxes, dtype=np.float64)
        box = box.reshape(-1, 4) if box.size == 0 else box
        if box_kind != crop.box:
            given, box = box, flmcore.convert_boxes(box, box_kind, crop.box)
            # A sweep moves every detector's window by the same pixels, whatever kind of box its rule starts from.
            shift = np.asarray(shift, dtype=np.float64) * (_longer_side(given) / _longer_side(box))[..., None]
        return flmcore.box_affine(
            box,
            crop.size,
            rule=crop.rule,
            scale=np.asarray(scale, dtype=np.float64) * crop.scale,
            shift=np.asarray(shift, dtype=np.float64) + np.array(crop.shift),
            rotation=rotation,
        )

    def crop(
        self,
        image: NDArray[np.uint8],
        windows: ArrayLike,
        *,
        out: NDArray[Any] | None = None,
        threads: int | None = None,
    ) -> NDArray[Any]:
        """The network's input: N×3×H×W float32, or N×H×W×3 uint8 for Dlib; made by the C++ core."""
        crop, pixels = self.config.crop, self.config.input
        if crop.snap == "fan":
            windows = snap_affine(windows, crop.size)
        as_bytes = self.backend.pixel_type == "uint8"
        made: NDArray[Any] = flmcore.crop(
            image,
            windows,
            crop.size,
            mean=(0, 0, 0) if as_bytes else pixels.mean,
            std=(1, 1, 1) if as_bytes else pixels.std,
            channels=pixels.channels,
            interpolation=crop.interpolation,
            antialias=crop.antialias,
            clamp=crop.clamp,
            border=crop.border,
            border_value=crop.border_value,
            dtype=self.backend.pixel_type,
            out=out,
            threads=self._threads if threads is None else threads,
        )
        return made

    def infer(self, inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        """The model's outputs that decoding needs, for any number of inputs as :meth:`crop` makes them.

        With ``decode.flip``, the model runs on the mirrored inputs too, and this is the sum or mean of both.
        """
        try:
            outputs = self.backend.run(inputs)
            if flip_of(self.config) == "none":
                return outputs
            return merge_mirrored(self.config, outputs, self.backend.run(mirrored(inputs)))
        except FlmcoreError:
            raise
        except Exception as error:  # each backend has its own exceptions
            msg = f"{self.name}: inference: expected outputs, got {type(error).__name__}: {' '.join(str(error).split())}"
            raise DetectorError(msg) from error

    def decode(self, raw: tuple[NDArray[Any], ...]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(N, K, 2) landmarks in crop pixels (pixel centres are whole numbers) and (N, K) scores; translated."""
        points, scores = decode_outputs(self.config, raw)
        if self.translation is None:
            return points, scores
        return self.translation.points(points), self.translation.scores(scores)

    def to_image(
        self, points: NDArray[np.float32] | NDArray[np.float64], windows: ArrayLike
    ) -> NDArray[np.float64]:
        """(N, K, 2) landmarks in crop pixels → image pixels, float64, through ``windows`` ((N, 2, 3) image → crop)."""
        # float64: at x = 4000 one step of float32 is 0.0002 px, which a sweep would count as jitter.
        moved = flmcore.transform_points(
            np.asarray(points, dtype=np.float64), flmcore.invert_affine(windows)
        ).astype(np.float64, copy=False)
        decode = self.config.decode
        if isinstance(decode, HeatmapDecode):
            moved += decode.image_offset
            if decode.image_rounding == "truncate":
                moved = np.trunc(moved)
        return moved

    def detect(self, image: NDArray[np.uint8], windows: ArrayLike) -> Landmarks:
        """Landmarks seen through given windows ((N, 2, 3) image → crop): crop, infer, decode, invert."""
        affines = np.asarray(windows, dtype=np.float64)
        if len(affines) == 0:
            shape = (0, self.landmark_count)
            return Landmarks(np.empty((*shape, 2), np.float32), np.empty(shape, np.float32))
        points, scores = self.decode(self.infer(self.crop(image, affines)))
        return Landmarks(self.to_image(points, affines).astype(np.float32), scores)

    def cost(self) -> Cost:
        """Parameters, and multiply-adds for one face: twice the network's where ``decode.flip`` runs it twice.

        Counted on the first call. What cannot be counted is None, with the reason in the note; never raises.
        """
        if self._cost is None:
            try:
                self._cost = self.backend.cost()
            except Exception as error:  # noqa: BLE001 - a number is missing then, and nothing else
                self._cost = Cost(None, None, f"{type(error).__name__}: {' '.join(str(error).split())}")
            self._cost = of_one_face(self.config, self._cost)
        return self._cost

    def describe(self) -> dict[str, Any]:
        """What a results file needs to say about this detector: config, sum of the weights, backend and versions."""
        return {
            "name": self.name,
            "config": self.config.to_dict(),
            "weights_sha256": self._sha256,
            "grid": self.grid,
            "crop_threads": self._threads,
            **({} if self.translation is None else {"mapping": self.translation.describe()}),
            "backend": {"name": self.config.model.backend, **self.backend.describe()},
        }


def _longer_side(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((boxes[..., 2:] - boxes[..., :2]).max(axis=-1))
