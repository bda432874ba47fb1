"""Random specs for the compiler: whatever is read, it ends soon, in diagnostics or in a model.

    python tests/cases/fuzz.py --count 100000 --seed 1

Half of the inputs are grown from the constructs of the language and some then spoiled word by word; half are
specs of the repository spoiled byte by byte. Of what parses, the formatter has to keep the meaning, and to
give the same text when it is run again. What goes wrong is printed with the seed and number that make it.
"""

from __future__ import annotations

import dataclasses
import random
import sys
import traceback
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from fuzz_runner import Fault, main
from fuzz_specs import HUGE, MARKS, NAMES, NUMBERS, Grower
from places import ROOT
from potentia.compiler import pipeline
from potentia.compiler.chemistry.units import UNITS
from potentia.compiler.declarations.keywords import KEYWORDS
from potentia.compiler.diagnostics import render as report
from potentia.compiler.diagnostics.diagnostic import SpecError
from potentia.compiler.diagnostics.files import read_source
from potentia.compiler.diagnostics.source import Source, Span
from potentia.compiler.elaborate.builtins import BUILTINS
from potentia.compiler.elaborate.radial_bases import FAMILIES
from potentia.compiler.ir.printer import print_model
from potentia.compiler.syntax.formatter import format_source
from potentia.compiler.syntax.parser import parse_source
from potentia.compiler.syntax.tokens import words
from potentia.compiler.warnings import warnings_of

# --- inputs ------------------------------------------------------------------------------------


@cache
def corpus() -> tuple[bytes, ...]:
    """The specs of the repository, and those of its tests."""
    folders = (ROOT / "specs", ROOT / "tests" / "golden")
    return tuple(path.read_bytes() for folder in folders for path in sorted(folder.rglob("*.pes")))


def spoiled_words(text: str, source: random.Random) -> str:
    """Words taken out, doubled, exchanged and put in."""
    parts = [part for word in words(text) for part in (word, " ")]
    vocabulary = (*KEYWORDS, *NAMES, *NUMBERS, *HUGE, *MARKS, *FAMILIES, *UNITS, *BUILTINS)
    for _ in range(source.randint(0, 4)):
        at = source.randrange(len(parts) + 1)
        change = source.random()
        if change < 0.3:
            del parts[at : at + source.randint(1, 3)]
        elif change < 0.6:
            parts[at:at] = [source.choice(vocabulary), source.choice(("", " "))]
        elif change < 0.8:
            parts[at : at + 1] = [source.choice(vocabulary)]
        else:
            other = source.randrange(len(parts) + 1)
            parts[at:at] = parts[min(at, other) : max(at, other)][:200]
    return "".join(parts)


def spoiled_bytes(content: bytes, source: random.Random) -> bytes:
    """Bytes flipped, put in, cut out and repeated."""
    spoiled = bytearray(content)
    for _ in range(source.randint(1, 6)):
        at = source.randrange(len(spoiled) + 1)
        change = source.random()
        if change < 0.3 and at < len(spoiled):
            spoiled[at] ^= 1 << source.randrange(8)
        elif change < 0.6:
            spoiled[at:at] = source.choice(
                (b"\0", b"\xff", b"(", b")", b"-", b"^", b"9", b"\n", b"#", b'"', b".", b"e")
            )
        elif change < 0.8:
            del spoiled[at : at + source.randint(1, 12)]
        elif change < 0.9:
            spoiled[at:at] = bytes(
                source.choice((b"(", b"-", b"[", b"9", b"^2", b"e", b"\xc3\x85"))
            ) * source.choice((3, 50, 3000))
        else:
            spoiled[at:at] = source.choice(corpus())[:400]
    return bytes(spoiled)


def inputs(seed: int, count: int) -> Iterator[bytes]:
    """The same ones for the same seed."""
    for number in range(count):
        yield made(seed, number)


def made(seed: int, number: int) -> bytes:
    source = random.Random(f"{seed} {number}")
    if number % 2:
        return spoiled_bytes(source.choice(corpus()), source)
    text = Grower(source).spec()
    if source.random() < 0.3:
        text = spoiled_words(text, source)
    return text.encode("utf-8", "surrogatepass")


# --- what has to hold ---------------------------------------------------------------------------


def fault_of(content: bytes, folder: Path, twice: bool = True) -> Fault | None:
    """What goes wrong with an input, None where all is as it has to be.

    twice: compile the formatted text too. It has the same syntax tree, so a long run does so now and then.
    """
    path = folder / "fuzz.pes"
    path.write_bytes(content)
    try:
        wrong = _compiled(path, twice)
    except Exception:  # anything but diagnostics is what is looked for
        wrong = traceback.format_exc()
    return None if wrong is None else Fault(wrong, content)


def _compiled(path: Path, twice: bool) -> str | None:
    try:
        source = read_source(path)
        file = parse_source(source)
    except SpecError as error:
        return _rendered(error)
    formatted = format_source(source.text)
    if format_source(formatted) != formatted:
        return f"formatted twice is not formatted once:\n{formatted}\n---\n{format_source(formatted)}"
    if meaning(parse_source(Source(formatted)).items) != meaning(file.items):
        return f"formatted, it means something else:\n{formatted}"
    before = _printed(source)
    if not twice:
        return None
    after = _printed(Source(formatted, str(path)))
    return None if before == after else f"formatted, it is another model:\n{before}\n---\n{after}"


def _printed(source: Source) -> str:
    """The model as text, or the codes of what is wrong with it."""
    try:
        checked = pipeline.check(pipeline.parse(source))
        model = pipeline.build(checked)
    except SpecError as error:
        _rendered(error)
        return " ".join(d.code for d in error.diagnostics)
    warnings = warnings_of(checked, model)
    report.as_text(warnings)
    if len(model.vector) > 10_000:
        return ""  # to print it takes longer than to build it
    return print_model(model) + " ".join(d.code for d in warnings)


def _rendered(error: SpecError) -> str | None:
    assert error.diagnostics and report.as_text(error.diagnostics) and report.as_json(error.diagnostics)
    return None


def meaning(value: Any) -> Any:
    """A syntax tree without places."""
    if isinstance(value, Span):
        return None
    if isinstance(value, tuple):
        return tuple(meaning(v) for v in value)
    if dataclasses.is_dataclass(value):
        return (type(value).__name__, *(meaning(getattr(value, f.name)) for f in dataclasses.fields(value)))
    return repr(value) if isinstance(value, float) else value  # nan is not itself


def of_number(seed: int, number: int, folder: Path) -> Fault | None:
    return fault_of(made(seed, number), folder, twice=number % 20 < 2)


if __name__ == "__main__":
    sys.exit(main(__doc__ or "", {"specs": of_number}))
