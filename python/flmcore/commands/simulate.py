"""``flmcore simulate``: draw faces, whose landmarks are therefore known."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flmcore.commands.console import EXIT_INTERRUPTED, progress_bar, say, warn, whole
from flmcore.errors import ConfigError, SimulateError

if TYPE_CHECKING:
    from flmcore.simulate.mesh_file import Mesh
    from flmcore.simulate.stream import FaceStream

EXAMPLES = """examples:
  flmcore simulate -n 10000 -o faces                 128×128, one process per processor
  flmcore simulate -n 10000 -o faces                 once more after Ctrl-C or a full disk: draws what is missing
  flmcore simulate -o faces --resume                 the same, with the options that began it
  flmcore simulate -n 20000 -o faces                 more of them: the first 10000 are kept
  flmcore simulate -n 40 --sheet sheet.png --sheet-landmarks 300w-68     a look at them, nothing else
  flmcore simulate -n 1000 -o near --settings near.toml --seed 7
  flmcore simulate -n 1000 -o mine --mesh scan.obj --landmarks scan.json

DIR gets, for image 42, 000042.png, 000042_seg.png (what each pixel shows) and 000042_ldmks.txt (70 landmarks), as
FaceSynthetics has them; labels/*.npz with 68 and 468 landmarks, which of them are hidden, and boxes; simulated.json with
settings and seed. The same options give the same bytes at any number of workers. 'flmcore evaluate DIR', 'flmcore train'
and 'flmcore convert DIR truth.json --from-scheme mediapipe-468' read it; docs/simulate.md. Exit code: 0 whole, 2 bad
input, 130 interrupted."""


_MOST_IMAGES = 1_000_000  # as of simulate.manifest, which takes long to import


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "-n", "--images", type=whole(1, _MOST_IMAGES), metavar="N", help="how many images, 1000000 at most"
    )
    parser.add_argument("-o", "--out", type=Path, metavar="DIR", help="folder for the data set, new or empty")
    parser.add_argument(
        "--size", type=whole(16, 2048), metavar="S", help="of the images in pixels (default: 128)"
    )
    parser.add_argument("--seed", type=whole(0), metavar="SEED", help="other faces for another (default: 0)")
    parser.add_argument(
        "--workers", type=whole(1, 1024), metavar="W", help="processes that draw (default: one per processor)"
    )
    parser.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="a .toml of what is drawn: poses, accessories, imaging, …",
    )
    parser.add_argument("--mesh", type=Path, metavar="FILE", help="a face of yours as .obj or .npz")
    parser.add_argument(
        "--landmarks",
        type=Path,
        metavar="FILE",
        help="which vertices of the mesh are landmarks (default: NAME.landmarks.json beside it, or in the .npz)",
    )
    parser.add_argument(
        "--resume", action="store_true", help="finish what is in DIR, with the options that began it"
    )
    parser.add_argument("--sheet", type=Path, metavar="FILE", help="a .png or .jpg of the first 100 faces")
    parser.add_argument(
        "--sheet-landmarks",
        metavar="SCHEME",
        nargs="?",
        const="300w-68",
        help="landmarks on the sheet: 300w-68 (default), facesynthetics-70, mediapipe-468; hidden ones in red",
    )


def run(options: argparse.Namespace) -> int:
    """Draw, write, and say what was written."""
    from flmcore.simulate.folder import simulate_folder

    stream, images = _what(options)
    if options.sheet is not None:
        _write_sheet(options, stream, images)
    if options.out is None:
        return 0
    workers = options.workers or _workers()
    began = time.monotonic()
    try:
        with progress_bar() as bar:
            written = simulate_folder(options.out, images, stream, workers=workers, progress=_told(bar))
    except KeyboardInterrupt:
        warn(f"interrupted: {_kept(options.out)}; the same command goes on")
        return EXIT_INTERRUPTED
    seconds = time.monotonic() - began
    side = stream.settings.size
    about = f"{options.out}: {images} image{'s' * (images != 1)} of {side}×{side}, seed {stream.seed}"
    if not written.drawn:
        say(f"{about}: all there already")
    else:
        before = f", {images - written.drawn} there already" if written.drawn < images else ""
        say(
            f"{about}; {written.drawn} drawn in {seconds:.1f} s, {written.drawn / seconds:.0f} a second{before}"
        )
    return 0


def _what(options: argparse.Namespace) -> tuple[FaceStream, int]:
    """Stream and number of images, by the options or, to finish a folder, by what began it."""
    from flmcore.simulate.manifest import NAME
    from flmcore.simulate.settings import SimulateSettings
    from flmcore.simulate.stream import FaceStream

    if options.out is None and options.sheet is None:
        msg = "--out: expected a folder for the data set, or --sheet alone, got neither"
        raise ValueError(msg)
    if options.sheet_landmarks is not None and options.sheet is None:
        msg = f"--sheet-landmarks: expected --sheet beside it, got {options.sheet_landmarks!r} alone"
        raise ValueError(msg)
    table: dict[str, Any] = {}
    images, seed = options.images, options.seed
    if options.resume:
        found = _began(options.out)
        table, images = dict(found.settings), images or found.images
        seed = found.seed if seed is None else seed
        if found.mesh is not None and options.mesh is None:
            msg = f"--mesh: expected {found.mesh.get('name')}, which {options.out} was begun with, got none"
            raise ValueError(msg)
    if options.settings is not None:
        table = _read_table(options.settings)
    if options.size is not None:
        table["size"] = options.size
    if images is None:
        msg = "--images: expected how many, got none"
        raise ValueError(msg)
    try:
        settings = SimulateSettings.from_table(table)
    except ValueError as error:
        source = options.settings or (options.out / NAME if options.resume else "--size")
        msg = f"{source}: {error}"
        raise ConfigError(msg) from None
    return FaceStream(settings, seed or 0, _mesh(options)), images


def _mesh(options: argparse.Namespace) -> Mesh | None:
    from flmcore.simulate.mesh_file import read_mesh

    if options.mesh is None and options.landmarks is not None:
        msg = f"--landmarks: expected --mesh beside it, got {options.landmarks} alone"
        raise ValueError(msg)
    return None if options.mesh is None else read_mesh(options.mesh, options.landmarks)


def _began(out: Path | None) -> Any:
    from flmcore.simulate.manifest import NAME, read_manifest

    if out is None:
        msg = "--resume: expected --out beside it, the folder to finish, got none"
        raise ValueError(msg)
    found = read_manifest(out)
    if found is None:
        msg = f"{out}: expected a folder that flmcore simulate began, got one without {NAME}"
        raise SimulateError(msg)
    return found


def _read_table(file: Path) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib  # here, for the sake of import time
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"{file}: cannot be read: {error.strerror or error}"
        raise ConfigError(msg) from error
    except (ValueError, RecursionError) as error:  # of TOML and of UTF-8; of tables within tables
        msg = f"{file}: expected a TOML file, got: {error}"
        raise ConfigError(msg) from error


def _write_sheet(options: argparse.Namespace, stream: FaceStream, images: int) -> None:
    from flmcore.simulate.sheet import MOST, sheet_suffix, write_sheet
    from flmcore.whole_files import prepare_folder

    sheet_suffix(options.sheet)
    scheme = None if options.sheet_landmarks is None else _scheme(options.sheet_landmarks)
    prepare_folder(options.sheet.parent)
    shown = min(images, MOST)
    write_sheet(options.sheet, [stream[index] for index in range(shown)], landmarks=scheme)
    say(f"{options.sheet}: the first {shown}" if shown > 1 else f"{options.sheet}: the first")


def _scheme(name: str) -> str:
    from flmcore.schemes.scheme import look_up
    from flmcore.simulate.image_files import SCHEMES

    scheme = look_up("--sheet-landmarks", name).name
    if scheme not in SCHEMES:
        msg = f"--sheet-landmarks: expected one of {', '.join(SCHEMES)}, got {name!r}"
        raise ValueError(msg)
    return scheme


def _workers() -> int:
    from flmcore.simulate.drawing_pool import processors

    return processors()


def _told(bar: Any) -> Any:
    from flmcore.evaluation.run import Progress

    return lambda done, total: bar(Progress(done, total, f"{done} of {total} images"))


def _kept(out: Path) -> str:
    from flmcore.simulate.manifest import read_manifest
    from flmcore.simulate.shards import count_finished

    found = read_manifest(out)
    return (
        "nothing is drawn"
        if found is None
        else f"{count_finished(out, found)} of {found.images} images are kept"
    )
