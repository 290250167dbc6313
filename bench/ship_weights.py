"""Puts a trained detector's weights into the package, once, for two programs.

    python bench/ship_weights.py run/simulated-s.toml --name simulated-s

Writes beside the zoo's files, from the detector file of a network that `flmcore train` wrote:

* `weights/NAME.safetensors`: the tensors in half precision (PyTorch fills the network with them, in float32);
* `weights/NAME.onnx`: the graph alone, some kilobytes, whose tensors are those of that file, cast to float32 on loading, so
  that onnxruntime (15 MB) runs it where PyTorch (200 MB) is not installed, and no number is there twice;
* `weights/LICENSE`: the repository's, for the weights;
* `NAME.toml` (backend onnx) and `NAME-torch.toml` (for export and further training), with sums, sizes and costs.

The detector files say whose the weights are and that anyone may use them, so weights of other terms are refused: a licence that
is not Apache-2.0, a [source] that forbids commerce, a [mapping], which was learnt from research data. Before anything is put in its
place, both are run on noise and must agree.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import struct
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import flmcore
from flmcore.detectors.base import Detector
from flmcore.detectors.config import ZOO
from flmcore.detectors.cost import Cost
from flmcore.detectors.schema import DetectorConfig, ModelConfig
from flmcore.detectors.weights import sha256_of
from flmcore.export.deployed import deploy, raw_outputs
from flmcore.export.detector_file import config_text, detector_file
from flmcore.export.onnx_convert import convert

LICENCE = Path(__file__).parent.parent / "LICENSE"
MOST_BYTES = 6_000_000
AGREE = 0.02  # crop pixels between PyTorch and onnxruntime, both in float32
TERMS = "Apache-2.0"
_SKIPPED = "num_batches_tracked"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("detector", help="detector file of backend torch, its weights beside it")
    parser.add_argument("--name", default="simulated-s")
    parser.add_argument("--into", type=Path, default=ZOO, help="folder of detector files (default: the zoo)")
    options = parser.parse_args()
    detector = flmcore.load_detector(options.detector, threads=1)
    for path in ship(detector, options.name, options.into):
        print(f"{path}: {path.stat().st_size:,} bytes")


def ship(detector: Detector, name: str, into: Path) -> list[Path]:
    """The files, written whole: they are made in a folder of their own and moved when all of them agree."""
    _check_terms(detector)
    with tempfile.TemporaryDirectory(prefix=".ship.", dir=into) as made:
        folder = Path(made)
        (folder / "weights").mkdir()
        files = _make(detector, name, folder)
        (into / "weights").mkdir(exist_ok=True)
        for file in files:
            shutil.move(file, into / file.relative_to(folder))
        return [into / file.relative_to(folder) for file in files]


def _check_terms(detector: Detector) -> None:
    said, found = detector.config.licence, detector.name
    if detector.translation is not None:
        msg = f"{found}: expected no [mapping], which was learnt from data with terms of its own"
    elif not said.startswith(TERMS):
        msg = f"{found}: licence: expected {TERMS}, under which the package is, got {said!r}"
    elif detector.config.source.commercial == "no":
        msg = f"{found}: source.commercial: expected weights that anyone may use, got 'no'"
    else:
        return
    raise SystemExit(msg)


def _make(detector: Detector, name: str, folder: Path) -> list[Path]:
    tensors = half_tensors(detector)
    data = folder / "weights" / f"{name}.safetensors"
    data.write_bytes(pack(tensors))
    if data.stat().st_size > MOST_BYTES:
        msg = f"{data.name}: expected at most {MOST_BYTES:,} bytes, got {data.stat().st_size:,}"
        raise SystemExit(msg)
    torch_file = folder / f"{name}-torch.toml"
    torch_file.write_text(_torch_toml(detector, f"{name}-torch", data), encoding="utf-8")
    halved = flmcore.load_detector(torch_file, threads=1)
    graph = folder / "weights" / f"{name}.onnx"
    graph.write_bytes(graph_over(halved, data))
    file = folder / f"{name}.toml"
    file.write_text(_onnx_toml(halved.config, name, graph, data), encoding="utf-8")
    runs = flmcore.load_detector(file, threads=1)
    _check_agreement(halved, runs)
    # Tensors with the same numbers are one in the graph, so that it holds fewer.
    stated = _stating(halved.config, runs.cost())
    file.write_text(_onnx_toml(stated, name, graph, data), encoding="utf-8")
    licence = Path(shutil.copyfile(LICENCE, folder / "weights" / "LICENSE"))
    return [data, graph, licence, torch_file, file]


def half_tensors(detector: Detector) -> dict[str, Any]:
    """Name → float16; what does not fit into it is an error, not an infinity."""
    import torch

    state = detector.backend.module.state_dict()  # type: ignore[attr-defined]
    found = {}
    for key, value in sorted(state.items()):
        if key.endswith(_SKIPPED):
            continue
        half = value.detach().cpu().to(torch.float16)
        if not torch.isfinite(half).all():
            msg = f"{key}: expected numbers that float16 holds, got up to {float(value.abs().max()):g}"
            raise SystemExit(msg)
        found[key] = half.contiguous()
    return found


def pack(tensors: dict[str, Any]) -> bytes:
    """A .safetensors file, tensors in the order of their names, each at a multiple of 64 bytes behind the header."""
    entries: dict[str, Any] = {"__metadata__": {"format": "pt", "made_by": f"flmcore {flmcore.__version__}"}}
    parts, place = [], 0
    for key, value in tensors.items():
        raw = value.numpy().tobytes()
        entries[key] = {"dtype": "F16", "shape": list(value.shape), "data_offsets": [place, place + len(raw)]}
        parts.append(raw)
        place += len(raw)
    header = json.dumps(entries, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header + b"".join(parts)


def graph_over(detector: Detector, data: Path) -> bytes:
    """The detector's graph from grey levels to raw outputs, its tensors those of the file ``data`` beside it."""
    model = convert(deploy(detector), detector.name, dynamic=True, opset=18, fold=False)
    _refer(model, data)
    del model.metadata_props[:], model.graph.metadata_props[:], model.graph.value_info[:]
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    model.graph.name = detector.name.removesuffix("-torch")
    # The graph's own bytes follow from the numbers, too: two trainings are never one file.
    model.metadata_props.add(key="flmcore.data_sha256", value=sha256_of(data))
    return bytes(model.SerializeToString(deterministic=True))


