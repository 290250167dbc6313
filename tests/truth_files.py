"""Landmark files as their publishers write them, and faces to write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flmcore.data.truth import Dataset, TruthFace


def face(landmarks: int, seed: int = 0) -> NDArray[np.float64]:
    """Landmarks as files hold them, to 3 decimals."""
    return np.round(np.random.default_rng(seed).uniform(10, 150, (landmarks, 2)), 3)


def picture(path: Path) -> Path:
    """A small image that can be opened."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(len(path.name)).integers(0, 256, (180, 200, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def dataset(faces: list[TruthFace], root: Path, paths: dict[str, Path] | None = None) -> Dataset:
    return Dataset(tuple(faces), "json", faces[0].scheme, root, paths or {})


def coco(rows: list[tuple[int, list[Any]]], names: dict[int, str], **more: Any) -> dict[str, Any]:
    """As MMPose's test_cofw.json: images with id and file_name, annotations with keypoints x, y, v."""
    annotations = [
        {"id": number, "image_id": image, "category_id": 1, "iscrowd": 0, "keypoints": values, **more}
        for number, (image, values) in enumerate(rows)
    ]
    images = [{"id": key, "file_name": name, "height": 180, "width": 200} for key, name in names.items()]
    return {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "face"}]}


def triples(points: NDArray[np.float64], marks: list[int]) -> list[float]:
    return [value for (x, y), v in zip(points.tolist(), marks, strict=True) for value in (x, y, v)]


def imglab(boxes: list[tuple[str, dict[str, tuple[int, int]]]], extra: str = "") -> str:
    """As Dlib's examples/faces/training_with_face_landmarks.xml."""
    lines = ["<?xml version='1.0' encoding='ISO-8859-1'?>", extra, "<dataset>", "<images>"]
    for image, parts in boxes:
        lines += [f"<image file='{image}'>", "<box top='20' left='10' width='100' height='90'>"]
        lines += [f"<part name='{name}' x='{x}' y='{y}'/>" for name, (x, y) in parts.items()]
        lines += ["</box>", "</image>"]
    return "\n".join([*lines, "</images>", "</dataset>"])
