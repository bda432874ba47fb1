"""The documents say what is true: every spec in them compiles, every table is complete, every command exists.

A block marked ```pes compiles; its first line may name its file (`# core.pes`), which later blocks can
import. A block marked ```pes-error CODE is refused with that code; a ```text block right after it is
the message.
"""

from __future__ import annotations

import ast
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import potentia
import pytest
from ase import Atoms
from commands import options_of
from documents import Block, blocks
from made_pages import made_pages
from places import ROOT
from potentia.compiler import pipeline
from potentia.compiler.chemistry.units import UNITS
from potentia.compiler.declarations import library
from potentia.compiler.diagnostics import render as report
from potentia.compiler.diagnostics.diagnostic import SpecError
from potentia.compiler.diagnostics.source import Source
from potentia.compiler.elaborate.builtins import BUILTINS
from potentia.compiler.elaborate.networks import ACTIVATIONS
from potentia.compiler.elaborate.radial_bases import FAMILIES
from potentia.compiler.ir.graph import Model
from potentia.compiler.syntax import tree as syntax
from potentia.runtime.cli import main
from registry import by_reference

HOWTO = sorted((ROOT / "docs" / "howto").glob("*.md"))
LANGUAGE = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
# what a spec without species is compiled for
USUAL = (("Nb",), ("Si", "C"))


def specs(mark: str) -> list[Block]:
    return [b for b in blocks(LANGUAGE) if b.mark.split()[:1] == [mark]]


def compiled(block: Block, folder: Path, species: tuple[str, ...] | None = None) -> Model:
    """A block, in a folder with those before it that have a name."""
    for other in specs("pes"):
        if other.name != "spec.pes" and other.line < block.line:
            (folder / other.name).write_text(other.text, encoding="utf-8")
    source = Source(block.text, str(folder / block.name))
    model = pipeline.build(pipeline.check(pipeline.parse(source)), species)
    return pipeline.optimize(model, checked=True)


@pytest.mark.parametrize("block", specs("pes"), ids=lambda b: f"line{b.line}")
def test_an_example_compiles(block: Block, tmp_path: Path) -> None:
    if compiled(block, tmp_path).open_species:
        for species in USUAL:
            assert compiled(block, tmp_path, species).species == species


