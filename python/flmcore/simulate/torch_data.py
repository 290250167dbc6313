"""Drawn faces for PyTorch's loaders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from flmcore.errors import MissingExtraError

try:
    import torch
    from torch.utils.data import Dataset
except ImportError:
    raise MissingExtraError("torch", "torch", "FaceStream.torch_dataset") from None  # noqa: EM101

if TYPE_CHECKING:
    from flmcore.simulate.stream import FaceStream

__all__ = ["DrawnFaces"]

Item = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


class DrawnFaces(Dataset[Item]):
    """What :meth:`flmcore.simulate.FaceStream.torch_dataset` gives."""

    def __init__(self, stream: FaceStream, first: int, length: int, scheme: str) -> None:
        self.stream, self.first, self.length, self.scheme = stream, first, length, scheme

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Item:
        if not 0 <= index < self.length:
            msg = f"index: expected one from 0 to {self.length - 1}, got {index}"
            raise IndexError(msg)  # what ends a loop over a data set
        face = self.stream.render(self.first + index, truth=(self.scheme,), labels=False)
        image = np.ascontiguousarray(face.image.transpose(2, 0, 1))
        points, visible = face.landmarks[self.scheme], face.visible[self.scheme]
        return torch.from_numpy(image), torch.from_numpy(points), torch.from_numpy(visible)
