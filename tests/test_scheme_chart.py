"""Charts of schemes: every scheme has one, numbers stay apart, the same scheme gives the same bytes."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest

from flmcore import schemes
from flmcore.cli import main
from flmcore.report.scheme_shape import shape_of

NAMES = schemes.names()


@pytest.mark.parametrize("name", NAMES)
def test_the_schematic_face_is_the_schemes(name: str) -> None:
    """Mirrored as the flip says, the eyes a unit apart, brows over eyes over mouth."""
    scheme, points = schemes.get(name), shape_of(name)
    assert points.shape == (scheme.landmarks, 2)
    assert np.isfinite(points).all()
    np.testing.assert_allclose(
        points[list(scheme.flip)] * [-1, 1], points, atol=0.02
    )  # weights may differ from side to side
    if scheme.eye_outer:
        left, right = points[list(scheme.eye_outer)]
        assert right[0] - left[0] == pytest.approx(1, abs=0.05)

    def height(*words: str) -> float:
        rows = [
            points[list(rows), 1].mean()
            for group, rows in scheme.groups.items()
            if any(w in group for w in words)
        ]
        return float(np.mean(rows))

    if any("brow" in group for group in scheme.groups):
        assert height("brow") < height("eye") < height("nose") < height("mouth")


@pytest.mark.parametrize("name", NAMES)
def test_every_number_is_there_once_and_none_covers_another(name: str) -> None:
    pytest.importorskip("matplotlib")
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from flmcore.report.scheme_chart import draw_chart

    scheme, figure = schemes.get(name), draw_chart(name)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    labels = [text for text in figure.axes[0].texts if text.get_text()]
    shown = [int(number) for text in labels for number in text.get_text().split("·")]
    if scheme.landmarks <= 150:
        grouped = {index for group in scheme.groups.values() for index in group}
        assert sorted(shown) == sorted(grouped)
    else:
        ends = {end for group in scheme.groups.values() for end in (group[0], group[-1])}
        assert set(shown) == ends
    boxes = [text.get_window_extent(renderer) for text in labels]
    for i, one in enumerate(boxes):
        for j, other in enumerate(boxes[:i]):
            shrunk = one.padded(-2)  # extents include the room above and below digits
            assert not shrunk.overlaps(other.padded(-2)), (labels[i].get_text(), labels[j].get_text())
    legend = [text.get_window_extent(renderer) for text in figure.texts]
    for i, one in enumerate(legend):
        assert one.x0 >= 0
        assert one.x1 <= figure.bbox.width
        assert not any(one.overlaps(other) for other in legend[:i]), figure.texts[i].get_text()


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_the_same_scheme_gives_the_same_bytes(suffix: str) -> None:
    pytest.importorskip("matplotlib")
    from flmcore.report.scheme_chart import encode_chart

    first = encode_chart("five-5", suffix)
    assert first == encode_chart("five-5", suffix)
    assert first != encode_chart("dlib-5", suffix)
    if suffix == ".png":
        from PIL import Image

        assert Image.open(io.BytesIO(first)).size == (1440, 1440)
    else:
        assert re.search(rb"<svg ", first)


def test_show_says_or_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schemes", "show", "wflw-98"]) == 0
    said = capsys.readouterr().out
    assert re.search(r"^pupils +96, 97$", said, re.MULTILINE)
    assert re.search(r"^to 300w-68 +50 exact, 8 interpolated, 10 approximate$", said, re.MULTILINE)
    pytest.importorskip("matplotlib")
    assert main(["schemes", "show", "mp-478", "-o", str(tmp_path / "new" / "chart.svg")]) == 0
    assert (tmp_path / "new" / "chart.svg").stat().st_size > 10_000
    assert main(["schemes", "show", "wflw-98", "-o", str(tmp_path / "chart.pdf")]) == 2
    assert "--out: expected a .png or .svg, got '.pdf'" in capsys.readouterr().err
    assert main(["schemes", "show", "wflw"]) == 2
    assert "SCHEME: expected one of" in capsys.readouterr().err
