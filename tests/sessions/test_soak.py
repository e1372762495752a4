"""A day of twenty sessions on a fast clock: one action a crossing, and no more memory in the end than at the start."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from moonshine_assets.sessions.audit import Code
from moonshine_assets.sessions.cycle import cycle
from moonshine_assets.sessions.settings import ClaudeCode, Distill, Prune, Settings
from moonshine_resources.home import Home
from moonshine_resources.tokenizer import TokenCounter
from sessions.agents_at_work import Machine
from sessions.logs import claude_answer, claude_compaction

HOURS, STEP = 24, 30
SESSIONS = 20
EFFECTIVE = 177_000
#: A session fills up in so many steps from 40 % to 95 %, is then compacted by its agent and begins again.
CLIMB = 240


def resident() -> int:
    """Bytes of memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.slow
def test_a_day_of_twenty_sessions(home: Home, tmp_path: Path, counter: TokenCounter) -> None:
    settings = Settings(
        prune=Prune(mode="never"), claude_code=ClaudeCode(command="/none"), distill=Distill(max_per_cycle=20)
    )
    machine = Machine(tmp_path, settings, counter=counter)
    names = [f"{n:08d}-0000-4000-8000-000000000000" for n in range(SESSIONS)]
    logs = {name: machine.claude(int(0.4 * EFFECTIVE), session_id=name) for name in names}
    done: Counter[str] = Counter()
    crossings = 0
    memory: list[int] = []
    for tick in range(HOURS * 3600 // STEP):
        machine.now += STEP
        for number, (name, log) in enumerate(logs.items()):
            at = (tick + number * 7) % CLIMB
            share = 0.40 + 0.55 * at / (CLIMB - 1)
            line = claude_answer(int(share * EFFECTIVE), own=f"m{tick}")
            with log.open("a") as stream:
                if at == 0 and tick:
                    mark = claude_compaction(f"c{tick}", preTokens=168_000, postTokens=70_000)
                    stream.write(json.dumps({**mark, "sessionId": name}) + "\n")
                stream.write(json.dumps({**line, "sessionId": name}) + "\n")
            machine.touch(log, 1)
            crossings += at == CLIMB - 1
        for said in cycle(home, machine.look(), machine.clock).lines:
            done[said.code] += 1
        if tick % 120 == 119:
            memory.append(resident())
    assert not [code for code in done if code.startswith("MOON_WARN")]
    # climbs that the day's beginning or end cut may count or not
    assert done[Code.DISTILLED] == pytest.approx(crossings, abs=SESSIONS)
    assert done[Code.PRUNE_SWITCHED_OFF] == pytest.approx(crossings, abs=SESSIONS)
    assert memory[-1] - memory[4] < 64 * 1024**2
