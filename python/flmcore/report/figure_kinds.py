"""The figures that can be made one by one, for papers: names, what each needs, and how wide it may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flmcore.evaluation.comparisons import compare_detectors
from flmcore.nearest import nearest
from flmcore.report.ratings import visual_of
from flmcore.report.tradeoff import tradeoff_marks
from flmcore.report.video_figure import video_panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from flmcore.evaluation.results import Results

__all__ = ["KINDS", "Kind", "Wanted", "draw_kind", "only_detectors"]


@dataclass(frozen=True)
class Wanted:
    """What a figure is asked to be: ``width`` in inches (None: as in the report), sweep and image where it shows one."""

    width: float | None = None
    sweep: str | None = None
    image: str | None = None


@dataclass(frozen=True)
class Kind:
    """A kind of figure.

    Attributes:
        lacks: why results cannot be drawn so; empty where they can.
        draw: the figure.
        rows: whether it is as high as its rows of text need, whatever its width.
    """

    lacks: Callable[[Results], str]
    draw: Callable[[Results, Wanted], Figure]
    rows: bool = False


def _ranks(results: Results, _: Wanted) -> Figure:
    from flmcore.report.ranks import draw_ranks

    return draw_ranks(results)


def _tradeoff(results: Results, _: Wanted) -> Figure:
    from flmcore.report.tradeoff import draw_tradeoff

    return draw_tradeoff(results)


def _heatmap(results: Results, wanted: Wanted) -> Figure:
    from flmcore.report.heatmap import draw_landmarks

    if wanted.width is None:
        return draw_landmarks(results)
    per_row = max(1, min(4, len(results.summary), int((wanted.width - 1.1) / 1.15)))
    return draw_landmarks(results, per_row=per_row, panel_size=(wanted.width - 1.1) / per_row)


def _groups(results: Results, _: Wanted) -> Figure:
    from flmcore.report.groups import draw_groups

    return draw_groups(results)


def _offsets(results: Results, wanted: Wanted) -> Figure:
    from flmcore.report.offsets import draw_offsets

    sweeps = list(dict.fromkeys(str(row["sweep"]) for row in results.causes["sweeps"]))
    return draw_offsets(results, _one_of("--sweep", wanted.sweep, sweeps))


def _ced(results: Results, _: Wanted) -> Figure:
    from flmcore.report.ced import draw_ced

    return draw_ced(results)


def _cloud(results: Results, wanted: Wanted) -> Figure:
    from flmcore.report.overlay import draw_overlay

    return draw_overlay(
        results, _one_of("--image", wanted.image, list(results.overlays)), per_row=_per_row(wanted)
    )


def _video(results: Results, _: Wanted) -> Figure:
    from flmcore.report.video_figure import draw_video

    return draw_video(results)


def _ratings(results: Results, _: Wanted) -> Figure:
    from flmcore.report.ratings_figure import draw_ratings

    return draw_ratings(results)


def _per_row(wanted: Wanted) -> int:
    """Faces side by side: 1.6 inches each at least, or names and colours cannot be read."""
    return 4 if wanted.width is None else max(1, min(4, int(wanted.width / 1.6)))


def _one_of(option: str, name: str | None, names: list[str]) -> str:
    if name is None:
        return names[0]
    if name not in names:
        msg = f"{option}: expected one of {', '.join(names)}, got {name!r}{nearest(name, names)}"
        raise ValueError(msg)
    return name


def _has_ced(results: Results) -> bool:
    from flmcore.report.ced import has_ced

    return has_ced(results)


def _unless(there: Callable[[Results], Any], reason: str) -> Callable[[Results], str]:
    return lambda results: "" if there(results) else reason


_FACES = _unless(lambda r: any(row["faces"] for row in r.summary), "no face was measured")
# by name, of flmcore.report.figure_names
KINDS = {
    "ranks": Kind(_unless(lambda r: any(row["ranking"] for row in r.comparisons), "an order needs two detectors"), _ranks, rows=True),
    "tradeoff": Kind(_unless(tradeoff_marks, "speed was not measured"), _tradeoff),
    "heatmap": Kind(_FACES, _heatmap),
    "groups": Kind(_FACES, _groups, rows=True),
    "offsets": Kind(_unless(lambda r: r.causes.get("sweeps"), "no sweep has displacements"), _offsets),
    "ced": Kind(_unless(_has_ced, "there are no true landmarks"), _ced),
    "cloud": Kind(_unless(lambda r: r.overlays, "overlays.npz does not lie beside the results"), _cloud),
    "video": Kind(_unless(video_panels, "no clip was measured: flmcore evaluate --video"), _video, rows=True),
    "ratings": Kind(_unless(lambda r: any(v["mean"] is not None for v in visual_of(r).values()),
                    "no ratings were imported: flmcore rate import"), _ratings, rows=True),
}  # fmt: skip


def draw_kind(name: str, results: Results, wanted: Wanted) -> Figure:
    """The figure, of the size that it has in a report.

    Raises:
        ValueError: an unknown kind, or results that it cannot be made from.
    """
    if name not in KINDS:
        msg = f"KIND: expected one of {', '.join(KINDS)}, got {name!r}{nearest(name, KINDS)}"
        raise ValueError(msg)
    lacks = KINDS[name].lacks(results)
    if lacks:
        able = [kind for kind, about in KINDS.items() if not about.lacks(results)]
        msg = f"KIND: expected a figure that these results can give ({', '.join(able) or 'none'}), got {name}: {lacks}"
        raise ValueError(msg)
    return KINDS[name].draw(results, wanted)


def only_detectors(results: Results, names: list[str]) -> Results:
    """The results with these detectors alone, in this order; tests and ranks among them are made anew.

    Raises:
        ValueError: a name that is not there, or stands twice.
    """
    known = {str(row["detector"]): row for row in results.summary}
    for place, name in enumerate(names):
        if name not in known:
            msg = f"--detectors: expected some of {', '.join(known)}, got {name!r}{nearest(name, known)}"
            raise ValueError(msg)
        if name in names[:place]:
            msg = f"--detectors: expected each name once, got {name!r} again"
            raise ValueError(msg)
    about = {row["name"]: row for row in results.detectors}
    data = dict(results.data)
    data["summary"] = [known[name] for name in names]
    data["detectors"] = [about[name] for name in names]
    data["units"] = [row for row in results.units if row["detector"] in names]
    causes = {key: [row for row in rows if row["detector"] in names] for key, rows in results.causes.items()}
    for rows in causes.values():
        rows.sort(key=lambda row: names.index(row["detector"]))
    data["causes"] = causes
    seed = int(results.protocol["sweep"]["seed"])
    data["comparisons"] = compare_detectors(data["units"], data["detectors"], seed=seed)
    return type(results)(data, results.overlays)
