"""Detectors as files for other programs: Core ML, ONNX; what is likely to happen to them on a phone."""

from __future__ import annotations

from flmcore.export.coreml import CoremlExport, export_coreml
from flmcore.export.drift import Drift, VariantDrift, measure_drift
from flmcore.export.onnx_export import OnnxExport, export_onnx
from flmcore.export.package import read_package
from flmcore.export.portability import PortabilityReport, portability
from flmcore.export.program import Program

__all__ = [
    "CoremlExport",
    "Drift",
    "OnnxExport",
    "PortabilityReport",
    "Program",
    "VariantDrift",
    "export_coreml",
    "export_onnx",
    "measure_drift",
    "portability",
    "read_package",
]
