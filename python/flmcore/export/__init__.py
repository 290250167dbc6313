"""Detectors as files for other programs: Core ML, ONNX; what is likely to happen to them on a phone."""
