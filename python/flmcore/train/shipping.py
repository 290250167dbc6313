"""What a training leaves: weights, the detector file that runs them, and a card that says what they are."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from flmcore.detectors.toml_text import toml_lines
from flmcore.train.network import network_options
from flmcore.train.schema import TrainConfig
from flmcore.whole_files import write_bytes

__all__ = ["Shipped", "describe_sources", "file_stem", "halved", "write_detector"]


@dataclass(frozen=True)
class Shipped:
    """Paths of what was written."""

    weights: Path
    detector: Path
    card: Path


def file_stem(name: str) -> str:
    """The config's name as a file's."""
    return re.sub(r"[^\w.-]+", "_", name).strip("._") or "detector"


@torch.no_grad()
def halved(network: nn.Module) -> None:
    """Round a network's numbers to float16, as its file will hold them."""
    for tensor in network.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(tensor.half())


def write_detector(
    config: TrainConfig, network: nn.Module, folder: Path, summary: Mapping[str, Any]
) -> Shipped:
    """``NAME.safetensors``, ``NAME.toml`` and ``NAME.md``, each whole or not at all, the detector file after its weights.

    Args:
        network: the one that is shipped: the average.
        summary: ``samples``, ``epochs``, ``minutes``, ``sources`` and ``errors`` (name → %) for the texts.
    """
    from safetensors.torch import save

    stem = file_stem(config.name)
    kind = torch.float16 if config.run.half else torch.float32
    state = {
        name: (tensor.to(kind) if tensor.is_floating_point() else tensor).detach().cpu().contiguous()
        for name, tensor in network.state_dict().items()
        if not name.endswith("num_batches_tracked")  # counted in training alone
    }
    data = save(state, {"format": "pt"})
    paths = Shipped(*(folder / f"{stem}.{suffix}" for suffix in ("safetensors", "toml", "md")))
    write_bytes(paths.weights, data)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    about = {
        **summary,
        "bytes": len(data),
        "parameters": parameters,
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    write_bytes(paths.detector, _toml(config, paths.weights.name, about).encode())
    write_bytes(paths.card, _card(config, about).encode())
    return paths


def _toml(config: TrainConfig, weights: str, about: Mapping[str, Any]) -> str:
    decode = {"kind": "coordinates", **({"stride": config.values} if config.values != 2 else {})}
    top = {
        "name": config.name,
        "scheme": config.scheme,
        "landmarks": config.landmarks,
        "licence": config.licence,
        "description": " ".join(filter(None, [config.description, _told(about)])),
    }
    tables = {
        "model": {
            "backend": "torch",
            "network": config.model.network,
            "options": network_options(config),
            "weights": weights,
            "sha256": about["sha256"],
        },
        "crop": _listed(dataclasses.asdict(config.crop)),
        "input": _listed(dataclasses.asdict(config.input)),
        "decode": decode,
        "source": {"weights": config.licence, "bytes": about["bytes"], "parameters": about["parameters"]},
    }
    lines = toml_lines(top)
    for name, table in tables.items():
        lines += ["", f"[{name}]", *toml_lines(table)]
    return "\n".join(lines) + "\n"


def _listed(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in table.items()}


def _told(about: Mapping[str, Any]) -> str:
    """One sentence."""
    errors = ", ".join(
        f"{name} {error:.2f} %" for name, error in about["errors"].items() if error is not None
    )
    measured = f"; error on validation: {errors}" if errors else ""
    sources = " and ".join(about["sources"])
    return f"Trained with flmcore on {sources}, {about['samples']:,} samples in {about['minutes']:.0f} minutes{measured}."


def _card(config: TrainConfig, about: Mapping[str, Any]) -> str:
    """A model card to be filled in: what is known is said, what is not is asked."""
    rows = "".join(
        f"| {name} | {'no figure' if error is None else f'{error:.2f} %'} |\n"
        for name, error in about["errors"].items()
    )
    errors = (
        f"| validation | NME |\n| --- | --- |\n{rows}"
        if rows
        else "Not measured: the training had no validation.\n"
    )
    width, height = config.crop.size
    return f"""# {config.name}

{config.description or "To be filled in: what it is for, and what not."}

* Landmarks: {config.landmarks}, `{config.scheme}`
* Network: {config.model.network} {network_options(config) or ""}, {about["parameters"]:,} parameters, {about["bytes"]:,} bytes
* Input: {width}×{height}; crop rule `{config.crop.rule}`, scale {config.crop.scale:g}, of a box of kind `{config.crop.box}`
* Trained on: {"; ".join(about["sources"])}
* Samples seen: {about["samples"]:,} in {about["epochs"]} epochs, {about["minutes"]:.0f} minutes
* Licence: {config.licence}
* SHA-256 of the weights: `{about["sha256"]}`

## Error

{errors}
The weights were not chosen by these figures: they are those at the end of the training.

## Limits

To be filled in: on which people, poses and pictures it was not measured, and where it is known to fail.
"""


def describe_sources(names: Sequence[str], lengths: Sequence[int | None]) -> list[str]:
    """``name (1,000 faces)`` of each."""
    return [
        f"{name} ({'a stream' if length is None else f'{length:,} faces'})"
        for name, length in zip(names, lengths, strict=True)
    ]
