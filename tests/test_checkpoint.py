"""Checkpoints: every form in which people have them, and every way for one to be wrong, none of which runs its code."""

from __future__ import annotations

import argparse
import collections
import datetime
import os
import subprocess
import sys
import types
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from flmcore.detectors import nets
from flmcore.detectors.checkpoint import read_checkpoint
from flmcore.detectors.checkpoint_fit import fit, load_backbone
from flmcore.errors import WeightsError

ZIP_AND_LEGACY = pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])


def net() -> Any:
    torch.manual_seed(3)
    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1), torch.nn.BatchNorm2d(4), torch.nn.Linear(5, 2))


class Call:
    """Pickles as a call of a function."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> Any:
        return self.function, self.arguments


def save(content: Any, path: Path, *, zipped: bool = True) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    return path


def assert_same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert list(found) == list(expected)
    for name, tensor in expected.items():
        assert found[name].dtype == tensor.dtype
        torch.testing.assert_close(found[name], tensor, rtol=0, atol=0)


@ZIP_AND_LEGACY
@pytest.mark.parametrize("suffix", [".pth", ".pth.tar", ".pt", ".bin"])
def test_state_dict_whatever_its_suffix(tmp_path: Path, suffix: str, zipped: bool) -> None:
    state = net().state_dict()
    assert_same(read_checkpoint(save(state, tmp_path / f"m{suffix}", zipped=zipped)), state)


def test_safetensors(tmp_path: Path) -> None:
    state = net().state_dict()
    pytest.importorskip("safetensors.torch").save_file(state, tmp_path / "m.safetensors")
    found = read_checkpoint(str(tmp_path / "m.safetensors"))
    assert_same({name: found[name] for name in state}, state)


def averaged(state: dict[str, Any]) -> dict[str, Any]:
    return {"n_averaged": torch.tensor(7), **{f"module.{name}": tensor for name, tensor in state.items()}}


@pytest.mark.parametrize(
    "wrap",
    [
        lambda s: {"state_dict": s, "epoch": 3, "loss": torch.tensor(0.3)},
        lambda s: {"model": s, "optimizer": {"state": {}, "param_groups": []}},
        lambda s: {"model_state_dict": s},
        lambda s: {"model": {"state_dict": s}},
        lambda s: {"state_dict": s, "ema_state_dict": averaged({n: t + 1 for n, t in s.items()})},
        lambda s: {"ema_state_dict": averaged(s)},
        lambda s: {"epoch": 1, "own_name": s},  # the only state dict of the file
        lambda s: {f"module.{name}": tensor for name, tensor in s.items()},
        lambda s: {f"_orig_mod.module.{name}": tensor for name, tensor in s.items()},
        lambda s: {name: torch.nn.Parameter(t, requires_grad=t.is_floating_point()) for name, t in s.items()},
    ],
)
def test_published_wrappers(tmp_path: Path, wrap: Callable[[Any], Any]) -> None:
    state = net().state_dict()
    assert_same(read_checkpoint(save(wrap(dict(state)), tmp_path / "m.pth")), state)


def test_config_says_where_the_state_dict_lies(tmp_path: Path) -> None:
    state = net().state_dict()
    other = {name: tensor + 1 for name, tensor in state.items()}
    path = save({"nets": {"student": state, "teacher": other}, "state_dict": other}, tmp_path / "m.pth")
    assert_same(read_checkpoint(path, "nets.student"), state)
    with pytest.raises(
        WeightsError, match=r"expected the state dict under 'nets\.pupil' .* got student, teacher"
    ):
        read_checkpoint(path, "nets.pupil")
    path = save({"student": state, "teacher": other}, tmp_path / "m.pth")
    with pytest.raises(WeightsError, match=r"got several: say which by model\.state .*: student, teacher"):
        read_checkpoint(path)


def test_torchscript_archive_gives_its_state(tmp_path: Path) -> None:
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1), torch.nn.BatchNorm2d(4)).eval()
    with pytest.warns(DeprecationWarning, match="torch.jit"):
        torch.jit.trace(module, torch.rand(1, 3, 8, 8)).save(str(tmp_path / "m.zip"))
    found = read_checkpoint(tmp_path / "m.zip")
    assert found.keys() == module.state_dict().keys()
    torch.testing.assert_close(found["0.weight"], module[0].weight)
    (tmp_path / "short.zip").write_bytes((tmp_path / "m.zip").read_bytes()[:-30])
    with pytest.raises(
        WeightsError, match=r"short\.zip: expected a file of tensors, got one that is damaged"
    ):
        read_checkpoint(tmp_path / "short.zip")


@pytest.fixture
def framework(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """Classes as of mmengine, whose logs and configs lie beside the tensors of MMPose's checkpoints."""

    class HistoryBuffer:
        def __init__(self) -> None:
            self.values = np.array([0.5, 0.25])
            self.methods = {"mean": HistoryBuffer.mean}

        def mean(self) -> float:
            return 0.0

    class ConfigDict(dict):
        pass

    module = types.ModuleType("mmengine.logs")
    for kind in (HistoryBuffer, ConfigDict):
        kind.__module__, kind.__qualname__ = "mmengine.logs", kind.__name__
        setattr(module, kind.__name__, kind)
    HistoryBuffer.mean.__module__, HistoryBuffer.mean.__qualname__ = "mmengine.logs", "HistoryBuffer.mean"
    monkeypatch.setitem(sys.modules, "mmengine", types.ModuleType("mmengine"))
    monkeypatch.setitem(sys.modules, "mmengine.logs", module)
    return module


