"""``flmcore figure``: every kind of the size that is asked for, the same bytes each time, and bad input in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluated import KnownDetector, face_shape
from flmcore.cli import main
from flmcore.evaluation import Results
from flmcore.rating import add_ratings
from flmcore.report.figure_kinds import KINDS
from flmcore.report.figure_names import FIGURES
from flmcore.report.tradeoff import pareto_front
from results_files import measure
from test_rating_import import session, write

pytest.importorskip("matplotlib", reason="no matplotlib: pip install 'flmcore[report]'")
INTERVAL = {"mean": 1.0, "low": 0.5, "high": 1.5, "images": 6, "reason": None}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that has everything: truth, latency, ratings, clips; one name is hostile to matplotlib."""
    out = tmp_path_factory.mktemp("run")
    names = ("steady", "$x_{1}$ & <b>", "noisy")
    detectors = [KnownDetector(name, sigma=0.1 + 0.2 * n) for n, name in enumerate(names)]
    truth = [(f"array-{n}", face_shape()) for n in range(6)]
    results = measure(*detectors, speed=True, truth=truth, truth_scheme="300w-68", boxes="truth")
    results.data["video"] = {
        "protocol": {},
        "clips": [],
        "units": [],
        "summary": [
            {
                "detector": name,
                "clips": 6,
                "flow_jitter": INTERVAL,
                "acceleration": INTERVAL,
                "high_frequency": INTERVAL,
            }
            for name in names
        ],
    }
    codes = session(results, rows=[])["among"]
    rows = [
        {"number": n + 1, "show": f"face:array-{n % 6}", "left": codes[n % 3], "right": codes[(n + 1) % 3], "verdict": "left", "seconds": 2}
        for n in range(18)
    ]  # fmt: skip
    rated = add_ratings(results, [write(out / "r.json", session(results, rows=rows))])
    rated.write(out)
    return out


def test_every_figure_is_in_the_help() -> None:
    assert list(FIGURES) == list(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_width_and_the_same_bytes(folder: Path, tmp_path: Path, kind: str) -> None:
    from PIL import Image

    options = [
        "--width",
        "88mm",
        "--font-size",
        "7",
        "--dpi",
        "100",
        "--title",
        "A $title_1$ of many words for a narrow column",
    ]
    assert main(["figure", kind, str(folder), "-o", str(tmp_path / "a.png"), *options]) == 0
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.width == pytest.approx(88 / 25.4 * 100, abs=1)
        assert picture.height < 3000
        assert len(set(picture.convert("L").tobytes())) > 20
    for name in ("a.svg", "b.svg"):
        assert main(["figure", kind, str(folder), "-o", str(tmp_path / name)]) == 0
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_pdf_is_one_with_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    for name in ("a.pdf", "b.pdf"):
        assert main(["figure", "tradeoff", str(folder), "-o", str(tmp_path / name)]) == 0
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()
    assert (tmp_path / "a.pdf").read_bytes()[:5] == b"%PDF-"


def test_only_named_detectors_are_drawn(folder: Path, tmp_path: Path) -> None:
    import matplotlib as mpl

    with mpl.rc_context({"svg.fonttype": "none"}):
        arguments = [
            "figure",
            "ranks",
            str(folder),
            "-o",
            str(tmp_path / "a.svg"),
            "--detectors",
            "noisy,steady",
        ]
        assert main(arguments) == 0
    text = (tmp_path / "a.svg").read_text()
    assert ">noisy<" in text
    assert "x_{1}" not in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rank"], "did you mean 'ranks'"),
        (["ranks", "-o", "x.gif"], "expected a .png, .svg or .pdf, got 'x.gif'"),
        (["ranks", "--detectors", "noisi"], "did you mean 'noisy'"),
        (["ranks", "--detectors", "noisy,noisy"], "expected each name once"),
        (["ranks", "--detectors", "noisy"], "an order needs two detectors"),
        (["offsets", "--sweep", "shft"], "did you mean 'shift'"),
        (["cloud", "--image", "array-00"], "did you mean 'array-0'"),
    ],
)
def test_bad_input_is_one_line(
    folder: Path, tmp_path: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    out = [] if "-o" in arguments else ["-o", "x.png"]
    assert main(["figure", arguments[0], str(folder), *arguments[1:], *out]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "option", [["--width", "0"], ["--width", "wide"], ["--dpi", "1"], ["--font-size", "nan"]]
)
def test_sizes_that_cannot_be_are_refused(folder: Path, tmp_path: Path, option: list[str]) -> None:
    with pytest.raises(SystemExit):
        main(["figure", "ranks", str(folder), "-o", str(tmp_path / "x.png"), *option])


def test_what_is_missing_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain = measure(KnownDetector("alone"), images=1)
    Results(plain.data).write(tmp_path / "out")
    for kind, reason in (("ced", "no true landmarks"), ("tradeoff", "speed"), ("cloud", "overlays.npz"), ("ratings", "rate import"), ("video", "--video")):  # fmt: skip
        assert main(["figure", kind, str(tmp_path / "out"), "-o", str(tmp_path / "x.png")]) == 2
        assert reason in capsys.readouterr().err


def test_pareto_front_by_hand() -> None:
    assert pareto_front([(1, 5), (2, 3), (3, 4), (4, 1), (4, 2)]) == [0, 1, 3]
    assert pareto_front([(1, 1), (1, 1), (2, 0.5)]) == [0, 1, 2]
    assert pareto_front([]) == []
