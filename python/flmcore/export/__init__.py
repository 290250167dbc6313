"""Detectors as files for other programs: Core ML, ONNX; what is likely to happen to them on a phone."""

from __future__ import annotations

from flmcore.export.coreml import CoremlExport, export_coreml

__all__ = ["CoremlExport", "export_coreml"]
