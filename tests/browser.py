"""A real Chromium for the report page: opened from disk, with its console and its requests watched."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

WIDE, PHONE = (1280, 900), (390, 844)


class Page:
    """A page in Chromium.

    Attributes:
        driver: selenium's; ``page.run(script, …)`` is its ``execute_script``.
        downloads: the folder that files are saved into.
    """

    def __init__(self, driver: Any, downloads: Path) -> None:
        self.driver = driver
        self.downloads = downloads
        self.run = driver.execute_script

    def open(self, file: Path, fragment: str = "") -> None:
        """Load from disk and wait until every section is drawn."""
        self.driver.get("about:blank")  # another fragment alone would not load the page again
        self.driver.get(file.resolve().as_uri() + (f"#{fragment}" if fragment else ""))
        self.wait("document.documentElement.dataset.ready === 'yes'")

    def jump(self, section: str) -> None:
        """To a section, as its link does: what is drawn only when it is looked at is drawn then."""
        self.run("document.querySelector(`#nav a[href='#${arguments[0]}']`).click()", section)

    def wait(self, condition: str, seconds: float = 30.0) -> None:
        """Until a JavaScript expression is true."""
        from selenium.webdriver.support.ui import WebDriverWait

        wait = WebDriverWait(self.driver, seconds, poll_frequency=0.05)
        wait.until(lambda _: self.run(f"return Boolean({condition})"), f"never became true: {condition}")

    def all(self, selector: str) -> list[Any]:
        """The elements of a CSS selector."""
        from selenium.webdriver.common.by import By

        return list(self.driver.find_elements(By.CSS_SELECTOR, selector))

    def one(self, selector: str) -> Any:
        """The only element of a CSS selector."""
        found = self.all(selector)
        assert len(found) == 1, f"{selector}: {len(found)} elements"
        return found[0]

    def texts(self, selector: str) -> list[str]:
        """Text of each element, also of those off the screen."""
        script = "return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent.trim())"
        return [str(text) for text in self.run(script, selector)]

    def fill(self, selector: str, value: str) -> None:
        """Set an input as a person does: its events come."""
        script = (
            "const e = document.querySelector(arguments[0]); e.value = arguments[1];"
            "for (const t of ['input', 'change']) e.dispatchEvent(new Event(t, {bubbles: true}))"
        )
        self.run(script, selector, value)

    def resize(self, size: tuple[int, int], *, dark: bool = False, printing: bool = False) -> None:
        """The viewport, the colours that the reader prefers, and the medium."""
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        feature = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        still = {"name": "prefers-reduced-motion", "value": "reduce"}  # a click would miss what still scrolls
        media = {"features": [feature, still], "media": "print" if printing else ""}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)

    def console(self) -> list[str]:
        """What was logged since the last call, errors of scripts and of loading among it."""
        return [f"{row['level']}: {row['message']}" for row in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """Addresses that were asked for since the last call."""
        found = []
        for row in self.driver.get_log("performance"):
            message = json.loads(row["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                found.append(str(message["params"]["request"]["url"]))
        return found

    def assert_quiet(self) -> None:
        """No message on the console, and nothing asked for but files, data and blobs."""
        said = self.console()
        assert not said, said
        outside = [
            url for url in self.requests() if not url.startswith(("file:", "data:", "blob:", "about:"))
        ]
        assert not outside, outside

    def fits(self) -> bool:
        """Whether the page itself does not scroll sideways."""
        return bool(
            self.run("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        )

    def screenshot(self, name: str) -> None:
        """The whole page into ``$FLMCORE_SCREENSHOTS``, where that names a folder: CI keeps it."""
        folder = os.environ.get("FLMCORE_SCREENSHOTS")
        if not folder:
            return
        import base64

        self.run(
            "document.querySelectorAll('section').forEach((s) => s.scrollIntoView({behavior: 'instant'})); scrollTo(0, 0)"
        )
        width, height = self.run("const e = document.documentElement; return [e.clientWidth, e.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        options = {"captureBeyondViewport": True, "format": "png", "clip": clip}
        shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", options)
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))


@contextmanager
def chromium(downloads: Path) -> Iterator[Page]:
    """A headless Chromium that saves files into ``downloads``; skips with a reason where there is none."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="no selenium: pip install 'flmcore[test]'")
    program, steering = _programs()
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--hide-scrollbars",
    ):
        options.add_argument(argument)
    options.add_argument("--force-color-profile=srgb")
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(steering))
    try:
        driver.set_page_load_timeout(60)
        page = Page(driver, downloads)
        page.resize(WIDE)
        yield page
    finally:
        driver.quit()


def _programs() -> tuple[str, str]:
    """Chromium and its driver, of the system: nothing is downloaded."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    steering = shutil.which("chromedriver")
    if program is None or steering is None:
        pytest.skip("no chromium with chromedriver: apt-get install chromium chromium-driver")
    return program, steering
