"""A folder of drawn faces that a killed run leaves ready to be finished."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from flmcore.data.images import PathLike, read_image
from flmcore.errors import FlmcoreError, SimulateError
from flmcore.folder_lock import alone_in
from flmcore.simulate.drawing_pool import draw_pieces
from flmcore.simulate.image_files import files_of, labels_of
from flmcore.simulate.manifest import MOST_IMAGES, NAME, Manifest, read_manifest
from flmcore.simulate.mesh_file import Mesh
from flmcore.simulate.shards import (
    FOLDER,
    count_finished,
    is_finished,
    read_shard,
    shard_ranges,
    write_shard,
)
from flmcore.simulate.stream import FaceStream
from flmcore.whole_files import drop_leftovers, prepare_folder

__all__ = ["Written", "simulate_folder"]

_PIECE = 20  # images that a process draws in one go; a multiple of the usual images of a person


@dataclass(frozen=True)
class Written:
    """What :func:`simulate_folder` did: ``drawn`` of ``images``; the others were there already."""

    images: int
    drawn: int


def simulate_folder(
    out: PathLike,
    images: int,
    stream: FaceStream | None = None,
    *,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Written:
    """Write the first ``images`` faces of a stream as a data set; ``docs/simulate.md`` defines the files.

    The same bytes at any number of workers. Where the folder holds the beginning of the same stream, because a run was cut
    off or fewer images were asked for, what is finished is kept and the rest is drawn; the result equals that of a single
    run. :func:`flmcore.data.truth.read_dataset` refuses a folder that is not finished.

    Args:
        out: a new or empty folder, or one that this function began.
        images: from 1 to 1,000,000.
        stream: settings and seed; the default ones if None.
        workers: processes that draw. More than one start Python anew, so a script needs ``if __name__ == "__main__":``.
        progress: called with the images done and those wanted.

    Raises:
        SimulateError: the folder holds something else, or images of other settings or another seed (names what differs),
            or more images; a full disk.
        ResultsError: the folder cannot be written to, or another run is at it.
        ValueError, TypeError: an argument of the wrong kind.
    """
    stream = stream or FaceStream()
    for name, value, most in (("images", images, MOST_IMAGES), ("workers", workers, 1024)):
        if type(value) is not int or not 1 <= value <= most:
            msg = f"{name}: expected a whole number from 1 to {most}, got {value!r}"
            raise ValueError(msg) if type(value) is int else TypeError(msg)
    folder = Path(out)
    _refuse_other_things(folder)
    prepare_folder(folder)
    with alone_in(folder, "flmcore simulate"):
        wanted = Manifest(images, stream.seed, stream.settings.to_table(), _named(stream.mesh))
        manifest = _carried_on(folder, wanted)
        todo = [shard for shard in shard_ranges(manifest) if not is_finished(folder, shard)]
        done = images - sum(map(len, todo))
        if done:
            _refuse_other_drawing(folder, stream, manifest, todo)
        if todo or not manifest.whole:
            with _what_is_kept(folder, manifest):
                replace(manifest, whole=False).save(folder)
                prepare_folder(folder / FOLDER)
                drop_leftovers(folder, NAME)
                drop_leftovers(folder / FOLDER, "[0-9]*.npz")
                _draw(stream, folder, todo, workers, lambda new: progress and progress(done + new, images))
                manifest.finished().save(folder)
    return Written(images, images - done)


def _named(mesh: Mesh | None) -> dict[str, str] | None:
    return None if mesh is None else {"name": mesh.name, "sha256": mesh.sha256}


def _draw(
    stream: FaceStream, folder: Path, shards: list[range], workers: int, tell: Callable[[int], object]
) -> None:
    pieces = [shard[i : i + _PIECE] for shard in shards for i in range(0, len(shard), _PIECE)]
    ends = {shard.stop: shard.start for shard in shards}
    rows, drawn = [], 0
    tell(0)
    with contextlib.closing(draw_pieces(stream, folder, pieces, min(workers, len(pieces)))) as results:
        for piece, labels in results:
            rows += labels
            drawn += len(piece)
            if piece.stop in ends:
                write_shard(folder, ends[piece.stop], rows)
                rows = []
            tell(drawn)


def _refuse_other_things(folder: Path) -> None:
    """A folder with somebody's files is not to be filled with thousands of others."""
    try:
        there = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    except FileNotFoundError:
        return
    except NotADirectoryError:
        msg = f"{folder}: expected a folder, got a file"
        raise SimulateError(msg) from None
    except OSError as error:
        msg = f"{folder}: cannot be read: {error.strerror or error}"
        raise SimulateError(msg) from error
    if there and NAME not in there:
        named = ", ".join(there[:3]) + (", …" if len(there) > 3 else "")
        msg = f"{folder}: expected a new or empty folder, or one of drawn faces, got one with other things ({named})"
        raise SimulateError(msg)


def _carried_on(folder: Path, wanted: Manifest) -> Manifest:
    """The manifest to work by; of an earlier run where it drew the same stream."""
    found = read_manifest(folder)
    if found is None:
        return wanted
    other = found.differences(wanted)
    if not other and found.images > wanted.images:
        other = [f"{found.images} images, not {wanted.images}"]
    if other:
        msg = f"{folder}: holds drawn faces of another run ({'; '.join(other)}): choose another folder"
        raise SimulateError(msg)
    return replace(found, images=wanted.images, whole=found.whole and found.images == wanted.images)


def _refuse_other_drawing(folder: Path, stream: FaceStream, manifest: Manifest, todo: list[range]) -> None:
    """The first image that is kept must be what would be drawn now: a data set is not half of one version's faces."""
    kept = next(shard for shard in shard_ranges(manifest) if shard not in todo)
    image, labels = stream[kept.start], read_shard(folder, kept)
    file = files_of(folder, kept.start)[0]
    same = np.array_equal(read_image(file), image.image) and all(
        name in labels and np.array_equal(labels[name][0], value) for name, value in labels_of(image).items()
    )
    if not same:
        msg = (
            f"{file}: expected the face that would be drawn now, got another: it is of flmcore {manifest.flmcore} with "
            "other libraries or on another processor, or was changed: choose another folder"
        )
        raise SimulateError(msg)


@contextlib.contextmanager
def _what_is_kept(folder: Path, manifest: Manifest) -> Iterator[None]:
    try:
        yield
    except FlmcoreError as error:
        kept = f"{count_finished(folder, manifest)} of {manifest.images} images are kept"
        msg = f"{error} ({kept}; go on with 'flmcore simulate -o {folder} --resume')"
        raise SimulateError(msg) from error
