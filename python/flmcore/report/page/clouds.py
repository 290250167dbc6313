"""The sweep's landmarks on the face, for the page to draw and to play."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flmcore.evaluation.overlays import MARGIN
from flmcore.evaluation.sweep import WINDOW_SWEEPS, make_sweep
from flmcore.ops.affine import box_affine, compose_affine, invert_affine, transform_points
from flmcore.report.page.making import Making
from flmcore.report.page.packing import pack_tracks
from flmcore.report.page.script import as_script

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results

__all__ = ["MOST", "sweep_media"]

MOST = 1_200_000  # bytes of all scripts with landmarks; the images that come first are kept
_QUALITY = 82


def sweep_media(making: Making) -> Mapping[str, Any]:
    """``sweeps``: per image ``image``, ``picture``, ``size`` (its side, px), ``media`` and ``script``.

    The script sets ``window[media]``: ``frames``; ``views`` (T rows of a, b, tx, c, d, ty: picture to what the moving
    window sees; null where it does not move); by detector ``tracks``, packed, in picture pixels, and ``normaliser`` (px
    of the picture).
    """
    results = making.results
    rows: list[dict[str, Any]] = []
    weight = 0
    for number, (image, arrays) in enumerate(results.overlays.items()):
        picture = arrays.get("picture")
        media = _media(results, image, arrays)
        if picture is None or picture.ndim != 3 or not media["detectors"]:
            continue
        script = as_script(f"FLM_SWEEP_{number}", media)
        weight += len(script)
        if rows and weight > MOST:
            break
        rows.append(
            {
                "image": image,
                "picture": making.staging.add(f"media/sweep{number}.jpg", _jpeg(picture)),
                "size": list(picture.shape[1::-1]),
                "media": f"FLM_SWEEP_{number}",
                "script": making.staging.add(f"media/sweep{number}.js", script),
            }
        )
    return {"sweeps": rows, "sweeps_left_out": len(results.overlays) - len(rows)}


def _jpeg(picture: NDArray[Any]) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.asarray(picture, np.uint8)).save(buffer, "JPEG", quality=_QUALITY, optimize=True)
    return buffer.getvalue()


def _media(results: Results, image: str, arrays: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    window = np.asarray(arrays["window"], np.float64)
    frames = int(results.protocol["sweep"]["frames"])
    scale = float(np.hypot(window[0, 0], window[0, 1]))
    normalisers: dict[str, float] = {}
    for unit in results.units:
        if unit["image"] == image:  # of several faces, the first is in the picture
            normalisers.setdefault(str(unit["detector"]), unit["normaliser_px"])
    detectors: dict[str, Any] = {}
    for row in results.summary:
        name = str(row["detector"])
        cloud = arrays.get(f"cloud/{name}")
        if cloud is None or cloud.shape != (frames, row["landmarks"], 2):
            continue
        on_picture = transform_points(np.asarray(cloud, np.float64), window)
        pixels = normalisers.get(name)
        detectors[name] = {
            "tracks": pack_tracks(on_picture),
            "normaliser": None if pixels is None else round(pixels * scale, 4),
        }
    return {"frames": frames, "views": _views(results, image, arrays, window), "detectors": detectors}


def _views(
    results: Results, image: str, arrays: Mapping[str, NDArray[Any]], window: NDArray[np.float64]
) -> list[list[float]] | None:
    """(T, 6): picture to what a window with the picture's margin shows as it goes the sweep's path."""
    sweep = results.protocol["sweep"]
    row = next((row for row in results.data["images"] if row["image"] == image), None)
    if sweep["name"] not in WINDOW_SWEEPS or row is None or not row["faces"]:
        return None
    path = make_sweep(sweep["name"], frames=int(sweep["frames"]), seed=int(sweep["seed"])).path
    windows = box_affine(
        [row["faces"][0]["box"]],
        arrays["picture"].shape[0],
        scale=MARGIN * path.scale,
        shift=path.shift,
        rotation=path.rotation,
    )
    views = compose_affine(windows, invert_affine(window))
    return [[round(value, 5) for value in view] for view in views.reshape(len(views), 6).tolist()]
