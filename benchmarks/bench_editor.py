"""What a keystroke costs in an editor: each spec of the repository with a call half typed at its end.

    python benchmarks/bench_editor.py [--rounds 5] [--json FILE]

A round makes the document anew, as each keystroke does, and asks for all that an editor asks for then:
problems, completion, colours, hints, outline. Warnings are worked out when the typing stops, and told apart.
Medians of the rounds, milliseconds of wall clock.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

from clock import machine
from potentia.runtime.editor.completion import completions
from potentia.runtime.editor.document import Document
from potentia.runtime.editor.highlighting import coloured
from potentia.runtime.editor.hover import hover
from potentia.runtime.editor.inlay import inlay_hints
from potentia.runtime.editor.problems import problems
from potentia.runtime.editor.symbols import document_symbols
from potentia.runtime.editor.workspace import Workspace
from record import Row, save, with_json

SPECS = Path(__file__).resolve().parents[1] / "specs"
TYPED = "\n+ lj(ep"


def keystroke(text: str, name: str) -> tuple[float, float, float]:
    """Milliseconds until a completion is there, until all answers are; for the whole text with warnings."""
    start = perf_counter()
    workspace, document = Workspace(), Document(text + TYPED, name)
    workspace.open(document)
    offset = len(document.text)
    assert completions(document, workspace, offset)
    completed = perf_counter()
    problems(document, warn=False)
    hover(document, workspace, offset)
    coloured(document, workspace)
    inlay_hints(document, workspace)
    document_symbols(document)
    answered = perf_counter()
    problems(Document(text, name))
    return tuple(1e3 * t for t in (completed - start, answered - start, perf_counter() - answered))  # type: ignore[return-value]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    options = with_json(parser).parse_args()
    print(machine())
    keystroke("E = lj(Nb)", "first.pes")  # imports and the library are read once
    print(f"{'':24}  completion  all answers  whole text with warnings, ms")
    measured = []
    for path in sorted(SPECS.rglob("*.pes")):
        text = path.read_text(encoding="utf-8")
        found = zip(*(keystroke(text, str(path)) for _ in range(options.rounds)), strict=True)
        measured.append(tuple(map(median, found)))
        completed, answered, warned = measured[-1]
        print(f"{path.relative_to(SPECS)!s:24}  {completed:10.0f}  {answered:11.0f}  {warned:8.0f}")
    save(options.json, "A keystroke in an editor", rows_of(measured))


def rows_of(measured: Sequence[tuple[float, ...]]) -> list[Row]:
    """Of each kind of answer the spec in the middle and the slowest one."""
    kinds = ("completion", "all answers", "the whole text with its warnings, when the typing stops")
    return [
        Row(f"{kind}, {which} of {len(measured)} specs", "ms", round(chosen(times), 1))
        for kind, times in zip(kinds, zip(*measured, strict=True), strict=True)
        for which, chosen in (("median", median), ("slowest", max))
    ]


if __name__ == "__main__":
    main()