@pytest.mark.parametrize("block", specs("pes-error"), ids=lambda b: f"line{b.line}")
def test_an_example_is_refused_with_its_code(block: Block, tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        compiled(block, tmp_path)
    assert [d.code for d in caught.value.diagnostics] == block.mark.split()[1:]


def guides() -> list[Block]:
    """The specs of the pages for beginners."""
    pages = [ROOT / "docs" / "start.md", *HOWTO]
    found = [b for page in pages for b in blocks(page.read_text("utf-8"))]
    return [b for b in found if b.mark.startswith("pes")]


@pytest.mark.parametrize("block", guides(), ids=lambda b: f"{b.mark}, line{b.line}")
def test_a_spec_of_a_guide_compiles_or_is_refused_with_its_code(block: Block) -> None:
    try:
        pipeline.build(pipeline.check(pipeline.parse(block.text)))
        codes = []
    except SpecError as error:
        codes = [d.code for d in error.diagnostics]
    assert codes == block.mark.split()[1:]


def messages() -> list[tuple[Block, Block]]:
    """The refused examples whose message is printed right after."""
    return [
        (a, b) for a, b in pairwise(blocks(LANGUAGE)) if a.mark.startswith("pes-error") and b.mark == "text"
    ]


@pytest.mark.parametrize("example", messages(), ids=lambda pair: f"line{pair[0].line}")
def test_a_message_is_printed_as_it_is(example: tuple[Block, Block]) -> None:
    refused, text = example
    with pytest.raises(SpecError) as caught:
        pipeline.build(pipeline.check(pipeline.parse(Source(refused.text, refused.name))))
    assert report.as_text(caught.value.diagnostics) == text.text.rstrip("\n")


def test_two_messages_are_shown() -> None:
    assert len(messages()) >= 2


# --- tables ------------------------------------------------------------------------------------


def members(name: str, kind: type[syntax.Param]) -> list[syntax.Param]:
    term = library.term(name)
    assert term is not None
    return [m for m in term.members if isinstance(m, kind)]


def function_rows() -> list[str]:
    return [f"| `{name}` | {function.help} |" for name, function in BUILTINS.items() if function.numeric]


def argument_rows() -> list[str]:
    """How the row of each term of the library begins: its name, its arguments with their defaults."""
    rows = []
    for name in library.term_names():
        term = library.term(name)
        assert term is not None
        given = [f.name + (f" = {f.default.span.text}" if f.default else "") for f in term.formals]
        rows.append(f"| `{name}` | {'`' + ', '.join(given) + '`' if given else 'none'} |")
    return rows


def parameter_rows() -> list[str]:
    rows = []
    for name in library.term_names():
        for p in members(name, syntax.Param):
            size = f"[{p.size.span.text}]" if p.size else ""
            bounds = f"{p.bounds[0].span.text} … {p.bounds[1].span.text}" if p.bounds else ""
            fixed = ", fixed" if p.fixed else ""
            start, shared = f"{p.value.span.text}{fixed}", p.sharing or "pair"
            rows.append(f"| `{name}` | `{p.name}{size}` | {start} | {bounds} | {shared} |")
    return rows


@pytest.mark.parametrize("row", function_rows() + argument_rows() + parameter_rows())
def test_a_table_has_the_row(row: str) -> None:
    assert f"\n{row}" in LANGUAGE


@pytest.mark.parametrize("name", library.term_names())
def test_the_sources_of_a_term_are_named(name: str) -> None:
    text = (ROOT / "specs" / "std" / f"{name}.pes").read_text(encoding="utf-8")
    row = next(line for line in LANGUAGE.splitlines() if line.startswith(f"| `{name}` | "))
    found = re.findall(r"doi:(10\.\S+\w)", text)
    assert [doi for doi in found if f"doi.org/{doi}" not in row] == []


def test_the_tables_have_nothing_that_is_not_there() -> None:
    """A term or function that is gone is gone from the tables too."""
    known = {*BUILTINS, *library.term_names(), *FAMILIES}
    first = {
        m[1]
        for m in re.finditer(r"^\| `(\w+)(?:\([^`]*\))?` \|", LANGUAGE, re.MULTILINE)
        if m[1] not in UNITS
    }
    assert first == known


@pytest.mark.parametrize("word", [*UNITS, *ACTIVATIONS, *FAMILIES, *BUILTINS])
def test_every_unit_and_word_is_mentioned(word: str) -> None:
    assert re.search(rf"`{re.escape(word)}\b[^`]*`", LANGUAGE)


# --- numbers -----------------------------------------------------------------------------------

ZBL_ROW = re.compile(r"^\| (\w+)–(\w+) \| ([\d.]+) \| ([\d.]+) \|$", re.MULTILINE)


def test_the_table_of_zbl_has_its_values() -> None:
    rows = ZBL_ROW.findall(LANGUAGE)
    assert len(rows) == 6
    for a, b, distance, value in rows:
        text = f"species {', '.join(dict.fromkeys((a, b)))}\nE = zbl(inner = 5, outer = 6)\n"
        model = pipeline.build(pipeline.check(pipeline.parse(text)))
        dimer = Atoms([a, b], [[0, 0, 0], [0, 0, float(distance)]])
        found = by_reference(model, np.zeros(0), dimer).energy
        assert found == pytest.approx(float(value), abs=0.51 * 10 ** -len(value.partition(".")[2]))


# --- the README and the command line ------------------------------------------------------------


def pages() -> list[Path]:
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")), *HOWTO]


def command_lines() -> list[tuple[str, str]]:
    """(page, command line) of every `potentia …` on an indented line or after a `$`."""
    found = []
    for page in pages():
        for line in page.read_text(encoding="utf-8").splitlines():
            match = re.match(r"(?: {4}|\$ )(potentia [a-z-]+ .*)", line)
            if match:
                found.append((page.name, match[1].partition(" #")[0].strip()))
    return found


@pytest.mark.parametrize(("page", "line"), command_lines())
def test_a_command_line_has_a_command_and_flags_that_exist(page: str, line: str) -> None:
    _, command, *rest = line.split()
    assert command in main.COMMANDS, page
    assert {word for word in rest if word.startswith("-")} <= options_of(command), page


def test_the_readme_names_every_command() -> None:
    assert {line.split()[1] for page, line in command_lines() if page == "README.md"} == set(main.COMMANDS)


def test_the_makefile_has_every_target_that_is_named() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = {m for page in pages() for m in re.findall(r"\bmake ([a-z]+)\b", page.read_text("utf-8"))}
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    assert {"demo", "test"} <= named & targets
    quoted = {m for page in pages() for m in re.findall(r"`make ([a-z]+)`", page.read_text("utf-8"))}
    assert quoted <= targets


def python_blocks() -> list[Block]:
    return [b for page in pages() for b in blocks(page.read_text("utf-8")) if b.mark == "python"]


@pytest.mark.parametrize("block", python_blocks(), ids=lambda b: f"line{b.line}")
def test_python_of_the_documents_uses_what_there_is(block: Block) -> None:
    for node in ast.walk(ast.parse(block.text)):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "potentia"
        ):
            assert hasattr(potentia, node.attr)
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("E ="):
            pipeline.build(pipeline.check(pipeline.parse(node.value)))


def test_the_specs_of_the_readme_compile() -> None:
    marked = [b.text for b in blocks(README) if b.mark in ("", "pes") and "E = " in b.text]
    lines = [line.strip() for line in README.splitlines() if line.startswith("    E = ")]
    assert marked and lines
    for text in [*marked, *lines]:
        pipeline.build(pipeline.check(pipeline.parse(text)), None)


@pytest.mark.parametrize("page", pages(), ids=lambda p: p.name)
def test_links_lead_to_files(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
    made = {ROOT / "docs" / name for name in made_pages(ROOT)}
    assert [t for t in targets if not (page.parent / t).exists() and page.parent / t not in made] == []
