"""Label translation in an exported model: in the graph beside its decoder, else a file beside the detector file."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from flmcore.detectors.schema import DetectorConfig, MappingConfig
from flmcore.errors import ExportError
from flmcore.export.decode_choice import decode_facts
from flmcore.schemes.mapping_file import mapping_text
from flmcore.schemes.rows import Step

if TYPE_CHECKING:
    from flmcore.detectors.base import Detector

__all__ = ["exported_config", "files_beside", "graph_step", "mapping_file"]


def mapping_file(out: Path) -> Path:
    """The mapping beside an exported file whose landmarks are still to be translated."""
    return out.with_name(f"{out.name}.map.toml")


def graph_step(detector: Detector, method: str) -> Step | None:
    """The rows that follow a decoder of :func:`~flmcore.export.decode_choice.choose_method` in the graph; None for none.

    Raises:
        ExportError: a translation that no graph can hold as it is.
    """
    if detector.translation is None or method == "none":
        return None
    steps = detector.translation.mapping.steps
    lacking = _lacking(detector, method, steps)
    if lacking:
        msg = f"decode: expected none for {detector.name}, whose landmarks are translated, got {method}: {lacking}"
        raise ExportError(msg)
    return steps[0]


def _lacking(detector: Detector, method: str, steps: tuple[Step, ...]) -> str:
    """Why the graph would give other landmarks than flmcore; empty where it would not."""
    if len(steps) != 1 or steps[0].arcs:
        return "the mapping has polylines, whose length a product cannot measure"
    if not all(steps[0].rows):
        return "the mapping leaves landmarks undefined"
    threshold = decode_facts(detector.config, method)["threshold"]
    if threshold is not None and threshold > -1e30:
        return "the decoder leaves landmarks undefined, which a sum would hide"
    return ""


def exported_config(detector: Detector, out: Path, *, in_graph: bool) -> DetectorConfig:
    """The config as the exported model has it: the translation is inside, or in a file beside ``out``."""
    config, translation = detector.config, detector.translation
    if translation is None:
        return replace(config, mapping=None)
    if in_graph:
        return replace(config, scheme=translation.scheme, landmarks=translation.landmark_count, mapping=None)
    sha256 = hashlib.sha256(_text(detector).encode()).hexdigest()
    return replace(config, mapping=MappingConfig(mapping_file(out).name, sha256))


def files_beside(detector: Detector, out: Path, *, in_graph: bool, force: bool) -> dict[Path, str]:
    """The mapping's file and its text, where the translation stays outside.

    Raises:
        ExportError: there is such a file, and ``force`` is not given; or a mapping that no file can hold.
    """
    if detector.translation is None or in_graph:
        return {}
    place = mapping_file(out)
    if os.path.lexists(place) and not force:
        msg = f"out: expected a name that is free, got {place}, which is there: --force (force=True) replaces it"
        raise ExportError(msg)
    return {place: _text(detector)}


def _text(detector: Detector) -> str:
    assert detector.translation is not None
    mapping = detector.translation.mapping
    if len(mapping.steps) != 1 or mapping.steps[0].arcs:
        msg = (
            f"{detector.name}: expected a mapping of rows alone, got polylines: --mapping none leaves it out"
        )
        raise ExportError(msg)
    return mapping_text(mapping)
