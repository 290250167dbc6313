"""The detector file of an exported model: what flmcore needs to run it in the original's place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from flmcore.detectors.cost import stated_cost
from flmcore.detectors.schema import DetectorConfig, OutputConfig
from flmcore.detectors.toml_text import toml_lines

__all__ = ["config_text", "detector_file"]

_TOP = ("name", "scheme", "landmarks", "licence", "description")


def detector_file(
    config: DetectorConfig,
    outputs: Mapping[str, str],
    *,
    backend: str,
    weights: str,
    sha256: str | None,
    decoded: bool,
    flip: bool,
) -> str:
    """TOML of a detector that runs the exported model; the crop is the original's, scale and mean are in the model.

    It is named after the exported file, or ``ORIGINAL-BACKEND`` where that has the original's name.

    Args:
        config: the original's.
        outputs: name of each output → what it is: ``landmarks``, ``scores``, ``heatmaps``, ``simcc_x``, ``simcc_y``, …
        backend, weights: of the exported model, ``weights`` relative to the file.
        sha256: its sum.
        decoded: landmarks come out in crop pixels.
        flip: the mirrored second pass is in the model.

    Raises:
        ConfigError: a text of the config that TOML cannot hold.
    """
    table = config.to_dict()
    names = {own: name for name, own in outputs.items()}
    decode = dict(table["decode"])
    if decoded:
        decode = {"kind": "coordinates", "units": "pixels", "origin": "centre"}
    elif flip and "flip" in decode:
        decode["flip"] = "none"
    source = dict(table["source"])
    if flip:  # both passes are one run of this model
        source["multiply_adds"] = stated_cost(config).multiply_adds
    top = {key: table[key] for key in _TOP}
    top["name"] = _own_name(config.name, weights, backend)
    tables = {
        "model": {"backend": backend, "weights": weights, "sha256": sha256},
        "crop": table["crop"],
        "input": {"channels": "rgb", "mean": [0.0] * 3, "std": [1.0] * 3, "layout": "nchw"},
        "output": _output(config.output, names, decoded=decoded),
        "decode": decode,
        **({"mapping": table["mapping"]} if "mapping" in table else {}),
        "source": source,
    }
    return _text(top, tables)


def config_text(config: DetectorConfig) -> str:
    """TOML that gives the config back, every default written out; ``weights`` stays relative to whatever file it becomes."""
    table = config.to_dict()
    tables = {key: value for key, value in table.items() if isinstance(value, dict)}
    for name, values in tables.items():
        tables[name] = {key: value for key, value in values.items() if value != {}}
    return _text({key: table[key] for key in _TOP}, tables)


def _text(top: Mapping[str, Any], tables: Mapping[str, Mapping[str, Any]]) -> str:
    lines = toml_lines(top)
    for name, values in tables.items():
        lines += ["", f"[{name}]", *toml_lines(values)]
    return "\n".join(lines) + "\n"


def _own_name(original: str, weights: str, backend: str) -> str:
    """The file's stem: a run that compares the exported with the original, or two exports, tells them apart by name."""
    stem = PurePosixPath(weights).stem
    return f"{original}-{backend}" if stem == original else stem


def _output(output: OutputConfig, names: Mapping[str, str], *, decoded: bool) -> dict[str, Any]:
    """Which output is what, by name."""
    if "simcc_x" in names:
        found: dict[str, Any] = {"x": names["simcc_x"], "y": names["simcc_y"]}
    else:
        found = {"landmarks": next(name for own, name in names.items() if own != "scores")}
    if "scores" in names:
        found["scores"] = names["scores"]
        if not decoded:
            found |= {"score_column": output.score_column, "score_activation": output.score_activation}
    return found
