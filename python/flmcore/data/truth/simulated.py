"""What ``flmcore simulate`` writes: exact landmarks of several schemes, with those that are hidden, beside each image."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from flmcore import schemes
from flmcore.data.truth.face import Found, TruthFace
from flmcore.data.truth.lines import check_count
from flmcore.schemes import Scheme

__all__ = ["MANIFEST", "is_simulated", "looks_like", "read", "recognise", "refuse_unfinished"]

MANIFEST = "simulated.json"
_USUAL = "300w-68"
_VISIBLE = " visible"


def is_simulated(folder: Path) -> bool:
    """Whether ``flmcore simulate`` wrote a folder, or began to."""
    return (folder / MANIFEST).is_file()


def refuse_unfinished(folders: Iterable[Path]) -> None:
    """SimulateError where drawing one of these folders has not come to its end; says how to finish it."""
    for folder in dict.fromkeys(folders):
        if is_simulated(folder):
            from flmcore.simulate.manifest import check_whole

            check_whole(folder)


def recognise(file: Path, text: str) -> bool:
    return file.name == MANIFEST and looks_like(text)


def looks_like(text: str) -> bool:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(content, dict) and str(content.get("format")).startswith("flmcore simulated")


def read(file: Path, text: str, scheme: Scheme | None) -> Iterator[Found]:
    """Faces of ``simulated.json``'s folder; of ``300w-68`` where no scheme is named."""
    del text
    from flmcore.simulate.image_files import image_name
    from flmcore.simulate.manifest import check_whole
    from flmcore.simulate.shards import read_shard, shard_ranges

    manifest = check_whole(file.parent)
    assert manifest is not None
    for images in shard_ranges(manifest):
        labels = read_shard(file.parent, images)
        names = [name for name in labels if name + _VISIBLE in labels]
        wanted = schemes.get(_USUAL) if scheme is None else scheme
        if wanted.name not in names:
            msg = f"scheme: expected one that drawn faces have ({', '.join(names)}), got {wanted.name!r}"
            raise ValueError(msg)
        points, visible = labels[wanted.name].astype(float), labels[wanted.name + _VISIBLE]
        check_count(points.shape[1], wanted, f"image {images.start}")
        boxes = labels["box"].tolist()
        for row, index in enumerate(images):
            yield TruthFace(
                image_name(index),
                points[row],
                wanted.name,
                box=tuple(boxes[row]),
                box_kind="landmarks",
                visible=visible[row],
                file=file,
            )
