"""The report page for everybody: axe-core finds nothing serious, the keyboard reaches everything."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from browser import PHONE, WIDE, Page
from flmcore.report.page import write_page
from page_results import known


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(known(), tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def axe() -> str:
    """axe-core's script, from the package that ships it; that package itself is not imported."""
    spec = find_spec("axe_playwright_python")
    if spec is None or spec.origin is None:
        pytest.skip("no axe-core: pip install 'flmcore[page-test]'")
    return (Path(spec.origin).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious(
    browser: Page, index: Path, axe: str, size: tuple[int, int], dark: bool
) -> None:
    browser.resize(size, dark=dark)
    browser.open(index)
    for section in ("detector", "player"):  # drawn only when looked at
        browser.jump(section)
    browser.wait(
        "document.querySelectorAll('#cloud canvas').length && document.querySelectorAll('#player canvas').length"
    )
    browser.run("document.querySelectorAll('details').forEach((d) => { d.open = true })")
    browser.run(axe)
    script = "const done = arguments[0]; axe.run(document).then((r) => done(r.violations), (e) => done([{id: String(e)}]))"
    violations = browser.driver.execute_async_script(script)
    browser.resize(WIDE)
    found = [
        f"{row['id']} ({row.get('impact')}): {node['target']} {node.get('failureSummary', '')}"
        for row in violations
        for node in row.get("nodes", [{"target": ""}])
    ]
    assert found == []


def test_tab_goes_through_every_control_in_order(browser: Page, index: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open(index)
    seen = []
    for _ in range(12):
        browser.driver.switch_to.active_element.send_keys(Keys.TAB)
        seen.append(
            browser.run("const e = document.activeElement; return e.id || e.className || e.textContent")
        )
    assert seen[0] == "skip"
    assert "table-find" in seen
    assert browser.run("return [...document.querySelectorAll('[tabindex]')].every((e) => e.tabIndex <= 0)")
    outline = browser.run("return getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"
