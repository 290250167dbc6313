"""Collecting: what coremltools' benchmarker gives becomes a device file. Core ML itself runs on a Mac alone.

Packages, the benchmarker and the classes of its results are coremltools' own; what stands in is Core ML's runtime, which
there is not outside macOS.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluated import KnownDetector
from flmcore.cli import main
from flmcore.device import mac
from flmcore.device.benchmark import identity_of, operation_order, package_sha256, plan_of
from flmcore.device.join import add_devices
from flmcore.device.model_input import random_inputs, takes_pictures, with_tensor_inputs
from flmcore.device.reading import read_device_file
from flmcore.errors import DeviceFileError
from results_files import measure

SUM = "ab" * 32
METADATA = {"flmcore.detector": "known", "flmcore.weights_sha256": SUM, "flmcore.precision": "float16"}


@pytest.fixture(scope="module")
def coremltools() -> Any:
    pytest.importorskip("torch")
    return pytest.importorskip("coremltools")


@pytest.fixture(scope="module")
def package(coremltools: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real package with a picture as its input and the metadata of flmcore's export."""
    import torch

    net = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(560, 2)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of PyTorch on tracing, of coremltools on versions
        traced = torch.jit.trace(net.eval(), torch.zeros(1, 3, 16, 12))
        picture = coremltools.ImageType("image", (1, 3, 16, 12), scale=1 / 255)
        model = coremltools.convert(
            traced, inputs=[picture], minimum_deployment_target=coremltools.target.iOS16
        )
    model.user_defined_metadata.update(METADATA)
    path = tmp_path_factory.mktemp("packages") / "some.mlpackage"
    model.save(str(path))
    return path


@pytest.fixture(scope="module")
def specification(coremltools: Any, package: Path) -> Any:
    return coremltools.models.MLModel(str(package), skip_model_load=True).get_spec()


def test_elsewhere_it_fails_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if sys.platform == "darwin":
        pytest.skip("this is a Mac")
    arguments = ["device", "collect", str(tmp_path / "none.mlpackage"), "-o", str(tmp_path / "no" / "x.json")]
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert "expected macOS with Xcode, got" in error
    assert "flmcore device template" in error
    assert "none.mlpackage" not in error


def test_identity_of_a_package(specification: Any, package: Path) -> None:
    metadata = dict(specification.description.metadata.userDefined)
    found = identity_of(metadata, package)
    assert found == {
        "name": "known",
        "weights_sha256": SUM,
        "precision": "float16",
        "package_sha256": package_sha256(package),
    }
    assert identity_of({"flmcore.compression": "none"}, package) == {
        "name": "some",
        "package_sha256": package_sha256(package),
    }
    assert identity_of({"flmcore.compression": "int8"}, package)["compression"] == "int8"


def test_sum_of_a_package_is_of_names_and_content(tmp_path: Path) -> None:
    def made(name: str, files: dict[str, bytes]) -> str:
        for path, content in files.items():
            file = tmp_path / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        return package_sha256(tmp_path / name)

    first = made("a", {"Manifest.json": b"{}", "Data/w.bin": b"12"})
    assert made("b", {"Data/w.bin": b"12", "Manifest.json": b"{}", ".DS_Store": b"x"}) == first
    others = [{"Manifest.json": b"{}", "Data/w.bin": b"13"}, {"Manifest.json": b"{}", "Data/v.bin": b"12"}]
    assert len({first, *(made(str(i), files) for i, files in enumerate(others))}) == 3


def test_inputs_are_what_the_package_takes(specification: Any) -> None:
    assert takes_pictures(specification)
    picture = random_inputs(specification)["image"]
    assert (picture.size, picture.mode) == ((12, 16), "RGB")
    assert picture.tobytes() == random_inputs(specification)["image"].tobytes()
    assert np.asarray(picture).std() > 50


def test_a_device_gets_a_tensor_of_the_function_that_runs(
    coremltools: Any, specification: Any, package: Path, tmp_path: Path
) -> None:
    other = with_tensor_inputs(specification)
    assert takes_pictures(specification)
    assert not takes_pictures(other)
    array = random_inputs(other)["image"]
    assert array.shape == (1, 3, 16, 12)
    assert array.dtype == np.float32
    declared = other.mlProgram.functions["main"].inputs[0].type.tensorType
    assert [d.constant.size for d in declared.dimensions] == list(array.shape)
    assert declared.dataType == coremltools.proto.MIL_pb2.DataType.FLOAT32
    whole = coremltools.models.MLModel(str(package), skip_model_load=True)
    model = coremltools.models.MLModel(other, weights_dir=whole.weights_dir, skip_model_load=True)
    model.save(str(tmp_path / "tensor.mlpackage"))  # coremltools takes it
    assert other.mlProgram == specification.mlProgram


