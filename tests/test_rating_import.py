"""``flmcore rate import``: files of these results only, each session once, and the score where it belongs."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evaluated import KnownDetector
from flmcore.cli import main
from flmcore.errors import RatingsFileError
from flmcore.evaluation import Results
from flmcore.evaluation.schema import check_record, results_schema
from flmcore.rating import add_ratings
from flmcore.rating.codes import detector_codes, results_id
from flmcore.rating.reading import ratings_schema
from flmcore.report.ratings import rating_warnings
from results_files import measure
from test_rating_model import simulated
from test_results_schema import undescribed

NAMES = ("steady", "middle", "noisy")
Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def results() -> Results:
    """Three detectors, well apart; six images could not tell three pairs apart (Holm)."""
    detectors = [KnownDetector(name, sigma=sigma) for name, sigma in zip(NAMES, (0.1, 0.3, 0.6), strict=True)]
    return measure(*detectors, images=8)


def session(
    results: Results, rater: str = "AB", number: int = 0, rows: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """A file as the page writes it; the order of preference is that of NAMES."""
    codes = {name: code for code, name in detector_codes(results).items()}
    if rows is None:
        rated = simulated((1.2, 0.0, -1.2), raters=1, shows=6, seed=number)
        as_named = dict(zip("abc", NAMES, strict=True))
        rows = [
            {
                "number": place + 1,
                "show": f"face:array-{row['show'].removeprefix('face:')}",
                "left": codes[as_named[row["left"]]],
                "right": codes[as_named[row["right"]]],
                "verdict": row["verdict"],
                "seconds": 3.5,
                "replays": 0,
            }
            for place, (_, row) in enumerate(rated)
        ]
    return {
        "flmcore_ratings": 1,
        "page": "flmcore 0.1.0",
        "results": results_id(results),
        "rater": rater,
        "session": f"{number:016x}",
        "seed": number,
        "among": list(codes.values()),
        "started": "2026-01-02T03:04:05.678Z",
        "ratings": rows,
    }


def write(path: Path, record: object) -> Path:
    path.write_text(record if isinstance(record, str) else json.dumps(record))
    return path


@pytest.fixture
def files(results: Results, tmp_path: Path) -> list[Path]:
    """Six raters, 18 pairs each."""
    return [write(tmp_path / f"r{n}.json", session(results, f"rater-{n}", n)) for n in range(6)]


def words(text: str) -> str:
    return " ".join(text.split())


def test_score_goes_into_results_table_and_csv(
    results: Results, files: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results.write(tmp_path / "out")
    assert main(["rate", "import", *map(str, files), str(tmp_path / "out")]) == 0
    said = words(capsys.readouterr().out)
    joined = Results.from_json(tmp_path / "out")
    ratings = joined.data["ratings"]
    scores = {row["detector"]: row["visual"]["mean"] for row in ratings["scores"]}
    assert sorted(scores, key=lambda name: -scores[name]) == list(NAMES)
    assert ratings["intervals_over"] == "raters and faces and clips"
    assert ratings["count"] == 108
    assert "108 pairs by 6 raters on 6 faces or clips" in said
    assert f"{scores['steady']:.0f} [" in said
    tau = ratings["agreement"][0]
    assert (tau["metric"], tau["tau"]["mean"], tau["tau"]["images"]) == ("jitter_common", 1.0, 3)
    assert tau["tau"]["low"] > 0.3
    assert {(row["a"], row["b"]): row["verdict"] for row in ratings["pairs"]}["steady", "noisy"] == "same"
    assert "by eye" in joined.table()
    assert "by eye" in joined.table(60)
    with (tmp_path / "out" / "results.csv").open() as stream:
        rows = {row["detector"]: row for row in csv.DictReader(stream)}
    assert float(rows["noisy"]["visual_mean"]) == scores["noisy"]


def test_results_with_ratings_fit_the_schema(results: Results, files: list[Path], tmp_path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    joined = add_ratings(results, files)
    joined.to_json(tmp_path / "results.json")
    record = json.loads((tmp_path / "results.json").read_text())
    check_record(record)
    jsonschema.Draft202012Validator(results_schema()).validate(record)
    assert [key for key in undescribed(record, results_schema()) if key.startswith(".ratings")] == []
    file = json.loads(files[0].read_text())
    jsonschema.Draft202012Validator.check_schema(ratings_schema())
    jsonschema.Draft202012Validator(ratings_schema()).validate(file)
    assert "ratings" not in results.data  # the given ones stay as they are


def test_same_input_same_bytes_and_added_is_as_together(
    results: Results, files: list[Path], tmp_path: Path
) -> None:
    together = add_ratings(results, files)
    one_by_one = results
    for file in files:
        one_by_one = add_ratings(one_by_one, [file])
    assert together.data["ratings"] == one_by_one.data["ratings"]
    for name, run in (("a", together), ("b", add_ratings(results, files))):
        run.to_json(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert add_ratings(together, files[:1], replace=True).data["ratings"]["count"] == 18


def test_session_counts_once_and_its_longest_file_is_taken(results: Results, tmp_path: Path) -> None:
    whole = session(results)
    short = whole | {"ratings": whole["ratings"][:5]}
    first, second = write(tmp_path / "short.json", short), write(tmp_path / "whole.json", whole)
    for order in ([first, second], [second, first], [second, second]):
        assert add_ratings(results, order).data["ratings"]["count"] == 18
    changed = json.loads(json.dumps(short))
    changed["ratings"][2]["verdict"] = "left" if short["ratings"][2]["verdict"] != "left" else "right"
    other = write(tmp_path / "changed.json", changed)
    with pytest.raises(RatingsFileError, match=r"changed\.json: expected what .*whole\.json says .* pair 3"):
        add_ratings(results, [second, other])


def change(key: str, value: Any) -> Change:
    return lambda record: record.__setitem__(key, value)


def change_row(key: str, value: Any) -> Change:
    return lambda record: record["ratings"][3].__setitem__(key, value)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (change("results", "0" * 64), "of other results"),
        (change("results", "short"), "expected a sha256"),
        (change("flmcore_ratings", 2), "upgrade flmcore"),
        (change("ratings", []), "expected 1 to 20000 entries, got 0"),
        (change("session", "../etc"), "session: expected 16 hexadecimals"),
        (change("seed", -1), "seed: expected a whole number"),
        (change("extra", 1), "no such key"),
        (lambda record: record.pop("session"), "expected the key 'session'"),
        (change_row("left", "0" * 12), "ratings[3].left: expected the code of one of the 3 detectors"),
        (change_row("left", "steady"), "ratings[3].left: expected 12 hexadecimals"),
        (change_row("show", "face:array-99"), "ratings[3].show: expected a face or clip of the results"),
        (change_row("verdict", "lefty"), "did you mean 'left'"),
        (change_row("seconds", -1), "ratings[3].seconds: expected seconds from 0"),
        (change_row("number", 1), "expected each pair once, got number 1 again"),
        (change_row("number", "4"), "ratings[3].number"),
    ],
)
def test_broken_file_is_refused_with_its_place(
    results: Results, tmp_path: Path, broken: Change, said: str
) -> None:
    record = session(results)
    broken(record)
    with pytest.raises(RatingsFileError) as caught:
        add_ratings(results, [write(tmp_path / "r.json", record)])
    message = str(caught.value)
    assert said in message
    assert message.startswith(f"{tmp_path}/r.json: ")
    assert not message.endswith(".")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", "{}", "[" * 100_000, '{"flmcore_ratings": NaN}', "\x00\xff"]
)
def test_other_files_are_refused_in_one_line(
    results: Results, tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    results.write(tmp_path / "out")
    before = (tmp_path / "out" / "results.json").read_bytes()
    file = tmp_path / "r.json"
    file.write_bytes(text.encode("latin-1"))
    assert main(["rate", "import", str(file), str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "expected a ratings file" in error
    assert main(["rate", "import", str(tmp_path / "none.json"), str(tmp_path / "out")]) == 2
    assert (tmp_path / "out" / "results.json").read_bytes() == before


def test_ratings_of_another_run_are_refused(results: Results, tmp_path: Path) -> None:
    other = measure(*(KnownDetector(name, sigma=0.2) for name in NAMES), images=2)
    with pytest.raises(RatingsFileError, match="of other results"):
        add_ratings(other, [write(tmp_path / "r.json", session(results))])


def test_detectors_that_nothing_connects_have_no_score(tmp_path: Path) -> None:
    four = measure(*(KnownDetector(name, sigma=0.2) for name in (*NAMES, "fourth")), images=2)
    codes = list(detector_codes(four))

    def rows(*pairs: tuple[int, int]) -> list[dict[str, Any]]:
        return [
            {
                "number": n + 1,
                "show": "face:array-0",
                "left": codes[a],
                "right": codes[b],
                "verdict": "left",
                "seconds": 1,
            }
            for n, (a, b) in enumerate(pairs)
        ]

    apart = add_ratings(four, [write(tmp_path / "r.json", session(four, rows=rows((0, 1), (2, 3))))])
    reasons = {row["visual"]["reason"] for row in apart.data["ratings"]["scores"]}
    assert reasons == {
        "these were never compared with each other, not even through others: steady, middle / noisy, fourth"
    }
    assert "never compared" in words(apart.table())
    part = add_ratings(four, [write(tmp_path / "p.json", session(four, rows=rows((0, 1), (1, 2))))])
    scores = {row["detector"]: row["visual"] for row in part.data["ratings"]["scores"]}
    assert scores["fourth"]["reason"] == "was not rated"
    assert scores["steady"]["mean"] > scores["middle"]["mean"] > scores["noisy"]["mean"]
    assert scores["steady"]["low"] is None
    assert "1 rater on 1 face" in scores["steady"]["reason"]
    same = add_ratings(four, [write(tmp_path / "s.json", session(four, rows=rows((0, 0))))])
    assert same.data["ratings"]["scores"][0]["visual"]["reason"] == "was not rated"
    check_record(same.data)


def test_eye_against_measure_is_said(results: Results, tmp_path: Path) -> None:
    """Raters who prefer the noisy one: tau is -1 and the pair is named."""
    files = []
    for number in range(6):
        record = session(results, f"r{number}", number)
        for row in record["ratings"]:
            row["verdict"] = {"left": "right", "right": "left"}.get(row["verdict"], "tie")
        files.append(write(tmp_path / f"{number}.json", record))
    joined = add_ratings(results, files)
    assert joined.data["ratings"]["agreement"][0]["tau"]["mean"] == -1
    assert "raters call noisy steadier, the measure steady" in words(joined.table())


def test_careless_raters_are_named(results: Results, tmp_path: Path) -> None:
    record = session(results)
    for row in record["ratings"]:
        row["seconds"] = 0.1
    for number in range(3):
        same = record["ratings"][number]["left"]
        record["ratings"].append(
            record["ratings"][number]
            | {"number": 100 + number, "right": same, "verdict": "left", "seconds": 2}
        )
    joined = add_ratings(results, [write(tmp_path / "r.json", record)])
    assert joined.data["ratings"]["count"] == 18
    assert rating_warnings(joined) == [
        "AB: told one detector apart from itself in 3 of 3 tries of attention",
        "AB: 18 of 18 verdicts within half a second",
    ]


def test_unnamed_raters_are_kept_apart(results: Results, tmp_path: Path) -> None:
    files = [write(tmp_path / f"{n}.json", session(results, "", n)) for n in range(2)]
    files += [write(tmp_path / f"{n}.json", session(results, "CD", n)) for n in (2, 3)]
    raters = add_ratings(results, files).data["ratings"]["raters"]
    assert [(row["rater"], row["pairs"]) for row in raters] == [("rater 1", 18), ("rater 2", 18), ("CD", 36)]
