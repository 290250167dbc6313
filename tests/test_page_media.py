"""What the page's clouds and player are made from: packed tracks, views of the sweep, clips within a weight."""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from clip_files import clip_arrays, jpeg, known_tracks, with_clip
from evaluated import BOX
from flmcore.errors import ResultsError
from flmcore.ops.remap import remap
from flmcore.report.page import write_page
from flmcore.report.page.charts import chart_data
from flmcore.report.page.clip_frames import fit_frames
from flmcore.report.page.making import Making
from flmcore.report.page.packing import PER_PIXEL, pack_tracks
from flmcore.report.page.shared_points import shared_points
from flmcore.report.page.staging import Staging
from flmcore.report.page.track_file import read_clips
from page_results import known


def unpacked(packed: dict[str, Any]) -> NDArray[np.float64]:
    """What the page's script does, in loops."""
    data = zlib.decompress(base64.b64decode(packed["data"]))
    frames, rows = packed["frames"], packed["points"] * 2
    plane = frames * rows
    out = np.full((rows, frames), np.nan)
    for row in range(rows):
        at = 0
        for t in range(frames):
            coded = sum(data[part * plane + row * frames + t] << (8 * part) for part in range(4))
            at += (coded >> 1) ^ -(coded & 1)
            out[row, t] = np.nan if at == -(2**30) else at / packed["per_pixel"]
    return out.reshape(packed["points"], 2, frames).transpose(2, 0, 1)


def script_value(path: Path) -> Any:
    text = path.read_text(encoding="ascii")
    return json.loads(text[text.index("{") : text.rindex(";")])


def test_packed_tracks_come_back_within_half_a_step() -> None:
    points = np.random.default_rng(0).normal(200, 80, (9, 7, 2))
    points[3, 2] = np.nan
    points[0, 1] = np.inf
    points[5, 4, 0] = 1e9  # on no screen
    back = unpacked(pack_tracks(points))
    lost = ~np.isfinite(points) | (np.abs(points) > 1e5)
    assert np.array_equal(np.isnan(back), lost)
    assert np.abs(back - points)[~lost].max() <= 0.5 / PER_PIXEL


def test_packing_wants_tracks() -> None:
    with pytest.raises(ValueError, match=r"points: expected shape \(T, K, 2\), got \(3, 2\)"):
        pack_tracks(np.zeros((3, 2)))


def test_clouds_are_the_landmarks_on_the_picture_and_views_the_windows_path(tmp_path: Path) -> None:
    results = known()
    write_page(results, tmp_path)
    data = script_value(tmp_path / "page" / "data.js")
    assert [row["image"] for row in data["sweeps"]] == results.data["overlays"]
    media = script_value(tmp_path / data["sweeps"][0]["script"])
    arrays = results.overlays[data["sweeps"][0]["image"]]
    cloud = arrays["cloud/noisy"].astype(np.float64) @ arrays["window"][:, :2].T + arrays["window"][:, 2]
    back = unpacked(media["detectors"]["noisy"]["tracks"])
    assert np.abs(back - cloud).max() <= 0.5 / PER_PIXEL + 1e-9
    # The window of the picture is 1.5 boxes wide; the path shifts it by shares of the box.
    side = max(BOX[2] - BOX[0], BOX[3] - BOX[1])
    t = np.arange(16)
    dx = 0.05 * np.sin(2 * np.pi * 3 * t / 16) * side * 640 / (1.5 * side)
    views = np.array(media["views"])
    assert np.allclose(views[:, [0, 1, 3, 4]], [1, 0, 0, 1], atol=1e-5)
    assert np.allclose(views[:, 2], -dx, atol=1e-4)
    unit = next(
        u for u in results.units if u["image"] == data["sweeps"][0]["image"] and u["detector"] == "noisy"
    )
    zoom = float(np.hypot(*arrays["window"][0, :2]))
    assert media["detectors"]["noisy"]["normaliser"] == pytest.approx(unit["normaliser_px"] * zoom, rel=1e-5)


def test_charts_have_the_means_over_faces(tmp_path: Path) -> None:
    with Staging(tmp_path) as staging:
        data = chart_data(Making(known(), staging, None))
    summary = {row["detector"]: row for row in known().summary}
    assert np.allclose(
        data["per_landmark"]["noisy"]["jitter"], summary["noisy"]["per_landmark_jitter"], atol=1e-4
    )
    spread = [u["per_landmark"]["spread"] for u in known().units if u["detector"] == "noisy"]
    assert np.allclose(data["per_landmark"]["noisy"]["spread"], np.mean(spread, axis=0), atol=1e-4)
    assert len(data["chart"]["300w-68"]["points"]) == 68
    assert data["by_group"]["noisy"] == summary["noisy"]["per_group_jitter"]


