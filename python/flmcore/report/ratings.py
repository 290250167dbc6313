"""What raters saw, beside the table: the score, who is told apart, and whether the measures agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType

from flmcore.report.section import Section, draw_section

if TYPE_CHECKING:
    from flmcore.evaluation.results import Results

__all__ = ["metric_words", "rating_lines", "rating_sections", "rating_warnings", "visual_of"]

_WORDS = {
    "jitter_common": "jitter on the common landmarks",
    "jitter": "jitter",
    "flow_jitter": "flow-compensated jitter on video",
    "acceleration": "acceleration on video",
    "high_frequency": "high-frequency share on video",
}
_MANY = 0.5  # share of pairs of one detector with itself that were told apart


def metric_words(metric: str) -> str:
    """A measure as a sentence names it."""
    return _WORDS.get(metric, metric)


def visual_of(results: Results) -> dict[str, dict[str, Any]]:
    """The score of each detector, an interval in %; empty where nothing was rated."""
    return {str(row["detector"]): row["visual"] for row in results.data.get("ratings", {}).get("scores", [])}


def rating_sections(results: Results, width: int) -> list[RenderableType]:
    """The score and its agreement with the measures; nothing where no ratings were imported."""
    ratings = results.data.get("ratings")
    return [] if not ratings else [draw_section(_scores(ratings), width)]


def rating_lines(results: Results) -> list[str]:
    """The same in sentences."""
    ratings = results.data.get("ratings")
    return _notes(ratings) if ratings else []


def _scores(ratings: Mapping[str, Any]) -> Section:
    rows = sorted(ratings["scores"], key=lambda row: -(row["visual"]["mean"] or 0))
    cells = [
        [
            row["detector"],
            _percent(row["visual"]),
            *(str(row[key]) for key in ("preferred", "tied", "beaten")),
        ]
        for row in rows
    ]
    names = ["detector", "by eye %", "preferred", "tied", "beaten"]
    return Section("Steadier to the eye, rated blind in pairs", names, cells, _notes(ratings))


def _notes(ratings: Mapping[str, Any]) -> list[str]:
    raters = ratings["raters"]
    over = ratings["intervals_over"]
    notes = [
        "By eye %: chance to be preferred to the average detector where the two are told apart; 50 is average "
        f"({ratings['model']}). {ratings['count']} pairs by {len(raters)} rater{'s' * (len(raters) != 1)} on "
        f"{ratings['shows']} face{'s' * (ratings['shows'] != 1)} or clip{'s' * (ratings['shows'] != 1)}"
        + (f"; [ ]: 95 % interval, resampling {over}." if over else ".")
    ]
    for reason in dict.fromkeys(
        row["visual"]["reason"] for row in ratings["scores"] if row["visual"]["reason"]
    ):
        names = [row["detector"] for row in ratings["scores"] if row["visual"]["reason"] == reason]
        notes.append(f"{', '.join(names)}: {reason}.")
    notes += [_agreement(row) for row in ratings["agreement"]]
    notes += [_opposite(row) for row in ratings["pairs"] if row["verdict"] == "opposite"]
    eye = [f"{row['a']} and {row['b']}" for row in ratings["pairs"] if row["verdict"] == "eye only"]
    measure = [f"{row['a']} and {row['b']}" for row in ratings["pairs"] if row["verdict"] == "measure only"]
    notes += [f"Told apart by the eye only: {', '.join(eye)}."] if eye else []
    notes += [f"Told apart by the measure only: {', '.join(measure)}."] if measure else []
    return notes


def _agreement(row: Mapping[str, Any]) -> str:
    tau, name = row["tau"], metric_words(row["metric"])
    if tau["mean"] is None:
        return f"Agreement with {name}: none given ({tau['reason']})."
    ends = "" if tau["low"] is None else f" [{tau['low']:.2f}, {tau['high']:.2f}]"
    return (
        f"Agreement with {name}: Kendall's tau {tau['mean']:.2f}{ends}; 1 is the same order, −1 the opposite."
    )


def _opposite(row: Mapping[str, Any]) -> str:
    eye, measure = row[row["eye"]], row[row["measure"]]
    return f"Eye and measure disagree: raters call {eye} steadier, the measure {measure}."


def rating_warnings(results: Results) -> list[str]:
    """Raters whose ratings should be looked at before they are believed."""
    found = []
    for row in results.data.get("ratings", {}).get("raters", []):
        if row["same_shown"] >= 3 and row["same_told_apart"] > _MANY * row["same_shown"]:
            found.append(
                f"{row['rater']}: told one detector apart from itself in {row['same_told_apart']} of {row['same_shown']} "
                "tries of attention"
            )
        if row["pairs"] and row["hasty"] > _MANY * row["pairs"]:
            found.append(f"{row['rater']}: {row['hasty']} of {row['pairs']} verdicts within half a second")
        decided = row["left"] + row["right"]
        if decided >= 20 and max(row["left"], row["right"]) > 0.8 * decided:
            side = "left" if row["left"] > row["right"] else "right"
            found.append(f"{row['rater']}: preferred the {side} in {row[side]} of {decided} pairs")
    return found


def _percent(value: Mapping[str, Any]) -> str:
    if value["mean"] is None:
        return "–"
    ends = "" if value["low"] is None else f" [{value['low']:.0f}, {value['high']:.0f}]"
    return f"{value['mean']:.0f}{ends}"