@ZIP_AND_LEGACY
def test_objects_of_frameworks_stay_empty(tmp_path: Path, zipped: bool, framework: types.ModuleType) -> None:
    config = framework.ConfigDict(a=1)
    config.frozen = True
    meta = {
        "log": framework.HistoryBuffer(),
        "config": config,
        "arguments": argparse.Namespace(lr=0.1, out=Path("here")),
        "time": datetime.datetime(2024, 1, 2),
        "numpy": [np.float64(3), np.zeros(3), np.dtype("f4"), np.array(["a"], object), np.bool_(True)],
        "plain": [
            set("a"),
            frozenset("a"),
            range(3),
            slice(1, 2),
            1j,
            b"x",
            b"",  # which MMPose's files hold, as a call of bytes
            torch.device("cpu"),
            torch.float16,
        ],
        "default": collections.defaultdict(list, {1: [2]}),
        "state": np.random.RandomState(0).get_state(),
    }
    state = net().state_dict()
    path = save({"meta": meta, "state_dict": state}, tmp_path / "m.pth", zipped=zipped)
    del sys.modules["mmengine"], sys.modules["mmengine.logs"]
    assert_same(read_checkpoint(path), state)
    assert "mmengine" not in sys.modules
    assert not any("mmengine" in str(entry) for entry in torch.serialization.get_safe_globals())


def traps(folder: Path) -> dict[str, Any]:
    marker = str(folder / "ran")
    return {
        "posix.system": Call(os.system, f"touch {marker}"),
        "builtins.eval": Call(eval, f"open({marker!r}, 'w')"),
        "builtins.exec": Call(exec, f"open({marker!r}, 'w')"),
        "io.open": Call(open, marker, "w"),
        "what builtins.getattr gives": Call(Path.touch, Path(marker)),
        "torch.hub.load": Call(torch.hub.load, str(folder), "ran"),
        "subprocess.Popen": Call(subprocess.Popen, ["touch", marker]),
    }