def test_shared_points_are_what_remap_gives_and_leave_out_what_is_only_near(tmp_path: Path) -> None:
    with Staging(tmp_path) as staging:
        rows = shared_points(Making(known(), staging, None))["shared"]["300w-68"]["five-5"]
    points = np.random.default_rng(1).uniform(0, 100, (68, 2))
    wanted = remap(points, "300w-68", "five-5")
    for row, place in zip(rows, wanted, strict=True):
        if row:
            made = sum(weight * points[int(index)] for index, weight in zip(row[::2], row[1::2], strict=True))
            assert np.allclose(made, place, atol=1e-3)
    assert sum(bool(row) for row in rows) >= 3


def test_clip_is_in_the_image_and_its_views_take_it_to_the_frames(tmp_path: Path) -> None:
    results = with_clip(known(), tmp_path, [jpeg(i) for i in range(12)], {0: 0.0, 1: 1.0})
    (tmp_path / "out").mkdir()
    write_page(results, tmp_path / "out", source=tmp_path)
    clip = script_value(tmp_path / "out" / "page" / "data.js")["clips"][0]
    assert (clip["id"], clip["size"], clip["of"], len(clip["frames"])) == ("walk <b>.mp4", [96, 96], 12, 12)
    assert clip["times"] == pytest.approx([i / 20 for i in range(12)])
    assert all((tmp_path / "out" / name).read_bytes() == jpeg(i) for i, name in enumerate(clip["frames"]))
    media = script_value(tmp_path / "out" / clip["script"])
    assert list(media["detectors"]) == ["steady", "twin"]
    in_image = (
        unpacked(media["detectors"]["twin"]["tracks"]) / 2
    )  # one pixel of the shown frame is half of the image's
    assert np.abs(in_image - known_tracks(12, 68, 1.0)).max() <= 0.3 / PER_PIXEL
    assert np.array(media["views"][3]) == pytest.approx([1, 0, -13, 0, 1, -20], abs=1e-4)


def test_heavy_frames_lose_quality_then_frames() -> None:
    frames = [jpeg(100 + i, noise=90) for i in range(10)]
    weight = sum(map(len, frames))
    assert fit_frames(frames, weight, 0) == frames
    lighter = fit_frames(frames, int(0.75 * weight), 0)
    assert len(lighter) == 10
    assert sum(map(len, lighter)) <= 0.75 * weight
    few = fit_frames(frames, weight // 5, 100)
    assert 2 <= len(few) < 10
    assert sum(map(len, few)) + 100 * len(few) <= weight // 5
    assert len(fit_frames(frames, 0, 0)) == 2  # of one frame, no motion is seen


def spoil(arrays: dict[str, Any], what: str) -> dict[str, Any]:
    if what == "offsets":
        return arrays | {"clip0/offsets": arrays["clip0/offsets"][::-1]}
    if what == "landmarks":
        return arrays | {"clip0/detector0": arrays["clip0/detector0"][:, :, :1]}
    if what == "times":
        return arrays | {"clip0/times": arrays["clip0/times"][::-1]}
    if what == "picture":
        return arrays | {"clip0/jpeg": np.zeros_like(arrays["clip0/jpeg"])}
    return {key: value for key, value in arrays.items() if key != "clip0/view"}


@pytest.mark.parametrize("what", ["offsets", "landmarks", "times", "picture", "view"])
def test_tracks_that_are_not_what_they_say_are_refused(tmp_path: Path, what: str) -> None:
    file = tmp_path / "tracks.npz"
    arrays = clip_arrays([known_tracks(4, 5, 0.0)], [jpeg(i) for i in range(4)])
    np.savez(file, **spoil(arrays, what))
    with pytest.raises(
        ResultsError, match=r"tracks\.npz: expected the tracks of flmcore evaluate --video, got"
    ):
        list(read_clips(file, [{"id": "a"}], ["five"]))


def test_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "tracks.npz"
    file.write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(ResultsError, match="expected the tracks"):
        list(read_clips(file, [{"id": "a"}], ["five"]))


def test_clip_without_frames_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "tracks.npz"
    np.savez(file, **{"clip0/times": np.zeros(0)})
    assert list(read_clips(file, [{"id": "a"}, {"id": "b"}], ["five"])) == []
