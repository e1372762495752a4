"""The page in a real browser, wide and narrow: nothing complained of, nothing asked for, nothing out of the window."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from moonshine_assets.reports.page.render import write_page
from moonshine_assets.reports.page.view import view
from reports.state import DISTILLATION, NOW, State

playwright = pytest.importorskip("playwright.sync_api", reason="`make test-browser` installs it")

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [1400, 390])
def test_it_opens_from_disk(made: State, tmp_path: Path, width: int) -> None:
    write_page(made.home, view(made.connection, made.home, made.policy, DISTILLATION), NOW)
    executable = shutil.which("chromium")
    assert executable, "these tests need `chromium` on the PATH"
    said: list[str] = []
    asked: list[str] = []
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(made.home.report_page.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.click("a[href='#q-runs'] >> nth=0")
        assert page.locator("#q-runs").is_visible()
        browser.close()
    assert said == []
    assert [url for url in asked if not url.startswith("file:")] == []