def test_numbers_of_types_are_those_of_coremltools(coremltools: Any) -> None:
    from flmcore.device import model_input

    types = coremltools.proto.FeatureTypes_pb2
    arrays, colours = types.ArrayFeatureType, types.ImageFeatureType
    expected = {
        arrays.FLOAT16: np.float16,
        arrays.FLOAT32: np.float32,
        arrays.INT32: np.int32,
        arrays.DOUBLE: np.float64,
    }
    assert expected == model_input._TYPES
    assert (model_input._GREY, model_input._FLOAT_GREY) == (colours.GRAYSCALE, colours.GRAYSCALE_FLOAT16)


def usage(unit: str) -> Any:
    """What a compute plan says, of coremltools' own classes; their constructors want a Mac."""
    from coremltools.models import compute_device
    from coremltools.models.compute_plan import MLComputePlanDeviceUsage

    device = object.__new__(getattr(compute_device, unit))
    return MLComputePlanDeviceUsage(preferred_compute_device=device, supported_compute_devices=[device])


def test_plan_is_in_the_programs_order_with_shares(specification: Any) -> None:
    from coremltools.models.ml_program.experimental.perf_utils import MLModelBenchmarker

    (block,) = specification.mlProgram.functions["main"].block_specializations.values()
    operations = [operation for operation in block.operations if operation.type != "const"]
    constant = next(operation for operation in block.operations if operation.type == "const")
    units = ["MLCPUComputeDevice"] + ["MLNeuralEngineComputeDevice"] * (len(operations) - 1)
    measured = [
        MLModelBenchmarker.OperationExecutionInfo(
            spec=operation,
            path=None,
            compute_device_usage=usage(unit),
            measurement=MLModelBenchmarker.Measurement.from_samples([weight * 4.0]),
        )
        for operation, unit, weight in zip(operations, units, np.linspace(0.1, 0.3, len(units)), strict=True)
    ]
    empty = MLModelBenchmarker.Measurement.from_samples([])
    nothing = MLModelBenchmarker.OperationExecutionInfo(constant, None, None, empty)
    unknown = MLModelBenchmarker.OperationExecutionInfo(operations[-1], None, None, empty)
    order = operation_order(specification)
    plan = plan_of([nothing, *measured[::-1]], order)
    assert [row["kind"] for row in plan] == [operation.type for operation in operations]
    assert [row["name"] for row in plan] == [operation.outputs[0].name for operation in operations]
    assert [row["unit"] for row in plan] == ["CPU"] + ["NE"] * (len(operations) - 1)
    assert sum(row["share"] for row in plan) == pytest.approx(1, abs=1e-5)
    assert plan[-1]["share"] == pytest.approx(3 * plan[0]["share"], rel=1e-4)
    (row,) = plan_of([unknown], order)
    assert row == {"kind": operations[-1].type, "name": operations[-1].outputs[0].name}


class Runtime:
    """In the place of Core ML: a loaded model whose times are known."""

    def __init__(self, model: Any, fails: bool) -> None:
        self.model, self.fails, self.count = model, fails, 0
        self.load_duration_in_nano_seconds = 40_000_000
        self.last_predict_duration_in_nano_seconds = 0

    def make_state_if_needed(self) -> None:
        return None

    async def predict(self, inputs: dict[str, Any], state: None) -> dict[str, Any]:
        del state
        if self.fails:
            msg = "Error computing NN outputs\nerror 5"
            raise RuntimeError(msg)
        assert inputs["image"].size == (12, 16)
        self.count += 1
        self.last_predict_duration_in_nano_seconds = 1_000_000 * self.count
        return {}

    async def unload(self) -> None:
        return None

    async def retrieve_compute_plan(self) -> Any:
        return Plan(self.model.get_spec())


class Plan:
    """A compute plan for every operation of a specification: all on the Neural Engine, at equal cost."""

    def __init__(self, specification: Any) -> None:
        from coremltools.models import compute_plan as plans

        def outputs(operation: Any) -> list[Any]:
            type_ = plans.MLModelStructureProgramValueType()
            return [plans.MLModelStructureProgramNamedValueType(out.name, type_) for out in operation.outputs]

        (block,) = specification.mlProgram.functions["main"].block_specializations.values()
        operations = [
            plans.MLModelStructureProgramOperation({}, operation.type, outputs(operation), [], None)
            for operation in block.operations
        ]
        body = plans.MLModelStructureProgramBlock([], operations, list(block.outputs))
        program = plans.MLModelStructureProgram({"main": plans.MLModelStructureProgramFunction([], body)})
        self.model_structure = plans.MLModelStructure(None, program, None)
        self._count = sum(op.operator_name != "const" for op in operations)

    def get_compute_device_usage_for_mlprogram_operation(self, operation: Any) -> Any:
        return None if operation.operator_name == "const" else usage("MLNeuralEngineComputeDevice")

    def get_estimated_cost_for_mlprogram_operation(self, operation: Any) -> Any:
        from coremltools.models.compute_plan import MLComputePlanCost

        return None if operation.operator_name == "const" else MLComputePlanCost(1 / self._count)


