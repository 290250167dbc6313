"""The metric against detectors whose answers are known: recovered beside true values.

    python bench/known_answers.py

Bias, noise and gain are chosen; the true values are closed forms (tests/known_answers.py); ± is what sampling explains.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from known_answers import SETTINGS, Answer, answers, lag_ms, recovered

NAMES = ("jitter", "spread", "gain", "residual", "lag ms")


def main() -> None:
    """A Markdown table; ends with an error where a value is not recovered."""
    print(f"| chosen | {' | '.join(f'{name}: true, found' for name in NAMES)} |")
    print("| --- |" + " --- |" * len(NAMES))
    missed = 0
    for setting in SETTINGS:
        found = recovered(setting, smooth=33.0)
        found["lag ms"] = found["smoothing"]["none"]["lag_ms"]
        true = answers(setting) | ({"lag ms": lag_ms(setting)} if setting.gain == 0 else {})
        cells = [_cell(true.get(name), found[name]) for name in NAMES]
        missed += sum(abs(found[name] - answer.true) > answer.within for name, answer in true.items())
        print(f"| {setting} | {' | '.join(cells)} |")
    if missed:
        sys.exit(f"{missed} values not recovered")


def _cell(answer: Answer | None, found: float) -> str:
    return "–" if answer is None else f"{answer.true:.4f} ± {answer.within:.4f}, {found:.4f}"


if __name__ == "__main__":
    main()
