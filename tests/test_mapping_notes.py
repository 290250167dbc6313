"""What the table says of mappings through whose approximate landmarks it compared."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flmcore
from evaluated import KnownDetector, face_shape, noise_image
from flmcore import schemes


class Of(KnownDetector):
    """The known face in another scheme than 300-W's; landmarks that this does not give are undefined."""

    def __init__(self, name: str, scheme: str) -> None:
        super().__init__(name)
        self.scheme, self.landmark_count = scheme, schemes.get(scheme).landmarks

    def decode(self, raw: Any) -> Any:
        own, self.landmark_count = self.landmark_count, 68
        points, _ = super().decode(raw)
        self.landmark_count = own
        found = np.asarray(flmcore.remap(points, "300w-68", self.scheme))
        return found, np.ones(found.shape[:2], np.float32)


def table(*detectors: KnownDetector, truth: str) -> str:
    points = flmcore.remap(face_shape(), "300w-68", truth)
    options = {"frames": 8, "speed": False, "boxes": "truth", "truth_scheme": truth}
    results = flmcore.evaluate([noise_image(0)], list(detectors), truth=[("array-0", points)], **options)
    assert all(row["nme"]["mean"] is not None for row in results.summary)
    return " ".join(results.table(200).split())


def test_detectors_of_one_mapping_share_a_line() -> None:
    said = table(Of("a", "wflw-98"), Of("b", "wflw-98"), KnownDetector("c"), truth="300w-68")
    way = schemes.mapping("wflw-98", "300w-68")
    worst = int(np.nanargmax(way.errors))
    assert (
        f"a, b: 10 of 68 landmarks are approximate (wflw-98 → 300w-68), off by {np.nanmean(way.errors):.1f} % in the "
        f"mean and {way.errors[worst]:.1f} % at worst (landmark {worst}; {way.measurements[0].faces} faces), which NME "
        "counts as error."
    ) in said
    assert said.count("are approximate") == 1


def test_truth_may_be_what_was_mapped() -> None:
    said = table(KnownDetector("d"), truth="openseeface-66")
    error = schemes.mapping("openseeface-66", "300w-68").errors[60]
    expected = (
        f"the truth: 2 of 68 landmarks are approximate (openseeface-66 → 300w-68), off by {error:.1f} %"
    )
    assert expected in said


@pytest.mark.parametrize("scheme", ["openseeface-66", "300w-68"])
def test_landmarks_of_one_scheme_say_nothing(scheme: str) -> None:
    """Both are moved alike, to whatever scheme."""
    assert "approximate" not in table(Of("a", scheme), truth=scheme)


def test_what_is_not_measured_is_said() -> None:
    said = table(Of("r", "facesynthetics-70"), truth="300w-68")
    assert (
        "r: 47 of 68 landmarks are approximate (facesynthetics-70 → 300w-68), by how much is not measured."
        in said
    )