def _refer(model: Any, data: Path) -> None:
    """Initialisers that the file holds give way to a reference to it and a cast; what is small and made stays."""
    from onnx import TensorProto, helper, numpy_helper

    start, entries = _header(data)
    raw = data.read_bytes()
    known = {}
    for key, entry in entries.items():
        first, last = (start + offset for offset in entry["data_offsets"])
        values = np.frombuffer(raw[first:last], np.float16).reshape(entry["shape"]).astype(np.float32)
        known[(values.shape, hashlib.sha256(values.tobytes()).digest())] = (key, first, last - first)
    kept, casts, used = [], [], set()
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        found = known.get((values.shape, hashlib.sha256(values.tobytes()).digest()))
        if values.dtype != np.float32 or found is None:
            kept.append(tensor)
            continue
        key, offset, length = found
        if key not in used:
            used.add(key)
            kept.append(_external(key, values.shape, data.name, offset, length))
        casts.append(helper.make_node("Cast", [key], [tensor.name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes)


def _external(name: str, shape: tuple[int, ...], location: str, offset: int, length: int) -> Any:
    from onnx import TensorProto

    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT16, dims=shape)
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", str(offset)), ("length", str(length))):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value
    return tensor


def _header(data: Path) -> tuple[int, dict[str, Any]]:
    """Where the numbers begin, and name → dtype, shape, offsets from there."""
    with data.open("rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        entries = json.loads(stream.read(length))
    entries.pop("__metadata__", None)
    return 8 + length, entries


def _torch_toml(detector: Detector, name: str, data: Path) -> str:
    config = _stating(_ours(detector.config, name.removesuffix("-torch")), detector.cost())
    source = replace(config.source, bytes=data.stat().st_size)
    model: ModelConfig = replace(
        config.model, weights=f"weights/{data.name}", sha256=sha256_of(data), state=None
    )
    return config_text(replace(config, name=name, source=source, model=model))


def _ours(config: DetectorConfig, name: str) -> DetectorConfig:
    """With whose the weights are; how well it does is said by the card, where the protocol is said as well."""
    source = replace(
        config.source,
        publisher="flmcore",
        url="https://github.com/flmcore/flmcore",
        weights=TERMS,
        data="drawn by flmcore simulate: no photograph of anyone",
        commercial="yes",
    )
    said = f"flmcore's own network, trained on drawn faces alone; how it was made and judged: docs/models/{name}.md"
    return replace(config, source=source, description=said)


def _stating(config: DetectorConfig, cost: Cost) -> DetectorConfig:
    source = replace(config.source, parameters=cost.parameters, multiply_adds=cost.multiply_adds)
    return replace(config, source=source)


def _onnx_toml(config: DetectorConfig, name: str, graph: Path, data: Path) -> str:
    outputs = dict.fromkeys(raw_outputs(config))
    source = replace(config.source, bytes=graph.stat().st_size + data.stat().st_size)
    text = detector_file(
        replace(config, name=f"{name}-graph", source=source),
        {key: key for key in outputs},
        backend="onnx",
        weights=f"weights/{graph.name}",
        sha256=sha256_of(graph),
        decoded=False,
        flip=True,
    )
    line = f'sha256 = "{sha256_of(graph)}"'
    return text.replace(line, f'{line}\ndata_sha256 = "{sha256_of(data)}"', 1)


def _check_agreement(first: Detector, second: Detector) -> None:
    rng = np.random.default_rng(0)
    image = np.kron(rng.integers(0, 256, (20, 20, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    boxes = [[20, 20, 120, 130], [40, 10, 150, 150]]
    windows = first.windows(boxes)
    a, b = (one.decode(one.infer(one.crop(image, windows)))[0] for one in (first, second))
    far = float(np.abs(a - b).max())
    if not far < AGREE:
        msg = f"{second.name}: expected within {AGREE} crop pixels of PyTorch, got {far:.3g}"
        raise SystemExit(msg)


if __name__ == "__main__":
    main()
