"""The judging table and the model card: what they say follows from what was measured."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flmcore

# Not before tests/, which has a module of the same name as one in bench/.
sys.path.append(str(Path(__file__).parent.parent / "bench"))

import judge_simulated
import judged_faces
import model_card


def measured(value: float | None) -> dict[str, Any]:
    return {"all": value, "inner": value, "landmarks": 68, "grades": {}}


def judged(*values: float | None, **about: Any) -> dict[str, Any]:
    rows = [
        {
            "face": f"face {i}",
            "main": i < 2,
            "truth": measured(value),
            "finder": measured(None),
            "translated": measured(None if value is None else value / 2),
            "truth_grades": {"exact": 68},
        }
        for i, value in enumerate(values)
    ]
    detector = {
        "scheme": "300w-68",
        "licence": "Apache-2.0",
        "input": [112, 112],
        "parameters": 2_800_000,
        "multiply_adds": None,
        "bytes": 5_600_000,
        "weights_sha256": "ab" * 32,
        "data_sha256": None,
        "mapping": None,
        "latency_ms": 2.5,
        **dict.fromkeys(("jitter", "jitter_common", "gain", "spread"), 0.5),
        **about,
    }
    protocol = {"finder": "slim320", "frames": 8, "images": 3, "processor": "a processor"}
    return {"protocol": protocol, "detectors": {"mine": detector}, "faces": {"mine": rows}}


TEXTS = {
    "use": ["Phones & tablets."],
    "doubts": ["Five faces."],
    "limits": ["Not masks."],
    "commands": ["flmcore simulate -n 100000 -o faces"],
    "training": {"faces": "100,000 <drawn>"},
}
HISTORY = {
    "epochs": [
        {"epoch": 1, "samples": 10, "loss": 9.0, "minutes": 1.4},
        {"epoch": 2, "samples": 20, "loss": 5.5, "minutes": 2.6},
    ]
}


def test_means_are_of_the_main_faces_alone() -> None:
    text = judge_simulated.table(judged(4.0, 6.0, 90.0))
    assert (
        "| mine | 5.00 | 5.00 | – | 2.50 | 0.500 | 0.500 | 0.500 | 0.500 | 2.50 | 2.80 | – | 5.60 |" in text
    )
    assert "mean over 2 faces" in text
    before, after = text.split("Apart:")
    assert "face 2" in after
    assert "face 2" not in before
    # A face that one detector misses leaves no mean: it would be over other faces than the next row's.
    assert judge_simulated.mean_nme(judged(4.0, None)["faces"]["mine"], "truth", "all") is None


def test_the_card_says_whether_the_bar_is_passed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = model_card.card(judged(4.0, 6.0), "mine", TEXTS, HISTORY)
    assert "is 5.00 % of the distance between the outer eye corners, under the bar of 10 %" in good
    assert (
        "* **faces**: 100,000 &lt;drawn>\n* **samples seen**: 20 in 2 epochs\n* **time**: 3 minutes" in good
    )
    assert "9.000 in the first epoch, 5.500 in the last" in good
    assert "Made again by:\n\n```sh\nflmcore simulate -n 100000 -o faces\n```" in good
    places = [
        good.index(text) for text in ("* Phones &amp; tablets.", "## Judged", "* Five faces.", "* Not masks.")
    ]
    assert places == sorted(places)
    assert "do not use it" not in good
    bad = model_card.card(judged(4.0, 26.0), "mine", {})
    assert "is 15.00 % of the distance between the outer eye corners, not under the bar" in bad
    assert "do not use it in the place of a network trained on photographs" in bad
    assert "face 1, has 26.00 %" in bad
    assert f"* **file**: 5,600,000 bytes, SHA-256 `{'ab' * 32}`\n" in good
    parted = model_card.card(judged(4.0, data_sha256="cd" * 32), "mine", {})
    assert f"SHA-256 `{'ab' * 32}`, of its numbers `{'cd' * 32}`\n" in parted
    file = tmp_path / "judged.json"
    file.write_text(json.dumps(judged(4.0, 6.0)))
    out = tmp_path / "models" / "mine.md"
    monkeypatch.setattr(sys, "argv", ["model_card.py", str(file), "mine", "-o", str(out)])
    model_card.main()
    assert out.read_text(encoding="utf-8").startswith("# mine\n")
    assert "Not stated." in out.read_text(encoding="utf-8")
    texts, run = tmp_path / "texts.toml", tmp_path / "run"
    run.mkdir()
    (run / "history.json").write_text(json.dumps(HISTORY))
    texts.write_text('use = ["For trying."]')
    given = ["--texts", str(texts), "--run", str(run)]
    monkeypatch.setattr(sys, "argv", ["model_card.py", str(file), "mine", "-o", str(out), *given])
    model_card.main()
    assert "* For trying." in out.read_text(encoding="utf-8")
    assert "* **samples seen**: 20 in 2 epochs" in out.read_text(encoding="utf-8")
    texts.write_text('usage = ["For trying."]')
    with pytest.raises(SystemExit):
        model_card.main()
    monkeypatch.setattr(sys, "argv", ["model_card.py", str(file), "other", "-o", str(out)])
    with pytest.raises(SystemExit):
        model_card.main()


def test_the_judged_faces_and_one_detector_on_them(shared: Path) -> None:
    """A network whose errors were published with the material; its translation comes from the other images."""
    pytest.importorskip("onnxruntime")
    faces = judged_faces.judged_faces(shared / "faces")
    assert [face.main for face in faces] == [True] * 5 + [False] * 4
    assert len({face.name for face in faces}) == 9
    detector = flmcore.load_detector("pfld-68", threads=1)
    seen = [judged_faces.landmarks_of(detector, face, face.box) for face in faces]
    found = [
        judged_faces.errors_of(points, detector.scheme, face)["all"]
        for points, face in zip(seen, faces, strict=True)
    ]
    assert max(found[:5]) < 10 < found[-3]
    by_hand = faces[0].truth.points - seen[0]
    distance = np.linalg.norm(faces[0].truth.points[36] - faces[0].truth.points[45])
    assert found[0] == pytest.approx(100 * np.linalg.norm(by_hand, axis=1).mean() / distance, rel=1e-6)
    moved = judged_faces._translated(detector, faces, seen)
    assert [points is None for points in moved] == [not face.main for face in faces]
    # What the face itself says must not reach its own translation.
    told = list(seen)
    told[0] = seen[0] + [[5.0, 0.0]] * 68
    again = judged_faces._translated(detector, faces, told)
    np.testing.assert_allclose(again[0] - moved[0], np.broadcast_to([5.0, 0.0], (68, 2)), atol=1e-6)
