"""ResNet read off a state dict, in float64, one operation at a time: the names alone say what is computed.

He et al., Deep Residual Learning for Image Recognition, 2016, tables 1 and figure 5; the stride lies in the last 3×3
convolution but one of a block's convolutions, the first of two or the second of three, as torchvision has it.
"""

from __future__ import annotations

from torch.nn import functional as F

EPSILON = 1e-5


def normalised(state, name, x):
    mean, variance = state[f"{name}.running_mean"], state[f"{name}.running_var"]
    weight, bias = state[f"{name}.weight"], state[f"{name}.bias"]
    per_channel = [value[None, :, None, None] for value in (mean, variance, weight, bias)]
    return (x - per_channel[0]) / (per_channel[1] + EPSILON) ** 0.5 * per_channel[2] + per_channel[3]


def block(state, name, x, stride):
    convolutions = 3 if f"{name}.conv3.weight" in state else 2
    inner = x
    for number in range(1, convolutions + 1):
        weight = state[f"{name}.conv{number}.weight"]
        step = stride if number == convolutions - 1 else 1
        inner = F.conv2d(inner, weight, stride=step, padding=weight.shape[2] // 2)
        inner = normalised(state, f"{name}.bn{number}", inner)
        if number < convolutions:
            inner = inner.clamp(min=0)
    if f"{name}.downsample.0.weight" in state:
        x = F.conv2d(x, state[f"{name}.downsample.0.weight"], stride=stride)
        x = normalised(state, f"{name}.downsample.1", x)
    return (inner + x).clamp(min=0)


def resnet(state, images):
    """``images`` (N, 3, H, W) → (N, outputs), both float64."""
    state = {name: tensor.double() for name, tensor in state.items()}
    x = F.conv2d(images.double(), state["conv1.weight"], stride=2, padding=3)
    x = normalised(state, "bn1", x).clamp(min=0)
    x = F.max_pool2d(F.pad(x, (1, 1, 1, 1), value=float("-inf")), 3, 2)
    for stage in range(1, 5):
        index = 0
        while f"layer{stage}.{index}.conv1.weight" in state:
            x = block(state, f"layer{stage}.{index}", x, 2 if stage > 1 and index == 0 else 1)
            index += 1
    return x.mean(dim=(2, 3)) @ state["fc.weight"].T + state["fc.bias"]
