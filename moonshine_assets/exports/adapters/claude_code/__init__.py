"""Claude Code: session logs of `~/.claude/projects`, its sub-agents' logs, and the web form.

In: the files of a log. Out: one conversation a session or sub-agent. Always: nodes_in = nodes + bad nodes, every line
is a node or a bad node, one answer is one message, and a record that several files copy belongs to one conversation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from moonshine_assets.exports.adapters.claude_code.detect import claim_lines, log_files, sidecar
from moonshine_assets.exports.adapters.claude_code.grouping import is_agent_file, stem
from moonshine_assets.exports.adapters.claude_code.session import SOURCE_TYPE, read_conversations, read_session
from moonshine_assets.exports.records import LogConversation
from moonshine_assets.exports.replay import Owners

__all__ = ["PROVIDER", "SOURCE_TYPE", "claim_lines", "conversations", "log_files", "sidecar"]

PROVIDER = "claude_code"


def conversations(read: Callable[[str], bytes | None], names: list[str]) -> Iterator[LogConversation]:
    """The conversations of the files, a session before those that were resumed or forked from it.

    Conversation flags: those of `decode`, `cut_last_line`, `sub_agent`, `replay_dropped`, `duplicate_ids`.
    Message flags: `compaction_summary`, `summary`, `queued`, `unknown_record`, `duplicate_id`.
    """
    owners = Owners()
    by_session = {stem(name): name for name in names if not is_agent_file(name)}
    done: set[str] = set()
    waiting: set[str] = set()
    for first in names:
        stack = [first]
        while stack:
            name = stack.pop()
            if name in done:
                continue
            data = read(name)
            if data is None:
                done.add(name)
                yield LogConversation(None, "the file cannot be read", {name: 0}, b"")
                continue
            session = read_session(name, data)
            before = [by_session[other] for other in session.foreign if other in by_session]
            before = [other for other in before if other not in done and other not in waiting and other != name]
            if before and name not in waiting:
                waiting.add(name)
                stack += [name, *reversed(before)]
                continue
            done.add(name)
            yield from read_conversations(session, owners, read)
