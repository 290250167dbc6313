"""Whether packages can be made here, and small networks to make them of."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

import numpy as np
import pytest

from flmcore.detectors.backends.coreml_tools import import_coremltools
from flmcore.errors import ExportError, MissingExtraError
from flmcore.export.coreml import check_versions
from flmcore.export.coreml_convert import Conversion, ImageInput, program_block


def coremltools() -> Any:
    """coremltools; skips the test where it, PyTorch, or a numpy that it works with is missing."""
    if importlib.util.find_spec("torch") is None:
        pytest.skip("needs torch")
    try:
        check_versions(np.__version__, sys.platform)
    except (ExportError, MissingExtraError) as error:
        pytest.skip(str(error))
    return import_coremltools("tests")


def conversion(*outputs: str, side: int = 24, **changes: Any) -> Conversion:
    """A conversion of a network that sees a picture divided by 255."""
    image = changes.pop("image", ImageInput(1 / 255))
    return Conversion(
        size=(side, side), input_name="image", output_names=outputs or ("landmarks",), image=image, **changes
    )


def module_of(forward: Any) -> Any:
    """A module that does ``forward``."""
    import torch

    class Module(torch.nn.Module):
        def forward(self, image: Any) -> Any:
            return forward(image)

    return Module().eval()


def operations(model: Any) -> list[str]:
    """The kinds of operations of a model, constants left out, in order."""
    block = program_block(model.get_spec())
    return [operation.type for operation in block.operations if operation.type != "const"]
