"""After a whole run every stage has handed on, and no packet holds anything that was said."""

from __future__ import annotations

from terminal import Ran

from moonshine_assets.reports.packets import parsed
from moonshine_resources.duckdb import connect


def test_every_stage_of_a_run_forwards(ran_home: Ran) -> None:
    found = [parsed(path.read_bytes()) for path in ran_home.home.handoff.glob("*.json")]
    assert {packet.decision for packet in found} == {"forward"}
    runs = {path.name for path in ran_home.home.provider_reports.glob("*/*")}
    for name in ("provider_export", "provider_db", "token_ledger", "archive_snapshot", "mash_merge"):
        assert {packet.run_id for packet in found if packet.stage.endswith(f"/{name}")} == runs
    assert {packet.stage for packet in found if packet.run_id is None} >= {"mash", "distilled_slice", "lanes/dpo"}


def test_no_packet_holds_a_text(ran_home: Ran) -> None:
    said = "\n".join(path.read_text("utf-8") for path in ran_home.home.handoff.glob("*.json"))
    with connect(ran_home.home.mash, read_only=True) as connection:
        texts = connection.execute("SELECT text FROM store.texts WHERE length(text) > 30").fetchall()
    assert len(texts) > 100
    assert [text for (text,) in texts if text in said] == []
