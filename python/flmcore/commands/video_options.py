"""``flmcore evaluate --video``: the options of clips, and the run."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flmcore.commands.box_options import box_arguments
from flmcore.commands.console import whole

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results
    from flmcore.evaluation.run import Progress

__all__ = ["add_video_options", "check_video_options", "run_video"]

_ONLY_VIDEO = ("fps", "start", "stop", "frames_max", "finder", "still")
# Options of still images: name → what stands there when nobody gave it.
_ONLY_STILL = {
    "format": "auto",
    "faces": "largest",
    "sweep": "shift",
    "redecode": False,
    "smooth": None,
    "attribute": None,
    "frames": 128,
    "batch": 32,
    "no_speed": False,
}


def add_video_options(parser: argparse.ArgumentParser) -> None:
    """Declare ``--video`` and what goes with it."""
    group = parser.add_argument_group("video")
    group.add_argument(
        "--video",
        action="store_true",
        help="the paths are clips: mp4, mov, gif, webm, or folders of frames (extra video; docs/video.md)",
    )
    group.add_argument("--fps", type=seconds, metavar="F", help="frames per second of folders of frames")
    group.add_argument(
        "--from", dest="start", type=seconds, metavar="S", help="leave out frames before this second"
    )
    group.add_argument(
        "--to", dest="stop", type=seconds, metavar="S", help="leave out frames after this second"
    )
    group.add_argument(
        "--frames-max", type=whole(1), metavar="N", help="use only so many frames of each clip"
    )
    group.add_argument(
        "--finder",
        metavar="FINDER",
        help="with --boxes track, where a box follows from the landmarks before: who finds the face first (default: dlib)",
    )
    group.add_argument(
        "--still",
        metavar="RESULTS",
        help="results of the same detectors on still images: both side by side in OUT, and their orders compared",
    )


def seconds(text: str) -> float:
    """For argparse: a number; :func:`flmcore.evaluate_video` knows its range."""
    try:
        return float(text)
    except ValueError:
        msg = f"expected a number, got {text!r}"
        raise argparse.ArgumentTypeError(msg) from None


def check_video_options(options: argparse.Namespace) -> None:
    """ValueError for an option of the other kind of run."""
    wrong = [name for name in _ONLY_VIDEO if not options.video and getattr(options, name) is not None]
    if wrong:
        msg = f"{_flag(wrong[0])}: expected together with --video, got without it"
        raise ValueError(msg)
    wrong = [name for name, usual in _ONLY_STILL.items() if options.video and getattr(options, name) != usual]
    if wrong:
        msg = f"{_flag(wrong[0])}: expected for still images only, got it with --video"
        raise ValueError(msg)


def _flag(name: str) -> str:
    return {"start": "--from", "stop": "--to"}.get(name, f"--{name.replace('_', '-')}")


def run_video(
    options: argparse.Namespace,
    detectors: list[str],
    files: dict[str, Any],
    progress: Callable[[Progress], None] | None,
) -> Results:
    """Evaluate the clips that the options name."""
    from flmcore.evaluation.video import evaluate_video

    given: dict[str, Any] = box_arguments(options)
    return evaluate_video(
        options.paths[: options.limit],
        detectors,
        fps=options.fps,
        start=options.start or 0.0,
        stop=options.stop,
        frames_max=options.frames_max,
        seed=options.seed,
        finder=options.finder,
        **given,
        still=options.still,
        threads=options.threads,
        device=options.device,
        **files,
        out=options.out,
        resume=options.resume,
        restart=options.restart,
        progress=progress,
    )
