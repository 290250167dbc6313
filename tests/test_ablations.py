"""The ablations: what is run and not run again, what the table says, and the law that is fitted to errors."""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")

# Not before tests/, which has a module of the same name as one in bench/.
sys.path.append(str(Path(__file__).parent.parent / "bench"))

import ablate_simulated
import ablation_runs
from ablation_figure import draw_figure
from ablation_fit import fall, power_law, told
from ablation_plan import GROUPS, Base, Run, runs_of, settings_of
from ablation_rows import falls_of, markdown, rows_of

TINY = [
    "--faces=24",
    "--samples=48",
    "--size=64",
    "--crop=32",
    "--batch=8",
    "--epochs=2",
    "--held-out=12",
    "--width=8",
]
SIZES = (500, 1000, 2000, 4000, 8000, 16_000, 32_000)


def ablate(out: Path, human: Path, monkeypatch: pytest.MonkeyPatch, *more: str) -> int:
    monkeypatch.setattr(ablate_simulated, "SHARED", human)
    return ablate_simulated.main([str(out), *TINY, "--only", "texture", *more])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two settings from end to end."""
    out = tmp_path_factory.mktemp("ablations")
    with pytest.MonkeyPatch.context() as patch:
        assert ablate(out, out / "nothing", patch) == 0
    return out


def weights(out: Path) -> dict[str, tuple[bytes, int]]:
    files = sorted((out / "runs").glob("*/ablation.safetensors"))
    return {path.parent.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_what_a_run_leaves(made: Path) -> None:
    record = json.loads((made / "ablations.json").read_text())
    rows = {row["setting"]: row for row in record["rows"]}
    assert list(rows) == ["plain", "base"]
    assert len(list((made / "drawn").iterdir())) == 2
    for key in (one["run"] for one in record["runs"]):
        result = json.loads((made / "runs" / key / "result.json").read_text())
        assert (len(result["drawn"]), result["samples"], result["human"]) == (12, 48, None)
        assert not (made / "runs" / key / "checkpoints").exists()
    base, plain = (one["drawn"] for one in record["runs"])  # the base is run first
    assert rows["plain"]["drawn"] == pytest.approx(np.mean(plain))
    assert rows["plain"]["change"] == pytest.approx(np.mean(np.subtract(plain, base)))
    assert rows["base"]["change"] is None
    assert rows["base"]["multiply_adds"] > 100_000
    assert "| plain | 24 | 1 | – |" in (made / "ablations.md").read_text(encoding="utf-8")
    with (made / "ablations.csv").open() as file:
        assert [row["setting"] for row in csv.DictReader(file)] == ["plain", "base"]


def test_finished_runs_are_kept_and_a_cut_off_training_goes_on(
    made: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = weights(made)
    lost = min(before)
    folder = made / "runs" / lost
    for name in ("result.json", "ablation.toml", "ablation.safetensors"):
        (folder / name).unlink()

    def cut_off(config: Any, out: Path, *, resume: bool, watcher: Any) -> None:
        def stop(step: Any) -> None:
            if step.epoch == 1:
                raise KeyboardInterrupt

        watcher.step = stop
        train(config, out, resume=resume, watcher=watcher)

    train = ablation_runs.run_training
    with monkeypatch.context() as patch:
        patch.setattr(ablation_runs, "run_training", cut_off)
        assert ablate(made, made / "nothing", patch) == 130
    assert list((folder / "checkpoints").iterdir())
    assert not (folder / "ablation.toml").exists()
    capsys.readouterr()
    assert ablate(made, made / "nothing", monkeypatch) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[0] == "2 runs, 1 of them done"
    assert "goes on from step 3 (checkpoint-000000003.safetensors)" in said.err
    after = weights(made)
    assert after[lost][0] == before[lost][0]
    (kept,) = set(before) - {lost}
    assert after[kept] == before[kept]


def test_minutes_plan_and_human_faces_that_come_later(
    made: Path, shared: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = weights(made)
    assert ablate(made, shared, monkeypatch, "--minutes", "0") == 0
    assert "stopped after 0 minutes; 2 runs are left" in capsys.readouterr().out
    assert ablate(made, shared, monkeypatch) == 0
    assert weights(made) == before  # measured anew, not trained anew
    rows = json.loads((made / "ablations.json").read_text())["rows"]
    assert {row["human_faces"] for row in rows} == {5}
    assert rows[0]["change_human"] == pytest.approx(rows[0]["human"] - rows[1]["human"])
    capsys.readouterr()
    assert ablate(made, shared, monkeypatch, "--plan", "--trial", "1", "--seeds", "2") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:2]] == ["done", "done"]
    assert lines[2].endswith("texture: base, seed 1 (24 faces to draw)")
    assert "in all, at " in lines[4]
    assert "the trial had " in lines[5]


def test_each_setting_changes_one_thing_and_the_base_is_run_once() -> None:
    base = Base()
    settings = settings_of(base, list(GROUPS))
    runs = runs_of(base, list(GROUPS), 2)
    assert {setting.group for setting in settings} == set(GROUPS)
    assert [run.seed for run in runs] == sorted(run.seed for run in runs)
    assert len(runs) == len({run.key for run in runs})
    assert runs[0].key == Run(base, settings[4], 0).key  # others are told against it
    bases = [row for row in settings if Run(base, row, 0).key == Run(base, settings[4], 0).key]
    assert [row.group for row in bases] == list(GROUPS)
    assert len(runs) == 2 * (len(settings) - len(GROUPS) + 1)
    for row in settings:
        assert sum([row.faces != base.faces, bool(row.drawing), bool(row.augment), bool(row.network)]) <= 1
        config = Run(base, row, 0).config("faces", 1, 1.0)
        assert config.optimise.epochs * (config.optimise.epoch_samples or 0) == base.samples
        assert config.data[0].first == row.faces
    sizes = [Run(base, row, 0).faces_key for row in settings if row.group == "data"]
    assert len(set(sizes)) == 1
    other = Run(replace(base, samples=96_000), settings[0], 0)
    assert other.key != Run(base, settings[0], 0).key
    assert other.faces_key == sizes[0]


def made_up(base: Base, seeds: int, error: Any) -> dict[str, dict[str, Any]]:
    """Results as files hold them, the drawn faces' errors by ``error(faces, seed)``."""
    results = {}
    for run in runs_of(base, ["data"], seeds):
        drawn = error(run.setting.faces, run.seed)
        results[run.key] = {
            "human": [
                {"face": str(i), "all": 2 * float(e), "inner": float(e)} for i, e in enumerate(drawn[:5])
            ],
            "drawn": drawn,
            "samples": 48_000,
            "minutes": 3.0,
            "parameters": 1_800_000,
            "multiply_adds": 90_000_000,
        }
    return results


