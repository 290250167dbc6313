"""The images of a run: a small picture of each and what each detector did on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flmcore.evaluation.summary import METRICS, per_image, same_faces
from flmcore.report.page.making import Making
from flmcore.report.page.thumbs import thumbnail

__all__ = ["MOST", "image_rows"]

MOST = 100  # pictures; the page is to be sent by mail


def image_rows(making: Making) -> Mapping[str, Any]:
    """``images``: id, thumb (an address, or null), size, and jitter by detector; the first :data:`MOST` have thumbs.

    Jitter is on the common landmarks where there are some (``images_metric`` says which).
    """
    results = making.results
    names = [str(row["detector"]) for row in results.summary]
    table, _ = same_faces(results.units, names)
    metric = "jitter_common" if results.protocol["common_scheme"] is not None and len(names) > 1 else "jitter"
    values = {name: per_image(faces, METRICS[metric]) for name, faces in table.items()}
    rows: list[dict[str, Any]] = []
    for image in results.data["images"]:
        found = {name: row[image["image"]] for name, row in values.items() if image["image"] in row}
        if not found:
            continue
        thumb = None
        if len(rows) < MOST:
            picture = thumbnail(image, results.overlays.get(image["image"], {}))
            thumb = picture and making.staging.add(f"thumbs/{len(rows) + 1:04d}.jpg", picture)
        rows.append(
            {"id": image["image"], "thumb": thumb, "values": {k: round(v, 5) for k, v in found.items()}}
        )
    return {"images": rows, "images_metric": metric}
