"""Meshes of the user's: what their files claim is tested, and their vertices are the landmarks that are drawn."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flmcore.cli import main
from flmcore.data.truth import read_dataset
from flmcore.errors import SimulateError
from flmcore.simulate.anatomy import MEAN_LANDMARKS
from flmcore.simulate.head import own_head
from flmcore.simulate.mesh_check import fit_similarity
from flmcore.simulate.mesh_file import read_mesh
from flmcore.simulate.mesh_head import mesh_head
from flmcore.simulate.mesh_orders import FIRST_SEEN
from flmcore.simulate.obj_file import read_obj
from flmcore.simulate.settings import SimulateSettings
from flmcore.simulate.stream import FaceStream
from flmcore.simulate.warp import carry

PLAIN = SimulateSettings(size=48, samples=1, accessories=False, imaging=0.0)


def scan(folder: Path, *, suffix: str = ".obj") -> tuple[Path, list[int]]:
    """flmcore's own skin as a scanner might give it: in metres, turned, y up; its landmarks in a list beside it."""
    skin = own_head().skin
    angle = np.radians(25.0)
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, -1, 0], [np.sin(angle), 0, -np.cos(angle)]])
    vertices = skin.vertices @ turn.T / 1000 + (0.3, 1.6, 0.0)
    file = folder / f"scan{suffix}"
    if suffix == ".obj":
        lines = [f"v {x!r} {y!r} {z!r}" for x, y, z in vertices.tolist()]
        file.write_text(
            "\n".join([*lines, *(f"f {a}/1 {b} {c}//2" for a, b, c in (skin.triangles + 1).tolist())])
        )
    else:
        np.savez(file, vertices=vertices, triangles=skin.triangles, **{"300w-68": skin.landmarks})
    return file, skin.landmarks.tolist()


def listed(file: Path, landmarks: object) -> Path:
    beside = file.with_name(f"{file.stem}.landmarks.json")
    beside.write_text(json.dumps(landmarks))
    return beside


@pytest.mark.parametrize("suffix", [".obj", ".npz"])
def test_a_scan_in_units_of_its_own_is_brought_to_the_head(tmp_path: Path, suffix: str) -> None:
    file, landmarks = scan(tmp_path, suffix=suffix)
    if suffix == ".obj":
        listed(file, {"300w-68": landmarks})
    mesh = read_mesh(file)
    np.testing.assert_array_equal(mesh.landmarks["300w-68"], landmarks)
    placed = fit_similarity(mesh.vertices[landmarks], mesh.vertices)
    np.testing.assert_allclose(
        placed, own_head().skin.vertices, atol=1.5
    )  # mm: the fit is to the mean landmarks
    assert np.linalg.norm(placed[landmarks] - MEAN_LANDMARKS, axis=1).max() < 5


def test_the_mesh_moves_as_the_own_head_does(tmp_path: Path) -> None:
    file, landmarks = scan(tmp_path)
    head = mesh_head(read_mesh(file, listed(file, {"300w-68": landmarks})))
    own, rng = own_head(), np.random.default_rng(5)
    shape, expression = own.sample_shape(rng), own.sample_expression(rng)
    ours, theirs = own.pose(shape, expression), head.pose(shape, expression)
    rest = head.pose(np.zeros(own.shapes), own.sample_expression(rng, 0.0)).landmarks("300w-68")
    still = own.pose(np.zeros(own.shapes), own.sample_expression(np.random.default_rng(0), 0.0)).landmarks(
        "300w-68"
    )
    moved = theirs.landmarks("300w-68") - rest
    wanted = ours.landmarks("300w-68") - still
    assert np.linalg.norm(wanted, axis=1).mean() > 2
    assert np.linalg.norm(moved - wanted, axis=1).mean() < 0.2 * np.linalg.norm(wanted, axis=1).mean()
    assert np.isfinite(theirs.parts["skin"].vertices).all()
    with pytest.raises(ValueError, match="scheme: expected one of 300w-68"):
        theirs.landmarks("wflw-98")


def test_landmarks_that_are_drawn_are_its_vertices(tmp_path: Path) -> None:
    file, landmarks = scan(tmp_path)
    mesh = read_mesh(file, listed(file, {"300w-68": landmarks}))
    with_mesh, without = FaceStream(PLAIN, 2, mesh)[0], FaceStream(PLAIN, 2)[0]
    eyes = float(np.linalg.norm(np.subtract(*without.landmarks["300w-68"][[36, 45]])))
    apart = np.linalg.norm(with_mesh.landmarks["300w-68"] - without.landmarks["300w-68"], axis=1) / eyes
    assert apart.mean() < 0.1  # the same surface; the camera frames each by its own box
    difference = np.abs(with_mesh.image.astype(float) - without.image).mean()
    assert difference < 25
    assert (with_mesh.image != without.image).any()


