"""The PyTorch module that a converter is handed: normalisation, network, mirroring and decoding in one graph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from flmcore import schemes
from flmcore.detectors.backends.model_io import layout_axes
from flmcore.detectors.backends.torch import pick_output
from flmcore.detectors.decode import wanted_outputs
from flmcore.detectors.flip import flip_of
from flmcore.detectors.schema import DetectorConfig, SimccDecode

__all__ = ["Deployed", "Network"]

Tensors = tuple[torch.Tensor, ...]


class Deployed(nn.Module):
    """A detector from a picture of its crop to named outputs; made by :func:`flmcore.export.deployed.deploy`.

    ``forward`` takes pictures (N, 3, H, W) float32, grey levels 0 to 255, channels in the order RGB, and gives a tuple
    of tensors in the order of ``output_names``. Made with ``normalise=False`` it takes what a converter's own picture
    input gives instead: ``image_scale * grey + image_bias``, channels in the order ``image_channels``.

    Only the network's own tensors are weights; what is added are constants of at most K×K numbers.

    Attributes:
        input_name: ``image``.
        output_names: one for each output.
        output_shapes: of one picture, batch included.
        image_size: (width, height) of the picture.
        image_channels: ``rgb`` or ``bgr``: the network's own order. A converter that can declare a picture's colours does
            so, and no channel is moved in the graph.
        image_scale, image_bias: what a converter may fold into its picture input, the bias in the order of
            ``image_channels``. With the same std for all channels that is the whole normalisation. Otherwise it is
            the subtraction of the mean, exact in float16 to 1/16 of a grey level, and each channel is multiplied by
            its 1 / std in the graph.
        decode, flip: what is inside: the decoder's method or ``none``; ``none``, ``sum`` or ``mean``.
    """

    input_name = "image"

    def __init__(
        self,
        network: Network,
        config: DetectorConfig,
        decoder: nn.Module | None,
        *,
        outputs: Sequence[tuple[str, tuple[int, ...]]],
        decode: str,
        normalise: bool,
    ) -> None:
        super().__init__()
        self.network, self.decoder = network, decoder
        self.decode, self.flip, self.normalise = decode, network.flip, normalise
        self.output_names = tuple(name for name, _ in outputs)
        self.output_shapes = tuple(shape for _, shape in outputs)
        self.image_size = config.crop.size
        self.image_channels = config.input.channels
        mean, std = (np.array(value, np.float64) for value in (config.input.mean, config.input.std))
        alike = bool((std == std[0]).all())
        self.image_scale = float(1 / std[0]) if alike else 1.0
        self.image_bias = (0 - mean * self.image_scale).tolist()
        # As flmcore.crop: grey * float32(1 / std) + float32(-mean / std), so that both give the same bits.
        factors, shift = (1 / std, 0 - mean / std) if normalise else (1 / std / self.image_scale, mean * 0)
        self.factors = nn.Buffer(_per_channel(factors), persistent=False)
        self.shift = nn.Buffer(_per_channel(shift), persistent=False)
        self._scales, self._shifts = bool((factors != 1).any()), bool((shift != 0).any())

    def forward(self, image: torch.Tensor) -> Tensors:
        x = image
        if self.normalise and self.image_channels == "bgr":
            x = torch.cat(
                [x[:, 2:3], x[:, 1:2], x[:, 0:1]], dim=1
            )  # slices: a gather may leave the Neural Engine
        if self._scales:
            x = x * self.factors
        if self._shifts:
            x = x + self.shift
        outputs: Tensors = self.network(x)
        return outputs if self.decoder is None else self.decoder(outputs)


class Network(nn.Module):
    """The network itself, from normalised pictures to the tensors that decoding needs, its mirror image's added."""

    def __init__(self, module: nn.Module, config: DetectorConfig, *, flip: bool) -> None:
        super().__init__()
        self.module = module
        self.wanted, self.name = wanted_outputs(config), config.name
        self.axes = layout_axes[config.input.layout]
        self.flip = flip_of(config) if flip else "none"
        self.together = config.model.batch != 1  # both views as one batch: half the operations
        self.maps = 2 if isinstance(config.decode, SimccDecode) else 1
        if self.flip != "none":
            # A permutation as a product with zeros and ones is exact, and no gather.
            partner = np.array(schemes.get(config.scheme).flip)
            self.partner = nn.Buffer(
                torch.eye(len(partner))[torch.from_numpy(partner)].clone(), persistent=False
            )

    def forward(self, x: torch.Tensor) -> Tensors:
        if self.flip == "none":
            return self._run(x)
        if self.together:
            views = self._run(torch.cat([x, x.flip(3)]))
            pairs = [torch.chunk(value, 2) for value in views]
        else:
            pairs = list(zip(self._run(x), self._run(x.flip(3)), strict=True))
        return tuple(self._merge(i, plain, mirror) for i, (plain, mirror) in enumerate(pairs))

    def _run(self, x: torch.Tensor) -> Tensors:
        if self.axes != (0, 1, 2, 3):
            x = x.permute(self.axes).contiguous()
        outputs = self.module(x)
        return tuple(pick_output(outputs, wanted, self.name).float() for wanted in self.wanted)

    def _merge(self, place: int, plain: torch.Tensor, mirror: torch.Tensor) -> torch.Tensor:
        """As :func:`flmcore.detectors.flip.merge_mirrored`."""
        if mirror.ndim > 1 and mirror.shape[1] == len(self.partner):
            mirror = self._exchange(mirror)
        if place == 0:  # maps, and the vectors of x; the vectors of y and scores are the same from both sides
            mirror = mirror.flip(mirror.ndim - 1)
        total = plain + mirror
        return total if self.flip == "sum" else total * 0.5

    def _exchange(self, mirror: torch.Tensor) -> torch.Tensor:
        """Axis 1 in the order of each landmark's left-right partner."""
        if mirror.ndim == 4:
            return nn.functional.conv2d(mirror, self.partner[:, :, None, None])
        if mirror.ndim == 2:
            return mirror @ self.partner.T
        return self.partner @ mirror


def _per_channel(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> torch.Tensor:
    return torch.from_numpy(values.astype(np.float32)).reshape(1, 3, 1, 1)
