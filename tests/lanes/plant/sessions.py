"""Sessions of a coding agent with planted truth: how each ended, and which of their texts no person wrote."""

from __future__ import annotations

from lanes.plant.logs import Session
from lanes.plant.truth import Truth
from lanes.plant.words import Prose

_LINES = "mended the parser\n"


def _begin(name: str, prose: Prose) -> Session:
    session = Session(name)
    session.ask(prose.question())
    session.say(prose.sentence())
    session.call("src/parser.py", prose.text(3), tool="Read")
    return session


def _end(session: Session, prose: Prose, truth: Truth, outcome: str | None) -> Session:
    session.say(prose.answer())
    if outcome is not None:
        truth.add("agentic_code", session.name, outcome)
        truth.calls[session.name] = session.calls
    return session


def tests_turn(name: str, prose: Prose, truth: Truth) -> Session:
    session = _begin(name, prose)
    session.call("pytest -q tests", f"FAILED tests/test_{prose.word()}.py\n2 failed, 1 passed in 0.31s", failed=True)
    session.call("sed -i s/a/b/ src/parser.py", "")
    session.call("pytest -q tests", "3 passed, 0 failed in 0.29s")
    return _end(session, prose, truth, "A_test_transition")


def many_test_runs(name: str, prose: Prose, truth: Truth) -> Session:
    """Four runs of one command with another result each: work, not a loop."""
    session = _begin(name, prose)
    for failed in (3, 2, 1):
        session.call("npm test", f"Tests: {failed} failed, {4 - failed} passed, 4 total", failed=failed == 3)
        session.call(f"sed -i s/{failed}/0/ src/{prose.word()}.js", "")
        session.call(f"src/{prose.word()}.js", prose.text(1), tool="Read")
    session.call("npm test", "Tests: 4 passed, 4 total")
    return _end(session, prose, truth, "A_test_transition")


def passes_at_once(name: str, prose: Prose, truth: Truth) -> Session:
    session = _begin(name, prose)
    session.call("sed -i s/a/b/ src/parser.py", "")
    session.call("pytest -q", "3 passed, 0 failed in 0.12s")
    return _end(session, prose, truth, "B_exit_ok")


def says_nothing_of_the_pipe(name: str, prose: Prose, truth: Truth) -> Session:
    """The exit code is that of `tail`; the numbers say that it failed."""
    session = _begin(name, prose)
    session.call("sed -i s/a/b/ src/parser.py", "")
    session.call("pytest -q 2>&1 | tail -5", "1 failed, 7 passed in 0.40s")
    return _end(session, prose, truth, "F_fail")


def builds(name: str, prose: Prose, truth: Truth) -> Session:
    session = _begin(name, prose)
    session.call("cargo build", "error[E0308]: mismatched types", failed=True)
    session.call("sed -i s/u8/u16/ src/lib.rs", "")
    session.call("cargo build", "Finished dev profile in 2.1s")
    return _end(session, prose, truth, "B_exit_ok")


def commits(name: str, prose: Prose, truth: Truth) -> Session:
    session = _begin(name, prose)
    session.call("sed -i s/a/b/ README.md", "")
    session.call('git add -A && git commit -m "Say it better"', "[main 1a2b3c4] Say it better\n 1 file changed")
    return _end(session, prose, truth, "C_commit")


def reverted(name: str, prose: Prose, truth: Truth) -> Session:
    session = _begin(name, prose)
    session.call('git commit -am "Try"', "[main 1a2b3c5] Try")
    session.call("git revert --no-edit HEAD", "[main 1a2b3c6] Revert Try")
    return _end(session, prose, truth, "F_fail")


def approved(name: str, prose: Prose, truth: Truth) -> Session:
    session = _begin(name, prose)
    session.call("grep -rn length src", "src/parser.py:12: length = 3")
    session.call("sed -i s/3/30/ src/parser.py", "")
    session.say(prose.answer())
    session.ask("Perfect, thank you!")
    return _end(session, prose, truth, "D_user_pos")


def rejected(name: str, prose: Prose, truth: Truth) -> Session:
    session = _begin(name, prose)
    session.call("grep -rn length src", "src/parser.py:12: length = 3")
    session.call("sed -i s/3/30/ src/parser.py", "")
    session.say(prose.answer())
    session.ask("No, that's wrong. It still fails.")
    return _end(session, prose, truth, "F_fail")


def nothing_known(name: str, prose: Prose, truth: Truth) -> Session:
    session = _begin(name, prose)
    session.call("ls src", "parser.py")
    session.call("cat src/parser.py", prose.text(2))
    return _end(session, prose, truth, "unknown")


def in_circles(name: str, prose: Prose, truth: Truth) -> Session:
    session = _begin(name, prose)
    for _ in range(3):
        session.call("ls build", "nothing here")
    return _end(session, prose, truth, None)


def mostly_errors(name: str, prose: Prose, truth: Truth) -> Session:
    session = _begin(name, prose)
    for rank in range(3):
        session.call(f"cat {prose.word()}.txt", f"cat: no such file ({rank})", failed=True)
    session.call("pytest -q", "3 passed in 0.1s")
    return _end(session, prose, truth, None)


def long_output(name: str, prose: Prose, truth: Truth) -> Session:
    session = _begin(name, prose)
    session.call("cat build.log", prose.text(900))
    session.call("make check", "all good")
    return _end(session, prose, truth, "B_exit_ok")


def machine_words(name: str, prose: Prose, truth: Truth) -> Session:
    """Commands, their output and a summary in the person's name; none of them is the person."""
    canary = f"canary-{prose.word()}"
    truth.canaries.append(canary)
    session = Session(name)
    session.ask(
        f"<command-name>/model</command-name>\n<command-message>model</command-message>\n<command-args>{canary}</command-args>"
    )
    session.ask(f"<local-command-stdout>Set to {canary}</local-command-stdout>")
    session.ask(prose.question())
    session.call("ls src", "parser.py")
    session.call("sed -i s/a/b/ src/parser.py", "")
    session.call("ruff check .", "All checks passed!")
    session.say(prose.answer())
    session.ask(
        f"This session is being continued from a previous conversation. {canary}",
        isCompactSummary=True,
        isVisibleInTranscriptOnly=True,
    )
    session.ask(prose.question())
    return _end(session, prose, truth, "B_exit_ok")


def interrupted(name: str, prose: Prose, truth: Truth) -> Session:
    """The person stopped an answer: what was cut off is nothing to imitate, the client's line is not the person's."""
    session = _begin(name, prose)
    session.call("sed -i s/a/b/ src/parser.py", "")
    session.call("ruff check .", "All checks passed!")
    session.say(prose.answer())
    session.ask("[Request interrupted by user]")
    session.ask(prose.question())
    return _end(session, prose, truth, None)


SCENARIOS = (
    tests_turn,
    many_test_runs,
    passes_at_once,
    says_nothing_of_the_pipe,
    builds,
    commits,
    reverted,
    approved,
    rejected,
    nothing_known,
    in_circles,
    mostly_errors,
    long_output,
    machine_words,
    interrupted,
)
