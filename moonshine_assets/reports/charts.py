"""The three charts of the corpus report, as PNG bytes that depend on the figures alone."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter, MaxNLocator

from moonshine_assets.ledger.record import COUNTERS

_INCHES_WIDE = 10.0
_DOTS_PER_INCH = 200
_ROW_INCHES = 0.42
#: Okabe and Ito's colours, which colour-blind people tell apart.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")
_INK, _NOTE, _PALE, _LINE = "#222222", "#555555", "#C9D3DB", "#8A949B"
_COUNTER, _REASON = "#0072B2", "#E69F00"
_MONTH_LABELS = 24
#: So many months without a message are drawn; of a longer gap only that it is one.
_LONGEST_GAP = 24
_GAP = "…"


def ledger_waterfall(ledger: Mapping[str, Any]) -> bytes:
    """PNG of the four counters and what lies between them.

    Args:
        ledger: the main ledger.
    """
    bars: list[tuple[str, int, int, str]] = []
    for counter in COUNTERS:
        level = sum(step["tokens"] for step in ledger["waterfall"] if step["to_counter"] == counter) + ledger[counter]
        for step in ledger["waterfall"]:
            if step["to_counter"] == counter:
                level -= step["tokens"]
                bars.append((step["reason"].replace("_", " "), level, step["tokens"], _REASON))
        bars.append((counter, 0, ledger[counter], _COUNTER))
    with matplotlib.style.context("default"):
        figure, axes = _canvas(len(bars))
        right = max(max(start + width for _, start, width, _ in bars), 1)
        for row, (_, start, width, colour) in enumerate(bars):
            axes.barh(row, width, left=start, height=0.66, color=colour)
            sign = "− " if colour == _REASON and width else ""
            share = f"  ({width / bars[0][2]:.1%})" if bars[0][2] else ""
            label = f"{sign}{width:,}{share}"
            _label(axes, start + width + right * 0.01, row, label, 10, bold=colour == _COUNTER)
        for row, (_, start, width, colour) in enumerate(bars[:-1]):
            edge = start if colour == _REASON else width
            axes.plot([edge, edge], [row, row + 1], color=_LINE, linewidth=0.8, zorder=0)
        _rows(axes, [name for name, *_ in bars], right * 1.3)
        for name, (*_, colour) in zip(axes.get_yticklabels(), bars, strict=True):
            name.set_fontweight("bold" if colour == _COUNTER else "normal")
        _titled(axes, "Where the tokens go", f"{ledger['tokenizer']} tokens; shares are of raw_json_tokens")
        return _png(figure)


def messages_by_month(counts: Sequence[Mapping[str, Any]]) -> bytes:
    """PNG of messages by month, one colour a provider.

    Args:
        counts: month (YYYY-MM; None: time not known), provider, messages.
    """
    dated = [count for count in counts if count["month"] is not None]
    undated = sum(count["messages"] for count in counts if count["month"] is None)
    months = _calendar(count["month"] for count in dated)
    providers = sorted({count["provider"] for count in dated})
    amounts = {(count["provider"], count["month"]): count["messages"] for count in dated}
    with matplotlib.style.context("default"):
        figure, axes = _canvas(9)
        below = [0] * len(months)
        for rank, provider in enumerate(providers):
            heights = [amounts.get((provider, month), 0) for month in months]
            label = f"{provider} ({sum(heights):,})"
            axes.bar(range(len(months)), heights, bottom=below, width=0.82, color=_COLOURS[rank % 8], label=label)
            below = [low + height for low, height in zip(below, heights, strict=True)]
        ticks = _labelled(months)
        axes.set_xticks(ticks, [months[rank] for rank in ticks], rotation=45, ha="right")
        axes.set_xlim(-0.8, max(len(months), 6) - 0.2)
        axes.set_ylim(0, max([*below, 1]) * 1.06)
        axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.yaxis.set_major_formatter(FuncFormatter(_thousands))
        axes.grid(axis="y", color=_PALE, linewidth=0.6)
        axes.set_ylabel("messages", fontsize=10)
        if providers:
            figure.legend(loc="outside lower center", ncols=4, fontsize=11, frameon=False)
        note = f"; {undated:,} more have no time" if undated else ""
        _titled(axes, "Messages by month", f"newest version of each conversation, every branch{note}")
        return _png(figure)


def lanes(facts: Mapping[str, Mapping[str, Any]]) -> bytes:
    """PNG of candidates and rows of each lane.

    Args:
        facts: `lanes` of the distillation manifest.
    """
    with matplotlib.style.context("default"):
        figure, axes = _canvas(2 * len(facts))
        right = max([lane["candidates"] for lane in facts.values()] + [1])
        for row, lane in enumerate(facts.values()):
            rows_, candidates = lane["rows"], lane["candidates"]
            axes.barh(row, candidates, height=0.5, color=_PALE, label="candidates" if row == 0 else None)
            axes.barh(row, rows_, height=0.5, color=_COUNTER, label="rows" if row == 0 else None)
            share = f"  ({rows_ / candidates:.1%})" if candidates else ""
            _label(axes, candidates + right * 0.012, row, f"{rows_:,} of {candidates:,}{share}", 11)
            _label(axes, right * 0.006, row + 0.4, _most_dropped(lane["dropped"]), 9)
        _rows(axes, [name.replace("_", " ") for name in facts], right * 1.3)
        axes.set_ylim(len(facts) - 0.35, -0.5)
        figure.legend(loc="outside lower center", ncols=2, fontsize=11, frameon=False)
        _titled(axes, "Candidates and rows of each lane", "what a candidate is differs by lane; see the report")
        return _png(figure)


def _most_dropped(dropped: Mapping[str, int]) -> str:
    if not dropped:
        return "nothing left out"
    ordered = sorted(dropped.items(), key=lambda item: (-item[1], item[0]))
    shown = ", ".join(f"{reason.replace('_', ' ')} {count:,}" for reason, count in ordered[:2])
    rest = len(ordered) - 2
    more = f", and {rest} more reason{'s' if rest > 1 else ''}" if rest > 0 else ""
    return f"left out: {shown}{more}"


def _calendar(months: Iterable[str]) -> list[str]:
    """Every month from the first to the last, those without a message too; a gap of years is one `_GAP`."""
    shown: list[str] = []
    last = None
    for rank in sorted({int(month[:4]) * 12 + int(month[5:]) - 1 for month in months}):
        if last is not None and rank - last > _LONGEST_GAP:
            shown.append(_GAP)
        elif last is not None:
            shown += [_month(empty) for empty in range(last + 1, rank)]
        shown.append(_month(rank))
        last = rank
    return shown


def _month(rank: int) -> str:
    return f"{rank // 12:04d}-{rank % 12 + 1:02d}"


def _labelled(months: Sequence[str]) -> list[int]:
    """Ranks of the months that get a label: all while there is room, then those that divide the year."""
    for wanted in (1, 2, 3, 6, 12):
        ranks = [rank for rank, month in enumerate(months) if month == _GAP or (int(month[5:]) - 1) % wanted == 0]
        if len(ranks) <= _MONTH_LABELS:
            return ranks or list(range(len(months)))
    return ranks[:: -(-len(ranks) // _MONTH_LABELS)]


def _canvas(height_in_rows: int) -> tuple[Figure, Axes]:
    size = (_INCHES_WIDE, 1.5 + _ROW_INCHES * height_in_rows)
    figure = Figure(figsize=size, dpi=_DOTS_PER_INCH, layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12))
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.set_axisbelow(True)
    return figure, axes


def _rows(axes: Axes, names: Sequence[str], right: float) -> None:
    """Named rows from top to bottom over a number line."""
    axes.set_yticks(range(len(names)), names, fontsize=11)
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0, right)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(_thousands))
    axes.grid(axis="x", color=_PALE, linewidth=0.6)


def _label(axes: Axes, x: float, y: float, text: str, size: int, *, bold: bool = False) -> None:
    """Words in the picture, clear of the grid's lines."""
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    weight = "bold" if bold else "normal"
    axes.text(x, y, text, va="center", color=_INK, fontsize=size, fontweight=weight, bbox=box)


def _titled(axes: Axes, title: str, explanation: str) -> None:
    axes.set_title(title, loc="left", fontsize=15, fontweight="bold", color=_INK, pad=21)
    axes.text(0, 1.0, explanation, transform=axes.transAxes, va="bottom", fontsize=10, color=_NOTE)


def _thousands(value: float, _position: int | None = None) -> str:
    return f"{value:,.0f}"


def _png(figure: Figure) -> bytes:
    """The figure as PNG without time or version, so that equal figures are equal bytes."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()