def law(faces: int, seed: int) -> np.ndarray:
    """20·n^−0.35 + 3 on average, faces unlike each other but the same at every size, trainings off by 1 %."""
    each = np.random.default_rng(1).uniform(0.6, 1.4, 200)
    off = np.random.default_rng([faces, seed]).normal(1, 0.01)
    return (200 * faces**-0.35 + 3) * off * each / each.mean()


def test_the_table_says_what_was_measured() -> None:
    base = Base()
    results = made_up(base, 2, law)
    gone = next(key for key in results if key.startswith("n500-s1"))
    del results[gone]
    rows = rows_of(base, ["data"], 2, results)
    assert [row["seeds"] for row in rows] == [1, 2, 2, 2, 2, 2, 2]
    small, eight = rows[0], rows[4]
    assert eight["base"]
    assert eight["change"] is None
    assert small["change"] == pytest.approx(np.mean(law(500, 0)) - np.mean(law(8000, 0)))
    assert small["change_low"] < small["change"] < small["change_high"]
    assert eight["human"] == pytest.approx(2 * np.mean([law(8000, 0)[:5], law(8000, 1)[:5]]))
    assert eight["human_least"] < eight["human"] < eight["human_most"]
    falls = falls_of(base, 2, results)
    text = markdown(base, rows, falls)
    assert "| 8,000 faces (base) | 8,000 | 2 | " in text
    assert "mean over 5 faces with human landmarks" in text
    assert "have not been run" not in text
    assert (
        "drawn (200 faces, 1 seed, so no spread of trainings in the intervals): twice the faces, 0." in text
    )
    picture = draw_figure(rows, falls)
    assert picture is not None
    assert picture.startswith(b"\x89PNG")
    assert draw_figure(rows[:1], {}) is None
    results = {key: value for key, value in results.items() if not key.startswith("n32000")}
    assert "Settings that have not been run (0 seeds): 1." in markdown(
        base, rows_of(base, ["data"], 2, results), {}
    )


def test_a_power_law_is_found_again() -> None:
    n = np.array(SIZES, dtype=float)
    truth = [(50.0, 0.5, 2.0), (9.0, 0.1, 0.0), (4000.0, 1.2, 3.0)]
    a, b, c = power_law(n, np.array([a * n**-b + c for a, b, c in truth]))
    np.testing.assert_allclose(b, [row[1] for row in truth], rtol=0.02)
    np.testing.assert_allclose(c, [row[2] for row in truth], atol=0.06)
    np.testing.assert_allclose(a, [row[0] for row in truth], rtol=0.15)
    rising = power_law(n, (1 + n / 1e5)[None])
    assert rising[0][0] == 0
    assert rising[2][0] == pytest.approx(1.1, abs=0.1)


def test_what_the_data_do_not_say_is_not_claimed() -> None:
    curves = [np.stack([law(n, seed) for seed in range(3)]) for n in SIZES]
    found = fall(SIZES, curves)
    assert found["determined"]
    low, high = found["b_interval"]
    assert low < 0.35 < high
    assert 0.2 < low < high < 0.6
    assert found["c_interval"][0] < 3 < found["c_interval"][1]
    assert found["doubling"] < found["doubling_interval"][1] < 1
    assert fall(SIZES, curves) == found
    rng = np.random.default_rng(3)
    flat = fall(SIZES, [rng.uniform(4, 6, (1, 20)) for _ in SIZES])
    assert not flat["determined"]
    assert flat["doubling_interval"][0] < 1 < flat["doubling_interval"][1]
    assert "not determined" in told("drawn", flat)
    few = fall(SIZES[:3], curves[:3])
    assert few["b"] is None
    assert "three parameters need 4 sizes, there are 3" in told("drawn", few)
    assert fall(SIZES[:1], curves[:1])["doubling"] is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--only", "data,textures"], "expected some of data, persons, "),
        (["--sizes", "500,none"], "argument --sizes"),
        (["--epochs", "0"], "expected a whole number from 1, got '0'"),
    ],
)
def test_options_that_cannot_be(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        ablate_simulated.main([str(tmp_path), *arguments])
    assert said in capsys.readouterr().err
