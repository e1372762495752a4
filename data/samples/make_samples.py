"""Makes the bundled sample exports and EXPECTED.json from the stories in `sources/`.

    python data/samples/make_samples.py

The same stories give the same bytes: ids are derived from names, times are written in the stories, zip
entries carry one fixed date.
"""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import chatgpt_nodes
import claude_messages
from chatgpt_content import FILES
from expectation import expected
from story import read_stories, stable_id

HERE = Path(__file__).parent
ZIP_DATE = (2025, 1, 1, 0, 0, 0)
USER_ID = "user-SampleAccount00000000"
YARD_NOTES = """\
Ferns grow along the fence, there is barrenwort under the maple and two hostas by the tap.
The lavender stands next to the hostas. The bed at the south wall dries out by noon.
All of it was planted in the first spring, except for the maple, which was here before.
"""
PICNIC_LIST = "bread\ngreen salad\npaper plates\ntwo blankets\n"


def main() -> None:
    """Write the three zips and EXPECTED.json next to this file."""
    counts = {
        "chatgpt-export.zip": _chatgpt_export(),
        "claude-export.zip": _claude_export(),
        "chatgpt-shards.zip": _chatgpt_shards(),
    }
    text = json.dumps(counts, indent=1, ensure_ascii=False) + "\n"
    (HERE / "EXPECTED.json").write_text(text, encoding="utf-8")


def _chatgpt_export() -> dict[str, Any]:
    stories = read_stories(HERE / "sources" / "chatgpt")
    read = {story.name: chatgpt_nodes.conversation(story) for story in stories if "copy_of" not in story.head}
    array = [read[story.head.get("copy_of", story.name)][0] for story in stories]
    feedback = chatgpt_nodes.feedback(stories, USER_ID)
    shared = next(conv for conv in array if conv["title"] == "The towns of the Hanse")
    members = {
        "user.json": _json({"id": USER_ID, "chatgpt_plus_user": False}),
        "conversations.json": _json(array),
        "message_feedback.json": _json(feedback),
        "shared_conversations.json": _json(
            [
                {
                    "id": stable_id("share", shared["id"]),
                    "conversation_id": shared["id"],
                    "title": shared["title"],
                    "is_anonymous": True,
                }
            ]
        ),
        "chat.html": b"<!DOCTYPE html>\n<title>ChatGPT Data Export</title>\n",
        f"{FILES['leaf.png']}-leaf.png": _leaf(),
        f"{FILES['yard-notes.txt']}-yard-notes.txt": YARD_NOTES.encode(),
    }
    _zip(HERE / "chatgpt-export.zip", members)
    kept = [(story, *read[story.name]) for story in stories if story.name in read]
    copies = [read[story.head["copy_of"]] for story in stories if "copy_of" in story.head]
    counts = expected("chatgpt", kept, [counts for _, counts in copies])
    return counts | {"feedback": len(feedback)}


def _claude_export() -> dict[str, Any]:
    stories = read_stories(HERE / "sources" / "claude")
    kept = [(story, *claude_messages.conversation(story)) for story in stories]
    project = stable_id("claude", "project")
    account = claude_messages.ACCOUNT
    notes = {
        "uuid": stable_id("claude", "doc"),
        "filename": "house-rules.md",
        "content": "# Rules\n\nSay the number first, then the reason.\n",
        "created_at": "2026-02-01T09:00:00.000000Z",
    }
    members = {
        "conversations.json": _json([conv for _, conv, _ in kept], ascii_only=False),
        f"projects/{project}.json": _json(
            {
                "uuid": project,
                "name": "Workshop and garden",
                "description": "Boards, beds and bicycles",
                "is_private": True,
                "is_starter_project": False,
                "prompt_template": "Answer in metric units.",
                "created_at": "2026-02-01T09:00:00.000000Z",
                "updated_at": "2026-02-01T09:00:00.000000Z",
                "creator": {"uuid": account, "full_name": "Sample account"},
                "docs": [notes],
            }
        ),
        "users.json": _json(
            [
                {
                    "uuid": account,
                    "full_name": "Sample account",
                    "email_address": "sample@example.org",
                    "verified_phone_number": None,
                }
            ]
        ),
        "memories.json": _json(
            [
                {
                    "conversations_memory": "Works with wood, paddles, keeps an allotment.",
                    "project_memories": {project: "Shelves of 240 cm boards."},
                    "account_uuid": account,
                }
            ]
        ),
    }
    _zip(HERE / "claude-export.zip", members)
    return expected("claude", kept, [])


def _chatgpt_shards() -> dict[str, Any]:
    stories = read_stories(HERE / "sources" / "chatgpt-shards")
    kept, replaced = [], []
    shards: dict[str, list[dict[str, Any]]] = {"0": [], "1": []}
    newer = {story.head["same_as"] for story in stories if "same_as" in story.head}
    for story in stories:
        conv, counts = chatgpt_nodes.conversation(story)
        shards[story.head["shard"]].append(chatgpt_nodes.slim(conv))
        if story.name in newer:
            replaced.append(counts)
        else:
            kept.append((story, conv, counts))
    asset = "file_" + stable_id("picnic", "list").replace("-", "")
    library = {
        "file_id": asset,
        "file_name": "picnic-list.txt",
        "mime_type": "text/plain",
        "file_size_bytes": len(PICNIC_LIST),
        "origination_message_id": stable_id("chatgpt", "01-picnic", "u1"),
        "origination_thread_id": stable_id("chatgpt", "01-picnic"),
    }
    files = ["conversations-000.json", "conversations-001.json"]
    members = {name: _json(shard) for name, shard in zip(files, shards.values(), strict=True)} | {
        "conversation_asset_file_names.json": _json({f"{asset}.dat": "picnic-list.txt"}),
        "library_files.json": _json([library]),
        "user.json": _json({"id": USER_ID}),
        f"{asset}.dat": PICNIC_LIST.encode(),
    }
    manifest = {
        "export_files": [{"path": name, "size_bytes": len(data)} for name, data in members.items()],
        "logical_files": {"conversations.json": {"files": files, "sharded": True}},
    }
    _zip(HERE / "chatgpt-shards.zip", {"export_manifest.json": _json(manifest), **members})
    return expected("chatgpt", kept, replaced)


def _json(value: Any, *, ascii_only: bool = True) -> bytes:
    return json.dumps(value, ensure_ascii=ascii_only).encode()


def _leaf() -> bytes:
    """A 16 by 16 greyscale PNG of a diamond, its pixels stored and not compressed."""
    rows = (bytes(40 if abs(x - 8) + abs(y - 8) < 7 else 230 for x in range(16)) for y in range(16))
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", 16, 16, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows), 0)),
        (b"IEND", b""),
    )
    framed = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


def _zip(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            entry = zipfile.ZipInfo(name, ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)


if __name__ == "__main__":
    main()
