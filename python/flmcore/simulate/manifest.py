"""``simulated.json``: what a folder of drawn faces holds, and whether it is whole.

The file is written first, with ``"whole": false``, and again at the end. A folder whose file says false is half-written;
``labels/`` tells how far it got (:mod:`flmcore.simulate.shards`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from flmcore import __version__
from flmcore.errors import SimulateError
from flmcore.whole_files import dump_json, plain, write_bytes

__all__ = ["FORMAT", "MOST_IMAGES", "NAME", "Manifest", "check_whole", "read_manifest"]

NAME = "simulated.json"
FORMAT = "flmcore simulated 1"
MOST_IMAGES = 1_000_000  # six digits number them
SHARD = 200  # images whose labels are in one file: so many are drawn again where a run is cut off


@dataclass(frozen=True)
class Manifest:
    """What a folder of drawn faces holds.

    Attributes:
        images: how many it has, or shall have.
        seed: of the stream; image i is a function of settings, mesh, seed and i.
        settings: every field of :class:`flmcore.simulate.SimulateSettings`, as JSON has it.
        mesh: ``name`` and ``sha256`` of the mesh and of its list of landmarks; None for flmcore's own head.
        shard: images whose labels are in one file.
        whole: whether every image is there.
        flmcore: the version that began it.
    """

    images: int
    seed: int
    settings: Mapping[str, Any]
    mesh: Mapping[str, Any] | None = None
    shard: int = SHARD
    whole: bool = False
    flmcore: str = field(default=__version__)

    @property
    def shards(self) -> int:
        """How many files of labels there are, or shall be."""
        return -(-self.images // self.shard)

    def save(self, folder: Path) -> None:
        """Write it, whole or not at all."""
        record = {"format": FORMAT, **vars(self)}
        write_bytes(folder / NAME, dump_json(record))

    def differences(self, other: Manifest) -> list[str]:
        """``seed 0, not 1`` for all that makes the images of two folders differ; empty where nothing does."""
        rows = [("seed", self.seed, other.seed)]
        mine, its = plain(self.settings), plain(other.settings)
        rows += [(name, mine.get(name), its.get(name)) for name in dict.fromkeys([*mine, *its])]
        rows.append(("mesh", _sums(self.mesh), _sums(other.mesh)))
        return [f"{name} {_shown(a)}, not {_shown(b)}" for name, a, b in rows if a != b]

    def finished(self) -> Manifest:
        """The same, whole."""
        return replace(self, whole=True)


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a folder; None where it has none.

    Raises:
        SimulateError: it cannot be read, is damaged, or of a newer format; names the file.
    """
    file = folder / NAME
    try:
        content = json.loads(file.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        msg = f"{file}: cannot be read: {error.strerror or error}"
        raise SimulateError(msg) from error
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict) or not str(content.get("format")).startswith("flmcore simulated"):
        msg = f"{file}: expected what flmcore simulate writes, got another or a damaged file"
        raise SimulateError(msg)
    if content["format"] != FORMAT:
        msg = f"{file}: expected the format {FORMAT!r}, the only one that this version reads, got {content['format']!r}"
        raise SimulateError(msg)
    return _checked(file, content)


def check_whole(folder: Path) -> Manifest | None:
    """:func:`read_manifest`, where the folder is whole.

    Raises:
        SimulateError: images are still to be drawn; says how many there are and how to go on.
    """
    manifest = read_manifest(folder)
    if manifest is not None and not manifest.whole:
        from flmcore.simulate.shards import count_finished

        done = count_finished(folder, manifest)
        msg = (
            f"{folder}: expected a whole data set, got {done} of {manifest.images} drawn images: "
            f"finish it with 'flmcore simulate -o {folder} --resume'"
        )
        raise SimulateError(msg)
    return manifest


_KINDS: dict[str, tuple[str, Any]] = {
    "images": (
        f"a whole number from 1 to {MOST_IMAGES}",
        lambda value: type(value) is int and 1 <= value <= MOST_IMAGES,
    ),
    "seed": ("a whole number from 0", lambda value: type(value) is int and value >= 0),
    "settings": ("an object", lambda value: isinstance(value, dict)),
    "mesh": ("an object or null", lambda value: value is None or isinstance(value, dict)),
    "shard": ("a whole number from 1", lambda value: type(value) is int and value >= 1),
    "whole": ("true or false", lambda value: type(value) is bool),
    "flmcore": ("a version", lambda value: isinstance(value, str)),
}


def _checked(file: Path, content: Mapping[str, Any]) -> Manifest:
    for key, (expected, fits) in _KINDS.items():
        if key not in content or not fits(content[key]):
            msg = f"{file}: {key}: expected {expected}, got {str(content.get(key, 'nothing'))[:60]}"
            raise SimulateError(msg)
    return Manifest(**{key: content[key] for key in _KINDS})


def _sums(mesh: Mapping[str, Any] | None) -> Any:
    """A mesh is the same under another name."""
    return None if mesh is None else {key: value for key, value in mesh.items() if key != "name"}


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("sha256", value))[:12]
    return "none" if value is None else str(value)[:40]
