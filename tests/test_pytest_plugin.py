"""The plugin in a pytest of its own, as a build has it."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import flmcore
from evaluated import KnownDetector
from flmcore.evaluation import Results
from results_files import measure, scaled, with_latency

pytest_plugins = ["pytester"]
HERE = Path(flmcore.__file__).parents[1]  # the flmcore that is tested, installed or not


@pytest.fixture(scope="module")
def old() -> Results:
    return with_latency(measure(KnownDetector("a", sigma=0.2)), 5.0, 4.5)


@pytest.fixture
def inner(pytester: pytest.Pytester, old: Results, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder with baseline.json, same.json, worse.json and slower.json."""
    monkeypatch.setenv("PYTHONPATH", str(HERE), prepend=":" if sys.platform != "win32" else ";")
    files = {"baseline": old, "same": old, "worse": scaled(old, 1.2), "slower": with_latency(old, 9.0, 8.5)}
    for name, results in files.items():
        results.to_json(pytester.path / f"{name}.json")
    return pytester


def run(inner: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """In a new process, with every warning an error; where flmcore is installed, its entry point loads the plugin."""
    known = any(entry.value == "flmcore_pytest" for entry in metadata.entry_points(group="pytest11"))
    plugin = () if known else ("-p", "flmcore_pytest")
    options = ("-p", "no:cacheprovider", "-W", "error", *plugin)
    return inner.runpytest_subprocess(*options, *arguments)


def test_gate_passes_and_fails_with_a_table(inner: pytest.Pytester) -> None:
    inner.makepyfile(
        """
        import pytest

        def test_same(flmcore_gate):
            comparison = flmcore_gate("same.json", baseline="baseline.json")
            assert comparison.data["rows"]

        def test_worse(flmcore_gate):
            flmcore_gate("worse.json", baseline="baseline.json")

        def test_slower(flmcore_gate):
            flmcore_gate("slower.json", baseline="baseline.json")

        def test_tolerated(flmcore_gate):
            flmcore_gate("worse.json", baseline="baseline.json", tolerance={"jitter": "25%"})

        def test_of_other_metrics(flmcore_gate):
            flmcore_gate("worse.json", baseline="baseline.json", metrics=["spread"])
        """
    )
    done = run(inner)
    done.assert_outcomes(passed=3, failed=2)
    text = done.stdout.str()
    assert "RegressionError: regressed: a jitter: " in text
    assert "regressed: a latency: 5 → 9 ms" in text
    assert "verdict" in text
    assert "def __call__" not in text  # the test's own line is shown, not the plugin's code


def test_baseline_of_the_configuration_and_of_the_command_line(inner: pytest.Pytester) -> None:
    inner.makeini("[pytest]\nflmcore_baseline = baseline.json\n")
    inner.mkdir("deeper")
    (inner.path / "deeper" / "test_it.py").write_text(
        "def test_it(flmcore_gate, request):\n    flmcore_gate(request.config.rootpath / 'worse.json')\n"
    )
    run(inner).assert_outcomes(failed=1)
    run(inner, "--flmcore-baseline", "worse.json").assert_outcomes(passed=1)


def test_without_a_baseline_the_test_says_how_to_name_one(inner: pytest.Pytester) -> None:
    inner.makepyfile("def test_it(flmcore_gate):\n    flmcore_gate('same.json')\n")
    done = run(inner)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*ValueError: baseline: expected a results file, got none*flmcore_baseline*"])


def test_baseline_that_cannot_be_read_fails(inner: pytest.Pytester) -> None:
    (inner.path / "baseline.json").write_text('{"format": "flmcore results 9"}')
    inner.makepyfile("def test_it(flmcore_gate):\n    flmcore_gate('same.json', baseline='baseline.json')\n")
    done = run(inner)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*ResultsError: *upgrade flmcore*"])


def test_other_runs_do_not_load_the_core(inner: pytest.Pytester) -> None:
    inner.makepyfile(
        "import sys\n\ndef test_it():\n"
        "    assert 'flmcore_pytest' in sys.modules\n"
        "    assert not {'flmcore', 'numpy', 'flmcore_pytest.gate'} & set(sys.modules)\n"
    )
    run(inner).assert_outcomes(passed=1)


def test_plugin_survives_a_core_that_cannot_be_loaded(
    inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLMCORE_ISA", "no-such")
    inner.makepyfile("def test_it():\n    pass\n")
    run(inner).assert_outcomes(passed=1)


def test_importing_the_plugin_is_quick() -> None:
    code = (
        "import pytest, sys, time; before = set(sys.modules); import flmcore_pytest;"
        "print(sorted(set(sys.modules) - before))"
    )
    environment = {"PYTHONPATH": str(HERE)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.strip() == "['flmcore_pytest']"
