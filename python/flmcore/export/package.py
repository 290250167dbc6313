"""Core ML packages read back, on any machine: no model is loaded, nothing is run."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from flmcore.detectors.backends.coreml_tools import import_coremltools
from flmcore.errors import ExportError
from flmcore.export.constexpr import unpack, unpackable
from flmcore.export.features import feature_types
from flmcore.export.package_files import model_file, size_of
from flmcore.export.program import Argument, Block, Operation, Program
from flmcore.export.values import ValueReader, value_type

__all__ = ["KNOWN_SPECIFICATIONS", "read_package"]

KNOWN_SPECIFICATIONS = range(6, 10)
"""Versions of Core ML's specification whose ML programs are read: iOS 15 to 18."""

_Scope = dict[str, Argument]


def read_package(path: str | os.PathLike[str]) -> Program:
    """The ML program of a ``.mlpackage`` folder; of several functions the one that runs by default.

    Weights are read from the package when an :class:`~flmcore.export.program.Argument` is asked for its value, so the
    package must stay in place. Compressed ones are given as the numbers that they stand for.

    Needs coremltools (``pip install 'flmcore[coreml]'``), which reads packages on Linux and macOS alike.

    Raises:
        ExportError: no package, one that is damaged, of a newer specification, or without an ML program; names the file.
    """
    package = Path(path)
    file = model_file(package)
    model = _parse(file)
    version = int(model.specificationVersion)
    if version > KNOWN_SPECIFICATIONS[-1]:
        msg = f"{package}: expected specification {KNOWN_SPECIFICATIONS[-1]} at most, got specification {version}"
        raise ExportError(msg)
    kind = model.WhichOneof("Type")
    if kind != "mlProgram":
        msg = f"{package}: expected an ML program, got {_words(kind) if kind else 'a model of no kind'}"
        raise ExportError(msg)
    if version not in KNOWN_SPECIFICATIONS:
        msg = f"{package}: expected specification {KNOWN_SPECIFICATIONS[0]} at least, got specification {version}"
        raise ExportError(msg)
    name = str(model.description.defaultFunctionName) or "main"
    opset, main = _main(package, file, model.mlProgram, name)
    inputs, outputs = feature_types(model.description, name, main)
    return Program(version, opset, inputs, outputs, main, _metadata(model), size_of(package))


def _parse(file: Path) -> Any:
    model = import_coremltools("reading Core ML packages").proto.Model_pb2.Model()
    try:
        model.ParseFromString(file.read_bytes())
    except OSError as error:
        msg = f"{file}: expected a file that can be read, got {error.strerror}"
        raise ExportError(msg) from error
    except Exception as error:  # protobuf's DecodeError, whose module differs with its version
        msg = f"{file}: expected a whole Core ML model, got: {error}"
        raise ExportError(msg) from error
    return model


def _main(package: Path, file: Path, program: Any, name: str) -> tuple[str, Block]:
    if name not in program.functions:
        msg = f"{package}: expected a function {name}, got {', '.join(sorted(program.functions)) or 'none'}"
        raise ExportError(msg)
    function = program.functions[name]
    opset = str(function.opset)
    if opset not in function.block_specializations:
        got = ", ".join(sorted(function.block_specializations)) or "none"
        msg = f"{package}: {name}: expected operations of {opset}, got {got}"
        raise ExportError(msg)
    reader = _Reader(ValueReader(package, file))
    return opset, reader.block(function.block_specializations[opset], _arguments(function.inputs), {})


def _metadata(model: Any) -> dict[str, str]:
    """Apple's four texts under these names, where they are given, and user-defined ones under their own."""
    texts = model.description.metadata
    known = {
        "author": texts.author,
        "description": texts.shortDescription,
        "licence": texts.license,
        "version": texts.versionString,
    }
    return {**{key: str(text) for key, text in known.items() if text}, **dict(texts.userDefined)}


