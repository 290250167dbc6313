"""Which protocol reproduces a published figure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from flmcore.cli import main
from flmcore.evaluation.accuracy.explain import explain
from flmcore.evaluation.accuracy.figures import figure
from flmcore.evaluation.accuracy.protocol import Protocol
from golden_units import golden_units, models
from test_accuracy import Still, run_with_truth, unit


def units() -> list[dict[str, object]]:
    random = np.random.default_rng(0)
    return [
        unit(f"{image}", number, random.uniform(1, 6))
        for image in range(5)
        for number in range(1 + image % 2)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "nme/interpupil/300w-68/images",
        "nme/box/300w-68:inner/faces",
        "nme/diagonal/300w-68/faces",
        "auc/interocular/300w-68/0.08/simpson",
        "auc/interpupil/300w-68/0.1/closed/faces",
        "failure/interocular/300w-68/0.05/faces",
    ],
)
def test_a_figure_is_explained_by_its_own_protocol(text: str) -> None:
    protocol = Protocol.parse(text)
    value = figure(units(), protocol)
    assert value is not None
    rows = [row for row in explain(units(), f"{value:.6f}", kind=protocol.figure) if row.explains]
    named = [str(p) for row in rows for p in (row.protocol, *row.same)]
    assert text in named
    assert abs(rows[0].difference) <= 5e-7


def test_rounding_is_that_of_the_digits_given() -> None:
    value = figure(units(), Protocol.parse("nme/interocular/300w-68/images"))
    assert value is not None
    near = f"{value + 0.004:.3f}"
    assert any(
        str(r.protocol) == "nme/interocular/300w-68/images"
        for r in explain(units(), f"{value:.2f}")
        if r.explains
    )
    assert not any(
        str(r.protocol) == "nme/interocular/300w-68/images" for r in explain(units(), near) if r.explains
    )


def test_nearest_first_and_none_where_none_does() -> None:
    rows = explain(units(), "99.99")
    assert not any(row.explains or row.nearly for row in rows)
    off = [abs(row.difference) for row in rows]
    assert off == sorted(off)


def test_a_share_is_an_auc_in_per_cent() -> None:
    value = figure(units(), Protocol.parse("auc/interocular/300w-68/0.08/closed"))
    assert value is not None
    share, percent = (explain(units(), text, kind="auc") for text in (f"{value / 100:.5f}", f"{value:.3f}"))
    assert str(share[0].protocol) == str(percent[0].protocol)
    assert share[0].explains


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"published": "4,05"}, "figure: expected a number from 0 such as 4.05, got '4,05'"),
        ({"published": "-1"}, "figure: expected a number from 0"),
        ({"published": "nan"}, "figure: expected a number from 0"),
        ({"kind": "map"}, "kind: expected one of nme, auc, failure"),
        ({"detector": "e"}, "detector: expected one of d, got 'e'"),
        ({"kind": "auc", "alphas": [0.0]}, "alpha: expected a share of the normaliser above 0"),
    ],
)
def test_bad_input_is_named(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        explain(units(), **{"published": "4.05", **options})  # type: ignore[arg-type]


def test_results_without_truth_are_named() -> None:
    with pytest.raises(ValueError, match="results: expected landmarks compared with truth"):
        explain([{"image": "a", "face": 0, "detector": "d"}], "4.05")


def test_faces_of_all_detectors_or_of_one() -> None:
    """The other detector lacks the last image: the own figure over all images is a protocol of its own."""
    mine = units()
    others = [row | {"detector": "e"} for row in mine if row["image"] != "4"]
    value = figure(mine, Protocol.parse("nme/interocular/300w-68/images"))
    assert value is not None
    rows = [row for row in explain([*mine, *others], f"{value:.6f}", detector="d") if row.explains]
    assert "nme/interocular/300w-68/images/measured" in [str(row.protocol) for row in rows]
    assert "nme/interocular/300w-68/images" not in [str(row.protocol) for row in rows]


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = run_with_truth([Still("a", sigma=1.0), Still("b", sigma=2.0)], out=tmp_path)
    value = results.summary[0]["nme"]["mean"]
    assert main(["explain", "--nme", f"{value:.4f}", "-d", "a", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "reproduced by" in out
    assert "nme/interocular/300w-68/images" in "".join(out.split())
    assert main(["explain", "--nme", "88.8", str(tmp_path / "results.json")]) == 1
    assert "reproduced by no protocol" in capsys.readouterr().out
    assert main(["explain", "--protocol", "nme/interocular/300w-68/images", str(tmp_path)]) == 0
    assert f"{value:.4f}" in capsys.readouterr().out
    assert main(["explain", "--auc", "0.5", "--alpha", "0", str(tmp_path)]) == 2
    assert "alpha: expected a share of the normaliser above 0" in capsys.readouterr().err
    assert main(["explain", "--nme", "4", str(tmp_path / "nowhere.json")]) == 2


def test_published_means_of_ten_models_are_explained(shared: Path) -> None:
    """models.json: outer eye corners, nearest-index tables to 68 points, every face alike; and no other protocol.

    Some of these means are of figures rounded before, one unit of the last digit off.
    """
    exact = 0
    for name, model in models(shared).items():
        published = model["nme"]
        rows = golden_units(shared, name, list(published["per_face"]))
        for key, points in (("mean_nme68", "300w-68~nearest"), ("mean_nme51", "300w-68~nearest:inner")):
            found = [r for r in explain(rows, f"{published[key]:.3f}") if r.nearly]
            assert [str(r.protocol) for r in found] == [f"nme/interocular/{points}/faces"], (name, key)
            exact += found[0].explains
    assert exact >= 14