def test_the_canonical_mesh_in_either_order(shared: Path, tmp_path: Path) -> None:
    mesh = read_mesh(shared / "canonical_mesh.npz")  # says that it is in MediaPipe's order, which it is not
    np.testing.assert_array_equal(mesh.landmarks["mediapipe-468"], FIRST_SEEN)
    place = np.argsort(FIRST_SEEN)
    ordered = tmp_path / "ordered.npz"
    np.savez(ordered, vertices=mesh.vertices[FIRST_SEEN], triangles=place[mesh.triangles])
    again = read_mesh(ordered)
    np.testing.assert_array_equal(again.landmarks["mediapipe-468"], np.arange(468))
    np.testing.assert_array_equal(
        again.vertices[again.landmarks["300w-68"]], mesh.vertices[mesh.landmarks["300w-68"]]
    )
    rng = np.random.default_rng(0).permutation(468)
    np.savez(ordered, vertices=mesh.vertices[rng], triangles=np.argsort(rng)[mesh.triangles])
    with pytest.raises(
        SimulateError, match=r"landmarks: expected vertices that form a face in the order of mediapipe-468"
    ):
        read_mesh(ordered)


def test_the_canonical_mesh_is_drawn(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, mesh = str(tmp_path / "drawn"), str(shared / "canonical_mesh.npz")
    command = ["simulate", "-n", "2", "-o", out, "--size", "48", "--workers", "1"]
    assert main([*command, "--mesh", mesh]) == 0
    points = {
        scheme: read_dataset(out, scheme=scheme).faces[1].points for scheme in ("300w-68", "mediapipe-468")
    }
    np.testing.assert_array_equal(points["300w-68"][36], points["mediapipe-468"][33])
    np.testing.assert_array_equal(points["300w-68"][30], points["mediapipe-468"][4])
    assert main(command) == 2
    assert "(mesh " in capsys.readouterr().err
    assert main(["simulate", "-o", out, "--resume"]) == 2
    assert "--mesh: expected canonical_mesh.npz, which" in capsys.readouterr().err


def exchange(landmarks: list[int]) -> list[int]:
    from flmcore import schemes

    return [landmarks[index] for index in schemes.get("300w-68").flip]


LISTS: dict[str, tuple[Callable[[list[int]], object], str]] = {
    "another scheme": (lambda rows: {"wflw-98": rows}, r"expected JSON such as .* got wflw-98"),
    "no object": (lambda rows: rows, "expected JSON such as .* got something else"),
    "too few": (lambda rows: {"300w-68": rows[:60]}, "300w-68: expected a vertex for each of 68 landmarks, got 60"),
    "not there": (lambda rows: {"300w-68": [*rows[:67], 10**6]}, r"landmark 67: expected a vertex from 0 to \d+, got 1000000"),
    "negative": (lambda rows: {"300w-68": [-1, *rows[1:]]}, "landmark 0: expected a vertex from 0 .* got -1"),
    "no number": (lambda rows: {"300w-68": ["a", *rows[1:]]}, "landmark 0: expected a vertex from 0 .* got a"),
    "the same": (lambda rows: {"300w-68": [rows[1], *rows[1:]]}, r"a vertex of its own for each landmark, got \d+ for 0 and 1"),
    "another order": (lambda rows: {"300w-68": rows[::-1]}, "expected vertices that form a face in the order of 300w-68"),
    "exchanged": (lambda rows: {"300w-68": exchange(rows)}, "got a face whose left and right are exchanged"),
}  # fmt: skip


@pytest.mark.parametrize("case", LISTS)
def test_lists_that_do_not_fit_are_refused(tmp_path: Path, case: str) -> None:
    file, landmarks = scan(tmp_path)
    make, message = LISTS[case]
    listed(file, make(landmarks))
    with pytest.raises(SimulateError, match=message) as raised:
        read_mesh(file)
    assert "scan.landmarks.json: " in str(raised.value)


TRIANGLE = "v 0 0 0\nv 1 0 0\nv 0 1 0\n"
OBJ = {
    "": "expected vertices and faces, got 0 and 0",
    TRIANGLE: "expected vertices and faces, got 3 and 0",
    TRIANGLE + "f 1 2": "line 4: expected f and at least three corners, .* got 'f 1 2'",
    TRIANGLE + "f 0 1 2": "line 4: expected f and at least three corners",
    TRIANGLE + "f -4 1 2": "line 4: expected f and at least three corners",
    TRIANGLE + "f 1 2 4": r"triangles: expected vertices from 0 to 2, got \[0, 1, 3\] for triangle 0",
    TRIANGLE + "f 1 2 2": "triangles: expected some with an area, got 1 without",
    "v 0 0\n": "line 1: expected v x y z, got 'v 0 0'",
    "v 0 0 nan\nv 1 0 0\nv 0 1 0\nf 1 2 3": r"vertices: expected finite numbers up to 1e\+15, got \[0\.0, 0\.0, nan\] for vertex 0",
}


@pytest.mark.parametrize("text", OBJ)
def test_obj_files_that_hold_no_mesh(tmp_path: Path, text: str) -> None:
    file = tmp_path / "a.obj"
    file.write_text(text)
    listed(file, {"300w-68": [0]})
    with pytest.raises(SimulateError, match=rf"a\.obj: {OBJ[text]}"):
        read_mesh(file)


@pytest.mark.parametrize("size", [1e20, 1e308, np.nan, -np.inf])
def test_coordinates_that_are_no_place_are_refused(tmp_path: Path, size: float) -> None:
    file, _ = scan(tmp_path, suffix=".npz")
    arrays = dict(np.load(file))
    arrays["vertices"][7, 1] = size
    np.savez(file, **arrays)
    with pytest.raises(
        SimulateError, match=r"vertices: expected finite numbers up to 1e\+15, got .* for vertex 7"
    ):
        read_mesh(file)


def test_landmarks_without_a_surface_are_refused(tmp_path: Path) -> None:
    file, landmarks = scan(tmp_path, suffix=".npz")
    arrays = dict(np.load(file))
    tip = landmarks[30]
    np.savez(file, **{**arrays, "triangles": arrays["triangles"][~(arrays["triangles"] == tip).any(axis=1)]})
    with pytest.raises(
        SimulateError, match=rf"with an area, got 1 of 68 on others \(landmark 30: vertex {tip}\)"
    ):
        read_mesh(file)


def test_obj_polygons_become_fans() -> None:
    vertices, triangles = read_obj(
        "# a\no x\nv 0 0 0 1\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nf 1/1/1 2//1 3/2 4\nf -4 -3 -1\n"
    )
    assert vertices.shape == (4, 3)
    assert triangles.tolist() == [[0, 1, 2], [0, 2, 3], [0, 1, 3]]


@given(st.text("vf 0123456789-/.e\n", max_size=60))
def test_any_obj_text_is_read_or_refused(text: str) -> None:
    try:
        vertices, triangles = read_obj(text)
    except ValueError as error:
        assert "expected" in str(error)  # noqa: PT017
    else:
        assert vertices.shape[1] == triangles.shape[1] == 3


def test_files_that_are_no_mesh(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"PK\x03\x04")
    np.savez(tmp_path / "b.npz", points=np.zeros((3, 3)))
    np.savez(tmp_path / "c.npz", vertices=np.zeros((3, 2)), triangles=np.zeros((1, 3), int))
    np.savez(tmp_path / "d.npz", vertices=np.eye(3), triangles=np.array([[0, 1, 2]]))
    for name, message in (
        ("a.npz", "expected an npz archive of plain arrays"),
        ("b.npz", r"expected arrays vertices \(V, 3\) and triangles \(F, 3\), got points"),
        ("c.npz", r"vertices: expected an array of three numbers a row, got float64 \(3, 2\)"),
        ("d.npz", r"expected a list of the vertices that are landmarks, got none: name it with --landmarks"),
        ("e.npz", "cannot be read: No such file"),
    ):
        with pytest.raises(SimulateError, match=message):
            read_mesh(tmp_path / name)
    (tmp_path / "f.stl").touch()
    with pytest.raises(SimulateError, match=r"expected a mesh as \.obj or \.npz, got the suffix '\.stl'"):
        read_mesh(tmp_path / "f.stl")


def test_carry_meets_its_points_and_keeps_affine_maps() -> None:
    rng = np.random.default_rng(1)
    source, points = rng.normal(0, 50, (20, 3)), rng.normal(0, 80, (300, 3))
    matrix, shift = rng.normal(0, 1, (3, 3)), rng.normal(0, 9, 3)
    np.testing.assert_allclose(
        carry(source, source @ matrix + shift, points), points @ matrix + shift, atol=1e-8
    )
    target = source + rng.normal(0, 5, source.shape)
    np.testing.assert_allclose(carry(source, target, source), target, atol=1e-8)