def _words(kind: str) -> str:
    """``neuralNetwork`` as words with an article."""
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in kind)
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def _arguments(named: Any) -> tuple[Argument, ...]:
    return tuple(Argument(str(value.name), value_type(value.type)) for value in named)


class _Reader:
    """Turns the specification's operations into ours, constants looked up by name."""

    def __init__(self, values: ValueReader) -> None:
        self._values = values

    def block(self, proto: Any, inputs: tuple[Argument, ...], outer: Mapping[str, Argument]) -> Block:
        scope: _Scope = {**outer, **{given.name: given for given in inputs}}
        operations = []
        for read in proto.operations:
            made = self._constants(read, scope)
            if made is None:
                operation = self._operation(read, scope)
                operations.append(operation)
                made = operation.outputs
            scope.update((value.name, value) for value in made)
        for name in proto.outputs:
            self._defined(name, scope, "outputs")
        return Block(inputs, tuple(operations), tuple(str(name) for name in proto.outputs))

    def _constants(self, proto: Any, scope: _Scope) -> tuple[Argument, ...] | None:
        """What ``const`` and ``constexpr_…`` make; None for an operation that runs."""
        kind = str(proto.type)
        if kind == "const":
            (name, held), value = self._one_output(proto), proto.attributes["val"]
            return (Argument(name, held, constant=True, read=partial(self._values.read, value, name)),)
        if not unpackable(kind):
            return None
        source = self._operation(proto, scope)
        return tuple(
            Argument(made.name, made.type, constant=True, read=self._unpacking(source, index), unpacks=source)
            for index, made in enumerate(source.outputs)
        )

    def _one_output(self, proto: Any) -> tuple[str, Any]:
        if len(proto.outputs) != 1 or "val" not in proto.attributes:
            raise self._values.error(str(proto.type), "an operation that holds one value", "another form")
        return str(proto.outputs[0].name), value_type(proto.outputs[0].type)

    def _operation(self, proto: Any, scope: _Scope) -> Operation:
        name = ""
        inputs: dict[str, tuple[Argument, ...]] = {}
        for key, value in proto.attributes.items():
            if key == "name":
                name = str(self._values.read(value, "name of an operation").item())
            else:  # constexpr_… of iOS 16 and 17
                inputs[str(key)] = (self._in_place(value, str(key)),)
        name = name or (str(proto.outputs[0].name) if proto.outputs else str(proto.type))
        for parameter, given in proto.inputs.items():
            inputs[str(parameter)] = tuple(
                self._bound(one, scope, f"{name}.{parameter}") for one in given.arguments
            )
        outputs = _arguments(proto.outputs)
        blocks = tuple(self.block(inner, _arguments(inner.inputs), scope) for inner in proto.blocks)
        return Operation(str(proto.type), name, dict(sorted(inputs.items())), outputs, blocks)

    def _bound(self, binding: Any, scope: _Scope, where: str) -> Argument:
        if binding.WhichOneof("binding") == "name":
            return self._defined(str(binding.name), scope, where)
        return self._in_place(binding.value, where)

    def _in_place(self, value: Any, where: str) -> Argument:
        return Argument(
            "", value_type(value.type), constant=True, read=partial(self._values.read, value, where)
        )

    def _defined(self, name: str, scope: _Scope, where: str) -> Argument:
        if name not in scope:
            raise self._values.error(where, "a value that is defined before", repr(name))
        return scope[name]

    def _unpacking(self, source: Operation, index: int) -> Callable[[], NDArray[Any]]:
        def read() -> NDArray[Any]:
            made = source.outputs[index]
            parts = {name: given[0].value() for name, given in source.inputs.items() if given}
            try:
                value = unpack(source.kind, parts)[index]
            except (KeyError, IndexError, TypeError, ValueError) as error:
                raise self._values.error(made.name, f"the parts of a {source.kind}", error) from error
            if value.shape != made.type.shape:
                raise self._values.error(made.name, f"values of shape {made.type.shape}", value.shape)
            return value

        return read
