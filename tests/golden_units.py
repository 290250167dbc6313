"""Units of published landmarks against true ones: what a run would have kept of these models, without running them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from flmcore import schemes
from flmcore.evaluation.accuracy.measure import accuracy_of
from flmcore.evaluation.accuracy.plan import TrueFace, plan_accuracy


def true_faces(shared: Path, *, human: bool = True) -> dict[str, TrueFace]:
    """True landmarks by ``image#face``, counted from 0."""
    rows = json.loads((shared / "faces" / "faces.json").read_text())
    return {
        f"{row['image']}#{row['face']}": TrueFace(
            np.array(row["landmarks"], dtype=float) - (1 if row["index_base"].startswith("1") else 0),
            row["scheme"],
        )
        for row in rows
        if row["truth"] == "human" or not human
    }


def models(shared: Path) -> dict[str, dict[str, Any]]:
    """Models with a published NME per face."""
    rows = json.loads((shared / "weights" / "models.json").read_text())
    return {row["name"]: row for row in rows if "nme" in row}


def golden_units(shared: Path, model: str, faces: list[str]) -> list[dict[str, Any]]:
    """One unit per face."""
    scheme = schemes.get(str(models(shared)[model]["scheme"]).split()[0]).name
    truth = {key: face for key, face in true_faces(shared).items() if key in faces}
    plan = plan_accuracy({key: [face] for key, face in truth.items()}, {model: scheme})
    assert plan is not None
    golden = np.load(shared / "golden" / f"{model}.npz")
    units = []
    for key, face in truth.items():
        image, _, number = key.rpartition("#")
        values = accuracy_of(
            golden[key].astype(np.float64), scheme, face, points=plan.points[model], common=plan.common
        )
        units.append({"image": image, "face": int(number), "detector": model, "accuracy": values})
    return units
