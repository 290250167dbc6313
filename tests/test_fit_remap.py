"""Learnt mappings: what is recovered, what the errors are worth, what a file keeps."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import flmcore
from flmcore import schemes
from flmcore.errors import ConfigError
from flmcore.evaluation.fit_input import assign_folds
from flmcore.evaluation.sparse_rows import best_row, gram, rounded
from flmcore.ops._normaliser import shape_normaliser

SOURCES = 24
# Any sparse map of sources that lie near the target: copies, midpoints, an offset across a line, four at once.
TRUE_ROWS = (
    ((3, 1.0),),
    ((5, 0.5), (6, 0.5)),
    ((7, 0.25), (8, 0.75)),
    ((0, 0.8), (1, 0.5), (2, -0.3)),
    ((9, 0.4), (10, 0.3), (11, 0.2), (12, 0.1)),
)


def shapes(count: int, seed: int, *, landmarks: int = SOURCES) -> np.ndarray:
    """Faces that bend: a spiral, each landmark moved on its own, in any pose."""
    rng = np.random.default_rng(seed)
    turn = np.linspace(0, 9, landmarks)
    base = 12 * turn[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    bent = base + rng.normal(0, 4, (count, landmarks, 2))
    angle, size = rng.uniform(-1, 1, count), rng.uniform(0.5, 2, count)
    c, s = size * np.cos(angle), size * np.sin(angle)
    posed = np.einsum("nij,nkj->nki", np.stack([c, -s, s, c], axis=1).reshape(-1, 2, 2), bent)
    return posed + rng.uniform(100, 900, (count, 1, 2))


def through(points: np.ndarray, rows: tuple = TRUE_ROWS) -> np.ndarray:
    return np.stack([sum(weight * points[:, i] for i, weight in row) for row in rows], axis=1)


def fit(x: np.ndarray, y: np.ndarray, **options: object) -> flmcore.FittedRemap:
    return flmcore.fit_remap(x, y, **{"source": "rendered", "target": "drawn", **options})


def diagonals(x: np.ndarray) -> np.ndarray:
    return shape_normaliser("diagonal", x, None)


def test_a_known_sparse_map_is_recovered() -> None:
    x = shapes(40, 0)
    fitted = fit(x, through(x))
    assert [dict(row) for row in fitted.rows] == [dict(row) for row in TRUE_ROWS]
    assert fitted.errors == (0.0,) * 5
    assert fitted.single[0] == 0
    assert min(fitted.single[1:]) > 0.3
    assert fitted.grades == ("approximate",) * 5
    assert fitted.normaliser == "diagonal"
    assert all(math.isnan(value) for value in fitted.known)
    fresh = shapes(7, 1)
    np.testing.assert_allclose(fitted.apply(fresh), through(fresh), rtol=0, atol=1e-9)


def test_the_best_subset_is_the_best_by_brute_force() -> None:
    rng = np.random.default_rng(5)
    z = rng.normal(size=(30, 6, 2)) + rng.normal(size=(30, 1, 2))
    matrix = gram(z)
    np.testing.assert_allclose(matrix, np.einsum("nia,nja->ij", z, z), rtol=1e-12)
    found = best_row(matrix, 3)
    assert found is not None
    members, weights = found
    best = min(
        ((i, j, k) for i in range(6) for j in range(i) for k in range(j)),
        key=lambda m: 1 / np.linalg.inv(matrix[np.ix_(m, m)]).sum(),  # least w'Gw with sum 1
    )
    assert set(members.tolist()) == set(best)
    inverse = np.linalg.inv(matrix[np.ix_(members, members)])
    np.testing.assert_allclose(weights, inverse.sum(axis=1) / inverse.sum(), rtol=1e-9)


def test_one_place_twice_is_taken_once() -> None:
    z = np.random.default_rng(6).normal(size=(30, 3, 2))
    z[:, 2] = z[:, 1]
    found = best_row(gram(z), 3)
    assert found is None  # no third independent source


@given(st.lists(st.floats(-2, 2), min_size=1, max_size=3))
def test_rounded_weights_sum_to_one(free: list[float]) -> None:
    weights = np.array([*free, 1 - math.fsum(free)])
    row = rounded((np.arange(len(weights)), weights))
    assert sum(round(weight * 1_000_000) for _, weight in row) == 1_000_000
    for i, weight in row:
        assert abs(weight - weights[i]) <= 2.1e-6
        assert weight == float(f"{weight:.6f}")


def test_the_error_is_that_on_fresh_faces() -> None:
    """Noise in both; the estimate against 4000 faces that no fit has seen, within its own sampling error."""
    ratios = []
    for seed in range(6):
        x, fresh = shapes(60, 10 + seed), shapes(4000, 50 + seed)
        rng = np.random.default_rng(seed)
        y, beyond = (through(p) + rng.normal(0, 3, (len(p), 5, 2)) for p in (x, fresh))
        fitted = fit(x, y)
        distance = 100 * np.linalg.norm(fitted.apply(fresh) - beyond, axis=2) / diagonals(fresh)[:, None]
        ratios.append(np.array(fitted.errors) / distance.mean(axis=0))
    # A Rayleigh distance varies by 52 % (and by the faces' sizes, in all by some 70 %): 9 % on 60 faces.
    assert np.abs(np.array(ratios) - 1).max() < 4 * 0.7 / math.sqrt(60)
    assert np.mean(ratios) == pytest.approx(1, abs=4 * 0.7 / math.sqrt(60 * 30))


def test_noise_alone_earns_no_skill() -> None:
    """Truth that has nothing to do with the landmarks: choosing among subsets must not look better than it is."""
    rng = np.random.default_rng(3)
    x = shapes(20, 3)
    y = x.mean(axis=1, keepdims=True) + rng.normal(0, 20, (20, 12, 2))
    fitted = fit(x, y)
    fresh = shapes(3000, 4)
    beyond = fresh.mean(axis=1, keepdims=True) + rng.normal(0, 20, (3000, 12, 2))
    distance = 100 * np.linalg.norm(fitted.apply(fresh) - beyond, axis=2) / diagonals(fresh)[:, None]
    assert np.mean(fitted.errors) > 0.85 * distance.mean()


def test_faces_of_an_image_stay_on_one_side() -> None:
    labels = [f"image {i % 13}" for i in range(80)]
    fold = assign_folds(labels, 5, 0)
    for label in set(labels):
        assert len({int(fold[i]) for i, own in enumerate(labels) if own == label}) == 1
    assert sorted(set(fold.tolist())) == [0, 1, 2, 3, 4]
    assert assign_folds(labels, 5, 0).tolist() == fold.tolist() != assign_folds(labels, 5, 1).tolist()


def test_copies_of_a_face_do_not_flatter_where_groups_tell() -> None:
    rng = np.random.default_rng(8)
    x = np.repeat(shapes(6, 8), 6, axis=0)
    y = np.repeat(through(x[::6]) + rng.normal(0, 8, (6, 5, 2)), 6, axis=0)
    alone = fit(x, y)
    told = fit(x, y, groups=np.repeat(np.arange(6), 6).tolist())
    assert np.mean(alone.errors) < 0.8 * np.mean(told.errors)


@settings(max_examples=10)
@given(
    st.floats(-math.pi, math.pi),
    st.floats(0.1, 10),
    st.floats(-1000, 1000),
    st.floats(-1000, 1000),
)
def test_similarities_change_nothing(angle: float, size: float, right: float, down: float) -> None:
    x = shapes(30, 2)
    y = through(x) + np.random.default_rng(2).normal(0, 1, (30, 5, 2))
    c, s = size * math.cos(angle), size * math.sin(angle)

    def moved(points: np.ndarray) -> np.ndarray:
        return points @ np.array([[c, s], [-s, c]]) + [right, down]

    fitted = fit(x, y)
    np.testing.assert_allclose(
        fitted.apply(moved(x)), moved(fitted.apply(x)), rtol=0, atol=1e-8 * (1 + size) * 1e3
    )
    # Learning too: by inter-ocular distance, which turns with the face as the diagonal of a box does not.
    whole = shapes(24, 9, landmarks=68)
    truth = whole[:, [36, 39, 42, 45, 30]] + np.random.default_rng(9).normal(0, 1, (24, 5, 2))
    before = flmcore.fit_remap(whole, truth, source="300w-68", target="corners")
    after = flmcore.fit_remap(moved(whole), moved(truth), source="300w-68", target="corners")
    assert before.normaliser == "source interocular"
    assert [[i for i, _ in row] for row in before.rows] == [[i for i, _ in row] for row in after.rows]
    np.testing.assert_allclose(before.errors, after.errors, rtol=0, atol=2e-4)


def test_a_saved_file_gives_the_same_bits(tmp_path: Path) -> None:
    x = shapes(30, 1)
    y = through(x) + np.random.default_rng(1).normal(0, 1, (30, 5, 2))
    y[:, 4] = np.nan
    fitted = fit(x, y, source='ren"dered \\ é')
    path = fitted.save(tmp_path / "mine.toml")
    assert [entry.name for entry in tmp_path.iterdir()] == ["mine.toml"]
    text = path.read_bytes()
    assert fit(x, y, source='ren"dered \\ é').save(tmp_path / "again.toml").read_bytes() == text
    back = schemes.read_mapping(path)
    assert back.steps == fitted.steps
    assert back.grades == fitted.grades == (*["approximate"] * 4, "undefined")
    assert back.source == 'ren"dered \\ é'
    np.testing.assert_array_equal(back.errors, fitted.errors)
    assert "30 faces" in back.origins[0]
    assert "5 folds" in back.origins[0]
    assert "undefined 4: in no face's truth" in back.origins[0]
    for dtype in (np.float32, np.float64):
        fresh = shapes(9, 3).astype(dtype)
        expected = fitted.apply(fresh)
        assert expected.dtype == dtype
        assert np.isnan(expected[:, 4]).all()
        for mapping in (path, str(path), back, fitted):
            assert flmcore.remap(fresh, mapping=mapping).tobytes() == expected.tobytes()


def test_undefined_points_are_left_out_point_by_point() -> None:
    x = shapes(60, 4)
    y = through(x)
    x[7] = np.nan  # not found
    x[8, 3] = np.nan
    y[:55, 0] = np.nan
    y[10:20, 1, 0] = np.nan
    fitted = fit(x, y)
    assert fitted.faces == (5, 49, 59, 59, 59)
    assert fitted.rows[0] == ()
    assert fitted.reasons == ("in the truth of 5 faces, 10 are needed", "", "", "", "")
    assert math.isnan(fitted.errors[0])
    assert [dict(row) for row in fitted.rows[1:]] == [dict(row) for row in TRUE_ROWS[1:]]


def test_faces_that_each_lack_a_landmark_still_count() -> None:
    x = shapes(24, 12)
    y = through(x)
    for i in range(24):
        x[i, i] = np.nan  # no face has all, and each landmark is on 23 of 24
    fitted = fit(x, y)
    assert not any(fitted.reasons)
    assert fitted.errors[0] == 0
    assert fitted.rows[0] == ((3, 1.0),)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.7])
def test_landmarks_missing_at_random_never_stop_a_fit(share: float) -> None:
    rng = np.random.default_rng(13)
    x = shapes(40, 13)
    y = through(x)
    x[rng.random(x.shape[:2]) < share] = np.nan
    y[rng.random(y.shape[:2]) < share] = np.nan
    fitted = fit(x, y)
    for row, grade, reason in zip(fitted.rows, fitted.grades, fitted.reasons, strict=True):
        assert (grade == "undefined") == (not row) == bool(reason)


def test_the_builtin_mapping_stands_beside() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(100, 40, (30, 98, 2))
    y = flmcore.remap(x, "wflw-98", "300w-68")
    fitted = flmcore.fit_remap(x, y, source="wflw-98", target="300w-68")
    assert fitted.normaliser == "interocular"
    assert fitted.known == (0.0,) * 68
    own = flmcore.fit_remap(y + 1, y, source="300w-68")  # no target: the same scheme
    assert own.target == "300w-68"
    sides = np.linalg.norm(y[:, 45] - y[:, 36], axis=1)
    assert own.known[5] == pytest.approx(100 * np.mean(math.sqrt(2) / sides), abs=1e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pred": shapes(9, 0)}, r"truth: expected 9 faces, as many as pred, got 40"),
        ({"pred": np.zeros((40, 3))}, r"pred: expected shape \(N, landmarks, 2\), got \(40, 3\)"),
        ({"truth": np.full((40, 5, 2), np.inf)}, r"truth: expected finite coordinates or NaN, .* on face 0"),
        ({"truth": np.full((40, 5, 2), np.nan)}, r"pred: expected at least 10 faces .* for 5 folds, got 0"),
        ({"pred": shapes(9, 0), "truth": np.ones((9, 5, 2))}, r"pred: expected at least 10 faces .*, got 9"),
        (
            {"pred": np.ones((40, 24, 2))},
            r"pred: expected at least 10 faces with landmarks, truth and a size",
        ),
        ({"source": "wflw-98"}, r"pred: expected 98 landmarks for wflw-98, got 24"),
        ({"target": "300w-68"}, r"truth: expected 68 landmarks for 300w-68, got 5"),
        ({"source": ""}, r"source: expected a scheme or another printable name, got ''"),
        ({"folds": 2}, r"folds: expected a whole number from 3, got 2"),
        ({"neighbours": 0}, r"neighbours: expected a whole number from 1 to 20, got 0"),
        ({"neighbours": 21}, r"neighbours: expected a whole number from 1 to 20, got 21"),
        ({"seed": 1.5}, r"seed: expected a whole number from 0, got 1.5"),
        ({"groups": [1] * 39}, r"groups: expected 40 entries, one a face, got 39"),
        ({"groups": [1, 2] * 20}, r"groups: expected at least 5 images, one a fold, got 2"),
    ],
)
def test_bad_input_is_named(change: dict[str, object], message: str) -> None:
    x = shapes(40, 0)
    given = {"pred": x, "truth": through(x), "source": "a", "target": "b", **change}
    with pytest.raises(ValueError, match=message):
        flmcore.fit_remap(given.pop("pred"), given.pop("truth"), **given)  # type: ignore[arg-type]


GOOD = 'source = "a"\ntarget = "b"\norigin = "x"\nsources = 3\ngrades = "eau"\nrows = [0, [1, 2], []]\n'


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("sources = 3\n", "", "sources: expected the number of landmarks of a, got None"),
        ('"a"', '"wflw-98"', "sources: expected 98, the landmarks of wflw-98, got 3"),
        ('"b"', '"five-5"', "rows: expected 5 for five-5, got 3"),
        ('target = "b"\n', "", "target: expected text, got None"),
        ("[1, 2]", "[1, 3]", "rows: expected indices below 3"),
        ("[1, 2]", "[[1, 0.5], [2, 0.4]]", "rows: expected weights that sum to 1"),
        ("eau", "ea", "grades: expected 3 letters, one a row, got 2"),
        ("eau", "eaa", "grades: expected 'u' exactly where there is no row, got 'a' for landmark 2"),
        ("eau", "eax", "rows, grades, arcs: expected a mapping's tables, got KeyError"),
        ("rows", "row", "rows, grades, arcs: expected a mapping's tables, got KeyError: 'rows'"),
        ("rows", "errors = [1.0]\nrows", "errors: expected 3 numbers"),
        ("rows", "rows = ", "expected a TOML file"),
    ],
)
def test_bad_files_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "m.toml"
    path.write_text(GOOD)
    assert schemes.read_mapping(path).grades == ("exact", "approximate", "undefined")
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(ConfigError, match=r"m\.toml: ") as raised:
        flmcore.remap(np.zeros((3, 2)), mapping=path)
    assert message in str(raised.value)


def test_remap_takes_schemes_or_a_mapping(tmp_path: Path) -> None:
    points = np.zeros((98, 2))
    with pytest.raises(ConfigError, match=r"none\.toml: cannot be read"):
        flmcore.remap(points, mapping=tmp_path / "none.toml")
    with pytest.raises(ValueError, match="source, target: expected two schemes, or mapping"):
        flmcore.remap(points, "wflw-98")
    own = schemes.mapping("wflw-98", "300w-68")
    np.testing.assert_array_equal(
        flmcore.remap(points, mapping=own), flmcore.remap(points, "wflw-98", "300w-68")
    )
    with pytest.raises(ValueError, match="mapping: expected neither source, target nor variant beside it"):
        flmcore.remap(points, "wflw-98", "300w-68", mapping=own)
    with pytest.raises(TypeError, match="mapping: expected a mapping or the path of one, got int"):
        flmcore.remap(points, mapping=3)  # type: ignore[arg-type]


def test_real_landmarks_of_two_models(shared: Path) -> None:
    """WFLW's 98 of one model onto another's 68: nearer than the registry's rows, on faces that were not fitted."""
    with (
        np.load(shared / "golden" / "pfld98_GhostOne.npz") as a,
        np.load(shared / "golden" / "pfld68_cunjian.npz") as b,
    ):
        keys = sorted(key for key in a.files if "@" not in key)
        x, y = np.array([a[key] for key in keys]), np.array([b[key] for key in keys])
    images = [key.split("#")[0] for key in keys]
    fitted = flmcore.fit_remap(x, y, source="wflw-98", target="300w-68", groups=images)
    assert set(fitted.faces) == {len(keys)}
    assert np.mean(fitted.errors) < 0.8 * np.mean(fitted.known)
    assert np.mean(np.array(fitted.errors) < np.array(fitted.known)) > 0.9
    assert np.mean(fitted.errors) <= np.mean(fitted.single)
    # The contour is the same in both schemes: the learnt rows lean on the registry's landmarks or their neighbours.
    for i in range(17):
        assert min(abs(index - 2 * i) for index, _ in fitted.rows[i]) <= 4
