"""Training speed of networks: images/s, forward and backward, best of interleaved rounds.

``python bench/train_speed.py [-t THREADS] [-r ROUNDS]``. The figures in docs/train.md are of this. Not pytest-benchmark's: a step is
seconds long, and rounds of all networks in turn are what evens out a shared machine.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import torch

from flmcore.detectors import nets

LANDMARKS, BATCH, STEPS = 68, 32, 2
CASES: tuple[tuple[str, dict[str, int], int], ...] = (
    ("resnet", {"depth": 18}, 128),
    ("resnet", {"depth": 18, "width": 32}, 128),
    ("resnet", {"depth": 18, "width": 32}, 112),
    ("resnet", {"depth": 18, "width": 32, "grid": 2}, 112),
    ("resnet", {"depth": 18, "width": 32}, 96),
    ("resnet", {"depth": 18, "width": 24}, 128),
    ("resnet", {"depth": 10, "width": 32}, 128),
    ("resnet", {"depth": 10, "width": 32, "grid": 4}, 128),
    ("resnet", {"depth": 10, "width": 48}, 128),
    ("pfld-lite", {}, 112),
)


def stepper(
    name: str, options: dict[str, int], side: int, layout: torch.memory_format
) -> tuple[Any, Callable[[], None]]:
    network = nets.build(name, options, landmarks=LANDMARKS).to(memory_format=layout).train()
    images = torch.rand(BATCH, 3, side, side).contiguous(memory_format=layout)

    def step() -> None:
        network(images).square().mean().backward()

    step()
    return network, step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-t", "--threads", type=int, default=2)
    parser.add_argument("-r", "--rounds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    layouts = {"": torch.contiguous_format, "channels last": torch.channels_last}
    cases = {
        (case, name): stepper(*CASES[case], layout)
        for case in range(len(CASES))
        for name, layout in layouts.items()
    }
    best = dict.fromkeys(cases, 0.0)
    for _ in range(options.rounds):
        for key, (_, step) in cases.items():
            start = time.perf_counter()
            for _ in range(STEPS):
                step()
            best[key] = max(best[key], BATCH * STEPS / (time.perf_counter() - start))
    for (case, layout), (network, _) in cases.items():
        name, given, side = CASES[case]
        parameters = sum(parameter.numel() for parameter in network.parameters()) / 1e6
        print(
            f"{name:9} {given!s:45} {side} {layout:13} {parameters:6.2f} M {best[case, layout]:6.0f} images/s"
        )


if __name__ == "__main__":
    main()
