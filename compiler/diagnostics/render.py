"""Diagnostics as text (in the manner of rustc) and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .diagnostic import Diagnostic
from .plain import plain
from .source import Span

_COLOURS = {"error": "1;31", "warning": "1;33", "note": "1;36", "help": "1;32", "gutter": "1;34"}
_LONGEST = 4000  # characters of a message


def as_text(diagnostics: Iterable[Diagnostic], colour: bool = False) -> str:
    """All diagnostics, one block each, with the lines of the spec that they point to."""
    return "\n\n".join(_block(d, colour) for d in diagnostics)


def as_json(diagnostics: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """Plain data: code, severity, message, place, span (line, column from 1; offsets), help, fix."""
    return [
        {
            "code": d.code,
            "severity": d.severity,
            "message": d.message,
            "place": d.place,
            "span": _span_data(d.primary),
            "label": d.label,
            "secondary": [{"span": _span_data(s), "label": text} for s, text in d.secondary],
            "help": d.help,
            "fix": d.fix and {"span": _span_data(d.fix.span), "text": d.fix.text},
        }
        for d in diagnostics
    ]


def _span_data(span: Span | None) -> dict[str, Any] | None:
    if span is None:
        return None
    line, column = span.source.locate(span.start)
    end_line, end_column = span.source.locate(span.end)
    return {
        "file": span.source.name,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "start": span.start,
        "end": span.end,
    }


def _block(d: Diagnostic, colour: bool) -> str:
    def paint(text: str, role: str) -> str:
        return f"\x1b[{_COLOURS[role]}m{text}\x1b[0m" if colour else text

    lines = [f"{paint(f'{d.severity}[{d.code}]', d.severity)}: {_cut(d.message)}"]
    if d.place:
        lines.append(f"  {paint('-->', 'gutter')} {_cut(d.place)}")
    if d.primary is not None:
        lines += _excerpt(d.primary, d.label, "^", paint, d.severity)
    for span, text in d.secondary:
        lines += _excerpt(span, text, "-", paint, "gutter")
    if d.help:
        lines.append(f"  {paint('help', 'help')}: {_cut(d.help)}")
    return "\n".join(lines)


def _cut(text: str) -> str:
    """Words about the text of others: no control characters, and no more than a screen of it."""
    return plain(text if len(text) <= _LONGEST else text[:_LONGEST] + "…")


def _excerpt(span: Span, label: str, mark: str, paint: Any, role: str) -> list[str]:
    number, column = span.source.locate(span.start)
    place = f"{_cut(span.source.name)}:{number}:{column}"
    text = span.source.line(number)
    # a span over several lines is marked to the end of its first
    width = max(1, min(span.end - span.start, len(text) - column + 1))
    shown, column, width = _window(text, column, width)
    shown = plain(shown)
    gutter = " " * len(str(number))
    under = " " * (column - 1) + mark * width + (f" {_cut(label)}" if label else "")
    return [
        f"{gutter}{paint('-->', 'gutter')} {place}",
        f"{gutter} {paint('|', 'gutter')}",
        f"{number} {paint('|', 'gutter')} {shown}",
        f"{gutter} {paint('|', 'gutter')} {paint(under, role)}",
    ]


def _window(text: str, column: int, width: int, limit: int = 96) -> tuple[str, int, int]:
    """The part of a very long line around a column; tabs become single spaces so marks line up."""
    text = text.replace("\t", " ")
    if len(text) <= limit:
        return text, column, width
    start = max(0, column - 1 - limit // 2)
    cut = text[start : start + limit]
    lead = "…" if start else ""
    return lead + cut, column - start + len(lead), max(1, min(width, len(cut) - (column - 1 - start)))
