"""PyTorch: a network of flmcore with a state dict, TorchScript, or a module from the caller."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from flmcore.detectors import nets
from flmcore.detectors.backends.model_io import default_batch, input_shape, run_in_batches, to_layout
from flmcore.detectors.backends.opening import Opening
from flmcore.detectors.cost import Cost
from flmcore.detectors.decode import wanted_outputs
from flmcore.detectors.mean_face import read_mean_face
from flmcore.detectors.schema import DetectorConfig
from flmcore.detectors.weights import locate_mean_face, sha256_of
from flmcore.errors import ConfigError, DetectorError, MissingExtraError, WeightsError

__all__ = ["TorchBackend", "pick_output"]


class TorchBackend:
    """A ``torch.nn.Module`` in evaluation mode."""

    grid: float | None = None
    pixel_type = "float32"

    def __init__(self, opening: Opening) -> None:
        config, device = opening.config, opening.device
        self._torch = _import_torch()
        self._name, self._wanted, self._layout = config.name, wanted_outputs(config), config.input.layout
        self._mean_face_sha256: str | None = None
        self._stored: str | None = None  # precision of the file's numbers, where the network's is another
        self._threads = opening.threads
        self._batch = config.model.batch or default_batch
        self._shape = input_shape(config)
        try:
            self._device = self._torch.device(device)
            self._torch.empty(1, device=self._device)
        except (RuntimeError, AssertionError) as error:
            msg = f"device: expected one that torch has, got {device!r} ({_one_line(error)})"
            raise ValueError(msg) from None
        self._module = self._load(config, opening.weights, opening.module).to(self._device).eval()

    def run(self, inputs: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        if self._torch.get_num_threads() != self._threads:
            self._torch.set_num_threads(self._threads)  # torch keeps one number for the whole process
        return run_in_batches(self._run, to_layout(inputs, self._layout), self._batch, fixed=False)

    @property
    def module(self) -> Any:
        """The network itself, in evaluation mode, on the backend's device; who changes it changes the detector."""
        return self._module

    def describe(self) -> dict[str, Any]:
        stored = {"weights_stored_as": self._stored} if self._stored else {}
        mean_face = {"mean_face_sha256": self._mean_face_sha256} if self._mean_face_sha256 else {}
        return {
            "package": "torch",
            "version": self._torch.__version__,
            "device": str(self._device),
            "threads": self._threads,
            **mean_face,
            **stored,
        }

    def cost(self) -> Cost:
        from flmcore.detectors.backends.torch_cost import module_cost

        return module_cost(self._module, self._shape)

    def _run(self, chunk: NDArray[Any]) -> tuple[NDArray[Any], ...]:
        with self._torch.inference_mode():
            outputs = self._module(self._torch.from_numpy(chunk).to(self._device))
            return tuple(
                pick_output(outputs, wanted, self._name).float().cpu().numpy() for wanted in self._wanted
            )

    def _load(self, config: DetectorConfig, weights: Path | None, module: Any) -> Any:
        if module is not None:
            if not isinstance(module, self._torch.nn.Module):
                msg = f"module: expected a torch.nn.Module, got {type(module).__name__}"
                raise TypeError(msg)
            if weights is not None:
                self._stored = _fill(module, weights, config.model.state)
            return module
        assert weights is not None  # load_detector finds them, unless a module is given
        if config.model.backend == "torchscript":
            return self._load_script(weights)
        if config.model.network is None:
            msg = f"{config.path}: model.network: expected a network's name, or module= in load_detector, got neither"
            raise ConfigError(msg)
        network = nets.build(
            config.model.network,
            config.model.options,
            where=f"{config.path}: model",
            landmarks=config.landmarks,
            size=config.crop.size,
            mean_face=self._read_mean_face(config, weights),
        )
        self._stored = _fill(network, weights, config.model.state)
        return network

    def _read_mean_face(self, config: DetectorConfig, weights: Path) -> Any:
        if config.model.mean_face is None:
            return None
        file = locate_mean_face(config, weights)
        self._mean_face_sha256 = sha256_of(file)  # results must say which: the landmarks depend on it
        return read_mean_face(file, config.landmarks, config.scheme)

    def _load_script(self, weights: Path) -> Any:
        import warnings

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # torch announces the end of torch.jit
                return self._torch.jit.load(str(weights), map_location=self._device)
        except RuntimeError as error:
            msg = f"{weights}: expected a TorchScript file, got {_one_line(error)}"
            raise WeightsError(msg) from error


def pick_output(outputs: Any, wanted: int | str, name: str) -> Any:
    """The tensor that a config calls ``wanted`` of what a network gave: a tensor, a sequence, or a dict of them.

    Raises:
        DetectorError: there is none; ``name`` is the detector's, for the message.
    """
    import torch

    if isinstance(outputs, torch.Tensor):
        outputs = (outputs,)
    elif isinstance(outputs, Mapping) and isinstance(wanted, int):
        outputs = tuple(outputs.values())
    try:
        picked = outputs[wanted]
    except (KeyError, IndexError, TypeError):
        picked = None
    if not isinstance(picked, torch.Tensor):
        got = f"names {', '.join(outputs)}" if isinstance(outputs, Mapping) else f"{len(outputs)} outputs"
        msg = f"{name}: expected a tensor as output {wanted!r} as the config names it, got {got}"
        raise DetectorError(msg)
    return picked


def _fill(network: Any, weights: Path, state: str | None) -> str | None:
    """Fill the network, which casts to its own precision; that of the file where it is another."""
    from flmcore.detectors.checkpoint import read_checkpoint
    from flmcore.detectors.checkpoint_fit import fit

    tensors = read_checkpoint(weights, state)
    fit(network, tensors, str(weights))
    found = {str(t.dtype).removeprefix("torch.") for t in tensors.values() if t.is_floating_point()}
    return ", ".join(sorted(found)) if found - {"float32"} else None


def _import_torch() -> Any:
    try:
        import torch
    except ImportError:
        raise MissingExtraError(package="torch", extra="torch", what_for="backend torch") from None
    return torch


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
