"""Video files through PyAV: header, frames, true times, upright pictures."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flmcore.data.video_display import display_matrix, is_quarter_turn, rotation_of, upright
from flmcore.errors import ClipError, MissingExtraError

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame

__all__ = ["Header", "decode_frames", "read_header"]

Bytes = NDArray[np.uint8]
_PACKAGE = "av (PyAV)"


@dataclass(frozen=True)
class Header:
    """What a file says of its first video stream; ``rate`` and ``frames`` are None where it says nothing."""

    stream: int
    rate: float | None
    frames: int | None
    rotation: int
    timed: bool
    notes: tuple[str, ...]


def read_header(path: Path) -> Header:
    """Header, and the first frame that can be decoded, for what only frames tell.

    Raises:
        ClipError: not a video, no picture in it, no decoder, no frame at all.
        MissingExtraError: PyAV is not installed.
    """
    with _opened(path) as container:
        number = _picture_stream(path, container)
        stream: Any = container.streams[number]
        rate = float(stream.average_rate or stream.guessed_rate or 0) or None
        frames = stream.frames or None
        skipped: Counter[str] = Counter()
        first = next(_decoded(container, number, skipped), None)
        if first is None:
            why = f" ({next(iter(skipped))})" if skipped else ""
            msg = f"{path}: expected a clip with frames, got none that can be decoded{why}"
            raise ClipError(msg)
        matrix = display_matrix(first)
        notes = []
        ratio = stream.sample_aspect_ratio
        if ratio and ratio != 1:
            notes.append(f"its pixels are not square ({ratio}): faces are measured as stored")
        if matrix is not None and not is_quarter_turn(matrix):
            notes.append("its display matrix is no quarter turn or mirror: frames are measured as stored")
        timed = first.time is not None
        if not timed:
            notes.append("its frames have no times: they are taken as evenly spaced")
        return Header(number, rate, frames, rotation_of(matrix), timed, tuple(notes))


def decode_frames(
    path: Path, header: Header, skipped: Counter[str]
) -> Iterator[tuple[int, str, float, Bytes]]:
    """Number, name, seconds from the first frame, and picture of each frame that can be decoded."""
    with _opened(path) as container:
        origin: float | None = None
        for index, frame in enumerate(_decoded(container, header.stream, skipped)):
            time = index / (header.rate or 25.0) if not header.timed else frame.time
            if time is None:
                skipped["no time"] += 1
                continue
            origin = time if origin is None else origin
            yield index, str(index), time - origin, upright(_pixels(frame), display_matrix(frame))


@contextmanager
def _opened(path: Path) -> Iterator[InputContainer]:
    try:
        import av
    except ImportError:
        raise MissingExtraError(_PACKAGE, "video", "reading a video file") from None
    av.logging.set_level(None)  # what FFmpeg thinks of a file comes as errors, not as lines on the terminal
    try:
        container = av.open(os.fspath(path), mode="r")
    except (OSError, ValueError) as error:  # FFmpegError is both or either
        msg = f"{path}: expected a video, got a file that FFmpeg cannot open ({_reason(error)})"
        raise ClipError(msg) from None
    with container:
        yield container


def _picture_stream(path: Path, container: Any) -> int:
    import av

    pictures = [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
    if not pictures:
        kinds = sorted({str(stream.type) for stream in container.streams})
        msg = f"{path}: expected a video stream, got {' and '.join(kinds) or 'no stream'} only"
        raise ClipError(msg)
    stream = pictures[0]
    if stream.codec_context is None:
        msg = f"{path}: expected a codec that this FFmpeg has a decoder for, got another"
        raise ClipError(msg)
    return int(stream.index)


def _decoded(container: Any, number: int, skipped: Counter[str]) -> Iterator[VideoFrame]:
    """Frames of a stream; what is damaged is counted, and decoding goes on behind it."""
    import av

    stream = container.streams[number]
    stream.thread_type = "NONE"  # which frames a damaged packet takes along must not depend on the machine
    stream.codec_context.options = {"err_detect": "explode"}
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
            if packet is None:
                return
            frames = packet.decode()
        except av.error.EOFError:
            return
        except (av.error.FFmpegError, ValueError) as error:
            skipped[f"damaged ({_reason(error)})"] += 1
            continue
        for frame in frames:
            if frame.is_corrupt:
                skipped["damaged (marked by the decoder)"] += 1
            else:
                yield frame


def _pixels(frame: VideoFrame) -> Bytes:
    """(H, W, 3) RGB as stored; what is transparent becomes black, as outside of a picture in a crop."""
    if not any(component.is_alpha for component in frame.format.components):
        return np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
    rgba = np.asarray(frame.to_ndarray(format="rgba"), dtype=np.uint8)
    colour, alpha = rgba[..., :3], rgba[..., 3:].astype(np.uint16)
    opaque = bool((alpha == 255).all())
    return np.ascontiguousarray(colour) if opaque else ((colour * alpha + 127) // 255).astype(np.uint8)


def _reason(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return " ".join(str(text).split()) or type(error).__name__
