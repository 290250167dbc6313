"""Clips as files and folders: formats, true times, rotation flags, damage, and what is no clip."""

from __future__ import annotations

import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from clips import damage, drawn, moved, numbered, write_frames, write_video
from flmcore.data.video import open_clip
from flmcore.data.video_folder import natural
from flmcore.errors import ClipError, ImageError, MissingExtraError

FRAMES = drawn(moved((2, 1)), 12)


@pytest.fixture(scope="module", autouse=True)
def _av() -> None:
    pytest.importorskip("av")


def corners() -> np.ndarray:
    """White at the top left, red at the top right."""
    image = np.zeros((64, 96, 3), np.uint8)
    image[:16, :24], image[:16, -24:] = 255, (255, 0, 0)
    return image


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [(".mp4", "libx264"), (".mov", "mpeg4"), (".webm", "libvpx-vp9"), (".mkv", "libx264")],
)
def test_every_container_gives_its_frames_and_times(tmp_path: Path, suffix: str, codec: str) -> None:
    path = write_video(tmp_path / f"a{suffix}", FRAMES, codec=codec, options={"crf": "10"})
    clip = open_clip(path)
    frames = list(clip.frames())
    assert [frame.index for frame in frames] == list(range(12))
    np.testing.assert_allclose([frame.time for frame in frames], np.arange(12) / 25, atol=0.0006)
    assert frames[3].image.dtype == np.uint8
    assert np.abs(frames[3].image.astype(int) - FRAMES[3]).mean() < 6
    assert clip.nominal_fps == pytest.approx(25, rel=0.01)
    assert not clip.skipped


def test_a_clip_can_be_read_again_to_the_same_bytes(tmp_path: Path) -> None:
    clip = open_clip(write_video(tmp_path / "a.mp4", FRAMES))
    first, second = ([frame.image.tobytes() for frame in clip.frames()] for _ in range(2))
    assert first == second


def test_times_of_a_variable_rate_are_its_own(tmp_path: Path) -> None:
    times = np.cumsum([0, 0.04, 0.04, 0.1, 0.02, 0.04, 0.2, 0.04, 0.03, 0.05, 0.04, 0.04])
    clip = open_clip(write_video(tmp_path / "a.mkv", FRAMES, times=times))
    np.testing.assert_allclose([frame.time for frame in clip.frames()], times, atol=0.0006)


@pytest.mark.parametrize(
    ("degrees", "white", "red"),
    [
        (90, "bottom left", "top left"),
        (-90, "top right", "bottom right"),
        (180, "bottom right", "bottom left"),
    ],
)
def test_the_rotation_flag_of_a_phone_is_applied(tmp_path: Path, degrees: int, white: str, red: str) -> None:
    path = tmp_path / "a.mp4"
    try:
        write_video(path, [corners()] * 3, rotation=degrees, options={"crf": "1"})
    except AttributeError:
        pytest.skip("this PyAV cannot write a display matrix")
    clip = open_clip(path)
    image = next(clip.frames()).image
    assert clip.rotation == degrees % 360
    assert image.shape == ((64, 96, 3) if degrees == 180 else (96, 64, 3))
    place = {
        "top left": image[4, 4],
        "top right": image[4, -4],
        "bottom left": image[-4, 4],
        "bottom right": image[-4, -4],
    }
    assert place[white].min() > 200
    assert place[red][0] > 200
    assert place[red][1:].max() < 60


def test_transparent_parts_of_a_gif_are_black_and_grey_is_repeated(tmp_path: Path) -> None:
    clear = Image.new("RGBA", (40, 30), (0, 0, 0, 0))
    clear.paste((200, 10, 10, 255), (0, 0, 20, 30))
    grey = Image.new("L", (40, 30), 90)
    for name, image in (("clear.gif", clear), ("grey.gif", grey)):
        other = image.copy()
        other.paste(255 if image.mode == "L" else (9, 9, 200, 255), (0, 0, 5, 5))
        image.save(tmp_path / name, save_all=True, append_images=[other], duration=50, loop=0)
    frame = next(open_clip(tmp_path / "clear.gif").frames()).image
    assert frame.shape == (30, 40, 3)
    assert frame[10, 30].max() == 0
    assert abs(int(frame[10, 10, 0]) - 200) < 8
    frames = list(open_clip(tmp_path / "grey.gif").frames())
    assert [frame.time for frame in frames] == pytest.approx([0, 0.05])
    assert frames[0].image[10, 10].tolist() == [90, 90, 90]


def test_damaged_frames_are_left_out_and_counted(tmp_path: Path) -> None:
    frames = drawn(moved((2, 1)), 30)
    path = write_video(
        tmp_path / "a.mp4", frames, options={"g": "1"}
    )  # each a key frame: damage does not spread
    damage(path, 11)
    clip = open_clip(path)
    times = [frame.time for frame in clip.frames()]
    assert len(times) == 29
    assert sum(clip.skipped.values()) == 1
    assert "damaged" in next(iter(clip.skipped))
    assert np.diff(times).max() == pytest.approx(0.08, abs=0.001)  # its place in time stays empty