@ZIP_AND_LEGACY
@pytest.mark.parametrize("name", traps(Path()))
def test_code_is_named_and_never_runs(tmp_path: Path, name: str, zipped: bool) -> None:
    trap = traps(tmp_path)[name]
    for content in ({"weight": trap}, {"state_dict": net().state_dict(), "meta": {"config": [trap]}}, trap):
        path = save(content, tmp_path / "m.pth", zipped=zipped)
        with pytest.raises(
            WeightsError, match=rf"m\.pth: expected tensors and nothing else.*calls {name}, which was not"
        ):
            read_checkpoint(path)
        assert not (tmp_path / "ran").exists()


def test_whole_pickled_network_is_refused(tmp_path: Path) -> None:
    save(torch.nn.Conv2d(3, 4, 1), tmp_path / "m.pth")
    with pytest.raises(
        WeightsError, match=r"calls torch\.nn\.modules\.conv\.Conv2d, .*save the state_dict\(\)"
    ):
        read_checkpoint(tmp_path / "m.pth")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "got an empty file"),
        (b"no weights at all\n" * 40, "damaged or of another kind"),
        (b"<!DOCTYPE html><html></html>", "got a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "got a Git LFS pointer"),
        (b"\0" * 300, "damaged or of another kind"),
        (b"\x80\x02X\xff\xff\xff\x7fabc", "damaged or of another kind"),  # a text of 2 GiB, it says
        (b"PK\3\4 and no archive", "damaged or of another kind"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "m.pth").write_bytes(content)
    with pytest.raises(
        WeightsError, match=rf"m\.pth: expected a file of tensors, got .*{said.removeprefix('got ')}"
    ):
        read_checkpoint(tmp_path / "m.pth")


def test_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "none.pth", tmp_path):
        with pytest.raises(WeightsError, match="expected a file of tensors that can be read, got "):
            read_checkpoint(path)


@pytest.mark.parametrize("form", ["zip", "legacy", "safetensors"])
def test_truncated_files_are_refused(tmp_path: Path, form: str) -> None:
    path = tmp_path / ("m.safetensors" if form == "safetensors" else "m.pth")
    if form == "safetensors":
        pytest.importorskip("safetensors.torch").save_file(net().state_dict(), path)
    else:
        save(net().state_dict(), path, zipped=form == "zip")
    whole = path.read_bytes()
    for length in (1, 8, 60, len(whole) // 2, len(whole) - 4):
        path.write_bytes(whole[:length])
        with pytest.raises(
            WeightsError, match="expected a file of tensors, got one that is damaged"
        ) as caught:
            read_checkpoint(path)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < len(str(path)) + 300


@ZIP_AND_LEGACY
def test_claims_beyond_the_file_are_refused(tmp_path: Path, zipped: bool) -> None:
    """A storage of 9 numbers that says it has 2**40: neither read past its end nor given so much memory."""
    save({"weight": torch.ones(9)}, tmp_path / "m.pth", zipped=zipped)
    content = (tmp_path / "m.pth").read_bytes()
    count = b"K\x09"  # one byte: 9, as in the storage's description, in the shape (9,) and nowhere else
    assert content.count(count) == 2
    if not zipped:
        (tmp_path / "m.pth").write_bytes(content.replace(count, b"\x8a\x06\0\0\0\0\0\x01"))
    else:
        with (
            zipfile.ZipFile(tmp_path / "m.pth") as source,
            zipfile.ZipFile(tmp_path / "n.pth", "w") as target,
        ):
            for record in source.infolist():
                claim = source.read(record).replace(count, b"\x8a\x06\0\0\0\0\0\x01")
                target.writestr(record.filename, claim)
        (tmp_path / "n.pth").replace(tmp_path / "m.pth")
    with pytest.raises(WeightsError, match="expected a file of tensors, got one that is damaged"):
        read_checkpoint(tmp_path / "m.pth")


def test_safetensors_that_claim_too_much_are_refused(tmp_path: Path) -> None:
    header = b'{"w":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,4398046511104]}}'
    (tmp_path / "m.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(16))
    with pytest.raises(WeightsError, match="expected a file of tensors, got one that is damaged"):
        read_checkpoint(tmp_path / "m.safetensors")


def test_zip_bomb_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "m.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("m/data.pkl", b"\x80\x02" + b"0" * 50_000_000)
    with pytest.raises(
        WeightsError, match=r"damaged or of another kind \(a data\.pkl longer than the file\)"
    ):
        read_checkpoint(tmp_path / "m.pth")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([1, 2], "expected a state dict, got list"),
        ({}, "expected a state dict of tensors, got an empty one"),
        ({"epoch": 3, "lr": 0.1}, "expected a state dict of tensors, got one of epoch, lr"),
        ({"state_dict": {}}, "expected a state dict of tensors, got an empty one"),
        (
            {"state_dict": {"a": torch.ones(1), "b": 3}},
            "expected tensors only in the state dict, got int under 'b'",
        ),
        (
            {"a": torch.ones(1), 7: torch.ones(1)},
            "expected tensors only in the state dict, got Tensor under 7",
        ),
        ({"a": torch.ones(1), "b": np.ones(1)}, "got numpy.* under 'b'"),
    ],
)
def test_files_without_a_state_dict_are_refused(tmp_path: Path, content: Any, said: str) -> None:
    with pytest.raises(WeightsError, match=rf"m\.pth: .*{said}"):
        read_checkpoint(save(content, tmp_path / "m.pth"))


