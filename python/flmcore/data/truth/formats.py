"""The formats in which data sets publish landmarks, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flmcore.data.truth import (
    coco,
    csv_file,
    facesynthetics,
    imglab,
    json_file,
    lapa,
    pts,
    simulated,
    wflw,
    wholebody,
)
from flmcore.data.truth.face import Found, TruthFace
from flmcore.nearest import nearest
from flmcore.schemes import Scheme

__all__ = ["FORMATS", "Format", "names", "of_file", "of_name"]

Encode = Callable[[Sequence[TruthFace], Mapping[str, str]], dict[str, str]]


@dataclass(frozen=True)
class Format:
    """How landmarks are written.

    Attributes:
        name: what options call it.
        meaning: in a line.
        recognise: whether a file that is said to hold landmarks is of it: file, text.
        looks_like: whether a file that may be anything is of it: file, text.
        read: faces of a file, and the images that it lists without one.
        encode: text by relative path, ``""`` for the one file; None where it is only read.
        keeps: what survives writing: ``box``, ``attributes``, ``visible``, ``undefined``, ``fractions`` of pixels.
        folder: whether it is a folder of files, one for each image.
    """

    name: str
    meaning: str
    recognise: Callable[[Path, str], bool]
    looks_like: Callable[[Path, str], bool]
    read: Callable[[Path, str, Scheme | None], Iterator[Found]]
    encode: Encode | None = None
    keeps: frozenset[str] = frozenset()
    folder: bool = False


def _is_list(file: Path, text: str) -> bool:
    return (
        wflw.recognise(file, text) and not file.stem.endswith(facesynthetics.MARK) and wflw.looks_like(text)
    )


def _is_rows(file: Path, text: str) -> bool:
    return csv_file.recognise(file, text) and csv_file.looks_like(text)


def _is_own(file: Path, text: str) -> bool:
    return json_file.recognise(file, text) and json_file.looks_like(text)


def _is_imglab(file: Path, text: str) -> bool:
    return imglab.recognise(file, text) and "<part" in text


_POINTS = frozenset(["undefined", "fractions"])
_ALL = (  # the first that recognises a file reads it
    Format("300w", ".pts, one a face (300-W, iBUG, LFPW, HELEN, AFW)", pts.recognise, pts.recognise,
           pts.read, pts.encode, _POINTS, True),
    Format("dlib", "XML of Dlib's imglab", imglab.recognise, _is_imglab,
           imglab.read, imglab.encode, frozenset(["box", "undefined"])),
    Format("csv", "flmcore's CSV, a row for each landmark", csv_file.recognise, _is_rows,
           csv_file.read, csv_file.encode, _POINTS | {"visible"}),
    Format("coco-wholebody", "faces of COCO-WholeBody", wholebody.recognise, wholebody.recognise, wholebody.read),
    Format("coco", "COCO-style JSON (MMPose: COFW, AFLW, WFLW, 300-W, LaPa)", coco.recognise, coco.recognise,
           coco.read, coco.encode, _POINTS | {"box", "attributes", "visible"}),
    Format("simulated", "drawn faces of flmcore simulate", simulated.recognise, simulated.recognise, simulated.read),
    Format("json", "flmcore's JSON, which keeps everything", json_file.recognise, _is_own,
           json_file.read, json_file.encode, _POINTS | {"box", "attributes", "visible"}),
    Format("facesynthetics", "_ldmks.txt, one a face", facesynthetics.recognise, facesynthetics.recognise,
           facesynthetics.read, facesynthetics.encode, frozenset(["fractions"]), True),
    Format("lapa", "LaPa's .txt, one a face", lapa.recognise, lapa.recognise,
           lapa.read, lapa.encode, _POINTS, True),
    Format("wflw", "WFLW's lists", wflw.recognise, _is_list,
           wflw.read, wflw.encode, frozenset(["box", "attributes", "fractions"])),
)  # fmt: skip
FORMATS = {form.name: form for form in _ALL}


def names() -> list[str]:
    """Names of the formats that are read."""
    return list(FORMATS)


def of_name(argument: str, name: object) -> Format:
    """The format of this name; ValueError with the nearest name where there is none."""
    if not isinstance(name, str) or name not in FORMATS:
        msg = (
            f"{argument}: expected auto or one of {', '.join(FORMATS)}, got {name!r}{nearest(name, FORMATS)}"
        )
        raise ValueError(msg)
    return FORMATS[name]


def of_file(file: Path, text: str, *, sure: bool = False) -> Format | None:
    """The format of a file; with ``sure`` only where the content says so, not the suffix alone."""
    return next((f for f in _ALL if (f.looks_like if sure else f.recognise)(file, text)), None)
