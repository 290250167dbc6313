"""The registry's facts agree with themselves."""

from __future__ import annotations

import subprocess
import sys

import pytest

from flmcore import schemes
from flmcore.schemes.files import mapping_files, read
from flmcore.schemes.rows import GRADES

NAMES = schemes.names()
MAPPINGS = mapping_files()


def test_all_are_there() -> None:
    sizes = {name: schemes.get(name).landmarks for name in NAMES}
    assert sizes == {
        "300w-49": 49,
        "300w-51": 51,
        "300w-68": 68,
        "aflw-19": 19,
        "cofw-29": 29,
        "dlib-5": 5,
        "facesynthetics-70": 70,
        "five-5": 5,
        "insightface-106": 106,
        "lapa-106": 106,
        "mediapipe-468": 468,
        "mediapipe-478": 478,
        "openseeface-66": 66,
        "wflw-98": 98,
    }
    for alias, name in (
        ("if-106", "insightface-106"),
        ("mp-468", "mediapipe-468"),
        ("osf-66", "openseeface-66"),
        ("mp-478", "mediapipe-478"),
        ("fs-70", "facesynthetics-70"),
    ):
        assert schemes.get(alias) is schemes.get(name)


@pytest.mark.parametrize("name", NAMES)
def test_flip_mirrors_the_face(name: str) -> None:
    scheme = schemes.get(name)
    assert sorted(scheme.flip) == list(range(scheme.landmarks))
    assert all(scheme.flip[scheme.flip[i]] == i for i in range(scheme.landmarks))
    for pair in (scheme.eye_outer, scheme.eye_inner):
        if pair:
            assert scheme.flip[pair[0]] == pair[1]
    for group, indices in scheme.groups.items():
        mirrored = {scheme.flip[i] for i in indices}
        other = group.replace("left", "*").replace("right", "left").replace("*", "right")
        assert mirrored == set(scheme.groups[other]), group
        assert len(set(indices)) == len(indices)


@pytest.mark.parametrize("name", NAMES)
def test_sources_are_named_and_corners_are_of_the_eyes(name: str) -> None:
    scheme = schemes.get(name)
    assert scheme.source
    for pair in (scheme.eye_outer, scheme.eye_inner):
        if pair:
            assert pair[0] in scheme.groups["left_eye"]
            assert pair[1] in scheme.groups["right_eye"]


@pytest.mark.parametrize(("source", "target"), MAPPINGS)
def test_tables_are_whole(source: str, target: str) -> None:
    data = read(f"{source}_to_{target}")
    assert (data["source"], data["target"]) == (source, target)
    for variant in (None, *data.get("variants", {})):
        mapping = schemes.mapping(source, target, variant=variant)
        (step,) = mapping.steps
        assert mapping.origins[0]
        assert step.sources == schemes.get(source).landmarks
        assert len(step.rows) == len(mapping.grades) == schemes.get(target).landmarks
        placed = [target for arc in step.arcs for target in arc.targets]
        assert len(set(placed)) == len(placed)
        for i, (row, grade) in enumerate(zip(step.rows, mapping.grades, strict=True)):
            assert grade in GRADES
            assert all(0 <= index < step.sources for index, _ in row)
            assert (grade == "undefined") == (not row and i not in placed)
            assert not (row and i in placed)
            if row:
                assert sum(weight for _, weight in row) == pytest.approx(1, abs=1e-15)
            if grade == "exact":
                assert len(row) == 1


@pytest.mark.parametrize(("source", "target"), MAPPINGS)
def test_tables_are_mirrored_where_the_schemes_are(source: str, target: str) -> None:
    """A point's mirror comes from the mirrors of its sources; weights may differ a little from side to side."""
    mapping, a, b = schemes.mapping(source, target), schemes.get(source), schemes.get(target)
    (step,) = mapping.steps
    for i, row in enumerate(step.rows):
        mirrored = {a.flip[index] for index, _ in row}
        assert mirrored == {index for index, _ in step.rows[b.flip[i]]}, i


def test_tables_compose() -> None:
    mapping = schemes.mapping("mediapipe-468", "300w-51")
    assert mapping.path == ("mediapipe-468", "300w-68", "300w-51")
    assert len(mapping.steps) == 1  # one pass of the kernel
    direct = schemes.mapping("mediapipe-468", "300w-68").steps[0].rows
    assert mapping.steps[0].rows == direct[17:]
    assert mapping.grades.count("approximate") == 13


def test_schemes_with_the_pupils_keep_what_they_share() -> None:
    assert (
        schemes.mapping("mp-478", "300w-68").steps[0].rows
        == schemes.mapping("mp-468", "300w-68").steps[0].rows
    )
    assert schemes.mapping("mp-468", "mp-478").grades.count("undefined") == 10
    assert schemes.mapping("fs-70", "300w-68").complete
    assert schemes.mapping("fs-70", "wflw-98").path == ("facesynthetics-70", "300w-68", "wflw-98")
    assert schemes.common(["fs-70", "mp-478"]) == "300w-68"


def test_the_worst_grade_on_the_way_counts() -> None:
    grades = schemes.mapping("cofw-29", "five-5").grades
    assert grades == ("undefined", "undefined", "exact", "exact", "exact")
    assert schemes.mapping("openseeface-66", "300w-51").grades[60 - 17] == "approximate"


def test_common_is_the_largest_that_all_reach_whole() -> None:
    assert schemes.common(["wflw-98", "300w-68"]) == "300w-68"
    assert schemes.common(["wflw-98", "lapa-106", "mediapipe-468", "osf-66"]) == "300w-68"
    assert schemes.common(["wflw-98", "cofw-29"]) == "cofw-29"
    assert schemes.common(["mp-468", "five-5"]) == "five-5"
    assert schemes.common(["if-106", "lapa-106"]) == "insightface-106"
    assert schemes.common(["lapa-106", "if-106"]) == "lapa-106"
    assert schemes.common(["wflw-98"]) == "wflw-98"
    assert schemes.common(["cofw-29", "aflw-19"]) is None
    assert schemes.common([]) is None


def test_errors_name_both_ends() -> None:
    with pytest.raises(ValueError, match=r"name: expected one of .*, got '300w'"):
        schemes.get("300w")
    with pytest.raises(TypeError, match=r"name: expected one of .*, got 68"):
        schemes.get(68)  # type: ignore[arg-type]
    with pytest.raises(
        ValueError, match="target: expected a scheme that wflw-98 can be mapped to, got 'mediapipe-468'"
    ):
        schemes.mapping("wflw-98", "mp-468")
    with pytest.raises(ValueError, match="variant: expected 'nearest' for wflw-98 → 300w-68, got 'best'"):
        schemes.mapping("wflw-98", "300w-68", variant="best")
    with pytest.raises(ValueError, match="source: expected one of"):
        schemes.mapping("x", "300w-68")


def test_import_reads_no_table() -> None:
    code = "import flmcore; from flmcore.schemes import files; print(files._texts.cache_info().currsize)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"
