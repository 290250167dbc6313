"""Prints one of the README's two commands, so that CI runs exactly what a reader would type."""

from __future__ import annotations

import re
import sys
from pathlib import Path


def command(name: str) -> str:
    """The shell block that follows ``<!-- command: NAME -->``."""
    text = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"<!-- command: {re.escape(name)} -->\s*```sh\n(.*?)```", text, re.DOTALL)
    if found is None:
        sys.exit(f"README.md: no shell block marked <!-- command: {name} -->")
    return found.group(1)


if __name__ == "__main__":
    print(command(sys.argv[1]), end="")
