"""The numbers that the page can show of a detector: name, unit, which way is better, how they were got."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["MEASURES", "VIDEO", "Measure"]


@dataclass(frozen=True)
class Measure:
    """One number.

    Attributes:
        key: as in ``summary``, or a name of the page's own.
        label: as short as a column's head.
        unit: ``%``, ``ms``, … or empty.
        better: ``low``, ``high``, ``zero`` (the nearer to it), or ``none``.
        digits: decimals that are worth showing; of the small ones, more are shown.
        floor: what is smaller than this counts as this in ratios.
        says: a sentence for the hover.
        kind: ``measured``, ``estimated``, or ``stated`` (of the model, not of a run).
        group: of columns.
        paired: whether there is a value per image, so that detectors are compared on the same images.
    """

    key: str
    label: str
    unit: str
    better: str
    says: str
    digits: int = 2
    floor: float = 0.001
    kind: str = "measured"
    group: str = "stability"
    paired: bool = True

    def to_dict(self, says: str = "") -> dict[str, Any]:
        """For the page; ``says`` is added to the sentence."""
        return {
            "key": self.key,
            "label": self.label,
            "unit": self.unit,
            "better": self.better,
            "digits": self.digits,
            "floor": self.floor,
            "protocol": f"{self.says} {says}".strip(),
            "kind": self.kind,
            "group": self.group,
            "paired": self.paired,
        }


_PERCENT = "In % of the distance between the outer eye corners."
_STEP = "How far landmarks move from one view to the next while the face stays still"
_LATENCY = "Crop, inference and decode of one face, batch 1, on the machine of the run"

# In the order of the table's columns. Those that no detector has are left out.
MEASURES = (
    Measure("jitter_common", "jitter, common", "%", "low", f"{_STEP}, on the landmarks that all detectors reach: "
            f"compare detectors by this one. {_PERCENT}"),
    Measure("jitter", "jitter", "%", "low", f"{_STEP}, mean over all of a detector's own landmarks. {_PERCENT}"),
    Measure("jitter_p95", "jitter p95", "%", "low", f"{_STEP}: the 95th percentile over the steps. {_PERCENT}"),
    Measure("spread", "spread", "%", "low", "How far landmarks stray in all over random views of a still face (root "
            f"mean square). {_PERCENT}"),
    Measure("residual", "residual", "%", "low", "What remains of the spread after the part that rides with the window "
            f"is taken out: noise that no smoother box removes. {_PERCENT}"),
    Measure("gain", "gain", "", "zero", "Share of the window's shift that landmarks ride along with: 0 holds to the "
            "face, 1 rides with the window.", digits=3, floor=0.01),
    Measure("nme_common", "NME, common", "%", "low", "Mean distance to the true landmarks, on those that all detectors "
            "reach: compare detectors by this one.", group="accuracy"),
    Measure("nme", "NME", "%", "low", "Mean distance to the true landmarks, on all that truth and detector share.",
            group="accuracy"),
    Measure("latency", "latency", "ms", "low", f"{_LATENCY}: the median. The interval is that of the median "
            "within this run, and says nothing of other machines.", group="speed", paired=False),
    Measure("latency_p90", "latency p90", "ms", "low", f"{_LATENCY}: nine of ten faces take no longer.",
            group="speed", paired=False),
    Measure("landmarks", "landmarks", "", "none", "How many landmarks the detector gives.", digits=0, kind="stated",
            group="model", paired=False),
    Measure("params", "parameters", "M", "low", "Numbers of the model that training sets, in millions.", digits=1,
            kind="stated", group="model", paired=False),
    Measure("flops", "FLOPs", "G", "low", "Of one face: two for each multiply-add of convolutions and matrix products. "
            "Many papers print half of this under the same name.", digits=2, kind="stated", group="model",
            paired=False),
)  # fmt: skip

# Of a row of ``video.summary``; the keys as they are there.
VIDEO = (
    Measure("acceleration", "acceleration", "%", "low", "On video, moving faces: mean second difference of landmarks, "
            f"the motion of the face included. {_PERCENT}", group="video"),
    Measure("flow_jitter_common", "flow jitter, common", "%", "low", "On video, moving faces: landmark movement that the "
            "optical flow of the picture does not explain, on the landmarks that all detectors reach: compare detectors "
            f"by this one. {_PERCENT}", group="video"),
    Measure("flow_jitter", "flow jitter", "%", "low", "On video, moving faces: landmark movement that the optical "
            f"flow of the picture does not explain. {_PERCENT}", group="video"),
    Measure("high_frequency", "high freq.", "", "low", "On video, moving faces: share of the displacement's energy "
            "above 5 Hz.", digits=3, group="video"),
)  # fmt: skip
