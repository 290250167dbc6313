"""A training: batches through the network, step by step, and a state that can be kept and taken up again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from flmcore.errors import ConfigError
from flmcore.train.average import Average
from flmcore.train.batches import Batch
from flmcore.train.checkpoint import Checkpoint, Tensors
from flmcore.train.losses import loss_of
from flmcore.train.network import build_network, start_at_mean, to_input
from flmcore.train.optimiser import Optimiser
from flmcore.train.plan import Plan
from flmcore.train.schedule import rate_at
from flmcore.train.schema import TrainConfig

__all__ = ["Trainer"]

_SEED_STEP = 1_000_003  # keeps the steps' seeds apart from the neighbouring seeds' of other trainings


@dataclass
class Clock:
    """Seconds of training, over all of its runs."""

    before: float = 0.0
    started: float = 0.0

    def start(self) -> None:
        self.started = time.monotonic()

    @property
    def seconds(self) -> float:
        return self.before + time.monotonic() - self.started


class Trainer:
    """Network, average, optimiser and where they are.

    Attributes:
        step: batches behind it.
        rows: of the history, an epoch each.
    """

    def __init__(self, config: TrainConfig, plan: Plan, first: Callable[[], Batch]) -> None:
        self.config, self.plan = config, plan
        self.device = torch.device(config.run.device)
        network = build_network(config)
        if config.model.weights is None:
            start_at_mean(network, first(), config.values)
        network = network.to(self.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.network = network.train()
        self.average = Average(self.network, config.optimise.average)
        self.optimiser = Optimiser(self.network, config.optimise)
        self.to_input = to_input(config.input, self.device)
        self._loss = loss_of(config, self.device)
        self.step, self.rate = 0, 0.0
        self.rows: list[dict[str, Any]] = []
        self.clock = Clock()
        self._sum = torch.zeros((), dtype=torch.float64, device=self.device)  # of the epoch's losses

    @property
    def epoch(self) -> int:
        return self.step // self.plan.steps

    @property
    def progress(self) -> float:
        """The share of the training that is behind: of its steps, or of its minutes where these run out first."""
        optimise = self.config.optimise
        share = self.step / (optimise.epochs * self.plan.steps)
        if optimise.minutes is not None:
            share = max(share, self.clock.seconds / (60 * optimise.minutes))
        return share

    @property
    def done(self) -> bool:
        return self.progress >= 1

    def train(self, batch: Batch) -> torch.Tensor:
        """One step; returns the loss, a tensor still being computed on some devices."""
        torch.manual_seed(
            self.config.seed * _SEED_STEP + self.step
        )  # of dropout: a function of the step, not a state
        inputs = self.to_input(torch.from_numpy(batch.crops))
        targets = torch.from_numpy(batch.targets).to(self.device, non_blocking=True)
        half = self.config.run.precision == "bfloat16"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=half):
            output = self.network(inputs)
        loss = self._loss(output, targets)
        loss.backward()  # type: ignore[no-untyped-call]
        self.rate = rate_at(self.progress, self.config.optimise)
        self.optimiser.step(self.rate)
        self.average.update(self.step)
        self._sum += loss.detach()
        self.step += 1
        return loss.detach()

    def require_finite(self) -> None:
        """ConfigError where the epoch's loss is no number any more; it will never be one again."""
        if not torch.isfinite(self._sum):
            msg = (
                f"optimise.rate: expected a training that converges, got a loss of {float(self._sum)} by step {self.step}: "
                f"try a rate below {self.config.optimise.rate:g}, or optimise.clip"
            )
            raise ConfigError(msg)

    def close_epoch(self, errors: dict[str, float]) -> dict[str, Any]:
        """The row of the epoch that ends here, its sums begun anew."""
        steps = self.step % self.plan.steps or self.plan.steps
        row: dict[str, Any] = {
            "epoch": (self.step - 1) // self.plan.steps + 1,
            "samples": self.step * self.plan.batch,
            "loss": float(self._sum) / steps,
            "rate": self.rate,
            "minutes": self.clock.seconds / 60,
        }
        row |= {f"error {name}": error for name, error in errors.items()}
        self.rows.append(row)
        self._sum.zero_()
        return row

    def tensors(self) -> dict[str, torch.Tensor]:
        """Everything that a checkpoint must hold as tensors."""
        parts: dict[str, Tensors] = {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.tensors(),
            "sum": {"loss": self._sum},
        }
        if self.average.network is not self.network:
            parts["average"] = self.average.network.state_dict()
        return {
            f"{part}/{name}": tensor for part, tensors in parts.items() for name, tensor in tensors.items()
        }

    def state(self) -> dict[str, Any]:
        """What it must hold beside them."""
        return {"step": self.step, "seconds": self.clock.seconds, "history": self.rows}

    def load(self, checkpoint: Checkpoint) -> None:
        """Go on from there; its identity has been checked, so the tensors are this training's."""
        parts: dict[str, dict[str, torch.Tensor]] = {}
        for full_name, tensor in checkpoint.tensors.items():
            part, _, name = full_name.partition("/")
            parts.setdefault(part, {})[name] = tensor
        self.network.load_state_dict(parts["network"])
        if self.average.network is not self.network:
            self.average.network.load_state_dict(parts["average"])
        self.optimiser.load(parts.get("optimiser", {}))
        self._sum.copy_(parts["sum"]["loss"])
        self.step, self.rows = checkpoint.state["step"], list(checkpoint.state["history"])
        self.clock.before = checkpoint.state["seconds"]
