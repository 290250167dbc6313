"""Video clips for the page's player: ``tracks.npz`` as pictures and scripts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.evaluation.landmarks import scheme_or_none
from flmcore.ops.affine import compose_affine, invert_affine, transform_points
from flmcore.report.page.clip_frames import fit_frames
from flmcore.report.page.making import Making
from flmcore.report.page.packing import pack_tracks
from flmcore.report.page.script import as_script
from flmcore.report.page.track_file import ClipTracks, read_clips

__all__ = ["LEAST", "PAGE", "clip_media"]

PAGE = 4_500_000  # bytes of the whole page that clips may fill up; the rest is for the data
LEAST = 1_000_000  # bytes that clips have in any case


def clip_media(making: Making) -> Mapping[str, Any]:
    """``clips``: per clip ``id``, ``fps``, ``times`` (s), ``first`` (frame of the clip), ``of`` (frames that were kept),
    ``size`` (px), ``frames`` (addresses), ``media`` and ``script``; the script is as that of sweeps.

    Tracks are in pixels of the clip's image, times a factor that makes one pixel of them about one of the shown frame;
    ``views`` take them from there onto each frame. So the reader's view may follow the face, and motion is still the
    motion in the image. Long clips lose quality, then frames, until the page's weight allows them.
    """
    results = making.results
    path = None if making.source is None else Path(making.source) / "tracks.npz"
    video = results.data.get("video")
    if not video or path is None or not path.is_file():
        return {"clips": []}
    schemes_of = {str(row["name"]): str(row["scheme"]) for row in results.detectors}
    clips = list(read_clips(path, video["clips"], list(schemes_of)))
    share = max(LEAST, PAGE - making.staging.weight) // max(1, len(clips))
    return {"clips": [_clip(making, number, clip, schemes_of, share) for number, clip in enumerate(clips)]}


def _clip(
    making: Making, number: int, clip: ClipTracks, schemes_of: Mapping[str, str], share: int
) -> dict[str, Any]:
    media, per_frame = _media(clip, len(clip.times), schemes_of)
    frames = fit_frames(clip.frames, share, per_frame)
    if len(frames) < len(clip.times):
        media, _ = _media(clip, len(frames), schemes_of)
    name = f"FLM_CLIP_{number}"
    add = making.staging.add
    return {
        "id": clip.name,
        "fps": clip.fps,
        "times": [round(float(t - clip.times[0]), 5) for t in clip.times[: len(frames)]],
        "first": clip.first,
        "of": len(clip.times),
        "size": list(clip.size),
        "frames": [add(f"media/clip{number}/{i:04d}.jpg", frame) for i, frame in enumerate(frames)],
        "media": name,
        "script": add(f"media/clip{number}.js", as_script(name, media)),
    }


def _media(clip: ClipTracks, count: int, schemes_of: Mapping[str, str]) -> tuple[dict[str, Any], int]:
    """The script's content for the first ``count`` frames, and about how many bytes each of them takes."""
    to_frame = clip.views[:count]
    factor = float(np.median(np.hypot(to_frame[:, 0, 0], to_frame[:, 0, 1]))) or 1.0
    enlarge = np.array([[factor, 0.0, 0.0], [0.0, factor, 0.0]])
    views = compose_affine(to_frame, invert_affine(enlarge))
    back = invert_affine(views)
    detectors: dict[str, Any] = {}
    for name, shown in clip.detectors.items():
        points = np.asarray(transform_points(np.asarray(shown[:count], np.float64), back), np.float64)
        detectors[name] = {
            "tracks": pack_tracks(points),
            "normaliser": _eye_distance(points, schemes_of[name]),
        }
    numbers = [[round(value, 5) for value in view] for view in views.reshape(count, 6).tolist()]
    bytes_ = sum(len(row["tracks"]["data"]) for row in detectors.values()) + 60 * count
    return {"frames": count, "views": numbers, "detectors": detectors}, bytes_ // max(1, count)


def _eye_distance(points: NDArray[np.float64], scheme: str) -> float | None:
    """Median over frames of the distance between the outer eye corners; None where the scheme has none."""
    known = scheme_or_none(scheme)
    if known is None or known.eye_outer is None or max(known.eye_outer) >= points.shape[1]:
        return None
    left, right = points[:, known.eye_outer[0]], points[:, known.eye_outer[1]]
    distance = np.hypot(*(right - left).T)
    seen = distance[np.isfinite(distance)]
    return round(float(np.median(seen)), 4) if len(seen) else None
