"""Measured errors of mappings: in the files, along chains, in words."""

from __future__ import annotations

import math
import re
import sys
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from flmcore import schemes
from flmcore.cli import main
from flmcore.errors import ConfigError
from flmcore.report.scheme_shape import shape_of
from flmcore.schemes.files import mapping_files, read
from flmcore.schemes.mapping_file import mapping_text
from flmcore.schemes.measured import without_measured

# Not before tests/, which has a module of the same name as one in bench/.
sys.path.append(str(Path(__file__).parent.parent / "bench"))

import mapping_errors

TABLES = [
    (*pair, variant)
    for pair in mapping_files()
    for variant in (None, *read("_to_".join(pair)).get("variants", {}))
]
MEASURED = [table for table in TABLES if schemes.mapping(*table[:2], variant=table[2]).measurements]
DATA = Path(schemes.__file__).parent / "data"


def _mapping(source: str, target: str) -> schemes.Mapping | None:
    try:
        return schemes.mapping(source, target)
    except ValueError:
        return None


@pytest.mark.parametrize(("source", "target", "variant"), TABLES)
def test_only_approximate_landmarks_have_an_error(source: str, target: str, variant: str | None) -> None:
    way = schemes.mapping(source, target, variant=variant)
    if not way.measurements:
        assert way.errors == way.distances == way.standard_errors == ()
        return
    columns = (way.errors, way.standard_errors, way.distances)
    for i, grade in enumerate(way.grades):
        numbers = [column[i] for column in columns]
        if grade != "approximate":
            assert all(map(math.isnan, numbers)), i
        else:
            assert numbers[2] > 0, i
            assert math.isnan(numbers[0]) == math.isnan(numbers[1]) == (way.measurements[0].images < 5)
            # One is of the mean over models and apart from the face's own shift, so the bound is not strict.
            assert not numbers[0] > numbers[2] + 0.1, i


def test_what_is_not_measured_is_what_the_docs_say() -> None:
    missing = {
        (source, target)
        for source, target, variant in TABLES
        if "approximate" in (way := schemes.mapping(source, target, variant=variant)).grades
        and all(map(math.isnan, way.errors))
    }
    assert missing == {
        *permutations(("300w-68", "facesynthetics-70")),
        *permutations(("300w-68", "aflw-19")),
        *permutations(("300w-68", "cofw-29")),
        *permutations(("wflw-98", "cofw-29")),
    }


@pytest.mark.parametrize(("source", "target", "variant"), MEASURED)
def test_both_sides_of_the_face_have_one_error(source: str, target: str, variant: str | None) -> None:
    way, flip = schemes.mapping(source, target, variant=variant), schemes.get(target).flip
    np.testing.assert_array_equal(way.errors, np.array(way.errors)[list(flip)])


def test_known_differences_of_the_schemes_are_found() -> None:
    """What is known without a model: LaPa's contour starts higher, and lids of eight and of six points are spaced
    otherwise, by half the distance of neighbours at most."""
    nearest = schemes.mapping("lapa-106", "300w-68", variant="nearest")
    contour = nearest.errors[:9]
    assert contour == tuple(sorted(contour, reverse=True))  # most at the ear, least at the chin
    assert contour[0] > 10
    # LaPa's contour has 33 points, 300-W's lie at 1 + 15 i / 8 of them: the first is one point off.
    face = shape_of("lapa-106")
    assert contour[0] == pytest.approx(100 * np.linalg.norm(face[0] - face[1]), rel=0.35)
    lids = schemes.mapping("wflw-98", "300w-68", variant="nearest").errors
    shape = shape_of("wflw-98")
    for point, neighbours in ((37, (61, 62)), (41, (66, 67))):
        half = 50 * np.linalg.norm(np.subtract(*shape[list(neighbours)]))
        assert lids[point] == pytest.approx(half, rel=0.35)
    measured, literature = (
        schemes.mapping("mp-468", "300w-68", variant=v).errors for v in (None, "literature")
    )
    assert np.nanmean(measured) < np.nanmean(literature)


