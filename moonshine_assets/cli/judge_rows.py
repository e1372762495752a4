"""Rows on the screen, one key an answer."""

from __future__ import annotations

import os
import re
import select
import shutil
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager

from rich import box
from rich.columns import Columns
from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.text import Text

from moonshine_assets.cli.printable import printable
from moonshine_assets.errors import BadInput
from moonshine_assets.lanes.audit.judging import QUESTIONS, Item, Judging
from moonshine_assets.lanes.audit.labels import Verdict
from moonshine_assets.lanes.audit.parts import Part, parts

_KEYS: dict[str, Verdict] = {"y": "right", "n": "wrong", "s": "skip"}
_HELP = "y right · n wrong · s skip · u undo · m more · q quit"
_KEYS_AT_ONCE = 64
_SEQUENCE = re.compile(r"\x1b[\[O][0-9;]*[A-Za-z~]")
#: From this width on two answers stand side by side.
_WIDE = 110
#: Lines of the screen that are not the row's.
_FRAME = 9
_FEWEST_LINES = 4


def judge(judging: Judging, console: Console) -> bool:
    """Show rows until none is left or the person quits; True when none is left.

    Raises:
        BadInput: there is no terminal.
    """
    with _single_keys() as keys:
        while (item := judging.current()) is not None:
            _show(item, judging, console)
            if not _answered(item, judging, console, keys):
                return False
    return True


@contextmanager
def _single_keys() -> Iterator[Iterator[str]]:
    """Keys as they are pressed, in lower case; one pressed before its row was shown waits for it.

    The terminal is set once for the sitting: setting it for each key throws away what was typed ahead.
    """
    if not sys.stdin.isatty():
        raise BadInput("rows are judged in a terminal", fix="run it in one, or use --report")
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal, termios.TCSANOW)
        yield _keys(terminal)
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _keys(terminal: int) -> Iterator[str]:
    while True:
        # Ctrl-C ends a wait here; a read it would not: Polars has reads begun again after a signal.
        select.select([terminal], [], [])
        typed = os.read(terminal, _KEYS_AT_ONCE).decode("utf-8", "ignore")
        if not typed:
            return
        # Arrow and function keys come as a sequence.
        yield from _SEQUENCE.sub("", typed).lower()


def _answered(item: Item, judging: Judging, console: Console, keys: Iterator[str]) -> bool:
    """Wait for a key that means something; False to quit."""
    for key in keys:
        if key in ("q", "\x1b", "\x04"):
            return False
        if key == "m":
            console.print(*_panels(item, None), sep="\n")
            console.print(_HELP, style="dim")
        elif key == "u":
            if judging.undo():
                return True
            console.print("nothing to take back in this sitting", style="dim")
        elif key in _KEYS:
            judging.say(_KEYS[key])
            return True
    return False


def _show(item: Item, judging: Judging, console: Console) -> None:
    console.clear()
    counts = judging.counts(item)
    said = sum(counts.values())
    console.print(
        Text.assemble(
            (f"{item.lane} · {item.signal} · {item.tier}", "bold"),
            f"   {said} of {item.sample_rows} judged: {counts['right']} right, {counts['wrong']} wrong,"
            f" {counts['skip']} skipped",
        )
    )
    console.print(Text(printable(f"{item.row['provider']} · {item.row['model_slug']}"), style="dim"))
    lines = max(_FEWEST_LINES, (shutil.get_terminal_size().lines - _FRAME) // len(parts(item.row, item.lane)) - 2)
    panels = list(_panels(item, lines))
    if item.lane == "dpo" and console.width >= _WIDE:
        half = console.width // 2 - 1
        sides = [_panel(part, lines * 2, half) for part in parts(item.row, item.lane)[1:]]
        panels = [panels[0], Columns(sides, expand=False, padding=(0, 1))]
    console.print(*panels, sep="\n")
    console.print(Text(QUESTIONS[item.lane], style="bold"), Text(_HELP, style="dim"), sep="\n")


def _panels(item: Item, lines: int | None) -> Iterator[RenderableType]:
    for part in parts(item.row, item.lane):
        yield _panel(part, lines)


def _panel(part: Part, lines: int | None, width: int | None = None) -> Panel:
    """A part in a frame; of one with more lines its beginning and end."""
    # Text, not markup, and nothing that steers the terminal: it comes from other people's files.
    shown = [printable(line) for line in part.text.split("\n")]
    inside = (width or shutil.get_terminal_size().columns) - 4
    if lines is not None:
        shown = _within(shown, lines, max(20, inside))
    return Panel(Text("\n".join(shown)), title=part.title, title_align="left", box=box.ROUNDED, width=width)


def _within(shown: list[str], lines: int, width: int) -> list[str]:
    """At most so many lines of the screen; what is left out is said."""
    wrapped = [line[at : at + width] for line in shown for at in range(0, max(1, len(line)), width)]
    if len(wrapped) <= lines:
        return shown
    head = max(1, lines * 2 // 3)
    tail = max(1, lines - head - 1)
    left = len(wrapped) - head - tail
    return [*wrapped[:head], f"… {left:,} lines left out, m shows them …", *wrapped[len(wrapped) - tail :]]