@pytest.fixture
def on_a_mac(package: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Everything but Core ML: the compute units named in the set fail."""
    del package  # coremltools is there
    from coremltools.models.ml_program.experimental.perf_utils import MLModelBenchmarker

    failing: set[str] = set()

    async def load(model: Any, device: Any) -> Runtime:
        assert device is None
        return Runtime(model, model.compute_unit.name in failing)

    monkeypatch.setattr(MLModelBenchmarker, "_create_loaded_model", staticmethod(load))
    monkeypatch.setattr(mac, "require_mac", lambda: None)
    monkeypatch.setattr(
        mac, "local_device", lambda: {"model": "Mac14,2", "chip": "Apple M2", "os": "macOS 14.5"}
    )
    return failing


def test_collected_figures_can_be_imported(
    on_a_mac: set[str], package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    on_a_mac.add("CPU_ONLY")
    out = tmp_path / "mac.json"
    arguments = ["device", "collect", str(package), "-o", str(out), "--iterations", "12", "--loads", "3"]
    assert main([*arguments, "--compute-units", "ALL,CPU_ONLY", "--model", "MacBook Air M2"]) == 1
    said = capsys.readouterr()
    assert "some.mlpackage, CPU_ONLY: RuntimeError: Error computing NN outputs error 5" in said.err
    assert f"{out}: 1 measured" in said.out
    data = read_device_file(out).data
    assert data["device"] == {"model": "MacBook Air M2", "chip": "Apple M2", "os": "macOS 14.5"}
    assert data["measured"]["tool"] == "coremltools MLModelBenchmarker"
    (entry,) = data["detectors"]
    plan = entry.pop("plan")
    assert entry == {
        "name": "known",
        "compute_units": "ALL",
        "input": "image",
        "weights_sha256": SUM,
        "precision": "float16",
        "package_sha256": package_sha256(package),
        "predict_ms": [float(n) for n in range(2, 14)],  # the first is not timed
        "load_ms": {"cold": 40.0, "warm": [40.0, 40.0]},
    }
    assert {row["unit"] for row in plan} == {"NE"}
    assert sum(row["share"] for row in plan) == pytest.approx(1, abs=1e-4)
    joined = add_devices(measure(KnownDetector("known"), images=1), [out])
    assert joined.devices[0]["figures"][0]["predict_ms"]["p50"] == 7.5


def test_nothing_is_written_where_nothing_was_measured(
    on_a_mac: set[str], package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    on_a_mac.add("ALL")
    assert main(["device", "collect", str(package), "-o", str(tmp_path / "x.json")]) == 2
    assert "expected figures, got none: some.mlpackage, ALL: RuntimeError" in capsys.readouterr().err
    assert main(["device", "collect", str(tmp_path), "-o", str(tmp_path / "x.json")]) == 2
    assert "expected a Core ML package (.mlpackage), got none" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_wrong_compute_units_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["device", "collect", "a", "-o", str(tmp_path / "x.json"), "--compute-units", "ALL,ANE"])
    assert "got 'ANE'" in capsys.readouterr().err


PHONE = {
    "identifier": "0F0F",
    "deviceProperties": {"name": "Jane's iPhone", "osVersionNumber": "17.5", "osBuildUpdate": "21F79"},
    "hardwareProperties": {"udid": "00008110-X", "platform": "iOS", "marketingName": "iPhone 14", "productType": "iPhone14,7"},
}  # fmt: skip


def test_a_connected_device_is_found_and_its_owner_is_not_told() -> None:
    other = {
        "identifier": "1",
        "deviceProperties": {"name": "pad"},
        "hardwareProperties": {"productType": "iPad13,1"},
    }
    for name in ("jane's iphone", "00008110-x", "0F0F", "iPhone 14"):
        assert mac.find_device([other, PHONE], name) is PHONE
    about = mac.about_device(PHONE)
    assert about == {"model": "iPhone 14", "os": "iOS 17.5", "os_build": "21F79"}
    assert "Jane" not in json.dumps(about)
    with pytest.raises(DeviceFileError, match=r"expected local or one of pad \(iPad13,1\), Jane's iPhone"):
        mac.find_device([other, PHONE], "Joe's")
    with pytest.raises(DeviceFileError, match="2 of that name"):
        mac.find_device([PHONE, PHONE], "iPhone 14")
    with pytest.raises(DeviceFileError, match="no connected device"):
        mac.find_device([], "iPhone 14")


@pytest.mark.usefixtures("coremltools")
def test_calls_fit_the_installed_coremltools() -> None:
    """The arguments that collecting a connected device passes on, which no run here reaches."""
    import dataclasses
    import inspect

    from coremltools.models.ml_program.experimental import remote_device as remote

    assert "development_team" in {field.name for field in dataclasses.fields(remote.AppSigningCredentials)}
    assert "identifier" in {field.name for field in dataclasses.fields(remote.Device)}
    inspect.signature(remote.Device.get_devices).bind()
    inspect.signature(remote.Device.prepare_for_model_debugging).bind(None, credentials=None)