def test_chains_add_up() -> None:
    first, then = schemes.mapping("mp-468", "300w-68"), schemes.mapping("300w-68", "wflw-98")
    whole = schemes.mapping("mp-468", "wflw-98")
    assert [m.table for m in whole.measurements] == ["mediapipe-468 → 300w-68", "300w-68 → wflw-98"]
    # 0 is 300-W's 0; 1 lies between 0 and 1; 33 is approximate from 17, which is approximate itself.
    assert whole.errors[0] == first.errors[0]
    assert whole.errors[1] == pytest.approx((first.errors[0] + first.errors[1]) / 2)
    assert whole.errors[33] == pytest.approx(math.hypot(first.errors[17], then.errors[33]))
    assert whole.distances[33] == pytest.approx(first.distances[17] + then.distances[33])
    a, b = (way.errors[i] * way.standard_errors[i] for way, i in ((first, 17), (then, 33)))
    assert whole.standard_errors[33] == pytest.approx(math.hypot(a, b) / whole.errors[33])
    assert whole.errors[61] == then.errors[61]  # from exact points, so only its own
    assert math.isnan(whole.errors[55 + 2])  # exact


def test_points_along_a_contour_inherit_from_the_nodes_about_them() -> None:
    first, whole = schemes.mapping("mp-468", "300w-68"), schemes.mapping("mp-468", "lapa-106")
    # LaPa's 1 is 300-W's 0, its 9 lies at 8/15 of the way to the chin: 4.27 nodes along.
    assert whole.errors[1] == pytest.approx(first.errors[0])
    place = 8 * 8 / 15
    expected = (5 - place) * first.errors[4] + (place - 4) * first.errors[5]
    assert whole.errors[9] == pytest.approx(expected)


def test_a_step_that_is_not_measured_leaves_the_error_unknown() -> None:
    way = schemes.mapping("fs-70", "wflw-98")
    assert way.grades[33] == way.grades[61] == "approximate"
    assert math.isnan(way.errors[33])  # by way of an approximate brow of unknown error
    assert way.errors[61] == schemes.mapping("300w-68", "wflw-98").errors[61]  # by way of exact lids


def test_chains_have_errors_where_their_tables_do() -> None:
    ways = [way for pair in permutations(schemes.names(), 2) if (way := _mapping(*pair))]
    chains = [way for way in ways if len(way.path) > 2 and way.measurements]
    assert len(chains) > 20
    for way in chains:
        for error, distance, grade in zip(way.errors, way.distances, way.grades, strict=True):
            assert grade == "approximate" or math.isnan(distance)
            assert not error <= 0


@pytest.mark.parametrize(
    "pair",
    [pair for *pair, variant in MEASURED if variant is None and not schemes.mapping(*pair).steps[0].arcs],
)
def test_files_round_trip(pair: list[str], tmp_path: Path) -> None:
    way = schemes.mapping(*pair)
    path = tmp_path / "mapping.toml"
    path.write_text(mapping_text(way), encoding="utf-8")
    again = schemes.read_mapping(path)
    for key in ("errors", "standard_errors", "distances"):
        np.testing.assert_array_equal(getattr(again, key), getattr(way, key))
    assert again.measurements == way.measurements
    assert mapping_text(again).encode() == path.read_bytes()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("points = [17", "points = [0", "measured.points: expected indices of approximate landmarks, got"),
        ("points = [17", "points = [true", "measured.points: expected indices"),
        ("errors = [3", "errors = [-3", r"measured.errors: expected numbers from 0, got -3"),
        ("distances = [", "distances = [1, ", "measured.distances: expected 10 numbers, one a point, got"),
        ("faces = 71", "faces = 0", "measured: expected an origin in words, faces and images from 1"),
        ("[measured]", "measured = 3\n[other]", "measured.points: expected indices .*, got 3"),
    ],
)
def test_other_tables_are_refused(old: str, new: str, message: str, tmp_path: Path) -> None:
    text = (DATA / "wflw-98_to_300w-68.toml").read_text(encoding="utf-8")
    text = (
        text[: text.index("[variants")]
        + text[text.index("[measured]") : text.index("[variants.nearest.measured]")]
    )
    text = text.replace("errors = [2.", "errors = [3.", 1)
    assert old in text
    path = tmp_path / "mapping.toml"
    path.write_text(text, encoding="utf-8")
    assert schemes.read_mapping(path).measurements
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        schemes.read_mapping(path)


