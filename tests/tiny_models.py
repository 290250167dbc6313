"""Real models with known answers, made on the fly: where is the bright spot of each colour channel?

``centroid`` gives the brightness centroid of each channel as (x, y) in crop pixels; ``identity`` gives the crop back,
which makes a heat map of each channel.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

SIDE = 24


def spots_image(
    places: list[tuple[int, int]], height: int = 60, width: int = 80
) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Black, with a bright pixel of channel c at places[c]."""
    image = np.zeros((height, width, 3), np.uint8)
    for channel, (x, y) in enumerate(places):
        image[y, x, channel] = 255
    return image


def write_config(
    folder: Path, backend: str, weights: str, decode: str, *, layout: str = "nchw", more: str = ""
) -> Path:
    text = f"""
        name = "tiny"
        scheme = "spots-3"
        landmarks = 3
        licence = "none"
        [model]
        backend = "{backend}"
        weights = "{weights}"
        {more}
        [crop]
        size = {SIDE}
        [input]
        std = 255
        layout = "{layout}"
        {decode}
    """
    (folder / "tiny.toml").write_text(text)
    return folder / "tiny.toml"


CENTROID = '[decode]\nkind = "coordinates"\nunits = "pixels"\norigin = "centre"'
IDENTITY = '[decode]\nkind = "heatmap"'


def centroid_onnx(
    path: Path,
    *,
    batch: int | str = "batch",
    layout: str = "nchw",
    landmarks: int = 3,
    nan: bool = False,
    side: int | str = SIDE,
    takes: str = "FLOAT",
    gives: str = "FLOAT",
    more: tuple[str, ...] = (),
) -> Path:
    """Sums of brightness times coordinate over sums of brightness; with ``nan``, 0 / 0 on a black crop and anywhere.

    ``takes`` and ``gives`` are ONNX's names of the types of input and coordinates, ``more`` names of further inputs.
    """
    onnx = pytest.importorskip("onnx")
    helper, numpy_helper = onnx.helper, onnx.numpy_helper
    axes = {"nchw": (0, 1, 2, 3), "nhwc": (0, 3, 1, 2), "nwhc": (0, 3, 2, 1)}[layout]  # back to nchw
    shape = {"nchw": [batch, 3, side, side]}.get(layout, [batch, side, side, 3])
    types = onnx.TensorProto
    rows, columns = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    tiny = np.float32(0 if nan else 1e-9)
    constants = {"x": columns, "y": rows, "tiny": tiny, "space": np.array([2, 3]), "last": np.array([2])}
    nodes = [
        helper.make_node("Cast", ["image"], ["floats"], to=types.FLOAT),
        helper.make_node("Transpose", ["floats"], ["planes"], perm=axes),
        helper.make_node("ReduceSum", ["planes", "space"], ["bare"], keepdims=0),
        helper.make_node("Mul" if nan else "Add", ["bare", "tiny"], ["total"]),
        *(helper.make_node("Mul", ["planes", c], [f"{c}p"]) for c in "xy"),
        *(helper.make_node("ReduceSum", [f"{c}p", "space"], [f"{c}s"], keepdims=0) for c in "xy"),
        *(helper.make_node("Div", [f"{c}s", "total"], [f"{c}c"]) for c in "xy"),
        *(helper.make_node("Unsqueeze", [f"{c}c", "last"], [f"{c}u"]) for c in "xy"),
        helper.make_node("Concat", ["xu", "yu"], ["exact"], axis=2),
        helper.make_node("Round" if "INT" in gives else "Identity", ["exact"], ["near"]),
        helper.make_node("Cast", ["near"], ["points"], to=getattr(types, gives)),
    ]
    graph = helper.make_graph(
        nodes,
        "centroid",
        [
            helper.make_tensor_value_info("image", getattr(types, takes), shape),
            *(helper.make_tensor_value_info(name, types.FLOAT, [1]) for name in more),
        ],
        [
            helper.make_tensor_value_info("total", types.FLOAT, [batch, 3]),
            helper.make_tensor_value_info("points", getattr(types, gives), [batch, landmarks, 2]),
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, path)
    return path


def centroid_module(landmarks: int = 3) -> Any:
    """The same as a torch module; the coordinates are its state."""
    torch = pytest.importorskip("torch")

    class Centroid(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            rows, columns = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
            self.x = torch.nn.Parameter(torch.from_numpy(columns))
            self.y = torch.nn.Parameter(torch.from_numpy(rows))

        def forward(self, image: Any) -> Any:
            image = image[:, :landmarks]
            total = image.sum(dim=(2, 3)) + 1e-9
            points = torch.stack([(image * self.x).sum(dim=(2, 3)), (image * self.y).sum(dim=(2, 3))], dim=-1)
            return total, points / total[..., None]

    return Centroid()
