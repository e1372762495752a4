"""The UI in a real browser: stages as groups, a partition materialized by clicking, a red gate with what offends."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import PATIENCE, Server

from moonshine_assets.cli.summaries import run_ids
from moonshine_assets.exports.adapters import BY_PROVIDER
from moonshine_resources.duckdb import connect
from moonshine_resources.home import RunPaths

playwright = pytest.importorskip("playwright.sync_api", reason="`make test-browser` installs it")
from playwright.sync_api import Page, expect, sync_playwright  # noqa: E402 - only where it is installed

pytestmark = pytest.mark.browser

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WINDOW = {"width": 1600, "height": 900}
#: Milliseconds; a bound, not an expectation.
WAIT = PATIENCE * 1000


@pytest.fixture(scope="module")
def asked() -> set[str]:
    """Hosts the browser asked anything of."""
    return set()


@pytest.fixture(scope="module")
def page(asked: set[str]) -> Iterator[Page]:
    executable = shutil.which("chromium")
    assert executable, "these tests need `chromium` on the PATH"
    expect.set_options(timeout=WAIT)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=executable, args=list(FLAGS))
        page = browser.new_page(viewport=WINDOW)  # type: ignore[arg-type]
        page.set_default_timeout(WAIT)
        page.on("request", lambda request: asked.add(request.url.split("/")[2]))
        yield page
        browser.close()


@pytest.fixture(scope="module")
def run(server: Server) -> RunPaths:
    """The run of the dropped sample, once the mash has been distilled."""
    server.finished("distil")
    return server.home.run(run_ids(server.home)[0])


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pictures")


def taken(page: Page, picture: Path) -> None:
    page.screenshot(path=picture, animations="disabled")


def opened_partition(page: Page, server: Server, run: RunPaths) -> None:
    page.goto(f"{server.address}/assets/claude/provider_db?view=partitions&partition={run.run_id}")
    expect(page.get_by_text("Latest materialization")).to_be_visible()
    expect(page.get_by_text("Materialized", exact=True).first).to_be_visible()


def materialized(page: Page, server: Server) -> str:
    """Click the chosen partition through, and wait; how its run ended."""
    before = {found["id"] for found in server.runs()}
    page.get_by_role("button", name="Materialize").first.click()
    page.get_by_role("button", name="Launch 1 run").click()

    def ended() -> str | None:
        new = [found for found in server.runs() if found["id"] not in before]
        return next((str(found["status"]) for found in new if found["status"] in ("SUCCESS", "FAILURE")), None)

    return server.until(ended)


def test_the_stages_are_groups_in_the_graph(page: Page, server: Server, run: RunPaths, pictures: Path) -> None:
    page.goto(f"{server.address}/asset-groups")
    for group in (*BY_PROVIDER, "mash", "distill", "ledger", "lanes", "reports"):
        expect(page.get_by_text(group, exact=True).first).to_be_visible()
    taken(page, pictures / "groups.png")
    page.keyboard.press("Alt+e")
    for asset in ("provider_export", "mash_merge", "distilled_slice", "main_ledger", "agentic_code", "validation"):
        expect(page.get_by_text(asset, exact=True).first).to_be_visible()
    taken(page, pictures / "graph.png")


def test_a_partition_is_materialized_by_clicking(page: Page, server: Server, run: RunPaths, pictures: Path) -> None:
    database = run.database.read_bytes()
    opened_partition(page, server, run)
    taken(page, pictures / "partition.png")
    assert materialized(page, server) == "SUCCESS"
    assert run.database.read_bytes() == database
    page.goto(f"{server.address}/assets/claude/provider_db?view=checks&checkDetail=receipt_balances")
    expect(page.get_by_text("Passed", exact=True).first).to_be_visible()
    taken(page, pictures / "green.png")


def test_a_red_gate_shows_what_offends(page: Page, server: Server, run: RunPaths, pictures: Path) -> None:
    """A published run database that somebody edited; put back, it is green again."""
    database, provenance = run.database.read_bytes(), run.provenance.read_bytes()
    run.database.chmod(0o644)
    with connect(run.database, read_only=False) as connection:
        connection.execute("DELETE FROM store.messages WHERE record_uid = (SELECT min(record_uid) FROM store.messages)")
        message = connection.execute(
            "SELECT message_id FROM store.blocks ANTI JOIN store.messages USING (conversation_id, message_id)"
        ).fetchone()
    assert message is not None
    run.provenance.unlink()
    opened_partition(page, server, run)
    assert materialized(page, server) == "FAILURE"
    page.goto(f"{server.address}/assets/claude/provider_db?view=checks&checkDetail=receipt_balances")
    expect(page.get_by_text("Failed", exact=True).first).to_be_visible()
    expect(page.get_by_text("member conversations.json, visible_not_written 1")).to_be_visible()
    taken(page, pictures / "red.png")
    page.get_by_text("[Show Markdown]").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("visible_not_written")).to_be_visible()
    expect(dialog.get_by_text("conversations.json")).to_be_visible()
    expect(dialog.get_by_text(message[0]).first).to_be_visible()
    taken(page, pictures / "offenders.png")
    failed = [
        check["name"]
        for check in server.assets()["claude/provider_db"]["assetChecksOrError"]["checks"]
        if not check["executionForLatestMaterialization"]["evaluation"]["success"]
    ]
    assert failed == ["receipt_balances"]
    run.database.write_bytes(database)
    run.database.chmod(0o444)
    run.provenance.write_bytes(provenance)
    opened_partition(page, server, run)
    assert materialized(page, server) == "SUCCESS"


def test_the_browser_asked_nobody_but_the_server(asked: set[str], server: Server) -> None:
    assert asked == {f"127.0.0.1:{server.port}"}
