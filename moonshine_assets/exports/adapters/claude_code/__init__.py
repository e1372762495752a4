"""Claude Code: session logs of `~/.claude/projects`, its sub-agents' logs, and the web form.

In: the files of a log. Out: one conversation a session or sub-agent. Always: nodes_in = nodes + bad nodes, every line
is a node or a bad node, one answer is one message, and a record that several files copy belongs to one conversation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from moonshine_assets.exports.adapters.claude_code.detect import claim_lines, log_files, sidecar
from moonshine_assets.exports.adapters.claude_code.grouping import is_agent_file, stem
from moonshine_assets.exports.adapters.claude_code.session import SOURCE_TYPE, Session, read_conversations, read_session
from moonshine_assets.exports.records import LogConversation
from moonshine_assets.exports.replay import Owners, parents_first

__all__ = ["PROVIDER", "SOURCE_TYPE", "claim_lines", "conversations", "log_files", "sidecar"]

PROVIDER = "claude_code"


def conversations(read: Callable[[str], bytes | None], names: list[str]) -> Iterator[LogConversation]:
    """The conversations of the files, a session before those that were resumed or forked from it.

    Conversation flags: those of `decode`, `cut_last_line`, `sub_agent`, `replay_dropped`, `duplicate_ids`.
    Message flags: `compaction_summary`, `summary`, `queued`, `unknown_record`, `duplicate_id`.
    """
    owners = Owners()
    by_session = {stem(name): name for name in names if not is_agent_file(name)}

    def load(name: str) -> tuple[str, Session | None]:
        data = read(name)
        return name, None if data is None else read_session(name, data)

    def before(loaded: tuple[str, Session | None]) -> list[str]:
        return [by_session[other] for other in loaded[1].foreign if other in by_session] if loaded[1] else []

    for name, session in parents_first(names, load, before):
        if session is None:
            yield LogConversation(None, "the file cannot be read", {name: 0}, b"")
        else:
            yield from read_conversations(session, owners, read)
