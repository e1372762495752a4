"""Real, masked and hand-made exports kept outside the project: each taken in whole or refused in one line.

Parametrised over whatever lies in `../shared/samples`; a clone without that folder has no cases here.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import tiktoken

from moonshine_assets.errors import BadInput
from moonshine_assets.exports.register import register
from moonshine_assets.gates import rows
from moonshine_assets.ledger.raw import raw_json_tokens
from moonshine_assets.ledger.run_ledger import ledger_complete, run_ledger
from moonshine_assets.providers.build import build_draft
from moonshine_assets.providers.gates import draft_gates
from moonshine_assets.providers.source import read_lock, secure
from moonshine_resources import clock
from moonshine_resources.duckdb import connect
from moonshine_resources.home import PROJECT_ROOT, Home
from moonshine_resources.tokenizer import TokenCounter

SAMPLES = PROJECT_ROOT.parent / "shared" / "samples"
PROVIDERS = ("chatgpt", "claude")

#: Files without conversations of a known form: sidecars, notes, a capture of a page.
REFUSED = {
    "MAX0240__filesxo__message_feedback.json",
    "Sinity__polylogue__native-browser-capture-v1.json",
    "exposir__chatGPT-store__message_feedback.json",
    "itsamolsan__ChatGPT-Chats__message_feedback.json",
    "itsamolsan__ChatGPT-Chats__model_comparisons.json",
    "itsamolsan__ChatGPT-Chats__shared_conversations.json",
    "moralesresearch__chat-data__message_feedback.json",
    "moralesresearch__chat-data__model_comparisons.json",
    "testing528__char__message_feedback.json",
    "ts207__personalassist__group_chats.json",
    "ts207__personalassist__message_feedback.json",
    "ts207__personalassist__shopping.json",
    "ts207__personalassist__sora.json",
    "niclydon__nexus-public__claude_export.json",
    "noo-bass__context-carry__projects.json",
    "osteele__claude-chat-viewer__simple-invalid.json",
}
#: Where the index counts otherwise: (conversations, messages) and why.
COUNTED_OTHERWISE = {
    # A null entry in chat_messages is a structural node, not a message.
    "dknedlik__OpenArchive__claude_export.json": (1, 2),
}


def cases() -> list[tuple[str, str, str, str]]:
    """(provider, file name, conversations, messages) of the index; counts may be empty."""
    index = SAMPLES / "INDEX.tsv"
    if not index.exists():
        return []
    with index.open(encoding="utf-8") as stream:
        found = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [
        (row["provider"], row["file"].split("/", 1)[1], row["conversations"], row["messages"])
        for row in found
        if row["provider"] in PROVIDERS and (SAMPLES / row["file"]).exists()
    ]


@pytest.mark.parametrize(("provider", "name", "conversations", "messages"), cases())
def test_a_public_sample_is_taken_in_whole_or_refused(
    tmp_path: Path, counter: TokenCounter, provider: str, name: str, conversations: str, messages: str
) -> None:
    home = Home.at(tmp_path)
    source = SAMPLES / provider / name
    if name in REFUSED:
        with pytest.raises(BadInput) as refusal:
            register(home, source, moment=clock.now())
        assert name in str(refusal.value)
        assert "\n" not in str(refusal.value)
        return

    registration = register(home, source, moment=clock.now())
    assert registration.provider == provider
    run = home.run(registration.run_id)
    lock = read_lock(run)
    secured = secure(run)
    build_draft(run, lock, secured.path, counter.count_many)
    raw = raw_json_tokens(secured.path, lock, run.work, counter)
    encoding = tiktoken.get_encoding("o200k_base")
    with connect(run.database_draft, read_only=True) as connection:
        assert [verdict for verdict in draft_gates(connection, provider, run.run_id) if not verdict.passed] == []
        counts = rows(
            connection,
            """
            SELECT (SELECT count(*) FROM conversations)
                   + (SELECT count(*) FROM quarantine WHERE unit = 'conversation') AS conversations,
                   (SELECT count(*) FROM messages) AS messages
            """,
        )[0]
        if name in COUNTED_OTHERWISE:
            assert (counts["conversations"], counts["messages"]) == COUNTED_OTHERWISE[name]
        elif conversations:
            assert (counts["conversations"], counts["messages"]) == (int(conversations), int(messages))
        ledger = run_ledger(
            connection, lock=lock, raw_by_member=raw, counter=counter, policy_version="none-0", generated_at="now"
        )
        verdict = ledger_complete(connection, ledger, raw=secured.path, lock=lock, work=run.work, counter=counter)
        assert verdict.passed, verdict.reason
        texts = connection.execute("SELECT text FROM messages WHERE role <> 'system'").fetchall()
    assert ledger["content_tokens_non_system"] == sum(len(encoding.encode_ordinary(text)) for (text,) in texts)
    if source.suffix == ".json":
        whole = source.read_bytes().decode("utf-8", errors="replace")
        assert ledger["raw_json_tokens"] == len(encoding.encode_ordinary(whole))
