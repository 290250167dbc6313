"""Which scheme can be reached from which, and through which tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise

from flmcore.schemes.files import mapping_files, read
from flmcore.schemes.measured import chained, nothing, read_measured
from flmcore.schemes.rows import GRADES, Mapping, Step, compose, step_from_table
from flmcore.schemes.scheme import look_up, names

__all__ = ["common", "mapping"]


def mapping(source: str, target: str, *, variant: str | None = None) -> Mapping:
    """How to turn landmarks of ``source`` into landmarks of ``target``.

    Tables are chained where no single one leads there (``mediapipe-468`` by way of ``300w-68`` to ``300w-51``); of
    chains of the same length the one that leaves fewest points undefined is taken.

    Args:
        source: scheme name or alias.
        target: scheme name or alias.
        variant: a table other than the default where a mapping has several. ``nearest`` takes one source landmark
            per point (``wflw-98``, ``lapa-106`` → ``300w-68``; the default interpolates, which is nearer to the
            truth); ``literature`` is the widely copied list for ``mediapipe-468`` → ``300w-68``.

    Raises:
        ValueError: an unknown scheme, no way from one to the other, or a variant that no table on the way has.
    """
    return _mapping(look_up("source", source).name, look_up("target", target).name, variant)


@cache
def _mapping(source: str, target: str, variant: str | None) -> Mapping:
    if source == target:
        count = look_up("source", source).landmarks
        identity = Step(count, tuple(((i, 1.0),) for i in range(count)))
        return Mapping(source, target, ("exact",) * count, (identity,), (source,), ())
    found = [_chain(path, variant) for path in _shortest(source, target)]
    if not found:
        msg = f"target: expected a scheme that {source} can be mapped to, got {target!r}"
        raise ValueError(msg)
    best = min(found, key=lambda m: [m.grades.count(grade) for grade in reversed(GRADES)])
    if best.grades.count("undefined") == len(best.grades):
        msg = f"target: expected a scheme that shares a landmark with {source}, got {target!r}"
        raise ValueError(msg)
    return best


def _shortest(source: str, target: str) -> list[tuple[str, ...]]:
    """All shortest paths."""
    paths: list[tuple[str, ...]] = [(source,)]
    seen: set[str] = set()
    while paths:
        done = [path for path in paths if path[-1] == target]
        if done:
            return done
        seen.update(path[-1] for path in paths)
        paths = [
            (*path, following)
            for path in paths
            for start, following in mapping_files()
            if start == path[-1] and following not in seen
        ]
    return []


def _chain(path: tuple[str, ...], variant: str | None) -> Mapping:
    steps: list[Step] = []
    origins: list[str] = []
    grades: tuple[str, ...] = ("exact",) * look_up("source", path[0]).landmarks
    errors = nothing(len(grades))
    known: set[str] = set()
    for source, target in pairwise(path):
        data = read(f"{source}_to_{target}")
        variants = data.get("variants", {})
        known.update(variants)
        special = variant in variants
        table = variants[variant] if special else data
        step, own = step_from_table(
            table, look_up("source", source).landmarks, () if special else data.get("arcs", ())
        )
        grades = tuple(_grade(step, own, grades))
        errors = chained(errors, step, read_measured(table, own, f"{source} → {target}"))
        merged = compose(steps[-1], step) if steps else None
        steps = [*steps[:-1], merged] if merged is not None else [*steps, step]
        origins.append("; ".join(text for text in (table["origin"], data.get("doubts")) if text))
    if variant is not None and variant not in known:
        msg = f"variant: expected {' or '.join(map(repr, sorted(known))) or 'None'} for {' → '.join(path)}, got {variant!r}"
        raise ValueError(msg)
    return Mapping(path[0], path[-1], grades, tuple(steps), path, tuple(origins), **errors.of(grades))


def _grade(step: Step, own: tuple[str, ...], before: tuple[str, ...]) -> Iterator[str]:
    """A point is as good as the worst of its table entry and its sources."""
    paths = {target: arc.path for arc in step.arcs for target in arc.targets}
    for i, (row, grade) in enumerate(zip(step.rows, own, strict=True)):
        sources = paths.get(i, tuple(index for index, _ in row))
        yield max((grade, *(before[index] for index in sources)), key=GRADES.index)


def common(schemes: Iterable[str]) -> str | None:
    """The largest scheme that all of these reach with no landmark undefined; None where there is none.

    Of schemes of one size, the one named first is taken: landmarks stay as they are for as many as possible.
    """
    given = [look_up("schemes", name).name for name in schemes]
    if not given:
        return None
    order = dict.fromkeys([*given, *names()])  # sets keep no order
    reached = [target for target in order if all(_reaches(source, target) for source in given)]
    return max(reached, key=lambda name: look_up("schemes", name).landmarks, default=None)


def _reaches(source: str, target: str) -> bool:
    try:
        return _mapping(source, target, None).complete
    except ValueError:
        return False
