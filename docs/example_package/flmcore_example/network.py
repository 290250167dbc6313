"""The smallest network with an answer that can be checked: where is each colour bright?"""

import torch
from torch import nn


class Centroids(nn.Module):
    """The centre of brightness of each colour channel.

    Input N×3×H×W from 0 to 1, output (N, 3, 2): x and y in pixels of the crop, (0, 0) the centre of the first pixel.
    ``size`` is the crop's width and height, which flmcore hands on from the config. The weights are the coordinates.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__()
        width, height = size
        self.x = nn.Parameter(torch.zeros(width))
        self.y = nn.Parameter(torch.zeros(height))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        total = image.sum(dim=(2, 3)) + 1e-6
        x, y = image.sum(dim=2) @ self.x, image.sum(dim=3) @ self.y
        return torch.stack((x / total, y / total), dim=-1)