def test_damage_is_not_printed(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", FRAMES)
    damage(path, 5)
    code = f"from flmcore.data.video import open_clip; print(len(list(open_clip({str(path)!r}).frames())))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert int(done.stdout) < 12


def test_a_folder_is_sorted_naturally_and_needs_a_rate(tmp_path: Path) -> None:
    folder = write_frames(tmp_path / "frames", FRAMES)
    (folder / "notes.txt").write_text("no frame")
    frames = list(open_clip(folder, fps=10).frames())
    assert [frame.name for frame in frames] == [f"f{t}.png" for t in range(12)]
    assert [frame.time for frame in frames] == pytest.approx(np.arange(12) / 10)
    np.testing.assert_array_equal(frames[10].image, FRAMES[10])
    with pytest.raises(ValueError, match="fps: expected the frames per second of the folder"):
        open_clip(folder)
    assert sorted(["b2", "a10", "a9"], key=natural) == ["a9", "a10", "b2"]


def test_a_frame_of_a_folder_that_cannot_be_read_keeps_its_time(tmp_path: Path) -> None:
    folder = write_frames(tmp_path / "frames", FRAMES[:5])
    (folder / "f2.png").write_bytes(b"nothing")
    Image.fromarray(FRAMES[3][:50]).save(folder / "f3.png")
    clip = open_clip(folder, fps=10)
    assert [frame.time for frame in clip.frames()] == pytest.approx([0, 0.1, 0.4])
    assert sorted(clip.skipped.values()) == [1, 1]
    assert any("200×50 pixels among 200×200" in reason for reason in clip.skipped)


def test_a_span_and_a_number_of_frames_can_be_chosen(tmp_path: Path) -> None:
    folder = write_frames(tmp_path / "frames", FRAMES)
    assert [f.index for f in open_clip(folder, fps=10, start=0.25, stop=0.55).frames()] == [3, 4, 5]
    assert [f.index for f in open_clip(folder, fps=10, start=0.25, most=2).frames()] == [3, 4]
    with pytest.raises(ValueError, match="start: expected seconds from 0"):
        open_clip(folder, fps=10, start=2, stop=1)
    with pytest.raises(ValueError, match="most: expected a whole number"):
        open_clip(folder, fps=10, most=0)


def test_what_is_no_clip_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video\n" * 50)
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "folder").mkdir()
    with wave.open(str(tmp_path / "sound.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(8000))
    whole = write_video(tmp_path / "whole.mp4", FRAMES).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    for name, text in {
        "text.mp4": "expected a video",
        "empty.mp4": "expected a video",
        "cut.mp4": "expected a video",
        "sound.wav": "expected a video stream, got audio only",
        "none.mp4": "expected an existing clip",
    }.items():
        with pytest.raises(ClipError, match=text) as raised:
            open_clip(tmp_path / name)
        assert "\n" not in str(raised.value)
        assert not str(raised.value).endswith(".")
    with pytest.raises(ClipError, match="got no image"):
        open_clip(tmp_path / "folder", fps=25)
    with pytest.raises(ValueError, match="fps: expected none for the file"):
        open_clip(tmp_path / "whole.mp4", fps=25)
    with pytest.raises(ValueError, match="fps: expected frames per second above 0"):
        open_clip(tmp_path / "folder", fps=0)
    assert not issubclass(ClipError, ImageError)


def test_a_container_without_a_frame(tmp_path: Path) -> None:
    import av

    with av.open(str(tmp_path / "none.avi"), "w") as container:
        stream: Any = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.start_encoding()
    with pytest.raises(ClipError):
        open_clip(tmp_path / "none.avi")


def test_one_frame_is_a_clip(tmp_path: Path) -> None:
    assert len(list(open_clip(write_video(tmp_path / "a.mp4", FRAMES[:1])).frames())) == 1


def test_without_pyav_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_video(tmp_path / "a.mp4", FRAMES[:2])
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'flmcore\[video\]'"):
        open_clip(path)
    assert open_clip(write_frames(tmp_path / "f", FRAMES[:2]), fps=25).nominal_frames == 2  # needs no PyAV


def test_reading_takes_no_more_memory_for_a_longer_clip(tmp_path: Path) -> None:
    """Peak memory of the process, less than 12 MB apart; all frames of the longer one would take 260 MB."""
    pytest.importorskip("resource")
    short = [np.full((120, 160, 3), 7, np.uint8)] * 150
    peaks = {}
    for count in (150, 4500):
        path = write_video(
            tmp_path / f"{count}.mp4", short * (count // 150), options={"preset": "ultrafast", "g": "50"}
        )
        code = (
            "import resource; from flmcore.data.video import open_clip\n"
            f"n = sum(1 for _ in open_clip({str(path)!r}).frames())\n"
            "print(n, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        frames, peaks[count] = map(int, done.stdout.split())
        assert frames == count
    scale = 1 if sys.platform == "darwin" else 1024
    assert (peaks[4500] - peaks[150]) * scale < 12e6


def test_numbered_frames_differ() -> None:
    first, second = numbered([FRAMES[0], FRAMES[0]])
    assert first.tobytes() != second.tobytes()
