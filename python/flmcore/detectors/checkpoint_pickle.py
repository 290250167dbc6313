"""Reads what ``torch.save`` wrote without running any of the file's code.

``weights_only`` builds tensors and plain containers and nothing else. Checkpoints of training frameworks hold other
objects beside the tensors: logs, configs, numpy numbers. Those of the frameworks listed here are replaced by empty
stand-ins, so that the file can still be read so; whatever else a file asks for is refused, by name.
"""

from __future__ import annotations

import pickletools
import re
import threading
import warnings
import zipfile
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections import OrderedDict
from pathlib import Path
from typing import IO, Any

import torch

from flmcore.errors import WeightsError

__all__ = ["load_pickle", "one_line"]

# Packages whose objects are found beside tensors and never are tensors. A stand-in runs nothing, whatever it stands for;
# the list is short so that a file with anything unexpected in it is refused rather than half read.
_PACKAGES = (
    *("mmengine", "mmcv", "mmcls", "mmdet", "mmpose", "mmpretrain", "lightning", "pytorch_lightning"),
    *("addict", "argparse", "collections", "datetime", "easydict", "omegaconf", "pathlib", "yacs"),
)
_NUMPY = re.compile(r"numpy\.(\w+|(_?core|dtypes|random)\..+)")  # numpy.dtype, numpy.core.multiarray.scalar …
_BUILTINS = (
    "bool",
    "bytes",
    "dict",
    "float",
    "frozenset",
    "int",
    "list",
    "object",
    "range",
    "slice",
    "str",
    "tuple",
)
_NAMES = (
    *(f"builtins.{name}" for name in _BUILTINS),
    "builtins.getattr",  # how mmengine's logs name their methods
    "copyreg._reconstructor",  # of objects that Python 2 pickled
)
_MAPPINGS = ("AttributeDict", "CfgNode", "ConfigDict", "Dict", "EasyDict", "defaultdict")
# What `weights_only` builds itself, beside what it knows of torch.
_TORCHS = (
    *(f"builtins.{name}" for name in ("bytearray", "complex", "set")),
    *("_codecs.encode", "collections.Counter", "collections.OrderedDict"),
)
_LEGACY_PICKLES = 5  # magic number, version, system, the object, names of the storages; their bytes follow
_LOCK = threading.Lock()  # torch keeps one list of stand-ins for the whole process


class _Inert:
    """Stands for an object of another package: takes everything, keeps nothing."""

    def __init__(self, *_: Any) -> None:
        pass

    def __setstate__(self, _: Any) -> None:
        pass

    def __repr__(self) -> str:
        return f"what {type(self).__name__} gives"


def load_pickle(path: Path) -> Any:
    """The object in a file of ``torch.save``, zip or legacy, on the processor; other packages' objects are empty.

    Raises:
        WeightsError: damaged, another kind of file, or one that names code beyond that of :data:`_PACKAGES`.
    """
    try:
        names = _global_names(path)
    except Exception as error:  # pickletools, zipfile and the file system raise their own kinds
        msg = f"{path}: expected a file of tensors, got one that is damaged or of another kind ({one_line(error)})"
        raise WeightsError(msg) from error
    foreign = sorted(names - {name for name in names if _is_torchs(name) or _is_harmless(name)})
    if foreign:
        raise _refusal(path, foreign[0])
    stand_ins: list[Any] = [(_stand_in(name), name) for name in sorted(names) if _is_harmless(name)]
    try:
        with _LOCK, torch.serialization.safe_globals(stand_ins), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of unusual protocols; it fails where it cannot read them
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # so does torch.load
        text = one_line(error.__context__ or error)  # the reason; its wrapping advises to read unsafely
        if called := re.search(r"GLOBAL (\S+)|unrecognized function (.+)", text):
            raise _refusal(path, called[1] or called[2]) from error
        msg = f"{path}: expected a file of tensors, got one that is damaged ({text})"
        raise WeightsError(msg) from error


def one_line(error: BaseException) -> str:
    """The message of an error, cut to what a terminal shows at a glance."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else f"{text[:199]}…"


def _refusal(path: Path, name: str) -> WeightsError:
    return WeightsError(
        f"{path}: expected tensors and nothing else, got a file that calls {name}, which was not run"
        " (of a whole pickled network, save the state_dict())"
    )


def _is_torchs(name: str) -> bool:
    return name.startswith("torch.") or name in _TORCHS  # what of torch is allowed, torch.load knows


def _is_harmless(name: str) -> bool:
    if name in _TORCHS:
        return False
    return name.split(".")[0] in _PACKAGES or name in _NAMES or _NUMPY.fullmatch(name) is not None


def _stand_in(name: str) -> Any:
    if name.rpartition(".")[2] in _MAPPINGS:
        # Filled item by item, which the unpickler does for the standard dicts only: so it makes one.
        return type(name, (), {"__new__": lambda _cls, *_: OrderedDict()})
    return type(name, (_Inert,), {})


def _global_names(path: Path) -> set[str]:
    """Every ``module.name`` that the file's pickles ask for; reads their instructions, runs none."""
    with path.open("rb") as file:
        if file.read(4) != b"PK\3\4":
            file.seek(0)
            return set().union(*(_names_in(file) for _ in range(_LEGACY_PICKLES)))
    with zipfile.ZipFile(path) as archive:
        records = [record for record in archive.infolist() if record.filename.endswith("/data.pkl")]
        if not records:
            msg = "an archive without data.pkl"
            raise ValueError(msg)
        if sum(record.file_size for record in records) > path.stat().st_size:  # torch.save does not compress
            msg = "a data.pkl longer than the file"
            raise ValueError(msg)
        return set().union(*(_names_in(archive.open(record)) for record in records))


def _names_in(stream: IO[bytes]) -> set[str]:
    names = set()
    for opcode, argument, _ in pickletools.genops(stream):
        if opcode.name == "GLOBAL":
            module, name = str(argument).split(" ", 1)
            module, name = NAME_MAPPING.get((module, name), (IMPORT_MAPPING.get(module, module), name))
            names.add(f"{module}.{name}")
    return names