def test_pickle_that_holds_itself_ends(tmp_path: Path) -> None:
    content: dict[str, Any] = {}
    content["state_dict"] = content
    with pytest.raises(WeightsError, match="expected a state dict of tensors, got one of state_dict"):
        read_checkpoint(save(content, tmp_path / "m.pth"))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_fit_converts_to_the_networks_dtype(dtype: Any) -> None:
    network, state = net(), net().state_dict()
    given = {n: (t + 1).to(dtype) if t.is_floating_point() else t for n, t in state.items()}
    fit(network, given, "here")
    for name, tensor in network.state_dict().items():
        assert tensor.dtype == state[name].dtype
        torch.testing.assert_close(tensor, given[name].to(tensor.dtype), rtol=0, atol=0)


def test_fit_takes_files_without_counters_and_with_a_trainers_prefix() -> None:
    state = {n: t + 1 for n, t in net().state_dict().items() if not n.endswith("num_batches_tracked")}
    for given in (state, {f"model.{name}": tensor for name, tensor in state.items()}):
        network = net()
        fit(network, given, "here")
        assert_same({n: t for n, t in network.state_dict().items() if n in state}, state)
        assert network.state_dict()["1.num_batches_tracked"] == 0
    fit(
        torch.nn.Linear(2, 2),
        {**torch.nn.Linear(2, 2).state_dict(), "bn.num_batches_tracked": torch.tensor(3)},
        "",
    )


def test_fit_takes_published_names(monkeypatch: pytest.MonkeyPatch) -> None:
    def published_state(tensors: dict[str, Any]) -> dict[str, Any]:
        return {n.removeprefix("old."): t for n, t in tensors.items() if not n.startswith("unused.")}

    network = nets.build("pfld-lite", landmarks=5)
    monkeypatch.setattr(
        sys.modules[type(network).__module__], "published_state", published_state, raising=False
    )
    state = {name: tensor + 1 for name, tensor in network.state_dict().items()}
    for prefix in ("", "old."):  # all names are the network's, or none is; something is too many
        given = {f"{prefix}{name}": tensor for name, tensor in state.items()}
        network = nets.build("pfld-lite", landmarks=5)
        fit(network, {**given, "unused.mean": torch.ones(3)}, "here")
        assert_same(network.state_dict(), state)