def test_taking_a_table_out_leaves_the_others() -> None:
    text = "[measured]\na = [\n  1,\n]\n\n[[arcs]]\nb = 1\n\n[variants.nearest.measured]\nc = 2\n"
    assert without_measured(text, "measured") == text[text.index("[[arcs]]") :]
    assert without_measured(text, "variants.nearest.measured") == text[: text.index("[variants")]
    assert without_measured(text, "other") == text


def test_files_say_what_is_measured(shared: Path) -> None:
    """To the byte; the tables of dlib-5 need Dlib's predictor."""
    seen = set()
    for measured in mapping_errors.measurements():
        text = (DATA / f"{measured.source}_to_{measured.target}.toml").read_text(encoding="utf-8")
        assert "\n".join(measured.lines()) + "\n" in text, measured.table
        seen.add((measured.source, measured.target, measured.variant))
    assert seen >= {table for table in MEASURED if "dlib-5" not in table}
    assert seen <= set(MEASURED)
    assert shared.is_dir()


def test_chained_errors_agree_with_those_measured_from_end_to_end(shared: Path) -> None:
    """MediaPipe's brows against WFLW's, by way of 300-W: the chain adds in quadrature, which is within a quarter of what
    the landmarks show directly."""
    assert shared.is_dir()
    whole = schemes.mapping("mp-468", "wflw-98")
    direct = mapping_errors.measure("mediapipe-468", "wflw-98")
    assert direct is not None
    for group in ("contour", "left_brow", "left_eye"):
        rows = [i for i in schemes.get("wflw-98").groups[group] if whole.grades[i] == "approximate"]
        ratio = np.mean([whole.errors[i] for i in rows]) / direct.found.error[rows].mean()
        assert 0.75 < ratio < 1.34, (group, ratio)


def test_show_says_how_far_off(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schemes", "show", "wflw-98", "300w-68"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("wflw-98 → 300w-68: 50 exact, 8 interpolated, 10 approximate\n")
    assert re.search(
        r"^measured +wflw-98 → 300w-68: landmarks of .* faces of \d+ images$", said, re.MULTILINE
    )
    way = schemes.mapping("wflw-98", "300w-68")
    mean = np.nanmean(way.errors)
    assert re.search(rf"^ *all +10 +10 +{mean:.2f} +{np.nanmax(way.errors):.2f} \(\d+\)", said, re.MULTILINE)
    assert main(["schemes", "show", "wflw-98", "300w-68", "--points", "--variant", "nearest"]) == 0
    said = capsys.readouterr().out
    assert re.search(rf"^ *17 +approximate +33 +{way.errors[17]:.2f} ", said, re.MULTILINE)
    assert re.search(r"^ *0 +exact +0 +– +– +– *$", said, re.MULTILINE)


def test_show_says_what_is_not_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schemes", "show", "fs-70", "300w-68"]) == 0
    assert "it is not known how far the approximate landmarks are off" in capsys.readouterr().out
    assert main(["schemes", "show", "cofw-29", "wflw-98"]) == 0
    assert re.search(r"; 1 face of 1 image$", capsys.readouterr().out, re.MULTILINE)
    for options, message in (
        (["wflw-98", "--points"], "--points: expected a TARGET"),
        (["wflw-98", "--variant", "nearest"], "--variant: expected a TARGET"),
        (["wflw-98", "300w-68", "-o", "a.png"], "--out: expected no TARGET beside it"),
        (["wflw-98", "300w"], "TARGET: expected one of"),
        (["wflw-98", "300w-68", "--variant", "best"], "variant: expected 'nearest'"),
    ):
        assert main(["schemes", "show", *options]) == 2
        assert message in capsys.readouterr().err