@pytest.mark.parametrize(
    ("name", "tensor", "said"),
    [
        ("0.weight", torch.full((4, 3, 1, 1), float("nan")), "expected finite numbers, got NaN, infinity"),
        ("1.running_var", torch.tensor([1.0, float("inf"), 1, 1]), "expected finite numbers"),
        ("2.bias", torch.tensor([1e300, 1], dtype=torch.float64), r"numbers beyond torch\.float32"),
        (
            "2.bias",
            torch.ones(2, dtype=torch.complex64),
            r"expected floating-point numbers, got torch\.complex64",
        ),
        ("2.bias", torch.ones(2, dtype=torch.int8), r"expected floating-point numbers, got torch\.int8"),
        ("2.bias", torch.ones(2).to_sparse(), "expected plain numbers, got a sparse"),
        ("2.bias", torch.ones(2, device="meta"), "expected plain numbers, got a sparse, quantized or empty"),
    ],
)
def test_fit_refuses_what_is_not_plain_numbers(name: str, tensor: Any, said: str) -> None:
    network = net()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    given = {**{key: value + 1 for key, value in before.items()}, name: tensor}
    with pytest.raises(WeightsError, match=rf"^here: {name}: .*{said}"):
        fit(network, given, "here")
    assert_same(network.state_dict(), before)


def test_fit_counts_and_names_what_differs() -> None:
    network, state = net(), net().state_dict()
    given = {n: t for n, t in state.items() if not n.startswith("1.")}
    given |= {"2.weight": torch.ones(2, 7), "extra.weight": torch.ones(1)}
    with pytest.raises(WeightsError) as caught:
        fit(network, given, "m.pth")
    assert str(caught.value) == (
        "m.pth: expected the tensors of Sequential, got others: "
        "4 missing (1.weight; 1.bias; 1.running_mean; …), 1 unexpected (extra.weight), "
        "1 of another shape (2.weight: expected (2, 5), got (2, 7))"
    )


def test_fit_says_what_the_file_looks_like() -> None:
    network = nets.build("resnet", {"depth": 18}, landmarks=106)
    small = {"depth": 18}
    with pytest.raises(
        WeightsError,
        match=r"^lapa\.pth: expected the tensors of ResNet-18 with 212 outputs \(106 landmarks\), got others: 2 of another "
        r"shape \(fc\.weight: expected \(212, 512\), got \(196, 512\); fc\.bias: expected \(212,\), got \(196,\)\); "
        r"this looks like ResNet-18 with 196 outputs \(98 landmarks\)$",
    ):
        fit(network, nets.build("resnet", small, landmarks=98).state_dict(), "lapa.pth")
    with pytest.raises(WeightsError, match=r"this looks like PFLD-lite \(106 landmarks\)$"):
        fit(network, nets.build("pfld-lite", landmarks=106).state_dict(), "lapa.pth")


def test_load_backbone_leaves_the_head(tmp_path: Path) -> None:
    imagenet = nets.build(
        "resnet", {"depth": 18}, landmarks=500
    ).state_dict()  # 1000 outputs, as ImageNet's classes
    save({f"module.{name}": tensor for name, tensor in imagenet.items()}, tmp_path / "resnet18.pth")
    network = nets.build("resnet", {"depth": 18}, landmarks=68)
    head = network.fc.weight.detach().clone()
    loaded = load_backbone(network, tmp_path / "resnet18.pth")
    assert loaded.left == loaded.unused == ("fc.weight", "fc.bias")
    assert loaded.filled == len(imagenet) - 2
    found = network.state_dict()
    assert_same(
        {n: found[n] for n in imagenet if n[:3] != "fc."},
        {n: imagenet[n] for n in imagenet if n[:3] != "fc."},
    )
    torch.testing.assert_close(network.fc.weight, head, rtol=0, atol=0)
    deeper = nets.build("resnet", {"depth": 34}, landmarks=68)
    with pytest.raises(
        WeightsError, match=r"ResNet-34 .* missing .*; this looks like ResNet-18 with 1000 outputs"
    ):
        load_backbone(deeper, tmp_path / "resnet18.pth")
